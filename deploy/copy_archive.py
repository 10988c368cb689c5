"""Copy archive and journal into another, empty database: python deploy/copy_archive.py --to URL.

Rows go one by one from SQLite to PostgreSQL or back; then both sides are read again and compared by digests. Each of
the two is one transaction of the target: a copy that dies leaves nothing, and one that differs is not kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from bot.journal import tables as journal_tables
from bot.journal.journal import SCHEMA as JOURNAL_SCHEMA
from bot.journal.journal import Journal, journal_at
from bot.wiring import opened_archive
from index.errors import ArchiveError, NewsdeskError, SettingsError
from index.store import dialect, keywords
from index.store.catalog import Catalog
from index.store.dialect import Database
from index.store.schema import metadata, passages
from index.text import printable
from settings import Settings, load

_AT_ONCE = 1_000  # rows
_FILE = "catalog.sqlite3"

Copied = dict[str, tuple[int, str]]  # rows and digest, by table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script and return its exit code: 0 copied, 2 nothing was done."""
    parser = argparse.ArgumentParser(
        prog="copy_archive.py",
        description="Copy the archive and the bot's journal into another, empty database, and compare what arrived. "
        "Stop ingests and bots first.",
    )
    where = "postgresql+psycopg://USER@HOST/NAME, sqlite:///PATH or a data folder"
    parser.add_argument("--to", required=True, metavar="DATABASE", help=where)
    parser.add_argument("--json", action="store_true")
    parsed = parser.parse_args(arguments)
    try:
        catalog, folder = target(parsed.to)
        found = copy_all(load(), catalog, folder)
    except NewsdeskError as error:
        print(f"copy_archive.py: {error}", file=sys.stderr)
        return 2
    if parsed.json:
        print(json.dumps(found))
    else:
        _print_what_to_do(found, catalog, folder)
    return 0


def copy_all(settings: Settings, catalog: Database, folder: Path) -> Copied:
    """Copy the archive and the journal of the settings, and return rows and digest of every table."""
    journal = journal_at(catalog if isinstance(catalog, str) else None, folder)
    with opened_archive(settings) as archive, archive.writing():
        found = copy_catalog(archive.catalog, catalog)
        return found | copy_journal(journal_at(settings.database(), settings.data_dir), journal)


def _print_what_to_do(found: Copied, catalog: Database, folder: Path) -> None:
    for name, (rows, digest) in found.items():
        print(f"{name:<28} {rows:>10,} rows  {digest[:16]}")
    print("Everything arrived as it was. Nothing was changed here.")
    if isinstance(catalog, str):
        print("To use the copy, set NEWSDESK_CATALOG__URL to it; then: python -m bot doctor")
        print(
            "To have its vectors in PostgreSQL too, set NEWSDESK_VECTORS__ENGINE=pgvector as well; then: python "
            "-m bot rebuild"
        )
    else:
        print(
            f"To use the copy, unset NEWSDESK_CATALOG__URL and set NEWSDESK_DATA_DIR={printable(str(folder))}; "
            "then: python -m bot rebuild"
        )


def target(said: str) -> tuple[Database, Path]:
    """Return the database and the data folder that ``--to`` names.

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


def copy_catalog(source: Catalog, database: Database) -> Copied:
    """Copy a catalog into a new one and return rows and digest of every table. The caller holds the source's lock.

    Raises ArchiveError if the target holds something already or what arrived is not what was there.
    """
    there = Catalog(database)
    try:
        with source.snapshot() as snapshot, there.transaction() as transaction:
            old, new = snapshot.connection, transaction.connection
            found = copied(metadata.sorted_tables, old, new, there.where, may_hold=("facts",))
            found["passage_terms"] = _keywords(old, new)
            return found
    except DBAPIError as error:
        raise dialect.explained(error, database) from error
    finally:
        there.close()


def copy_journal(source: Database, target: Database) -> Copied:
    """Copy a journal, if there is one, into a new one and return rows and digest of every table.

    Raises ArchiveError if the target holds something already.
    """
    if isinstance(source, Path) and not source.exists():
        return {}
    for database in (source, target):
        Journal(database).close()  # makes its tables
    here, there = (dialect.opened(database, JOURNAL_SCHEMA) for database in (source, target))
    try:
        with dialect.reading(here) as old, dialect.writing(there, alone=False) as new:
            return copied(
                journal_tables.metadata.sorted_tables,
                old,
                new,
                dialect.shown(target),
                may_hold=("facts",),
                left_out=("bots", "windows"),
            )
    except DBAPIError as error:
        raise dialect.explained(error, target) from error
    finally:
        here.dispose()
        there.dispose()


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


if __name__ == "__main__":
    sys.exit(main())
