"""Articles as they were saved, before cleaning: what every reader yields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from index.errors import UnreadableError
from index.read.text_metadata import Metadata, from_text, moment_of


@dataclass(frozen=True, slots=True)
class File:
    """A file that may hold articles, as the file system describes it; ``path`` is absolute.

    ``size`` (bytes) and ``mtime_ns`` are sums over the file and its ``sidecar``, so that a change of either shows.
    """

    path: str
    size: int
    mtime_ns: int
    sidecar: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be read, and what to do about it.

    What is not ``passing`` failed for good: it is not read again until its file changes.
    """

    path: str
    reason: str
    line: int | None = None
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One article as it was saved; ``place`` names it for people, ``digest`` is of everything it was made from.

    ``metadata`` is what the file itself says. ``speaks`` is False where its text is known to say nothing of itself
    beyond that (a web page, whose text no longer has its byline and date; a mail, whose header says it all). ``made``
    is when a document was written: its date, if neither it nor its sidecar nor its text names a better one.
    """

    place: str
    digest: str
    text: str
    metadata: Metadata
    url: str | None = None
    language: str | None = None
    speaks: bool = True
    made: date | None = None


# The names that exports of other systems give to the same things, best first.
_NAMES = {
    "title": ("title", "headline", "name"),
    "publisher": ("source", "publisher", "site_name", "outlet", "provider"),
    "author": ("authors", "author", "byline", "creator"),
    "published": (
        "date",
        "published",
        "datePublished",
        "published_at",
        "publishedAt",
        "date_published",
        "pubDate",
        "publication_date",
        "created_at",
    ),
    "url": ("url", "link", "canonical_url"),
    "language": ("language", "lang", "inLanguage"),
    "text": ("text", "articleBody", "body", "content"),
}


def field_of(said: Mapping[str, Any], name: str) -> Any:
    """Return a field under the first of its names that has a value, None if none has."""
    return next((said[alias] for alias in _NAMES[name] if said.get(alias)), None)


def record_of(place: str, digest: str, text: str, said: Mapping[str, Any]) -> Record:
    """Make a record from fields that a file names, in any of their usual spellings."""
    published, published_at = moment_of(field_of(said, "published"))
    metadata = Metadata(
        _name_of(field_of(said, "title")),
        _name_of(field_of(said, "publisher")),
        people(field_of(said, "author")),
        published,
        published_at,
    )
    return Record(
        place, digest, text, metadata, web_address(field_of(said, "url")), line_of(field_of(said, "language"))
    )


def completed(record: Record, sidecar: Record | None = None) -> Record:
    """Fill what a file does not say of itself from its sidecar, else from its text."""
    if sidecar is not None:
        record = replace(
            record,
            metadata=filled(record.metadata, sidecar.metadata),
            url=record.url or sidecar.url,
            language=record.language or sidecar.language,
        )
    known = record.metadata
    if record.speaks and not (known.title and known.publisher and known.published):
        known = filled(known, from_text(record.text))
    return replace(record, metadata=known if known.published else replace(known, published=record.made))


def filled(first: Metadata, second: Metadata) -> Metadata:
    """Fill what one source does not say of an article from another."""
    dated = first if first.published else second  # a day and its hour come from one hand
    return Metadata(
        first.title or second.title,
        first.publisher or second.publisher,
        first.author or second.author,
        dated.published,
        dated.published_at,
    )


def people(value: Any) -> str | None:
    """Return names, given as a text, an object with a name, or a list of these, as "Ann Lee, Bo Dahl"."""
    names = [_name_of(item) for item in value] if isinstance(value, list) else [_name_of(value)]
    if len(names) == 1 and names[0]:
        names = [re.sub(r"^(?:by|von|par)\s+(?=[A-ZÀ-Þ])", "", names[0], flags=re.I)]
    return ", ".join(dict.fromkeys(name for name in names if name)) or None


def _name_of(value: Any) -> str | None:
    return line_of(value.get("name")) if isinstance(value, dict) else line_of(value)


def web_address(value: Any) -> str | None:
    """Return an http or https address, None for anything else."""
    url = line_of(value)
    return url if url and url.startswith(("http://", "https://")) else None


def line_of(value: object) -> str | None:
    """Return a field as one line of text without control characters, None if it is empty or not a text or number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", str(value)).split())[:1_000] or None


def check_size(size: int, limit: int, what: str = "is") -> None:
    """Raise UnreadableError for an article of more bytes than the limit."""
    if size > limit:
        raise UnreadableError(
            f"{what} {size / 2**20:,.1f} MB, more than the {limit / 2**20:,.0f} MB an article may have "
            "(NEWSDESK_INGEST__MAX_MB)"
        )
