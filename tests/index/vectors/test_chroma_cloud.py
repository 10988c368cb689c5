"""A Chroma server that is far away: TLS, a key, a tenant and a database, limits, requests that are lost on the way, one
that hangs.

The server is a real one, with a door in front of it that is as strict as Chroma Cloud's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import chromadb
import numpy as np
import pytest
from chroma_gate import Gate
from chroma_server import ChromaServer
from newsroom import Newsroom, question, story, tokens

import ingest
from bot.__main__ import main as bot_main
from index.articles import Passage
from index.errors import ServerDown, SettingsError, VectorsError
from index.search.search import find
from index.store.rows import ANYTHING
from index.vectors.chroma_server import Server
from index.vectors.engine import Changes

HEADERS = {"X-Chroma-Token": "ck-secret"}


@pytest.fixture
def gate(chroma: ChromaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    place = {
        "chroma_api_impl": "chromadb.api.fastapi.FastAPI",
        "chroma_server_host": "127.0.0.1",
        "chroma_server_http_port": chroma.port,
    }
    client = chromadb.AdminClient(chromadb.Settings(**place))
    client.create_tenant("desk")
    client.create_database("news", "desk")
    gate = Gate(chroma.url, tmp_path)
    for name, value in {
        "URL": gate.url,
        "CA": gate.ca,
        "TENANT": "desk",
        "DATABASE": "news",
        "TOKEN": gate.key,
    }.items():
        monkeypatch.setenv(f"NEWSDESK_CHROMA__{name}", str(value))
    yield gate
    gate.stop()


def server_at(gate: Gate, **changed: object) -> Server:
    return Server(gate.url, **{"tenant": "desk", "database": "news", "headers": HEADERS, "ca": gate.ca, **changed})  # type: ignore[arg-type]


def items(count: int) -> list[tuple[Passage, np.ndarray]]:
    vectors = np.random.default_rng(1).normal(size=(count, 8)).astype(np.float32)
    return [(Passage(f"a{number}:0-1", f"a{number}", 0, 1, "x"), vector) for number, vector in enumerate(vectors)]


def put(newsroom: Newsroom, count: int, version: int = 1) -> None:
    lines = [
        {"id": f"{number:05}", "title": f"A new voyage for ship{number} begins", "text": story(number, version)}
        for number in range(count)
    ]
    (newsroom.articles / "all.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_an_archive_lives_behind_tls_a_key_a_tenant_and_limits(
    gate: Gate, newsroom: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    put(newsroom, 40)
    assert newsroom.ingest()["added"] == 40
    assert max(gate.sizes) == gate.batch  # what the server says it takes at once
    put(newsroom, 40, 2)
    gate.faults = ["503", "cut after", "429"]
    assert newsroom.ingest()["updated"] == 40
    assert gate.faults == []
    server = server_at(gate)
    archive = newsroom.open(server)
    assert archive.check() is None
    archive.close()
    assert tokens(newsroom.answers([7], server)[0]["text"]) == {(7, 2)}
    assert all("/tenants/desk/databases/news/" in path for path in gate.paths if "/collections" in path)
    assert bot_main(["doctor", "--json"], embedder=newsroom.embedder) in (0, 1)
    assert bot_main(["status"], embedder=newsroom.embedder) == 0
    said = capsys.readouterr()
    assert "ck-secret" not in said.out + said.err


@pytest.mark.parametrize("fault", ["503", "429", "cut before", "cut after"])
def test_a_request_that_is_lost_is_sent_again_and_nothing_is_there_twice(gate: Gate, fault: str) -> None:
    server = server_at(gate)
    gate.faults = [fault] * 3
    assert server.write("three", Changes([items(50)])) == 50
    gate.faults = [fault]
    assert len(server.open("three").nearest(items(1)[0][1], 5)) == 5
    gate.faults = [fault]
    assert server.write("three", Changes((), ["a3:0-1", "a4:0-1"])) == 48


def test_what_stays_wrong_is_told_after_a_few_tries(gate: Gate) -> None:
    server = server_at(gate)
    gate.faults = ["503"] * 4
    with pytest.raises(ServerDown, match="does not answer"):
        server.write("one", Changes([items(5)]))
    gate.faults = ["429"] * 9
    with pytest.raises(ServerDown, match=r"wants to be asked less \(429\)"):
        server.write("one", Changes([items(5)]))
    assert len(gate.faults) == 5
    gate.faults = []
    gate.records = 3
    with pytest.raises(VectorsError, match="Quota exceeded"):
        server.write("one", Changes([items(5)]))


def test_a_server_that_hangs_keeps_no_question_waiting(
    gate: Gate, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.vectors.chroma_server._READ", 0.2)
    put(newsroom, 10)
    newsroom.ingest()
    server = server_at(gate)
    archive = newsroom.open(server)
    gate.faults = ["hang"] * 20
    vector = newsroom.embedder.embed([question(3)])[0]
    hits = archive.read(lambda view: find(view, question(3), vector, newsroom.embedder.identity, ANYTHING, 3))
    assert tokens(hits[0].passage.text) == {(3, 1)}
    assert "does not answer" in (archive.trouble or "")
    gate.faults = []
    archive.read(lambda view: find(view, question(3), vector, newsroom.embedder.identity, ANYTHING, 3))
    assert archive.trouble is None
    archive.close()


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("TOKEN", "wrong", r"lets nobody in without the right key \(401\)"),
        ("TENANT", "nobody", "has no database news of a tenant nobody"),
        ("DATABASE", "nothing", "has no database nothing of a tenant desk"),
        ("CA", "", "its certificate is not trusted"),
        ("CA", "/nowhere.pem", "cannot be read as certificates"),
    ],
)
def test_a_door_that_stays_shut_is_told_and_nothing_is_rebuilt(
    gate: Gate,
    newsroom: Newsroom,
    setting: str,
    value: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put(newsroom, 3)
    newsroom.ingest()
    writes = len(gate.sizes)
    monkeypatch.setenv(f"NEWSDESK_CHROMA__{setting}", value)
    assert ingest.main(["articles"], embedder=newsroom.embedder) == 2
    said = capsys.readouterr()
    assert re.search(told, said.err), said.err
    assert said.err.count("\n") == 1
    assert "wrong" not in said.err
    assert "ck-secret" not in said.err
    assert bot_main(["ask", question(2)], embedder=newsroom.embedder) == 0
    assert "order a2v1 sends" in capsys.readouterr().out
    assert len(gate.sizes) == writes


def test_chroma_cloud_is_asked_for_no_more_than_it_gives() -> None:
    whole = {"tenant": "t", "database": "d", "headers": HEADERS}
    assert Server("https://api.trychroma.com", **whole).most == 300
    assert Server("https://chroma.example", **whole).most == 5_000
    for missing in whole:
        with pytest.raises(SettingsError, match="Chroma Cloud needs"):
            Server("https://api.trychroma.com", **{name: value for name, value in whole.items() if name != missing})
    with pytest.raises(SettingsError, match="holds a password") as told:
        Server("https://me:hidden@chroma.example")
    assert "hidden" not in str(told.value)
