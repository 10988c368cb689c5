"""The catalog: the one place where articles live. Its SQL is in schema.py, snapshot.py and transaction.py.

Readers take a ``Snapshot`` (one read transaction: the same state from the first statement to the last), writers a
``Transaction``. SQLite in WAL mode lets them work side by side.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    Connection,
    create_engine,
    event,
    select,
)
from sqlalchemy.exc import DatabaseError, OperationalError

from index.errors import ArchiveError, DiskFull
from index.schema import (
    STEPS,
    facts,
    migrate,
)
from index.snapshot import Snapshot
from index.transaction import Transaction, put_fact_row


class Catalog:
    """One SQLite file, opened by any number of processes."""

    def __init__(self, path: Path) -> None:
        """Open the catalog, make it if the file is new, and bring an older one up to date.

        Raises ArchiveError if it is damaged, made by a newer newsdesk, or its folder cannot be written.
        """
        self.path = path
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 60})
        event.listen(self._engine, "connect", _prepare)
        # The driver begins transactions late and silently; ours begin where the code says so.
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN")))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"The folder {path.parent} cannot be made: {error.strerror or error}. Check its owner and NEWSDESK_DATA_DIR.") from error
        with self._translated():
            # Looking takes no lock: a question must not wait for an ingest that is publishing.
            with self._engine.connect() as connection, connection.begin():
                if _version(connection) == len(STEPS):
                    return
            with self._engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
                version = _version(connection)
                put_fact_row(connection, "schema", str(migrate(connection, version)))
                if version == 0:
                    put_fact_row(connection, "archive", secrets.token_hex(8))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Give one unchanging view of the archive, however much is written meanwhile."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield Snapshot(connection)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Give a writer; what it wrote is kept, all of it and durably, when the block ends without an error."""
        with self._translated(), self._engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
            yield Transaction(connection)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            raise _explained(error, self.path) from error


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _version(connection: Connection) -> int:
    """Return the schema version of a catalog, 0 if it is empty."""
    if not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'facts'").first():
        return 0
    return int(connection.scalar(select(facts.c.value).where(facts.c.name == "schema")) or 0)


def _explained(error: DatabaseError, path: Path) -> ArchiveError:
    cause = str(error.orig).lower()
    if "full" in cause or "disk i/o" in cause:
        return DiskFull(f"The disk with {path.parent} is full or failing ({error.orig}). Nothing that was in is lost; free some space and run again.")
    if "malformed" in cause or "not a database" in cause:
        return ArchiveError(f"The catalog {path} is damaged ({error.orig}). Restore it from a backup, or move it away and ingest the articles again.")
    if "locked" in cause or "busy" in cause:
        return ArchiveError(f"The catalog {path} has been busy for a minute. Another process holds it: wait for it or stop it, then try again.")
    if isinstance(error, OperationalError) and ("unable to open" in cause or "readonly" in cause):
        return ArchiveError(f"The catalog {path} cannot be opened for writing ({error.orig}). Check the owner of {path.parent} and NEWSDESK_DATA_DIR.")
    return ArchiveError(f"The catalog {path} could not do its work ({error.orig}). Run: python -m bot doctor")
