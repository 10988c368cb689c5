"""Reports that disagree: another number, another time, or a denial, for what is told alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.answer.candidates import Candidate
from bot.answer.confidence import NEGATED
from bot.answer.fitting import NUMBER, TIME
from bot.answer.question import Question
from index.terms import term_of, words

_MOST = 3  # reports shown side by side
_NEAR = 0.4  # how far below the best sentence's score one that disagrees may lie
_ALIKE = 0.8  # share of the best one's coverage that it must have
_MEANT = 0.15  # how much less it may mean the question
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_MARKS = re.compile(r"(?<=\d),(?=\d{3})")


@dataclass(frozen=True, slots=True)
class Reports:
    """Sentences of different articles that disagree, in order of their dates (what is undated last), and what a reader
    is told.
    """

    sentences: tuple[Candidate, ...]
    lead: str


def reports(candidates: Sequence[Candidate], question: Question) -> Reports | None:
    """Return the reports that disagree with the best one on what is asked for, with it; None if none does.

    ``candidates`` are scored, best first. They tell the same thing where they cover the question's words and mean it
    alike, and disagree where their figures, their times, or yes and no, have nothing in common.
    """
    best = candidates[0]
    own = _value(best, question)
    if not own:
        return None
    kept: list[tuple[Candidate, frozenset[str]]] = [(best, own)]
    for other in candidates[1:]:
        if len(kept) == _MOST or other.score < best.score - _NEAR:
            break
        if other.coverage < _ALIKE * best.coverage or other.meaning < best.meaning - _MEANT:
            continue
        value = _value(other, question)
        if value and not any(value & found or one.hit.article is other.hit.article for one, found in kept):
            kept.append((other, value))
    if len(kept) < 2:
        return None
    newest = question.latest
    ordered = sorted(
        (one for one, _ in kept), key=lambda c: (c.hit.article.source.published or date.max, c.hit.article.source.id)
    )
    dated = {one.hit.article.source.published for one in ordered}
    if newest and None not in dated:
        ordered.reverse()
    several = len(dated) > 1 and None not in dated
    order = "" if not several else ", the newest first" if newest else ", the oldest first"
    return Reports(tuple(ordered), f"Reports differ{order}:")


def _value(candidate: Candidate, question: Question) -> frozenset[str]:
    """Return what a sentence gives for what is asked, as far as two can be compared by it; empty if nothing."""
    asked = {term_of(word) or word.lower() for word in words(question.text)}
    text = _MARKS.sub("", candidate.text)
    new = [word for word in words(text) if (term_of(word) or word.lower()) not in asked]
    if question.kind == "number":
        return frozenset(
            word.lower() for word in new if NUMBER.fullmatch(word) or (word[0].isdigit() and not _YEAR.match(word))
        )
    if question.kind == "when":
        return frozenset(word.lower() for word in new if TIME.fullmatch(word) or word.isdigit())
    if question.kind == "yesno":
        return frozenset(["no" if NEGATED.search(candidate.text) else "yes"])
    return frozenset()
