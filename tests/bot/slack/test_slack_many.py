"""Many bots on one PostgreSQL, as on machines of their own: every question gets one answer, whoever is killed, stopped
or started.

MANY_QUESTIONS, MANY_KILLS, MANY_PLACES in the environment: a larger run than the suite's, which prints its figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from newsroom import DRIVER, ROOT, Newsroom, question
from slack_server import BOT, TEAM, SlackServer

from bot.journal.journal import Journal

QUESTIONS = int(os.environ.get("MANY_QUESTIONS", "48"))
KILLS = int(os.environ.get("MANY_KILLS", "2"))
PLACES = int(
    os.environ.get("MANY_PLACES", "12")
)  # people, each in a direct conversation: a conversation takes a message a second
BOTS = 4
LEASE = 3  # seconds


class Fleet:
    """Bots in processes of their own, each with a data folder of its own, as on as many machines."""

    def __init__(self, slack: SlackServer, root: Path, archive: Path) -> None:
        self._slack, self._root, self._archive = slack, root, archive
        self.bots: list[subprocess.Popen[bytes]] = []
        self._started = 0

    def start(self) -> None:
        self._started += 1
        folder = self._root / f"machine-{self._started}"
        folder.mkdir()
        (folder / "chroma").symlink_to(self._archive / "chroma")
        said = {
            "SLACK_BOT_TOKEN": self._slack.bot_token,
            "SLACK_APP_TOKEN": self._slack.app_token,
            "SLACK_API_URL": self._slack.url,
        }
        own = {
            "NEWSDESK_DATA_DIR": str(folder),
            "NEWSDESK_SLACK__LEASE_SECONDS": str(LEASE),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{DRIVER.parent}",
        }
        with (folder / "log").open("wb") as log:
            self.bots.append(
                subprocess.Popen(
                    [sys.executable, str(DRIVER), "bot"], env={**os.environ, **said, **own}, cwd=folder, stderr=log
                )
            )

    def end(self, number: signal.Signals) -> subprocess.Popen[bytes]:
        """Send a signal to the one that has been up longest."""
        process = self.bots.pop(0)
        process.send_signal(number)
        return process


@pytest.mark.slow
@pytest.mark.timeout(300 + QUESTIONS)
def test_many_bots_answer_each_question_once_whoever_is_killed_stopped_or_started(
    database: str, newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.fill(range(4))
    chance = random.Random(1)
    people = [f"U{number:03}M" for number in range(PLACES)]

    async def whole() -> None:
        async with SlackServer(retries=(0.2, 1, 3, 6, 12)) as slack:
            for user in people:
                slack.people[user] = {"id": user, "team_id": TEAM}
                slack.members[f"D{user}"], slack.messages[f"D{user}"] = {user, BOT}, {}
            fleet = Fleet(slack, tmp_path, newsroom.archive)
            for _ in range(BOTS):
                fleet.start()
            try:
                await slack.until(lambda: len(slack.sockets) == BOTS, "every bot is connected", 120)
                began = time.monotonic()
                asked = await ask(slack, fleet, people, chance)
                journal = Journal(database)
                await slack.until(
                    lambda: all(slack.thread(ts, channel) for channel, ts in asked), "every answer", 240 + QUESTIONS
                )
                await slack.until(
                    lambda: all(
                        (one := journal.by_key(f"{channel}:{ts}")) and one.state == "answered" for channel, ts in asked
                    ),
                    "the end",
                    60,
                )
                seconds = time.monotonic() - began
                await slack.quiet(1)
                answers = [len(slack.thread(ts, channel)) for channel, ts in asked]
                retried = sum(journal.by_key(f"{channel}:{ts}").attempts > 1 for channel, ts in asked)  # type: ignore[union-attr]
                assert answers == [1] * QUESTIONS
                assert [fault for fault in slack.wrong if "acknowledged after" not in fault] == []
                journal.close()
                await slack.until(lambda: len(slack.sockets) == BOTS, "the last to start is connected", 120)
                ended = [fleet.end(signal.SIGTERM) for _ in range(BOTS)]
                await slack.until(lambda: all(process.poll() is not None for process in ended), "the bots end", 60)
                assert [process.returncode for process in ended] == [0] * BOTS
                print(
                    f"{QUESTIONS} questions, {BOTS} bots, {KILLS} killed, {KILLS} rolled over, {retried} tried "
                    f"again, {seconds:.0f} s"
                )
            finally:
                for process in fleet.bots:
                    process.kill()
                    process.wait()

    asyncio.run(asyncio.wait_for(whole(), 290 + QUESTIONS))


async def ask(slack: SlackServer, fleet: Fleet, people: list[str], chance: random.Random) -> list[tuple[str, str]]:
    """Ask every question; on the way bots are killed, and others rolled over, a new one started before an old one is
    told to end.
    """
    asked: list[tuple[str, str]] = []
    kill_at = {(place + 1) * QUESTIONS // (KILLS + 1) for place in range(KILLS)}
    rolled: list[Any] = []
    for number in range(QUESTIONS):
        user = people[number % len(people)]
        asked.append((f"D{user}", slack.say(user, f"D{user}", question(chance.randrange(4))).ts))
        if number in kill_at:
            await asyncio.sleep(0.3)  # so that it has something in hand
            fleet.end(signal.SIGKILL)
            fleet.start()
            before = list(slack.sockets)
            fleet.start()
            await slack.until(
                lambda before=before: any(place not in before for place in slack.sockets), "a new bot is connected", 180
            )
            rolled.append(fleet.end(signal.SIGTERM))
        await asyncio.sleep(0.02)
    with contextlib.suppress(TimeoutError):
        await slack.until(lambda: all(process.poll() == 0 for process in rolled), "those rolled over have ended", 60)
    assert all(process.poll() == 0 for process in rolled)
    return asked
