"""What a question asks for and the sentences found lack; and the signs by which the best of them is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.candidates import CONTEXT, Candidate, coverage
from bot.fitting import NUMBER
from bot.question import Question
from bot.refusal import Signs, asks_the_opposite
from bot.scores import GATE
from index.articles import Hit
from index.terms import terms

_ABSENT = 0.25  # share of a question's weight that names which stand nowhere near may have
_FURTHER_DOWN = 10  # hits behind this one tell what similarity means in this collection


def signs_of(best: Candidate, question: Question, weights: Mapping[str, float], hits: Sequence[Hit]) -> Signs:
    """Return what tells whether the best sentence answers."""
    around = best.near | frozenset(terms(best.hit.passage.text))
    absent = sum(weights[term] for term in question.names if term in weights and term not in around) / sum(weights.values())
    further = [hit.dense for hit in hits[_FURTHER_DOWN:]]
    margin = hits[0].dense - sum(further) / len(further) if further else None
    opposite = asks_the_opposite(question.asked, best.text)
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
    if question.speaker and not any(c.spoken for c in around):
        return "nobody by the name asked for is speaking in the sentences found"
    if question.kind == "number" and not any(NUMBER.search(c.text) for c in around):
        return "a number is asked for and none stands in the sentences found"
    if question.speaker and question.topic:
        topic = {term: weight for term, weight in weights.items() if term in question.topic}
        if not any(coverage(c.terms, topic) > 0 or c.meaning >= 0.55 for c in around if c.spoken):
            return "the one asked about says nothing on the topic"
    return ""


def _surroundings(candidate: Candidate) -> str:
    """Return the passage with what a reader has just read before it: a name stays in force for some paragraphs."""
    passage = candidate.hit.passage
    return candidate.hit.article.text[max(0, passage.start - CONTEXT) : passage.end]
