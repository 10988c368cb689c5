"""The interface of a search index; each engine is a file of its own.

    folders of Chroma   index/vectors/generations.py     one machine; the default
    a Chroma server     index/vectors/chroma_server.py   by URL: one's own, or Chroma Cloud
    pgvector            index/vectors/pgvector.py        in the catalog's own PostgreSQL, in the same transactions

An engine has a copy of the vectors: the catalog has them all, and any engine can be filled from it again. A published
state has the name of its folder, collection or table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from index.articles import Passage
from index.model.embedder import Vectors
from index.store.rows import ANYTHING, Generation, Scope

if TYPE_CHECKING:
    from index.store.snapshot import Snapshot
    from index.store.transaction import Transaction

Item = tuple[Passage, Vectors]

TABLE_PREFIX = "vectors_"  # begins the name of a state that is a table in PostgreSQL


@dataclass(frozen=True, slots=True)
class Changes:
    """The passages that a new state of the vectors adds, and those that it removes."""

    add: Iterable[list[Item]] = ()
    drop: Sequence[str] = ()
    text: bool = False  # keep the passages' text beside their vectors, for others who read the collection


class Index(Protocol):
    """The vectors of one published state, open for search."""

    scopes: bool  # it can search within a scope by itself
    most: int  # passages that one search returns at most

    def nearest(self, query: Vectors, limit: int, scope: Scope = ANYTHING) -> list[tuple[str, float]]:
        """Return ids and cosine similarities of the nearest passages, best first. Raises VectorsError."""

    def count(self) -> int:
        """Return how many vectors it holds. Raises VectorsError."""

    def ids(self) -> set[str]:
        """Return the ids of all vectors (a check, not for daily use). Raises VectorsError."""

    def close(self) -> None:
        """Free what it holds."""


class Engine(Protocol):
    """Keeps the vectors of the states that readers may still see, and writes new ones. One process writes at a time."""

    url: str | None  # of a server of its own
    steady: bool  # what was opened stays as it is, whatever is published meanwhile
    per_snapshot: bool  # what was opened is good for one snapshot of the catalog alone
    spare: int  # states beside the published one that a rebuild leaves to readers

    def open(self, generation: Generation, snapshot: Snapshot) -> Index:
        """Open a state for search. Raises VectorsError if it cannot be used."""

    def complete(self, index: Index, generation: Generation) -> None:
        """Raise VectorsError unless what is open still holds what was published."""

    def ping(self, generation: Generation, snapshot: Snapshot) -> None:
        """Check that a state can be used, cheaply enough for every second. Raises VectorsError if not."""

    def check(self, generation: Generation, snapshot: Snapshot) -> None:
        """Check that a state is complete, without loading it. Raises VectorsError if not."""

    def write(
        self, previous: Generation | None, number: int, changes: Changes, added: int, total: int
    ) -> tuple[Generation, Changes]:
        """Write a new state: the previous one (None: an empty one) with some changes. No reader sees it yet.

        Return it, and the changes that are left for ``commit``. Raises VectorsError or DiskFull.
        """

    def commit(self, transaction: Transaction, generation: Generation, left: Changes, unneeded: Sequence[str]) -> None:
        """Do what belongs in the transaction that publishes a state.

        ``unneeded``: names of states that no reader needs from then on.
        """

    def tidy(self, kept: set[str]) -> None:
        """Remove what dead runs left, and every state but those that are kept."""


def batches(items_in: Iterable[list[Item]], size: int) -> Iterator[list[Item]]:
    """Yield the items in batches of ``size``: a small write costs as much as a large one."""
    gathered: list[Item] = []
    for items in items_in:
        gathered += items
        while len(gathered) >= size:
            yield gathered[:size]
            del gathered[:size]
    if gathered:
        yield gathered
