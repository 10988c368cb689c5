"""The quotes answerer: picks the sentence that answers, and shows it with what stands around it, word for word.

No model writes anything; the same archive gives the same answer.

hits → sentences of their passages → scored: by words, then by the reader → sure, unsure, or refused → excerpts
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.answer.candidates import Candidate, Place, candidates_of, weights_of, without
from bot.answer.confidence import LEVELS, NEAR, Level, confidence, signs_of, what_is_missing
from bot.answer.excerpts import Statements, draft_of, excerpt_of
from bot.answer.headlines import headlines_of
from bot.answer.scoring import STATES, WILL, answers_beside, best_first, score_by_reader, score_by_words, set_meaning
from bot.answer.selection import best_of_each, compares, one_more
from bot.check.checker import Draft
from bot.question.parse import Question
from index.articles import Hit
from index.model.embedder import Embedder, Vectors
from index.model.reader import Reader
from index.statements import acting_in, named_in
from index.view import View

NAME = "quotes"
_PASSAGES = 8  # hits from which sentences are taken
_PASSAGES_SAID = 12  # hits where somebody's words are asked for: he speaks in few of them
_COMPARED = 10  # sentences, the best by words, that are read, or else compared by meaning: milliseconds each
_ANSWERED = 0.0  # number of the reader from which a sentence answers; if none does, headlines are read
_HEADLINES = 4  # hits whose headlines are read


@dataclass(frozen=True, slots=True)
class Choice:
    """What the answerer drafts, or why it drafts nothing, and how well the best sentence supports an answer.

    ``closest`` is shown where nothing is drafted: the sentence that comes closest to an answer.
    """

    drafts: tuple[Draft, ...]
    why: str
    confidence: float = 0.0
    lead: str = ""  # a line of the bot's own, before the sentences
    closest: Draft | None = None


def choose(
    view: View,
    question: Question,
    asked: Vectors,
    hits: Sequence[Hit],
    embedder: Embedder,
    level: Level = "balanced",
    reader: Reader | None = None,
    shown: Collection[Place] = (),
) -> Choice:
    """Draft an answer from the hits of one view of the archive, or say why there is none; ``asked`` is the vector of
    ``question.asked``. No sentence within a ``shown`` place is taken.
    """
    if not hits:
        return Choice((), "no passage was found")
    if not question.terms:
        return Choice((), "the question names no topic")
    weights = weights_of(view, question)
    most = _PASSAGES_SAID if question.speaker or question.compared else _PASSAGES
    candidates = without(shown, candidates_of(view, hits[:most], question, weights))
    _take_named_for_speakers(candidates, question)
    score_by_words(candidates, question, weights)
    candidates = best_first(candidates)[:_COMPARED]
    if reader is None:
        set_meaning(candidates, asked, embedder)
        for candidate in candidates:
            candidate.score += candidate.meaning
        candidates = best_first(candidates)
    else:
        score_by_reader(candidates, question, reader)
        if all(c.read is not None and c.read < _ANSWERED for c in candidates):
            titles = without(shown, headlines_of(hits[:_HEADLINES], frozenset(question.speaker)))
            fresh = {candidate.hit.article.source.id: candidate.fresh for candidate in candidates}
            for title in titles:
                title.fresh = fresh.get(title.hit.article.source.id, 0.0)
            score_by_reader(titles, question, reader)
            candidates += [c for c in titles if c.read is not None and c.read >= STATES]
        candidates = best_first(candidates)
    return _chosen(view, candidates, question, weights, level, reader)


def _chosen(
    view: View,
    candidates: Sequence[Candidate],
    question: Question,
    weights: Mapping[str, float],
    level: Level,
    reader: Reader | None,
) -> Choice:
    """Draft an answer from scored candidates, the best first, or say why there is none."""
    if not candidates:
        return Choice((), "the passages found hold no full sentence")
    best = candidates[0]
    sure = confidence(signs_of(candidates, weights))
    why_not = what_is_missing(candidates, question, weights)
    # Of two who are compared, each sentence answers a half.
    needed = (NEAR if compares(candidates, question) else LEVELS)[level]
    if why_not or sure < needed:
        why = why_not or f"the best sentence is not sure enough (confidence {sure:.2f}, needed {needed})"
        closest = draft_of(best, (best.start, best.end), _said(view, [best])) if sure >= NEAR[level] else None
        return Choice((), why, sure - bool(why_not), closest=closest)
    seen = f"meaning {best.meaning:.2f}" if best.read is None else f"reader {best.read:.1f}"
    why = f"best sentence: {seen}, coverage {best.coverage:.2f}, confidence {sure:.2f}"
    shown = _shown(candidates, question, weights)
    said = _said(view, shown)
    beside = [answers_beside(one, candidates, question, reader) if reader else None for one in shown]
    return Choice(tuple(excerpt_of(one, said, near) for one, near in zip(shown, beside, strict=True)), why, sure)


def _shown(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> list[Candidate]:
    """Return the sentences that answer: the best, and one more of another paper; of two compared, each one's."""
    if compares(candidates, question):
        each = [found[0] for found in best_of_each(candidates, question, weights) if found]
        return list({id(one): one for one in each}.values())
    return [candidates[0], *one_more(candidates, question)]


def _said(view: View, shown: Sequence[Candidate]) -> Statements:
    return view.snapshot.statements_of(list(dict.fromkeys(one.hit.article.source.id for one in shown)))


def _take_named_for_speakers(candidates: Sequence[Candidate], question: Question) -> None:
    """If no one asked about speaks, take sentences on what they did ("Meloni repeated her doubts") as theirs; all that
    name them, where the question is what they want.
    """
    if not question.speaker or any(c.speakers for c in candidates):
        return
    wanted, wants = frozenset(question.speaker), WILL.search(question.asked) is not None
    for candidate in candidates:
        if wants or not any(named_in(candidate.text)):
            candidate.speakers = wanted & (candidate.terms if wants else acting_in(candidate.text))
