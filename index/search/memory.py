"""The keyword index in memory: the same BM25 as the database's (index/store/keywords.py), and much faster.

One number stands for a term in a passage: the term's number, the passage's, and how often it stands there. Sorted, all
passages of a term are next to each other. Of 96,189 passages there are 4.8 million: 38 MB.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from index.search.places import Places
from index.store.keywords import TITLE_WEIGHT
from index.store.snapshot import Snapshot, chunks

Scores = npt.NDArray[np.float64]
Packed = npt.NDArray[np.uint64]  # 24 bits for the term, 28 for the passage, 12 for how often

_TERM, _PASSAGE = np.uint64(40), np.uint64(12)
_COUNT = np.uint64(4_095)
_NUMBER = np.uint64(2**28 - 1)
_K1, _B = 1.2, 0.75  # FTS5's
_LEAST = 1e-6  # what FTS5 lets a term weigh that stands in half of all passages
_AT_ONCE = 8_192  # passages

MOST = 1_000_000  # passages, 400 MB; where there are more the database ranks


class Words:
    """The terms of the passages of a published state."""

    def __init__(
        self, places: Places, terms: defaultdict[str, int], packed: Packed, lengths: npt.NDArray[np.int32]
    ) -> None:
        """Take the numbers of the terms, the sorted occurrences, and how many terms each passage has, by its number."""
        self.places = places
        self._terms = terms  # of all states after one another: it grows
        self._packed = packed
        self._lengths = lengths
        self._passages = int(places.there.sum())
        average = max(1, int(lengths.sum(where=places.there))) / max(1, self._passages)
        self._long = _K1 * (1 - _B + _B * lengths / average)

    @classmethod
    def of(cls, snapshot: Snapshot, places: Places, before: Words | None = None) -> Words:
        """Read the terms of a snapshot's passages; ``before`` saves reading what it has."""
        if before is not None and not places.follows(before.places):
            before = None
        terms: defaultdict[str, int] = before._terms if before else defaultdict(itertools.count().__next__)
        lengths = np.zeros(len(places), np.int32)
        parts = [before._packed if before else np.zeros(0, np.uint64)]
        if before:
            lengths[: len(before._lengths)] = before._lengths
        for numbers, found in _read(snapshot, places, places.since(len(before._lengths) if before else 0)):
            parts.append(_packed(terms, numbers, found, lengths))
        packed = parts[0]
        if len(parts) > 1:
            packed = np.concatenate(parts)
            packed.sort(kind="stable" if before else None)  # what is sorted but for its end is soon merged
        return cls(places, terms, packed, lengths)

    def frequency(self, term: str) -> int:
        """Return in how many passages a term (of one word) stands."""
        return int(self.places.there[self._passages_of(term)[0]].sum())

    def scores(self, terms: Sequence[str]) -> Scores:
        """Return the sum of BM25 over some terms (of one word each) for every number: 0 where none of them stands."""
        scores = np.zeros(len(self.places))
        for term in dict.fromkeys(terms):
            numbers, count = self._passages_of(term)
            hits = int(self.places.there[numbers].sum())
            if hits:
                idf = math.log((self._passages - hits + 0.5) / (hits + 0.5))
                scores[numbers] += (idf if idf > 0 else _LEAST) * (count * (_K1 + 1.0) / (count + self._long[numbers]))
        return scores

    def _passages_of(self, term: str) -> tuple[npt.NDArray[np.int64], Scores]:
        """Return the numbers of the passages that hold a term, and how often each does, in the title counted double."""
        number = self._terms.get(term)
        if number is None:
            return np.zeros(0, np.int64), np.zeros(0)
        start, end = np.searchsorted(self._packed, np.array([number, number + 1], np.uint64) << _TERM)
        found = self._packed[start:end]
        return ((found >> _PASSAGE) & _NUMBER).astype(np.int64), (found & _COUNT).astype(np.float64)


def _read(
    snapshot: Snapshot, places: Places, numbers: npt.NDArray[np.int64]
) -> Iterator[tuple[npt.NDArray[np.int64], list[tuple[str, str]]]]:
    """Yield the numbers of passages with their terms: of the title, of the text."""
    if len(numbers) < len(places) // 4:
        for few in chunks(numbers.tolist()):
            rows = places.row[few].tolist()
            found = snapshot.terms_of(rows)
            yield np.array(few, np.int64), [found[row] for row in rows]
        return
    number_of = dict(zip(places.row[numbers].tolist(), numbers.tolist(), strict=True))
    for portion in snapshot.all_terms(_AT_ONCE):
        kept = [(number_of[row], (title, body)) for row, title, body in portion if row in number_of]
        if kept:
            yield np.array([number for number, _ in kept], np.int64), [both for _, both in kept]


def _packed(
    terms: defaultdict[str, int],
    numbers: npt.NDArray[np.int64],
    found: list[tuple[str, str]],
    lengths: npt.NDArray[np.int32],
) -> Packed:
    """Return the occurrences of the terms in some passages, sorted, and note how many terms each has."""
    occurrences = []
    for part, weight in ((0, int(TITLE_WEIGHT)), (1, 1)):
        split = [both[part].split() for both in found]
        counts = np.fromiter(map(len, split), np.int64, len(split))
        lengths[numbers] += counts.astype(np.int32)
        each = np.fromiter(map(terms.__getitem__, itertools.chain.from_iterable(split)), np.uint64, int(counts.sum()))
        placed = (each << _TERM) | (np.repeat(numbers, counts).astype(np.uint64) << _PASSAGE)
        occurrences += [placed] * weight
    every = np.concatenate(occurrences)
    every.sort()
    first = np.flatnonzero(np.concatenate([[True], every[1:] != every[:-1]])) if len(every) else np.zeros(0, np.int64)
    often = np.diff(np.concatenate([first, [len(every)]])).astype(np.uint64)
    packed: Packed = np.bitwise_or(every[first], np.minimum(often, _COUNT))
    return packed
