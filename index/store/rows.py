"""The records of the catalog besides articles and passages, as dataclasses, and how they are made from its rows."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select

from index.articles import Article, Passage, Source

_T = TypeVar("_T")
CHUNK = 500  # values in one IN (…): SQLite allows 32,766, older ones 999
PORTION = 8_192  # rows read at a time

# A line that cleaning left out, why, and where it stood in the cleaned text (None: not known).
CutLine = tuple[str, str, int | None]


@dataclass(frozen=True, slots=True)
class Generation:
    """A published state of the archive: its number, and the name of the folder, collection or table of its vectors."""

    number: int
    name: str
    passages: int
    dead: int = 0


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was when it was last read.

    ``articles`` counts its articles, ``failed`` those that cannot be read until the file changes; ``failures`` are the
    first of these, each (the article's path, reason, line). ``run`` is the run that read the file.
    ``digest`` is "" for a file that was not read because it is too large.
    """

    path: str
    size: int
    mtime_ns: int
    digest: str
    articles: int
    run: int = 0
    failed: int = 0
    failures: tuple[tuple[str, str, int | None], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class FetchRecord:
    """A page or feed of the web as it was when it was last fetched.

    ``key`` is what its article's id is made of; None for a feed.
    """

    url: str
    key: str | None
    final_url: str
    etag: str | None
    last_modified: str | None
    content_type: str
    digest: str
    fetched: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Version:
    """An article as it was before it was replaced, and when that was (ISO 8601, UTC)."""

    article: Article
    replaced: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Which articles a question is about; None means any. Undated articles are in any time."""

    since: date | None = None
    until: date | None = None
    publisher: str | None = None

    def __bool__(self) -> bool:
        """Tell whether the scope leaves any article out."""
        return self != ANYTHING

    def narrowed(self, since: date | None, until: date | None) -> Scope:
        """Return the part of this scope that lies between two days."""
        first = max((day for day in (self.since, since) if day), default=None)
        return Scope(first, min((day for day in (self.until, until) if day), default=None), self.publisher)


ANYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Outline:
    """A passage without its text, and what ranking asks of its article."""

    id: str
    article_id: str
    start: int
    end: int
    published: date | None
    publisher: str | None
    digest: str  # of the article's text


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as the catalog stores it: with its file, the digest of the original and the lines that were cut."""

    article: Article
    file: str
    original_digest: str
    cut: tuple[CutLine, ...]
    passages: tuple[Passage, ...]


def source_of(row: Row[Any]) -> Source:
    """Return the source in a row of articles."""
    return Source(
        row.id, row.title, row.publisher, row.author, row.url, row.path, row.published, row.language, row.published_at,
        row.date_source, bool(row.teaser),
    )  # fmt: skip


def article_of(row: Row[Any]) -> Article:
    """Return the article in a row of articles."""
    return Article(source_of(row), row.text, row.digest)


def version_of(row: Row[Any]) -> Version:
    """Return the former version of an article in a row of versions."""
    said: dict[str, Any] = json.loads(row.source)
    published = said.pop("published")
    source = Source(**said, published=date.fromisoformat(published) if published else None)
    return Version(
        Article(source, zlib.decompress(row.text).decode("utf-8", "surrogatepass"), row.digest), row.replaced
    )


def file_of(row: Row[Any]) -> FileRecord:
    """Return the record in a row of files."""
    said: dict[str, Any] = json.loads(row.failure) if row.failure else {"run": 0, "count": 0, "failures": []}
    failures = tuple((path, reason, line) for path, reason, line in said["failures"])
    return FileRecord(row.path, row.size, row.mtime_ns, row.digest, row.articles, said["run"], said["count"], failures)


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Yield values in portions that fit into one ``IN (…)``."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def portions(connection: Connection, statement: Select[Any]) -> Iterator[Sequence[Any]]:
    """Yield the driver's own rows: to make SQLAlchemy's of a hundred thousand takes as long as to read them."""
    rows = connection.execute(statement)
    assert rows.cursor is not None
    while portion := rows.cursor.fetchmany(PORTION):
        yield portion
    rows.close()
