"""Vectors in the catalog's own PostgreSQL, by the extension pgvector: an article and its vectors are replaced in one
transaction.

A state's vectors are a table with an HNSW index. Readers search it in their own snapshot, so each sees the vectors of
its state, and a run that dies leaves nothing to clean up. A rebuild fills a new table with a name of its own. The state
with that name is published when the table is complete.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    FromClause,
    String,
    TableClause,
    bindparam,
    cast,
    column,
    delete,
    func,
    select,
    table,
    text,
    true,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import UserDefinedType

from index.errors import SettingsError, VectorsError
from index.model.embedder import Vectors
from index.store.rows import ANYTHING, Generation, Scope, chunks
from index.store.snapshot import Snapshot
from index.vectors.engine import TABLE_PREFIX, Changes, Index, Item, batches

if TYPE_CHECKING:
    from index.store.catalog import Catalog
    from index.store.transaction import Transaction

_OLDEST = (0, 8)  # from then on a search goes on until it has enough that lies in the scope
_AT_ONCE = 2_000  # vectors sent together
_EXACT = 20_000  # passages; a scope this small is compared in full
# the defaults; twice the construction gains 0.001 of recall@10 and costs twice the time
_GRAPH = "m = 16, ef_construction = 64"
_SEEN = 200  # hnsw.ef_search: recall@10 0.998 at 96,000 passages
_LOST = ("08", "57P", "53", "25P04")  # sqlstates of a server that went down or has no room: no fault of the vectors


class _HalfVec(UserDefinedType[Any]):
    """pgvector's type of vectors whose numbers have two bytes, in the schema that holds the extension."""

    cache_ok = True

    def __init__(self, at: str) -> None:
        self.at = at

    def get_col_spec(self, **_: Any) -> str:
        return f"{self.at}.halfvec"


class Table:
    """The vectors of a state, searched in one snapshot of the catalog."""

    scopes = True
    most = 5_000

    def __init__(self, snapshot: Snapshot, name: str, at: str) -> None:
        self._snapshot, self._name, self._at = snapshot, name, at

    def nearest(self, query: Vectors, limit: int, scope: Scope = ANYTHING) -> list[tuple[str, float]]:
        """Return ids and cosine similarities of the nearest passages in a scope, best first. Raises VectorsError."""
        stored: FromClause = _table(self._name)
        inside: ColumnElement[bool] = true()
        if scope:
            inside = stored.c.article_id.in_(self._snapshot.inside(scope))
            if self._snapshot.allowed(scope) <= _EXACT:
                # First what is in the scope, then how near it is: else the graph would be walked until enough of it
                # turned up.
                stored, inside = select(stored).where(inside).cte("each").prefix_with("MATERIALIZED"), true()
        asked = cast(bindparam("query", _written(query), String), _HalfVec(self._at))
        distance = stored.c.vector.op(f"OPERATOR({self._at}.<=>)", return_type=Float())(asked).label("distance")
        statement = select(stored.c.id, distance).where(inside).order_by(distance).limit(limit)
        with _translated():
            self._connection.execute(text(_CAREFUL), {"seen": str(max(_SEEN, min(limit, 1_000)))})
            rows = self._connection.execute(statement)
            found = [(row.id, 1.0 - float(row.distance)) for row in rows]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def count(self) -> int:
        """Return how many vectors there are. Raises VectorsError."""
        with _translated():
            return int(self._connection.scalar(select(func.count()).select_from(_table(self._name))) or 0)

    def ids(self) -> set[str]:
        """Return the ids of all vectors. Raises VectorsError."""
        with _translated():
            return set(self._connection.scalars(select(_table(self._name).c.id)))

    def close(self) -> None:
        """Do nothing: the snapshot is another's."""

    @property
    def _connection(self) -> Connection:
        return self._snapshot.connection


_MEMORY = (
    "SELECT set_config('maintenance_work_mem', greatest(setting::bigint, 524288)::text, true) FROM pg_settings WHERE "
    "name = 'maintenance_work_mem'"
)
# A search goes on where what it found is out of scope, or was replaced and is not vacuumed yet.
_CAREFUL = """SELECT set_config('hnsw.ef_search', :seen, true), set_config('hnsw.iterative_scan', 'relaxed_order',
true),
    set_config('hnsw.max_scan_tuples', '40000', true)"""


