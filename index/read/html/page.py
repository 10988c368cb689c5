"""The article of a web page: trafilatura finds its text, the page's head gives title, author and date."""

from __future__ import annotations

import gzip
import logging
import re
import zlib
from typing import TYPE_CHECKING

from index.articles import digest_of
from index.errors import UnreadableError
from index.read.html.teaser import is_teaser
from index.read.record import Record, decoded

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LARGEST = 20_000_000  # characters; the tree takes about fifteen times as much memory
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([a-z0-9_:.-]{2,40})", re.I)
_WORD = re.compile(r"\w+")
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
_SIGNS = "+-−0123456789"
_RAISED, _LOWERED = str.maketrans(_SIGNS, "⁺⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹"), str.maketrans(_SIGNS, "₊₋₋₀₁₂₃₄₅₆₇₈₉")
_STYLE = "translate(@style, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ ', 'abcdefghijklmnopqrstuvwxyz')"
_HIDDEN = (
    "//body//*[@hidden or @aria-hidden='true'"
    f" or contains({_STYLE}, 'display:none') or contains({_STYLE}, 'visibility:hidden')]"
)
_STRUCK = f"//body//*[self::s or self::strike or self::del or contains({_STYLE}, 'line-through')]"
# Elements that may stand in a sentence. Links, emphasis and line breaks are what extraction knows how to keep.
_INLINE = (
    "span time label output button legend progress meter cite abbr acronym font small big tt u ins mark data dfn kbd "
    "samp var bdi bdo nobr slot marquee"
).split()
_CONTROLS = {"button", "label", "legend"}
_INSIDE = " | ".join(
    f"//{block}//{name}" for block in ("p", "li", "blockquote", "dd", "h1", "h2", "h3") for name in _INLINE
)
_GOES_ON = re.compile(r"[\s ]*[^\s ]*\w")
_ENDS = re.compile(r"[.!?…。:|»•·–—-][\"”’»)\]]*\s*$")


def read_html(path: str, raw: bytes, url: str | None = None, charset: str | None = None) -> Record:
    """Read a web page; ``url`` is where it came from and ``charset`` what its server says, where they are known.

    Raises UnreadableError for what is no page, and for a page without an article's text: one made by scripts, a consent
    wall, a listing.
    """
    import trafilatura
    from lxml import etree

    from index.read.html.metadata import page_metadata

    source = _source(raw, charset)
    tree = trafilatura.load_html(source)
    if tree is None or not len(tree):
        raise UnreadableError("is not an HTML page or a damaged one; save it again")
    page = page_metadata(tree, url)
    show_as_read(tree)
    # It logs each page without an article; our own report has it.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        text = trafilatura.extract(tree, include_comments=False) or ""
    except (etree.LxmlError, ValueError, RecursionError) as error:
        raise UnreadableError(f"its text could not be taken out ({error}); save it as text and ingest that") from error
    text = _whole_text(text, page.body)
    _check_article(tree, text, page.kind)
    return Record(
        path,
        digest_of(raw),
        text,
        page.metadata,
        page.url,
        page.language,
        speaks=False,
        extracted=True,
        teaser=is_teaser(tree, text),
    )


def show_as_read(tree: HtmlElement) -> None:
    """Change a page's tree so that its text is what a reader sees: no word of a sentence lost, none that is hidden.

    Extraction judges elements by tag and class. That is right for blocks and takes words out of sentences
    (trafilatura 2.3 drops ``<span class="widget">not</span>``), so an element inside a sentence is replaced by its
    text before.
    """
    _drop(tree, _HIDDEN)
    _drop(tree, _STRUCK)
    _mark_quotations(tree)
    _raise_numbers(tree)
    for element in list(tree.xpath(_INSIDE)):
        if element.getparent() is not None and _in_sentence(element):
            element.drop_tag()
    for table in tree.xpath("//table[.//p or .//h1 or .//h2]"):  # a table for layout, not for figures
        for part in list(table.iter("table", "tbody", "thead", "tr", "td", "th")):
            part.tag = "div"
            part.attrib.clear()


def _mark_quotations(tree: HtmlElement) -> None:
    """Replace each ``<q>`` by its text in quotation marks, which a browser adds."""
    for quotation in tree.xpath("//q"):
        quotation.text = f"“{quotation.text or ''}"
        if len(quotation):
            quotation[-1].tail = f"{quotation[-1].tail or ''}”"
        else:
            quotation.text += "”"
        quotation.drop_tag()


