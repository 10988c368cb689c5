"""What a question asks for and the sentences found lack; and the signs by which the best of them is judged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from bot.answer.candidates import CONTEXT, Candidate, coverage, topic_of
from bot.answer.confidence import Signs, asks_the_opposite
from bot.answer.fitting import NUMBER, TIME
from bot.answer.question import Question
from bot.answer.scoring import GATE
from bot.answer.selection import compares, of_each_side
from index.articles import Hit
from index.terms import terms

_ABSENT = 0.25  # share of a question's weight that names which stand nowhere near may have
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
    """Return what tells whether the best sentence answers; where two are compared, that of each, judged by what is
    asked of him.
    """
    if not compares(candidates, question):
        return [_signs(candidates[0], question, weights, hits)]
    found = []
    for side, own in zip(question.sides, of_each_side(candidates, question, weights), strict=True):
        asked = {term: weight for term, weight in weights.items() if term == side or term not in question.sides}
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


def mismatch(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> str:
    """Return what the question asks for and the best sentences lack, "" if nothing."""
    best = candidates[0]
    around = [c for c in candidates if c.score >= best.score - GATE]
    context = best.near | frozenset(terms(_surroundings(best)))
    absent = [term for term in question.names if term not in context and not any(term in c.near for c in around)]
    share = sum(weights[term] for term in absent if term in weights) / sum(weights.values())
    # One missing name among many words of a long question may be there in other words ("Americans", "the US").
    if absent and (share > _ABSENT or set(absent) & set(question.speaker)):
        return f"a name the question asks about stands nowhere near the best sentence ({', '.join(sorted(absent))})"
    if compares(candidates, question) and not all(of_each_side(candidates, question, weights)):
        return "nothing was found of one of the two on the topic"
    if question.speaker and not any(c.spoken for c in around):
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
    if question.speaker and topic and not any(c.spoken for c in on_it):
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
