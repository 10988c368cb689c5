"""Decides whether the passages found answer the question: by a confidence, the level from which the bot answers, and
what is missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from bot.answer.candidates import CONTEXT, Candidate, coverage, topic_of
from bot.answer.scoring import GATE, NUMBER, TIME
from bot.answer.selection import best_of_each, compares
from bot.question.parse import Question
from index.articles import Hit
from index.text import term_of, terms, words
from index.words import groups

Level = Literal["cautious", "balanced", "eager"]

# Confidence from which a question is answered.
LEVELS: dict[Level, float] = {"cautious": 0.5, "balanced": 0.35, "eager": 0.2}

NEGATED = re.compile(
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
    """The features that tell whether the best sentence answers.

    ``meaning`` and ``passage`` are the cosines of the question to the sentence and to its passage, ``margin`` is how
    far the best passage's is above those further down the ranking (None if that is short), which tells what similarity
    means in this collection. ``coverage`` and ``around`` are the shares of the question's weight (its terms' rarity in
    the collection) in the sentence and in its passage, ``absent`` the share of names that stand in neither.
    ``opposite``: the question is negated, or turned round, where the sentence is not.
    """

    meaning: float
    passage: float
    margin: float | None
    coverage: float
    around: float
    absent: float
    opposite: bool


# A logistic regression on the dev halves of four data sets that count alike: docs/understand/answers.md
# has its figures and what was left out.
_BIAS = -4.35
_MEANING, _PASSAGE, _MARGIN, _COVERAGE, _AROUND, _ABSENT, _OPPOSITE = 3.2, 1.6, 2.4, 1.3, 0.9, -2.3, -2.4
_USUAL_MARGIN = 0.2


def confidence(signs: Signs) -> float:
    """Return how sure it is that the question is answered, between 0 and 1."""
    margin = _USUAL_MARGIN if signs.margin is None else signs.margin
    total = _BIAS + _MEANING * signs.meaning + _PASSAGE * signs.passage + _MARGIN * margin
    total += _COVERAGE * signs.coverage + _AROUND * signs.around + _ABSENT * signs.absent + _OPPOSITE * signs.opposite
    return 1 / (1 + math.exp(-total))


def asks_the_opposite(question: str, sentence: str) -> bool:
    """Tell whether a question is negated where the sentence is not, or holds the opposite of one of its words."""
    if NEGATED.search(question) and not NEGATED.search(sentence):
        return True
    asked, said, opposites = _tokens(question), _tokens(sentence), _opposites()
    return any(
        token not in said and opposites[token] & said and not opposites[token] & asked
        for token in asked
        if token in opposites
    )


def _tokens(text: str) -> set[str]:
    return {term_of(word) or word.lower() for word in words(text)}


_MISMATCHES_ABSENT = 0.25  # share of a question's weight that names which stand nowhere near may have
_ON_TOPIC = 0.25  # share of a topic's weight that a sentence on it has
_MEANT = 0.55  # cosine from which a sentence is on it in other words
_BESIDE = 0.15  # so far below the best sentence one is as good
# Asks for a day, not under which condition ("when do B cells replicate").
_A_DAY = re.compile(r"\W*(?:and\s+)?when\s+(?:did|will|was|were|is|has|have|had|would|should|can)\b(?!.*,)", re.I)
_MOMENT = re.compile(r"\b(?:until|till|after|before|once|since|during|following|beginning|start|end|deadline)\b", re.I)
# What somebody's words are asked on, without the occasion ("after the summit").
_ABOUT = re.compile(
    r"\b(?:about|on|regarding|over|concerning)\s+(?P<what>.+?)(?=\s(?:after|before|at|in|during|when|since)\s|\?|\Z)",
    re.I,
)
_FURTHER_DOWN = 10  # hits behind this one tell what similarity means in this collection


def signs_of(
    candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float], hits: Sequence[Hit]
) -> list[Signs]:
    """Return the signs of the best sentence; where two are compared, those of each one's best sentence, by what is
    asked of them.
    """
    if not compares(candidates, question):
        return [_signs(candidates[0], question, weights, hits)]
    found = []
    for side, own in zip(question.compared, best_of_each(candidates, question, weights), strict=True):
        asked = {term: weight for term, weight in weights.items() if term == side or term not in question.compared}
        best = own[0] if own else candidates[0]
        found.append(_signs(replace(best, coverage=coverage(best.terms, asked)), question, asked, hits))
    return found


def _signs(best: Candidate, question: Question, weights: Mapping[str, float], hits: Sequence[Hit]) -> Signs:
    around = best.near | frozenset(terms(best.hit.passage.text))
    absent = sum(weights[term] for term in question.names if term in weights and term not in around) / sum(
        weights.values()
    )
    further = [hit.dense for hit in hits[_FURTHER_DOWN:]]
    margin = hits[0].dense - sum(further) / len(further) if further else None
    # "Why was it not signed" takes for granted that it was not: "it fell through" answers.
    opposite = question.kind != "why" and asks_the_opposite(question.asked, best.text)
    return Signs(best.meaning, best.hit.dense, margin, best.coverage, coverage(around, weights), absent, opposite)


def what_is_missing(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> str:
    """Return what the question asks for and the best sentences lack, "" if nothing."""
    best = candidates[0]
    around = [c for c in candidates if c.score >= best.score - GATE]
    context = best.near | frozenset(terms(_surroundings(best)))
    absent = [term for term in question.names if term not in context and not any(term in c.near for c in around)]
    share = sum(weights[term] for term in absent if term in weights) / sum(weights.values())
    # One missing name among many words of a long question may be there in other words ("Americans", "the US").
    if absent and (share > _MISMATCHES_ABSENT or set(absent) & set(question.speaker)):
        return f"a name the question asks about stands nowhere near the best sentence ({', '.join(sorted(absent))})"
    if compares(candidates, question) and not all(best_of_each(candidates, question, weights)):
        return "nothing was found of one of the two on the topic"
    if question.speaker and not any(c.has_speaker for c in around):
        return "nobody by the name asked for is speaking in the sentences found"
    if question.kind == "number" and not any(NUMBER.search(c.text) for c in around):
        return "a number is asked for and none stands in the sentences found"
    if _A_DAY.match(question.asked) and not any(
        TIME.search(c.text) or _MOMENT.search(c.text) for c in around if c.score >= best.score - _BESIDE
    ):
        return "a time is asked for and none stands in the best sentences"
    about = _ABOUT.search(question.asked)
    topic = (
        topic_of(question, weights)
        if about or not question.speaker
        else {t: w for t, w in weights.items() if t in question.topic}
    )
    asked = (
        topic.keys() & set(terms(about["what"]) if about else ())
    ) - question.names  # of names alone nothing is said yet
    on_it = [c for c in around if _on(c, asked, topic)]
    if question.speaker and topic and not any(c.has_speaker for c in on_it):
        return "the one asked about says nothing on the topic"
    whether = topic.keys() - question.names if question.kind == "yesno" else set()
    if whether and not any(
        c.meaning >= _MEANT or whether & (c.near | frozenset(terms(c.hit.passage.text))) for c in around
    ):
        return "nothing in the passages found is about what is asked of the one named"
    return ""


def _on(candidate: Candidate, asked: Set[str], topic: Mapping[str, float]) -> bool:
    """Tell whether a sentence is on a topic: in its own words, by its meaning, or because all that is asked stands in
    the sentence or title before it.
    """
    if candidate.meaning >= _MEANT or (asked and asked <= candidate.near):
        return True
    return coverage(candidate.terms, topic) > (_ON_TOPIC if asked else 0) and bool(candidate.terms & asked or not asked)


def _surroundings(candidate: Candidate) -> str:
    """Return the passage with what a reader has just read before it: a name stays in force for some paragraphs."""
    passage = candidate.hit.passage
    return candidate.hit.article.text[max(0, passage.start - CONTEXT) : passage.end]


Reader = Callable[[str, Sequence[tuple[str, str]]], Sequence[float]]
"""Tells of each (what stands before, sentence) how surely it answers a question: above 0 if it does."""

_NOT_SURE = 0.15  # how far from the level a confidence is one that a reader decides


def decide(reader: Reader, question: Question, best: Candidate, sure: float, level: float) -> float:
    """Return a confidence near the level as a reader sees it: at or above the level if it finds an answer, else below.

    It reads the sentence with the one before it, and its passage. The higher of its two scores counts, moved so that
    one half is the level.
    """
    if abs(sure - level) > _NOT_SURE:
        return sure
    read = best.text
    if not best.headline:
        read = best.hit.article.text[best.around[max(0, best.position - 1)][0] : best.end]
    answers = max(reader(question.asked, [("", read), ("", best.hit.passage.text)]))
    return level + math.tanh(answers / 2) * _NOT_SURE
