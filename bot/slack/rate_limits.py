"""How often Slack's methods may be called: sliding windows, so that a burst waits here instead of being refused
there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator

from bot.journal.processes import Leases
from bot.telemetry import told

log = logging.getLogger("newsdesk.slack")

# Calls in so many seconds, a little under Slack's documented floors (a workspace's, for one app).
_FLOORS = {
    "chat.startStream": (19, 60.0), "chat.stopStream": (19, 60.0), "chat.appendStream": (95, 60.0),
    "chat.update": (48, 60.0), "chat.delete": (48, 60.0),
    "conversations.replies": (48, 60.0), "conversations.history": (48, 60.0), "conversations.info": (48, 60.0),
    "conversations.list": (19, 60.0),
    "agents.sessions.rename": (48, 60.0), "agents.sessions.setStatus": (48, 60.0), "chat.postEphemeral": (95, 60.0),
    "users.info": (95, 60.0),
    "views.open": (95, 60.0), "views.publish": (95, 60.0), "assistant.threads.setSuggestedPrompts": (95, 60.0),
    "apps.connections.open": (5, 10.0),
}  # fmt: skip
_POST = (5, 5.2)  # in one channel
# turns that what is not worth waiting for leaves, so that it does not wait after all when several processes ask at once
_RESERVE = 8


class Pace:
    """Remembers when each method was called, by this process and, if they are ``shared``, by all."""

    def __init__(self) -> None:
        self.shared: Leases | None = None
        self._calls: dict[str, deque[list[float]]] = {}

    def free(self, method: str, channel: str = "") -> bool:
        """Tell whether a call would go out at once, as far as it can be told: others may be quicker."""
        name, count, seconds = _window(method, channel)
        if self._wait(name, count, seconds) > 0:
            return False
        try:
            return not (self.shared and count) or self.shared.turns_left(name, count, seconds) > _RESERVE
        except Exception as error:
            log.error("cannot ask how often others called error=%s", told(error))
            return True

    @contextlib.asynccontextmanager
    async def turn(self, method: str, channel: str = "") -> AsyncIterator[None]:
        """Wait until a method may be called, and make the call inside the block.

        It counts from its end: Slack may see it as late as that.
        """
        name, count, seconds = _window(method, channel)
        while (wait := self._wait(name, count, seconds)) > 0:
            await asyncio.sleep(wait)
        call = [time.monotonic()]
        if count:
            self._calls[name].append(call)
        turn = await self._shared_turn(name, count, seconds)
        try:
            yield
        finally:
            call[0] = time.monotonic()
            if turn and self.shared:
                with contextlib.suppress(Exception):
                    self.shared.end_turn(name, turn, seconds)

    async def _shared_turn(self, name: str, count: int, seconds: float) -> str:
        """Wait for a turn among all processes. While the others cannot be asked, our own calls alone count."""
        while self.shared and count:
            try:
                wait, turn = self.shared.take_turn(name, count, seconds)
            except Exception as error:
                log.error("cannot ask how often others called error=%s", told(error))
                break
            if not wait:
                return turn
            await asyncio.sleep(wait)
        return ""

    def _wait(self, name: str, count: int, seconds: float) -> float:
        if not count:
            return 0.0
        calls = self._calls.setdefault(name, deque())
        now = time.monotonic()
        while calls and now - calls[0][0] >= seconds:
            calls.popleft()
        return seconds - (now - calls[0][0]) if len(calls) >= count else 0.0


def _window(method: str, channel: str) -> tuple[str, int, float]:
    if method == "chat.postMessage":
        return (f"{method} {channel}", *_POST)
    return (method, *_FLOORS.get(method, (0, 0.0)))
