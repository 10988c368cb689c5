"""All vectors of one published state in memory, compared one by one: exact, and as fast within a scope as without.

Of 100,000 passages it takes 150 MB and some milliseconds a question, and it is there sooner than Chroma, which takes half a second to import alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from index.embed import Vectors
from index.places import Mask, Places, best
from index.snapshot import Snapshot

MOST = 150_000  # passages; beyond that Chroma's graph is smaller and faster than a look at everything
_ROOM = 0.1  # share of the matrix that is left for what will be published: memory is taken only where something is written
_FEW = 5_000  # new passages whose vectors are read one by one


class Exact:
    """The vectors of a snapshot's passages."""

    def __init__(self, places: Places, matrix: Vectors) -> None:
        """Take the passages by number, and a matrix that has their vectors in that order and perhaps room for more."""
        self.places = places
        self._matrix = matrix

    @classmethod
    def of(cls, snapshot: Snapshot, model: str, places: Places, before: Exact | None = None) -> Exact:
        """Read the vectors of a snapshot; ``before`` saves reading what it has. Raises ValueError if one is missing."""
        if before is not None and not places.follows(before.places):
            before = None
        count = len(before.places) if before else 0
        numbers = places.since(count)
        keys = snapshot.keys(places.row[numbers].tolist())
        wanted: dict[str, list[int]] = {}  # passages that share a text share its vector
        for number, row in zip(numbers.tolist(), places.row[numbers].tolist(), strict=True):
            wanted.setdefault(keys[row], []).append(number)
        matrix = before._matrix if before else None
        found = 0
        for block_keys, block in _stored(snapshot, model, wanted):
            if matrix is None or len(matrix) < len(places):
                matrix = _larger(matrix, count, len(places), block.shape[1])
            each = [wanted[key] for key in block_keys]
            matrix[[number for same in each for number in same]] = np.repeat(block, [len(same) for same in each], axis=0)
            found += len(block_keys)
        if matrix is None or found != len(wanted):
            raise ValueError(f"the catalog has {found} of {len(wanted)} vectors")
        return cls(places, matrix)

    def scores(self, query: Vectors) -> npt.NDArray[np.float32]:
        """Return the cosine similarity of a unit vector to every passage, by number."""
        scores: npt.NDArray[np.float32] = self._matrix[: len(self.places)] @ query
        return scores

    def nearest(self, scores: npt.NDArray[np.float32], limit: int, inside: Mask) -> list[tuple[str, float]]:
        """Return ids and similarities of the nearest passages among those inside, best first."""
        ids = self.places.ids
        found = [(ids[number], float(scores[number])) for number in best(scores, limit, inside)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def similarities(self, scores: npt.NDArray[np.float32], ids: Sequence[str]) -> dict[str, float]:
        """Return the similarities of some passages, by id; unknown ones are left out."""
        return {self.places.ids[number]: float(scores[number]) for number in self.places.numbers(ids)}


def _stored(snapshot: Snapshot, model: str, wanted: dict[str, list[int]]) -> Iterator[tuple[list[str], Vectors]]:
    """Yield the keys that are wanted with their vectors, in portions."""
    if len(wanted) <= _FEW:
        found = snapshot.vectors_by_key(model, list(wanted))
        if found:
            yield list(found), np.stack(list(found.values()))
        return
    for rows in snapshot.stored_vectors():
        used = [(key, vector) for of, key, vector in rows if of == model and key in wanted]
        if used:
            yield [key for key, _ in used], np.frombuffer(b"".join(vector for _, vector in used), "<f4").reshape(len(used), -1)


def _larger(matrix: Vectors | None, count: int, needed: int, dimensions: int) -> Vectors:
    larger = np.empty((int(needed * (1 + _ROOM)) + _FEW, dimensions), np.float32)
    if matrix is not None:
        larger[:count] = matrix[:count]
    return larger
