"""Which blocks of a page are its article: what extraction chooses, and what it loses of that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from index.clean.furniture import form_of
from index.read.html.blocks import Block, chosen
from index.text import is_prose, is_sentence

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BESIDE = frozenset("aside button dialog fieldset figcaption figure footer form nav td th tr".split())
_BESIDE_CLASS = re.compile(
    r"caption|credit|author|byline|biogra|social|share|sharing|comment|newsletter|cookie|consent|promo|sponsor|related"
    r"|recommend|breadcrumb|menu|navi|banner|subscri|paywall|modal|popup|widget|image|photo|picture|gallery|video|player"
    r"|\btags?\b|\bads?\b|advert|copyright|disclaimer|sidebar|footer",
    re.I,
)
_REACH = 30  # blocks between the headline and the first paragraph


def article_of(extracted: str, blocks: Sequence[Block], title: str | None) -> list[int]:
    """Return the numbers of the blocks that are the article, in order."""
    kept = set(chosen(extracted, blocks))
    kept |= _standfirst(blocks, kept, title)
    kept |= _between(blocks, kept)
    return sorted(kept)


def _standfirst(blocks: Sequence[Block], kept: set[int], title: str | None) -> set[int]:
    """Return the blocks between the headline and the first paragraph that read like a story."""
    first = next((number for number in sorted(kept) if is_prose(blocks[number].text)), None)
    if first is None:
        return set()
    headline = next(
        (
            number
            for number in range(first - 1, max(-1, first - _REACH), -1)
            if blocks[number].holder.tag == "h1" or blocks[number].text == title
        ),
        None,
    )
    if headline is None:
        return set()
    return {
        number
        for number in range(headline + 1, first)
        if number not in kept and _reads_like_a_story(blocks[number], blocks[headline])
    }


def _between(blocks: Sequence[Block], kept: set[int]) -> set[int]:
    """Return the blocks between paragraphs of the article, in the same element, that read like a story."""
    found: set[int] = set()
    last: dict[HtmlElement | None, int] = {}
    for number in sorted(kept):
        container = _container(blocks[number])
        if not is_prose(blocks[number].text):
            continue
        if container in last:
            found |= {
                other
                for other in range(last[container] + 1, number)
                if other not in kept
                and _container(blocks[other]) is container
                and _is_story(blocks[other])
            }
        last[container] = number
    return found


def _container(block: Block) -> HtmlElement | None:
    """Return the element whose paragraphs stand beside a block; those beside a list are those beside its items."""
    parent = block.holder.getparent()
    return parent.getparent() if block.holder.tag in ("li", "dd") and parent is not None else parent


def _is_story(block: Block) -> bool:
    return block.linked * 3 <= len(block.text) and not form_of(block.text) and block.holder.tag not in _BESIDE and block.words >= 6 and is_sentence(block.text)


def _reads_like_a_story(block: Block, inside: Block) -> bool:
    if block.linked * 3 > len(block.text) or form_of(block.text):
        return False
    if not (block.words >= 15 or (block.words >= 6 and is_sentence(block.text))):
        return False
    around = set(inside.holder.iterancestors())
    return not any(_is_beside(element) for element in (block.holder, *block.holder.iterancestors()) if element not in around)


def _is_beside(element: HtmlElement) -> bool:
    return element.tag in _BESIDE or bool(_BESIDE_CLASS.search(f"{element.get('class')} {element.get('id')}"))
