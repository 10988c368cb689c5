"""What differs between SQLite and PostgreSQL: opening, transactions, locks, types, errors.

All other SQL is the same for both.

A database is named by the path of a SQLite file or by the URL of a PostgreSQL database. In PostgreSQL each of our
databases is a schema of its own.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    create_engine,
    event,
    inspect,
    literal_column,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn
from sqlalchemy.sql.compiler import DDLCompiler

from index.errors import ArchiveError, DiskFull, LockedError

Database = Path | str
ERRORS = (DBAPIError, sqlite3.Error)  # the driver's own comes from rows that are read by its cursor
# INSERT … ON CONFLICT. SQLAlchemy compiles PostgreSQL's form for SQLite as well, but not SQLite's for PostgreSQL.
upsert = postgresql.insert
# Keys, sizes and times: an INTEGER has 64 bits in SQLite and 32 in PostgreSQL.
Number = BigInteger().with_variant(Integer, "sqlite")

_LOCKS = 0x6E657773  # the class of our advisory locks
_INGEST_LOCK = {"locks": _LOCKS, "one": 2}
_OLDEST = 130000  # PostgreSQL 13


@compiles(CreateColumn, "postgresql")
def _by_code_point(element: CreateColumn, compiler: DDLCompiler, **more: Any) -> str:
    """Make PostgreSQL compare and sort texts as SQLite does, whatever the language of the database."""
    written = compiler.visit_create_column(element, **more)  # type: ignore[no-untyped-call]
    return f'{written} COLLATE "C"' if isinstance(element.element.type, String) else str(written)


def is_postgresql(where: Engine | Connection) -> bool:
    """Tell whether this is PostgreSQL, not SQLite."""
    return where.dialect.name == "postgresql"


def shown(database: Database) -> str:
    """Return a database's path or address for people to read, without the password."""
    if isinstance(database, Path):
        return str(database)
    url = _url(database)
    at = f"{url.host or url.query.get('host') or 'the local socket'}" + (f":{url.port}" if url.port else "")
    return f"PostgreSQL at {at}, database {url.database or url.username}"


def _url(database: str) -> URL:
    try:
        return make_url(database)
    except (ArgumentError, ValueError):  # their texts hold the password
        raise ArchiveError(
            "The database's address is no URL. Write it like postgresql+psycopg://USER:PASSWORD@HOST:5432/NAME"
        ) from None


def opened(database: Database, schema: str, *, durable: bool = True, patience: int = 60) -> Engine:
    """Return SQLAlchemy's engine for a database; it connects when it is first used.

    ``schema``: PostgreSQL's schema that holds the tables. ``durable``: in SQLite, a commit survives a power cut (in
    PostgreSQL its own settings decide). ``patience``: how many seconds to wait for another writer of a SQLite file.
    Raises ArchiveError if the path or URL cannot be a database.
    """
    return _sqlite(database, durable, patience) if isinstance(database, Path) else _postgresql(database, schema)


