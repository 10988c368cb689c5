"""Offers to pay or to sign in for the rest of an article: where they stand behind its beginning, and without them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from index.clean.clean import Cleaned, Cut
from index.text import is_sentence, length_in_words
from index.words import lines

_LONGEST = 60  # words of an offer, in one line or a few
LONGER = 600  # words; a text so long is whole, whatever its last line is: a label, a list, a line of verse
_LINE = 6  # words; a shorter line is a label
_NEXT = 6  # lines behind a text that are next to it


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


def breaks_off_before_offer(cleaned: Cleaned) -> bool:
    """Tell whether a text dump's article breaks off and an offer comes next."""
    paragraphs = cleaned.text.split("\n\n")
    if sum(map(length_in_words, paragraphs)) >= LONGER:
        return False
    at = offer_at(paragraphs)
    # The line that breaks off may have been cut: it is no sentence.
    behind = [cut.line for cut in cleaned.cut if (cut.at or 0) >= len(cleaned.text)][:_NEXT] if at is None else []
    offer = next((index for index, line in enumerate(behind) if holds_offer(line)), None)
    if at is None and offer is None:
        return False
    before = [*paragraphs[:at], *behind[:offer]]
    last = next((line for line in reversed(before) if length_in_words(line) >= _LINE), "")
    return bool(last) and not is_sentence(last)


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
