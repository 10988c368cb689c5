"""The status under a question while it is answered: "is searching the articles…", or how many are before it."""

from __future__ import annotations

import asyncio
import contextlib

from bot import telemetry
from bot.journal.entry import JournalEntry
from bot.slack.web_api.api import Api

LOADING = ("Searching the articles…", "Reading what was found…", "Checking the quotes…")
_REFRESH = 90.0  # seconds; Slack forgets a status after two minutes
_PATIENCE = 5.0  # seconds that an answer waits for a status under way


class Statuses:
    """Shows the status of each question, and ends it when the answer comes."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._shown: dict[str, tuple[asyncio.Task[None], asyncio.Event, str, JournalEntry]] = {}
        self._late: set[asyncio.Task[None]] = set()

    def show_position(self, entry: JournalEntry, before: int) -> None:
        """Show at once that a question was received: that it is searched for, or how many are before it."""
        if entry.thread and not entry.quiet:
            self._show(
                entry,
                f"is answering {before} other{'s' if before > 1 else ''} first; you're next"
                if before
                else "is searching the articles…",
            )

    def _show(self, entry: JournalEntry, status: str) -> None:
        previous = self._shown.get(entry.id)
        if previous and previous[2] == status:
            return
        done = asyncio.Event()

        async def show() -> None:
            telemetry.request.set(entry.id)
            if previous:
                previous[1].set()
                await previous[0]
            while not done.is_set():
                await self._api.set_status(entry.channel, entry.thread, status, LOADING)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(done.wait(), _REFRESH)

        self._shown[entry.id] = asyncio.create_task(show()), done, status, entry

    async def end(self, entry: JournalEntry, clear: bool) -> None:
        """End the status of a question.

        A call that is under way is waited for, so that none reaches Slack after the answer. With ``clear`` the status
        is taken away; without it, the answer's message does that.
        """
        if entry.id not in self._shown:
            return
        task, done, *_ = self._shown.pop(entry.id)
        done.set()
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
        for *_, entry in list(self._shown.values()):
            await self.end(entry, clear=True)
