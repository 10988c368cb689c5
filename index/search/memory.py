"""The keyword index in the memory of a bot: the same BM25 as the database's (index/store/keywords.py), and much faster
with common words.

One number stands for a term in a passage: the term's number, the passage's row in the catalog, and how often the term
stands there. Sorted, all passages of a term are next to each other. Of 96,189 passages there are 4.8 million: 38 MB.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from index.articles import article_id_of
from index.store.keywords import TITLE_WEIGHT
from index.store.rows import Scope, chunks
from index.store.snapshot import Snapshot

Rows = npt.NDArray[np.int64]  # passages.row
Positions = npt.NDArray[np.int64]  # of passages among those of the state, by their row
Mask = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]
Packed = npt.NDArray[np.uint64]  # 24 bits for the term, 28 for the row, 12 for how often

MOST = 1_000_000  # passages, 450 MB; where there are more the database ranks
_TERM, _ROW = np.uint64(40), np.uint64(12)
_COUNT = np.uint64(4_095)
_LAST_ROW = np.uint64(2**28 - 1)
_K1, _B = 1.2, 0.75  # FTS5's
_LEAST = 1e-6  # what FTS5 lets a term weigh that stands in half of all passages
_AT_ONCE = 1_024  # passages; more leave the words of a portion in holes that no other memory fits into


class Words:
    """The terms of the passages of one published state, with each passage's day and publisher."""

    def __init__(self, snapshot: Snapshot, generation: int, before: Words | None = None) -> None:
        """Read the terms of a snapshot's passages; those that the state before has are not read again."""
        self.generation = generation
        self._read_passages(snapshot)
        self._terms: defaultdict[str, int] = before._terms if before else defaultdict(itertools.count().__next__)
        self._lengths = np.zeros(len(self), np.int32)  # terms of each passage
        parts, new = self._kept(before) if before else ([], self._rows)
        for rows, terms in _read(snapshot, new, len(self)):
            parts.append(self._packed_terms(rows, terms))
        self._packed: Packed = np.concatenate(parts) if parts else np.zeros(0, np.uint64)
        self._packed.sort(kind="stable" if before else None)  # what is sorted but for its end is soon merged
        average = max(1, int(self._lengths.sum())) / max(1, len(self))
        self._long = _K1 * (1 - _B + _B * self._lengths / average)

    def __len__(self) -> int:
        return len(self._ids)

    @staticmethod
    def fit(snapshot: Snapshot) -> bool:
        """Tell whether an archive's words fit into memory: not too many passages, and rows that fit into 28 bits."""
        count, last = snapshot.extent()
        return 0 < count <= MOST and last <= int(_LAST_ROW)

    def ids(self, positions: Positions) -> list[str]:
        """Return the ids of some passages."""
        return [id_.decode() for id_ in self._ids[positions].tolist()]

    def positions(self, rows: Sequence[int]) -> Positions:
        """Return the positions of the passages in some rows of the catalog."""
        found: Positions = self._position[np.array(rows, np.int64)].astype(np.int64)
        return found

    def frequency(self, term: str) -> int:
        """Return in how many passages a term (of one word) stands."""
        return len(self._occurrences(term))

    def scores(self, terms: Sequence[str]) -> Scores:
        """Return the sum of BM25 over some terms (of one word each) for every passage, 0 where none of them stands."""
        scores = np.zeros(len(self))
        for term in dict.fromkeys(terms):
            found = self._occurrences(term)
            if len(found):
                positions = self._position[(found >> _ROW) & _LAST_ROW]
                count = (found & _COUNT).astype(np.float64)  # in the title counted double
                idf = math.log((len(self) - len(found) + 0.5) / (len(found) + 0.5))
                scores[positions] += (idf if idf > 0 else _LEAST) * (
                    count * (_K1 + 1.0) / (count + self._long[positions])
                )
        return scores

    def within(self, scope: Scope) -> Mask:
        """Return which passages lie in a scope, by position."""
        inside: Mask = self._inside(scope)[self._article]
        return inside

    def articles_within(self, scope: Scope) -> set[str]:
        """Return the ids of the articles in a scope."""
        return {self._articles[number] for number in np.flatnonzero(self._inside(scope)).tolist()}

    def _inside(self, scope: Scope) -> Mask:
        """Return which articles lie in a scope. Undated ones lie in any time."""
        inside = np.ones(len(self._articles), bool)
        if scope.since:
            inside &= (self._day >= scope.since.toordinal()) | (self._day == 0)
        if scope.until:
            inside &= self._day <= scope.until.toordinal()
        if scope.publisher:
            wanted = scope.publisher.lower()
            inside &= np.isin(self._publisher, [number for name, number in self._publishers.items() if wanted in name])
        return inside

    def _occurrences(self, term: str) -> Packed:
        number = self._terms.get(term)
        if number is None:
            return np.zeros(0, np.uint64)
        start, end = np.searchsorted(self._packed, np.array([number, number + 1], np.uint64) << _TERM)
        return self._packed[start:end]

    def _kept(self, before: Words) -> tuple[list[Packed], Rows]:
        """Return the occurrences in passages that the state before has too, and the rows of the other passages."""
        _, mine, theirs = np.intersect1d(self._rows, before._rows, assume_unique=True, return_indices=True)
        same = self._ids[mine] == before._ids[theirs]  # SQLite gives the row of a passage that went to another
        mine, theirs = mine[same], theirs[same]
        self._lengths[mine] = before._lengths[theirs]
        stays = np.zeros(len(before._position), bool)
        stays[self._rows[mine]] = True
        return [before._packed[stays[(before._packed >> _ROW) & _LAST_ROW]]], np.delete(self._rows, mine)

    def _packed_terms(self, rows: Rows, found: Sequence[tuple[str, str]]) -> Packed:
        """Return the occurrences of the terms in some passages, and note how many terms each has."""
        occurrences = []
        for part, weight in ((0, int(TITLE_WEIGHT)), (1, 1)):
            split = [both[part].split() for both in found]
            counts = np.fromiter(map(len, split), np.int64, len(split))
            self._lengths[self._position[rows]] += counts.astype(np.int32)
            each = np.fromiter(
                map(self._terms.__getitem__, itertools.chain.from_iterable(split)), np.uint64, int(counts.sum())
            )
            occurrences += [(each << _TERM) | (np.repeat(rows, counts).astype(np.uint64) << _ROW)] * weight
        different, often = np.unique(np.concatenate(occurrences), return_counts=True)
        packed: Packed = np.bitwise_or(different, np.minimum(often.astype(np.uint64), _COUNT))
        return packed

    def _read_passages(self, snapshot: Snapshot) -> None:
        """Note each passage's row, id and article, and each article's day (proleptic ordinal, 0 where it is not known)
        and publisher.
        """
        self._publishers: dict[str, int] = {}  # lower case; "" for none
        number_of: dict[str, int] = {}
        days: list[tuple[int, int]] = []
        for id_, published, publisher in snapshot.days_and_publishers():
            day = date.fromisoformat(published) if isinstance(published, str) else published
            number_of[id_] = len(days)
            days.append(
                (
                    day.toordinal() if day else 0,
                    self._publishers.setdefault((publisher or "").lower(), len(self._publishers)),
                )
            )
        self._articles = list(number_of)
        self._day, self._publisher = np.array(days, np.int32).reshape(-1, 2).T.copy()
        # In portions, and as bytes: a hundred thousand strings take three times as much.
        rows, ids, articles = [np.zeros(0, np.int64)], [np.zeros(0, "S1")], [np.zeros(0, np.int32)]
        for portion in snapshot.rows():
            rows.append(np.array([row for row, _ in portion], np.int64))
            ids.append(np.array([id_.encode() for _, id_ in portion]))
            articles.append(np.array([number_of[article_id_of(id_)] for _, id_ in portion], np.int32))
        self._rows = np.concatenate(rows)
        order = np.argsort(self._rows)
        self._rows, self._ids, self._article = (
            self._rows[order],
            np.concatenate(ids)[order],
            np.concatenate(articles)[order],
        )
        self._position = np.full(int(self._rows[-1]) + 1 if len(order) else 0, -1, np.int32)  # by row
        self._position[self._rows] = np.arange(len(order))


def best(scores: Scores, limit: int, inside: Mask) -> Positions:
    """Return the positions of the highest scores among those inside, in no order; of equal ones, the first."""
    chosen = np.flatnonzero(inside)
    if len(chosen) > limit:
        among = scores[chosen]
        edge = np.partition(among, len(among) - limit)[len(among) - limit]
        above = chosen[among > edge]
        chosen = np.concatenate([above, chosen[among == edge][: limit - len(above)]])
    return chosen


def _read(snapshot: Snapshot, rows: Rows, total: int) -> Iterator[tuple[Rows, list[tuple[str, str]]]]:
    """Yield rows of passages with their terms: of the title, of the text."""
    if len(rows) < total // 4:
        for few in chunks(rows.tolist()):
            found = snapshot.terms_of(few)
            yield np.array(few, np.int64), [found[row] for row in few]
        return
    wanted = set(rows.tolist())
    for portion in snapshot.all_terms(_AT_ONCE):
        if kept := [one for one in portion if one[0] in wanted]:
            yield np.array([row for row, *_ in kept], np.int64), [(title, body) for _, title, body in kept]
