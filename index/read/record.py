"""Records: articles as they were saved, before cleaning. Every reader yields them, from bytes in any encoding."""

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

    Unless it is ``passing`` it is not read again until its file changes.
    """

    path: str
    reason: str
    line: int | None = None
    passing: bool = False


UNSHOWN = "not shown by the page"  # why a line is listed as left out: the text has some that the page does not show


@dataclass(frozen=True, slots=True)
class Record:
    """One article as it was saved; ``path`` names it for people, ``digest`` is of everything it was made from.

    ``metadata`` is what the file itself says. ``speaks`` is False where its text is known to say nothing of itself
    beyond that (a web page, whose text no longer has its byline and date; a mail, whose header says it all). ``made``
    is when a document was written: its date, if neither it nor its sidecar nor its text names a better one.
    ``extracted`` says that the text was taken out of a page's own markup; ``left_out`` are the lines of the page that
    it is without: (line, reason, number of lines of the text before it).
    """

    path: str
    digest: str
    text: str
    metadata: Metadata
    url: str | None = None
    language: str | None = None
    speaks: bool = True
    made: date | None = None
    extracted: bool = False
    left_out: tuple[tuple[str, str, int], ...] = ()


# The names of fields in the exports of other systems, best first.
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
    """Return the value of a field by the first of its names that has one, None if none has."""
    return next((said[alias] for alias in _NAMES[name] if said.get(alias)), None)


def record_of(path: str, digest: str, text: str, said: Mapping[str, Any]) -> Record:
    """Make a record from fields that a file names, in any of their usual spellings."""
    published, published_at = moment_of(field_of(said, "published"))
    metadata = Metadata(
        _name_of(field_of(said, "title")),
        _name_of(field_of(said, "publisher")),
        people(field_of(said, "author")),
        published,
        published_at,
    )
    return Record(path, digest, text, metadata, web_address(field_of(said, "url")), line_of(field_of(said, "language")))


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
    """Fill the gaps in what one source says about an article from another source."""
    dated = first if first.published else second  # day and hour come from the same source
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


def decoded(raw: bytes) -> str:
    """Return the text of some bytes: by their byte order mark, as UTF-8, else in the most likely encoding.

    Raises UnreadableError for what is not text.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    even, odd = raw[:4_000:2].count(0), raw[1:4_000:2].count(0)
    if max(even, odd) > 0.3 * len(raw[:4_000]) and min(even, odd) * 10 < max(
        even, odd
    ):  # UTF-16 without a mark, of Latin text
        text = raw.decode("utf-16-le" if odd > even else "utf-16-be", "replace")
        if sum(char.isprintable() or char.isspace() for char in text[:2_000]) > 0.9 * len(text[:2_000]):
            return text
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = _guessed(raw)
    controls = len(re.findall(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]", text[:100_000]))
    if controls > 0.1 * min(len(text), 100_000):
        raise UnreadableError("is not text but binary; convert it to text, or remove it")
    return text


def _guessed(raw: bytes) -> str:
    from charset_normalizer import from_bytes

    matches = from_bytes(raw[:200_000])
    best = matches.best()
    # Short texts fit several code pages alike; Windows' Latin-1 is by far the most common.
    western = next((match for match in matches if "cp1252" in (match.encoding, *match.could_be_from_charset)), None)
    if best is None or (western is not None and western.chaos <= best.chaos) or _reads_as_western(raw):
        return raw.decode("cp1252", "replace")
    return raw.decode(best.encoding, "replace")


def _reads_as_western(raw: bytes) -> bool:
    """Tell whether the bytes above ASCII are few and are accented letters or typographic marks in Windows' Latin-1."""
    high = [byte for byte in raw[:200_000] if byte >= 0x80]
    usual = set("àâäáãåæçèéêëìíîïñòóôõöøùúûüßœÀÂÄÁÅÆÇÈÉÊËÎÏÑÓÔÖØÙÛÜ€£§°«»“”„‘’–—…·".encode("cp1252"))
    return len(high) < 0.1 * len(raw[:200_000]) and all(byte in usual for byte in high)
