"""Who is speaking in a sentence, as far as its words and the sentences before it tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from index.statements import Statement, named_in, statements

_STARTS_LOOSE = re.compile(
    r"^[\"“„«'‘]?\s*(?:He|She|They|It|His|Her|Their|Its|This|That|These|Those|But\s+he|But\s+she|And\s+he|The\s+(?:president|minister|chancellor|leader|two|pair))\b"
)
_OPENS_QUOTE = re.compile(r"^\s*(?:[\"“„«]|''|‘‘)")


def speaks(speaker: Collection[str], sentences: Sequence[str], index: int) -> bool:
    """Tell whether someone, named by folded terms, is the one who speaks in a sentence of an article."""
    return any(statement.index == index and not statement.keys.isdisjoint(speaker) for statement in _statements(tuple(sentences)))


@lru_cache(maxsize=64)  # asked for every sentence of a passage in turn
def _statements(sentences: tuple[str, ...]) -> list[Statement]:
    return statements(sentences)


def stands_alone(sentence: str) -> bool:
    """Tell whether a sentence can be understood without the one before it."""
    if _STARTS_LOOSE.match(sentence):
        return False
    names, pronouns = named_in(sentence)
    return bool(names) or not pronouns


def is_bare_quote(sentence: str) -> bool:
    """Tell whether a sentence is a quotation without anyone named as its speaker."""
    return _OPENS_QUOTE.match(sentence) is not None and not named_in(sentence)[0]
