"""Decides how sure it is that the passages found answer a question, and what is shown for it: an answer, the sentence
that comes closest, or nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.answer.candidates import CONTEXT, Candidate, coverage
from bot.answer.selection import best_of_each, compares
from bot.question.parse import Question
from index.text import terms

Level = Literal["cautious", "balanced", "eager"]

# Confidence from which a question is answered, and from which, if it is not, the closest sentence is shown.
LEVELS: dict[Level, float] = {"cautious": 0.45, "balanced": 0.35, "eager": 0.25}
NEAR: dict[Level, float] = {"cautious": 0.25, "balanced": 0.2, "eager": 0.15}

_FIRST = 3  # sentences of which the one nearest in meaning counts
_ABSENT = 0.2  # share of the question's weight that names which stand nowhere near may have
_SPEAKING = 0.5  # how far below the best sentence one may score in which the one asked about speaks


@dataclass(frozen=True, slots=True)
class Signs:
    """The features that tell whether the best sentence answers.

    ``read`` is the number that the reader gives it, None without a reader; then ``meaning`` and ``passage`` count, the
    cosines of the question to the nearest of the first sentences and to the best one's passage, and ``coverage``.
    ``coverage`` and ``around`` are the shares of the question's weight (its terms' rarity in the collection) in the
    best sentence and in its passage, its title and the sentence before.
    """

    read: float | None
    meaning: float
    passage: float
    coverage: float
    around: float


def confidence(signs: Signs) -> float:
    """Return how sure it is that the best sentence is right, between 0 and 1.

    The mean of two logistic regressions on one half of several data sets that count alike: of what is answerable, and
    of what is right. docs/understand/answers.md has the figures and what was left out.
    """
    if signs.read is None:
        total = -3.9 + 3.2 * signs.meaning + 1.6 * signs.passage + 0.9 * signs.around + 1.3 * signs.coverage
    else:
        total = -0.8 + 1.75 * signs.around + 0.9 * signs.read
    return 1 / (1 + math.exp(-total))


def signs_of(candidates: Sequence[Candidate], weights: Mapping[str, float]) -> Signs:
    """Return the signs of scored sentences, best first."""
    best = candidates[0]
    return Signs(
        best.read,
        max(c.meaning for c in candidates[:_FIRST]),
        best.hit.dense,
        best.coverage,
        coverage(best.near | frozenset(terms(best.hit.passage.text)), weights),
    )


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
