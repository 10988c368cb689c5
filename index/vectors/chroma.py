"""Vectors in Chroma: collections, and folders that are written once.

Only this file, chroma_server.py and chroma_writer.py import chromadb.

Measured with chromadb 1.5.9: a folder that one process writes while another reads it, or whose writer is killed at the
wrong moment, is lost for good, and opening a lost one can end the process by a signal. So a folder is written by a
child process of its own, sealed, and from then on only read; whoever opens it checks the seal first
(``generations.py``).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from index.errors import ChromaRefused, ServerDown, VectorsError
from index.model.embedder import Vectors
from index.store.rows import ANYTHING, Scope
from index.vectors.engine import Changes, Item, batches

COLLECTION = "newsdesk"
SPACE: Any = {
    "hnsw": {"space": "cosine", "ef_search": 200}
}  # 200: recall@10 0.998 at 500,000 vectors, the default 0.967
_PATIENCE = 300.0  # seconds for one batch; on a full disk Chroma waits a thousand
_BATCH = 500
MOST = 5_000  # passages that one search asks for


class Collection:
    """One Chroma collection, open for reading."""

    scopes = False  # its filters cost ten to thirty times the query

    def __init__(self, client: Any, collection: Any, most: int = MOST) -> None:
        self._client = client
        self._collection = collection
        self.most = most

    def nearest(self, query: Vectors, limit: int, scope: Scope = ANYTHING) -> list[tuple[str, float]]:
        """Return ids and cosine similarities of the nearest passages, best first. Raises VectorsError."""
        assert not scope
        with translated("searched"):
            found = self._collection.query(query_embeddings=[query], n_results=limit, include=["distances"])
            return [
                (id_, 1.0 - float(distance))
                for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)
            ]

    def count(self) -> int:
        """Return how many vectors it holds. Raises VectorsError."""
        with translated("counted"):
            return int(self._collection.count())

    def ids(self) -> set[str]:
        """Return the ids of all vectors (a check, not for daily use). Raises VectorsError."""
        found: set[str] = set()
        with translated("listed"):
            while page := self._collection.get(limit=self.most, offset=len(found), include=[])["ids"]:
                found.update(page)
        return found

    def close(self) -> None:
        """Free the memory it holds."""
        with contextlib.suppress(VectorsError), translated("closed"):
            self._client.close()


def open_folder(folder: Path) -> Collection:
    """Open a sealed folder for reading. Raises VectorsError."""
    import chromadb
    from chromadb.config import Settings

    with translated(f"opened from {folder}"):
        client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        return Collection(client, client.get_collection(COLLECTION, embedding_function=None))


class Writer:
    """A child process that writes folders, one after another.

    It takes a second to start, so start it before it is needed.

    A folder that is written while another process reads it, or whose writer dies, is worthless (see above): the caller
    gives each folder away only once ``write`` has returned.
    """

    def __init__(self) -> None:
        """Start the process, without waiting until it is ready."""
        self._pipe, theirs = multiprocessing.Pipe()
        paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        with theirs:
            # A process of multiprocessing would import the program that was started, for which it has no use: half a
            # second.
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from index.vectors.chroma_writer import obey; obey({theirs.fileno()})"],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self.written = 0

    def write(self, folder: Path, changes: Changes, prepare: Callable[[], None]) -> int:
        """Change or make a Chroma folder, flush it, and return how many vectors it holds.

        ``prepare`` copies the former state into the folder. Raises VectorsError if the process dies, fails or makes no
        progress for five minutes; the folder is worthless then, and so is the writer.
        """
        self.written += 1
        prepare()
        try:
            self._tell(("open", str(folder), COLLECTION, SPACE))
            for start in range(0, len(changes.drop), _BATCH):
                self._tell(("drop", list(changes.drop[start : start + _BATCH])))
            for items in batches(changes.add, _BATCH):
                self._tell(("add", columns(items, changes.text)))
            return int(self._tell(("finish",)))
        except (EOFError, ConnectionError) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            raise VectorsError(
                f"The process that writes {folder} ended early (exit code {self._process.returncode}). Run the "
                "command again."
            ) from error

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tell(self, message: tuple[Any, ...]) -> Any:
        self._pipe.send(message)
        if not self._pipe.poll(_PATIENCE):
            raise VectorsError(
                f"Chroma made no progress for {_PATIENCE:.0f} seconds. Check the disk (python -m bot doctor) and "
                "run the command again."
            )
        kind, value = self._pipe.recv()
        if kind == "error":
            raise VectorsError(
                f"Chroma could not write: {value}. Check the disk (python -m bot doctor) and run the command again."
            )
        return value


def translated(what: str) -> contextlib.AbstractContextManager[None]:
    """Raise whatever chromadb raises as a VectorsError."""

    def explain(error: BaseException) -> VectorsError:
        if isinstance(error, ChromaRefused):
            return ServerDown(f"The Chroma server cannot be used: {error}.")
        if type(error).__module__.startswith("httpx"):
            return ServerDown(
                f"The Chroma server does not answer ({type(error).__name__}). Start it, or check NEWSDESK_CHROMA__URL."
            )
        return VectorsError(f"The vectors could not be {what}: {type(error).__name__}: {str(error)[:200]}.")

    return explained_by(explain)


@contextlib.contextmanager
def explained_by(explain: Callable[[BaseException], VectorsError]) -> Iterator[None]:
    """Raise whatever chromadb raises as the VectorsError that a function makes of it."""
    try:
        yield
    except (VectorsError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # chromadb raises its own classes, httpx's, bare Exceptions, and panics of Rust
        raise explain(error) from error


def columns(items: list[Item], text: bool) -> dict[str, Any]:
    """Return items as Chroma's ``upsert`` takes them."""
    passages = [passage for passage, _ in items]
    return {
        "ids": [passage.id for passage in passages],
        "embeddings": np.stack([vector for _, vector in items]),
        "documents": [passage.text for passage in passages] if text else None,
        "metadatas": [{"article_id": passage.article_id} for passage in passages],
    }
