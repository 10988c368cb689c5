"""An index for tests whose subject is not the index: each generation is a folder as Chroma's is, copied, sealed and
checked by the product's own code, but it is one SQLite file, written in this process and searched by an exact scan.

A small ingest takes a tenth of a second with it and two seconds with Chroma, which is a process of its own. Tests of
the index are marked ``chroma`` and have Chroma.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np

from index.errors import VectorsError
from index.model.embedder import Vectors
from index.store.rows import ANYTHING, Scope
from index.vectors import chroma, generations
from index.vectors.engine import Changes

NAME = "TEST_VECTORS"  # in the environment "exact", for ingest_with_hashes.py


def use(exact: bool = True) -> None:
    """Have generations written and searched here or by Chroma, also in processes of ``ingest_with_hashes.py``."""
    generations.Writer = Writer if exact else chroma.Writer  # type: ignore[misc,assignment]
    generations.open_folder = open_folder if exact else chroma.open_folder  # type: ignore[assignment]
    os.environ[NAME] = "exact" if exact else "chroma"


def used() -> bool:
    return os.environ.get(NAME) == "exact"


def rows(folder: Path) -> dict[str, tuple[Vectors, str | None]]:
    """Return the vector and the text of each passage in a folder."""
    with contextlib.closing(sqlite3.connect(folder / "chroma.sqlite3")) as database:
        found = database.execute("SELECT id, vector, text FROM embeddings ORDER BY id").fetchall()
    return {id_: (np.frombuffer(vector, np.float32), text) for id_, vector, text in found}


class Collection:
    """The vectors of a folder, in memory."""

    scopes = False
    most = 5_000

    def __init__(self, folder: Path) -> None:
        found = rows(folder)
        self._ids = list(found)
        self._vectors = np.stack([vector for vector, _ in found.values()]) if found else np.zeros((0, 1), np.float32)
        self._vectors /= np.linalg.norm(self._vectors, axis=1, keepdims=True)

    def nearest(self, query: Vectors, limit: int, scope: Scope = ANYTHING) -> list[tuple[str, float]]:
        assert not scope
        if not self._ids:
            return []
        similar = self._vectors @ (np.asarray(query, np.float32) / (np.linalg.norm(query) or 1.0))
        return [(self._ids[row], float(similar[row])) for row in np.argsort(-similar, kind="stable")[:limit]]

    def count(self) -> int:
        return len(self._ids)

    def ids(self) -> set[str]:
        return set(self._ids)

    def close(self) -> None:
        self._ids = []


def open_folder(folder: Path) -> Collection:
    try:
        return Collection(folder)
    except sqlite3.Error as error:
        raise VectorsError(f"The vectors could not be opened from {folder}: {error}.") from error


class Writer:
    """Writes folders in this process."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, folder: Path, changes: Changes, prepare: Callable[[], None]) -> int:
        self.written += 1
        prepare()
        with contextlib.closing(sqlite3.connect(folder / "chroma.sqlite3")) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS collections (name TEXT)")
            database.execute("CREATE TABLE IF NOT EXISTS embeddings (id TEXT PRIMARY KEY, vector BLOB, text TEXT)")
            if not database.execute("SELECT count(*) FROM collections").fetchone()[0]:
                database.execute("INSERT INTO collections VALUES ('newsdesk')")
            database.executemany("DELETE FROM embeddings WHERE id = ?", [(id_,) for id_ in changes.drop])
            for items in changes.add:
                database.executemany(
                    "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)",
                    [
                        (passage.id, vector.astype(np.float32).tobytes(), passage.text if changes.text else None)
                        for passage, vector in items
                    ],
                )
            return int(database.execute("SELECT count(*) FROM embeddings").fetchone()[0])

    def close(self) -> None:
        """Nothing is open."""
