"""Reads the records of files, fetched pages and ingest runs."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, or_, select

from index.store.rows import (
    FetchRecord,
    FileRecord,
    chunks,
    file_of,
)
from index.store.schema import (
    failures,
    fetches,
    files,
    runs,
)


class RunQueries:
    """The part of a snapshot about files, pages and runs."""

    _connection: Connection

    def files(self, paths: Sequence[str]) -> dict[str, FileRecord]:
        """Return what is known of some files, by path."""
        found = {}
        for chunk in chunks(paths):
            for row in self._connection.execute(select(files).where(files.c.path.in_(chunk))):
                found[row.path] = file_of(row)
        return found

    def failed_files(self) -> list[FileRecord]:
        """Return the files of which something failed for good, by path."""
        return [
            file_of(row)
            for row in self._connection.execute(
                select(files).where(files.c.failure.is_not(None)).order_by(files.c.path)
            )
        ]

    def passing_failures(self) -> list[tuple[int, str, str]]:
        """Return what failed in a run and is tried again by every run over it: (run, path, reason), newest first."""
        query = select(failures.c.run, failures.c.path, failures.c.reason).order_by(
            failures.c.run.desc(), failures.c.row
        )
        return [(row.run, row.path, row.reason) for row in self._connection.execute(query)]

    def files_under(self, folder: str) -> Iterator[str]:
        """Yield the paths of the files in a folder, or the path itself if it is a file that is in."""
        rows = self._connection.execute(
            select(files.c.path).where(under(files.c.path, folder)), execution_options={"yield_per": 1_000}
        )
        for row in rows:
            yield row.path

    def fetch(self, url: str) -> FetchRecord | None:
        """Return a page or feed as it was last fetched from an address, None if it never was."""
        row = self._connection.execute(select(fetches).where(fetches.c.url == url)).first()
        return FetchRecord(**{**row._mapping, "body": zlib.decompress(row.body)}) if row else None

    def fetched(self, urls: Sequence[str]) -> dict[str, str]:
        """Return the keys of the articles that were fetched from some addresses, by address."""
        found: dict[str, str] = {}
        for chunk in chunks(urls):
            rows = self._connection.execute(
                select(fetches.c.url, fetches.c.key).where(fetches.c.url.in_(chunk), fetches.c.key.is_not(None))
            )
            found.update({row.url: row.key for row in rows})
        return found

    def runs(self, limit: int | None) -> list[dict[str, Any]]:
        """Return the reports of the last ingest runs (None: all), newest first; ``report`` is None for one that ended
        without a word.
        """
        return self._reports(select(runs).order_by(runs.c.number.desc()).limit(limit))

    def runs_after(self, number: int) -> list[dict[str, Any]]:
        """Return the reports of the ingest runs after one, oldest first."""
        return self._reports(select(runs).where(runs.c.number > number).order_by(runs.c.number))

    def _reports(self, chosen: Select[Any]) -> list[dict[str, Any]]:
        return [
            {
                "run": row.number,
                "started": row.started,
                "seconds": row.seconds,
                "report": row.report and json.loads(row.report),
            }
            for row in self._connection.execute(chosen)
        ]


def under(path: Column[Any], folder: str) -> ColumnElement[bool]:
    """Limit a statement to a path and what lies under it."""
    prefix = folder.rstrip("/") + "/"
    return or_(path == folder, and_(path > prefix, path < prefix[:-1] + "0"))  # "0" follows "/" in ASCII
