"""The article of a web page: trafilatura finds its text, the page's head gives title, author and date."""

from __future__ import annotations

import gzip
import logging
import re
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from index.articles import digest_of
from index.errors import UnreadableError
from index.read.html.article import article_of, left_out
from index.read.html.blocks import MOST, Block, blocks_of, lighten, mark, unmarked
from index.read.html.fragment import LARGEST, tree_of
from index.read.html.json_text import stated
from index.read.html.shown import show_as_read
from index.read.html.teaser import is_teaser
from index.read.record import UNSHOWN, Record, decoded
from index.text import length_in_words

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([a-z0-9_:.-]{2,40})", re.I)
_TAG = re.compile(r"<(?:!doctype|html|head|body|div|p|article|meta|title|h1|section|main|span|br)\b", re.I)
_CONSENT = re.compile(r"\b(?:cookies?|consent|einwilligung|datenschutz|consentement|privacy)\b", re.I)
_SCRIPT = re.compile(
    r"\b(?:enable|turn on|requires?|activate|without|activer|aktivieren)\b.{0,40}\bjavascript\b"
    r"|\bjavascript\b.{0,40}\b(?:disabled|required|enabled|aktivieren)\b",
    re.I,
)
_ROBOT = re.compile(
    r"\b(?:are you a (?:robot|human)|verify (?:that )?you are (?:a )?human|captcha|access denied|just a moment)\b", re.I
)


def read_html(path: str, raw: bytes, url: str | None = None, charset: str | None = None) -> Record:
    """Read a web page; ``url`` is where it came from and ``charset`` what its server says, where they are known.

    Raises UnreadableError for what is no page, and for a page without an article's text: one made by scripts, a consent
    wall, a listing.
    """
    import trafilatura
    from lxml import etree
    from trafilatura.utils import repair_faulty_html

    from index.read.html.metadata import page_metadata

    source = source_of(raw, charset)
    tree = tree_of(repair_faulty_html(source, source[:50].lower()))
    if tree is None or not len(tree):
        raise UnreadableError("is not an HTML page or a damaged one; save it again")
    page = page_metadata(tree, url)
    show_as_read(tree)
    # It logs each page without an article; our own report has it.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    blocks = blocks_of(tree)
    if len(blocks) > MOST:
        raise UnreadableError(
            f"has {len(blocks):,} paragraphs, more than {MOST:,}; save its text in parts and ingest them"
        )
    mark(blocks)
    lighten(tree)
    try:
        extracted = trafilatura.extract(tree, include_comments=False) or ""
    except (etree.LxmlError, ValueError, RecursionError) as error:
        raise UnreadableError(f"its text could not be taken out ({error}); save it as text and ingest that") from error
    kept = article_of(extracted, blocks, page.metadata.title)
    kept, text = stated(page.body, blocks, kept)
    text = text or unmarked(extracted)  # extraction took it from JSON-LD
    _check_article(tree, text, _visible(tree, blocks), page.kind)
    return Record(
        path,
        digest_of(raw),
        text,
        page.metadata,
        page.url,
        page.language,
        speaks=False,
        extracted=True,
        left_out=(*_unshown(text, blocks), *left_out(blocks, kept)),
        teaser=is_teaser(text, " ".join(block.text for block in blocks), paid=page.paid, counted=page.counted),
    )


def _unshown(text: str, blocks: Sequence[Block]) -> list[tuple[str, str, int]]:
    """Check that each line of a text is one that the page shows, word for word; return the first that is not."""
    shown = {line for block in blocks for line in block.text.split("\n")}
    return [(line, UNSHOWN, 0) for line in text.split("\n") if line not in shown][:1]


def source_of(raw: bytes, charset: str | None = None) -> str:
    """Return the source of a web page. Raises UnreadableError for what is no page."""
    if raw.startswith(b"\x1f\x8b"):
        raw = _unpacked(raw)
    head = raw[:1_000].lstrip().lower()
    if head.startswith((b"%pdf", b"pk\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89png", b"\xff\xd8\xff")):
        raise UnreadableError(
            "is not an HTML page but another kind of file; give it its right ending (.pdf, .docx) or remove it"
        )
    if (
        re.search(rb"^(?:mime-version|content-type|from|snapshot-content-location):", head, re.M)
        and b"multipart/related" in raw[:5_000].lower()
    ):
        raise UnreadableError("is a web archive (MHTML), not an HTML page; save the page as HTML only")
    if head.startswith(b"bplist00"):
        raise UnreadableError("is a web archive of Safari, not an HTML page; save the page as page source")
    named = _CHARSET.search(raw[:4_000])
    source = decoded(raw, charset, named and named[1].decode("ascii"))
    if not _TAG.search(source):
        raise UnreadableError("has no HTML in it; if it is plain text, name it .txt")
    return source.replace("\x00", "")


def _unpacked(raw: bytes) -> bytes:
    try:
        unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(raw, LARGEST + 1)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise UnreadableError(f"is a damaged gzip file ({error}); save the page again") from error
    if len(unpacked) > LARGEST:
        raise UnreadableError(f"unpacks to more than {LARGEST / 1e6:,.0f} MB; save its text and ingest that")
    return unpacked


def _check_article(tree: HtmlElement, text: str, visible: str, kind: str) -> None:
    """Raise UnreadableError for a page without an article; its text says what the page seems to be."""
    words = sum(map(length_in_words, text.split("\n")))
    short = f"{text}\n{visible}" if len(visible) < 3_000 else text
    if words < 150 and _ROBOT.search(short):
        raise UnreadableError(
            "is the page of a gatekeeper that asks for a human, not the article; open the article in a browser "
            "and save it from there"
        )
    if words < 150 and _SCRIPT.search(short):
        raise UnreadableError(
            "has no article text, a script in the browser fetches it; open it in a browser, save the page from "
            "there, and ingest that"
        )
    if words < 200 and len(_CONSENT.findall(text if words >= 60 else short)) >= 3 and kind != "article":
        raise UnreadableError(
            "is a consent or cookie page, not the article; accept it in a browser, save the article from there, "
            "and ingest that"
        )
    if words < (8 if kind == "article" else 20):
        raise UnreadableError(
            "has no article text; if a browser shows some, save the page from there or copy its text into a .txt file"
        )
    if kind != "article" and _linked_share(tree, text) > 0.5:
        raise UnreadableError("is a list of links to articles, not an article; ingest the articles themselves")


def _visible(tree: HtmlElement, blocks: Sequence[Block]) -> str:
    """Return the beginning of what a page shows, with and without scripts."""
    unscripted = (text for element in tree.iter("noscript") for text in element.itertext())
    return " ".join(" ".join((*(block.text for block in blocks[:500]), *unscripted)).split())[:5_000]


def _linked_share(tree: HtmlElement, text: str) -> float:
    """Return the share of a text's characters that are in lines which are links on the page."""
    links = {" ".join(link.text_content().split()).casefold() for link in tree.iterfind(".//a[@href]")}
    lines = [" ".join(line.strip("-*• ").split()).casefold() for line in text.split("\n")]
    return sum(len(line) for line in lines if line in links) / max(1, sum(map(len, lines)))
