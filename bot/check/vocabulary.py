"""Words of news: which mean the same, which mean the opposite, and which make a statement more or less certain.

The lists are data: index/words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, lru_cache

from anyascii import anyascii

from index.text import stemmed
from index.words import groups, lines, listed

_STEPS = ("possible", "meant", "coming")
FACT = len(_STEPS)
NEGATORS = frozenset(listed("small_words", "negators"))


@lru_cache(maxsize=100_000)
def lemma(word: str) -> str:
    """Return the normal form of a word: folded, without possessive, regular and irregular forms of a verb as one."""
    folded = anyascii(word[:64]).lower().replace("’", "'")
    folded = folded.removesuffix("'s").removesuffix("'")
    folded = _irregular().get(folded, folded)
    if len(folded) <= 3 or not folded.isalpha():
        return folded.replace(".", "")
    stem = str(stemmed(folded))
    if len(stem) > 5 and stem.endswith(("iy", "yy", "yi", "ij", "yj", "ii")):
        stem = stem[:-2] + "i"
    return stem


@cache
def function_words() -> frozenset[str]:
    """Return the words, and their lemmas, that carry nothing which can be true or false."""
    found = listed("small_words", "function")
    return frozenset((*found, *map(lemma, found)))


@cache
def polar_words() -> frozenset[str]:
    """Return the lemmas of the small words that have an opposite."""
    return frozenset(map(lemma, listed("small_words", "polar")))


@cache
def decisive_words() -> frozenset[str]:
    """Return the lemmas of words that decide whether a statement is true: "agree", "only", "before"."""
    return frozenset(map(lemma, (*listed("certainty", "done"), *listed("small_words", "decisive"))))


@cache
def _steps() -> dict[str, int]:
    return {lemma(word): step for step, part in enumerate(_STEPS) for word in listed("certainty", part)}


@cache
def _irregular() -> dict[str, str]:
    return {form: line.split()[0] for line in lines("irregular_forms") for form in line.split()}


@cache
def _synonyms() -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for number, line in enumerate(lines("synonyms")):
        for word in line.split():
            found[lemma(word)].add(number)
    return dict(found)


@cache
def _opposites() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for left, right in (map(_lemmas, sides) for sides in groups("opposites", "claims")):
        for one in left:
            found[one] |= right
        for one in right:
            found[one] |= left
    return dict(found)


def _lemmas(words: Iterable[str]) -> set[str]:
    return {lemma(word) for word in words}


def sureness(word: str) -> int:
    """Return how sure a lemma makes the word it governs: 0 possible, 1 meant, 2 coming; FACT if it says nothing."""
    return _steps().get(word, FACT)


def alike(one: str, other: str) -> bool:
    """Tell whether two lemmas mean the same in news, or are forms of one word."""
    return one == other or not _synonyms().get(one, set()).isdisjoint(_synonyms().get(other, ()))


def opposed(one: str, other: str) -> bool:
    """Tell whether two lemmas are opposites: by the list, or by a prefix ("legal", "illegal")."""
    if other in _opposites().get(one, ()):
        return True
    short, long = sorted((one, other), key=len)
    return len(short) > 3 and any(
        long == prefix + short for prefix in ("un", "in", "im", "il", "ir", "dis", "non", "de", "anti", "mis")
    )
