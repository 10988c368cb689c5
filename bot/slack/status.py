"""The status under a question while it is answered: "is searching the articles…", or how many are before it."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from bot import telemetry
from bot.journal.entry import JournalEntry
from bot.slack.web_api.api import Api

LOADING = ("Searching the articles…", "Reading what was found…", "Checking the quotes…")
_REFRESH = 90.0  # seconds; Slack forgets a status after two minutes
_REFRESH_WAITING = 20.0  # the same for a question that waits, whose place changes
_MANY = 30  # questions before one, from which the wait is told: a channel takes one message a second
_PATIENCE = 5.0  # seconds that an answer waits for a status under way


@dataclass(slots=True)
class _Shown:
    """The status of one question."""

    entry: JournalEntry
    waits: bool
    done: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    text: str = ""  # as Slack has it


class Statuses:
    """Shows the status of each question, and ends it when the answer comes."""

    def __init__(self, api: Api, count_before: Callable[[JournalEntry], int], at_once: int) -> None:
        """``count_before`` tells how many questions are before one; ``at_once`` are answered at the same time."""
        self._api, self._count_before, self._at_once = api, count_before, at_once
        self._shown: dict[str, _Shown] = {}
        self._late: set[asyncio.Task[None]] = set()

    def show(self, entry: JournalEntry, *, waits: bool) -> None:
        """Show at once that a question was received: that it is searched for, or how many are before it."""
        previous = self._shown.get(entry.id)
        if not entry.thread or entry.quiet or (previous and previous.waits == waits):
            return
        shown = self._shown[entry.id] = _Shown(entry, waits)
        shown.task = asyncio.create_task(self._keep(shown, previous))

    async def _keep(self, shown: _Shown, previous: _Shown | None) -> None:
        telemetry.request.set(shown.entry.id)
        if previous and previous.task:
            previous.done.set()
            await previous.task
            shown.text = previous.text
        while not shown.done.is_set():
            before = await asyncio.to_thread(self._count_before, shown.entry) if shown.waits else 0
            status = status_of(before if before >= self._at_once else 0)
            if status != shown.text or previous is None:  # Slack forgets it: a repeated one is sent again
                await self._api.set_status(shown.entry.channel, shown.entry.thread, status, LOADING)
            shown.text, previous = status, None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_REFRESH_WAITING if shown.waits else _REFRESH):
                    await shown.done.wait()

    async def end(self, entry: JournalEntry, clear: bool) -> None:
        """End the status of a question.

        A call that is under way is waited for, so that none reaches Slack after the answer. With ``clear`` the status
        is taken away; without it, the answer's message does that.
        """
        if entry.id not in self._shown:
            return
        shown = self._shown.pop(entry.id)
        shown.done.set()
        task = shown.task
        assert task is not None
        finished, _ = await asyncio.wait({task}, timeout=_PATIENCE)
        if not finished:  # Slack slows us down; the answer goes first
            self._late.add(late := asyncio.create_task(self._clear_after(task, entry)))
            late.add_done_callback(self._late.discard)
        elif clear:
            await self._api.set_status(entry.channel, entry.thread, "")

    async def _clear_after(self, task: asyncio.Task[None], entry: JournalEntry) -> None:
        await task
        await self._api.set_status(entry.channel, entry.thread, "")

    async def clear(self) -> None:
        """Take away every status, before the process ends."""
        for shown in list(self._shown.values()):
            await self.end(shown.entry, clear=True)


def status_of(before: int) -> str:
    """Return the status of a question with so many before it; Slack puts the bot's name in front."""
    if not before:
        return "is searching the articles…"
    wait = f", about {math.ceil(before / 60)} min" if before >= _MANY else ""
    return f"has {before} question{'s' if before > 1 else ''} before yours{wait}"
