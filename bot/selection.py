"""The sentences that are shown: good enough beside the best one, and none that says the same twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.candidates import Candidate, coverage
from bot.fitting import fits
from bot.question import Question
from bot.scores import GATE
from index.terms import term_of, terms, words

_MOST = 4  # sentences of an answer
_GATE_SHOWN = 0.9  # the same for showing one of the best one's own article
_LEAST_SHOWN = 0.15  # nor one that covers less of the question's weight
_GATE_SAID = 0.8  # the same for "what did X say about Y", where X speaks and Y is named: each such sentence answers
_REPEAT = 0.6  # share of common terms, of the shorter sentence, from which two say the same


def answering(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> list[Candidate]:
    """Return the sentences good enough to be shown, best first."""
    best = candidates[0]
    if question.speaker:
        topic = {term: weight for term, weight in weights.items() if term in question.topic}
        on_topic = [c for c in candidates if c.spoken and c.score >= best.score - _GATE_SAID and (not topic or coverage(c.terms, topic) > 0.2)]
        if on_topic:
            return on_topic
    home = best.hit.article.source.id
    near = [
        c
        for c in candidates
        if c.score >= best.score - (_GATE_SHOWN if question.sides or c.hit.article.source.id == home else GATE)
        and (c.coverage >= _LEAST_SHOWN or c is best)
        and (c.spoken or not question.speaker)
    ]
    near = near or [best]
    if question.sides:  # one sentence of each, before more of either
        first = [next((c for c in near if side in c.terms and not other & c.terms), None) for side, other in _against(question.sides)]
        return [*(c for c in first if c), *(c for c in near if not any(c is one for one in first))]
    if question.kind in ("number", "when"):
        asked = {term_of(word) or word.lower() for word in words(question.text)}
        lead = next((c for c in near if c.score >= best.score - GATE and fits(question, c.text, asked)), best)
        near = sorted(near, key=lambda c: c is not lead)
    return near


def _against(sides: Sequence[str]) -> list[tuple[str, frozenset[str]]]:
    return [(side, frozenset(sides) - {side}) for side in sides]


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Keep the best sentences that say different things."""
    chosen: list[Candidate] = []
    for candidate in candidates:
        if len(chosen) < _MOST and all(_common(kept, candidate) < _REPEAT for kept in chosen):
            chosen.append(candidate)
    return chosen


def _common(one: Candidate, other: Candidate) -> float:
    """Return the share of the shorter sentence's terms that two have in common, 0 if their numbers differ."""
    mine, theirs = frozenset(terms(one.text)), frozenset(terms(other.text))
    if not mine or not theirs or {t for t in mine if t.isdigit()} != {t for t in theirs if t.isdigit()}:
        return float(one.text == other.text)
    return len(mine & theirs) / min(len(mine), len(theirs))
