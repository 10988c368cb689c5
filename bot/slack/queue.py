"""The queue: Slack's events become entries of the journal before they are acknowledged, and wait there for their turn.

What was asked while no process was running is found in Slack's history and queued once, unless it is too old.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from bot import telemetry
from bot.journal.entry import JournalEntry, QuestionKind
from bot.journal.journal import Journal
from bot.journal.processes import Owner
from bot.slack.answering import IN_HAND, Answering
from bot.slack.messages.small_talk import is_aside, is_copy, is_empty, is_thanks, looks_like_question
from bot.slack.messages.text import mentions, question_text
from bot.slack.web_api.api import Api
from bot.slack.web_api.calls import SlackRefused, SlackUnreachable
from bot.telemetry import error_place

log = logging.getLogger("newsdesk.slack")

_GRACE = 20.0  # seconds that running answers get when the process is to end
_WATCH = 5.0  # seconds between two searches for questions of dead processes


class Queue:
    """Takes questions in, and starts the answer to each when there is room for it."""

    def __init__(
        self, api: Api, journal: Journal, answering: Answering, owner: Owner, *, per_user: int, follow_ups: bool
    ) -> None:
        self._api, self._journal, self._answering, self._owner = api, journal, answering, owner
        self._per_user, self._follow_ups = per_user, follow_ups
        self._wake = asyncio.Event()
        self._running: dict[asyncio.Task[None], JournalEntry] = {}
        self._unclaimed: list[tuple[JournalEntry, str]] = []
        self._batch: asyncio.Task[list[JournalEntry | None]] | None = None  # that claims them
        self._claiming: asyncio.Task[list[JournalEntry | None]] | None = None  # the one before it
        self._seen = 0.0
        self.closing = False

    # --- in ---

    async def take_event(
        self, event: Mapping[str, Any], event_id: str = "", shared: bool = False
    ) -> JournalEntry | None:
        """Queue the question of a message event, if it has one for the bot that is not in the journal yet."""
        self._seen = max(self._seen, _seconds(str(event.get("ts", ""))))
        entry = self.entry_in(event, shared)
        return await self.add(entry, event_id) if entry else None

    async def add(self, entry: JournalEntry, event_id: str = "") -> JournalEntry | None:
        """Claim a question and let it wait for its turn; None if it was claimed before."""
        place = len(self._unclaimed)
        self._unclaimed.append((entry, event_id))
        if self._batch is None:
            self._batch = asyncio.create_task(self._claim())
        mine = (await asyncio.shield(self._batch))[place]
        if mine:
            telemetry.request.set(mine.id)
            log.info("heard question=%s kind=%s channel=%s ts=%s", mine.id, mine.kind, mine.channel, mine.ts)
            self._answering.statuses.show(mine, waits=True)
            self._wake.set()
        return mine

    async def _claim(self) -> list[JournalEntry | None]:
        """Claim in one transaction what came while the one before it was written: Slack waits three seconds for each,
        and a hundred transactions of two processes take longer.
        """
        if self._claiming:
            await asyncio.wait([self._claiming])
        wanted, self._unclaimed = self._unclaimed, []
        self._claiming, self._batch = self._batch, None
        return await asyncio.to_thread(self._journal.claim_all, wanted, self._owner.name)

    def knows(self, entry: JournalEntry) -> bool:
        """Tell whether a question is in the journal."""
        return self._journal.by_key(entry.key) is not None

    def entry_in(self, event: Mapping[str, Any], shared: bool = False) -> JournalEntry | None:
        """Return the question that a message event asks the bot, None if it asks none."""
        user, channel, ts, said = (str(event.get(name) or "") for name in ("user", "channel", "ts", "text"))
        if not (user and channel and ts) or event.get("bot_id") or event.get("bot_profile") or user == self._api.user:
            return None
        if event.get("subtype") not in (None, "file_share", "thread_broadcast"):
            return None
        root = str(event.get("thread_ts") or "")
        text = question_text(said, self._api.user)
        if is_thanks(text) or (is_copy(text) and not channel.startswith("D")):
            return None  # nothing is asked, and nobody waits for a word
        kind: QuestionKind
        if event.get("channel_type") == "im" or channel.startswith("D"):
            kind = "direct"
        elif self._api.user in mentions(said) or event.get("type") == "app_mention":
            kind = "aside" if is_aside(said, self._api.user) else "mention"
            if root and root != ts and not any(char.isalnum() for char in text):
                kind = "last"
        elif root and root != ts and self._is_follow_up(channel, root, said, text):
            kind = "follow_up"
        else:
            return None
        quiet = kind in ("follow_up", "aside")
        team = str(event.get("user_team") or event.get("source_team") or event.get("team") or "")
        return JournalEntry(f"{channel}:{ts}", kind, channel, ts, root or ts, user, text, team, shared, quiet)

    def _is_follow_up(self, channel: str, root: str, said: str, text: str) -> bool:
        if not self._follow_ups or mentions(said) or not looks_like_question(text):
            return False
        return any(item.state in ("answered", "working", "waiting") for item in self._journal.thread(channel, root))

    def change(self, event: Mapping[str, Any]) -> None:
        """Answer an edited question again, in place. A change that is only a link's preview is no edit."""
        message = event.get("message") or {}
        channel, ts = str(event.get("channel", "")), str(message.get("ts", ""))
        if message.get("subtype") == "tombstone":  # a question under which there are replies is deleted this way
            self.remove({**event, "deleted_ts": ts})
        elif message.get("edited") and not message.get("bot_id"):
            said = str(message.get("text", ""))
            text = question_text(said, self._api.user)
            named = self._api.user in mentions(said)
            entry = self._journal.edit(f"{channel}:{ts}", text, self._owner.name, named)
            if entry:
                log.info("edited question=%s revision=%s", entry.id, entry.revision)
                if entry.owner == self._owner.name:
                    self._answering.statuses.show(entry, waits=False)
                self._wake.set()

    def remove(self, event: Mapping[str, Any]) -> None:
        """Remove the answer of a deleted question."""
        key = f"{event.get('channel', '')}:{event.get('deleted_ts', '')}"
        entry = self._journal.interrupt(key, "removing", self._owner.name)
        if entry:  # a worker notices, and deletes what it has posted since
            self._spawn(self._answering.remove(entry), entry)

    async def stop(self, channel: str, thread: str) -> None:
        """Stop the answers in a conversation, whose stop button was pressed."""
        for entry in self._journal.thread(channel, thread):
            if self._journal.interrupt(entry.key, "stopped", self._owner.name):
                log.info("stopped question=%s", entry.id)
                await self._answering.end_stopped(entry)
        await self._api.mark_idle(channel, thread)

    # --- out ---

    async def run(self) -> None:
        """Start answers as there is room for them, until cancelled."""
        watched = 0.0
        while True:
            try:
                if time.monotonic() - watched > _WATCH:
                    # first, so that what a dead process left is repaired before anything new starts
                    await self.take_over_from_the_dead()
                    self._remember()
                    watched = time.monotonic()
                self._wake.clear()
                await self._hand_out()
            # The door of the queue: its loop outlives a journal that is locked, a full disk, and whatever else comes.
            except Exception as error:
                log.error("cannot hand out questions error=%s", error_place(error))
                await asyncio.sleep(1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_WATCH):  # wait_for would lose a cancellation that comes as it is woken
                    await self._wake.wait()

    def wake(self) -> None:
        """Have what waits handed out now."""
        self._wake.set()

    def _remember(self) -> None:
        """Write down when the last event came; what came later was missed."""
        before = float(self._journal.fact("last_seen") or 0)
        if self._seen > before:
            self._journal.put_fact("last_seen", f"{self._seen:.6f}")

    async def _hand_out(self) -> None:
        while not self.closing and not self._api.token_error and len(self._running) < IN_HAND:
            counts = Counter(entry.user for entry in self._running.values())
            busy = [user for user, count in counts.items() if count >= self._per_user]
            mine = await asyncio.to_thread(self._journal.start_next, self._owner.name, busy)
            if mine is None:
                return
            self._answering.statuses.show(mine, waits=False)
            self._spawn(self._answering.answer(mine), mine)

    def _spawn(self, work: Any, entry: JournalEntry) -> None:
        task = asyncio.create_task(work)
        self._running[task] = entry

        def done(task: asyncio.Task[None]) -> None:
            self._running.pop(task, None)
            self._wake.set()

        task.add_done_callback(done)

    def count_running(self) -> int:
        """Return how many questions are being answered."""
        return len(self._running)

    async def take_over_from_the_dead(self) -> None:
        """Take over the questions of processes that died."""
        for name in self._journal.other_owners(self._owner.name):
            if not self._owner.is_alive(name):
                for entry in self._journal.take_over(name, self._owner.name):
                    log.info("taken over question=%s state=%s", entry.id, entry.state)
                    await self._answering.repair(entry)

    async def close(self) -> None:
        """Start nothing new, give running answers some seconds, and leave the rest to the next process."""
        self.closing = True
        if self._running:
            await asyncio.wait(list(self._running), timeout=_GRACE)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._answering.statuses.clear()
        self._remember()


