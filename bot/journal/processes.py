"""Which processes answer, and whether each is alive: by a file lock on one machine, by a lease on many."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, delete, select, update

from bot.journal.tables import JOURNAL_ERRORS, bots, windows
from bot.telemetry import error_place
from index.store import dialect
from index.store.dialect import upsert


class Leases:
    """The leases of processes, and their common rate limits, in a journal's database."""

    def __init__(self, engine: Engine) -> None:
        """Use the connections of a journal."""
        self._engine = engine

    def renew(self, owner: str, seconds: float) -> None:
        """Let a process count as alive for so many seconds from now."""
        with dialect.writing(self._engine, alone=False) as connection:
            until = dialect.now(connection) + seconds
            lease = upsert(bots).values(name=owner, until=until)
            connection.execute(lease.on_conflict_do_update(index_elements=["name"], set_={"until": until}))

    def retire(self, owner: str) -> None:
        """Let a process count as dead."""
        with dialect.writing(self._engine, alone=False) as connection:
            connection.execute(delete(bots).where(bots.c.name == owner))

    def is_alive(self, owner: str) -> bool:
        """Tell whether a process counts as alive."""
        with dialect.reading(self._engine) as connection:
            return (
                connection.scalar(
                    select(bots.c.name).where(bots.c.name == owner, bots.c.until > dialect.now(connection))
                )
                is not None
            )

    def take_turn(self, window: str, count: int, seconds: float) -> tuple[float, str]:
        """Return how many seconds to wait for a turn and, when that is 0, the name of the turn, which has begun.

        In ``seconds`` there are ``count`` turns for all processes together.
        """
        with dialect.writing(self._engine, alone=False) as connection:
            time_now, calls = self._calls(connection, window, seconds)
            if len(calls) >= count:
                return max(0.01, seconds - (time_now - min(calls.values()))), ""
            turn = secrets.token_hex(4)
            self._put_calls(connection, window, {**calls, turn: time_now})
            return 0.0, turn

    def turns_left(self, window: str, count: int, seconds: float) -> int:
        """Return how many turns are left at this moment."""
        with dialect.reading(self._engine) as connection:
            known: dict[str, float] = json.loads(
                connection.scalar(select(windows.c.calls).where(windows.c.name == window)) or "{}"
            )
            time_now = float(connection.scalar(select(dialect.now(connection))) or 0)
            return count - sum(time_now - float(at) < seconds for at in known.values())

    def end_turn(self, window: str, turn: str, seconds: float) -> None:
        """Let a turn count from now."""
        with dialect.writing(self._engine, alone=False) as connection:
            time_now, calls = self._calls(connection, window, seconds)
            self._put_calls(connection, window, {**calls, turn: time_now})

    def _calls(self, connection: Connection, window: str, seconds: float) -> tuple[float, dict[str, float]]:
        connection.execute(upsert(windows).values(name=window, calls="{}").on_conflict_do_nothing())
        row = select(windows.c.calls).where(windows.c.name == window).with_for_update()
        known = json.loads(connection.scalar(row) or "{}")
        time_now = float(connection.scalar(select(dialect.now(connection))) or 0)
        return time_now, {turn: at for turn, at in known.items() if time_now - at < seconds}

    def _put_calls(self, connection: Connection, window: str, calls: dict[str, float]) -> None:
        connection.execute(update(windows).where(windows.c.name == window).values(calls=json.dumps(calls)))


def lease_has_ended(connection: Connection, owner: str) -> bool:
    """Tell whether a process has no valid lease, and remove one that is over.

    The transaction is to take over the questions of the process.
    """
    until = connection.scalar(select(bots.c.until).where(bots.c.name == owner).with_for_update())
    if until is not None and until > float(connection.scalar(select(dialect.now(connection))) or 0):
        return False
    connection.execute(delete(bots).where(bots.c.name == owner))
    return True


log = logging.getLogger("newsdesk.slack")

# seconds; longer than a call to Slack may take, so that none of a dead process arrives after its questions changed
# hands
LEASE = 30.0


class Owner:
    """A process that answers, and owns questions.

    Its lock file shows that it is alive; the system frees the lock however the process ends.
    """

    def __init__(self, folder: Path, leases: Leases | None = None, lease: float = LEASE) -> None:
        """``leases``: where the process has a lease of so many seconds, if the journal is shared."""
        self.name = secrets.token_hex(6)
        self._folder = folder / "bots"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self._path(self.name), thread_local=False)
        self._lock.acquire(blocking=False)
        self._leases = leases
        self._lease, self._ended = lease, threading.Event()
        if self._leases:
            self._leases.renew(self.name, lease)
            # In a thread of its own: a process with a busy event loop is not dead.
            self._renewing = threading.Thread(target=self._renew, args=(self._leases,), name="lease", daemon=True)
            self._renewing.start()

    def close(self) -> None:
        """End the lock and the lease: this process answers no more."""
        if self._leases:
            self._ended.set()
            self._renewing.join()
            self._leases.retire(self.name)
        self._lock.release()
        self._path(self.name).unlink(missing_ok=True)

    def is_alive(self, name: str) -> bool:
        """Tell whether another process is alive."""
        path = self._path(name)
        if name == self.name:
            return True
        if not name or not path.exists():
            return bool(name and self._leases and self._leases.is_alive(name))
        lock = FileLock(path)
        try:
            with lock.acquire(blocking=False):
                path.unlink(missing_ok=True)
        except Timeout:
            return True
        if self._leases:  # it died on this machine: no need to wait for the end of its lease
            self._leases.retire(name)
        return False

    def _renew(self, leases: Leases) -> None:
        while not self._ended.wait(self._lease / 6):
            try:
                leases.renew(self.name, self._lease)
            # The next try may reach it; else others take over, and every post asks first whose question it is.
            except JOURNAL_ERRORS as error:
                log.error("cannot renew the lease error=%s", error_place(error))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"
