"""The desk as the room uses it: loaded in the background, asked in a few threads, so that Slack is never kept
waiting.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable

from bot.answer.desk import Reply, Request
from bot.reply import Answer
from bot.slack.messages.home import example_questions
from bot.slack.messages.stored_answer import Said
from bot.telemetry import told
from index.archive import Archive
from index.errors import NewsdeskError

log = logging.getLogger("newsdesk.slack")
T = TypeVar("T")
_EXAMPLES = 4


class Asks(Protocol):
    """What answers questions: bot.answer.desk.Desk."""

    def ask(self, request: Request) -> Reply:
        """Answer a question."""


@runtime_checkable
class Streams(Protocol):
    """What answers sentence by sentence: each one checked before it is told, the whole reply at the end.

    ``quotes`` answers without a model.
    """

    @property
    def quotes(self) -> Asks:
        """What answers at once, at no cost."""

    def stream(self, request: Request) -> Iterator[Said | Reply]:
        """Yield the sentences of an answer as they become certain, then the reply. Closing it ends the work."""


class Brain:
    """Runs the desk and looks into the archive, away from the event loop."""

    def __init__(self, load: Callable[[], tuple[Asks, Archive]], workers: int) -> None:
        """``load`` opens archive and model; it is called in a thread, again after it failed."""
        self._load = load
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="desk")
        self._loading = threading.Lock()
        self._ready: tuple[Asks, Archive] | None = None
        self.trouble: str | None = "is loading"  # why no question can be answered yet, None once they can
        self._examples: tuple[int, tuple[str, ...]] = (-1, ())

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._ready:
            self._ready[1].close()

    def _desk(self) -> tuple[Asks, Archive]:
        with self._loading:
            if self._ready is None:
                try:
                    self._ready = self._load()
                except BaseException as error:
                    self.trouble = told(error)
                    raise
                self.trouble = None
            return self._ready

    @property
    def archive(self) -> Archive | None:
        """The archive, once it is open."""
        return self._ready[1] if self._ready else None

    async def warm(self) -> None:
        """Load what is needed; a failure is told in the log and comes up again with the first question."""
        try:
            await self._in_thread(self._desk)
            await self.examples()
            log.info("ready to answer")
        except Exception as error:
            log.error("not ready to answer: %s", told(error))

    async def ask(self, request: Request) -> Reply:
        """Answer a question. Raises NewsdeskError."""
        return await self._in_thread(lambda: self._desk()[0].ask(request))

    async def look(self, work: Callable[[Archive], T]) -> T:
        """Look into the archive. Raises NewsdeskError."""
        return await self._in_thread(lambda: work(self._desk()[1]))

    async def examples(self) -> tuple[str, ...]:
        """Return questions about the newest articles that the archive does answer, tried once for each published
        state.
        """
        number, questions = await self.look(example_questions)
        if number != self._examples[0]:
            answered: list[str] = []
            desk = (await self._in_thread(self._desk))[0]
            quotes = desk.quotes if isinstance(desk, Streams) else desk  # nobody has asked: a model would cost
            for candidate in questions:
                request = Request(candidate, date.today())  # noqa: DTZ011  "today" is the team's
                reply = await self._in_thread(partial(quotes.ask, request))
                if isinstance(reply.result, Answer):
                    answered.append(candidate)
                if len(answered) == _EXAMPLES:
                    break
            self._examples = number, tuple(answered)
        return self._examples[1]

    async def streams(self) -> bool:
        """Tell whether the desk answers sentence by sentence; not while it cannot be loaded."""
        try:
            return isinstance((await self._in_thread(self._desk))[0], Streams)
        except NewsdeskError:
            return False

    async def stream(self, request: Request) -> AsyncIterator[Said | Reply]:
        """Yield sentences and, last, the reply. Raises NewsdeskError."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Said | Reply | BaseException | None] = asyncio.Queue()
        stopped = threading.Event()

        def work() -> None:
            desk = self._desk()[0]
            assert isinstance(desk, Streams)
            items = desk.stream(request)
            try:
                for item in items:
                    loop.call_soon_threadsafe(queue.put_nowait, item)
                    if stopped.is_set():
                        break
            except BaseException as error:  # told where the answer is awaited
                loop.call_soon_threadsafe(queue.put_nowait, error)
            finally:
                getattr(items, "close", lambda: None)()
                loop.call_soon_threadsafe(queue.put_nowait, None)

        done = loop.run_in_executor(self._threads, contextvars.copy_context().run, work)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
            await done
        finally:
            stopped.set()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # With the context of who asks: the log and the traces name the question in hand.
        return await asyncio.get_running_loop().run_in_executor(self._threads, contextvars.copy_context().run, work)
