"""The engines of the search index on the same vectors: recall, latency, what an update, a build and the room cost.

``NEWSDESK_CATALOG__URL=postgresql+psycopg://… python -m evals vectors --data ARCHIVE``: the vectors and the questions
are those of an archive in a folder (its titles are asked), the database is an empty one with pgvector, which is filled.
The Chroma server is started here.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np

from evals.archives import EvalError
from index.archive import Archive
from index.articles import Passage
from index.model.embedder import Vectors
from index.store.catalog import Catalog
from index.store.rows import ANYTHING, Generation
from index.vectors.chroma_server import Server
from index.vectors.engine import Changes
from index.vectors.pgvector import PgVector
from settings import Settings

_ASKED, _LIMIT, _REPLACED = 200, 100, 30
Found = Callable[[Vectors, int], list[tuple[str, float]]]


@dataclass
class Held:
    """The passages of an archive and their vectors, shape (passages, dimensions)."""

    passages: list[Passage]
    matrix: Vectors
    asked: Vectors

    def nearest(self, query: Vectors, limit: int) -> list[tuple[str, float]]:
        """Compare with all of them."""
        scores = self.matrix @ query
        best = np.argpartition(-scores, limit)[:limit]
        return sorted(((self.passages[place].id, float(scores[place])) for place in best), key=lambda pair: -pair[1])

    def items(self) -> Iterator[list[tuple[Passage, Vectors]]]:
        """Yield all passages with their vectors."""
        yield list(zip(self.passages, self.matrix, strict=True))

    def article(self, number: int) -> list[tuple[Passage, Vectors]]:
        """Return one article's passages with their vectors."""
        ids = list(dict.fromkeys(passage.article_id for passage in self.passages))
        wanted = ids[number * 37 % len(ids)]
        return [
            (passage, vector)
            for passage, vector in zip(self.passages, self.matrix, strict=True)
            if passage.article_id == wanted
        ]


def run(data: Path) -> dict[str, Any]:
    """Return the figures of each engine."""
    url = Settings().database()
    if url is None:
        raise EvalError(
            "vectors needs an empty PostgreSQL database with pgvector: NEWSDESK_CATALOG__URL=postgresql+psycopg://…"
        )
    held = _held(data)
    found: dict[str, Any] = {"in memory": {"asking": _asking(held, held.nearest), "bytes": held.matrix.nbytes}}
    print("in memory", found["in memory"], file=sys.stderr)
    for name in ("Chroma server", "pgvector"):
        found[name] = _chroma(held) if name == "Chroma server" else _pgvector(held, url)
        print(name, found[name], file=sys.stderr)
    return {"passages": len(held.passages), "asked": len(held.asked), "engines": found}


def _held(folder: Path) -> Held:
    archive = Archive(folder)
    with archive.catalog.snapshot() as snapshot:
        model = snapshot.fact("model") or ""
        items = [item for part in snapshot.vectors(model) for item in part]
        titles = [source.title for source, _ in snapshot.sources()][:: max(1, len(items) // 16 // _ASKED)][:_ASKED]
    archive.close()
    return Held(
        [passage for passage, _ in items],
        np.stack([vector for _, vector in items]),
        Settings().embedder(many=True).embed(titles),
    )


def _asking(held: Held, nearest: Found) -> dict[str, float]:
    near, spent = [], []
    for query in held.asked[:5]:
        nearest(query, _LIMIT)
    for query in held.asked:
        exact = [id_ for id_, _ in held.nearest(query, _LIMIT)]
        began = time.perf_counter()
        got = [id_ for id_, _ in nearest(query, _LIMIT)]
        spent.append(time.perf_counter() - began)
        near.append((len({*exact[:10]} & {*got[:10]}) / 10, len({*exact} & {*got}) / _LIMIT))
    return {
        "recall@10": round(float(np.mean([ten for ten, _ in near])), 4),
        "recall@100": round(float(np.mean([hundred for _, hundred in near])), 4),
        "p50_ms": round(median(spent) * 1_000, 1),
        "p95_ms": round(float(np.percentile(spent, 95)) * 1_000, 1),
    }


def _replacing(held: Held, replace: Callable[[list[tuple[Passage, Vectors]]], object]) -> dict[str, float]:
    """Put articles in again, as they would be if every passage had changed."""
    spent, passages = [], 0
    for number in range(_REPLACED):
        items = held.article(number)
        passages += len(items)
        began = time.perf_counter()
        replace(items)
        spent.append(time.perf_counter() - began)
    return {
        "passages": round(passages / _REPLACED, 1),
        "p50_ms": round(median(spent) * 1_000, 1),
        "p95_ms": round(float(np.percentile(spent, 95)) * 1_000, 1),
    }


def _chroma(held: Held) -> dict[str, Any]:
    with _chroma_server() as (server, process, folder):
        began = time.perf_counter()
        server.write("measured", Changes(held.items()))
        built = time.perf_counter() - began
        collection = server.open("measured")
        asking = _asking(held, collection.nearest)

        def replace(items: list[tuple[Passage, Vectors]]) -> None:
            server.write("measured", Changes([items]))

        replacing = _replacing(held, replace)
        room = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        memory = next(
            line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS")
        )
    return {
        "build_s": round(built, 1),
        "asking": asking,
        "replacing": replacing,
        "disk_bytes": room,
        "memory_bytes": int(memory.split()[1]) * 1_024,
    }


@contextmanager
def _chroma_server() -> Iterator[tuple[Server, int, Path]]:
    folder = Path(tempfile.mkdtemp())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = folder / "chroma.yaml"
    told.write_text(f"port: {port}\nlisten_address: 127.0.0.1\npersist_path: {folder / 'data'}\n")
    program = f"import chromadb_rust_bindings as chroma; chroma.cli(['chroma', 'run', {str(told)!r}])"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield Server(f"http://127.0.0.1:{port}"), process.pid, folder
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _pgvector(held: Held, url: str) -> dict[str, Any]:
    catalog = Catalog(url)
    engine = PgVector(catalog)
    count = len(held.passages)
    began = time.perf_counter()
    generation, _ = engine.write(None, 1, Changes(held.items()), count, count)
    built = time.perf_counter() - began
    with catalog.snapshot() as snapshot:
        asking = _asking(held, lambda query, limit: engine.open(generation, snapshot).nearest(query, limit, ANYTHING))

    def replace(items: list[tuple[Passage, Vectors]]) -> None:
        with catalog.transaction() as transaction:
            engine.commit(
                transaction,
                Generation(2, generation.name, count),
                Changes([items], [passage.id for passage, _ in items]),
                [],
            )

    replacing = _replacing(held, replace)
    with catalog.snapshot() as snapshot:
        sizes = "SELECT pg_table_size(%(name)s), pg_relation_size(%(graph)s), pg_total_relation_size(%(name)s)"
        named = {"name": generation.name, "graph": f"{generation.name}_graph"}
        rows, graph, whole = snapshot.connection.exec_driver_sql(sizes, named).one()
    engine.tidy(set())
    catalog.close()
    return {
        "build_s": round(built, 1),
        "asking": asking,
        "replacing": replacing,
        "table_bytes": rows,
        "graph_bytes": graph,
        "disk_bytes": whole,
    }
