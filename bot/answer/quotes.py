"""The quotes answerer: picks the sentences that answer, verbatim.

No model writes anything; the same archive gives the same answer.

hits → sentences of their passages → scored by meaning, rare words, speaker and kind → enough? → one to four, in reading
order
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answer.candidates import Candidate, candidates_of, weights_of
from bot.answer.confidence import LEVELS, Level, confidence
from bot.answer.disagreements import reports
from bot.answer.drafts import drafts_of
from bot.answer.fitting import WILL
from bot.answer.mismatches import mismatch, signs_of
from bot.answer.question import Question
from bot.answer.reader import Reader, decided
from bot.answer.scoring import by_meaning, by_words, ranked, sentence_vectors
from bot.answer.selection import answering, distinct
from bot.check.checker import Draft
from index.archive import View
from index.articles import Hit
from index.model.embedder import Embedder, Vectors

NAME = "quotes"
_PASSAGES = 6  # of the hits, that sentences are taken from
_PASSAGES_SAID = 12  # the same where somebody's words are asked for: he speaks in few of them
# the best by words are compared by meaning too, which costs milliseconds each: with 80 no answer was another
# (docs/speed.md)
_COMPARED = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """What the answerer drafts, or why it drafts nothing, and how well the best sentence supports an answer."""

    drafts: tuple[Draft, ...]
    why: str
    confidence: float = 0.0
    lead: str = ""  # ours, to stand before the sentences


def choose(
    view: View,
    question: Question,
    asked: Vectors,
    hits: Sequence[Hit],
    embedder: Embedder,
    level: Level = "balanced",
    reader: Reader | None = None,
) -> Choice:
    """Draft an answer from the hits of one view of the archive, or say why there is none; ``asked`` is the vector of
    ``question.asked``.
    """
    if not hits:
        return Choice((), "no passage was found")
    if not question.terms:
        return Choice((), "the question names no topic")
    weights = weights_of(view, question)
    candidates = candidates_of(
        hits[: _PASSAGES_SAID if question.speaker or question.sides else _PASSAGES], question, weights
    )
    if not candidates:
        return Choice((), "the passages found hold no full sentence")
    _by_deed(candidates, question)
    by_words(candidates, question, weights)
    candidates = ranked(candidates)[:_COMPARED]
    by_meaning(candidates, asked, sentence_vectors(embedder, candidates))
    candidates = ranked(candidates)
    best = candidates[0]
    sure = max(confidence(signs) for signs in signs_of(candidates, question, weights, hits))
    if reader is not None:
        sure = decided(reader, question, best, sure, LEVELS[level])
    why_not = mismatch(candidates, question, weights)
    if why_not:
        return Choice((), why_not, sure - 1)
    if sure < LEVELS[level]:
        return Choice(
            (),
            f"what was found supports too little of the question (confidence {sure:.2f}, needed {LEVELS[level]})",
            sure,
        )
    why = f"best sentence: meaning {best.meaning:.2f}, coverage {best.coverage:.2f}, confidence {sure:.2f}"
    differing = reports(candidates, question)
    if differing:
        return Choice(drafts_of(differing.sentences, question, ordered=True), why, sure, differing.lead)
    return Choice(drafts_of(distinct(answering(candidates, question, weights)), question), why, sure)


def _by_deed(candidates: Sequence[Candidate], question: Question) -> None:
    """Where nobody asked about speaks, and the question is for a will rather than for words, take the sentences that
    name him.
    """
    if question.speaker and WILL.search(question.asked) and not any(c.by for c in candidates):
        for candidate in candidates:
            candidate.by = candidate.terms & frozenset(question.speaker)
