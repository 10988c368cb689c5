"""What was asked while no process was up: found in Slack's history and answered once, if it is not too old."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

from bot.journal.journal import Journal
from bot.slack import hearing
from bot.slack.api import Api, Refused, Unreachable
from bot.slack.queue import Reception

log = logging.getLogger("newsdesk.slack")

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
    if asked is None or (asked.kind == "direct" and hearing.is_empty(asked.text)) or reception.known(asked):
        return 0, 0
    if float(message["ts"]) < young:
        return 0, 1
    return (1 if reception.take(asked) else 0), 0
