"""Offers to pay or to sign in for the rest of an article: where they stand behind its beginning, and without them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from index.clean.clean import Cleaned, Cut
from index.text import length_in_words
from index.words import lines

_LONGEST = 60  # words of an offer, in one line or a few


def holds_offer(text: str) -> bool:
    """Tell whether a text offers the rest of an article."""
    return _offers().search(text.lower()) is not None


def offer_at(text: Sequence[str]) -> int | None:
    """Return which of the lines of a text is the first of an offer that ends it, None if none does."""
    found, behind = None, 0
    for index in range(len(text) - 1, -1, -1):
        behind += length_in_words(text[index])
        if behind >= 2 * _LONGEST:
            break
        if length_in_words(text[index]) < _LONGEST and holds_offer(text[index]):
            found = index
    return found


def without_offer(cleaned: Cleaned) -> Cleaned:
    """Cut the offer at the end of a teaser, and what is behind it."""
    paragraphs = cleaned.text.split("\n\n")
    at = offer_at(paragraphs)
    starts = [sum(len(each) + 2 for each in paragraphs[:at])] if at is not None else []
    starts += [cut.at for cut in cleaned.cut if holds_offer(cut.line) and cut.at is not None]
    short = [start for start in starts if start and length_in_words(cleaned.text[start:]) < 2 * _LONGEST]
    if not short:
        return cleaned
    start = min(short)
    behind = [Cut(line, "offer", start) for line in cleaned.text[start:].split("\n\n") if line]
    cut = [Cut(each.line, each.reason, min(each.at or 0, start)) for each in cleaned.cut]
    return Cleaned(cleaned.text[:start].rstrip(), (*cut, *behind))


@cache
def _offers() -> re.Pattern[str]:
    parts = (re.escape(line).replace(r"\ \*\ ", r"\s(?:\S+\s){1,6}?") for line in lines("paywall"))
    return re.compile(rf"\b(?:{'|'.join(parts)})")
