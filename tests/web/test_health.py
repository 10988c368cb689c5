"""Health, readiness and figures of a bot that runs: red when a part of it fails, green again by itself, and never a
word in a label.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from chroma_server import ChromaServer
from hash_embedder import HashEmbedder
from newsroom import Newsroom, question, ships
from prometheus_client.parser import text_string_to_metric_families
from slack_room import Rules, Scripted, access, answered, article, draft, refused, run
from slack_server import ANNA, BELA, SlackServer
from starlette.applications import Starlette

from bot.answer.desk import Desk
from bot.slack.bot import SlackBot
from bot.slack.process import health_routes, running_bot
from index.archive import Archive
from index.vectors.chroma_server import Server
from web.health import Part, Readiness, archive_checks, routes


class Watcher:
    """Someone who looks after a bot from outside."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ready(self, query: str = "") -> tuple[int, dict[str, str]]:
        """Return the status of /readyz and every part's state."""
        answer = await self._client.get(f"/readyz{query}")
        return answer.status_code, {name: part["state"] for name, part in answer.json()["parts"].items()}

    async def until(self, status: int, seconds: float = 30, **states: str) -> None:
        async with asyncio.timeout(seconds):
            while True:
                found = await self.ready()
                if found[0] == status and states.items() <= found[1].items():
                    return
                await asyncio.sleep(0.05)

    async def figures(self) -> dict[str, float]:
        told = (await self._client.get("/metrics")).text
        return {
            sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
            for family in text_string_to_metric_families(told)
            for sample in family.samples
        }

    async def text(self, path: str) -> str:
        return (await self._client.get(path)).text


@contextlib.asynccontextmanager
async def watched(
    slack: SlackServer, archive: Path, folder: Path, desk: Any = None, server: Server | None = None
) -> AsyncIterator[tuple[SlackBot, Watcher]]:
    def load() -> tuple[Any, Archive]:
        opened = Archive(archive, server=server)
        return desk or Desk(opened, HashEmbedder()), opened

    async with running_bot(access(slack), load, folder, Rules(), 2) as room:
        transport = httpx.ASGITransport(Starlette(routes=health_routes(room)))
        async with httpx.AsyncClient(transport=transport, base_url="http://newsdesk") as client:
            yield room, Watcher(client)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ships(tmp_path_factory.mktemp("health"))


# --- readiness ---


