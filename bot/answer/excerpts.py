"""The excerpt that is shown: one to three sentences in a row, around the one that answers, word for word."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.answer.candidates import LONGEST, Candidate, can_answer, needs_before
from bot.check.checker import Draft
from index.articles import StoredStatement
from index.sentences import Span
from index.text import BULLET, length_in_words, terms

_WORDS = 60  # of an excerpt, unless the sentence itself, or what it needs to be understood, has more
_SENTENCES = 3
_BEFORE = 2  # sentences that one may need before it
_ITEM = 25  # words of an item of a list that has no bullets
# "LONDON, March 2 (Meridian Wire) - ", "BRUSSELS -- "
_DATELINE = re.compile(
    r"[A-ZÀ-Þ][A-ZÀ-Þ .'’/-]{2,40}(?:,\s[\w\s.]{2,30}){0,2}\s?(?:\([^()]{2,40}\)\s?(?:--?|[–—])|--|[–—])\s+"
)
_LIST = re.compile(r"(?:They|These|Those|Among (?:them|those))\s(?:include|included|are|were)\b")

Statements = Mapping[str, Sequence[StoredStatement]]
"""Who says what in some articles, by the article's id."""


def excerpt_of(candidate: Candidate, said: Statements) -> Draft:
    """Quote a sentence with what it needs to be understood, the list that it announces, else its neighbours."""
    if candidate.headline:
        return draft_of(candidate, (candidate.start, candidate.end), said)
    around, at = candidate.around, candidate.position
    first = at
    while at - first < _BEFORE and needs_before(_text(candidate, first)) and _joins(candidate, first - 1, at):
        first -= 1
    last = _end_of_list(candidate)
    if last == at:
        if _joins(candidate, first, at + 1, _WORDS):
            last = at + 1
        if _joins(candidate, first - 1, last, _WORDS):
            first -= 1
    return draft_of(candidate, (around[first][0], around[last][1]), said)


def draft_of(candidate: Candidate, span: Span, said: Statements) -> Draft:
    """Quote some characters around a sentence, in one line as a person reads it, without a dateline."""
    article = candidate.hit.article
    start, end = span
    own = (candidate.start, candidate.end)
    if not candidate.headline:
        dateline = _DATELINE.match(article.text, start, end)
        if dateline and dateline.end() < end:
            start = dateline.end()
        own = (max(start, candidate.start), candidate.end)
    text = " ".join(article.part(start, end, headline=candidate.headline).split())
    speaker = "" if candidate.headline else _speaker(own, text, said.get(article.source.id, ()))
    return Draft(
        text,
        article,
        candidate.hit.passage,
        start,
        end,
        headline=candidate.headline,
        answering=own,
        speaker=speaker,
    )


def _speaker(sentence: Span, text: str, said: Sequence[StoredStatement]) -> str:
    """Return who speaks in a sentence by the name that the article has elsewhere, "" if the excerpt has it."""
    for statement in said:
        if statement.carried and statement.start < sentence[1] and statement.end > sentence[0]:
            name = terms(statement.speaker)
            return "" if not name or name[-1] in terms(text) else statement.speaker
    return ""


def _text(candidate: Candidate, at: int) -> str:
    start, end = candidate.around[at]
    return candidate.hit.article.text[start:end]


def _joins(candidate: Candidate, first: int, last: int, most: int | None = None) -> bool:
    """Tell whether an excerpt may reach from one sentence to another: a run of prose, not too long."""
    around = candidate.around
    if first < 0 or last >= len(around) or last - first >= _SENTENCES or around[last][1] - around[first][0] > LONGEST:
        return False
    if not all(can_answer(_text(candidate, at)) for at in range(first, last + 1)):
        return False
    return most is None or len(candidate.hit.article.text[around[first][0] : around[last][1]].split()) <= most


def _end_of_list(candidate: Candidate) -> int:
    """Return the position of the last item of the list that a sentence announces, its own if it announces none."""
    around, at = candidate.around, candidate.position
    if at + 1 == len(around):
        return at
    if _LIST.match(_text(candidate, at + 1)) and _joins(candidate, at, at + 1):
        return at + 1
    if not candidate.text.endswith(":"):
        return at
    bullets = BULLET.match(_text(candidate, at + 1)) is not None
    last = at
    for item in range(at + 1, len(around)):
        text = _text(candidate, item)
        ends = BULLET.match(text) is None if bullets else length_in_words(text) > _ITEM
        if ends or around[item][1] - candidate.start > LONGEST:
            break
        last = item
    return last
