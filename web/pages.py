"""The pages of the reading room, as HTML; the templates escape every text, so no text of an article or question
becomes HTML.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from index.articles import Article, Source
from index.dates import day_text
from index.read.html.inert import LARGEST, inert
from index.read.original import Original
from index.text import printable
from web.headings import subheadings
from web.links import LinkTarget, SignedLinks, Span, address, at_passage
from web.shelf import AnswerView, ArticleView, QuotedSource, RelatedArticle

LONGEST = 200_000  # characters shown on one page; longer texts are shown in parts
_LINE = 2_000  # characters to go back to the beginning of a line

Mark = Literal["", "cited", "other"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a paragraph, safe to show; ``anchor``: the link to the cited span leads here."""

    text: str
    mark: Mark = ""
    anchor: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of a text in pieces; ``heading``: it is a subheading."""

    pieces: tuple[Piece, ...]
    heading: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a text that is shown, from ``start`` to ``end``, as paragraphs."""

    start: int
    end: int
    paragraphs: tuple[Paragraph, ...]


def marked(text: str, cited: Span | None, others: Sequence[Span], begin: int | None = None) -> Part:
    """Return a text with its cited spans marked; of a long one only a part, around ``cited`` or from ``begin`` on."""
    start, end = _shown(text, cited, begin)
    marks: list[tuple[int, int, Mark]] = [(*cited, "cited")] if cited else []
    for other in others:
        marks += [(first, last, "other") for first, last in _without(other, [(one, two) for one, two, _ in marks])]
    marks.sort()
    paragraphs, at, anchored = [], start, False
    lines = text[start:end].split("\n")
    for line, heading in zip(lines, subheadings(lines), strict=True):
        pieces: list[Piece] = []
        for first, last, mark in _pieces(at, at + len(line), marks):
            pieces.append(Piece(printable(text[first:last]), mark, anchor=mark == "cited" and not anchored))
            anchored = anchored or mark == "cited"
        if line.strip():
            paragraphs.append(Paragraph(tuple(pieces), heading))
        at += len(line) + 1
    return Part(start, end, tuple(paragraphs))


def _shown(text: str, cited: Span | None, begin: int | None) -> Span:
    if len(text) <= LONGEST:
        return 0, len(text)
    start = begin if begin is not None else max(0, (cited[0] if cited else 0) - LONGEST // 2)
    start = _line_before(text, max(0, min(start, len(text) - 1)))
    end = min(len(text), start + LONGEST)
    return start, end if end == len(text) else _line_before(text, end)


def _line_before(text: str, place: int) -> int:
    return text.rfind("\n", max(0, place - _LINE), place) + 1 or place


def before(start: int) -> int:
    """Return where the part before the one at ``start`` begins. The parts overlap rather than leave something out."""
    return max(0, start - LONGEST + 2 * _LINE)


def _without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """Return what is left of a span outside of other spans."""
    left = [span]
    for first, last in taken:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, first)), (max(start, last), end))
            if piece[0] < piece[1]
        ]
    return left


def _pieces(start: int, end: int, marks: Sequence[tuple[int, int, Mark]]) -> list[tuple[int, int, Mark]]:
    """Divide a line at the ends of its marks, which are in order and do not overlap."""
    found: list[tuple[int, int, Mark]] = []
    at = start
    for first, last, mark in marks:
        first, last = max(first, start), min(last, end)
        if first < last:
            found += [(at, first, ""), (first, last, mark)]
            at = last
    found.append((at, end, ""))
    return [piece for piece in found if piece[0] < piece[1]]


_HERE = Path(__file__).parent
_ORIGINAL = 10_000_000  # characters of an original that are shown

FILES = {name: (_HERE / "static" / name).read_bytes() for name in ("room.css", "room.js", "ask.js")}
_SAVED_STYLE = (_HERE / "static" / "saved.css").read_text("utf-8")
# The policy of a saved page in its frame: nothing is loaded but this one style, nothing runs, nothing leads on.
SAVED_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_SAVED_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
)
_DIGESTS = {name: sha256(content).hexdigest()[:12] for name, content in FILES.items()}

_WHERE_FROM = {
    "file": "The file as it was saved.",
    "page": "The page as it was fetched.",
    "record": "The record as it was saved.",
    "put together": (
        "The article's own text with the lines that were left out of it, where they stood: its file is not a text, "
        "has changed or is gone."
    ),
}


def _published(source: Source | QuotedSource) -> str:
    """Return the day of an article as people write it."""
    return day_text(source.published, source.date_source, full=True)


def _lang(value: str | None) -> str:
    """Return a language's code, an empty string if it is no code."""
    return value if value and re.fullmatch(r"[A-Za-z0-9-]{2,20}", value) else ""


