"""Puts the Slack bot together: the objects that the listeners use, and the tasks that run beside them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bot.desk_threads import DeskThreads, guarded
from bot.journal.journal import FILE, Journal
from bot.journal.processes import LEASE, Owner
from bot.repair import mend_index
from bot.reply import Links
from bot.slack import metrics
from bot.slack.access import Access, Allowed
from bot.slack.answering import Answering
from bot.slack.messages import blocks
from bot.slack.messages.blocks import Message
from bot.slack.messages.home import changed_archive, ingest_line, runs_after
from bot.slack.messages.text import mrkdwn
from bot.slack.queue import Queue, catch_up
from bot.slack.web_api.api import Api
from bot.slack.web_api.calls import SlackRefused, SlackUnreachable, TokenRefused
from bot.telemetry import error_place
from index.errors import NewsdeskError, ServerDown, VectorsError

log = logging.getLogger("newsdesk.slack")

_KINDS = {"message.channel": "message.channels", "message.group": "message.groups"}  # Slack's two names for them
_REPORT_EVERY = 5.0  # seconds between two searches for finished ingests
_LOOK_EVERY = 2.0  # seconds between two checks of desk and index
_LONGEST_PAUSE = 30.0  # seconds until what failed is tried again


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about the bot."""

    allowed: Allowed = field(default_factory=Allowed)
    admins: frozenset[str] = frozenset()
    ask_a_person: str = ""
    report_channel: str = ""
    follow_ups: bool = True
    per_user: int = 2
    max_age: float = 6 * 3_600  # seconds
    lease: float = LEASE  # seconds
    links: Links = field(default_factory=Links)


class SlackBot:
    """Everything in one process that answers in Slack."""

    def __init__(self, api: Api, desk: DeskThreads, folder: Path, rules: Rules, database: str | None = None) -> None:
        """``database``: the URL of the PostgreSQL database that holds the journal in place of a file in the folder."""
        self.api, self.desk, self.rules = api, desk, rules
        self.journal = Journal(database or folder / FILE)
        self.owner = Owner(folder, self.journal.leases, rules.lease)
        if self.journal.leases:
            api.share_limits(self.journal.leases)
        self.access = Access(api, rules.allowed)
        self.answering = Answering(
            api, self.journal, desk, self.access, self.owner.name, rules.ask_a_person, rules.links
        )
        self.queue = Queue(
            api, self.journal, self.answering, self.owner, per_user=rules.per_user, follow_ups=rules.follow_ups
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._noted_at: dict[str, float] = {}
        self.connected: Callable[[], Awaitable[bool]] | None = (
            None  # whether Slack's socket is; None: Slack comes to us over HTTP
        )
        metrics.watch_queue(lambda: self.journal.count_waiting(self.owner.name), self.queue.count_running)

    async def start(self) -> None:
        """Start loading, answering and catching up on what was missed. ``api`` is open."""
        self.run_beside(self._keep_ready())
        self.run_beside(self.queue.run())
        self.run_beside(self._catch_up())
        self.run_beside(self._wait_for_token())
        self.run_beside(self._forget_old())
        if self.rules.report_channel:
            self.run_beside(self._report_ingests())

    async def close(self) -> None:
        """End in good order: answers that are running get some time, other questions wait in the journal."""
        await self.queue.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.desk.close()
        self.owner.close()
        self.journal.close()

    def run_beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task beside the listeners; an error in it is logged and ends that task only."""

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not task.cancelled() and (error := task.exception()):
                log.error("a task ended error=%s", error_place(error))

        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(ended)

    def note_event(self, kind: str) -> None:
        """Note that an event of a kind came, once an hour at most: the doctor says which have never come."""
        now = time.monotonic()
        if now - self._noted_at.get(kind, -3_600.0) >= 3_600:
            self._noted_at[kind] = now
            self.run_beside(asyncio.to_thread(self.journal.note_event, _KINDS.get(kind, kind)))

    async def may_ask(self, user: str) -> bool:
        """Tell whether a person may use buttons, windows and the Home tab."""
        try:
            return await self.access.verdict(user) == "welcome"
        except TokenRefused:
            return False

    async def _keep_ready(self) -> None:
        """Load the desk, try again while that fails, and have damaged vectors written again, until the process ends."""
        said, pause = "", _LOOK_EVERY
        while True:
            if self.desk.trouble is not None:
                await self.desk.load_now()
                failed = self.desk.trouble is not None
            else:
                well, outcome = await asyncio.to_thread(self._check_index)
                failed = not well
                if outcome and outcome != said:
                    log.warning("the search index could not be used (%s)", outcome)
                said = outcome
            pause = min(2 * pause, _LONGEST_PAUSE) if failed else _LOOK_EVERY
            await asyncio.sleep(pause)

    def _check_index(self) -> tuple[bool, str]:
        archive = self.desk.archive
        try:
            if archive:
                guarded(archive.ping)
                guarded(archive.catch_up)
        except ServerDown as error:
            return True, str(error)  # it comes back by itself
        except VectorsError as error:
            assert archive is not None
            well, outcome = mend_index(archive)
            return well, f"{error} {outcome}"
        except NewsdeskError as error:  # a damaged catalog, a full disk: readiness says so
            return False, error_place(error)
        return True, ""

    async def _catch_up(self) -> None:
        await catch_up(self.api, self.journal, self.queue, self.rules.max_age)

    async def _wait_for_token(self) -> None:
        """Answer what waits, and look for what was missed, whenever Slack accepts the bot's token again."""
        while True:
            await self.api.until_token_is_refused()
            await self.api.until_token_is_accepted()
            self.queue.wake()
            await self._catch_up()

    async def _forget_old(self) -> None:
        while True:
            await asyncio.sleep(3_600)
            self.journal.forget()

    async def _report_ingests(self) -> None:
        """Post each ingest from now on that changed something in the admins' channel."""
        while True:
            reported = self.journal.fact("reported_run")
            try:
                runs = await self.desk.read(partial(runs_after, number=int(reported or 0)))
            except NewsdeskError as error:  # no archive yet: the first ingest is to be reported
                log.debug("no ingests to report: %s", type(error).__name__)
                runs = []
                if reported is None:
                    self.journal.put_fact("reported_run", "0")
            for run in runs:
                await self._report(run, new=reported is not None)
                self.journal.put_fact("reported_run", str(run["run"]))
            await asyncio.sleep(_REPORT_EVERY)

    async def _report(self, run: dict[str, Any], new: bool) -> None:
        if not new or not changed_archive(run) or not self.journal.mark_done(f"report:{run['run']}"):
            return
        line = f"Ingest: {ingest_line(run)}"
        message = Message((blocks.rich([blocks.section(blocks.text(line))]),), mrkdwn(line))
        try:
            await self.api.post(self.rules.report_channel, "", message, {"run": run["run"]})
        except (SlackRefused, SlackUnreachable) as error:
            log.warning("cannot report an ingest: %s", error)
