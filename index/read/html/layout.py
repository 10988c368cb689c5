"""What a page shows near its heading: short lines that may hold its date and its authors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from index.read.html.linked_data import letters

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LONGEST = 160  # characters of a line that may hold a date or a name
_LOOKED_AT = 20_000  # elements
_NO_TEXT = frozenset("script style noscript template svg iframe select nav footer aside form figure".split())
_OF_OTHERS = re.compile(
    r"comment|related|side-?bar|recommend|footer|navbar|navigation|\bmenu\b|\bnav\b|most-?(?:read|popular)|trending|"
    r"disqus|promo|cookie|newsletter|read-?(?:more|next)|mehr-?zum|similar|teaser-?list|further|archives?\b|copyright|joined|userstats",
    re.I,
)


_BEFORE, _BEHIND = 800, 3_000  # characters from the heading


@dataclass(frozen=True, slots=True)
class Line:
    """A short text of a page; ``after`` counts the characters between the heading and it, below 0 before it.

    ``marks`` are the tags, classes and ids of its element and of the two above it.
    """

    text: str
    after: int
    marks: tuple[str, ...]
    element: HtmlElement


def lines_near(tree: HtmlElement, heading: HtmlElement | None) -> list[Line]:
    """Return the short texts near a heading in order, without what belongs to other articles, menus, comments."""
    body = tree.find(".//body")
    body = tree if body is None else body
    above = {body} if heading is None else {body, heading, *heading.iterancestors()}
    passed: list[tuple[int, str, HtmlElement]] = []
    start: int | None = 0 if heading is None else None
    position = 0
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            position += len(element.tail or "")
            continue
        if not isinstance(element.tag, str):
            continue
        if element is heading:
            start = position
        mark = _mark(element)
        if element not in above and (element.tag in _NO_TEXT or _OF_OTHERS.search(mark)):
            walk.skip_subtree()
            continue
        passed.append((position, mark, element))
        position += len(element.text or "")
        if (start is not None and position > start + _BEHIND) or len(passed) > _LOOKED_AT:
            break
    start = start or 0
    marks = {element: mark for _, mark, element in passed}
    title = _short_text(heading) if heading is not None else ""
    lines = []
    for at, mark, element in passed:
        text = _short_text(element) if start - _BEFORE <= at <= start + _BEHIND else ""
        if text and not (title and title in text):
            parent = element.getparent()
            grandparent = parent.getparent() if parent is not None else None
            over = tuple(marks[up] for up in (parent, grandparent) if up in marks)
            lines.append(Line(text, at - start, (mark, *over), element))
    return lines


def heading_of(tree: HtmlElement, title: str | None) -> HtmlElement | None:
    """Return the heading of a page's article: the one that is its title, else the first of the highest rank."""
    headings = [(letters(_short_text(heading)), heading) for heading in tree.iter("h1", "h2", "h3")]
    known = letters(title or "")
    same = [
        (len(own), -place, heading)
        for place, (own, heading) in enumerate(headings)
        if len(own) > 8 and (own in known or (len(known) > 8 and known in own))
    ]
    if same:
        return max(same)[2]
    return next((heading for _, heading in headings if heading.tag == "h1"), None)


def _mark(element: HtmlElement) -> str:
    names = (element.get(name) for name in ("class", "id", "itemprop", "rel"))
    return " ".join([element.tag, *(name for name in names if name)])[:300]


def _short_text(element: HtmlElement) -> str:
    """Return the text of an element as one line, "" if it is long."""
    parts, length = [], 0
    for part in element.itertext():
        length += len(part.strip())
        if length > _LONGEST:
            return ""
        parts.append(part)
    return " ".join(" ".join(parts).split())
