"""Changes a page's tree so that its text is what a reader sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_SIGNS = "+-−0123456789"
_RAISED, _LOWERED = str.maketrans(_SIGNS, "⁺⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹"), str.maketrans(_SIGNS, "₊₋₋₀₁₂₃₄₅₆₇₈₉")
_STYLE = "translate(@style, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ ', 'abcdefghijklmnopqrstuvwxyz')"
_HIDDEN = (
    "//body//*[@hidden or @aria-hidden='true'"
    f" or contains({_STYLE}, 'display:none') or contains({_STYLE}, 'visibility:hidden')]"
)
# A table that is there for its layout: its cells hold more than a figure or a name.
_LAYOUT = (
    "//table[@role='presentation' or .//h1 or .//h2 or .//table or .//td[p[2] or ul or ol]"
    " or .//td[string-length(normalize-space()) > 300]]"
)
_STRUCK = f"//body//*[self::s or self::strike or self::del or contains({_STYLE}, 'line-through')]"


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
    layout = set(tree.xpath(_LAYOUT))
    parts = [
        part
        for part in tree.iter("table", "tbody", "thead", "tfoot", "tr", "td", "th")
        if (part if part.tag == "table" else next(part.iterancestors("table"), None)) in layout
    ]
    for part in parts:
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
