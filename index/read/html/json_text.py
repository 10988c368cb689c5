"""The text of an article in the page's JSON-LD: it tells which of the page's blocks belong to the article, and is the
text where a script shows them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from index.clean.clean import lines_of
from index.read.html.blocks import Block
from index.read.record import line_of

_WORD = re.compile(r"\w+")
_RUN = 4  # words
_LONGER, _MUCH_LONGER = 1.3, 8  # times; what is much longer holds more than what the page is about
_LEAST = 100  # words of a text that is believed
_POSTS = 5_000
_PICTURE = re.compile(r"\[#[a-z]+:[^\]]{0,500}\](?:\|{2,}[^|\n]{0,2000}\|{2,})?")  # in Condé Nast's own markup
_MARKDOWN_LINK = re.compile(r"\[([^\]\n]{1,500})\]\(https?://[^)\s]{1,2000}\)(?:\{[^}\n]{0,300}\})?")
_EMPHASIS = re.compile(r"(\*\*|__|_|\*)(?=\S)([^*_\n]{1,500}?)(?<=\S)\1")
_GLUED = re.compile(r"(?:(?<=[^\W_][.!?…])(?<![A-ZÀ-Þ]\.)|(?<=[.!?…][”’»\"]))(?=[“„«\"]?[A-ZÀ-ÞА-Я][^\W\d_A-Z.])")


def own_text(article: dict[str, Any]) -> str:
    """Return the text that JSON-LD has of an article: its body, or the posts of a live blog with their times."""
    body = article.get("articleBody")
    if isinstance(body, str) and body.strip():
        return _plain(body)
    posts = article.get("liveBlogUpdate")
    return "\n".join(
        _post(post) for post in (posts if isinstance(posts, list) else [])[:_POSTS] if isinstance(post, dict)
    )


def _post(post: dict[str, Any]) -> str:
    moment = re.search(r"T(\d\d:\d\d)", str(post.get("datePublished")))
    parts = (moment and moment[1], line_of(post.get("headline")), _plain(str(post.get("articleBody") or "")))
    return "\n".join(part for part in parts if part)


def _plain(body: str) -> str:
    """Return the text of a body without HTML and Markdown; paragraphs that are glued together are parted."""
    body = _PICTURE.sub("\n", html.unescape(body) if "&lt;" in body else body)
    body = _MARKDOWN_LINK.sub(r"\1", body)
    body = _EMPHASIS.sub(r"\2", body)
    lines = [line for line in lines_of(body) if line]
    return "\n".join(lines) if len(lines) > 1 else _GLUED.sub("\n", "".join(lines))


def stated(body: str, blocks: Sequence[Block], kept: Sequence[int]) -> tuple[list[int], str]:
    """Return the numbers of the blocks that belong to the article, and its text.

    Where the page's own copy of the text is longer, the blocks that are in it belong to the article (measured: one page
    in eighty). It is the text itself where the page shows less.
    """
    text = _text(blocks, kept)
    own = _WORD.findall(body)
    words = _WORD.findall(text)
    there = set(own)
    if (
        len(own) < max(_LEAST, _LONGER * len(words))
        or len(own) > _MUCH_LONGER * max(_LEAST, len(words))
        or sum(word in there for word in words) < 0.85 * len(words)
    ):
        return list(kept), text
    runs = set(_runs(own))
    more = {number for number, block in enumerate(blocks) if block.words >= _RUN and _is_in(block.text, runs)}
    numbers = sorted(more.union(kept))
    text = _text(blocks, numbers)
    return numbers, text if len(own) < _LONGER * len(_WORD.findall(text)) else body


def _text(blocks: Sequence[Block], numbers: Sequence[int]) -> str:
    return "\n".join(blocks[number].text for number in numbers)


def _is_in(text: str, runs: set[tuple[str, ...]]) -> bool:
    found = [run in runs for run in _runs(_WORD.findall(text))]
    return sum(found) >= 0.9 * len(found)


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(islice(words, start, None) for start in range(_RUN)), strict=False)
