"""The question box: answers what is asked in the browser, and stores it in the journal for the page of the answer."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from dataclasses import replace
from datetime import date
from typing import Literal

from bot import telemetry
from bot.answer.desk import Reply, Request
from bot.desk_threads import DeskThreads
from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal
from bot.journal.stored_answer import StoredAnswer, answer_to_error, conversation
from bot.journal.tables import JOURNAL_ERRORS
from bot.reply import Links
from index.errors import NewsdeskError
from index.store.dialect import Database

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
        self._waiting = 0
        self._looked = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Load the desk and look for examples; a failure is logged, and the next question tries again."""
        await self._desk.load_now()
        self._looked = time.monotonic()

    def examples(self) -> tuple[str, ...]:
        """Return questions about the newest articles that the archive answers, as they were found last."""
        if time.monotonic() - self._looked > _FRESH and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self.load())
        return self._desk.known_examples

    async def ask(self, question: str, user: str, after: str = "") -> str:
        """Answer a question and return the id of the answer.

        ``after`` is the id of the answer that it follows. An error becomes an answer that says so. Raises
        ArchiveError if the journal cannot be written.
        """
        id_ = secrets.token_hex(6)
        telemetry.request.set(id_)
        entry = JournalEntry(
            key=f"web:{id_}", kind="web", channel="web", ts="", thread=after, user=f"web:{user}", text=question,
            id=id_, attempts=1, state="answered", asked=time.time(),
        )  # fmt: skip
        reply, answer = await self._answered(question, after)
        await asyncio.to_thread(self._store, replace(entry, finished=time.time(), answer=answer.as_json()), reply)
        log.info("done question=%s kind=web outcome=%s", id_, answer.outcome)
        return id_

    async def _answered(self, question: str, after: str) -> tuple[Reply | None, StoredAnswer]:
        if self._waiting >= _MOST_WAITING:
            return None, StoredAnswer(question, "trouble", _BUSY)
        self._waiting += 1
        try:
            earlier = await asyncio.to_thread(self._conversation, after) if after else []
            thread = tuple(entry.text for entry in earlier if entry.text)
            request = Request(question, date.today(), thread=thread)  # noqa: DTZ011  the day is the team's
            return await asyncio.wait_for(self._desk.answer(request, self._links), _LONGEST)
        except (TimeoutError, NewsdeskError, *JOURNAL_ERRORS) as error:
            return None, answer_to_error(question, error)
        finally:
            self._waiting -= 1

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
        return conversation(self._journal, after, 8)

    def _store(self, entry: JournalEntry, reply: Reply | None) -> None:
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
