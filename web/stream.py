"""An answer that is sent to the browser sentence by sentence while it is written, as server-sent events."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from index.text import printable

log = logging.getLogger("newsdesk.web")

Show = Callable[[str, Sequence[int]], None]  # takes a checked sentence and the numbers of its sources
_KIND = "text/event-stream"
_QUIET = 15.0  # seconds; after that a line that says nothing keeps proxies from closing the connection
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def is_wanted(request: Request) -> bool:
    """Tell whether a request asks for a stream: our script does."""
    return request.headers.get("accept", "") == _KIND


class Streams:
    """Sends answers, and lets them be completed and stored also when their reader has left."""

    def __init__(self) -> None:
        self._answering: set[asyncio.Task[None]] = set()

    def answer(self, ask: Callable[[Show], Awaitable[str]]) -> Response:
        """Send the sentences that ``ask`` shows, then the path of the page that it returns."""
        events: asyncio.Queue[str] = asyncio.Queue()

        def show(text: str, numbers: Sequence[int]) -> None:
            events.put_nowait(_event("sentence", {"text": printable(text), "numbers": list(numbers)}))

        async def work() -> None:
            events.put_nowait(_event("page", await ask(show)))

        def ended(task: asyncio.Task[None]) -> None:
            self._answering.discard(task)
            if task.cancelled() or (error := task.exception()) is None:
                return
            log.error("an answer could not be streamed: %s", type(error).__name__)
            events.put_nowait(_event("failed", ""))  # of whatever it is, the reader sees no internals

        task = asyncio.create_task(work())
        self._answering.add(task)
        task.add_done_callback(ended)
        return StreamingResponse(_sent(events), media_type=_KIND, headers=_HEADERS)


async def _sent(events: asyncio.Queue[str]) -> AsyncIterator[str]:
    while True:
        try:
            async with asyncio.timeout(_QUIET):
                event = await events.get()
        except TimeoutError:
            event = ":\n\n"
        yield event
        if event.startswith(("event: page\n", "event: failed\n")):
            return


def _event(kind: str, data: object) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"
