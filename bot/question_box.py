"""The question box: answers what is asked in the browser or over HTTP, and stores it in the journal."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from bot import telemetry
from bot.answer.desk import EARLIER, QuestionError, Reply, Request
from bot.desk_threads import DeskError, DeskThreads
from bot.journal.entry import JournalEntry, QuestionKind
from bot.journal.journal import Journal
from bot.journal.stored_answer import StoredAnswer, answer_to_error, conversation
from bot.journal.tables import JOURNAL_ERRORS
from bot.reply import Links, about, hit_json
from index.errors import NewsdeskError
from index.store.dialect import Database
from web.stream import Show

log = logging.getLogger("newsdesk.answers")

_LONGEST = 120.0  # seconds from question to answer
_MOST_WAITING = 500  # questions
_FRESH = 30.0  # seconds before examples are looked for again
_BUSY = "Too many people are asking just now. Please ask again in a minute."


class QuestionBox:
    """Answers questions from the browser, in the order in which they come."""

    def __init__(self, desk: DeskThreads, journal: Database, links: Links) -> None:
        """``journal`` is where the journal is; it is opened at the first question."""
        self._desk, self._place, self._links = desk, journal, links
        self._opened: Journal | None = None
        self._opening = threading.Lock()
        self.streams = False  # whether answers are written; known once the desk is loaded
        self._waiting = 0
        self._looked = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Load the desk and look for examples; a failure is logged, and the next question tries again."""
        await self._desk.load_now()
        self.streams = await self._desk.streams()
        self._looked = time.monotonic()

    def examples(self) -> tuple[str, ...]:
        """Return questions about the newest articles that the archive answers, as they were found last."""
        if time.monotonic() - self._looked > _FRESH and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self.load())
        return self._desk.known_examples

    async def ask(self, question: str, user: str, after: str = "", show: Show | None = None) -> str:
        """Answer a question and return the id of the answer.

        ``after`` is the id of the answer that it follows; the sentences of a written answer are passed to ``show`` as
        they come. An error becomes an answer that says so. Raises ArchiveError if the journal cannot be written.
        """
        entry = _entry("web", question, user, after)
        earlier = await asyncio.to_thread(self._conversation, after) if after else []
        request = Request(question, date.today(), thread=tuple(item.text for item in earlier if item.text))  # noqa: DTZ011  the day is the team's
        try:
            reply, answer = await self._answered(request, show if self.streams else None)
        except (TimeoutError, NewsdeskError, *JOURNAL_ERRORS) as error:
            reply, answer = None, answer_to_error(question, error)
        await self._store(entry, reply, answer)
        return entry.id

    async def reply(self, asked: Mapping[str, Any], user: str) -> dict[str, Any]:
        """Answer a question over HTTP and return the JSON of ``ask --json`` with the ``id`` of the answer.

        ``asked`` has the fields of a Request, and ``explain``. Raises NewsdeskError, also if it took too long.
        """
        entry = _entry("api", asked["question"], user)
        try:
            reply, answer = await self._answered(_request(asked))
        except TimeoutError as error:
            raise DeskError("the answer took too long") from error
        await self._store(entry, reply, answer)
        values = _without_folders(reply.as_json(bool(asked.get("explain")), self._links)) if reply else {}
        return {"id": entry.id, **values}

    async def search(self, asked: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
        """Return the passages that a question finds, each with its article, best first. Raises NewsdeskError."""
        hits = await self._desk.search(_request(asked), limit)
        return [_without_folders({**about(hit.article), **hit_json(hit)}) for hit in hits]

    async def _answered(self, request: Request, show: Show | None = None) -> tuple[Reply | None, StoredAnswer]:
        if self._waiting >= _MOST_WAITING:
            raise QuestionError(_BUSY)
        self._waiting += 1
        try:
            answering = self._streamed(request, show) if show else self._desk.answer(request, self._links)
            return await asyncio.wait_for(answering, _LONGEST)
        finally:
            self._waiting -= 1

    async def _streamed(self, request: Request, show: Show) -> tuple[Reply, StoredAnswer]:
        async for item in self._desk.stream(request):
            if isinstance(item, Reply):
                return item, await self._desk.stored(item, self._links)
            show(item.text, item.numbers)
        raise DeskError("the stream of an answer ended without it")

    async def _store(self, entry: JournalEntry, reply: Reply | None, answer: StoredAnswer) -> None:
        ended = replace(entry, finished=time.time(), answer=answer.as_json())
        await asyncio.to_thread(self._write, ended, reply)
        log.info("done question=%s kind=%s outcome=%s", entry.id, entry.kind, answer.outcome)

    async def rate(self, id_: str, user: str, vote: Literal["up", "down"], reason: str = "") -> None:
        """Store what a person thinks of an answer."""
        await asyncio.to_thread(self._rate, id_, f"web:{user}", vote, reason)

    def close(self) -> None:
        """Close the journal."""
        if self._opened:
            self._opened.close()

    # --- in threads ---

    @property
    def _journal(self) -> Journal:
        with self._opening:
            self._opened = self._opened or Journal(self._place)
            return self._opened

    def _conversation(self, after: str) -> list[JournalEntry]:
        return conversation(self._journal, after, EARLIER)

    def _write(self, entry: JournalEntry, reply: Reply | None) -> None:
        self._journal.add_answered(entry)
        if reply and reply.writing is not None:
            self._journal.usage.note_writing(entry.id, reply.writing)

    def _rate(self, id_: str, user: str, vote: Literal["up", "down"], reason: str) -> None:
        entry = self._journal.by_id(id_)
        if entry is None:
            return
        self._journal.usage.rate(entry, user, vote)
        if reason:
            self._journal.usage.explain(id_, user, reason)


def _entry(kind: QuestionKind, question: str, user: str, after: str = "") -> JournalEntry:
    id_ = secrets.token_hex(6)
    telemetry.request.set(id_)
    return JournalEntry(
        key=f"{kind}:{id_}", kind=kind, channel=kind, ts="", thread=after, user=f"{kind}:{user}", text=question,
        id=id_, attempts=1, state="answered", asked=time.time(),
    )  # fmt: skip


def _request(asked: Mapping[str, Any]) -> Request:
    today = asked.get("today") or date.today()  # noqa: DTZ011  the day is the team's
    thread = tuple(asked.get("thread") or ())
    return Request(asked["question"], today, asked.get("since"), asked.get("until"), asked.get("publisher"), thread)


def _without_folders(value: Any) -> Any:
    """Return JSON in which files have their names alone: where they lie is nobody's business outside."""
    if isinstance(value, list):
        return [_without_folders(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item.rpartition("/")[2] if key == "path" and "://" not in item else _without_folders(item)
        for key, item in value.items()
    }
