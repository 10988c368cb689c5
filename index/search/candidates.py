"""The two sides of a search: the passages nearest by meaning, and the best by words; each from memory, or from an
engine and the catalog.

What is in memory is compared once a question, whatever of it is asked for then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from index.archive import View
from index.errors import VectorsError
from index.model.embedder import Vectors
from index.search.matrix import Matrix
from index.search.memory import Scores, Words
from index.search.places import best
from index.store.rows import Outline, Scope
from index.vectors.engine import Index

_EXACT = 20_000  # passages; a scope this small is compared in full, which is exact and takes milliseconds


class Meaning(Protocol):
    """Passages by their cosine similarity to a question."""

    def best(self, limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Return ids and similarities of the nearest passages in a scope, best first."""

    def of(self, ids: Sequence[str]) -> dict[str, float]:
        """Return the similarities of some passages, by id."""


class Wording(Protocol):
    """Passages by their BM25 score."""

    def best(self, limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Return ids and scores (higher is better) of the best passages in a scope, best first."""


def by_meaning(view: View, vector: Vectors, model: str) -> Meaning:
    """Return the side of the vectors."""
    return (
        _Held(view.vectors, vector) if isinstance(view.vectors, Matrix) else _Stored(view, view.vectors, vector, model)
    )


def by_words(view: View, terms: Sequence[str]) -> Wording:
    """Return the side of the words; a term may be several with spaces between, which must follow each other."""
    return _HeldWords(view, view.words, terms) if view.words is not None else _StoredWords(view, terms)


class _Held:
    def __init__(self, vectors: Matrix, vector: Vectors) -> None:
        self._vectors = vectors
        self._scores: npt.NDArray[np.float32] = vectors.scores(vector)

    def best(self, limit: int, scope: Scope) -> list[tuple[str, float]]:
        return self._vectors.nearest(self._scores, limit, self._vectors.places.within(scope))

    def of(self, ids: Sequence[str]) -> dict[str, float]:
        return self._vectors.similarities(self._scores, ids)


class _Stored:
    def __init__(self, view: View, index: Index | None, vector: Vectors, model: str) -> None:
        self._view, self._index, self._vector, self._model = view, index, vector, model

    def best(self, limit: int, scope: Scope) -> list[tuple[str, float]]:
        view, index = self._view, self._index
        if index is None:
            return view.snapshot.scan(self._vector, self._model, limit, scope)
        if index.scopes or not scope:
            return [(id_, score) for id_, score, _ in self._known(index.nearest(self._vector, limit, scope))]
        allowed = view.snapshot.allowed(scope)
        assert view.generation is not None
        # Chroma's own filters cost ten to thirty times the query: fetch more and let the catalog choose.
        wanted = 2 * limit * view.generation.passages // max(allowed, 1)
        if allowed <= (_EXACT if wanted <= index.most else 5 * _EXACT):  # Chroma Cloud gives no more than 300
            return view.snapshot.scan(self._vector, self._model, limit, scope)
        found = self._known(index.nearest(self._vector, min(wanted, index.most)))
        return [(id_, score) for id_, score, outline in found if within(outline, scope)][:limit]

    def of(self, ids: Sequence[str]) -> dict[str, float]:
        return self._view.snapshot.similarities(self._vector, self._model, ids)

    def _known(self, found: list[tuple[str, float]]) -> list[tuple[str, float, Outline]]:
        """Leave out what this state of the catalog does not hold; complain if that is nearly everything."""
        generation = self._view.generation
        known = self._view.snapshot.outlines([id_ for id_, _ in found])
        if generation is not None and len(known) < min(len(found), generation.passages) // 2:
            raise VectorsError("The search index returned passages that are not in the catalog.")
        return [(id_, score, known[id_]) for id_, score in found if id_ in known]


class _HeldWords:
    def __init__(self, view: View, words: Words, terms: Sequence[str]) -> None:
        """Score every passage by the terms of one word from memory; what several words add that follow each other tells
        the catalog.
        """
        self._places = words.places
        self._scores: Scores = words.scores([term for term in terms if " " not in term])
        for phrase in dict.fromkeys(term for term in terms if " " in term):
            for id_, score in view.snapshot.keyword([phrase], len(words.places), Scope()):
                number = words.places.known[id_]
                if number < len(words.places):  # else it was taken out and put in again since this state
                    self._scores[number] += score

    def best(self, limit: int, scope: Scope) -> list[tuple[str, float]]:
        ids, scores = self._places.ids, self._scores
        found = best(scores, limit, self._places.within(scope) & (scores > 0))
        return sorted(((ids[number], float(scores[number])) for number in found), key=lambda pair: (-pair[1], pair[0]))


class _StoredWords:
    def __init__(self, view: View, terms: Sequence[str]) -> None:
        self._view, self._terms = view, terms

    def best(self, limit: int, scope: Scope) -> list[tuple[str, float]]:
        return self._view.snapshot.keyword(self._terms, limit, scope)


def within(outline: Outline, scope: Scope) -> bool:
    """Tell whether a passage lies in a scope; undated ones lie in any time."""
    if scope.publisher and scope.publisher.lower() not in (outline.publisher or "").lower():
        return False
    if outline.published is None:
        return True
    return (scope.since is None or outline.published >= scope.since) and (
        scope.until is None or outline.published <= scope.until
    )