def _sqlite(path: Path, durable: bool, patience: int) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(
            f"The folder {path.parent} cannot be made: {error.strerror or error}. Check its owner and "
            "NEWSDESK_DATA_DIR."
        ) from error
    engine = create_engine(
        f"sqlite:///{path}", creator=lambda: connected(path, timeout=patience, check_same_thread=False)
    )

    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we send BEGIN ourselves
        if not writable(path):
            return
        for pragma in ("journal_mode = WAL", f"synchronous = {'FULL' if durable else 'NORMAL'}", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    # The driver would begin a transaction only at the first change; ours begin where the block begins.
    event.listen(
        engine,
        "begin",
        lambda connection: connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN")),
    )
    return engine


def writable(database: Database) -> bool:
    """Tell whether this process may write to a database; of PostgreSQL the server decides."""
    if isinstance(database, str) or not database.exists():
        return True
    return all(os.access(path, os.W_OK) for path in (database, database.parent))


def connected(path: Path, *, timeout: float, check_same_thread: bool = True) -> sqlite3.Connection:
    """Open a SQLite file, to read only where it cannot be written.

    There SQLite reads the files beside it, in which others note their changes, if both exist, and can make none.
    Without them nobody has the file open, and it does not change.
    """
    if writable(path):
        return sqlite3.connect(path, timeout, check_same_thread=check_same_thread)
    log, shared = (path.with_name(path.name + ending) for ending in ("-wal", "-shm"))
    beside = shared.exists() and log.exists()
    if not beside and log.exists() and log.stat().st_size:
        raise ArchiveError(
            f"{path} has changes in {log.name} that cannot be read where {path.parent} cannot be written. Run a "
            "command where it can be written (python -m bot status), then copy it again."
        )
    mode = "mode=ro" if beside else "immutable=1"
    uri = f"{path.resolve().as_uri()}?{mode}"
    return sqlite3.connect(uri, timeout, check_same_thread=check_same_thread, uri=True)


def _postgresql(database: str, schema: str) -> Engine:
    alive = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    try:
        url = _url(database).set(drivername="postgresql+psycopg")
        # A connection that the server closed meanwhile (a restart) is noticed before it is used.
        engine = create_engine(
            url,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            connect_args={"application_name": "newsdesk", **alive},
        )
    except ModuleNotFoundError as error:
        raise ArchiveError(
            "PostgreSQL needs the library psycopg, which is not installed. Run: pip install 'psycopg[binary]>=3.2,<4'"
        ) from error

    def prepare(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(f"SET search_path TO {schema}")
        connection.execute("SET jit TO off")  # our statements are done before they would be compiled
        connection.autocommit = False

    event.listen(engine, "connect", prepare, insert=True)  # first: SQLAlchemy asks for the schema when it connects
    return engine


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a read-only transaction for a block: it sees one unchanging state of the database."""
    with engine.connect() as connection:
        if is_postgresql(engine):
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextlib.contextmanager
def writing(engine: Engine, *, alone: bool = True) -> Iterator[Connection]:
    """Open a transaction for a block: all its changes are kept if the block ends without an error, else none.

    In SQLite only one transaction writes at a time. In PostgreSQL this holds for those that are ``alone``.
    """
    with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
        if alone and is_postgresql(engine):
            # A lock for each schema: writing to the journal does not wait for an ingest that publishes.
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:locks, hashtext(current_setting('search_path')))"),
                {"locks": _LOCKS},
            )
        yield connection


@contextlib.contextmanager
def sole_writer(engine: Engine, database: Database) -> Iterator[None]:
    """Hold PostgreSQL's lock for ingests during a block.

    The server frees it when the connection ends, also if the process dies. Raises LockedError, naming the owner,
    if it is taken.
    """
    since = datetime.now(UTC).isoformat(timespec="seconds")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # closed at the end, not returned to the pool: the lock belongs to the connection
        me = f"newsdesk {os.getpid()} {since} {socket.gethostname()}"[:63]  # as long as PostgreSQL keeps it
        connection.execute(text("SELECT set_config('application_name', :me, false)"), {"me": me})
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:locks, :one)"), _INGEST_LOCK):
            raise LockedError(
                f"{_holder(connection)} is writing to the archive ({shown(database)}). Wait for it to end, then run "
                "the command again."
            )
        try:
            yield
        finally:
            # The server notices the end of a connection a little later; the next writer may be there before.
            with contextlib.suppress(DBAPIError):
                connection.execute(text("SELECT pg_advisory_unlock(:locks, :one)"), _INGEST_LOCK)


def _holder(connection: Connection) -> str:
    query = """SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND classid = :locks AND objid = :one AND granted AND
        pg_stat_activity.datname = current_database()"""
    said = str(connection.scalar(text(query), _INGEST_LOCK) or "").split(" ")
    return f"Process {said[1]} on {said[3]} (since {said[2]})" if len(said) == 4 else "Another process"


def prepare_schema(connection: Connection, schema: str) -> None:
    """Make the schema for our tables in PostgreSQL. Raises ArchiveError if the server is too old or not UTF-8."""
    if not is_postgresql(connection):
        return
    found = connection.execute(
        text(
            "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS "
            "encoding"
        )
    ).one()
    if found.version < _OLDEST:
        raise ArchiveError(
            f"This PostgreSQL is version {found.version // 10_000}; newsdesk needs {_OLDEST // 10_000} or newer."
        )
    if found.encoding != "UTF8":
        raise ArchiveError(
            f"The database's encoding is {found.encoding}; newsdesk needs UTF8: createdb --encoding=UTF8 "
            "--template=template0 NAME"
        )
    if connection.scalar(
        text("SELECT to_regnamespace(:schema) IS NULL"), {"schema": schema}
    ):  # CREATE SCHEMA IF NOT EXISTS needs the right to create one even if it exists
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))


def add_what_is_missing(connection: Connection, metadata: MetaData) -> None:
    """Make the tables, and add the nullable columns and the indexes, that a database lacks."""
    metadata.create_all(connection)
    for each in metadata.sorted_tables:
        present = {known["name"] for known in inspect(connection).get_columns(each.name)}
        for added in each.columns:
            if added.name not in present:
                connection.exec_driver_sql(
                    f"ALTER TABLE {each.name} ADD COLUMN {CreateColumn(added).compile(dialect=connection.dialect)}"
                )
        for index in each.indexes:
            index.create(connection, checkfirst=True)


def now(connection: Connection) -> ColumnElement[float]:
    """Return an expression for the database's clock, in seconds since 1970; all machines share that clock."""
    return literal_column(
        "extract(epoch FROM clock_timestamp())"
        if is_postgresql(connection)
        else "(julianday('now') - 2440587.5) * 86400.0",
        Float,
    )


def version(connection: Connection) -> str:
    """Return the name and version of the database."""
    if is_postgresql(connection):
        return "PostgreSQL " + str(connection.scalar(text("SHOW server_version"))).split(" ")[0]
    return "SQLite " + str(connection.scalar(text("SELECT sqlite_version()")))


def faults(connection: Connection) -> list[str]:
    """Return what the database's own checks find wrong; an empty list if nothing is."""
    if not is_postgresql(connection):
        return [row[0] for row in connection.exec_driver_sql("PRAGMA quick_check(5)") if row[0] != "ok"]
    failed = connection.scalar(
        text("SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()")
    )
    found = [f"{failed} pages failed their checksum"] if failed else []
    lacking = connection.scalar(
        text("SELECT count(*) FROM passages WHERE NOT EXISTS (SELECT FROM passage_terms WHERE rowid = passages.row)")
    )
    return found + ([f"{lacking} passages are not in the keyword index"] if lacking else [])


def explained(error: DBAPIError | sqlite3.Error, database: Database) -> ArchiveError:
    """Return the error to raise for a database's error: its text says what to do."""
    error = error if isinstance(error, DBAPIError) else DBAPIError(None, None, error)
    return _of_sqlite(error, database) if isinstance(database, Path) else _of_postgresql(error, database)


def _of_sqlite(error: DBAPIError, path: Path) -> ArchiveError:
    cause = str(error.orig).lower()
    if "full" in cause or "disk i/o" in cause:
        return DiskFull(
            f"The disk with {path.parent} is full or failing ({error.orig}). Nothing that was in is lost; free "
            "some space and run again."
        )
    if "malformed" in cause or "not a database" in cause:
        return ArchiveError(
            f"The catalog {path} is damaged ({error.orig}). Restore it from a backup, or move it away and ingest "
            "the articles again."
        )
    if "locked" in cause or "busy" in cause:
        return ArchiveError(
            f"The catalog {path} has been busy for a minute. Another process holds it: wait for it or stop it, "
            "then try again."
        )
    if "unable to open" in cause or "readonly" in cause:
        return ArchiveError(
            f"The catalog {path} cannot be opened for writing ({error.orig}). Check the owner of {path.parent} "
            "and NEWSDESK_DATA_DIR."
        )
    return ArchiveError(f"The catalog {path} could not do its work ({error.orig}). Run: python -m bot doctor")


def _of_postgresql(error: DBAPIError, database: str) -> ArchiveError:
    where, state = shown(database), str(getattr(error.orig, "sqlstate", None) or "")
    cause = " ".join(str(error.orig).split())[:300]
    if state.startswith("53"):
        return DiskFull(
            f"{where} has no room or no free connection left ({cause}). Nothing that was in is lost; see to the "
            "server and run again."
        )
    if state in ("25006", "42501"):
        return ArchiveError(
            f"{where} does not let this user write ({cause}). The user needs CREATE on the database: GRANT "
            "CREATE ON DATABASE name TO user"
        )
    if (
        error.connection_invalidated
        or state.startswith(("08", "57P"))
        or (not state and isinstance(error, OperationalError | InterfaceError))
    ):
        return ArchiveError(
            f"{where} cannot be reached, or the connection was lost ({cause}). Nothing that was in is lost. "
            "Check the server and NEWSDESK_CATALOG__URL, then run the same command again."
        )
    return ArchiveError(f"{where} could not do its work ({cause}). Run: python -m bot doctor")
