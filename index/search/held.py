"""What a process holds of the archive in memory: the passages of the newest published state that it has read, their
vectors, their words.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from dataclasses import dataclass, replace

from index.search.matrix import Matrix
from index.search.memory import Words
from index.search.places import Places
from index.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class State:
    """One published state, as far as it is in memory. ``latest`` words may be of the state before."""

    number: int
    model: str
    places: Places
    vectors: Matrix | None
    latest: Words | None

    @property
    def words(self) -> Words | None:
        """The words of this very state."""
        return self.latest if self.latest is not None and self.latest.places is self.places else None


class Held:
    """The newest state of an archive that was read here. Of the next one only what is new is read."""

    def __init__(self) -> None:
        self._state: State | None = None
        self._lock = threading.Lock()
        self._learning = threading.Lock()

    def at(self, number: int) -> State | None:
        """Return the state of a generation if it is the one in memory."""
        state = self._state
        return state if state is not None and state.number == number else None

    @property
    def has_vectors(self) -> bool:
        """Whether the vectors of some state are in memory."""
        state = self._state
        return state is not None and state.vectors is not None

    def forget(self) -> None:
        """Hold nothing any more."""
        self._state = None

    def read(self, number: int, snapshot: Snapshot, *, vectors: bool) -> State:
        """Return the state of a snapshot, whose generation has this number.

        Raises ValueError if the catalog lacks vectors.
        """
        with self._lock:
            before = self._state
            if before is not None and before.number == number and (before.vectors is not None or not vectors):
                return before
            model = snapshot.fact("model") or ""
            if before is not None and (
                before.model != model or before.number > number or (vectors and before.vectors is None)
            ):
                before = None
            places = Places.of(snapshot, before.places if before else None)
            matrix = Matrix.of(snapshot, model, places, before.vectors if before else None) if vectors else None
            latest = before.latest if before else None
            if latest is not None:
                latest = Words.of(snapshot, places, latest) if places.follows(latest.places) else None
            state = State(number, model, places, matrix, latest)
            if before is None:
                _give_back()
            # A question that is still on an older state must not put it in the place of a newer one.
            if self._state is None or self._state.number <= number:
                self._state = state
            return state

    def learn(self, state: State, snapshot: Snapshot) -> None:
        """Read the words of a state, of whose snapshot this is.

        Nobody waits for it: until it is done the database is asked.
        """
        with self._learning:
            if state.words is not None:
                return
            words = Words.of(snapshot, state.places)
            _give_back()
            with self._lock:
                if self._state is not None and self._state.latest is None and self._state.places.follows(words.places):
                    self._state = replace(self._state, latest=words)


def _give_back() -> None:
    """Let the system have what reading needed for a while. glibc keeps it in holes between what stays: half as much
    again at a hundred thousand passages.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
