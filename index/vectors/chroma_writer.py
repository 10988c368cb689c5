"""The process that writes Chroma folders, one after another: ``python -c "from index.vectors.chroma_writer import obey;
obey(DESCRIPTOR)"``.

It imports nothing of newsdesk, so that it is ready a second after it is started.
"""

from __future__ import annotations

import signal
from multiprocessing.connection import Connection
from typing import Any

_USUAL = 1_000  # Chroma's own sync threshold


def obey(descriptor: int) -> None:
    """Write folders as the parent says, until it is gone.

    It says ("open", folder, collection, configuration), then drop, add, …, and finish.
    """
    # A signal to the whole group is the parent's to handle: killed in the middle of a write, the folder would be lost.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pipe = Connection(descriptor)
    try:
        import chromadb  # noqa: F401  before it is asked for anything: this is what takes a second

        while True:
            _, *values = pipe.recv()
            _write(pipe, *values)
    except (
        EOFError,
        ConnectionError,
    ):  # the parent is gone or has no more to write: nobody will publish what is unfinished
        return
    except BaseException as error:  # whatever it is (a panic of Rust is no Exception), the parent says it
        pipe.send(("error", f"{type(error).__name__}: {str(error)[:300]}"))


def _write(pipe: Connection, folder: str, name: str, configuration: Any) -> None:
    import chromadb
    import numpy as np
    from chromadb.config import Settings

    def connect() -> tuple[Any, Any]:
        client = chromadb.PersistentClient(folder, Settings(anonymized_telemetry=False))
        return client, client.get_or_create_collection(name, embedding_function=None, configuration=configuration)

    client, collection = connect()
    pipe.send(("ok", None))
    while (message := pipe.recv())[0] != "finish":
        kind, value = message
        if kind == "drop":
            collection.delete(ids=value)
        else:
            collection.upsert(**value)
        pipe.send(("ok", None))
    # What is not yet in the HNSW files would be replayed, and written, by every reader: a low threshold and a new start
    # flush it.
    collection.modify(configuration={"hnsw": {"sync_threshold": 2}})
    client.close()
    client, collection = connect()
    count = collection.count()
    if count:
        collection.query(
            query_embeddings=[np.ones(len(collection.peek(1)["embeddings"][0]), np.float32)], n_results=1, include=[]
        )
    collection.modify(configuration={"hnsw": {"sync_threshold": _USUAL}})
    client.close()
    pipe.send(("ok", count))