class PgVector:
    """The engine: tables in the catalog's database."""

    url: str | None = None
    steady = True
    per_snapshot = True
    spare = 1

    def __init__(self, catalog: Catalog) -> None:
        """Take a catalog in PostgreSQL."""
        self._catalog = catalog

    def open(self, generation: Generation, snapshot: Snapshot) -> Table:
        """Open a state for search in a snapshot.

        Raises VectorsError if its table is gone or cannot be searched quickly.
        """
        name, at = generation.name, _extension(snapshot.connection)
        query = """SELECT indisvalid FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attname = 'vector'
            WHERE indrelid = to_regclass(:name) AND indexrelid = to_regclass(:graph)"""
        named = name.startswith(TABLE_PREFIX) and name.isidentifier()
        if (
            at is None
            or not named
            or not snapshot.connection.scalar(text(query), {"name": name, "graph": f"{name}_graph"})
        ):
            raise VectorsError(
                f"The vectors are not in {self._catalog.where}: its table {name} or that one's index is missing."
            )
        return Table(snapshot, name, at)

    def complete(self, index: Index, generation: Generation) -> None:
        """Do nothing: what a snapshot shows stays as it is."""

    def ping(self, generation: Generation, snapshot: Snapshot) -> None:
        """Find out whether a state can be searched, without reading it. Raises VectorsError."""
        self.open(generation, snapshot)

    def check(self, generation: Generation, snapshot: Snapshot) -> None:
        """Find out whether a state is whole. Raises VectorsError."""
        found = self.open(generation, snapshot).count()
        if found != generation.passages:
            raise VectorsError(
                f"The table {generation.name} in {self._catalog.where} holds {found} passages, the catalog "
                f"{generation.passages}."
            )

    def write(
        self, previous: Generation | None, number: int, changes: Changes, added: int, total: int
    ) -> tuple[Generation, Changes]:
        """Fill a new table, if there is none to change; what changes in one is left for the transaction that publishes
        the change.

        Raises VectorsError.
        """
        if previous is not None and previous.passages:  # an empty table does not know how long vectors are
            with self._catalog.snapshot() as snapshot:
                self.open(previous, snapshot)
            return Generation(number, previous.name, total), changes
        name = f"{TABLE_PREFIX}{number}_{secrets.token_hex(3)}"
        # Until a state that names the table is published nobody looks at it; a later run removes what a dead one left.
        with self._catalog.transaction() as transaction, _translated():
            connection = transaction.connection
            at = _created(connection, self._catalog.where)
            found = _fill(connection, name, at, changes.add)
            if found != total:
                raise VectorsError(
                    f"The new table {name} in {self._catalog.where} holds {found} passages, not {total}. Run: "
                    "python -m bot rebuild"
                )
        return Generation(number, name, total), Changes()

    def commit(self, transaction: Transaction, generation: Generation, left: Changes, unneeded: Sequence[str]) -> None:
        """Replace the vectors of the articles that the same transaction replaces. Raises VectorsError."""
        with _translated():
            stored = _table(generation.name)
            for ids in chunks(left.drop):
                transaction.connection.execute(delete(stored).where(stored.c.id.in_(ids)))
            for items in batches(left.add, _AT_ONCE):
                _send(transaction.connection, generation.name, items)

    def tidy(self, kept: set[str]) -> None:
        """Remove every table of vectors but some."""
        sweep(self._catalog, kept)


def sweep(catalog: Catalog, kept: set[str]) -> None:
    """Remove every table of vectors from a catalog in PostgreSQL but some: those of runs that died, and those no reader
    needs.
    """
    query = text(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND starts_with(tablename, :prefix)"
    )
    with catalog.snapshot() as snapshot:
        found = [name for name in snapshot.connection.scalars(query, {"prefix": TABLE_PREFIX}) if name not in kept]
    if found:
        with catalog.transaction() as transaction:
            connection = transaction.connection
            connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            for name in found:
                # Of one that somebody still reads (a backup) the next run disposes.
                with contextlib.suppress(DBAPIError), connection.begin_nested():
                    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")


