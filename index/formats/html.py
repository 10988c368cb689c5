"""The article of a web page. A stand-in until the reader of HTML files is here."""

from __future__ import annotations

from typing import Any

from index.articles import digest_of
from index.errors import UnreadableError
from index.files import Record, decoded
from index.metadata import Metadata, parse_date


def read_html(place: str, raw: bytes, url: str | None = None, charset: str | None = None) -> Record:
    """Read a web page. Raises UnreadableError for a page without an article's text."""
    import trafilatura

    source = raw.decode(charset, "replace") if charset else decoded(raw)
    found: Any = trafilatura.bare_extraction(source, url=url, with_metadata=True, include_comments=False)
    if found is None or not found.text:
        raise UnreadableError("has no article text; save the article as text and ingest that")
    published = parse_date(found.date) if found.date else None
    publisher = None if found.sitename and found.sitename in (url or "") else found.sitename
    return Record(place, digest_of(raw), found.text, Metadata(found.title, publisher, found.author, published), found.url, found.language)
