"""Drafts of chosen sentences: each with the context it needs, all in an order that reads well."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from bot.answer.candidates import LONGEST, Candidate, can_answer, needs_before
from bot.answer.question import Question
from bot.check.checker import Draft
from index.articles import Article
from index.terms import words

_WORDS = 70  # of an answer, unless one sentence has more
_WORDS_OTHERS = 76  # of an answer that another article adds to
_WORDS_MORE = 110  # of one that tells what somebody said, what happened, or how two differ
# "LONDON, March 2 (Meridian Wire) - ", "BRUSSELS -- "
_DATELINE = re.compile(
    r"[A-ZÀ-Þ][A-ZÀ-Þ .'’/-]{2,40}(?:,\s[\w\s.]{2,30}){0,2}\s?(?:\([^()]{2,40}\)\s?(?:--?|[–—])|--|[–—])\s+"
)
_LIST = re.compile(r"(?:They|These|Those|Among (?:them|those))\s(?:include|included|are|were)\b")
_GOES_ON = re.compile(r"(?:It|They|That|This|These)\b")


def drafts_of(chosen: Sequence[Candidate], question: Question, *, ordered: bool = False) -> tuple[Draft, ...]:
    """Return the drafts of chosen sentences, given best first, as many as a reader wants at once; all and as they are
    if ``ordered``.
    """
    if ordered:
        return tuple(_drafted(c, question) for c in chosen)
    most = _WORDS_MORE if question.speaker or question.kind in ("happened", "topic", "compare") else _WORDS
    drafts = _short(_once([_drafted(c, question) for c in chosen]), most)
    return tuple(_in_order_of_time(drafts) if question.kind in ("happened", "topic") else _in_reading_order(drafts))


def _drafted(candidate: Candidate, question: Question) -> Draft:
    """Quote a sentence with as much before it as it needs to be understood, and the list it announces."""
    article = candidate.hit.article
    text = article.text
    found, start, end, index = candidate.around, candidate.start, candidate.end, candidate.position
    while index > 0 and candidate.position - index < 2 and needs_before(text[start : found[index][1]]):
        before = found[index - 1]
        if end - before[0] > LONGEST or not can_answer(text[before[0] : before[1]]):
            break
        start, index = before[0], index - 1
    after = found[candidate.position + 1] if candidate.position + 1 < len(found) else None
    if after and after[1] - start <= LONGEST and _belongs(text[start:end], text[after[0] : after[1]], question):
        end = after[1]
    dateline = _DATELINE.match(text, start, end)
    if dateline and dateline.end() < end:
        start = dateline.end()
    # One line as a person reads it; the quote keeps the article's own white space.
    return Draft(_line(article, start, end), article, candidate.hit.passage, start, end)


def _belongs(sentence: str, after: str, question: Question) -> bool:
    """Tell whether the next sentence completes this one: the list it announces, the figure that "it" stands at."""
    if sentence.endswith(":") or _LIST.match(after):
        return True
    return question.kind == "number" and _GOES_ON.match(after) is not None and re.search(r"\d", after) is not None


def _once(drafts: Sequence[Draft]) -> list[Draft]:
    """Keep the better of two drafts where one paper's words hold the other's: quoting what comes before can make twins
    of them.
    """
    kept: list[Draft] = []
    for draft in drafts:
        own = " ".join(words(draft.text))
        if not any(other.article is not draft.article and _holds(own, " ".join(words(other.text))) for other in kept):
            kept.append(draft)
    return kept


def _holds(one: str, other: str) -> bool:
    return f" {one} " in f" {other} " or f" {other} " in f" {one} "


def _short(drafts: Sequence[Draft], most: int) -> list[Draft]:
    """Keep the best draft, and of the others, best first, as many as make up to ``most`` words; what another article
    tells may be a little longer.
    """
    kept, used = list(drafts[:1]), sum(len(draft.text.split()) for draft in drafts[:1])
    for draft in drafts[1:]:
        length = len(draft.text.split())
        another = not any(one.article is draft.article for one in kept)
        if used + length <= (max(most, _WORDS_OTHERS) if another else most):
            kept.append(draft)
            used += length
    return kept


def _in_order_of_time(drafts: list[Draft]) -> list[Draft]:
    """Tell a story from its beginning: by date, what is undated last, and by place within an article."""
    return _in_reading_order(
        sorted(drafts, key=lambda d: (d.article.source.published or date.max, d.article.source.id, d.start))
    )


def _in_reading_order(drafts: list[Draft]) -> list[Draft]:
    """Put the best draft first, the others by article and by place within; join what overlaps."""
    rank: dict[str, int] = {}
    for draft in drafts:
        rank.setdefault(draft.article.source.id, len(rank))
    ordered = drafts[:1] + sorted(drafts[1:], key=lambda d: (rank[d.article.source.id], d.start))
    joined: list[Draft] = []
    for draft in ordered:
        twin = next(
            (
                k
                for k, d in enumerate(joined)
                if d.article is draft.article and draft.start <= d.end and d.start <= draft.end
            ),
            None,
        )
        if twin is None:
            joined.append(draft)
            continue
        other = joined[twin]
        start, end = min(other.start, draft.start), max(other.end, draft.end)
        joined[twin] = Draft(_line(other.article, start, end), other.article, other.passage, start, end)
    return joined


def _line(article: Article, start: int, end: int) -> str:
    return " ".join(article.text[start:end].split())
