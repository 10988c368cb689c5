"""A copy of a database: row by row from SQLite to PostgreSQL or back, then read again and compared by digests.

All of it is one transaction of the target: a copy that dies leaves nothing, and one that differs is not kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from index.errors import ArchiveError, SettingsError
from index.store import dialect, keywords
from index.store.catalog import Catalog
from index.store.dialect import Place
from index.store.schema import metadata, passages

_AT_ONCE = 1_000  # rows
_FILE = "catalog.sqlite3"

Copied = dict[str, tuple[int, str]]  # rows and digest, by table


def target(said: str) -> tuple[Place, Path]:
    """Return the catalog's place and the data folder that ``copy --to`` names.

    Raises SettingsError if it names none.
    """
    if said.startswith(("postgresql", "postgres:")):
        return said, Path()
    if said.startswith("sqlite:///"):
        path = Path(said.removeprefix("sqlite:///"))
        if path.name != _FILE:
            raise SettingsError(f"A catalog's file is named {_FILE}. Write: --to sqlite:///{path.parent / _FILE}")
        return path, path.parent
    if "://" in said:
        raise SettingsError(
            f"{said.partition(':')[0]} is no database that newsdesk knows. Write "
            "postgresql+psycopg://USER@HOST/NAME, or a folder."
        )
    return Path(said) / _FILE, Path(said)


def copy_catalog(source: Catalog, place: Place) -> Copied:
    """Copy a catalog into a new one and return rows and digest of every table. The caller holds the source's lock.

    Raises ArchiveError if the target holds something already or what arrived is not what was there.
    """
    there = Catalog(place)
    try:
        with source.snapshot() as snapshot, there.transaction() as transaction:
            old, new = snapshot.connection, transaction.connection
            found = copied(metadata.sorted_tables, old, new, there.where, may_hold=("facts",))
            found["passage_terms"] = _keywords(old, new)
            return found
    except DBAPIError as error:
        raise dialect.explained(error, place) from error
    finally:
        there.close()


def copied(
    tables: Sequence[Table],
    old: Connection,
    new: Connection,
    where: str,
    *,
    may_hold: Collection[str] = (),
    left_out: Collection[str] = (),
) -> Copied:
    """Copy tables from one transaction to another and return their rows and digests.

    ``may_hold``: tables that a new database has rows in; these are replaced. Raises ArchiveError if others hold any, or
    the digests differ.
    """
    tables = [each for each in tables if each.name not in left_out]
    for each in tables:
        if each.name not in may_hold and new.execute(select(each).limit(1)).first():
            raise ArchiveError(
                f"{where} is not empty: there are {each.name} in it. Name a new database or folder, or remove "
                "that one yourself."
            )
    for each in tables:
        if each.name in may_hold:
            new.execute(delete(each))
        for rows in _rows(old, each):
            new.execute(insert(each), [dict(zip(each.columns.keys(), row, strict=True)) for row in rows])
        _go_on_counting(new, each)
    found = {each.name: _digest(old, each) for each in tables}
    for each in tables:
        _compare(each.name, found[each.name], _digest(new, each))
    return found


def _keywords(old: Connection, new: Connection) -> tuple[int, str]:
    for rows in _passages(old):
        terms = keywords.terms_of(old, rows)
        keywords.put(new, [(row, *terms[row]) for row in rows])
    digest = _digest_of_keywords(old)
    _compare("passage_terms", digest, _digest_of_keywords(new))
    return digest


def _passages(connection: Connection) -> Iterator[list[int]]:
    rows = connection.scalars(
        select(passages.c.row).order_by(passages.c.row), execution_options={"yield_per": _AT_ONCE}
    )
    for part in rows.partitions():
        yield list(part)


def _digest_of_keywords(connection: Connection) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for rows in _passages(connection):
        held = keywords.terms_of(connection, rows)
        for row in rows:
            digest.update(repr((row, held[row])).encode())
        count += len(held)
    return count, digest.hexdigest()


def _rows(connection: Connection, each: Table) -> Iterator[Sequence[Any]]:
    query = select(each).order_by(*each.primary_key.columns)
    yield from connection.execute(query, execution_options={"yield_per": _AT_ONCE}).partitions()


def _digest(connection: Connection, each: Table) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for rows in _rows(connection, each):
        for row in rows:
            digest.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
        count += len(rows)
    return count, digest.hexdigest()


def _compare(name: str, old: tuple[int, str], new: tuple[int, str]) -> None:
    if old != new:
        raise ArchiveError(
            f"The table {name} did not arrive as it was ({old[0]} rows, {new[0]} arrived); nothing is kept of "
            "the copy. Please report it."
        )


def _go_on_counting(connection: Connection, each: Table) -> None:
    """Let PostgreSQL number new rows after those that brought their numbers along."""
    counted = each.autoincrement_column
    if counted is None or not dialect.is_postgresql(connection):
        return
    last = connection.scalar(select(func.max(counted)))
    if last:
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"),
            {"table": each.name, "column": counted.name, "last": last},
        )
