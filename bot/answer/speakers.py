"""Who is speaking in a sentence, as far as its words and the sentences before it tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from index.statements import named_in, statements

_STARTS_LOOSE = re.compile(
    r"^[\"“„«'‘]?\s*(?:He|She|They|It|His|Her|Their|Its|This|That|These|Those|But\s+he|But\s+she|And\s+he|The\s+(?:president|minister|chancellor|leader|two|pair))\b"
)
_OPENS_QUOTE = re.compile(r"^\s*(?:[\"“„«]|''|‘‘)")


def spoken_by(names: Collection[str], sentences: Sequence[str]) -> dict[int, frozenset[str]]:
    """Return who of those named by folded terms speaks in which of the sentences of an article, by the sentence's
    number.
    """
    found: dict[int, frozenset[str]] = {}
    for statement in statements(sentences):
        own = statement.keys & frozenset(names)
        if own:
            found[statement.index] = found.get(statement.index, frozenset()) | own
    return found


def stands_alone(sentence: str) -> bool:
    """Tell whether a sentence can be understood without the one before it."""
    if _STARTS_LOOSE.match(sentence):
        return False
    names, pronouns = named_in(sentence)
    return bool(names) or not pronouns


def is_bare_quote(sentence: str) -> bool:
    """Tell whether a sentence is a quotation without anyone named as its speaker."""
    return _OPENS_QUOTE.match(sentence) is not None and not named_in(sentence)[0]
