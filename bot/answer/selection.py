"""Selects the sentences that are shown: the best, one more of another paper that adds something, each side's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.answer.candidates import Candidate, coverage
from bot.question.parse import Question
from index.text import terms, words
from index.words import numbers

_ON_TOPIC = 0.2  # share of the topic's weight in a sentence of one who is compared
_EACH = 2  # sentences of each who is compared
_REPEAT = 0.6  # share of common terms, of the shorter sentence, from which two say the same
_AS_GOOD = 0.1  # how far below the best sentence one of another paper may score
_READS, _READ_AS_GOOD = 1.9, 1.0  # with a reader: the least number of that sentence, and how far below the best one's


def one_more(candidates: Sequence[Candidate], question: Question) -> list[Candidate]:
    """Return the best sentence of another paper, if it answers a question for a number nearly as well as the best one
    and has another; what else another paper says is seldom to the point.
    """
    if question.kind != "number":
        return []
    best = candidates[0]
    own = best.hit.article.source.publisher
    others = (c for c in candidates[1:] if c.hit.article.source.publisher != own and _as_good(c, best))
    return [c for c in others if _common(c, best) < _REPEAT][:1]


def _as_good(other: Candidate, best: Candidate) -> bool:
    if other.read is None or best.read is None:
        return other.score >= best.score - _AS_GOOD
    return other.read >= max(_READS, best.read - _READ_AS_GOOD) and not other.headline


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


def _common(one: Candidate, other: Candidate) -> float:
    """Return the share of the shorter sentence's terms that two have in common, 0 if their numbers differ."""
    mine, theirs = frozenset(terms(one.text)), frozenset(terms(other.text))
    if not mine or not theirs or _figures(one.text) != _figures(other.text):
        return float(one.text == other.text)
    return len(mine & theirs) / min(len(mine), len(theirs))


def _figures(text: str) -> set[str]:
    return {word for word in map(str.lower, words(text)) if word[0].isdigit() or word in numbers()}
