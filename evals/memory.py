"""An embedder that remembers: a text is embedded once, whatever is measured with it and however often."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.model.embedder import CoarseEmbedder, Embedder, Vectors


class Remembering:
    """Wraps an embedder; vectors are kept in a file, by model and text."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        """Keep vectors in an SQLite file at a path, made if it is missing."""
        self._embedder = embedder
        path.parent.mkdir(parents=True, exist_ok=True)
        self._store = sqlite3.connect(
            path, timeout=60, check_same_thread=False
        )  # an ingest runs its model in a thread, one call at a time
        self._store.execute("create table if not exists vectors (key blob primary key, vector blob) without rowid")

    @property
    def identity(self) -> str:
        """Name of the model that is wrapped."""
        return self._embedder.identity

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimensions), float32."""
        return self._remembered(texts, self.identity, self._embedder.embed)

    def embed_coarsely(self, texts: Sequence[str]) -> Vectors:
        """Return nearly the vectors of ``embed``, those of the embedder that is wrapped."""
        if not isinstance(self._embedder, CoarseEmbedder):
            return self.embed(texts)
        return self._remembered(texts, f"{self.identity} coarse", self._embedder.embed_coarsely)

    def _remembered(self, texts: Sequence[str], kind: str, embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        keys = [hashlib.sha256(f"{kind}\n{text}".encode("utf-8", "replace")).digest() for text in texts]
        found = {key: self._read(key) for key in dict.fromkeys(keys)}
        new = {key: text for key, text in zip(keys, texts, strict=True) if found[key] is None}
        if new:
            vectors = embed(list(new.values()))
            found |= dict(zip(new, vectors, strict=True))
            with self._store:
                self._store.executemany(
                    "insert or ignore into vectors values (?, ?)",
                    [(key, v.tobytes()) for key, v in zip(new, vectors, strict=True)],
                )
        rows = [found[key] for key in keys]
        return (
            np.stack([row for row in rows if row is not None]) if rows else np.zeros((0, self.dimensions), np.float32)
        )

    def _read(self, key: bytes) -> Vectors | None:
        row = self._store.execute("select vector from vectors where key = ?", (key,)).fetchone()
        return np.frombuffer(row[0], dtype=np.float32) if row else None