def _table(name: str) -> TableClause:
    return table(name, column("id", String), column("article_id", String), column("vector"))


def _extension(connection: Connection) -> str | None:
    """Return the schema that holds the extension, quoted, None if it is not there."""
    query = (
        "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE "
        "extname = 'vector'"
    )
    found: str | None = connection.scalar(text(query))
    return found


def _created(connection: Connection, where: str) -> str:
    """Make the extension if need be and return its schema. Raises SettingsError if it cannot be had."""
    try:
        with connection.begin_nested():
            if _extension(connection) is None:
                connection.execute(text("CREATE EXTENSION vector"))
    except DBAPIError as error:
        if _lost(error):
            raise
        cause = str(error.orig).splitlines()[0]
        raise SettingsError(
            f"NEWSDESK_VECTORS__ENGINE is pgvector, but {where} does not have the extension vector and it could "
            f"not be made ({cause}). "
            "Install pgvector on that server and have an administrator run: CREATE EXTENSION vector"
        ) from error
    version = str(connection.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")))
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        raise SettingsError(
            f"The extension vector in {where} is version {version}; newsdesk needs 0.8 or newer: ALTER EXTENSION "
            "vector UPDATE"
        )
    found = _extension(connection)
    assert found is not None
    return found


def _fill(connection: Connection, name: str, at: str, items_in: Iterable[list[Item]]) -> int:
    sent = batches(items_in, _AT_ONCE)
    first = next(sent, [])
    dimensions = len(first[0][1]) if first else 1
    columns = f'id text COLLATE "C", article_id text COLLATE "C" NOT NULL, vector {at}.halfvec({dimensions}) NOT NULL'
    connection.exec_driver_sql(f"CREATE TABLE {name} ({columns})")
    found = 0
    for items in itertools.chain([first], sent):
        _send(connection, name, items)
        found += len(items)
    # After the rows, and in memory: row by row the graph takes several times as long.
    connection.exec_driver_sql(_MEMORY)
    connection.exec_driver_sql(
        f"CREATE INDEX {name}_graph ON {name} USING hnsw (vector {at}.halfvec_cosine_ops) WITH ({_GRAPH})"
    )
    connection.exec_driver_sql(f"CREATE INDEX {name}_article ON {name} (article_id)")
    connection.exec_driver_sql(f"ALTER TABLE {name} ADD PRIMARY KEY (id)")
    connection.exec_driver_sql(f"ANALYZE {name}")
    return found


def _send(connection: Connection, name: str, items: Sequence[Item]) -> None:
    """Send vectors as PostgreSQL reads them fastest: a COPY in its binary form, each number in two bytes."""
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {name} (id, article_id, vector) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for passage, vector in items:
            half = struct.pack(">HH", len(vector), 0) + np.asarray(vector, ">f2").tobytes()
            fields = (passage.id.encode(), passage.article_id.encode(), half)
            copy.write(
                struct.pack(">h", len(fields)) + b"".join(struct.pack(">i", len(field)) + field for field in fields)
            )
        copy.write(b"\xff\xff")


def _written(vector: Vectors) -> str:
    return "[" + ",".join(f"{number:.7g}" for number in vector.tolist()) + "]"


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Raise what PostgreSQL says about the vectors as a VectorsError; the catalog
    explains a lost connection and a full disk.
    """
    from psycopg import Error

    try:
        yield
    except (DBAPIError, Error) as error:
        failure = error if isinstance(error, DBAPIError) else DBAPIError.instance(None, None, error, Error)
        assert isinstance(failure, DBAPIError)
        if _lost(failure):
            raise failure from error
        raise VectorsError(
            f"The vectors in PostgreSQL could not be used: {' '.join(str(failure.orig).split())[:200]}."
        ) from error


def _lost(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or not state or state.startswith(_LOST)
