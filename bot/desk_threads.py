"""The desk as Slack and the browser use it: loaded in the background and run in threads, so that neither waits for it.

Questions begin in the order in which they are asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import TypeVar

from bot.answer.desk import Desk, Reply, Request
from bot.answer.examples import example_questions
from bot.desks import AnsweringDesk, StreamingDesk
from bot.journal.stored_answer import StoredAnswer, stored_answer
from bot.reply import Answer, Links, Sentence
from bot.telemetry import error_place
from index.archive import Archive
from index.articles import Hit
from index.errors import NewsdeskError

log = logging.getLogger("newsdesk.slack")
T = TypeVar("T")
_EXAMPLES = 4


class DeskError(NewsdeskError):
    """The desk failed where it should not. The text says where, and nothing of what was asked."""


class DeskThreads:
    """Runs the desk, and reads the archive, away from the event loop."""

    def __init__(self, load: Callable[[], tuple[AnsweringDesk, Archive]], workers: int) -> None:
        """``load`` opens archive and model. It runs in a thread, and again after it failed."""
        self._load = load
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="desk")
        self._loading = threading.Lock()
        self._ready: tuple[AnsweringDesk, Archive] | None = None
        self.trouble: str | None = "is loading"  # why no question can be answered yet, None once they can
        self._examples: tuple[int, tuple[str, ...]] = (-1, ())

    def close(self) -> None:
        """Start no more work and close the archive."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._ready:
            self._ready[1].close()

    def _desk(self) -> tuple[AnsweringDesk, Archive]:
        with self._loading:
            if self._ready is None:
                try:
                    self._ready = self._load()
                finally:
                    self.trouble = None if self._ready else "could not be loaded"
            return self._ready

    @property
    def archive(self) -> Archive | None:
        """The archive, once it is open."""
        return self._ready[1] if self._ready else None

    async def load_now(self) -> None:
        """Load the desk; a failure is logged, and the next question tries again."""
        try:
            await self._in_thread(self._desk)
            await self.examples()
            log.info("ready to answer")
        except NewsdeskError as error:
            log.error("not ready to answer: %s", error_place(error))

    async def ask(self, request: Request) -> Reply:
        """Answer a question. Raises NewsdeskError."""
        return await self._in_thread(lambda: self._desk()[0].ask(request))

    async def ask_quotes(self, request: Request) -> Reply:
        """Answer a question with quotes, also where a language model answers: at no cost. Raises NewsdeskError."""

        def ask() -> Reply:
            desk = self._desk()[0]
            return (desk.quotes if isinstance(desk, StreamingDesk) else desk).ask(request)

        return await self._in_thread(ask)

    async def read(self, work: Callable[[Archive], T]) -> T:
        """Return what a function reads from the archive. Raises NewsdeskError."""
        return await self._in_thread(lambda: work(self._desk()[1]))

    async def examples(self) -> tuple[str, ...]:
        """Return questions about the newest articles that the archive answers, tried once for each generation."""
        number, questions = await self.read(example_questions)
        if number != self._examples[0]:
            answered: list[str] = []
            for candidate in questions:
                # nobody asked: a language model would cost money
                reply = await self.ask_quotes(Request(candidate, date.today()))  # noqa: DTZ011  "today" is the team's
                if isinstance(reply.result, Answer):
                    answered.append(candidate)
                if len(answered) == _EXAMPLES:
                    break
            self._examples = number, tuple(answered)
        return self._examples[1]

    async def search(self, request: Request, limit: int) -> list[Hit]:
        """Return the passages that a question finds, best first. Raises NewsdeskError."""

        def work() -> list[Hit]:
            desk = self._desk()[0]
            quotes = desk.quotes if isinstance(desk, StreamingDesk) else desk
            assert isinstance(quotes, Desk)
            return quotes.search(request, limit)

        return await self._in_thread(work)

    @property
    def known_examples(self) -> tuple[str, ...]:
        """The example questions that were found last."""
        return self._examples[1]

    async def stored(self, reply: Reply, links: Links) -> StoredAnswer:
        """Return a reply as it is stored, with the versions it depends on. Raises NewsdeskError."""
        return await self._in_thread(lambda: self._stored(reply, links))

    async def answer(self, request: Request, links: Links) -> tuple[Reply, StoredAnswer]:
        """Answer a question; return the reply, and the reply as it is stored. Raises NewsdeskError."""

        def work() -> tuple[Reply, StoredAnswer]:
            reply = self._desk()[0].ask(request)
            return reply, self._stored(reply, links)

        return await self._in_thread(work)

    def _stored(self, reply: Reply, links: Links) -> StoredAnswer:
        archive = self._desk()[1]
        return stored_answer(reply, archive_versions(archive), links)

    async def streams(self) -> bool:
        """Tell whether the desk answers sentence by sentence; False while it cannot be loaded."""
        try:
            return isinstance((await self._in_thread(self._desk))[0], StreamingDesk)
        except NewsdeskError:
            return False

    async def stream(self, request: Request) -> AsyncIterator[Sentence | Reply]:
        """Yield the sentences, then the reply. Raises NewsdeskError."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Sentence | Reply | NewsdeskError | None] = asyncio.Queue()
        stopped = threading.Event()

        def put(item: Sentence | Reply | NewsdeskError | None) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, item)

        def answer() -> None:
            desk = self._desk()[0]
            assert isinstance(desk, StreamingDesk)
            with contextlib.closing(desk.stream(request)) as items:
                for item in items:
                    put(item)
                    if stopped.is_set():
                        break

        def work() -> None:
            try:
                guarded(answer)
            except NewsdeskError as error:  # raised again where the answer is awaited
                put(error)
            finally:
                put(None)

        done = loop.run_in_executor(self._threads, contextvars.copy_context().run, work)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, NewsdeskError):
                    raise item
                yield item
            await done
        finally:
            stopped.set()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        # In the caller's context: log and traces name the question that is being answered.
        run = partial(contextvars.copy_context().run, guarded, work)
        return await asyncio.get_running_loop().run_in_executor(self._threads, run)


def archive_versions(archive: Archive) -> dict[str, str]:
    """Return the versions an answer depends on."""
    from importlib.metadata import version

    with archive.catalog.snapshot() as snapshot:
        generation, model = snapshot.generation(), snapshot.fact("model")
    return {
        "newsdesk": version("newsdesk"),
        "model": model or "",
        "generation": str(generation.number if generation else 0),
    }


def guarded(work: Callable[[], T]) -> T:
    """Call a function in a thread of the desk; whatever error it raises comes out as a NewsdeskError."""
    try:
        return work()
    except NewsdeskError:
        raise
    # The door of the desk's threads: models and databases raise whatever they like, and a panic of Rust is no
    # Exception. The bot answers with an apology and goes on.
    except BaseException as error:
        raise DeskError(error_place(error)) from error
