"""A newsroom for tests: stories about ships whose every sentence says which version it is of, and the real commands."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import exact_vectors
import numpy as np
import pytest
from hash_embedder import HashEmbedder

import ingest
from bot.answer.desk import Desk, Request
from index.archive import Archive
from index.store.dialect import Database
from index.vectors.chroma_server import Server

ROOT = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).resolve().with_name("ingest_with_hashes.py")
_TOKEN = re.compile(r"\ba(\d+)v(\d+)\b")
_CARGO = "grain timber salt copper wool tea rope".split()


def story(number: int, version: int) -> str:
    """Two passages of text, every sentence with the token of the article and its version; from number 300 on one
    sentence, to be quick.
    """
    order = f"a{number}v{version}"
    first = f"The captain of ship{number} said on Monday that order {order} sends the vessel to harbour{number}."
    more = [
        (
            f"For the merchants of harbour{number} the order {order} puts {cargo}{number} into the hold of "
            f"ship{number}, more than last year."
        )
        for cargo in _CARGO
    ]
    return "\n\n".join([first, *more]) if number < 300 else first


def page(number: int, version: int) -> str:
    """The story as it lies in a text file, under its headline."""
    return f"A new voyage for ship{number} begins\n\n{story(number, version)}\n"


def line(number: int, version: int) -> str:
    """The story as one line of a JSONL file."""
    return (
        json.dumps(
            {"id": f"{number:05}", "title": f"A new voyage for ship{number} begins", "text": story(number, version)}
        )
        + "\n"
    )


def question(number: int) -> str:
    return f"What did the captain of ship{number} say about harbour{number}?"


def tokens(text: str) -> set[tuple[int, int]]:
    """Article numbers and versions that a text speaks of."""
    return {(int(number), int(version)) for number, version in _TOKEN.findall(text)}


def catalog_at(path: Path) -> Database:
    """The database that the settings name, else a file."""
    return os.environ.get("NEWSDESK_CATALOG__URL") or path


def eventually(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.01)


class Newsroom:
    """A folder of articles and an archive; commands run in this process or in one of their own."""

    def __init__(self, root: Path) -> None:
        self.root, self.articles, self.archive = root, root / "articles", root / "archive"
        self.embedder = HashEmbedder()
        self.articles.mkdir(parents=True, exist_ok=True)

    def open(self, server: Server | None = None) -> Archive:
        pgvector = os.environ.get("NEWSDESK_VECTORS__ENGINE") == "pgvector"
        return Archive(self.archive, catalog=os.environ.get("NEWSDESK_CATALOG__URL"), server=server, pgvector=pgvector)

    def path(self, number: int) -> Path:
        return self.articles / f"{number:05}.txt"

    def write(self, number: int, version: int) -> None:
        self.path(number).write_text(page(number, version))

    def fill(self, numbers: Iterable[int]) -> None:
        """Write the first version of some articles and ingest them."""
        for number in numbers:
            self.write(number, 1)
        self.ingest()

    def ingest(self, *arguments: str) -> dict[str, Any]:
        """Run an ingest of the articles in this process and return its report."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = ingest.main(arguments or [str(self.articles), "--prune", "--json"], embedder=self.embedder)
        assert code == 0, f"exit code {code}: {said.getvalue()}"
        report: dict[str, Any] = json.loads(said.getvalue())
        return report

    def last_run(self) -> int:
        """Return the number of the last run on record."""
        archive = self.open()
        try:
            with archive.catalog.snapshot() as snapshot:
                return int(snapshot.runs(1)[0]["run"])
        finally:
            archive.close()

    def start(self, door: str, *arguments: str, within: Sequence[str] = (), **options: Any) -> subprocess.Popen[str]:
        """Start a command in a process of its own, inside of another one if need be: ``start("ingest", …)`` or
        ``start("bot", "ask", …)``.
        """
        environment = {
            **os.environ,
            "NEWSDESK_DATA_DIR": str(self.archive),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{DRIVER.parent}",
            **options.pop("env", {}),
        }
        return subprocess.Popen(
            [*within, sys.executable, str(DRIVER), door, *arguments],
            cwd=self.root,
            env=environment,
            text=True,
            **options,
        )

    def run(
        self, door: str, *arguments: str, within: Sequence[str] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own to its end."""
        with self.start(
            door, *arguments, within=within, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                out, err = process.communicate(timeout=240)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def holds_lock(self, process: subprocess.Popen[str]) -> bool:
        """Tell whether a process has begun its ingest."""
        with contextlib.suppress(OSError, ValueError):
            return bool(json.loads((self.archive / "writer.json").read_text())["pid"] == process.pid)
        return False

    def killed_after(self, process: subprocess.Popen[str], seconds: float, whole_group: bool = False) -> bool:
        """Let an ingest work for some seconds, then ``kill -9`` it, alone or with its children; tell whether it was
        still running.
        """
        eventually(lambda: process.poll() is not None or self.holds_lock(process), "the ingest takes the lock")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        running = process.poll() is None
        if running and whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        elif running:
            process.kill()
        process.wait()
        return running

    def answers(self, numbers: list[int], server: Server | None = None) -> list[dict[str, Any]]:
        """Ask about some ships and return the answers, without how long they took."""
        archive = self.open(server)
        try:
            desk = Desk(archive, self.embedder)
            replies = [desk.ask(Request(question(number), date(2025, 3, 31))).as_json() for number in numbers]
        finally:
            archive.close()
        return [{name: value for name, value in reply.items() if name != "timings_ms"} for reply in replies]

    def versions(self, server: Server | None = None) -> dict[int, int]:
        """Return which version of which article is in the catalog; every article must be whole."""
        found: dict[int, int] = {}
        archive = self.open(server)
        try:
            with archive.catalog.snapshot() as snapshot:
                for source, _ in snapshot.sources():
                    stored = snapshot.article(source.id)
                    assert stored is not None
                    [(number, version)] = tokens(stored.article.text)
                    assert stored.article.text == story(number, version)
                    assert number not in found, f"two articles about ship{number}"
                    found[number] = version
        finally:
            archive.close()
        return found

    def assert_index_agrees(self, server: Server | None = None, with_text: bool = False) -> None:
        """Compare what Chroma holds with the catalog: the same ids, for each the same vector, and its text or none, and
        the archive finds nothing wrong.
        """
        archive = self.open(server)
        try:
            assert archive.is_intact(), archive.trouble
            assert archive.check() is None
            with archive.catalog.snapshot() as snapshot:
                generation = snapshot.generation()
                own = {
                    passage.id: (vector, passage.text)
                    for items in snapshot.vectors(self.embedder.identity)
                    for passage, vector in items
                }
                assert own.keys() == set(snapshot.all_passage_ids())
        finally:
            archive.close()
        assert generation is not None
        assert generation.passages == len(own)
        if generation.name.startswith("vectors_"):
            self._assert_table_agrees(generation.name, {id_: vector for id_, (vector, _) in own.items()})
            return
        found = self.stored(generation.name, server)
        assert found.keys() == own.keys()
        for id_, (vector, text) in found.items():
            assert np.allclose(vector, own[id_][0], atol=1e-6)
            assert text == (own[id_][1] if with_text else None)

    def stored(self, name: str, server: Server | None = None) -> dict[str, tuple[Any, str | None]]:
        """Return vector and text of every passage in a folder or a collection."""
        if server is None and exact_vectors.used():
            return exact_vectors.rows(self.archive / "chroma" / name)
        with self.collection(name, server) as collection:
            found = collection.get(include=["embeddings", "documents"])
        assert len(set(found["ids"])) == len(found["ids"])
        return {
            id_: (vector, text)
            for id_, vector, text in zip(found["ids"], found["embeddings"], found["documents"], strict=True)
        }

    def _assert_table_agrees(self, place: str, own: dict[str, np.ndarray]) -> None:
        """Compare a table of pgvector, past our own code."""
        import psycopg

        with psycopg.connect(os.environ["NEWSDESK_CATALOG__URL"].replace("+psycopg", "")) as connection:
            found = dict(connection.execute(f"SELECT id, vector::text FROM newsdesk.{place}").fetchall())
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'newsdesk' AND tablename LIKE 'vectors%'"
            ).fetchall()
        assert found.keys() == own.keys()
        assert all(np.allclose(json.loads(found[id_]), vector, atol=1e-3) for id_, vector in own.items())
        assert (place,) in tables

    @contextlib.contextmanager
    def collection(self, place: str, server: Server | None = None) -> Iterator[Any]:
        """Open a collection as anyone would, past our own code."""
        import chromadb

        if server is None:
            client: Any = chromadb.PersistentClient(str(self.archive / "chroma" / place))
            name = "newsdesk"
        else:
            client = chromadb.HttpClient(port=urlsplit(server.url).port or 8000)
            name = place
        try:
            yield client.get_collection(name, embedding_function=None)
        finally:
            client.close()


def ships(folder: Path, count: int = 3) -> Path:
    """Make an archive of so many stories about ships and return its folder; the environment stays as it was."""
    with pytest.MonkeyPatch.context() as patch:
        room = Newsroom(folder)
        patch.setenv("NEWSDESK_DATA_DIR", str(room.archive))
        room.fill(range(1, count + 1))
    return room.archive
