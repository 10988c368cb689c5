"""How often Slack's methods may be called: in sliding windows, so that calls in a burst wait here and Slack refuses
none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator

from bot.journal.processes import Leases
from bot.journal.tables import JOURNAL_ERRORS
from bot.telemetry import error_place

log = logging.getLogger("newsdesk.slack")

# Calls in so many seconds, a little less than Slack grants an app in a workspace.
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
# turns that ``is_free`` leaves to others: several processes may ask at the same moment
_RESERVE = 8


class RateLimits:
    """Remembers when each method was called, by this process and, with ``shared``, by all processes."""

    def __init__(self) -> None:
        self.shared: Leases | None = None
        self._calls: dict[str, deque[list[float]]] = {}

    def is_free(self, method: str, channel: str = "") -> bool:
        """Tell whether a call would probably go out at once; another process may be quicker."""
        name, count, seconds = _window(method, channel)
        if self._wait(name, count, seconds) > 0:
            return False
        try:
            return not (self.shared and count) or self.shared.turns_left(name, count, seconds) > _RESERVE
        except JOURNAL_ERRORS as error:
            log.error("cannot ask how often others called error=%s", error_place(error))
            return True

    @contextlib.asynccontextmanager
    async def turn(self, method: str, channel: str = "") -> AsyncIterator[None]:
        """Wait until a method may be called, and make the call inside the block.

        A call counts from its end, because Slack may see it as late as that.
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
                with contextlib.suppress(*JOURNAL_ERRORS):
                    self.shared.end_turn(name, turn, seconds)

    async def _shared_turn(self, name: str, count: int, seconds: float) -> str:
        """Wait for a turn among all processes, or alone while the journal cannot be reached."""
        while self.shared and count:
            try:
                wait, turn = self.shared.take_turn(name, count, seconds)
            except JOURNAL_ERRORS as error:
                log.error("cannot ask how often others called error=%s", error_place(error))
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
