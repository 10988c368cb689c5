"""The journal: every question heard in Slack, who is answering it and what became of it, in a SQLite file of the bot's
own or in PostgreSQL.

waiting → working → answered | left | stopped | failed;  removing → removed
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.journal.processes import Leases, ended
from bot.journal.tables import facts, feedback, heard, metadata, questions, seen, writings
from bot.reply import Writing
from index.errors import ArchiveError
from index.store import dialect
from index.store.dialect import Database, upsert

State = Literal["waiting", "working", "answered", "left", "stopped", "failed", "removing", "removed"]
Kind = Literal["mention", "direct", "follow_up", "last", "shortcut", "command", "example"]

FILE = "journal.sqlite3"
SCHEMA = "newsdesk_journal"  # that holds the tables in PostgreSQL
_SCHEMA = 1
_KEEP_SEEN = 3 * 86_400  # seconds; Slack delivers late for at most a day
_KEEP = 90 * 86_400  # seconds that questions and answers are kept


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in the journal. ``messages`` are the ts of the answer's messages, in order."""

    key: str
    kind: Kind
    channel: str
    ts: str
    thread: str
    user: str
    text: str
    team: str = ""
    shared: bool = False
    quiet: bool = False
    id: str = ""
    revision: int = 1
    attempts: int = 0
    state: State = "waiting"
    owner: str = ""
    asked: float = 0.0
    finished: float | None = None
    answer: str | None = None
    messages: tuple[str, ...] = ()
    reply_url: str = ""


