"""HTML that is no page: the body of a mail, a field of an export."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.read.html.blocks import blocks_of
from index.read.html.shown import show_as_read

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LARGEST = 5_000_000  # characters; the tree takes about fifteen times as much memory
_DECLARED = re.compile(r"^\s{0,100}<\?xml[^>]{0,200}>")


def tree_of(source: str) -> HtmlElement | None:
    """Return HTML as a tree, None if there is none in it."""
    from lxml import etree, html

    try:
        return html.document_fromstring(_DECLARED.sub("", source[:_LARGEST]))
    except (etree.LxmlError, ValueError):
        return None


def lines_of(tree: HtmlElement) -> list[str]:
    """Return the lines that a browser would show of a tree, an empty one after each paragraph."""
    show_as_read(tree)
    lines = []
    for block in blocks_of(tree):
        row = block.holder.tag == "tr"
        lines += [" ".join(block.text.replace("|", " ").split())] if row else [*block.text.split("\n"), ""]
    return lines