@pytest.mark.chroma
def test_a_damaged_generation_is_red_within_five_seconds_and_mended_by_the_bot(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    held = threading.Event()
    from bot.slack import bot as module

    mended = module.mend_index
    monkeypatch.setattr(
        module, "mend_index", lambda archive: held.wait(30) and mended(archive)
    )  # so that red can be seen

    async def whole() -> None:
        async with SlackServer() as slack, watched(slack, newsroom.archive, tmp_path) as (_, watcher):
            await watcher.until(200)
            [folder] = (newsroom.archive / "chroma").iterdir()
            part = next(path for path in sorted(folder.rglob("*.bin")) if path.stat().st_size)
            part.write_bytes(bytes(byte ^ 0xFF for byte in part.read_bytes()))
            await watcher.until(503, 5, chroma="degraded", catalog="ready")
            assert (await watcher.ready("?degraded=ok"))[0] == 200
            asked = slack.mention(ANNA, question(1))
            [shown] = await slack.until(lambda: slack.seen(asked.ts), "the answer, from the exact scan")
            assert "order a1v1" in shown
            held.set()
            await watcher.until(200)

    run(whole())
    newsroom.assert_index_agrees()


@pytest.mark.slow
def test_a_chroma_server_that_is_killed_is_red_within_five_seconds_and_green_when_it_is_back(
    newsroom: Newsroom, chroma: ChromaServer, tmp_path: Path
) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()

    async def whole() -> None:
        async with (
            SlackServer() as slack,
            watched(slack, newsroom.archive, tmp_path, server=Server(chroma.url)) as (_, watcher),
        ):
            await watcher.until(200)
            await asyncio.to_thread(chroma.kill)
            await watcher.until(503, 5, chroma="degraded", catalog="ready", model="ready", slack="ready")
            asked = slack.mention(ANNA, question(1))
            [shown] = await slack.until(lambda: slack.seen(asked.ts), "the answer, from the exact scan")
            assert "order a1v1" in shown
            await asyncio.to_thread(chroma.start)
            await watcher.until(200)
            # A server that comes back without its data is filled again.
            await asyncio.to_thread(chroma.kill)
            chroma.data.rename(tmp_path / "lost")
            await watcher.until(503, 5, chroma="degraded")
            await asyncio.to_thread(chroma.start)
            await watcher.until(200)

    run(whole())
    newsroom.assert_index_agrees(Server(chroma.url))


@pytest.mark.slow
def test_before_the_first_ingest_the_bot_is_down_and_then_ready_by_itself(newsroom: Newsroom, tmp_path: Path) -> None:
    async def whole() -> None:
        async with SlackServer() as slack, watched(slack, newsroom.archive, tmp_path) as (_, watcher):
            await watcher.until(503, 30, catalog="down", model="down", slack="ready")
            newsroom.write(1, 1)
            await asyncio.to_thread(newsroom.run, "ingest", "articles")
            await watcher.until(200)

    run(whole())


def test_a_socket_that_is_lost_is_down_until_it_is_open_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.process._PING", 0.2)

    async def whole() -> None:
        async with SlackServer() as slack, watched(slack, archive, tmp_path, single()) as (_, watcher):
            await watcher.until(200)
            failing = slack.fail("500", "apps.connections.open", times=3)
            await slack.drop("rst")
            await watcher.until(503, 10, slack="down", catalog="ready")
            failing.times = 0
            await watcher.until(200)

    run(whole())


def test_the_model_is_loaded_once_however_often_readiness_is_asked(archive: Path, tmp_path: Path) -> None:
    loaded = []

    async def whole() -> None:
        def load() -> tuple[Any, Archive]:
            loaded.append(1)
            return single(), Archive(archive)

        async with SlackServer() as slack, running_bot(access(slack), load, tmp_path, Rules(), 2) as room:
            app = Starlette(routes=health_routes(room))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://newsdesk") as client:
                await asyncio.gather(*(client.get("/readyz") for _ in range(100)))
                await Watcher(client).until(200)
        assert len(loaded) == 1

    run(whole())


def test_a_part_is_looked_at_once_for_many_who_ask_and_one_that_hangs_holds_up_no_other(monkeypatch):
    monkeypatch.setattr("web.health._PATIENCE", 0.05)
    looked, hang = [], asyncio.Event()

    async def quick() -> Part:
        looked.append(1)
        return Part("ready", "well")

    async def slow() -> Part:
        await hang.wait()
        return Part("ready", "at last")

    async def broken() -> Part:
        raise RuntimeError("/secret/path xylophone")

    async def whole() -> None:
        readiness = Readiness({"quick": quick, "slow": slow, "broken": broken})
        found = (await asyncio.gather(*(readiness.parts() for _ in range(50))))[-1]
        assert len(looked) == 1
        assert (found["quick"].state, found["slow"].state, found["broken"].state) == ("ready", "down", "down")
        assert "has not said" in found["slow"].message
        assert "xylophone" not in found["broken"].message
        hang.set()
        assert (await readiness.parts())["slow"].state == "ready"

    run(whole())


def test_a_damaged_catalog_is_down_and_no_path_or_error_is_told(newsroom: Newsroom) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    path = newsroom.archive / "catalog.sqlite3"
    archive = Archive(newsroom.archive)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(0)
        file.write(os.urandom(size))

    async def whole() -> None:
        from prometheus_client import CollectorRegistry

        app = Starlette(routes=routes(archive_checks(lambda: archive), CollectorRegistry()))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://newsdesk") as client:
            answer = await client.get("/readyz?degraded=ok")
            assert answer.status_code == 503
            assert answer.json()["parts"]["catalog"]["state"] == "down"
            assert str(newsroom.root) not in answer.text
            assert (await client.get("/healthz")).json()["state"] == "alive"

    run(whole())
    archive.close()


# --- figures ---


def single() -> Scripted:
    return Scripted(answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")]))


def test_what_happens_is_counted_and_no_label_holds_a_word_or_a_name(archive: Path, tmp_path: Path) -> None:
    reply = answered(
        "q",
        [
            draft(article("The ship left on Monday."), "The ship left on Monday."),
            draft(article("Rain fell."), "Rain fell."),
        ],
    )
    reply = type(reply)(reply.result, {"search": 12, "answer": 5, "check": 1, "total": 18}, (), "scripted", 1.0)
    wrong = draft(article("The xylophone fell."), "The xylophone fell.")
    lost = type(wrong)("The xylophone rose.", wrong.article, wrong.passage, wrong.start, wrong.end)
    desk = Scripted(reply, answered("q", [lost, draft(article("Rain fell."), "Rain fell.")]), refused("q"))

    async def whole() -> None:
        async with SlackServer() as slack, watched(slack, archive, tmp_path, desk) as (room, watcher):
            await watcher.until(200)
            await slack.until(lambda: len(desk.asked), "the examples were tried")
            desk.asked.clear()
            before = await watcher.figures()
            slack.fail("429", "chat.postMessage", times=2, wait="0.2")
            slack.fail("500", "chat.postMessage", times=1)
            for person, words in (
                (ANNA, "When did the xylophone leave?"),
                (BELA, "Why did the trombone stay?"),
                (ANNA, "Who?"),
            ):
                asked = slack.mention(person, words)
                await slack.until(lambda asked=asked: slack.thread(asked.ts), "the answer")
            await slack.until(lambda: not room.queue.count_running(), "the end")
            after = await watcher.figures()
            gained = {
                name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)
            }
            assert gained["newsdesk_questions_total answered"] == 2
            assert gained["newsdesk_questions_total refused"] == 1
            assert gained["newsdesk_slack_calls_total chat.postMessage slowed"] == 2
            assert gained["newsdesk_slack_calls_total chat.postMessage unclear"] == 1
            assert gained["newsdesk_slack_calls_total chat.postMessage ok"] == 3
            assert gained["newsdesk_slack_retries_total chat.postMessage"] == 3
            assert gained["newsdesk_stage_seconds_count total"] == 1
            assert gained["newsdesk_stage_seconds_sum search"] == pytest.approx(0.012)
            assert gained["newsdesk_dropped_sentences_total quote"] == 1
            assert gained["newsdesk_wait_seconds_count"] == 3
            assert (after["newsdesk_questions_waiting"], after["newsdesk_questions_in_hand"]) == (0, 0)
            told = (await watcher.text("/metrics") + await watcher.text("/readyz")).lower()
            for word in ("xylophone", "trombone", "rain", ANNA.lower(), BELA.lower(), "c0news", str(tmp_path)):
                assert word not in told

    run(whole())


@pytest.mark.slow
def test_the_figures_of_the_archive_follow_ingests_of_other_processes(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()

    async def whole() -> None:
        async with SlackServer() as slack, watched(slack, newsroom.archive, tmp_path, single()) as (_, watcher):
            await watcher.until(200)
            figures = await watcher.figures()
            assert (
                figures["newsdesk_articles"],
                figures["newsdesk_generation"],
                figures["newsdesk_ingest_runs_total done"],
            ) == (1, 1, 1)
            newsroom.write(2, 1)
            (newsroom.articles / "broken.pdf").write_bytes(b"no pdf")
            done = await asyncio.to_thread(newsroom.run, "ingest", "articles")
            assert done.returncode == 1
            figures = await watcher.figures()
            assert (
                figures["newsdesk_articles"],
                figures["newsdesk_generation"],
                figures["newsdesk_ingest_runs_total done"],
            ) == (2, 2, 2)
            assert 0 <= figures["newsdesk_index_age_seconds"] < 600
            assert figures["newsdesk_ingest_runs_total killed"] == 0

    run(whole())


def test_a_registry_without_an_archive_still_tells_what_it_has():
    from bot.slack.metrics import registry
    from web.health import ArchiveFigures

    assert {"newsdesk_questions", "newsdesk_slack_calls"} <= {
        metric.name for metric in registry(ArchiveFigures(lambda: None)).collect()
    }
