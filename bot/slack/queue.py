"""The queue: Slack's events become questions in the journal before they are acknowledged, and wait there for their
turn.

What was asked while no process was up is found in Slack's history and queued once, if it is not too old.
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
from bot.journal.journal import Asked, Journal, Kind
from bot.journal.processes import Owner
from bot.slack.answering import Answering
from bot.slack.api import Api, Refused, Unreachable
from bot.slack.messages.text import is_empty, looks_like_question, mentions, question
from bot.telemetry import told

log = logging.getLogger("newsdesk.slack")

_IN_HAND = 8  # questions worked on at a time; most of it is waiting for Slack
_GRACE = 20.0  # seconds that running answers get when the process is to end
_WATCH = 5.0  # seconds between two looks for questions of dead processes


class Reception:
    """Takes questions in, and hands them out as there is time."""

    def __init__(
        self, api: Api, journal: Journal, answering: Answering, owner: Owner, *, per_user: int, follow_ups: bool
    ) -> None:
        self._api, self._journal, self._answering, self._owner = api, journal, answering, owner
        self._per_user, self._follow_ups = per_user, follow_ups
        self._wake = asyncio.Event()
        self._running: dict[asyncio.Task[None], Asked] = {}
        self._seen = 0.0
        self.closing = False

    # --- in ---

    def hear(self, event: Mapping[str, Any], event_id: str = "", shared: bool = False) -> Asked | None:
        """Write down the question in a message event, if there is one for us that nobody has heard yet."""
        self._seen = max(self._seen, _seconds(str(event.get("ts", ""))))
        asked = self.question(event, shared)
        return self.take(asked, event_id) if asked else None

    def take(self, asked: Asked, event_id: str = "") -> Asked | None:
        """Claim a question and let it wait for its turn; None if it was claimed before."""
        mine = self._journal.claim(asked, self._owner.name, event_id)
        if mine:
            telemetry.request.set(mine.id)
            log.info("heard question=%s kind=%s channel=%s ts=%s", mine.id, mine.kind, mine.channel, mine.ts)
            self._answering.greet(
                mine, max(0, self._journal.count_waiting(self._owner.name) + len(self._running) - _IN_HAND)
            )
            self._wake.set()
        return mine

    def known(self, asked: Asked) -> bool:
        """Tell whether a question is in the journal."""
        return self._journal.by_key(asked.key) is not None

    def question(self, event: Mapping[str, Any], shared: bool = False) -> Asked | None:
        """Return what a message event asks us, None if it is not for us."""
        user, channel, ts, said = (str(event.get(name) or "") for name in ("user", "channel", "ts", "text"))
        if not (user and channel and ts) or event.get("bot_id") or event.get("bot_profile") or user == self._api.user:
            return None
        if event.get("subtype") not in (None, "file_share", "thread_broadcast"):
            return None
        root = str(event.get("thread_ts") or "")
        text = question(said, self._api.user)
        kind: Kind
        if event.get("channel_type") == "im" or channel.startswith("D"):
            kind = "direct"
        elif self._api.user in mentions(said) or event.get("type") == "app_mention":
            kind = (
                "last"
                if root and root != ts and is_empty(text) and not any(char.isalnum() for char in text)
                else "mention"
            )
        elif root and root != ts and self._is_follow_up(channel, root, said, text):
            kind = "follow_up"
        else:
            return None
        quiet = kind == "follow_up" and user not in {item.user for item in self._journal.thread(channel, root)}
        team = str(event.get("user_team") or event.get("source_team") or event.get("team") or "")
        return Asked(f"{channel}:{ts}", kind, channel, ts, root or ts, user, text, team, shared, quiet)

    def _is_follow_up(self, channel: str, root: str, said: str, text: str) -> bool:
        if not self._follow_ups or mentions(said) or not looks_like_question(text):
            return False
        return any(item.state in ("answered", "working", "waiting") for item in self._journal.thread(channel, root))

    def edited(self, event: Mapping[str, Any]) -> None:
        """Answer an edited question again, in place; what unfurls change is no edit."""
        message = event.get("message") or {}
        channel, ts = str(event.get("channel", "")), str(message.get("ts", ""))
        if message.get("subtype") == "tombstone":  # a question under which there are replies is deleted this way
            self.deleted({**event, "deleted_ts": ts})
        elif message.get("edited") and not message.get("bot_id"):
            text = question(str(message.get("text", "")), self._api.user)
            asked = self._journal.edit(f"{channel}:{ts}", text, self._owner.name)
            if asked:
                log.info("edited question=%s revision=%s", asked.id, asked.revision)
                if asked.owner == self._owner.name:
                    self._answering.greet(asked, 0)
                self._wake.set()

    def deleted(self, event: Mapping[str, Any]) -> None:
        """Remove the answer of a deleted question."""
        key = f"{event.get('channel', '')}:{event.get('deleted_ts', '')}"
        asked = self._journal.end(key, "removing", self._owner.name)
        if asked:  # whoever works on it sees it, and deletes what was posted since
            self._spawn(self._answering.remove(asked), asked)

    async def stop(self, channel: str, thread: str) -> None:
        """Stop the answers in a conversation: its stop button was pressed."""
        for asked in self._journal.thread(channel, thread):
            if self._journal.end(asked.key, "stopped", self._owner.name):
                log.info("stopped question=%s", asked.id)
                await self._answering.stopped(asked)
        await self._api.idle(channel, thread)

    # --- out ---

    async def run(self) -> None:
        """Hand out questions as there is time, until cancelled."""
        watched = 0.0
        while True:
            try:
                if time.monotonic() - watched > _WATCH:
                    await self.inherit()  # before anything is handed out: what a dead process left is repaired first
                    self._remember()
                    watched = time.monotonic()
                self._wake.clear()
                self._hand_out()
            except Exception as error:  # the journal is locked or its disk full: later, then
                log.error("cannot hand out questions error=%s", told(error))
                await asyncio.sleep(1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _WATCH)

    def _remember(self) -> None:
        """Write down when the last event came: what came later was missed."""
        before = float(self._journal.fact("last_seen") or 0)
        if self._seen > before:
            self._journal.put_fact("last_seen", f"{self._seen:.6f}")

    def _hand_out(self) -> None:
        while not self.closing and len(self._running) < _IN_HAND:
            busy = Counter(asked.user for asked in self._running.values())
            waiting = self._journal.waiting(
                self._owner.name, 1, [user for user, count in busy.items() if count >= self._per_user]
            )
            if not waiting:
                return
            mine = self._journal.start(waiting[0].id, self._owner.name)
            if mine:
                self._answering.greet(mine, 0)
                self._spawn(self._answering.answer(mine), mine)

    def _spawn(self, work: Any, asked: Asked) -> None:
        task = asyncio.create_task(work)
        self._running[task] = asked

        def done(task: asyncio.Task[None]) -> None:
            self._running.pop(task, None)
            self._wake.set()

        task.add_done_callback(done)

    def in_hand(self) -> int:
        """Return how many questions are being answered."""
        return len(self._running)

    async def inherit(self) -> None:
        """Take over the questions of processes that died."""
        for name in self._journal.others(self._owner.name):
            if not self._owner.lives(name):
                for asked in self._journal.take_over(name, self._owner.name):
                    log.info("taken over question=%s state=%s", asked.id, asked.state)
                    await self._answering.repair(asked)

    async def close(self) -> None:
        """Take nothing new, give running answers some seconds, leave the rest to the next process."""
        self.closing = True
        if self._running:
            await asyncio.wait(list(self._running), timeout=_GRACE)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._answering.leave()
        self._remember()


def _seconds(ts: str) -> float:
    try:
        return float(ts)
    except ValueError:
        return 0.0


_OVERLAP = 120.0  # seconds before the last event that are looked at again; claims keep answers single
_THREADS = 30  # of ours, whose replies are looked at
_MINUTE = 65.0  # seconds
_HISTORIES = 45  # calls of conversations.history in a minute
_KINDS = "public_channel,private_channel,im"


async def catch_up(api: Api, journal: Journal, reception: Reception, max_age: float) -> int:
    """Hear what came since the last event that was seen and return how many questions that were.

    ``max_age``: seconds.
    """
    seen = float(journal.fact("last_seen") or 0)
    if not seen:
        journal.put_fact("last_seen", f"{time.time():.6f}")  # the first start: nobody waits for an answer
        return 0
    found = left = 0
    since, young = seen - _OVERLAP, time.time() - max_age
    # Older roots may have new replies; further back than a week nobody looks.
    oldest = max(min(since, young), time.time() - 7 * 86_400)
    try:
        places = await api.places(_KINDS)
    except (Refused, Unreachable) as error:
        log.warning("cannot look for what was missed: %s", error)
        return 0
    await _not_too_often(journal, len(places))
    threads = dict.fromkeys(journal.threads_since(since - 7 * 86_400)[:_THREADS])
    for channel, shared in places.items():
        try:
            async for message in api.messages(channel, oldest=f"{oldest:.6f}"):
                if float((message.get("edited") or {}).get("ts") or 0) > since:
                    reception.edited({"channel": channel, "message": message})
                if float(message.get("latest_reply") or 0) > since:
                    threads[channel, str(message["ts"])] = None
                if float(message["ts"]) > since:
                    heard, old = _heard(reception, channel, message, young, shared)
                    found, left = found + heard, left + old
        except (Refused, Unreachable) as error:
            log.warning("cannot look for what was missed channel=%s: %s", channel, error)
    for channel, root in threads:
        try:
            async for message in api.messages(channel, root, oldest=f"{since:.6f}"):
                if message["ts"] != root and float(message["ts"]) > since:
                    heard, old = _heard(reception, channel, message, young, places.get(channel, True))
                    found, left = found + heard, left + old
        except (Refused, Unreachable) as error:
            if not isinstance(error, Refused) or error.error != "thread_not_found":  # a thread may be gone
                log.warning("cannot look for what was missed channel=%s: %s", channel, error)
    if found or left:
        log.info("asked while nobody was here: answering=%s too_old=%s", found, left)
    return found


async def _not_too_often(journal: Journal, calls: int) -> None:
    """Wait, if the process was started again and again within a minute: each start reads every channel, and Slack
    counts over all of them.
    """
    while True:
        before = [
            (at, count) for at, count in json.loads(journal.fact("histories") or "[]") if time.time() - at < _MINUTE
        ]
        if not before or sum(count for _, count in before) + calls <= _HISTORIES:
            break
        await asyncio.sleep(max(0.1, before[0][0] + _MINUTE - time.time()))
    journal.put_fact("histories", json.dumps([*before, (time.time(), calls)]))


def _heard(reception: Reception, channel: str, message: dict[str, Any], young: float, shared: bool) -> tuple[int, int]:
    event = {**message, "channel": channel}
    asked = reception.question(event, shared)
    if asked is None or (asked.kind == "direct" and is_empty(asked.text)) or reception.known(asked):
        return 0, 0
    if float(message["ts"]) < young:
        return 0, 1
    return (1 if reception.take(asked) else 0), 0
