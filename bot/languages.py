"""In which language a question is asked, and what to say in it when the articles are in others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from index.words import one_of, rows

_WORDS = re.compile(r"[^\W\d_]+")
_NAMES = re.compile(r"[^\W_]+(?:[’'.-][^\W_]+)*")
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


_ASKED = ("who", "what", "when", "where", "why", "how many", "say")


@cache
def _asking() -> dict[str, tuple[str, re.Pattern[str]]]:
    """Return for each language what is said of articles in another, and its words of asking."""
    found = {}
    for code, said, *columns in rows("languages", "asking", fields=2 + len(_ASKED)):
        groups = (
            rf"(?P<w{number}>{one_of(map(re.escape, words.split(' / ')))})" for number, words in enumerate(columns)
        )
        found[code] = said, re.compile(rf"(?<!\w)(?:{'|'.join(groups)})(?!\w)", re.I)
    return found


def asked_in_english(question: str, language: str) -> tuple[str, list[str]]:
    """Return the English word of asking for that of a question ("who", "say"), "" if it has none, and the words of the
    question that are not small ones of its language.
    """
    _, pattern = _asking()[language]
    asked = [_ASKED[int(match.lastgroup[1:])] for match in pattern.finditer(question) if match.lastgroup]
    rest = pattern.sub(" ", question)
    small = languages()[language].words
    kept = [word for word in _NAMES.findall(rest) if word.lower() not in small]
    return "say" if "say" in asked else next(iter(asked), ""), kept


def articles_are_in(language: str, articles: Iterable[str]) -> str:
    """Return the line that says in a language in which languages the articles of an answer are."""
    names = (languages()[code].name if code in languages() else code for code in dict.fromkeys(articles))
    return _asking()[language][0].replace("{}", ", ".join(names))


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
