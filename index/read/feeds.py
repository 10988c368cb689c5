"""Feeds: RSS, Atom and JSON Feed, also where they are not well-formed.

Read with lxml, not feedparser: 1.1 MB of attributes kept feedparser busy for 169 seconds and lxml for a tenth of one,
and feedparser turns every date into UTC, whose day may not be the publisher's.
"""

from __future__ import annotations

import html
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from index.articles import digest_of
from index.dates import days_come_first, moment_of
from index.errors import UnreadableError
from index.read.record import decoded

_MOST = 10_000  # entries that are read
_WHOLE_ARTICLE = 600  # characters from which on the text in a feed may replace a page that cannot be fetched
_TEASER = re.compile(
    r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|\b(?:read more|continue reading|weiterlesen|lire la suite)\W*)\s*$", re.I
)
_LARGEST = 50_000_000  # bytes of an unpacked feed
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,100}encoding\s{0,9}=\s{0,9}[\"']([a-z0-9_:.-]{2,40})", re.I)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_XML_BEGINS = re.compile(r"<\?xml\s|<(?:rss|feed|rdf:rdf)\b", re.I)
# An ampersand that begins no entity: "Q&A", "?a=1&b=2", "&nbsp;".
_LOOSE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});)", re.I)
_REFERENCE = re.compile(rb"&#(?:x([0-9a-f]{1,6})|(\d{1,7}));", re.I)
# Other words in angle brackets are words: "Why <head> matters".
_MARKUP = re.compile(
    r"</?(?:a|abbr|acronym|b|big|blockquote|cite|code|del|div|em|font|h[1-6]|i|img|ins|li|mark|p|q|s|small|span|strike"
    r"|strong|sub|sup|time|tt|u|ul|wbr)(?:[\s/][^<>]*)?>|<!--.{0,1000}?-->",
    re.I | re.S,
)
_BREAK = re.compile(r"<(?:br|hr|/p|/div|/li)\b[^<>]{0,200}>", re.I)
_SCRIPT = re.compile(r"<(script|style)\b[^<>]{0,1000}>.{0,10000}?(?:</\1\s{0,9}>|$)", re.I | re.S)
_CONTROLS = {0x80 + code: bytes([0x80 + code]).decode("cp1252", "ignore") for code in range(32)}  # of Windows
_RSS_AUTHOR = re.compile(r"\A\S{1,200}@\S{1,200} \(([^()]+)\)\Z")  # "bo@herald.example (Bo Dahl)"
_WEB = re.compile(r"https?://[^\s/]", re.I)
_XML = "{http://www.w3.org/XML/1998/namespace}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed; ``content`` is the whole article as HTML where the feed has it, never a summary."""

    link: str | None
    id: str | None
    title: str | None
    author: str | None
    published: datetime | None
    content: str | None

    @property
    def is_whole(self) -> bool:
        """Tell whether the feed has the whole article, not only a summary."""
        text = html.unescape(re.sub(r"<[^<>]*>", " ", self.content or "")).strip()
        return len(text) >= _WHOLE_ARTICLE and not _TEASER.search(text[-80:])


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's title and its entries, newest first; those without a date last, in the feed's order."""

    title: str | None
    entries: list[Entry]


def read_feed(raw: bytes, url: str, charset: str | None = None) -> Feed:
    """Read a feed; ``url`` is where it came from, ``charset`` what its server says.

    Raises UnreadableError for what is no feed.
    """
    raw = _unpacked(raw)
    try:
        feed = _json_feed(raw, url) if raw.lstrip()[:1] == b"{" else _xml_feed(raw, url, charset)
    except UnicodeDecodeError as error:
        raise UnreadableError(
            "is a damaged feed: its characters cannot be read; run again later, or tell its owner"
        ) from error
    return Feed(
        feed.title, sorted(feed.entries, key=lambda entry: -entry.published.timestamp() if entry.published else 0.0)
    )


def keys_of(entries: Sequence[Entry], feed: str) -> Iterator[tuple[str, Entry]]:
    """Yield entries with what names each: its link, or its id where it has none or shares its page with others."""
    shared = Counter(entry.link.partition("#")[0] for entry in entries if entry.link)
    for entry in entries:
        page = (entry.link or feed).partition("#")[0]
        if entry.link is None:
            yield f"{page}#{entry.id or digest_of(f'{entry.title}{entry.content}')[:16]}", entry
        elif shared[page] > 1 and entry.id and entry.id != entry.link and entry.is_whole:
            yield f"{page}#{entry.id}", entry
        else:
            yield entry.link, entry


def _xml_feed(raw: bytes, url: str, charset: str | None) -> Feed:
    root = _root(_as_utf8(raw, charset), "utf-8")
    root = _root(raw, None) if root is None else root  # in an encoding that only the parser knows
    if root is None or _name(root) not in ("rss", "rdf", "feed"):
        found = _advertised(raw, url)
        raise UnreadableError(
            f"is not a feed but a web page; its feed seems to be {found}"
            if found
            else "is not a feed (RSS, Atom or JSON Feed); give the address of the feed"
        )
    # RSS 1.0 has its items beside the channel, RSS 2.0 inside.
    channel = next((child for child in root if _name(child) == "channel"), root)
    items = [item for parent in dict.fromkeys((root, channel)) for item in parent if _name(item) in ("item", "entry")]
    base = _base(root, url)
    dates = [_date_of(item) for item in items[:_MOST]]
    day_first = days_come_first(filter(None, dates))
    entries = [_entry(item, base, _moment(date, day_first)) for item, date in zip(items, dates, strict=False)]
    return Feed(_text(_first(channel, "title")), entries)


def _unpacked(raw: bytes) -> bytes:
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(raw, _LARGEST)
    except zlib.error as error:
        raise UnreadableError("is a damaged gzip file; run again later, or tell its owner") from error


def _as_utf8(raw: bytes, charset: str | None) -> bytes:
    """Return some XML as UTF-8 without a declaration, and without what a server wrote before it."""
    declared = _DECLARED.match(raw)
    try:
        text = decoded(raw, declared and declared[1].decode("ascii"), charset)
    except UnreadableError:
        return raw
    if begins := _XML_BEGINS.search(text[:20_000]):
        text = text[begins.start() :]
    return _DECLARATION.sub("", text, count=1).encode("utf-8", "replace")


def _root(raw: bytes, charset: str | None) -> Any:
    """Return the first element of some XML, repaired if it is not well-formed; None if there is none.

    No entity is expanded, nothing is loaded.
    """
    from lxml import etree

    for mended in (False, True):
        try:
            parser = etree.XMLParser(
                recover=mended,
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
                encoding=charset,
            )
            return etree.fromstring((_mended(raw) if mended else raw).lstrip(), parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
    return None


def _mended(raw: bytes) -> bytes:
    """Escape loose ampersands, except in CDATA, where they are plain text."""
    outside, *sections = raw.split(b"<![CDATA[")
    mended = [_escaped(outside)]
    for section in sections:
        inside, end, outside = section.partition(b"]]>")
        mended += [b"<![CDATA[", inside, end, _escaped(outside)]
    return b"".join(mended)


def _escaped(raw: bytes) -> bytes:
    # The parser fails on half characters ("&#55357;", a piece of an emoji).
    return _LOOSE_AMPERSAND.sub(
        b"&amp;",
        _REFERENCE.sub(
            lambda found: found[0] if _is_character(int(found[1] or found[2], 16 if found[1] else 10)) else b"", raw
        ),
    )


def _is_character(code: int) -> bool:
    return code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000


def _date_of(item: Any) -> str | None:
    return _line(_first(item, "pubdate", "published", "date", "issued", "updated"))


def _entry(item: Any, base: str, published: datetime | None) -> Entry:
    base = _base(item, base)
    links = [child for child in item if _name(child) == "link"]
    alternate = next(
        (child.get("href") for child in links if child.get("href") and child.get("rel", "alternate") == "alternate"),
        None,
    )
    guid = _first(item, "guid", "id")
    id_ = _line(guid)
    # An id that is an address of the web is the page's, unless it says that it is not.
    permanent = (
        id_ if guid is not None and _WEB.match(id_ or "") and guid.get("isPermaLink", "true") != "false" else None
    )
    original = _line(_first(item, "origlink"))  # of a feed that counts its readers
    author = _first(item, "creator", "author")
    named = _first(author, "name") if author is not None else None
    content = next(
        (
            child
            for child in item
            if _name(child) == "encoded"
            or (_name(child) == "content" and child.get("type") in ("html", "xhtml", "text/html"))
        ),
        None,
    )
    return Entry(
        _link(original or alternate or next(filter(None, map(_line, links)), None) or permanent, base),
        id_ or _line(_first(item, "about")) or item.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"),
        _text(_first(item, "title")),
        _RSS_AUTHOR.sub(r"\1", _text(named if named is not None else author) or "") or None,
        published,
        _markup(content),
    )


def _name(element: Any) -> str:
    """Return an element's name in lower case without its namespace, nothing for comments and the like.

    Media RSS has titles and contents of its own.
    """
    tag = element.tag
    if not isinstance(tag, str) or "search.yahoo.com/mrss" in tag:
        return ""
    return tag.rpartition("}")[2].lower()


def _first(parent: Any, *names: str) -> Any:
    """Return the first child under the first of some names that there is."""
    return next((child for name in names for child in parent if _name(child) == name), None)


def _line(element: Any) -> str | None:
    return None if element is None else " ".join("".join(element.itertext()).split()) or None


def _text(element: Any) -> str | None:
    """Return a title or name as plain text: feeds put HTML into them, once or twice escaped."""
    return plain(_line(element))


def plain(text: str | None) -> str | None:
    """Return one line of text without tags and with its entities resolved; None for nothing."""
    if text is None:
        return None
    unescaped = html.unescape(text[:20_000])
    resolved = html.unescape(_MARKUP.sub("", _BREAK.sub(" ", _SCRIPT.sub(" ", unescaped))))
    resolved = resolved.translate(_CONTROLS)
    return " ".join("".join(char if char.isprintable() else " " for char in resolved).split())[:1_000] or None


def _markup(element: Any) -> str | None:
    """Return the HTML that an element holds, as text in it or as elements."""
    from lxml import etree

    if element is None:
        return None
    if len(element):  # xhtml
        return "".join(etree.tostring(child, encoding="unicode") for child in element) or None
    return element.text or None


def _link(link: str | None, base: str) -> str | None:
    """Return a link as a whole web address, None for one that is none (``javascript:``, ``mailto:``)."""
    try:
        parts = urlsplit(urljoin(base, link or ""))
        fits = bool(link) and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts.geturl() if fits else None


def _base(element: Any, url: str) -> str:
    return _link(element.get(f"{_XML}base"), url) or url


def _moment(text: str | None, day_first: bool | None = None) -> datetime | None:
    """Return when an entry was published; without an hour and an offset it is only a day, at its beginning."""
    day, moment = moment_of(text, day_first)
    if moment:
        return datetime.fromisoformat(moment)
    return datetime.combine(day, datetime.min.time()) if day else None


def _advertised(raw: bytes, url: str) -> str | None:
    """Return the address of the feed that a web page names in its head, None if it names none."""
    for tag in re.findall(rb"<link\b[^>]{1,1000}>", raw[:200_000], re.I):
        text = tag.decode("utf-8", "replace")
        href = re.search(r"""href\s*=\s*["']?([^"'\s>]+)""", text, re.I)
        if href and re.search(r"application/(?:rss|atom)\+xml", text, re.I):
            return _link(html.unescape(href[1]), url)
    return None


def _json_feed(raw: bytes, url: str) -> Feed:
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("is not a feed (RSS, Atom or JSON Feed); give the address of the feed") from error
    if not isinstance(said.get("items"), list) or "jsonfeed.org" not in str(said.get("version")):
        raise UnreadableError(
            "is JSON but not a JSON Feed; save it and ingest the file, or give the address of the feed"
        )
    items = [item for item in said["items"][:_MOST] if isinstance(item, dict)]
    return Feed(plain(_string(said.get("title"))), [_json_entry(item, url) for item in items])


def _json_entry(item: dict[str, Any], url: str) -> Entry:
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [plain(_string(author.get("name"))) for author in authors or [] if isinstance(author, dict)]
    content = _string(item.get("content_html")) or (
        html.escape(_string(item.get("content_text")) or "").replace("\n\n", "<p>") or None
    )
    id_ = _string(item.get("id"))
    return Entry(
        _link(_string(item.get("url")) or (id_ if _WEB.match(id_ or "") else None), url),
        id_,
        plain(_string(item.get("title"))),
        ", ".join(filter(None, names)) or None,
        _moment(_string(item.get("date_published"))),
        content,
    )


def _string(value: object) -> str | None:
    # JSON can write half a character, which cannot be stored.
    return value.encode("utf-8", "replace").decode().strip() or None if isinstance(value, str) else None
