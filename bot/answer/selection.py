"""Selects the sentences that are shown: those that score nearly as well as the best one and repeat no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.answer.candidates import Candidate, coverage, topic_of
from bot.answer.scoring import GATE, holds_what_is_asked
from bot.question.parse import Question
from index.text import term_of, terms, words

_MOST = 4  # sentences of an answer
_GATE_SHOWN = 0.9  # GATE for sentences of the best one's own article
_LEAST_SHOWN = 0.15  # share of the question's weight that a sentence must have to be shown
_ON_TOPIC = 0.2  # share of the topic's weight in a sentence of one who is compared
_EACH = 2  # sentences of each who is compared
_GATE_SAID = 0.8  # GATE where "what did X say about Y" is asked, X speaks and Y is named: each such sentence answers
_REPEAT = 0.6  # share of common terms, of the shorter sentence, from which two say the same
_REPEAT_OF_OTHERS = 0.75  # _REPEAT for two articles, which may differ in a word that matters
_OTHERS = 2  # sentences of other articles that come before a second one of the best article
_AS_GOOD = 0.2  # how far below the best sentence those may score
_COVERS = 0.6  # share of the best one's coverage that those must have


def good_enough(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> list[Candidate]:
    """Return the sentences good enough to be shown, best first."""
    best = candidates[0]
    if compares(candidates, question):
        return [one for found in best_of_each(candidates, question, weights) for one in found]
    if question.speaker:
        topic = topic_of(question, weights)
        on_topic = [
            c
            for c in candidates
            if c.has_speaker and c.score >= best.score - _GATE_SAID and (not topic or coverage(c.terms, topic) > 0.2)
        ]
        if on_topic:
            return on_topic
    home = best.hit.article.source.id
    near = [
        c
        for c in candidates
        if c.score >= best.score - (_GATE_SHOWN if c.hit.article.source.id == home else GATE)
        and (c.coverage >= _LEAST_SHOWN or c is best)
        and (c.has_speaker or not question.speaker)
    ]
    near = _of_others_first(near or [best])
    if question.kind in ("number", "when"):
        asked = {term_of(word) or word.lower() for word in words(question.text)}
        lead = next(
            (c for c in near if c.score >= best.score - GATE and holds_what_is_asked(question, c.text, asked)), best
        )
        near = sorted(near, key=lambda c: c is not lead)
    return near


def _of_others_first(near: list[Candidate]) -> list[Candidate]:
    """Put the best sentence of each other article, if it says as much, before a second one of the best article."""
    best = near[0]
    seen = {best.hit.article.source.id}
    first = [best]
    for c in near[1:]:
        as_good = c.score >= best.score - _AS_GOOD and c.coverage >= _COVERS * best.coverage
        if as_good and c.hit.article.source.id not in seen and len(first) <= _OTHERS:
            seen.add(c.hit.article.source.id)
            first.append(c)
    return [*first, *(c for c in near if not any(c is one for one in first))]


def compares(candidates: Sequence[Candidate], question: Question) -> bool:
    """Tell whether two who speak are compared: how two things differ, one sentence may say of both."""
    speaking = frozenset[str]().union(*(c.speakers for c in candidates))
    return len(question.compared) > 1 and speaking.issuperset(question.compared)


def best_of_each(
    candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]
) -> list[list[Candidate]]:
    """Return the best sentences on the topic of each who is compared, in the order of the question: in which they
    speak, else are named.

    A sentence in which both speak tells how they agree: it is taken only if there is no other.
    """
    compared = frozenset(question.compared)
    topic = {term: weight for term, weight in weights.items() if term not in compared}
    found: list[list[Candidate]] = []
    for side in question.compared:
        on_topic = [c for c in candidates if not topic or coverage(c.terms, topic) > _ON_TOPIC]
        groups = (
            [c for c in on_topic if c.speakers == {side}],
            [c for c in on_topic if side in c.terms and not compared - {side} & c.terms],
            [c for c in on_topic if side in c.terms],
            [
                c
                for c in candidates
                if c.speakers == {side} and coverage(frozenset(terms(c.hit.passage.text)), topic) > _ON_TOPIC
            ],
        )
        found.append(next((group[:_EACH] for group in groups if group), []))
    return found


def without_repeats(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Keep the best sentences that say different things."""
    chosen: list[Candidate] = []
    for candidate in candidates:
        if len(chosen) < _MOST and not any(_says_again(candidate, kept) for kept in chosen):
            chosen.append(candidate)
    return chosen


def _says_again(candidate: Candidate, kept: Candidate) -> bool:
    return _common(kept, candidate) >= (_REPEAT if kept.hit.article is candidate.hit.article else _REPEAT_OF_OTHERS)


def _common(one: Candidate, other: Candidate) -> float:
    """Return the share of the shorter sentence's terms that two have in common, 0 if their numbers differ."""
    mine, theirs = frozenset(terms(one.text)), frozenset(terms(other.text))
    if not mine or not theirs or {t for t in mine if t.isdigit()} != {t for t in theirs if t.isdigit()}:
        return float(one.text == other.text)
    return len(mine & theirs) / min(len(mine), len(theirs))