class Journal:
    """The journal of one bot, opened by any number of its processes: on one machine, or ``shared`` by many."""

    def __init__(self, place: Database) -> None:
        """Open the journal, make it if it is new. Raises ArchiveError if it cannot be used."""
        self.place = place
        shared = isinstance(place, str)
        where = dialect.shown(place)
        self._engine = dialect.opened(place, SCHEMA, durable=False, patience=10)
        self.leases = Leases(self._engine) if shared else None
        try:
            with dialect.writing(self._engine) as connection:
                dialect.prepare_schema(connection, SCHEMA)
                dialect.add_what_is_missing(connection, metadata)
                version = int(_fact(connection, "schema") or _SCHEMA)
                if version > _SCHEMA:
                    raise ArchiveError(f"{where} was written by a newer newsdesk (schema {version}). Update newsdesk.")
                _put_fact(connection, "schema", str(_SCHEMA))
            self.forget()
        except DBAPIError as error:
            if shared:
                raise dialect.explained(error, place) from error
            raise ArchiveError(
                f"{where} cannot be used ({type(error.orig).__name__}). Check the disk, or move the file away; "
                "the bot makes a new one."
            ) from error

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def forget(self) -> None:
        """Remove what is too old to matter."""
        with self._writing() as connection:
            connection.execute(delete(seen).where(seen.c.at < time.time() - _KEEP_SEEN))
            connection.execute(delete(questions).where(questions.c.asked < time.time() - _KEEP))
            connection.execute(delete(feedback).where(feedback.c.at < time.time() - _KEEP))
            connection.execute(delete(writings).where(writings.c.at < time.time() - _KEEP))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        with dialect.writing(self._engine, alone=False) as connection:
            yield connection

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with dialect.reading(self._engine) as connection:
            yield connection

    # --- claims ---

    def claim(self, asked: Asked, owner: str, event_id: str = "") -> Asked | None:
        """Write a question down as ours, once; None if it, or the event that brought it, has been heard before."""
        mine = replace(asked, id=secrets.token_hex(6), owner=owner, asked=time.time())
        values = {**_values(mine), "messages": json.dumps(list(mine.messages))}
        try:
            with self._writing() as connection:
                if event_id:
                    connection.execute(insert(seen).values(token=event_id, at=time.time()))
                connection.execute(insert(questions).values(**values))
        except IntegrityError:
            return None
        return mine

    def first(self, token: str) -> bool:
        """Tell whether something is done for the first time (an event, a report, a refusal), and note it."""
        try:
            with self._writing() as connection:
                connection.execute(insert(seen).values(token=token, at=time.time()))
        except IntegrityError:
            return False
        return True

    def again(self, token: str) -> None:
        """Take back ``first``: it was not done after all."""
        with self._writing() as connection:
            connection.execute(delete(seen).where(seen.c.token == token))

    def waiting(self, owner: str, limit: int = 50, without: Collection[str] = ()) -> list[Asked]:
        """Return our questions nobody works on yet, oldest first, but those of some people."""
        with self._reading() as connection:
            wanted = (
                (questions.c.state == "waiting") & (questions.c.owner == owner) & questions.c.user.not_in(list(without))
            )
            return [
                _asked(row)
                for row in connection.execute(select(questions).where(wanted).order_by(questions.c.asked).limit(limit))
            ]

    def count_waiting(self, owner: str) -> int:
        """Return how many of our questions nobody works on yet."""
        with self._reading() as connection:
            return len(
                connection.execute(
                    select(questions.c.id).where(questions.c.state == "waiting", questions.c.owner == owner)
                ).all()
            )

    def start(self, id_: str, owner: str) -> Asked | None:
        """Take a waiting question in hand; None if it is no longer waiting for us."""
        with self._writing() as connection:
            mine = (questions.c.id == id_) & (questions.c.state == "waiting") & (questions.c.owner == owner)
            changed = connection.execute(
                update(questions).where(mine).values(state="working", attempts=questions.c.attempts + 1)
            ).rowcount
            return _asked(connection.execute(select(questions).where(questions.c.id == id_)).one()) if changed else None

    def current(self, asked: Asked) -> bool:
        """Tell whether a question in hand is still to be answered as it was read: not edited, removed or stopped
        meanwhile.
        """
        now = self.by_id(asked.id)
        return now is not None and (now.state, now.revision, now.owner) == ("working", asked.revision, asked.owner)

    def complete(self, id_: str, text: str) -> None:
        """Write down what a bare mention turned out to ask."""
        with self._writing() as connection:
            connection.execute(update(questions).where(questions.c.id == id_).values(text=text))

    def move(self, id_: str, channel: str) -> None:
        """Have a question answered in another channel, in no thread."""
        with self._writing() as connection:
            connection.execute(update(questions).where(questions.c.id == id_).values(channel=channel, thread=""))

    def note_messages(self, id_: str, messages: Sequence[str], owner: str | None = None) -> bool:
        """Write down the messages of an answer as soon as they exist; False if the question is no longer
        ``owner``'s.
        """
        with self._writing() as connection:
            one = questions.c.id == id_ if owner is None else (questions.c.id == id_) & (questions.c.owner == owner)
            return (
                connection.execute(update(questions).where(one).values(messages=json.dumps(list(messages)))).rowcount
                == 1
            )

    def finish(self, asked: Asked, state: State, answer: str | None = None) -> bool:
        """End the work on a question; False if it was edited, removed or taken over meanwhile."""
        with self._writing() as connection:
            mine = (questions.c.id == asked.id) & (questions.c.owner == asked.owner) & (questions.c.state == "working")
            mine &= questions.c.revision == asked.revision
            values: dict[str, Any] = {"state": state, "finished": time.time(), "reply_url": ""}
            if answer is not None:
                values["answer"] = answer
            return connection.execute(update(questions).where(mine).values(**values)).rowcount == 1

    def put_back(self, id_: str, owner: str) -> None:
        """Let a question that we had in hand wait again."""
        with self._writing() as connection:
            mine = (questions.c.id == id_) & (questions.c.state == "working") & (questions.c.owner == owner)
            connection.execute(update(questions).where(mine).values(state="waiting"))

    def edit(self, key: str, text: str, owner: str) -> Asked | None:
        """Give a question a new text; None if it is unknown, gone, or says the same.

        It waits again unless it is in hand, where the worker sees it.
        """
        with self._writing() as connection:
            row = connection.execute(select(questions).where(questions.c.key == key).with_for_update()).one_or_none()
            if row is None or row.text == text or row.state in ("removing", "removed"):
                return None
            values: dict[str, Any] = {"text": text, "revision": row.revision + 1, "quiet": False}
            if row.state != "working":
                values |= {"state": "waiting", "owner": owner, "attempts": 0}
            connection.execute(update(questions).where(questions.c.key == key).values(**values))
            return _asked(connection.execute(select(questions).where(questions.c.key == key)).one())

    def end(self, key: str, state: Literal["removing", "stopped"], owner: str) -> Asked | None:
        """Have a question removed or stopped; None if it is unknown, gone or (to be stopped) finished."""
        over = (
            ("removing", "removed")
            if state == "removing"
            else ("removing", "removed", "answered", "left", "stopped", "failed")
        )
        with self._writing() as connection:
            row = connection.execute(select(questions).where(questions.c.key == key).with_for_update()).one_or_none()
            if row is None or row.state in over:
                return None
            connection.execute(update(questions).where(questions.c.key == key).values(state=state, owner=owner))
            return _asked(row)

    def removed(self, id_: str) -> None:
        """Note that the messages of a removed question are gone, and forget what was asked and answered."""
        with self._writing() as connection:
            connection.execute(
                update(questions)
                .where(questions.c.id == id_)
                .values(state="removed", text="", answer=None, messages="[]")
            )

    # --- after a crash ---

    def others(self, owner: str) -> set[str]:
        """Return the owners, but us, of questions that are not finished."""
        with self._reading() as connection:
            unfinished = questions.c.state.in_(["waiting", "working", "removing"])
            return set(
                connection.scalars(select(questions.c.owner).where(unfinished, questions.c.owner != owner).distinct())
            )

    def take_over(self, dead: str, owner: str) -> list[Asked]:
        """Make the unfinished questions of a dead process ours, and return those that were in hand or being removed."""
        with self._writing() as connection:
            if not ended(connection, dead):
                return []  # it was only slow
            theirs = questions.c.owner == dead
            found = connection.execute(
                select(questions).where(theirs, questions.c.state.in_(["working", "removing"])).with_for_update()
            )
            in_hand = [_asked(row) for row in found]
            unfinished = questions.c.state.in_(["waiting", "working", "removing"])
            connection.execute(update(questions).where(theirs, unfinished).values(owner=owner))
            connection.execute(
                update(questions)
                .where(
                    questions.c.owner == owner,
                    questions.c.id.in_([item.id for item in in_hand]),
                    questions.c.state == "working",
                )
                .values(state="waiting")
            )
            return in_hand

    def restored(self) -> None:
        """Note that this journal came out of a backup and is older than what Slack shows.

        What was asked since is not searched for, because it may have been answered; what was unfinished is looked for
        in its thread before it is posted.
        """
        with self._writing() as connection:
            connection.execute(
                update(questions).where(questions.c.state == "waiting").values(attempts=questions.c.attempts + 1)
            )
            _put_fact(connection, "last_seen", f"{time.time():.6f}")

    # --- looking ---

    def by_id(self, id_: str) -> Asked | None:
        """Return a question by its id."""
        return self._one(questions.c.id == id_)

    def by_key(self, key: str) -> Asked | None:
        """Return a question by the message that asked it."""
        return self._one(questions.c.key == key)

    def _one(self, condition: Any) -> Asked | None:
        with self._reading() as connection:
            row = connection.execute(select(questions).where(condition)).one_or_none()
            return _asked(row) if row else None

    def thread(self, channel: str, thread: str) -> list[Asked]:
        """Return the questions asked in a thread, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(questions)
                .where(questions.c.channel == channel, questions.c.thread == thread)
                .order_by(questions.c.ts)
            )
            return [_asked(row) for row in rows]

    def threads_since(self, when: float) -> list[tuple[str, str]]:
        """Return channel and root of the threads in which we answered since a time, newest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(questions.c.channel, questions.c.thread)
                .where(questions.c.asked > when, questions.c.thread != "")
                .order_by(questions.c.asked.desc())
            )
            return list(dict.fromkeys((row.channel, row.thread) for row in rows))

    # --- facts, events, feedback ---

    def fact(self, name: str) -> str | None:
        """Return a fact, None if it is not set."""
        with self._reading() as connection:
            return _fact(connection, name)

    def put_fact(self, name: str, value: str) -> None:
        """Set a fact."""
        with self._writing() as connection:
            _put_fact(connection, name, value)

    def hear(self, kind: str) -> None:
        """Note that an event of a kind came, for the doctor."""
        with self._writing() as connection:
            last = {"at": time.time()}
            connection.execute(
                upsert(heard).values(kind=kind, **last).on_conflict_do_update(index_elements=["kind"], set_=last)
            )

    def heard(self) -> dict[str, float]:
        """Return when an event of each kind last came (seconds since 1970)."""
        with self._reading() as connection:
            return {row.kind: row.at for row in connection.execute(select(heard))}

    def rate(self, asked: Asked, user: str, vote: Literal["up", "down"]) -> None:
        """Keep one person's vote on an answer, with the question and the answer as they stand."""
        with self._writing() as connection:
            values = {
                "text": asked.text,
                "answer": asked.answer or "{}",
                "revision": asked.revision,
                "vote": vote,
                "at": time.time(),
                "reason": None,
            }
            rated = upsert(feedback).values(question=asked.id, user=user, **values)
            connection.execute(rated.on_conflict_do_update(index_elements=["question", "user"], set_=values))

    def explain(self, id_: str, user: str, reason: str) -> None:
        """Add a person's reason to their vote."""
        with self._writing() as connection:
            connection.execute(
                update(feedback).where(feedback.c.question == id_, feedback.c.user == user).values(reason=reason)
            )

    def low_rated(self, since: float, limit: int = 10) -> list[tuple[str, str | None]]:
        """Return question and reason of the answers that were voted down since a time, newest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(feedback)
                .where(feedback.c.vote == "down", feedback.c.at > since)
                .order_by(feedback.c.at.desc())
                .limit(limit)
            )
            return [(row.text, row.reason) for row in rows]

    def asked_between(self, begin: float, end: float) -> list[Asked]:
        """Return the questions heard in a time (seconds since 1970, the end not included), oldest first."""
        with self._reading() as connection:
            between = (questions.c.asked >= begin) & (questions.c.asked < end)
            return [
                _asked(row) for row in connection.execute(select(questions).where(between).order_by(questions.c.asked))
            ]

    def votes_between(self, begin: float, end: float) -> list[dict[str, Any]]:
        """Return the votes given in a time, newest first: vote, reason, and the question as it was."""
        columns = (feedback.c.vote, feedback.c.reason, feedback.c.text)
        with self._reading() as connection:
            given = (feedback.c.at >= begin) & (feedback.c.at < end)
            return [
                dict(row._mapping)
                for row in connection.execute(select(*columns).where(given).order_by(feedback.c.at.desc()))
            ]

    def feedback(self) -> list[dict[str, Any]]:
        """Return every vote with what was rated."""
        with self._writing() as connection:
            return [
                {**row._mapping, "answer": json.loads(row.answer)}
                for row in connection.execute(select(feedback).order_by(feedback.c.at))
            ]

    def note_writing(self, id_: str, writing: Writing) -> None:
        """Keep what a language model did for a question."""
        names = ("model", "prompt", "tokens_in", "tokens_out", "cost", "seconds", "kept", "instead", "fault")
        values = {name: getattr(writing, name) for name in names} | {"dropped": json.dumps(dict(writing.dropped))}
        with self._writing() as connection:
            connection.execute(insert(writings).values(id=secrets.token_hex(8), question=id_, at=time.time(), **values))

    def writings(self, since: float) -> list[dict[str, Any]]:
        """Return what language models did since a time, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(select(writings).where(writings.c.at > since).order_by(writings.c.at))
            return [{**row._mapping, "dropped": json.loads(row.dropped)} for row in rows]


def _values(asked: Asked) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in asked.__slots__}


def _asked(row: Row[Any]) -> Asked:
    values = dict(row._mapping)
    return Asked(**{**values, "messages": tuple(json.loads(values["messages"]))})


def _fact(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(facts.c.value).where(facts.c.name == name))


def _put_fact(connection: Connection, name: str, value: str) -> None:
    connection.execute(
        upsert(facts)
        .values(name=name, value=value)
        .on_conflict_do_update(index_elements=["name"], set_={"value": value})
    )


def journal_at(database: str | None, folder: Path) -> Database:
    """Return where the journal is of a data folder, or of the PostgreSQL database that takes its place."""
    return database or folder / FILE
