"""The same with a real Chroma server by URL: kill -9 of the ingest, kill -9 of the server, a server that is down or has
lost everything.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
from datetime import date
from pathlib import Path

import chromadb
import pytest
from chroma_server import ChromaServer
from newsroom import Newsroom, eventually, question, story, tokens

from bot.answer.desk import Desk, Request
from index.archive import Archive
from index.vectors.chroma_server import Server

SEED = int(os.environ.get("STRESS_SEED", "1"))
ANCHORS = [0, 1, 2]


def put(newsroom: Newsroom, now: dict[int, int]) -> None:
    lines = [
        {"id": f"{number:05}", "title": f"A new voyage for ship{number} begins", "text": story(number, now[number])}
        for number in sorted(now)
    ]
    (newsroom.articles / "all.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def next_versions(before: dict[int, int], chance: random.Random) -> dict[int, int]:
    """Change half of the articles, take one away and add one."""
    changed = set(chance.sample(sorted(before.keys() - set(ANCHORS)), len(before) // 2))
    now = {number: version + (number in changed) for number, version in before.items()}
    del now[chance.choice(sorted(changed))]
    return now | {max(before) + 1: 1}


def assert_nothing_is_left_over(newsroom: Newsroom, chroma: ChromaServer) -> None:
    """The server holds the published collections and no other, and the journal is empty."""
    archive = Archive(newsroom.archive)
    with archive.catalog.snapshot() as snapshot:
        places = {generation.name for generation in snapshot.generations()}
        assert snapshot.journal() == []
    archive.close()
    client = chromadb.HttpClient("127.0.0.1", chroma.port)
    assert {collection.name for collection in client.list_collections()} == places
    client.close()


@pytest.mark.slow
def test_articles_come_change_and_go_with_a_server_as_with_folders(newsroom: Newsroom, chroma: ChromaServer) -> None:
    server = Server(chroma.url)
    now = dict.fromkeys(range(40), 1)
    put(newsroom, now)
    assert newsroom.ingest()["added"] == 40
    assert not (newsroom.archive / "chroma").exists()
    now = next_versions(now, random.Random(SEED))
    put(newsroom, now)
    report = newsroom.ingest()
    assert (report["added"], report["updated"], report["removed"]) == (1, 19, 1)
    assert newsroom.versions(server) == now
    newsroom.assert_index_agrees(server)
    assert_nothing_is_left_over(newsroom, chroma)
    for number, answer in zip([5, 40], newsroom.answers([5, 40], server), strict=True):
        assert tokens(answer["text"]) == {(number, now[number])}


@pytest.mark.slow
@pytest.mark.parametrize(("victim", "kills"), [("ingest", 3), ("server", 4)])
def test_a_kill_at_any_moment_loses_nothing_and_the_next_run_mends_all(
    newsroom: Newsroom, chroma: ChromaServer, victim: str, kills: int
) -> None:
    chance = random.Random(SEED)
    server = Server(chroma.url)
    now = dict.fromkeys(range(120), 1)
    put(newsroom, now)
    newsroom.ingest()
    anchored = newsroom.answers(ANCHORS, server)
    for _ in range(kills):
        before, now = now, next_versions(now, chance)
        put(newsroom, now)
        with newsroom.start("ingest", "articles", "--prune", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            if victim == "ingest":
                newsroom.killed_after(process, chance.uniform(0, 1.5))
            else:
                eventually(
                    lambda process=process: process.poll() is not None or newsroom.holds_lock(process),
                    "the ingest has begun",
                )
                try:
                    process.wait(chance.uniform(0, 1.5))
                except subprocess.TimeoutExpired:
                    chroma.kill()
                _, told = process.communicate(timeout=60)
                assert process.returncode == 0 or (
                    process.returncode == 2 and f"The Chroma server at {chroma.url}/ does not answer." in told
                ), told
        found = newsroom.versions(server)
        assert all(
            found.get(number) in (before.get(number), now.get(number))
            for number in before.keys() | now.keys() | found.keys()
        )
        assert newsroom.answers(ANCHORS, server) == anchored  # whether the server is up or down

        if victim == "server":
            chroma.kill()
            chroma.start()
        now = next_versions(now, chance)  # so that what the dead run sent is never wanted again
        put(newsroom, now)
        newsroom.ingest()
        assert newsroom.versions(server) == now
        newsroom.assert_index_agrees(server)
        assert_nothing_is_left_over(newsroom, chroma)
        assert newsroom.answers(ANCHORS, server) == anchored


@pytest.mark.slow
def test_questions_and_ingests_go_on_while_the_server_is_killed_and_started_again(
    newsroom: Newsroom, chroma: ChromaServer
) -> None:
    chance, server = random.Random(SEED), Server(chroma.url)
    now = dict.fromkeys(range(60), 1)
    put(newsroom, now)
    newsroom.ingest()
    archive = newsroom.open(server)  # of a bot that goes on all the while
    desk = Desk(archive, newsroom.embedder)

    def ask(number: int) -> set[tuple[int, int]]:
        return tokens(desk.ask(Request(question(number), date(2025, 3, 31))).as_json()["text"])

    for moment in (0.1, 0.8):
        before, now = now, next_versions(now, chance)
        put(newsroom, now)
        number = min(number for number in now if before.get(number) not in (None, now[number]))
        may_be = [{(number, before[number])}, {(number, now[number])}]
        with newsroom.start("ingest", "articles", "--prune", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            eventually(
                lambda process=process: process.poll() is not None or newsroom.holds_lock(process),
                "the ingest has begun",
            )
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            chroma.kill()
            assert ask(number) in may_be
            assert "does not answer" in (archive.trouble or "")
            chroma.start()
            assert ask(number) in may_be
            _, told = process.communicate(timeout=60)
        assert process.returncode == 0 or (process.returncode == 2 and "Chroma server" in told), told
        newsroom.ingest()
        assert ask(number) == may_be[1]
        assert archive.trouble is None
        assert newsroom.versions(server) == now
        newsroom.assert_index_agrees(server)
        assert_nothing_is_left_over(newsroom, chroma)
    archive.close()


@pytest.mark.slow
def test_a_server_that_is_down_stops_an_ingest_with_a_sentence_and_no_question(
    newsroom: Newsroom, chroma: ChromaServer
) -> None:
    put(newsroom, dict.fromkeys(range(40), 1))
    newsroom.ingest()
    chroma.kill()
    put(newsroom, dict.fromkeys(range(40), 2))

    failed = newsroom.run("ingest", "articles")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert (
        failed.stderr
        == f"ingest.py: The Chroma server at {chroma.url}/ does not answer. Start it, or check NEWSDESK_CHROMA__URL.\n"
    )
    asked = newsroom.run("bot", "ask", question(7), "--json")
    assert asked.returncode == 0
    assert tokens(json.loads(asked.stdout)["text"]) == {(7, 1)}
    assert asked.stderr.startswith(
        f"The search index could not be used (The Chroma server at {chroma.url}/ does not answer."
    )
    assert asked.stderr.endswith("; the catalog's own vectors were searched instead.\n")
    assert asked.stderr.count("\n") == 1

    chroma.start()
    newsroom.ingest()
    newsroom.assert_index_agrees(Server(chroma.url))
    assert newsroom.versions() == dict.fromkeys(range(40), 2)


@pytest.mark.slow
@pytest.mark.parametrize("mended_by", ["ingest", "ask"])
def test_a_server_that_lost_everything_gets_the_vectors_again_without_embedding(
    newsroom: Newsroom, chroma: ChromaServer, mended_by: str
) -> None:
    put(newsroom, dict.fromkeys(range(40), 1))
    newsroom.ingest()
    chroma.kill()
    chroma.data.rename(chroma.folder / "lost")
    chroma.start()

    if mended_by == "ingest":
        done = newsroom.run("ingest", "articles", COUNTS="counts.json")
        assert json.loads(Path("counts.json").read_text())["texts"] == 0
        assert done.stderr.startswith("The search index was damaged and has been rebuilt from the catalog (")
    else:
        done = newsroom.run("bot", "ask", question(7))
        assert "a7v1" in done.stdout
        assert done.stderr.endswith("; it has been rebuilt from the catalog.\n")
    assert done.returncode == 0, done
    assert done.stderr.count("\n") == 1
    newsroom.assert_index_agrees(Server(chroma.url))


def restart_with_half_written(chroma: ChromaServer, files: str) -> None:
    """Kill the server, leave its index files as a kill does that comes while they are overwritten in place, and start
    it.
    """
    chroma.kill()
    half_written = list(chroma.data.rglob(files))
    assert half_written  # a server writes its index to files from a thousand vectors on
    for path in half_written:
        os.truncate(path, path.stat().st_size // 2)
    chroma.start()


@pytest.mark.slow
@pytest.mark.parametrize("files", ["*.bin", "*.pickle"])
def test_index_files_that_a_kill_of_the_server_left_half_written_are_mended_by_the_next_runs(
    newsroom: Newsroom, chroma: ChromaServer, files: str
) -> None:
    server = Server(chroma.url)
    put(newsroom, dict.fromkeys(range(720), 1))
    newsroom.ingest()
    put(newsroom, dict.fromkeys(range(720), 2))
    client = chromadb.HttpClient("127.0.0.1", chroma.port)
    [collection] = client.list_collections()
    before = collection.count()
    with newsroom.start("ingest", "articles", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        eventually(lambda: collection.count() > before, "the first new vectors are there")
        chroma.kill()
        _, told = process.communicate(timeout=60)
    client.close()
    assert process.returncode == 2, told
    restart_with_half_written(chroma, files)
    assert newsroom.versions(server) == dict.fromkeys(range(720), 1)

    for _ in range(3):
        done = newsroom.run("ingest", "articles")
        if done.returncode == 0:
            break
        chroma.kill()  # it may have died on its files; whoever looks after it starts it again
        chroma.start()
    assert done.returncode == 0, done
    assert newsroom.versions(server) == dict.fromkeys(range(720), 2)
    newsroom.assert_index_agrees(server)
    newsroom.ingest()
    assert_nothing_is_left_over(newsroom, chroma)


@pytest.mark.slow
def test_a_rebuild_is_not_hindered_by_one_with_another_model_that_was_killed(
    newsroom: Newsroom, chroma: ChromaServer
) -> None:
    put(newsroom, dict.fromkeys(range(300), 1))
    newsroom.ingest()
    client = chromadb.HttpClient("127.0.0.1", chroma.port)
    with newsroom.start("bot", "rebuild", "--embed", env={"DIMENSIONS": "128"}) as process:
        eventually(
            lambda: sum(collection.count() > 0 for collection in client.list_collections()) == 2,
            "the new collection has vectors",
        )
        process.kill()
    client.close()
    assert process.returncode != 0

    done = newsroom.run("bot", "rebuild")
    assert done.returncode == 0, done
    newsroom.assert_index_agrees(Server(chroma.url))
    newsroom.ingest()
    assert_nothing_is_left_over(newsroom, chroma)
