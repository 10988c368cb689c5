"""Vectors in Chroma: folders that are written once, and a server. The only file that imports chromadb.

Measured with chromadb 1.5.9: a folder that one process writes while another reads it, or whose writer is killed at the wrong
moment, is lost for good, and opening a lost one can end the process by a signal. So a folder is written by a child process of its
own, sealed, and from then on only read; whoever opens it checks the seal first (``generations.py``).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from index.articles import Passage
from index.embed import Vectors
from index.errors import ServerDown, SettingsError, VectorsError

COLLECTION = "newsdesk"
_SPACE: Any = {"hnsw": {"space": "cosine", "ef_search": 200}}  # 200: recall@10 0.998 at 500,000 vectors, the default 0.967
_PATIENCE = 300.0  # seconds for one batch; on a full disk Chroma waits a thousand
_BATCH = 500
_SERVER_PATIENCE = 30.0  # seconds for one request
_SERVER_BATCH = 100  # readers of a server wait while a batch is applied: 1,000 take seconds

Item = tuple[Passage, Vectors]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a new state of the vectors adds to the one before, and what it drops."""

    add: Iterable[list[Item]]
    drop: Sequence[str] = ()
    text: bool = False  # keep the passages' text beside their vectors, for others who read the collection


class Collection:
    """One Chroma collection, open for reading."""

    def __init__(self, client: Any, collection: Any) -> None:
        self._client = client
        self._collection = collection

    def nearest(self, query: Vectors, limit: int) -> list[tuple[str, float]]:
        """Return ids and cosine similarities of the nearest passages, best first. Raises VectorsError."""
        with _translated("searched"):
            found = self._collection.query(query_embeddings=[query], n_results=limit, include=["distances"])
            return [(id_, 1.0 - float(distance)) for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

    def count(self) -> int:
        """Return how many vectors it holds. Raises VectorsError."""
        with _translated("counted"):
            return int(self._collection.count())

    def ids(self) -> set[str]:
        """Return the ids of all vectors (a check, not for daily use). Raises VectorsError."""
        found: set[str] = set()
        with _translated("listed"):
            while page := self._collection.get(limit=5_000, offset=len(found), include=[])["ids"]:
                found.update(page)
        return found

    def close(self) -> None:
        """Free the memory it holds."""
        with contextlib.suppress(Exception):
            self._client.close()


def open_folder(folder: Path) -> Collection:
    """Open a sealed folder for reading. Raises VectorsError."""
    import chromadb
    from chromadb.config import Settings

    with _translated(f"opened from {folder}"):
        client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        return Collection(client, client.get_collection(COLLECTION, embedding_function=None))


def write_folder(folder: Path, changes: Changes, prepare: Callable[[], None]) -> int:
    """Change or make a Chroma folder in a child process, flush it, and return how many vectors it holds.

    ``prepare`` puts into the folder what is changed, while the child is still importing. Raises VectorsError if the child dies, fails or
    makes no progress for five minutes; the folder is worthless then.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy the threads of torch half
    ours, theirs = context.Pipe()
    child = context.Process(target=_write, args=(theirs, str(folder)), daemon=True)
    child.start()
    theirs.close()
    try:
        prepare()
        for start in range(0, len(changes.drop), _BATCH):
            _tell(ours, ("drop", list(changes.drop[start : start + _BATCH])))
        for items in batches(changes.add, _BATCH):
            _tell(ours, ("add", _columns(items, changes.text)))
        return int(_tell(ours, ("finish",)))
    except (EOFError, ConnectionError) as error:
        child.join(5)
        raise VectorsError(f"The process that writes {folder} ended early (exit code {child.exitcode}). Run the command again.") from error
    finally:
        ours.close()
        child.join(10)
        if child.is_alive():
            child.kill()


def _tell(pipe: Connection, message: tuple[Any, ...]) -> Any:
    pipe.send(message)
    if not pipe.poll(_PATIENCE):
        raise VectorsError(f"Chroma made no progress for {_PATIENCE:.0f} seconds. Check the disk (python -m bot doctor) and run the command again.")
    kind, value = pipe.recv()
    if kind == "error":
        raise VectorsError(f"Chroma could not write: {value}. Check the disk (python -m bot doctor) and run the command again.")
    return value


def _write(pipe: Connection, folder: str) -> None:
    """Obey the parent until it says finish; the body of the child process."""
    # A signal to the whole group is the parent's to handle: killed in the middle of a write, the folder would be lost.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    import chromadb
    from chromadb.config import Settings

    def connect() -> tuple[Any, Any]:
        client = chromadb.PersistentClient(folder, Settings(anonymized_telemetry=False))
        return client, client.get_or_create_collection(COLLECTION, embedding_function=None, configuration=_SPACE)

    try:
        kind, *values = pipe.recv()  # the folder is prepared
        client, collection = connect()
        while True:
            if kind == "finish":
                break
            if kind == "drop":
                collection.delete(ids=values[0])
            else:
                collection.upsert(**values[0])
            pipe.send(("ok", None))
            kind, *values = pipe.recv()
        # What is not yet in the HNSW files would be replayed, and written, by every reader: a low threshold and a new start flush it.
        collection.modify(configuration={"hnsw": {"sync_threshold": 2}})
        client.close()
        client, collection = connect()
        count = collection.count()
        if count:
            collection.query(query_embeddings=[np.ones(len(collection.peek(1)["embeddings"][0]), np.float32)], n_results=1, include=[])
        collection.modify(configuration={"hnsw": {"sync_threshold": 1_000}})
        client.close()
        pipe.send(("ok", count))
    except (EOFError, ConnectionError):  # the parent is gone: nobody will publish this folder
        return
    except BaseException as error:  # whatever it is (a panic of Rust is no Exception), the parent says it
        pipe.send(("error", f"{type(error).__name__}: {str(error)[:300]}"))


class Server:
    """A Chroma server (`chroma run`), by URL."""

    def __init__(self, url: str, name: str = COLLECTION) -> None:
        """Name a server and the start of the collections' names; connects when first used.

        Raises SettingsError if the URL is not one.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"NEWSDESK_CHROMA__URL is {url!r}; it must look like http://localhost:8000.")
        self.url, self.name = url, name
        self._heartbeat = f"{url.rstrip('/')}/api/v2/heartbeat"
        self._host, self._ssl = parts.hostname, parts.scheme == "https"
        self._port = parts.port or (443 if self._ssl else 8000)
        self._client: Any = None

    def open(self, place: str) -> Collection:
        """Open a collection for reading. Raises VectorsError."""
        with self._reached():
            return Collection(_Shared(), self._connect().get_collection(place, embedding_function=None))

    def answers(self) -> None:
        """Raise ServerDown unless the server says within two seconds that it lives. Disturbs nobody who uses the connection."""
        import httpx

        try:
            httpx.get(self._heartbeat, timeout=2).raise_for_status()
        except httpx.HTTPError as error:
            raise ServerDown(f"The Chroma server at {self.url} does not answer. Start it, or check NEWSDESK_CHROMA__URL.") from error

    def reach(self) -> None:
        """Raise ServerDown unless the server answers."""
        with self._reached():
            self._client = None
            self._connect()

    def write(self, place: str, changes: Changes) -> int:
        """Add and drop vectors of a collection, made if missing, and return how many it holds. Raises VectorsError."""
        with self._reached():
            collection = self._connect().get_or_create_collection(place, embedding_function=None, configuration=_SPACE)
            for items in batches(changes.add, _SERVER_BATCH):
                collection.upsert(**_columns(items, changes.text))
            for start in range(0, len(changes.drop), _SERVER_BATCH):
                collection.delete(ids=list(changes.drop[start : start + _SERVER_BATCH]))
            return int(collection.count())

    def drop(self, place: str) -> None:
        """Delete a collection if it is there. Raises VectorsError."""
        import chromadb.errors

        with self._reached(), contextlib.suppress(chromadb.errors.NotFoundError, ValueError):
            self._connect().delete_collection(place)

    def _connect(self) -> Any:
        import chromadb
        import httpx
        from chromadb.config import Settings

        if self._client is None:
            # chromadb's client waits for ever; a server that hangs must not hang whoever asks.
            httpx.get(self._heartbeat, timeout=5).raise_for_status()
            client = chromadb.HttpClient(self._host, self._port, ssl=self._ssl, settings=Settings(anonymized_telemetry=False))
            client._server._session.timeout = httpx.Timeout(_SERVER_PATIENCE, connect=5)  # type: ignore[attr-defined]
            self._client = client
        return self._client

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        import httpx

        try:
            yield
        except (httpx.TransportError, httpx.HTTPStatusError, ValueError) as error:
            self._client = None
            raise ServerDown(f"The Chroma server at {self.url} does not answer. Start it, or check NEWSDESK_CHROMA__URL.") from error
        except Exception as error:
            raise VectorsError(f"The Chroma server at {self.url} failed: {type(error).__name__}: {str(error)[:200]}.") from error


class _Shared:
    def close(self) -> None:
        """Leave the connection open: other collections use it."""


@contextlib.contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # chromadb raises its own classes, httpx's, ValueError, and panics of Rust, which are no Exception
        if type(error).__module__.startswith("httpx"):
            raise ServerDown(f"The Chroma server does not answer ({type(error).__name__}). Start it, or check NEWSDESK_CHROMA__URL.") from error
        raise VectorsError(f"The vectors could not be {what}: {type(error).__name__}: {str(error)[:200]}.") from error


def batches(items_in: Iterable[list[Item]], size: int) -> Iterator[list[Item]]:
    """Yield the same items in batches of ``size``: small ones are gathered, since each write costs as much as a large one."""
    gathered: list[Item] = []
    for items in items_in:
        gathered += items
        while len(gathered) >= size:
            yield gathered[:size]
            del gathered[:size]
    if gathered:
        yield gathered


def _columns(items: list[Item], text: bool) -> dict[str, Any]:
    passages = [passage for passage, _ in items]
    return {
        "ids": [passage.id for passage in passages],
        "embeddings": np.stack([vector for _, vector in items]),
        "documents": [passage.text for passage in passages] if text else None,
        "metadatas": [{"article_id": passage.article_id} for passage in passages],
    }
