"""Records of how the bot is used: votes on answers, and what language models did for them."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any, Literal

from sqlalchemy import Engine, insert, select, update

from bot.journal.entry import JournalEntry
from bot.journal.tables import feedback, writings
from bot.reply import Writing
from index.store import dialect
from index.store.dialect import upsert


class UsageRecords:
    """Votes and the work of language models, in a journal's database."""

    def __init__(self, engine: Engine) -> None:
        """Use the connections of a journal."""
        self._engine = engine

    def rate(self, entry: JournalEntry, user: str, vote: Literal["up", "down"]) -> None:
        """Store a person's vote on an answer, with question and answer as they are now."""
        with dialect.writing(self._engine, alone=False) as connection:
            values = {
                "text": entry.text,
                "answer": entry.answer or "{}",
                "revision": entry.revision,
                "vote": vote,
                "at": time.time(),
                "reason": None,
            }
            rated = upsert(feedback).values(question=entry.id, user=user, **values)
            connection.execute(rated.on_conflict_do_update(index_elements=["question", "user"], set_=values))

    def explain(self, id_: str, user: str, reason: str) -> None:
        """Add a person's reason to their vote."""
        with dialect.writing(self._engine, alone=False) as connection:
            connection.execute(
                update(feedback).where(feedback.c.question == id_, feedback.c.user == user).values(reason=reason)
            )

    def low_rated(self, since: float, limit: int = 10) -> list[tuple[str, str | None]]:
        """Return question and reason of the answers voted down since a time, newest first."""
        with dialect.reading(self._engine) as connection:
            rows = connection.execute(
                select(feedback)
                .where(feedback.c.vote == "down", feedback.c.at > since)
                .order_by(feedback.c.at.desc())
                .limit(limit)
            )
            return [(row.text, row.reason) for row in rows]

    def votes_between(self, begin: float, end: float) -> list[dict[str, Any]]:
        """Return the votes given in a time, newest first: vote, reason, and the question as it was."""
        columns = (feedback.c.vote, feedback.c.reason, feedback.c.text)
        with dialect.reading(self._engine) as connection:
            between = (feedback.c.at >= begin) & (feedback.c.at < end)
            return [
                dict(row._mapping)
                for row in connection.execute(select(*columns).where(between).order_by(feedback.c.at.desc()))
            ]

    def note_writing(self, id_: str, writing: Writing) -> None:
        """Store what a language model did for a question."""
        names = ("model", "prompt", "tokens_in", "tokens_out", "cost", "seconds", "kept", "instead", "fault")
        values = {name: getattr(writing, name) for name in names}
        values |= {name: json.dumps(dict(getattr(writing, name))) for name in ("replaced", "dropped")}
        with dialect.writing(self._engine, alone=False) as connection:
            connection.execute(insert(writings).values(id=secrets.token_hex(8), question=id_, at=time.time(), **values))

    def writings(self, since: float) -> list[dict[str, Any]]:
        """Return what language models did since a time, oldest first."""
        with dialect.reading(self._engine) as connection:
            rows = connection.execute(select(writings).where(writings.c.at > since).order_by(writings.c.at))
            return [
                {**row._mapping, **{name: json.loads(row._mapping[name] or "{}") for name in ("replaced", "dropped")}}
                for row in rows
            ]
