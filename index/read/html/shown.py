"""Changes a page's tree so that its text is what a reader sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from index.read.record import LOWERED, RAISED

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_HIDDEN = re.compile(
    r"(?<![\w-])(?:display:none|(?:content-)?visibility:hidden|(?:opacity|font-size):0(?:px|em|rem|%)?(?![.\w%])"
    r"|color:transparent|(?:left|top|text-indent):-(?:\d{4}|999)|clip:rect\(0)",
    re.I,
)
_STRUCK = re.compile(r"\btext-decoration(?:-line)?:[^;]*\bline-through", re.I)
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_SELECTOR = re.compile(r"[a-z]*([.#][\w-]+)", re.I)
_MAYBE_UNSEEN = "//body//*[self::s or self::strike or self::del or @hidden or @aria-hidden or @style{}]"
_LONGEST_SHEET = 200_000  # characters
# A table that is there for its layout: its cells hold more than a figure or a name.
_LAYOUT = (
    "//table[@role='presentation' or .//h1 or .//h2 or .//table or .//td[p[2] or ul or ol]"
    " or .//td[string-length(normalize-space()) > 300]]"
)


def show_as_read(tree: HtmlElement) -> None:
    """Change a page's tree so that its text is what a reader sees.

    What is hidden or struck out goes, quotations get their marks, raised numbers their signs, and a table that is there
    for its layout becomes paragraphs.
    """
    _drop_unseen(tree)
    _mark_quotations(tree)
    _raise_numbers(tree)
    layout = set(tree.xpath(_LAYOUT))
    parts = [
        part
        for part in tree.iter("table", "tbody", "thead", "tfoot", "tr", "td", "th")
        if (part if part.tag == "table" else next(part.iterancestors("table"), None)) in layout
    ]
    for part in parts:
        part.tag = "div"
        part.attrib.clear()


def _drop_unseen(tree: HtmlElement) -> None:
    """Remove what is hidden or struck out and keep what follows it.

    Paragraphs stay if they are most of the page: then a script would show them.
    """
    sheets = "".join(sheet.text or "" for sheet in tree.iter("style") if sheet.get("media", "all") in ("all", "screen"))
    names = _unseen_names(sheets[:_LONGEST_SHEET])
    found = [
        element
        for element in tree.xpath(_MAYBE_UNSEEN.format(" or @class or @id" if names else ""))
        if _is_unseen(element, names)
    ]
    with_paragraphs = _with_paragraphs(tree, set(found)) if found else set()
    for element in found:
        if element not in with_paragraphs:
            _empty(element)


def _with_paragraphs(tree: HtmlElement, unseen: set[HtmlElement]) -> set[HtmlElement]:
    """Return the unseen elements that hold paragraphs, if a third of the paragraphs' text is in such elements.

    XPath would take the square of the number of texts.
    """
    from lxml import etree

    around: list[HtmlElement] = []
    found: set[HtmlElement] = set()
    length = hidden = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "end":
            if around and around[-1] is element:
                around.pop()
            continue
        if element in unseen:
            around.append(element)
        if element.tag == "p" and (characters := sum(map(len, element.itertext()))):
            length += characters
            hidden += characters if around else 0
            for holder in reversed(around):
                if holder in found:
                    break
                found.add(holder)
    return found if hidden > length / 3 else set()


def _empty(element: HtmlElement) -> None:
    """Take out what is in an element and keep what follows it, in a time that does not depend on what is before it."""
    element.clear(keep_tail=True)
    element.tag = "template"


def _is_unseen(element: HtmlElement, names: frozenset[str]) -> bool:
    style = element.get("style", "").replace(" ", "")
    return (
        element.tag in ("s", "strike", "del")
        or "hidden" in element.attrib
        or element.get("aria-hidden") == "true"
        or bool(style and (_HIDDEN.search(style) or _STRUCK.search(style)))
        or bool(names and not names.isdisjoint(_names(element)))
    )


def _names(element: HtmlElement) -> Iterator[str]:
    yield f"#{element.get('id')}"
    yield from (f".{name}" for name in element.get("class", "").split())


def _unseen_names(sheet: str) -> frozenset[str]:
    """Return the classes and ids (".name", "#name") whose elements a style sheet hides or strikes out.

    Rules that hold only in some media, or only inside other elements, are left out.
    """
    last: dict[str, bool] = {}
    depth = 0
    for rule in _COMMENT.sub("", sheet).split("}"):
        selectors, _, style = rule.partition("{")
        if depth == 0 and "{" not in style and ("display" in style or "visibility" in style or "line-th" in style):
            style = "".join(style.split())
            unseen = bool(_HIDDEN.search(style) or _STRUCK.search(style))
            for selector in selectors.split(","):
                if name := _SELECTOR.fullmatch(selector.strip()):
                    last[name[1]] = unseen
        depth = max(0, depth + rule.count("{") - 1)
    return frozenset(name for name, unseen in last.items() if unseen)


def _mark_quotations(tree: HtmlElement) -> None:
    """Put the text of each ``<q>`` in quotation marks, as a browser does."""
    for quotation in tree.xpath("//q"):
        quotation.text = f"“{quotation.text or ''}"
        if len(quotation):
            quotation[-1].tail = f"{quotation[-1].tail or ''}”"
        else:
            quotation.text += "”"
        quotation.tag = "span"


def _raise_numbers(tree: HtmlElement) -> None:
    """Write raised and lowered numbers as signs of Unicode (m², CO₂), and leave out the marks of footnotes."""
    for small in tree.xpath("//sup | //sub"):
        content = "".join(small.itertext()).strip()
        parent = small.getparent()
        if small.tag == "sup" and parent.tag == "a" and parent.get("href", "").startswith("#"):
            _empty(parent)
        elif small.tag == "sup" and (small.find(".//a") is not None or re.fullmatch(r"\[.{1,4}\]", content)):
            _empty(small)
        elif re.fullmatch(r"[-+−]?\d{1,4}", content):
            signs = content.translate(RAISED if small.tag == "sup" else LOWERED)
            small.clear(keep_tail=True)
            small.text = signs
