"""The two sides of a search: the passages nearest by meaning, and the best by words.

The engine returns the nearest of all passages. Within a scope it is asked for more than are needed, and those outside
the scope are dropped; if a scope has few passages, all of them are compared. A bot ranks by words in memory once it has
read them; otherwise the catalog ranks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from index.articles import article_id_of
from index.errors import VectorsError
from index.model.embedder import Vectors
from index.search.memory import Scores, Words, best
from index.store.rows import Outline, Scope
from index.vectors.engine import Index
from index.view import View

_MORE = 1.5  # times the passages that would do if those in the scope were as near as the others
_AGAIN = 2  # times as many, where that was not enough
_COMPARED = 100_000  # passages, at most, of a scope in which all are compared: a second


class KeywordCandidates(Protocol):
    """Passages by their BM25 score."""

    def best(self, limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Return ids and scores (higher is better) of the best passages in a scope, best first."""


class VectorCandidates:
    """Passages by their cosine similarity to a question."""

    def __init__(self, view: View, vector: Vectors, model: str) -> None:
        self._view, self._vector, self._model = view, vector, model

    def best(self, limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Return ids and similarities of the nearest passages in a scope, best first."""
        view, index = self._view, self._view.vectors
        if index is None:
            return view.snapshot.scan(self._vector, self._model, limit, scope)
        if index.scopes or not scope:
            return self._known(index.nearest(self._vector, limit, scope))
        assert view.generation is not None
        inside = view.articles_within(scope)
        share = len(inside) / max(1, view.snapshot.count_articles())
        there = share * view.generation.passages  # about so many passages lie in the scope
        wanted = int(_MORE * limit / share) if inside else 0
        # Chroma's own filters cost ten to thirty times the query.
        while wanted <= index.most and wanted < there:
            found = self._within(index, wanted, inside)
            if len(found) >= limit:
                return self._known(found[:limit])
            wanted *= _AGAIN
        if there > _COMPARED:  # only of an engine that gives little at once, as Chroma Cloud does
            return self._known(self._within(index, index.most, inside)[:limit])
        compared = view.snapshot.similarities_of(self._vector, self._model, sorted(inside))
        return sorted(compared.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]

    def _within(self, index: Index, wanted: int, inside: Collection[str]) -> list[tuple[str, float]]:
        """Return those of the nearest passages that are of some articles."""
        return [pair for pair in index.nearest(self._vector, wanted) if article_id_of(pair[0]) in inside]

    def of(self, ids: Sequence[str]) -> dict[str, float]:
        """Return the similarities of some passages, by id."""
        return self._view.snapshot.similarities(self._vector, self._model, ids)

    def _known(self, found: list[tuple[str, float]]) -> list[tuple[str, float]]:
        """Leave out what this state of the catalog does not hold; complain if that is nearly everything."""
        generation = self._view.generation
        known = self._view.snapshot.known_passages([id_ for id_, _ in found])
        if generation is not None and len(known) < min(len(found), generation.passages) // 2:
            raise VectorsError("The search index returned passages that are not in the catalog.")
        return [(id_, score) for id_, score in found if id_ in known]


def by_words(view: View, terms: Sequence[str]) -> KeywordCandidates:
    """Return the side of the words; a term may be several with spaces between, which must follow each other."""
    return _InMemory(view, view.words, terms) if view.words is not None else _InCatalog(view, terms)


class _InMemory:
    def __init__(self, view: View, words: Words, terms: Sequence[str]) -> None:
        """Score every passage by the terms of one word; the catalog tells what several words add that follow each
        other.
        """
        self._words = words
        self._scores: Scores = words.scores([term for term in terms if " " not in term])
        for phrase in dict.fromkeys(term for term in terms if " " in term):
            found = view.snapshot.keyword([phrase], len(words), Scope())
            self._scores[words.positions(view.snapshot.rows_of([id_ for id_, _ in found]))] += [
                score for _, score in found
            ]

    def best(self, limit: int, scope: Scope) -> list[tuple[str, float]]:
        found = best(self._scores, limit, self._words.within(scope) & (self._scores > 0))
        return sorted(
            zip(self._words.ids(found), self._scores[found].tolist(), strict=True), key=lambda pair: (-pair[1], pair[0])
        )


class _InCatalog:
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
