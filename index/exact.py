"""All vectors of one published state in memory, compared one by one: exact, and as fast within a scope as without.

Of 100,000 passages it takes 150 MB and some milliseconds a question, and it is there sooner than Chroma, which takes half a second to import alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.embed import Vectors
from index.snapshot import Snapshot

MOST = 150_000  # passages; beyond that Chroma's graph is smaller and faster than a look at everything


class Exact:
    """The vectors of a snapshot's passages."""

    def __init__(self, places: Sequence[tuple[str, str]], matrix: Vectors) -> None:
        """Take the id and the article's id of each passage, and their vectors in that order, shape (passages, dimensions)."""
        articles: dict[str, int] = {}
        self._ids = [id_ for id_, _ in places]
        self._article = np.array([articles.setdefault(article, len(articles)) for _, article in places], np.int32)
        self._articles = articles
        self._matrix = matrix
        self._place = {id_: place for place, id_ in enumerate(self._ids)}

    @classmethod
    def of(cls, snapshot: Snapshot, model: str) -> Exact:
        """Read the vectors of a snapshot. Raises ValueError if one is missing."""
        places = snapshot.places()
        first = {key: place for place, (_, _, key) in reversed(list(enumerate(places)))}
        matrix: Vectors | None = None
        found: set[int] = set()
        for rows in snapshot.stored_vectors():
            used = [(first[key], vector) for of, key, vector in rows if of == model and key in first]
            if used:
                block = np.frombuffer(b"".join(vector for _, vector in used), "<f4").reshape(len(used), -1)
                matrix = np.empty((len(places), block.shape[1]), np.float32) if matrix is None else matrix
                matrix[[place for place, _ in used]] = block
                found.update(place for place, _ in used)
        if matrix is None or len(found) != len(first):
            raise ValueError(f"the catalog has {len(found)} of {len(first)} vectors")
        twins = [(place, first[key]) for place, (_, _, key) in enumerate(places) if first[key] != place]
        if twins:
            matrix[[place for place, _ in twins]] = matrix[[other for _, other in twins]]
        return cls([(id_, article) for id_, article, _ in places], matrix)

    def __len__(self) -> int:
        return len(self._ids)

    def nearest(self, query: Vectors, limit: int, within: Sequence[str] | None = None) -> list[tuple[str, float]]:
        """Return ids and cosine similarities of the nearest passages, best first; ``within``: those of these articles alone."""
        scores = self._matrix @ query
        if within is not None:
            allowed = np.zeros(len(self._articles), bool)
            allowed[[self._articles[id_] for id_ in within if id_ in self._articles]] = True
            scores[~allowed[self._article]] = -np.inf
        count = min(limit, len(scores))
        best = np.argpartition(-scores, count - 1)[:count]
        found = [(self._ids[place], float(scores[place])) for place in best if scores[place] > -np.inf]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def similarities(self, query: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """Return the cosine similarity of a unit vector to some passages, by id; unknown ones are left out."""
        places = [self._place[id_] for id_ in ids if id_ in self._place]
        scores = self._matrix[places] @ query if places else ()
        return {self._ids[place]: float(score) for place, score in zip(places, scores, strict=True)}
