"""Words of news: which mean the same, which mean the opposite, and which make a statement more or less certain.

The lists are data: index/words.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache, lru_cache

from anyascii import anyascii

from index.text import stemmed
from index.words import groups, lines, listed

_STEPS = ("possible", "meant", "coming")
FACT = len(_STEPS)
_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "de", "anti", "mis")


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
def small_words(part: str) -> frozenset[str]:
    """Return words, and their lemmas: "function" words say nothing that can be false, "negators" deny."""
    found = listed("small_words", part)
    return frozenset((*found, *map(lemma, found)))


@cache
def sureness(word: str) -> int:
    """Return how sure a lemma makes the word it governs: 0 possible, 1 meant, 2 coming; FACT if it says nothing."""
    steps = (step for step, part in enumerate(_STEPS) if word in map(lemma, listed("certainty", part)))
    return next(steps, FACT)


@cache
def _irregular() -> dict[str, str]:
    return {form: line.split()[0] for line in lines("irregular_forms") for form in line.split()}


@cache
def _synonyms() -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for number, line in enumerate(lines("synonyms")):
        for word in map(lemma, line.split()):
            found[word].add(number)
    return dict(found)


@cache
def _opposites() -> frozenset[tuple[str, str]]:
    pairs = [
        (lemma(one), lemma(other)) for left, right in groups("opposites", "claims") for one in left for other in right
    ]
    return frozenset(pairs) | {(other, one) for one, other in pairs}


def alike(one: str, other: str) -> bool:
    """Tell whether two lemmas mean the same in news, or are forms of one word."""
    return one == other or not _synonyms().get(one, set()).isdisjoint(_synonyms().get(other, ()))


def opposed(one: str, other: str) -> bool:
    """Tell whether two lemmas are opposites: by the list, or by a prefix ("legal", "illegal")."""
    short, long = sorted((one, other), key=len)
    prefixed = len(short) > 3 and long.endswith(short) and long.removesuffix(short) in _PREFIXES
    return prefixed or (one, other) in _opposites()