def _moment(value: str) -> str:
    """Return a time in ISO 8601 in words, with its offset from UTC."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return printable(value)
    zone = moment.strftime("%z")
    return f"{day_text(moment.date(), full=True)}, {moment:%H:%M}" + (
        " UTC" if zone == "+0000" else f" UTC{zone[:3]}:{zone[3:5]}" if zone else ""
    )


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_templates.filters |= {
    "plain": printable,
    "lines": _lines,
    "day": partial(day_text, full=True),
    "published": _published,
    "moment": _moment,
    "lang": _lang,
}
_templates.globals["digests"] = _DIGESTS


def article_page(opened: ArticleView, place: LinkTarget, until: date, links: SignedLinks) -> bytes:
    """Return an article with its cited spans marked. Links on the page end on the day that the page's own link ends."""
    article = opened.article
    part = marked(article.text, opened.cited, opened.others, place.part)
    whole = part.start == 0 and part.end == len(article.text)
    return _rendered(
        "article.html",
        links.base,
        **_about(article, opened),
        part=part,
        shown=None if whole else (part.start + 1, part.end, len(article.text)),
        earlier=_part_link(links, place, before(part.start), until) if part.start else None,
        later=_part_link(links, place, part.end, until) if part.end < len(article.text) else None,
        headline=("other" if opened.cited else "cited") if opened.headline else "",
        retitled=opened.retitled,
        others=(opened.headline and bool(opened.cited))
        or any(piece.mark == "other" for paragraph in part.paragraphs for piece in paragraph.pieces),
        replaced=opened.replaced,
        lost=opened.lost,
        newer=links.article(opened.versions[0].place, until) if opened.replaced else None,
        versions=[_linked(other, links, until) for other in opened.versions],
        also_in=[_linked(other, links, until) for other in opened.also_in],
        original=None if opened.replaced else links.original(article.source.id, until),
        until=until,
    )


def original_page(article: Article, original: Original, until: date, links: SignedLinks) -> bytes:
    """Return an article as it was saved: a web page in a frame and its source, else a text."""
    text = original.text[:_ORIGINAL]
    framed = original.markup and len(original.text) <= LARGEST
    return _rendered(
        "original.html",
        links.base,
        source=article.source,
        lines="\n".join(printable(line.rstrip()) for line in text.replace("\r\n", "\n").split("\n")),
        where_from=_WHERE_FROM[original.kind],
        shortened=_ORIGINAL if len(original.text) > _ORIGINAL else None,
        article=links.article(LinkTarget(article.source.id), until),
        # At the address by which the reader came, for only that may be framed.
        frame=here(links.saved_page(article.source.id, until)) + "#start" if framed else None,
        until=until,
    )


def saved_page(article: Article, original: Original) -> bytes:
    """Return the web page that an article was saved as, for a frame: without anything that loads, runs or leads on."""
    return _rendered("saved.html", "", source=article.source, style=_SAVED_STYLE, body=inert(original.text) or "")


def answer_page(
    shown: AnswerView, until: date, links: SignedLinks, form: str | None = None, streams: bool = False
) -> bytes:
    """Return an answer with its sources, each of them a link to its place.

    With ``form``, which its forms send along, the reader can rate the answer and ask on; ``streams``: the next answer
    is shown while it is written.
    """
    return _rendered(
        "answer.html",
        links.base,
        shown=shown,
        sources=[
            (source, links.article(source.place, until), around)
            for source, around in zip(shown.sources, _first_of_each_passage(shown.sources), strict=True)
        ],
        listed=shown.verbatim and bool(shown.lead) and all("headline" in source.marks for source in shown.sources),
        closest=(shown.closest, links.article(shown.closest.place, until)) if shown.closest else None,
        nearest=[(source, links.article(source.place, until)) for source in shown.nearest],
        earlier=[(question, links.answer(id_, until)) for question, id_ in shown.earlier],
        form=form,
        streams=streams,
        until=until,
    )


def _first_of_each_passage(sources: Sequence[QuotedSource]) -> list[bool]:
    """Tell for each source whether its passage is to be shown around the quote: it is once."""
    passages = [(source.place.article, source.before + source.quote + source.after) for source in sources]
    return [passage not in passages[:place] for place, passage in enumerate(passages)]


def home_page(
    count: int,
    newest: Sequence[RelatedArticle],
    examples: Sequence[str],
    form: str,
    links: SignedLinks,
    streams: bool = False,
) -> bytes:
    """Return the page with the question box.

    ``count``: how many articles there are; ``form``: what the form sends; ``streams``: the answer is shown while it is
    written.
    """
    articles = [(article, links.article(article.place)) for article in newest]
    return _rendered(
        "home.html", links.base, count=count, newest=articles, examples=examples[:3], form=form, streams=streams
    )


def message_page(base: str, title: str, *paragraphs: str) -> bytes:
    """Return a page with a message only. ``base`` is the path under which the reading room is found."""
    return _rendered("message.html", base, title=title, paragraphs=paragraphs)


def _rendered(template: str, base: str, **values: Any) -> bytes:
    return _templates.get_template(template).render(values, base=base).encode("utf-8", "replace")


def _about(article: Article, opened: ArticleView) -> dict[str, Any]:
    source = article.source
    url, text, cited = address(source.url), article.text, opened.cited
    if opened.headline and not cited:
        text, cited = source.title, (0, len(source.title))
    return {
        "source": source,
        "file": _file_name(source),
        "host": urlsplit(url).hostname if url else None,
        "address": at_passage(url, text, *cited) if url and cited else url,
        "cited": text[slice(*cited)] if cited else "",
    }


def _file_name(source: Source) -> str | None:
    """Return the name of an article's file without its folders, which are nobody's business."""
    return None if "://" in source.path else source.path.rpartition("/")[2] or None


def here(link: str) -> str:
    """Return a link of ours without its host: readers stay at the address by which they came."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def _part_link(links: SignedLinks, place: LinkTarget, begin: int, until: date) -> str:
    return links.article(replace(place, part=begin), until)


def _linked(other: RelatedArticle, links: SignedLinks, until: date) -> tuple[RelatedArticle, str]:
    return other, links.article(other.place, until)
