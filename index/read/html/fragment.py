"""HTML as a tree, and the lines of HTML that is no page: of the body of a mail, of a field of an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.errors import UnreadableError
from index.read.html.blocks import blocks_of
from index.read.html.shown import show_as_read

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LARGEST = 20_000_000  # characters; the tree takes about fifteen times as much memory


def tree_of(source: str) -> HtmlElement | None:
    """Return HTML as a tree, None if there is none in it.

    Raises UnreadableError where it is so large, or elements are so deep in others, that a part of it would be lost.
    """
    from lxml import etree, html

    if len(source) > LARGEST:
        raise UnreadableError(
            f"is HTML of {len(source) / 1e6:,.0f} million characters, more than {LARGEST / 1e6:,.0f} million; "
            "save its text and ingest that"
        )
    parser = html.HTMLParser(
        encoding="utf-8",
        huge_tree=True,  # 2,048 elements deep, not 256
        collect_ids=False,
        default_doctype=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        tree = html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None
    if any("depth" in error.message for error in parser.error_log if error.level_name == "FATAL"):
        raise UnreadableError("has elements more than 2,000 deep in others; save its text and ingest that")
    return tree


def lines_of(tree: HtmlElement) -> list[str]:
    """Return the lines that a browser would show of a tree, an empty one after each paragraph."""
    show_as_read(tree)
    lines = []
    for block in blocks_of(tree):
        row = block.holder.tag == "tr"
        lines += [" ".join(block.text.replace("|", " ").split())] if row else [*block.text.split("\n"), ""]
    return lines
