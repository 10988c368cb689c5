"""One state of the archive as a reader sees it: a snapshot of the catalog, and the vectors that belong to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from index.search.memory import Words
from index.store.rows import Generation, Scope
from index.store.snapshot import Snapshot
from index.vectors.engine import Index


@dataclass(frozen=True, slots=True)
class View:
    """One state of the archive: a snapshot of the catalog, and its vectors in the engine (None while those cannot
    be used).

    ``words`` is the keyword index, where it is in memory.
    """

    snapshot: Snapshot
    generation: Generation | None
    vectors: Index | None
    words: Words | None = None

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return in how many passages each term stands; a term may be several with spaces between."""
        wanted, words = list(dict.fromkeys(terms)), self.words
        if words is None:
            return self.snapshot.document_frequencies(wanted)
        phrases = self.snapshot.document_frequencies(term for term in wanted if " " in term)
        return {term: phrases[term] if term in phrases else words.frequency(term) for term in wanted}

    def known_terms(self, terms: Iterable[str]) -> dict[str, int]:
        """Return which of many terms (of one word each) stand in any passage, and in how many."""
        wanted, words = list(dict.fromkeys(terms)), self.words
        if words is None:
            return self.snapshot.known_terms(wanted)
        return {term: count for term in wanted if (count := words.frequency(term))}

    def articles_within(self, scope: Scope) -> set[str]:
        """Return the ids of the articles in a scope."""
        return (self.words or self.snapshot).articles_within(scope)
