"""Search terms of a text: folded, stemmed words, the same for articles and questions."""

from __future__ import annotations

import re
import threading
from functools import lru_cache

import Stemmer
from anyascii import anyascii

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_OWN = threading.local()  # a stemmer keeps the word it works on in itself, and a bot answers several questions at once

_LONGEST = 64  # characters; what is longer is no word

# Words that carry no topic. Short on purpose: BM25 already weighs common words down.
STOP_WORDS = frozenset(
    """
        a about above after again against all also am an and any are as at be because been before being below
        between both but by can could did do does doing don down during each few for from further had has have
        having he her here hers him his how i if in into is it its itself just let me more most my no nor not of off
        on once only or other our out over own same she should so some such than that the their them then there
        these they this those through to too under until up upon us very was we were what when where which while who
        whom whose why will with would you your yours s t re ve ll d m say says said saying tell tells told talk
        talks talked according please know anything something
    """.split()
)


def words(text: str) -> list[str]:
    """Return the words of a text in order, as written ("U.S", "Macron's" and "2,000" stay whole or split at the
    comma).
    """
    return _WORD.findall(text)


def terms(text: str) -> list[str]:
    """Return the search terms of a text in order, stop words left out, repeats kept."""
    found = []
    for word in _WORD.findall(text):
        term = term_of(word)
        if term:
            found.append(term)
    return found


@lru_cache(maxsize=200_000)
def term_of(word: str) -> str:
    """Return the term for one word, "" for a stop word.

    Script and diacritics are folded to ASCII, the possessive goes, English endings are stemmed, and the endings in
    which transliterations differ become one: Zelensky, Zelenskyy, Zelenskiy and Зеленський are ``zelenski``.
    """
    folded = anyascii(word[:_LONGEST]).lower().replace("’", "'")
    folded = re.sub(r"'s?$", "", folded)
    folded = re.sub(r"[^a-z0-9]", "", folded)
    if not folded or folded in STOP_WORDS:
        return ""
    stem = stemmed(folded)
    if len(stem) > 5:
        stem = re.sub(r"(?:iy|yy|yi|ij|yj|ii|y)$", "i", stem)
    return stem


def stemmed(word: str) -> str:
    """Return a lower-case word without its English endings (Snowball's English stemmer)."""
    if not hasattr(_OWN, "stemmer"):
        _OWN.stemmer = Stemmer.Stemmer("english", 0)  # what it returns is kept by who asks
    stem: str = _OWN.stemmer.stemWord(word)
    return stem