def _seconds(ts: str) -> float:
    try:
        return float(ts)
    except ValueError:
        return 0.0


_OVERLAP = (
    120.0  # seconds before the last event that are read again; a claim keeps a question from being answered twice
)
_THREADS = 30  # whose replies are read
_MINUTE = 65.0  # seconds
_READS = 45  # calls of conversations.history, and of conversations.replies, in a minute
_KINDS = "public_channel,private_channel,im"


async def catch_up(api: Api, journal: Journal, queue: Queue, max_age: float) -> int:
    """Queue what was asked since the last event that was received, and return how many questions that were.

    Those older than ``max_age`` seconds are left.
    """
    seen = float(journal.fact("last_seen") or 0)
    if not seen:
        journal.put_fact("last_seen", f"{time.time():.6f}")  # the first start: nobody waits for an answer
        return 0
    found = left = 0
    since, young = seen - _OVERLAP, time.time() - max_age
    # Older messages may have new replies; what is older than a week is not read.
    oldest = max(min(since, young), time.time() - 7 * 86_400)
    try:
        channels = await api.channels(_KINDS)
    except (SlackRefused, SlackUnreachable) as error:
        log.warning("cannot look for what was missed: %s", error)
        return 0
    await _not_too_often(journal, "histories", len(channels))
    threads = dict.fromkeys(journal.threads_since(since - 7 * 86_400)[:_THREADS])
    for channel, shared in channels.items():
        try:
            async for message in api.messages(channel, oldest=f"{oldest:.6f}"):
                if float((message.get("edited") or {}).get("ts") or 0) > since:
                    queue.change({"channel": channel, "message": message})
                if float(message.get("latest_reply") or 0) > since:
                    threads[channel, str(message["ts"])] = None
                if float(message["ts"]) > since:
                    new, old = await _add_missed(queue, channel, message, young, shared)
                    found, left = found + new, left + old
        except (SlackRefused, SlackUnreachable) as error:
            log.warning("cannot look for what was missed channel=%s: %s", channel, error)
    await _not_too_often(journal, "replies", len(threads))
    for channel, root in threads:
        try:
            async for message in api.messages(channel, root, oldest=f"{since:.6f}"):
                if message["ts"] != root and float(message["ts"]) > since:
                    new, old = await _add_missed(queue, channel, message, young, channels.get(channel, True))
                    found, left = found + new, left + old
        except (SlackRefused, SlackUnreachable) as error:
            if not isinstance(error, SlackRefused) or error.error != "thread_not_found":  # a thread may be gone
                log.warning("cannot look for what was missed channel=%s: %s", channel, error)
    if found or left:
        log.info("asked while nobody was here: answering=%s too_old=%s", found, left)
    return found


async def _not_too_often(journal: Journal, name: str, calls: int) -> None:
    """Wait if the process was started several times within a minute.

    Each start reads every channel and many threads, and Slack counts the calls of all of them.
    """
    while True:
        before = [(at, count) for at, count in json.loads(journal.fact(name) or "[]") if time.time() - at < _MINUTE]
        if not before or sum(count for _, count in before) + calls <= _READS:
            break
        await asyncio.sleep(max(0.1, before[0][0] + _MINUTE - time.time()))
    journal.put_fact(name, json.dumps([*before, (time.time(), calls)]))


async def _add_missed(
    queue: Queue, channel: str, message: dict[str, Any], young: float, shared: bool
) -> tuple[int, int]:
    event = {**message, "channel": channel}
    entry = queue.entry_in(event, shared)
    if entry is None or (entry.kind == "direct" and is_empty(entry.text)) or queue.knows(entry):
        return 0, 0
    if float(message["ts"]) < young:
        return 0, 1
    return (1 if await queue.add(entry) else 0), 0