def _raise_numbers(tree: HtmlElement) -> None:
    """Write raised and lowered numbers as signs of Unicode (m², CO₂), and leave out the marks of footnotes."""
    for small in tree.xpath("//sup | //sub"):
        content = "".join(small.itertext()).strip()
        if small.tag == "sup" and (small.find(".//a") is not None or re.fullmatch(r"\[.{1,4}\]", content)):
            small.drop_tree()
        elif re.fullmatch(r"[-+−]?\d{1,4}", content):
            signs = content.translate(_RAISED if small.tag == "sup" else _LOWERED)
            for child in list(small):
                small.remove(child)
            small.text = signs
            small.drop_tag()


def _drop(tree: HtmlElement, path: str) -> None:
    """Remove elements and keep what follows them, unless they are most of the page: then a script would show them."""
    found = tree.xpath(path)
    if not found:
        return
    whole = sum(len(text) for text in tree.xpath("//p//text()"))
    hidden = sum(len(text) for element in found for text in element.xpath(".//p//text() | self::p//text()"))
    if hidden > whole / 3:
        return
    for element in found:
        if element.getparent() is not None:
            element.drop_tree()


def _in_sentence(element: HtmlElement) -> bool:
    """Tell whether an element's words stand inside a sentence: words before that end none, or words after it."""
    before = element.getprevious()
    lead = (before.tail if before is not None else element.getparent().text) or ""
    follows = element.tail or ""
    if element.tag in _CONTROLS and not lead.strip():
        return False
    return bool(_GOES_ON.match(follows)) or bool(lead.strip() and not _ENDS.search(lead))


def _source(raw: bytes, charset: str | None) -> str:
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
    source = ""
    for name in (charset, named and named[1].decode("ascii")):
        if name and not raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
            try:
                source = raw.decode(
                    {"iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252"}.get(name.lower(), name)
                )
                break
            except (LookupError, ValueError):
                continue  # it is not what it says
    source = source or decoded(raw)
    if len(source) > _LARGEST:
        raise UnreadableError(
            f"is a page of {len(source) / 1e6:,.0f} million characters, more than {_LARGEST / 1e6:,.0f} million; "
            "save its text and ingest that"
        )
    if not _TAG.search(source):
        raise UnreadableError("has no HTML in it; if it is plain text, name it .txt")
    return source.replace("\x00", "")


def _unpacked(raw: bytes) -> bytes:
    try:
        unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(raw, _LARGEST + 1)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise UnreadableError(f"is a damaged gzip file ({error}); save the page again") from error
    if len(unpacked) > _LARGEST:
        raise UnreadableError(f"unpacks to more than {_LARGEST / 1e6:,.0f} MB; save its text and ingest that")
    return unpacked


def _whole_text(text: str, body: str) -> str:
    """Return the extracted text, or the page's own copy of it where that is longer (measured: one page in eighty)."""
    words, own = _WORD.findall(text), _WORD.findall(body)
    if len(own) < 1.3 * len(words) or len(own) < 100:
        return text
    there = set(own)
    return _plain(body) if sum(word in there for word in words) >= 0.85 * len(words) else text


def _plain(body: str) -> str:
    body = re.sub(
        r"\[#[a-z]+:[^\]]{0,500}\](?:\|{2,}[^|\n]{0,2000}\|{2,})?", "\n", body
    )  # pictures in Condé Nast's own markup
    body = re.sub(
        r"\[([^\]\n]{1,500})\]\(https?://[^)\s]{1,2000}\)(?:\{[^}\n]{0,300}\})?", r"\1", body
    )  # links in Markdown
    return re.sub(r"(\*\*|__|_|\*)(?=\S)([^*_\n]{1,500}?)(?<=\S)\1", r"\2", body)


def _check_article(tree: HtmlElement, text: str, kind: str) -> None:
    """Raise UnreadableError for a page without an article; its text says what the page seems to be."""
    visible = _visible(tree)
    words = len(_WORD.findall(text))
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
    if words < 200 and len(_CONSENT.findall(short)) >= 3 and kind != "article":
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


def _visible(tree: HtmlElement) -> str:
    body = tree.find(".//body")
    hidden = {"script", "style", "template", "svg"}
    parts = (
        []
        if body is None
        else [
            element.text or "" for element in body.iter() if element.tag not in hidden and isinstance(element.tag, str)
        ]
    )
    return " ".join(" ".join(parts).split())[:5_000]


def _linked_share(tree: HtmlElement, text: str) -> float:
    """Return the share of a text's characters that are in lines which are links on the page."""
    links = {" ".join(link.text_content().split()).casefold() for link in tree.iterfind(".//a[@href]")}
    lines = [" ".join(line.strip("-*• ").split()).casefold() for line in text.split("\n")]
    return sum(len(line) for line in lines if line in links) / max(1, sum(map(len, lines)))
