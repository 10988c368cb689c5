"""The reading room as people start it: alone, and beside Slack in the bot; over an archive that real ingests fill."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from datetime import date

import httpx
import pytest
from lxml import html
from newsroom import DRIVER, ROOT, Newsroom, eventually, question, story
from slack_room import run
from slack_server import ANNA, SlackServer

from bot.answer.desk import Desk, Request
from bot.reply import Links
from index.archive import Archive
from settings import load
from web.server import _socket

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def environment(newsroom: Newsroom, port: int, **more: str) -> dict[str, str]:
    paths = f"{ROOT}{os.pathsep}{DRIVER.parent}"
    room = {
        "NEWSDESK_WEB__PORT": str(port),
        "NEWSDESK_WEB__URL": f"http://127.0.0.1:{port}",
        "NEWSDESK_DATA_DIR": str(newsroom.archive),
    }
    return {**os.environ, "PYTHONPATH": paths, **room, **more}


def marked(link: str) -> list[str]:
    answered = httpx.get(link)
    assert answered.status_code == 200, answered.text
    return [item.text_content() for item in html.document_fromstring(answered.text).cssselect("#c")]


def test_the_room_alone_follows_ingests_and_ends_when_told(newsroom, monkeypatch):
    newsroom.write(1, 1)
    newsroom.ingest()
    port = free_port()
    monkeypatch.setenv("NEWSDESK_WEB__URL", f"http://127.0.0.1:{port}")
    archive = Archive(newsroom.archive)
    try:
        citations = (
            Desk(archive, newsroom.embedder)
            .ask(Request(question(1), date(2025, 3, 31)))
            .as_json(links=Links(load().signed_links()))["citations"]
        )
    finally:
        archive.close()
    links = {citation["quote"]: citation["link"] for citation in citations}
    assert links
    with subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=newsroom.root,
        env=environment(newsroom, port),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert f"http://127.0.0.1:{port}" in process.stdout.readline()
            for quote, link in links.items():
                assert (
                    marked(link) == quote.split("\n\n")[:1]
                )  # where the next paragraph is in it too, that has a mark of its own
            second = subprocess.run(
                [sys.executable, "-m", "web"],
                cwd=newsroom.root,
                env=environment(newsroom, port),
                capture_output=True,
                text=True,
                check=False,
            )
            assert second.returncode == 2
            assert "NEWSDESK_WEB__PORT" in second.stderr
            assert "Traceback" not in second.stderr
            newsroom.write(1, 2)
            newsroom.ingest()
            [quote, link] = next(iter(links.items()))
            eventually(lambda: "An earlier version." in httpx.get(link).text, "the room notices the ingest")
            assert (
                marked(link) == quote.split("\n\n")[:1]
            )  # where the next paragraph is in it too, that has a mark of its own
            assert story(1, 1).split("\n")[0] in html.document_fromstring(httpx.get(link).text).text_content()
            newsroom.path(1).unlink()
            newsroom.ingest()
            eventually(lambda: httpx.get(link).status_code == 404, "the room notices the removal")
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


def test_the_bot_serves_the_room_its_answers_link_to(newsroom):
    newsroom.write(1, 1)
    newsroom.ingest()
    port = free_port()

    async def play() -> None:
        async with SlackServer() as slack:
            tokens = {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.url,
            }
            process = subprocess.Popen(
                [sys.executable, str(DRIVER), "bot"],
                cwd=newsroom.root,
                env=environment(newsroom, port, **tokens),
                stderr=subprocess.DEVNULL,
            )
            try:
                await slack.until(lambda: slack.sockets or process.poll() is not None, "the bot connects", 120)
                asked = slack.mention(ANNA, question(1))
                await slack.until(lambda: slack.thread(asked.ts), "the answer")
                await slack.quiet()
                [message] = slack.thread(asked.ts)
                found = [part for part in parts(message["blocks"]) if part.get("type") == "link"]
                *sources, page = [part["url"] for part in found]
                assert found[-1]["text"] == "This answer on a page of its own"
                for link in sources:
                    [quote] = await asyncio.to_thread(marked, link)
                    assert "a1v1" in quote
                shown = html.document_fromstring((await asyncio.to_thread(httpx.get, page)).text)
                assert shown.cssselect("h1")[0].text_content() == question(1)
                assert [item.get("href") for item in shown.cssselect(".sources h3 a")] == list(dict.fromkeys(sources))
                assert (await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/a/x")).status_code == 403
                health, ready, figures = [
                    (await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/{name}"))
                    for name in ("healthz", "readyz", "metrics")
                ]
                assert (health.status_code, health.json()["state"]) == (200, "alive")
                assert (ready.status_code, set(ready.json()["parts"])) == (
                    200,
                    {"catalog", "chroma", "model", "slack"},
                ), ready.text
                assert 'newsdesk_questions_total{outcome="answered"} 1.0' in figures.text
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 30) == 0
                assert slack.refused() == []
            finally:
                process.kill()
                process.wait()

    run(play())


def parts(value):
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)


def test_pages_are_not_held_back_by_nagles_delay():
    """asyncio looks at the protocol of the socket that it is given."""
    with _socket("127.0.0.1", 0) as taken:
        assert taken.proto == socket.IPPROTO_TCP


def test_the_room_waits_for_the_first_ingest_and_says_when_it_is_ready(newsroom):
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=newsroom.root,
        env=environment(newsroom, port),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            process.stdout.readline()
            assert httpx.get(f"http://127.0.0.1:{port}/a/x").status_code == 403
            alive, ready, figures = (
                httpx.get(f"http://127.0.0.1:{port}/{name}") for name in ("healthz", "readyz", "metrics")
            )
            assert (alive.status_code, ready.status_code, ready.json()["parts"].keys()) == (200, 503, {"catalog"})
            assert "process_resident_memory_bytes" in figures.text
            assert not (newsroom.archive / "catalog.sqlite3").exists()
            newsroom.write(1, 1)
            newsroom.ingest()
            eventually(
                lambda: httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200, "the room sees the archive"
            )
        finally:
            process.kill()
