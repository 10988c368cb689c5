"""The journal: every question, which process answers it, and what became of it; in SQLite or PostgreSQL.

waiting → working → answered | left | stopped | failed;  removing → removed. From the browser: answered at once
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Select, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.journal.entry import JournalEntry, State, entry_of, row_of
from bot.journal.processes import Leases, lease_has_ended
from bot.journal.tables import events, facts, feedback, metadata, questions, seen, writings
from bot.journal.usage import UsageRecords
from index.errors import ArchiveError
from index.store import dialect
from index.store.dialect import Database, upsert

FILE = "journal.sqlite3"
SCHEMA = "newsdesk_journal"  # that holds the tables in PostgreSQL
_SCHEMA = 1
_KEEP_SEEN = 3 * 86_400  # seconds; Slack delivers late for at most a day
_KEEP = 90 * 86_400  # seconds that questions and answers are kept


class Journal:
    """The journal of one bot, opened by any number of its processes: on one machine, or on many (``leases``)."""

    def __init__(self, place: Database, *, to_read: bool = False) -> None:
        """Open the journal, and make it if there is none. Raises ArchiveError if it cannot be used.

        ``to_read``: it is only read; then it may be where it cannot be written.
        """
        self.place = place
        shared = isinstance(place, str)
        where = dialect.shown(place)
        self._engine = dialect.opened(place, SCHEMA, durable=False, patience=10)
        self.leases = Leases(self._engine) if shared else None
        self.usage = UsageRecords(self._engine)
        if to_read and not dialect.writable(place):
            return
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
        """Remove what is too old to be needed."""
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

    def claim(self, entry: JournalEntry, owner: str, event_id: str = "") -> JournalEntry | None:
        """Write a question down as ``owner``'s; None if the question or its event was written down before."""
        return self.claim_all([(entry, event_id)], owner)[0]

    def claim_all(self, wanted: Sequence[tuple[JournalEntry, str]], owner: str) -> list[JournalEntry | None]:
        """Write several questions down as ``claim`` does one, each with the id of its event, in one transaction."""
        mine = [replace(entry, id=secrets.token_hex(6), owner=owner, asked=time.time()) for entry, _ in wanted]
        with self._writing() as connection:
            events = [event_id for _, event_id in wanted if event_id]
            known = set(connection.scalars(select(seen.c.token).where(seen.c.token.in_(events))))
            new = [one for one, (_, event_id) in zip(mine, wanted, strict=True) if event_id not in known]
            # in the order of their keys, so that two processes do not wait for each other
            rows = [row_of(one) for one in sorted(new, key=lambda one: one.key)]
            if tokens := [{"token": event_id, "at": time.time()} for event_id in sorted({*events} - known)]:
                connection.execute(upsert(seen).on_conflict_do_nothing(), tokens)
            if rows:
                connection.execute(upsert(questions).on_conflict_do_nothing(), rows)
            mine_now = select(questions.c.id).where(questions.c.id.in_([one.id for one in new]))
            written = set(connection.scalars(mine_now))
        return [one if one.id in written else None for one in mine]

    def add_answered(self, entry: JournalEntry) -> None:
        """Store a question that was asked in the browser, with its answer."""
        with self._writing() as connection:
            connection.execute(insert(questions).values(**row_of(entry)))

    def mark_done(self, token: str) -> bool:
        """Mark something as done (an event, a report, a refusal); False if it was done before."""
        try:
            with self._writing() as connection:
                connection.execute(insert(seen).values(token=token, at=time.time()))
        except IntegrityError:
            return False
        return True

    def unmark_done(self, token: str) -> None:
        """Take back ``mark_done``: it was not done after all."""
        with self._writing() as connection:
            connection.execute(delete(seen).where(seen.c.token == token))

    def waiting(self, owner: str, limit: int = 50, without: Collection[str] = ()) -> list[JournalEntry]:
        """Return the waiting questions of a process, oldest first, except those of some people."""
        with self._reading() as connection:
            wanted = _waiting(owner, without).order_by(questions.c.asked).limit(limit)
            return [entry_of(row) for row in connection.execute(wanted)]

    def count_waiting(self, owner: str) -> int:
        """Return how many questions of a process are waiting."""
        return self._count(questions.c.state == "waiting", questions.c.owner == owner)

    def count_before(self, entry: JournalEntry) -> int:
        """Return how many unfinished questions of its process were asked before one."""
        unfinished = questions.c.state.in_(["waiting", "working"])
        return self._count(unfinished, questions.c.owner == entry.owner, questions.c.asked < entry.asked)

    def _count(self, *conditions: Any) -> int:
        with self._reading() as connection:
            return connection.scalar(select(func.count()).select_from(questions).where(*conditions)) or 0

    def start(self, id_: str, owner: str) -> JournalEntry | None:
        """Start to work on a waiting question; None if it is no longer waiting for this process."""
        with self._writing() as connection:
            return _start(connection, id_, owner)

    def start_next(self, owner: str, without: Collection[str] = ()) -> JournalEntry | None:
        """Start to work on the oldest waiting question of a process, except those of some people; None without any."""
        if not self.waiting(owner, 1, without):  # to read needs no lock
            return None
        with self._writing() as connection:
            wanted = _waiting(owner, without).order_by(questions.c.asked).limit(1)
            row = connection.execute(wanted).one_or_none()
            return _start(connection, row.id, owner) if row else None

    def is_current(self, entry: JournalEntry) -> bool:
        """Tell whether a question is still to be answered as it was read: not edited, removed or stopped since."""
        now = self.by_id(entry.id)
        return now is not None and (now.state, now.revision, now.owner) == ("working", entry.revision, entry.owner)

    def set_text(self, id_: str, text: str) -> None:
        """Write down what a bare mention turned out to ask."""
        with self._writing() as connection:
            connection.execute(update(questions).where(questions.c.id == id_).values(text=text))

    def move(self, id_: str, channel: str) -> None:
        """Have a question answered in another channel, in no thread."""
        with self._writing() as connection:
            connection.execute(update(questions).where(questions.c.id == id_).values(channel=channel, thread=""))

    def note_shared(self, id_: str, messages: Sequence[str]) -> None:
        """Write down that an answer to /ask was posted in its channel, where people may now ask on under it."""
        place = {"thread": messages[0], "ts": messages[0], "messages": json.dumps(list(messages))}
        with self._writing() as connection:
            connection.execute(update(questions).where(questions.c.id == id_).values(**place))

    def note_messages(self, id_: str, messages: Sequence[str], owner: str | None = None) -> bool:
        """Write down an answer's messages as soon as they exist; False if the question is no longer ``owner``'s."""
        with self._writing() as connection:
            one = questions.c.id == id_ if owner is None else (questions.c.id == id_) & (questions.c.owner == owner)
            return (
                connection.execute(update(questions).where(one).values(messages=json.dumps(list(messages)))).rowcount
                == 1
            )

    def finish(self, entry: JournalEntry, state: State, answer: str | None = None) -> bool:
        """End the work on a question; False if it was edited, removed or taken over meanwhile."""
        with self._writing() as connection:
            mine = (questions.c.id == entry.id) & (questions.c.owner == entry.owner) & (questions.c.state == "working")
            mine &= questions.c.revision == entry.revision
            values: dict[str, Any] = {"state": state, "finished": time.time(), "reply_url": ""}
            if answer is not None:
                values["answer"] = answer
            return connection.execute(update(questions).where(mine).values(**values)).rowcount == 1

    def put_back(self, id_: str, owner: str) -> None:
        """Let a question that a process works on wait again."""
        with self._writing() as connection:
            mine = (questions.c.id == id_) & (questions.c.state == "working") & (questions.c.owner == owner)
            connection.execute(update(questions).where(mine).values(state="waiting"))

    def edit(self, key: str, text: str, owner: str, named: bool) -> JournalEntry | None:
        """Give a question a new text; None if it is unknown, removed, or has this text.

        It waits again, unless a process works on it, which will notice. ``named``: the new text mentions the bot.
        """
        with self._writing() as connection:
            row = connection.execute(select(questions).where(questions.c.key == key).with_for_update()).one_or_none()
            if row is None or row.text == text or row.state in ("removing", "removed"):
                return None
            values: dict[str, Any] = {"text": text, "revision": row.revision + 1, "quiet": row.quiet and not named}
            if row.state != "working":
                values |= {"state": "waiting", "owner": owner, "attempts": 0}
            connection.execute(update(questions).where(questions.c.key == key).values(**values))
            return entry_of(connection.execute(select(questions).where(questions.c.key == key)).one())

    def interrupt(self, key: str, state: Literal["removing", "stopped"], owner: str) -> JournalEntry | None:
        """Have a question removed or stopped; None if it is unknown, removed or, to be stopped, finished."""
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
            return entry_of(row)

    def note_removed(self, id_: str) -> None:
        """Note that the messages of a removed question are gone, and delete what was asked and answered."""
        with self._writing() as connection:
            connection.execute(
                update(questions)
                .where(questions.c.id == id_)
                .values(state="removed", text="", answer=None, messages="[]")
            )

    # --- after a crash ---

    def other_owners(self, owner: str) -> set[str]:
        """Return the other processes that have unfinished questions."""
        with self._reading() as connection:
            unfinished = questions.c.state.in_(["waiting", "working", "removing"])
            return set(
                connection.scalars(select(questions.c.owner).where(unfinished, questions.c.owner != owner).distinct())
            )

    def take_over(self, dead: str, owner: str) -> list[JournalEntry]:
        """Give a dead process's unfinished questions to ``owner``; return those it was working on or removing."""
        with self._writing() as connection:
            if not lease_has_ended(connection, dead):
                return []  # it was only slow
            theirs = questions.c.owner == dead
            found = connection.execute(
                select(questions).where(theirs, questions.c.state.in_(["working", "removing"])).with_for_update()
            )
            in_hand = [entry_of(row) for row in found]
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

    def note_restored(self) -> None:
        """Note that this journal came out of a backup and is older than what Slack shows.

        What was asked since is not searched for: it may have been answered. What was unfinished is looked for in its
        thread before it is posted.
        """
        with self._writing() as connection:
            connection.execute(
                update(questions).where(questions.c.state == "waiting").values(attempts=questions.c.attempts + 1)
            )
            _put_fact(connection, "last_seen", f"{time.time():.6f}")

    # --- looking ---

    def by_id(self, id_: str) -> JournalEntry | None:
        """Return a question by its id."""
        return self._one(questions.c.id == id_)

    def by_key(self, key: str) -> JournalEntry | None:
        """Return a question by its key, which is made of the message that asked it."""
        return self._one(questions.c.key == key)

    def _one(self, condition: Any) -> JournalEntry | None:
        with self._reading() as connection:
            row = connection.execute(select(questions).where(condition)).one_or_none()
            return entry_of(row) if row else None

    def thread(self, channel: str, thread: str) -> list[JournalEntry]:
        """Return the questions asked in a thread, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(questions)
                .where(questions.c.channel == channel, questions.c.thread == thread)
                .order_by(questions.c.ts)
            )
            return [entry_of(row) for row in rows]

    def threads_since(self, when: float) -> list[tuple[str, str]]:
        """Return channel and root of the threads with a question since a time, newest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(questions.c.channel, questions.c.thread)
                .where(questions.c.asked > when, questions.c.thread != "", questions.c.kind != "web")
                .order_by(questions.c.asked.desc())
            )
            return list(dict.fromkeys((row.channel, row.thread) for row in rows))

    # --- facts, events, use ---

    def fact(self, name: str) -> str | None:
        """Return the value of a fact, None if it is not set."""
        with self._reading() as connection:
            return _fact(connection, name)

    def put_fact(self, name: str, value: str) -> None:
        """Set a fact."""
        with self._writing() as connection:
            _put_fact(connection, name, value)

    def note_event(self, kind: str) -> None:
        """Note that an event of a kind came; the doctor shows it."""
        with self._writing() as connection:
            last = {"at": time.time()}
            connection.execute(
                upsert(events).values(kind=kind, **last).on_conflict_do_update(index_elements=["kind"], set_=last)
            )

    def last_events(self) -> dict[str, float]:
        """Return when an event of each kind last came (seconds since 1970)."""
        with self._reading() as connection:
            return {row.kind: row.at for row in connection.execute(select(events))}

    def asked_between(self, begin: float, end: float) -> list[JournalEntry]:
        """Return the questions of a time (seconds since 1970, the end not included), oldest first."""
        with self._reading() as connection:
            between = (questions.c.asked >= begin) & (questions.c.asked < end)
            return [
                entry_of(row)
                for row in connection.execute(select(questions).where(between).order_by(questions.c.asked))
            ]


def _waiting(owner: str, without: Collection[str]) -> Select[Any]:
    return select(questions).where(
        questions.c.state == "waiting", questions.c.owner == owner, questions.c.user.not_in(list(without))
    )


def _start(connection: Connection, id_: str, owner: str) -> JournalEntry | None:
    mine = (questions.c.id == id_) & (questions.c.state == "waiting") & (questions.c.owner == owner)
    begun = update(questions).where(mine).values(state="working", attempts=questions.c.attempts + 1)
    if not connection.execute(begun).rowcount:
        return None
    return entry_of(connection.execute(select(questions).where(questions.c.id == id_)).one())


def _fact(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(facts.c.value).where(facts.c.name == name))


def _put_fact(connection: Connection, name: str, value: str) -> None:
    connection.execute(
        upsert(facts)
        .values(name=name, value=value)
        .on_conflict_do_update(index_elements=["name"], set_={"value": value})
    )


def journal_at(database: str | None, folder: Path) -> Database:
    """Return where the journal is: in the data folder, or in the PostgreSQL database that takes its place."""
    return database or folder / FILE
