"""The room, put together: what the listeners use, and what runs beside them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bot.journal.journal import FILE, Journal
from bot.journal.processes import LEASE, Owner
from bot.repair import mended
from bot.reply import Links
from bot.slack import metrics
from bot.slack.access import Access, Allowed
from bot.slack.answering import Answering
from bot.slack.api import Api, Refused, Unreachable
from bot.slack.desk_threads import Brain
from bot.slack.messages import blocks
from bot.slack.messages.blocks import Message
from bot.slack.messages.home import changed_archive, ingest_line, runs_after
from bot.slack.messages.text import mrkdwn
from bot.slack.queue import Reception, catch_up
from bot.telemetry import told
from index.errors import ServerDown, VectorsError

log = logging.getLogger("newsdesk.slack")

_KINDS = {"message.channel": "message.channels", "message.group": "message.groups"}  # Slack's two names for them
_REPORT_EVERY = 5.0  # seconds between two looks for finished ingests
_LOOK_EVERY = 2.0  # seconds between two looks at what answers
_LONGEST_PAUSE = 30.0  # seconds until what failed is tried again


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about the room."""

    allowed: Allowed = field(default_factory=Allowed)
    admins: frozenset[str] = frozenset()
    ask_a_person: str = ""
    report_channel: str = ""
    follow_ups: bool = True
    per_user: int = 2
    max_age: float = 6 * 3_600  # seconds
    lease: float = LEASE  # seconds
    links: Links = field(default_factory=Links)


class Room:
    """Everything that answers in Slack, of one process."""

    def __init__(self, api: Api, brain: Brain, folder: Path, rules: Rules, database: str | None = None) -> None:
        """``database``: the URL of the PostgreSQL database that holds the journal in place of a file in the folder."""
        self.api, self.brain, self.rules = api, brain, rules
        self.journal = Journal(database or folder / FILE)
        self.owner = Owner(folder, self.journal.leases, rules.lease)
        if self.journal.leases:
            api.share(self.journal.leases)
        self.access = Access(api, rules.allowed)
        self.answering = Answering(
            api, self.journal, brain, self.access, self.owner.name, bool(rules.ask_a_person), rules.links
        )
        self.reception = Reception(
            api, self.journal, self.answering, self.owner, per_user=rules.per_user, follow_ups=rules.follow_ups
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._noticed: dict[str, float] = {}
        self.connected: Callable[[], Awaitable[bool]] | None = (
            None  # whether Slack's socket is; None: Slack comes to us over HTTP
        )
        metrics.watch(lambda: self.journal.count_waiting(self.owner.name), self.reception.in_hand)

    async def start(self) -> None:
        """Begin to load, to answer, and to look for what was missed. ``api`` is open."""
        self.beside(self._keep_ready())
        self.beside(self.reception.run())
        self.beside(self._catch_up())
        self.beside(self._forget())
        if self.rules.report_channel:
            self.beside(self._report_ingests())

    async def close(self) -> None:
        """End in good order: what is running gets its time, the rest waits in the journal."""
        await self.reception.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.brain.close()
        self.owner.close()
        self.journal.close()

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the listeners; an error in it is told in the log and ends only it."""

        async def watched() -> None:
            try:
                await work
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.error("a task ended error=%s", told(error))

        task = asyncio.create_task(watched())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def noticed(self, kind: str) -> None:
        """Note, once in a while, that an event of a kind came: the doctor tells which never did."""
        now = time.monotonic()
        if now - self._noticed.get(kind, -3_600.0) >= 3_600:
            self._noticed[kind] = now
            self.journal.hear(_KINDS.get(kind, kind))

    async def welcome(self, user: str) -> bool:
        """Tell whether a person may use buttons, windows and the Home tab."""
        return await self.access.verdict(user) == "welcome"

    async def _keep_ready(self) -> None:
        """Load what answers, try again what could not be loaded, and have damaged vectors written again, as long as the
        process runs.
        """
        said, pause = "", _LOOK_EVERY
        while True:
            if self.brain.trouble is not None:
                await self.brain.warm()
                failed = self.brain.trouble is not None
            else:
                well, outcome = await asyncio.to_thread(self._mended)
                failed = not well
                if outcome and outcome != said:
                    log.warning("the search index could not be used (%s)", outcome)
                said = outcome
            pause = min(2 * pause, _LONGEST_PAUSE) if failed else _LOOK_EVERY
            await asyncio.sleep(pause)

    def _mended(self) -> tuple[bool, str]:
        archive = self.brain.archive
        try:
            if archive:
                archive.ping()
                archive.follow()
        except ServerDown as error:
            return True, str(error)  # it comes back by itself
        except VectorsError as error:
            assert archive is not None
            well, outcome = mended(archive)
            return well, f"{error} {outcome}"
        except Exception as error:  # the catalog is damaged, the disk full: readiness says so, and it is tried again
            return False, told(error)
        return True, ""

    async def _catch_up(self) -> None:
        await catch_up(self.api, self.journal, self.reception, self.rules.max_age)

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(3_600)
            self.journal.forget()

    async def _report_ingests(self) -> None:
        """Tell the admins' channel about each ingest that changed something, from now on."""
        while True:
            reported = self.journal.fact("reported_run")
            try:
                runs = await self.brain.look(partial(runs_after, number=int(reported or 0)))
            except Exception as error:  # no archive yet: the first ingest is to be reported
                log.debug("no ingests to report: %s", type(error).__name__)
                runs = []
                if reported is None:
                    self.journal.put_fact("reported_run", "0")
            for run in runs:
                await self._report(run, new=reported is not None)
                self.journal.put_fact("reported_run", str(run["run"]))
            await asyncio.sleep(_REPORT_EVERY)

    async def _report(self, run: dict[str, Any], new: bool) -> None:
        if not new or not changed_archive(run) or not self.journal.first(f"report:{run['run']}"):
            return
        line = f"Ingest: {ingest_line(run)}"
        message = Message((blocks.rich([blocks.section(blocks.text(line))]),), mrkdwn(line))
        try:
            await self.api.post(self.rules.report_channel, "", message, {"run": run["run"]})
        except (Refused, Unreachable) as error:
            log.warning("cannot report an ingest: %s", error)
