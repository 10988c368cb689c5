"""All vectors of one published state in memory, compared one by one: as fast within a scope as without, and nothing is
missed.

The first passages lie in sheets of ten thousand, in whole numbers of 8 bits, each vector scaled to its largest value;
the others, not yet enough for a sheet, in float32. Of 100,000 passages that takes 40 MB and 4 ms of one core a question
(float32: 150 MB, 17 ms of all cores together), and a similarity is off by 0.0004 on average, 0.003 at most. It is there
sooner than Chroma, which takes half a second to import alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from index.model.embedder import Vectors
from index.search.places import Mask, Places, best
from index.search.product import LARGEST, Scores, product
from index.store.snapshot import Snapshot

MOST_AT_ONCE = 150_000  # passages read for a single question; beyond that Chroma's graph is there sooner
MOST = 1_000_000  # that a process which stays holds, 400 MB; beyond that Chroma is asked
_SHEET = 10_000  # passages
_ROOM = 0.1  # share of a sheet that is left for what will be published
_FEW = 5_000  # new passages whose vectors are read one by one

_Sheet = Callable[["_Question"], Scores]


class Matrix:
    """The vectors of a snapshot's passages."""

    def __init__(self, places: Places, sheets: tuple[_Sheet, ...], rest: Vectors | None) -> None:
        """Take the passages by number, the sheets of the first of them, and the vectors of the others, perhaps with
        room for more.
        """
        self.places = places
        self._sheets = sheets
        self._rest = rest

    @classmethod
    def of(cls, snapshot: Snapshot, model: str, places: Places, before: Matrix | None = None) -> Matrix:
        """Read the vectors of a snapshot; ``before`` saves reading what it has. Raises ValueError if one is missing."""
        if before is not None and not places.follows(before.places):
            before = None
        count = len(before.places) if before else 0
        numbers = places.since(count)
        keys = snapshot.keys(places.row[numbers].tolist())
        wanted: dict[str, list[int]] = {}  # passages that share a text share its vector
        for number, row in zip(numbers.tolist(), places.row[numbers].tolist(), strict=True):
            wanted.setdefault(keys[row], []).append(number)
        gathered = _Gathered(before, count, len(places))
        found = 0
        for block_keys, block in _stored(snapshot, model, wanted):
            each = [wanted[key] for key in block_keys]
            gathered.put(
                np.array([number for same in each for number in same]),
                np.repeat(block, [len(same) for same in each], axis=0),
            )
            found += len(block_keys)
        if found != len(wanted):
            raise ValueError(f"the catalog has {found} of {len(wanted)} vectors")
        return cls(places, *gathered.end())

    def scores(self, query: Vectors) -> Scores:
        """Return the cosine similarity of a unit vector to every passage, by number."""
        asked = _Question(query)
        found = [sheet(asked) for sheet in self._sheets]
        rest = len(self.places) - len(found) * _SHEET
        if rest and self._rest is not None:
            found.append(self._rest[:rest] @ query)
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    def nearest(self, scores: Scores, limit: int, inside: Mask) -> list[tuple[str, float]]:
        """Return ids and similarities of the nearest passages among those inside, best first."""
        ids = self.places.ids
        found = [(ids[number], float(scores[number])) for number in best(scores, limit, inside)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def similarities(self, scores: Scores, ids: Sequence[str]) -> dict[str, float]:
        """Return the similarities of some passages, by id; unknown ones are left out."""
        return {self.places.ids[number]: float(scores[number]) for number in self.places.numbers(ids)}


class _Gathered:
    """The vectors of passages from a number on, while they are read in any order: whole numbers where they will fill a
    sheet.
    """

    def __init__(self, before: Matrix | None, count: int, total: int) -> None:
        self._sheets = before._sheets if before else ()
        self._rest = before._rest if before else None
        self._had = count - len(self._sheets) * _SHEET  # vectors in ``rest``
        self._needed = total % _SHEET
        self._open = {number: _Numbers() for number in range(len(self._sheets), total // _SHEET)}
        if self._open and self._rest is not None:
            self._open[len(self._sheets)].put(np.arange(self._had), self._rest[: self._had])
            self._rest, self._had = None, 0

    def put(self, numbers: npt.NDArray[np.int64], vectors: Vectors) -> None:
        sheet_of, within = np.divmod(numbers, _SHEET)
        for number in np.unique(sheet_of).tolist():
            here = sheet_of == number
            if number in self._open:
                self._open[number].put(within[here], vectors[here])
            else:
                self._make_room(vectors.shape[1])[within[here]] = vectors[here]

    def end(self) -> tuple[tuple[_Sheet, ...], Vectors | None]:
        made = []
        while self._open:
            made.append(
                self._open.pop(min(self._open)).sheet()
            )  # one after another: the memory of each is needed twice
        return (*self._sheets, *made), self._rest

    def _make_room(self, dimensions: int) -> Vectors:
        if self._rest is None or len(self._rest) < self._needed:
            larger = np.zeros((min(self._needed + int(_ROOM * _SHEET), _SHEET), dimensions), np.float32)
            if self._rest is not None:
                larger[: self._had] = self._rest[: self._had]
            self._rest = larger
        return self._rest


class _Numbers:
    """The vectors of a sheet in whole numbers. A passage that is not there has nothing but zeros."""

    def __init__(self) -> None:
        self._numbers: npt.NDArray[np.int8] | None = None
        self._scale = np.zeros(_SHEET, np.float32)

    def put(self, at: npt.NDArray[np.int64], vectors: Vectors) -> None:
        if self._numbers is None:
            self._numbers = np.zeros((_SHEET, vectors.shape[1]), np.int8)
        self._scale[at] = np.abs(vectors).max(axis=1, initial=1e-30) / np.float32(127)
        self._numbers[at] = np.rint(vectors / self._scale[at, None])

    def sheet(self) -> _Sheet:
        if self._numbers is None:  # nothing of it is there any more
            return lambda _: np.zeros(_SHEET, np.float32)
        multiply, scale = product(np.ascontiguousarray(self._numbers.T)), self._scale

        def scores(asked: _Question) -> Scores:
            found: Scores = (asked.scales @ multiply(asked.parts)) * scale
            return found

        return scores


class _Question:
    """A question's vector as the sum of two parts in whole numbers, the second of what the first leaves: 13 bits
    together.
    """

    def __init__(self, vector: Vectors) -> None:
        coarse = max(float(np.abs(vector).max(initial=0.0)), 1e-30) / LARGEST
        self.scales = np.array([coarse, coarse / (2 * LARGEST)], np.float32)
        first = np.rint(vector / self.scales[0])
        second = np.rint((vector - first * self.scales[0]) / self.scales[1])
        self.parts = (np.stack([first, second]) + (LARGEST + 1)).astype(np.uint8)


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
            yield (
                [key for key, _ in used],
                np.frombuffer(b"".join(vector for _, vector in used), "<f4").reshape(len(used), -1),
            )
