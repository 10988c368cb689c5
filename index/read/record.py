"""Records: articles as they were saved, before cleaning. Every reader yields them, from bytes in any encoding."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from index.dates import moment_of
from index.errors import UnreadableError
from index.read.fields import field_of, value_of, values_of
from index.read.text_metadata import Metadata, from_text

# Letters that print joins; a quote of them reads and is found by their letters.
LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_SIGNS = "+-−0123456789"
RAISED, LOWERED = str.maketrans(_SIGNS, "⁺⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹"), str.maketrans(_SIGNS, "₊₋₋₀₁₂₃₄₅₆₇₈₉")


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
    ``extracted`` says that the text is the article's own, not all that a page shows: it was taken out of markup, of a
    document or of a field. ``left_out`` are the lines that it is without: (line, reason, number of lines of the text
    before it). ``teaser`` says that it is only the beginning of an article to be paid for.
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
    teaser: bool = False


def record_of(path: str, digest: str, text: str, said: Mapping[str, Any], day_first: bool | None = None) -> Record:
    """Make a record from fields that a file names, in any of their usual spellings.

    ``day_first`` says how the file means "03/04/2025", None where it does not say.
    """
    moments = [moment_of(value, day_first) for value in values_of(said, "published")]
    published = next((day for day, _ in moments if day), None)
    published_at = next((moment for day, moment in moments if moment and day == published), None)
    title = field_of(said, "title")
    metadata = Metadata(
        line_of(html.unescape(title) if isinstance(title, str) else title),
        line_of(field_of(said, "publisher")),
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
    """Fill the gaps in what one source says of an article from another, which also corrects a guessed day."""
    guessed = not first.published or (first.date_source and not second.date_source)
    dated = second if guessed and second.published else first  # day and hour come from the same source
    return Metadata(
        first.title or second.title,
        first.publisher or second.publisher,
        first.author or second.author,
        dated.published,
        dated.published_at,
        dated.date_source,
    )


def with_metadata(record: Record, said: Metadata) -> Record:
    """Fill what a record does not say of itself; a publisher's name also replaces the host that stands for one."""
    own = record.metadata
    hosts = {_host(address) for address in (record.path, record.url)}
    if said.publisher and own.publisher and own.publisher.lower().removeprefix("www.") in hosts:
        own = replace(own, publisher=None)
    return replace(record, metadata=filled(own, said))


def _host(address: str | None) -> str:
    try:
        return (urlsplit(address or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def people(value: Any) -> str | None:
    """Return names, given as a text, an object with a name, or a list of these, as "Ann Lee, Bo Dahl"."""
    lines = [line_of(value_of(item)) for item in (value if isinstance(value, list) else [value])]
    names = [name for line in lines if line for name in _apart(line)]
    if len(names) == 1:
        names = [re.sub(r"^(?:by|von|par)\s+(?=[A-ZÀ-Þ])", "", names[0], flags=re.I)]
    return ", ".join(dict.fromkeys(names)) or None


def _apart(names: str) -> list[str]:
    """Return the names in a line that a semicolon parts, "Lee, Ann" among them as "Ann Lee"."""
    parts = [part.strip() for part in names.split(";") if part.strip()]
    if len(parts) < 2:
        return [names]
    return [" ".join(reversed(part.split(", "))) if part.count(", ") == 1 else part for part in parts]


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


def decoded(raw: bytes, *named: str | None) -> str:
    """Return the text of some bytes: by their byte order mark, as UTF-8, else in the first of the encodings that they
    are said to have in which they can be read, else in the most likely one.

    What is UTF-8 but for a few stray bytes is read as that. Raises UnreadableError for what is not text.
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
    found = _as_utf8(raw)
    for name in named:
        if found is None and name:
            found = _in(name, raw)
    text = _guessed(raw) if found is None else found
    controls = len(re.findall(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]", text[:100_000]))
    if controls > 0.1 * min(len(text), 100_000):
        raise UnreadableError("is not text but binary; convert it to text, or remove it")
    return text


def _as_utf8(raw: bytes) -> str | None:
    """Return bytes as UTF-8, single ones as Windows' Latin-1; None if these are more than a tenth beyond ASCII."""
    if b"\x1b$" in raw:  # ISO-2022-JP, which is ASCII to look at
        return None
    text = raw.decode("utf-8", "surrogateescape")
    if text.isascii():
        return text
    stray = re.findall(r"[\udc80-\udcff]", text)
    if len(stray) * 10 > _beyond_ascii(text):
        return None
    return re.sub(r"[\udc80-\udcff]", lambda byte: _western(bytes([ord(byte[0]) - 0xDC00])), text) if stray else text


# What pages name means the larger encoding that Windows made of it, as browsers know: encoding.spec.whatwg.org.
_LARGER = {
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb_2312-80"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "sjis"), "cp932"),
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "big5": "big5hkscs",
    "iso-8859-9": "cp1254",
}


def _in(name: str, raw: bytes) -> str | None:
    """Return bytes in a named encoding, None if it is not known or more than one letter in a hundred is not in it."""
    name = _LARGER.get(name.lower(), name.lower())
    try:
        text = raw.decode(name, "replace")
    except (LookupError, ValueError):
        return None
    unlikely = name.startswith(("utf-16", "utf-32")) or text.count("\ufffd") * 100 > _beyond_ascii(text)
    return None if unlikely else text


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _western(raw: bytes) -> str:
    return raw.decode("cp1252", "replace")


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
