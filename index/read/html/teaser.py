"""Whether what a page has of its article is a teaser: its beginning, before an offer to pay for the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.clean.offers import LONGER, holds_offer, offer_at
from index.text import is_clipped, is_sentence, length_in_words

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NOT_FREE = re.compile(
    r'"isAccessibleForFree"\s*:\s*"?\s*(?:https?://schema\.org/)?(?:false\b|no\b|0\b)', re.I
)  # in JSON-LD that need not be sound
_WORD_COUNT = re.compile(r'"wordCount"\s*:\s*"?\s*(\d{1,6})\b')
_TIERS = frozenset(("locked", "metered", "paid", "premium"))
_WHOLE = 0.75  # share of the words that a page counts, from which its text is whole
_LEAST_COUNTED = 40  # words; a page that counts fewer counts something else
_LONG = 350  # words; a text so long that ends as a sentence is whole, whatever comes after it
_FEW = 100  # words; what is so short, of an article that is not free, is its beginning
_LINE = 6  # words; a shorter line is a label
_AFTER = 600  # characters behind a text in which an offer is one for its rest
_ENDING = 40  # characters by which the end of a text is found in its page


def is_teaser(tree: HtmlElement, text: str, shown: str) -> bool:
    """Tell whether the text of a page's article is only its beginning; ``shown`` is all that a browser shows of it.

    A page that says that its article is not free may have been saved by a subscriber: the text decides. A page that
    does not say so has a teaser if the text breaks off before an offer.
    """
    last, offered = _end(text)
    breaks_off = is_clipped(last) or not is_sentence(last)
    data = _linked_data(tree)
    length = sum(map(length_in_words, text.split("\n")))
    if not _says_not_free(tree, data):
        return length < LONGER and breaks_off and (offered or _offer_follows(shown, last))
    counted = [int(match[1]) for match in _WORD_COUNT.finditer(data)]
    if counted and max(counted) >= _LEAST_COUNTED:
        return length < _WHOLE * max(counted)
    if length < _FEW or is_clipped(last):
        return True
    if breaks_off:
        return length < LONGER
    return length < _LONG and (offered or _offer_follows(shown, last))


def _linked_data(tree: HtmlElement) -> str:
    return "\n".join(script.text or "" for script in tree.xpath("//script[contains(@type, 'ld+json')]"))


def _says_not_free(tree: HtmlElement, data: str) -> bool:
    if _NOT_FREE.search(data):
        return True
    free = tree.xpath("//*[@itemprop='isAccessibleForFree']/@content")
    tiers = tree.xpath("//meta[@property='article:content_tier' or @name='article:content_tier']/@content")
    return any(value.strip().lower() in ("false", "no", "0") for value in free) or any(
        value.strip().lower() in _TIERS for value in tiers
    )


def _end(text: str) -> tuple[str, bool]:
    """Return the last line of a text that is neither a label nor of an offer, and whether an offer is behind it."""
    parts = text.split("\n")
    at = offer_at(parts)
    last = next((line for line in reversed(parts[:at]) if length_in_words(line) >= _LINE), "")
    return last.strip(), at is not None


def _offer_follows(shown: str, last: str) -> bool:
    """Tell whether an offer stands right behind the last line of a text in its page."""
    words = " ".join(shown.split())
    end = " ".join(last.split())[-_ENDING:]
    at = words.rfind(end) if end else -1
    return at >= 0 and holds_offer(words[at + len(end) : at + len(end) + _AFTER])
