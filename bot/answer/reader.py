"""A reader: a cross-encoder that decides the cases in which it is not sure that a passage answers.

Off unless it is set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.answer.candidates import Candidate
from bot.answer.question import Question

Reader = Callable[[str, Sequence[str]], Sequence[float]]
"""Tells of each text how surely it answers a question, from 0 to 1."""

NEAR = 0.15  # how far from the level a confidence is one that a reader decides


def decide(reader: Reader, question: Question, best: Candidate, sure: float, level: float) -> float:
    """Return a confidence near the level as the reader sees it: at the level or above if the passage or the sentence
    answers, else below.

    It reads the sentence with the one before it, and its passage; the surer of the two counts, moved so that its half
    is the level.
    """
    if abs(sure - level) > NEAR:
        return sure
    text = best.hit.article.text
    first = best.around[max(0, best.position - 1)][0]
    answers = max(reader(question.asked, [text[first : best.end], best.hit.passage.text]))
    return level + (answers - 0.5) * 2 * NEAR
