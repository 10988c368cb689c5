"""The published passages by number, in memory: what vectors and words of a process that stays are kept by.

A passage keeps its number from one published state to the next, so that only what is new is read; one that goes leaves
its number empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from index.store.rows import Scope
from index.store.snapshot import Snapshot

Mask = npt.NDArray[np.bool_]  # of each number, whether its passage counts
Numbers = npt.NDArray[np.int64]

_EMPTY = 0.3  # share of numbers without a passage: past it everything is read and numbered anew
_SPARE = 10_000  # such numbers that are not worth it


@dataclass(frozen=True, slots=True)
class Places:
    """The passages of one published state.

    The lists and dictionaries belong to all states after one another, and grow; the arrays are this state's.
    """

    ids: list[str]
    known: dict[str, int]  # the latest number of each id
    publishers: dict[str, int]  # lower case; "" for none
    row: Numbers  # passages.row, of those that are there
    published: npt.NDArray[np.int32]  # proleptic ordinal of the day, 0 where it is not known
    publisher: npt.NDArray[np.int32]
    there: Mask

    @classmethod
    def of(cls, snapshot: Snapshot, before: Places | None = None) -> Places:
        """Number the passages of a snapshot, as they were numbered ``before`` where that saves reading them."""
        if before is not None:
            found = cls._after(before, snapshot)
            if found is not None:
                return found
        nothing = np.zeros(0, np.int32)
        return cls([], {}, {}, nothing.astype(np.int64), nothing, nothing, nothing.astype(bool))._grown(
            snapshot, snapshot.rows()
        )

    @classmethod
    def _after(cls, before: Places, snapshot: Snapshot) -> Places | None:
        """Return a state by the numbers of an earlier one, None if most of them would be empty."""
        found = snapshot.rows()
        old = len(before.there)
        numbers = [before.known.get(id_, old) for _, id_ in found]
        kept = [
            (number, row)
            for number, (row, _) in zip(numbers, found, strict=True)
            if number < old and before.there[number]
        ]
        new = [
            place for number, place in zip(numbers, found, strict=True) if not (number < old and before.there[number])
        ]
        if len(before.ids) != old or old - len(kept) > _SPARE + _EMPTY * len(found):
            return None
        row, there = np.zeros(old, np.int64), np.zeros(old, bool)
        if kept:
            place, rows = np.array(kept, np.int64).T
            row[place], there[place] = rows, True
        return Places(
            before.ids, before.known, before.publishers, row, before.published, before.publisher, there
        )._grown(snapshot, new)

    def _grown(self, snapshot: Snapshot, new: list[tuple[int, str]]) -> Places:
        if not new:
            return self
        articles = [id_.split(":", 1)[0] for _, id_ in new]
        told = {}
        for id_, published, publisher in snapshot.told(list(dict.fromkeys(articles))):
            day = date.fromisoformat(published) if isinstance(published, str) else published
            told[id_] = (
                day.toordinal() if day else 0,
                self.publishers.setdefault((publisher or "").lower(), len(self.publishers)),
            )
        for number, (_, id_) in enumerate(new, start=len(self.ids)):
            self.ids.append(id_)
            self.known[id_] = number
        published, publisher = np.array([told[id_] for id_ in articles], np.int32).T
        return Places(
            self.ids,
            self.known,
            self.publishers,
            np.concatenate([self.row, np.array([row for row, _ in new], np.int64)]),
            np.concatenate([self.published, published]),
            np.concatenate([self.publisher, publisher]),
            np.concatenate([self.there, np.ones(len(new), bool)]),
        )

    def __len__(self) -> int:
        return len(self.there)

    def follows(self, other: Places) -> bool:
        """Tell whether this state has the numbers of another one, and perhaps more."""
        return self.ids is other.ids and len(self) >= len(other)

    def since(self, count: int) -> Numbers:
        """Return the numbers from ``count`` on that have a passage."""
        return count + np.flatnonzero(self.there[count:])

    def numbers(self, ids: Sequence[str]) -> list[int]:
        """Return the numbers of some passages; those that are not in this state are left out."""
        found = (self.known.get(id_, len(self)) for id_ in ids)
        return [number for number in found if number < len(self) and self.there[number]]

    def within(self, scope: Scope) -> Mask:
        """Return which numbers have a passage in a scope. Undated ones lie in any time."""
        inside = self.there
        if scope.since:
            inside = inside & ((self.published >= scope.since.toordinal()) | (self.published == 0))
        if scope.until:
            inside = inside & (self.published <= scope.until.toordinal())
        if scope.publisher:
            wanted = scope.publisher.lower()
            inside = inside & np.isin(
                self.publisher, [number for name, number in list(self.publishers.items()) if wanted in name]
            )
        return inside


def best(scores: npt.NDArray[np.floating], limit: int, inside: Mask) -> Numbers:
    """Return the numbers of the highest scores among those inside, in no order; of equal ones at the edge, those of the
    lowest numbers.
    """
    chosen = np.flatnonzero(inside)
    if len(chosen) > limit:
        among = scores[chosen]
        edge = np.partition(among, len(among) - limit)[len(among) - limit]
        above = chosen[among > edge]
        chosen = np.concatenate([above, chosen[among == edge][: limit - len(above)]])
    return chosen
