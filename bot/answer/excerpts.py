"""The excerpt that is shown: one to three sentences in a row, around the one that answers, word for word."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from bot.answer.candidates import LONGEST, Candidate, can_answer, needs_before
from bot.check.checker import Draft
from index.articles import StoredStatement
from index.sentences import Span
from index.speech import NAME, NO_NAME
from index.text import BULLET, STOP_WORDS, length_in_words, terms
from index.words import marked

_WORDS = 75  # of an excerpt, unless the sentence itself, or what it needs to be understood, has more
_SENTENCES = 3
_BEFORE = 2  # sentences that one may need before it
_ITEM = 25  # words of an item of a list that has no bullets
# "LONDON, March 2 (Meridian Wire) - ", "BRUSSELS -- "
_DATELINE = re.compile(
    r"[A-ZÀ-Þ][A-ZÀ-Þ .'’/-]{2,40}(?:,\s[\w\s.]{2,30}){0,2}\s?(?:\([^()]{2,40}\)\s?(?:--?|[–—])|--|[–—])\s+"
)
_LIST = re.compile(r"(?:They|These|Those|Among (?:them|those))\s(?:include|included|are|were)\b")

_TITLES = frozenset((*marked("titles", "claim"), "state"))  # "Secretary of State" may be cut at "of"

Statements = Mapping[str, Sequence[StoredStatement]]
"""Who says what in some articles, by the article's id."""


def excerpt_of(candidate: Candidate, said: Statements, beside: Collection[int] | None = None) -> Draft:
    """Quote a sentence with what it needs to be understood, the list that it announces, else its neighbours: those at
    the positions ``beside``, or both.
    """
    if candidate.headline:
        return draft_of(candidate, (candidate.start, candidate.end), said)
    around, at = candidate.around, candidate.position
    first = at
    while at - first < _BEFORE and needs_before(candidate.text_at(first)) and _joins(candidate, first - 1, at):
        first -= 1
    last = _end_of_list(candidate)
    if last == at:
        statements = said.get(candidate.hit.article.source.id, ())

        def adds(position: int) -> bool:
            return (beside is None or position in beside) and _goes_on(around[at], around[position], statements)

        if _joins(candidate, first, at + 1, _WORDS) and adds(at + 1):
            last = at + 1
        if _joins(candidate, first - 1, last, _WORDS) and adds(first - 1):
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
            name = full_name(statement.speaker)
            return "" if set(terms(name)[-1:]) <= set(terms(text)) else name
    return ""


def full_name(called: str) -> str:
    """Return the first and the last name in what an article calls a speaker, without titles; "" if it has none.

    One word with a capital may only begin a sentence.
    """
    found = [match for match in NAME.finditer(called.rstrip(".")) if match.end() == len(called.rstrip("."))]
    words = found[0].group().split() if found else []
    last = max((at for at, word in enumerate(words) if word.rstrip(".").lower() in _TITLES), default=-1)
    words = words[last + 1 :]
    while words and words[0].lower() in NO_NAME | STOP_WORDS:
        words = words[1:]
    return " ".join(words) if len(words) > 1 and words[-1].lower() not in NO_NAME else ""


def _joins(candidate: Candidate, first: int, last: int, most: int | None = None) -> bool:
    """Tell whether an excerpt may reach from one sentence to another: a run of prose, not too long."""
    around = candidate.around
    if first < 0 or last >= len(around) or last - first >= _SENTENCES or around[last][1] - around[first][0] > LONGEST:
        return False
    if not all(can_answer(candidate.text_at(at)) for at in range(first, last + 1)):
        return False
    return most is None or len(candidate.hit.article.text[around[first][0] : around[last][1]].split()) <= most


def _goes_on(sentence: Span, neighbour: Span, said: Sequence[StoredStatement]) -> bool:
    """Tell whether the words of a sentence's speaker are not followed or preceded by another's."""
    own, other = (
        {term for one in said if one.start < end and one.end > start for term in terms(one.speaker)[-1:]}
        for start, end in (sentence, neighbour)
    )
    return not own or other <= own


def _end_of_list(candidate: Candidate) -> int:
    """Return the position of the last item of the list that a sentence announces, its own if it announces none."""
    around, at = candidate.around, candidate.position
    if at + 1 == len(around):
        return at
    if _LIST.match(candidate.text_at(at + 1)) and _joins(candidate, at, at + 1):
        return at + 1
    if not candidate.text.endswith(":"):
        return at
    bullets = BULLET.match(candidate.text_at(at + 1)) is not None
    last = at
    for item in range(at + 1, len(around)):
        text = candidate.text_at(item)
        ends = BULLET.match(text) is None if bullets else length_in_words(text) > _ITEM
        if ends or around[item][1] - candidate.start > LONGEST:
            break
        last = item
    return last
