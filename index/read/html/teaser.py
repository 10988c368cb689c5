"""Whether what a page has of its article is a teaser: its beginning, before an offer to pay for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from index.clean.offers import LONGER, holds_offer, offer_at
from index.read.html.linked_data import Node
from index.text import is_clipped, is_sentence, length_in_words

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NO = re.compile(r"(?:https?://schema\.org/)?(?:false|no|0)", re.I)
_TIERS = frozenset(("locked", "metered", "paid", "premium"))
_WHOLE = 0.75  # share of the words that a page counts, from which its text is whole
_LEAST_COUNTED = 40  # words; a page that counts fewer counts something else
_LONG = 350  # words; a text so long that ends as a sentence is whole, whatever comes after it
_FEW = 100  # words; what is so short, of an article that is not free, is its beginning
_LINE = 6  # words; a shorter line is a label
_AFTER = 600  # characters behind a text in which an offer is one for its rest
_ENDING = 40  # characters by which the end of a text is found in its page


def not_free(nodes: Iterable[Node], tree: HtmlElement) -> bool:
    """Tell whether a page says that its article must be paid for; ``nodes`` are its JSON-LD without other articles."""
    said = [str(node.get("isAccessibleForFree", "")) for node in nodes]
    said += tree.xpath("//*[@itemprop='isAccessibleForFree']/@content")
    tiers = tree.xpath("//meta[@property='article:content_tier' or @name='article:content_tier']/@content")
    return any(_NO.fullmatch(value.strip()) for value in said) or any(tier.strip().lower() in _TIERS for tier in tiers)


def is_teaser(text: str, shown: str, *, paid: bool, counted: int) -> bool:
    """Tell whether the text of a page's article is only its beginning.

    ``shown`` is all that a browser shows of the page. It says that its article is ``paid``, and how many words it has
    (``counted``, 0: not said). A paid page may have been saved by a subscriber: the text decides. A page that does not
    say so has a teaser if the text breaks off before an offer.
    """
    last, offered = _end(text)
    breaks_off = is_clipped(last) or not is_sentence(last)
    length = sum(map(length_in_words, text.split("\n")))
    if not paid:
        return length < LONGER and breaks_off and (offered or _offer_follows(shown, last))
    if counted >= _LEAST_COUNTED:
        return length < _WHOLE * counted
    if length < _FEW or is_clipped(last):
        return True
    if breaks_off:
        return length < LONGER
    return length < _LONG and (offered or _offer_follows(shown, last))


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
