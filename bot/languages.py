"""In which language a question is asked, and what to say in it when the articles are in others."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import NamedTuple

from index.words import rows

_WORDS = re.compile(r"[^\W\d_]+")
_LETTERS = {"uk": "іїєґ", "ru": "ыэъё"}  # that only this language of the Cyrillic ones has
_LEAST = 2  # words that tell a language
_SHARE = 0.02  # of the articles, from which a language is named: few pages are told wrongly
_MOST = 5  # languages that are named


class Language(NamedTuple):
    """A language: its own name, the sentence of a refusal, what introduces the closest sentence, and words that tell
    it.
    """

    name: str
    refusal: str
    closest: str
    words: frozenset[str]


@cache
def languages() -> dict[str, Language]:
    """Return the languages that are known, by code."""
    return {
        code: Language(name, said, closest, frozenset(words.split()))
        for code, name, said, closest, words in rows("languages", fields=5)
    }


def language_of(question: str) -> str | None:
    """Return the language of a question, None if its words do not tell."""
    found = _WORDS.findall(question.lower()[:2_000])
    scores = {code: sum(word in language.words for word in found) for code, language in languages().items()}
    for code, letters in _LETTERS.items():
        scores[code] += any(letter in question.lower() for letter in letters)
    best, second = sorted(scores, key=lambda code: -scores[code])[:2]
    return best if scores[best] >= _LEAST and scores[best] > scores[second] else None


def refusal_in(language: str, articles: Counter[str]) -> str:
    """Return the line that says in a language in which languages the articles are, "" if it is one of them.

    ``articles``: how many each language has.
    """
    least = _SHARE * articles.total()
    common = [code for code, count in articles.most_common(_MOST) if count >= least]
    if not common or articles[language] >= least:
        return ""
    names = ", ".join(languages()[code].name if code in languages() else code for code in common)
    return languages()[language].refusal.replace("{}", names)
