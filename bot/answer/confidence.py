"""Decides how sure it is that the passages found answer a question, and what is shown for it: an answer, the sentence
that comes closest, or nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from bot.answer.candidates import CONTEXT, Candidate, coverage
from bot.answer.selection import best_of_each, compares
from bot.question.parse import Question
from index.text import term_of, terms, words
from index.words import groups

Level = Literal["cautious", "balanced", "eager"]

# Confidence from which a question is answered, and from which, if it is not, the closest sentence is shown.
LEVELS: dict[Level, float] = {"cautious": 0.55, "balanced": 0.4, "eager": 0.25}
NEAR: dict[Level, float] = {"cautious": 0.3, "balanced": 0.2, "eager": 0.1}

FIRST = 3  # sentences of which the one nearest in meaning counts
_ABSENT = 0.2  # share of the question's weight from which names that stand nowhere near tell that it is another's
_SPEAKING = 0.5  # how far below the best sentence one may score in which the one asked about speaks

_NEGATED = re.compile(
    r"\b(?:not|never|no|without|none|unlike|except|cannot|neither|nobody|nothing|nor|fails?|failed|refus\w+|least"
    r"|fewest|lack\w*)\b|n['’]t\b",
    re.I,
)


@cache
def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for (left,), (right,) in groups("opposites", "questions"):
        one, other = term_of(left) or left, term_of(right) or right
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


@dataclass(frozen=True, slots=True)
class Signs:
    """The features that tell whether the best sentences answer.

    ``read`` is the highest number that the reader gives a sentence (None without a reader), ``meaning`` and ``passage``
    are the cosines of the question to the nearest of the first sentences and to the best one's passage. ``coverage``
    and ``around`` are the shares of the question's weight (its terms' rarity in the collection) in the best sentence
    and in its passage, its title and the sentence before. ``opposite``: the question is negated, or turned round, where
    the best sentence is not.
    """

    read: float | None
    meaning: float
    passage: float
    coverage: float
    around: float
    opposite: bool


def confidence(signs: Signs) -> float:
    """Return how sure it is that the question is answered, between 0 and 1.

    A logistic regression on one half of six data sets that count alike, with a reader and without one:
    docs/understand/answers.md has its figures and what was left out.
    """
    if signs.read is None:
        total = -3.7 + 3.2 * signs.meaning + 1.6 * signs.passage + 0.9 * signs.around - 2.4 * signs.opposite
        total += 1.3 * signs.coverage
    else:
        total = -5.1 + 3.7 * signs.meaning + 2.1 * signs.passage + 3.2 * signs.around - 1.8 * signs.opposite
        total += 0.36 * signs.read
    return 1 / (1 + math.exp(-total))


def signs_of(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> Signs:
    """Return the signs of scored sentences, best first."""
    best = candidates[0]
    return Signs(
        max((c.read for c in candidates if c.read is not None), default=None),
        max(c.meaning for c in candidates[:FIRST]),
        best.hit.dense,
        best.coverage,
        coverage(best.near | frozenset(terms(best.hit.passage.text)), weights),
        # "Why was it not signed" takes for granted that it was not: "it fell through" answers.
        question.kind != "why" and asks_the_opposite(question.asked, best.text),
    )


def asks_the_opposite(question: str, sentence: str) -> bool:
    """Tell whether a question is negated where the sentence is not, or holds the opposite of one of its words."""
    if _NEGATED.search(question) and not _NEGATED.search(sentence):
        return True
    asked, said, opposites = _tokens(question), _tokens(sentence), _opposites()
    return any(
        token not in said and opposites[token] & said and not opposites[token] & asked
        for token in asked
        if token in opposites
    )


def _tokens(text: str) -> set[str]:
    return {term_of(word) or word.lower() for word in words(text)}


def what_is_missing(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> str:
    """Return whom the question names and the best sentences lack, "" if nobody."""
    best = candidates[0]
    passage, text = best.hit.passage, best.hit.article.text
    # A name stays in force for some paragraphs.
    near = best.near | frozenset(terms(text[max(0, passage.start - CONTEXT) : passage.end]))
    absent = question.names - near
    share = sum(weights.get(term, 0.0) for term in absent) / sum(weights.values())
    # One missing name among many words of a long question may be there in other words ("Americans", "the US").
    if share > _ABSENT or absent & set(question.speaker):
        return f"a name the question asks about stands nowhere near the best sentence ({', '.join(sorted(absent))})"
    if compares(candidates, question) and not all(best_of_each(candidates, question, weights)):
        return "nothing was found of one of the two on the topic"
    if question.speaker and not any(c.has_speaker for c in candidates if c.score >= best.score - _SPEAKING):
        return "nobody by the name asked for is speaking in the sentences found"
    return ""
