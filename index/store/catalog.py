"""The catalog: the one place where articles live; one writer at a time.

Its SQL is in the other files of this folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import DBAPIError

from index.errors import ArchiveError, LockedError
from index.store import dialect, keywords
from index.store.dialect import Database
from index.store.schema import SCHEMA, facts, metadata
from index.store.snapshot import Snapshot
from index.store.transaction import Transaction, put_fact_row


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the archive's lock during a block.

    The operating system frees it when the process ends, also if it dies. Raises LockedError, naming the owner, if it is
    taken.
    """
    # The owner is written to a file beside it: the lock file belongs to the library.
    owner = folder / "writer.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "writer.lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LockedError(
            f"{_named(owner)} is writing to the archive {folder}. Wait for it to end, then run the command again."
        ) from error
    except OSError as error:
        raise ArchiveError(
            f"The folder {folder} cannot be written: {error.strerror or error}. Check its owner and NEWSDESK_DATA_DIR."
        ) from error
    try:
        with contextlib.suppress(OSError):  # a full disk must not keep the lock from being held
            owner.write_text(json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}))
        yield
    finally:
        lock.release()


def _named(owner: Path) -> str:
    try:
        known = json.loads(owner.read_text())
        return f"Process {int(known['pid'])} (since {known['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "Another process"


class Catalog:
    """The catalog in one SQLite file or one PostgreSQL database; any number of processes may have it open."""

    def __init__(self, database: Database, *, create: bool = True) -> None:
        """Open the catalog, make it if it is new, and bring an older one up to date.

        Raises ArchiveError if it is damaged, made by a newer newsdesk, cannot be reached or written, or is new and
        ``create`` is False.
        """
        self.database = database
        self.where = dialect.shown(database)
        self.shared = isinstance(database, str)  # other machines may have it open too
        self._writer: str | None = None  # our mark as the one process that ingests
        self._engine = dialect.opened(database, SCHEMA)
        with self._translated():
            # Reading takes no lock: a question must not wait for an ingest that is publishing.
            with dialect.reading(self._engine) as connection:
                version = _version(connection)
            if version == len(STEPS):
                return
            if not version and not create:
                raise ArchiveError(f"There is no archive in {self.where} yet. Put articles in: python ingest.py FOLDER")
            if version < len(STEPS) and not dialect.writable(database):
                raise ArchiveError(
                    f"An older newsdesk wrote {self.where}. It must be brought up to date once where it can be "
                    "written: python -m bot status"
                )
            with dialect.writing(self._engine) as connection:
                version = _version(connection)  # another process may have done it meanwhile
                put_version = migrate(connection, version)
                put_fact_row(connection, "schema", str(put_version))
                if version == 0:
                    put_fact_row(connection, "archive", secrets.token_hex(8))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open a snapshot for a block: it does not change, whatever is written meanwhile."""
        with self._translated(), dialect.reading(self._engine) as connection:
            yield Snapshot(connection)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a writing transaction for a block: if the block ends without an error all changes are kept, else none.

        Raises LockedError if this process was the one that ingests and another has taken its place.
        """
        with self._translated(), dialect.writing(self._engine) as connection:
            if (
                self._writer
                and connection.scalar(select(facts.c.value).where(facts.c.name == "writer")) != self._writer
            ):
                raise LockedError(
                    f"The connection to {self.where} was lost for a while, and another ingest has begun since. "
                    "Nothing that was in is lost. Wait for that one to end, then run the same command again."
                )
            yield Transaction(connection)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only process on any machine that ingests into a PostgreSQL catalog, during a block.

        Raises LockedError, naming the owner, if there is one. A process writes its mark into the catalog, and every
        transaction checks it: one that lost its lock with its connection cannot write once another has begun.
        """
        if not dialect.is_postgresql(self._engine):
            yield
            return
        with self._translated(), dialect.sole_writer(self._engine, self.database):
            mark = secrets.token_hex(8)
            with self.transaction() as transaction:
                transaction.put_fact("writer", mark)
            self._writer = mark
            try:
                yield
            finally:
                self._writer = None

    def engine_name(self) -> str:
        """Return the name and version of the database."""
        with self._translated(), dialect.reading(self._engine) as connection:
            return dialect.version(connection)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except dialect.ERRORS as error:
            raise dialect.explained(error, self.database) from error


def exists(database: Database) -> bool:
    """Tell whether a database holds a catalog; makes none. Raises ArchiveError if the database cannot be reached."""
    if isinstance(database, Path):
        return database.exists()
    engine = dialect.opened(database, SCHEMA)
    try:
        with dialect.reading(engine) as connection:
            return _version(connection) > 0
    except DBAPIError as error:
        raise dialect.explained(error, database) from error
    finally:
        engine.dispose()


def _version(connection: Connection) -> int:
    """Return the schema version of a catalog, 0 if it is empty."""
    if not inspect(connection).has_table("facts"):
        return 0
    return int(connection.scalar(select(facts.c.value).where(facts.c.name == "schema")) or 0)


def _first(connection: Connection) -> None:
    dialect.prepare_schema(connection, SCHEMA)
    metadata.create_all(connection)
    keywords.create(connection)


def _additions(connection: Connection) -> None:
    """Add the tables and columns that came since; in a new catalog they are there already."""
    dialect.add_what_is_missing(connection, metadata)


# Step n takes a catalog from version n to n + 1. A step that has been released never changes.
STEPS: list[Callable[[Connection], None]] = [_first, _additions, _additions, _additions]


def migrate(connection: Connection, version: int) -> int:
    """Bring a catalog of some version (0: empty) up to date and return the new version.

    Raises ArchiveError if a newer newsdesk made it.
    """
    if version > len(STEPS):
        raise ArchiveError(
            f"The archive has schema version {version}, this newsdesk knows up to {len(STEPS)}. Update newsdesk "
            "(git pull, make install)."
        )
    for step in STEPS[version:]:
        step(connection)
    return len(STEPS)
