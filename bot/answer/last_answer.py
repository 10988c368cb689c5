"""What is asked of the answer just given: its day, its speaker, its place, its reason, and how its article goes on.

Each is quoted as the article has it: the few words of the answer's own sentence that say so, or a sentence near it.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Collection, Hashable, Sequence
from dataclasses import replace

from bot.answer.candidates import Place, can_answer
from bot.answer.excerpts import full_name
from bot.answer.quotes import Choice
from bot.answer.scoring import holds_what_is_asked
from bot.check.checker import Draft
from bot.question.follow_up import About
from bot.question.parse import Kind, Question
from bot.reply import Answer, Citation, NoAnswer
from index.articles import Article, Hit, StoredStatement
from index.dates import day_text
from index.sentences import Span, spans
from index.statements import reading_of
from index.text import passages_of, term_of, terms, words
from index.view import View
from index.words import first_fields, marked, one_of

_DAY_NAMES = one_of(name.capitalize() for name in first_fields("calendar", "months", "weekdays"))
_DAY = (
    rf"(?:{_DAY_NAMES}|today|yesterday|tonight|overnight|midnight|noon|(?:19|20)\d\d|\d{{1,2}}:\d\d"
    r"|last\s(?:week|month|year|night|spring|summer|autumn|winter))"
)
_WITH = rf"(?:{_DAY}|\d{{1,2}}(?=\s(?:{_DAY_NAMES}))|morning|afternoon|evening|night|local\stime|[ap]\.m\.)"
_TIME = re.compile(
    r"\b(?:(?:on|in|at|by|since|until|from|before|after)\s)?(?:(?:late|early|the|about|\d{1,2}(?:st|nd|rd|th)?(?:\sof)?)\s){0,3}"
    rf"{_DAY}(?:,?\s{_WITH}|\s\d{{1,2}}(?!\d)){{0,5}}(?![\w:])"
)
_CLAUSE = r"[^.,;:!?()“”\"„«»—–]"
_IN = (
    r"\b(?:in|at|near|outside|aboard|from|on)\s(?:[a-z’'-]{1,20}\s){0,4}?"
    rf"(?!(?:{_DAY_NAMES})\b)[A-ZÀ-Þ][\w’'-]+{_CLAUSE}{{0,80}}(?=[.,;:!?()“”\"„«»—–]|\Z)"
)
_PLACE = re.compile(_IN)
_PLACE_OF_SPEECH = re.compile(
    rf"\b(?:{one_of(marked('verbs_of_speech', 'strong'))})\b[^.;:!?()“”\"„«»]{{0,60}}?(?P<words>{_IN})"
)
_REASON = re.compile(
    r"\b(?:because|so\sthat|in\sorder\sto|due\sto|owing\sto|for\sfear|to\savoid|on\sthe\sgrounds)\b[^.;!?”\"]{8,300}",
    re.I,
)
_LIKELY_REASON = re.compile(
    rf"\b(?:after|since|as\s(?:he|she|it|they|the|an?)|amid)\b(?!\s(?:the\s)?(?:{_DAY_NAMES}|\d))[^.;!?”\"]{{8,200}}"
)
_ABOVE = "The answer above says so:"
_QUOTED = re.compile(r"[“\"„«][^”\"“»]{1,600}[”\"“»]")
_ONE_THING: tuple[Kind, ...] = ("number", "who", "when", "where", "yesno", "list", "topic")
_MEASURES = frozenset(map(term_of, "many much long far big large old often".split()))
_PART = re.compile(rf"\w(?:{_CLAUSE}|(?<=\d)[.,:](?=\d)){{6,}}")
_IN_THE_THREAD = 0.15  # what a passage of an article cited just before counts more
_AROUND = 3  # sentences before the one that answered in which its day may stand
_RECENT = 256  # answers that are remembered for follow-ups
_LONGEST = 200_000  # characters of the articles of one of them: an answer from a book is found again


class RecentAnswers:
    """The answers given last, each under all that decides it; threads may share it."""

    def __init__(self, most: int = _RECENT) -> None:
        """Remember this many answers."""
        self._most = most
        self._kept: OrderedDict[Hashable, Answer | NoAnswer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Answer | NoAnswer | None:
        """Return an answer, None if it is not remembered."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, result: Answer | NoAnswer) -> None:
        """Remember an answer, and forget the one that was not used for longest if there are too many."""
        if sum(len(one.article.text) for one in shown_in(result)) > _LONGEST:
            return
        if isinstance(result, NoAnswer):
            result = replace(result, nearest=())  # whole articles that no follow-up reads
        with self._lock:
            self._kept[key] = result
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _sentence(citation: Citation) -> Span:
    """Return where the sentence of a quote stands that answers."""
    return citation.answering or (citation.start, citation.end)


def answering(citation: Citation) -> str:
    """Return the sentence of a quote that answers."""
    return citation.article.part(*_sentence(citation), headline=citation.headline)


def shown_in(result: Answer | NoAnswer) -> tuple[Citation, ...]:
    """Return what a reply has shown: its quotes, or the sentence that came closest."""
    if isinstance(result, Answer):
        return result.citations
    return (result.closest,) if result.closest else ()


def points_above(result: Answer | NoAnswer) -> bool:
    """Tell whether a reply is that the answer before it says it."""
    return isinstance(result, NoAnswer) and result.reason == "said_above"


def overlaps(citation: Citation, places: Collection[Place]) -> bool:
    """Tell whether the sentence of a quote that answers lies within one of some places."""
    article, start, end, headline = place_in(citation)
    return any(
        (article, headline) == (other, title) and min(end, right) - max(start, left) > (end - start) / 2
        for other, left, right, title in places
    )


def is_said_in(citation: Citation, asked: Question) -> bool:
    """Tell whether a quote answers a follow-up: one for a number or a name, without a word of its own that the quote
    lacks.
    """
    own = set(terms(asked.text)) - _MEASURES
    return own <= set(terms(citation.quote)) and (asked.kind == "number" or (asked.kind in _ONE_THING and bool(own)))


def part_said(found: Citation, asked: Question) -> Choice | None:
    """Return the few words of an answer just given that say what a follow-up asks, None if they are not found."""
    if found.headline or asked.kind != "number":
        return None
    article = found.article
    parts = [match.span() for match in _PART.finditer(article.text, *_sentence(found))]
    known = {term_of(word) or word.lower() for word in words(asked.text)}
    holding = [part for part in parts if holds_what_is_asked(asked, _TIME.sub(" ", article.text[slice(*part)]), known)]
    if not holding or len(parts) == 1:
        return None
    best = max(holding, key=lambda part: len(known & set(terms(article.text[slice(*part)]))))
    return _choice([_draft(article, *best)], _ABOVE)


def sentence_of(result: Answer, shown: Sequence[Citation]) -> Choice | None:
    """Return the sentence alone that answers, where the excerpt around it is one that has been shown, else None."""
    found = result.citations[0]
    places = {(one.article.source.id, one.start, one.end, one.headline) for one in shown}
    if found.answering is None or (found.article.source.id, found.start, found.end, found.headline) not in places:
        return None
    return _choice([_draft(found.article, *found.answering)], "")


def asked_of(kind: About, view: View, shown: Sequence[Citation], asked: Question) -> Choice | None:
    """Return what an answer's first citation, or its article, says of itself; None if articles are to be searched."""
    cited = shown[0]
    if kind == "next":
        return _next(shown)
    if kind == "when":
        return _day(cited, view)
    if kind == "who":
        return _speaker(cited, view)
    if kind == "where":
        return _words(cited, _PLACE_OF_SPEECH if asked.speaker else _PLACE)
    if kind == "why":
        near = next((span for span in _around(cited) if _outside_quotes(_REASON, cited.article.text, span)), None)
        beside = _choice([_draft(cited.article, *near)], "Near it in the article:") if near else None
        return _words(cited, _REASON) or _words(cited, _LIKELY_REASON) or beside
    return None


def place_in(citation: Citation) -> Place:
    """Return where the sentence of a quote that answers stands."""
    return (citation.article.source.id, *_sentence(citation), citation.headline)


def _day(cited: Citation, view: View) -> Choice:
    source, text = cited.article.source, cited.article.text
    published = day_text(source.published, source.date_source, full=True)
    day = f"The article is dated {published}." if source.published else ""
    if own := _words(cited, _TIME):
        return replace(own, lead=f"{day} {_ABOVE}".strip())
    said = _said(cited.article, view)
    start, end = _sentence(cited)
    speakers = {one.speaker for one in said if start <= one.start < end}
    by_them = [(one.start, one.end) for one in said if one.speaker in speakers and one.end <= start]
    near = next((span for span in [*by_them[::-1], *_around(cited)] if _outside_quotes(_TIME, text, span)), None)
    if near:
        return _choice([_draft(cited.article, *near)], f"{day} Near it in the article:".strip())
    if not day:
        return Choice((), "the article has no day")
    return _choice([_headline(cited)], f"{day} The answer above names no day:")


def _speaker(cited: Citation, view: View) -> Choice:
    article, source = cited.article, cited.article.source
    start, end = _sentence(cited)
    own = [one for one in _said(article, view) if start <= one.start < end and not cited.headline]
    if not own:
        by = ", ".join(filter(None, (source.author, source.publisher)))
        return _choice([_headline(cited)], f"Nobody is quoted there. The article itself says so{by and f' ({by})'}:")
    speaker = own[0].speaker
    name = full_name(speaker)
    for place in (_sentence(cited), (cited.start, cited.end)) if name else ():
        if match := _as_word(name).search(article.text, *place):
            return _choice([_draft(article, *match.span())], _ABOVE)
    places = [span for span in spans(article.text[:end]) if _as_word(speaker).search(article.text, *span)]
    if not places:
        return Choice((), "the article does not name the speaker in full")
    named = next((span for span in reversed(places) if span[1] <= start), places[-1])
    return _choice([_draft(article, *named)], f"{name or speaker}. Named in the article here:")


def _as_word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


def _said(article: Article, view: View) -> Sequence[StoredStatement]:
    stored = view.snapshot.statements_of([article.source.id]).get(article.source.id)
    return reading_of(article).statements if stored is None else stored


def _next(shown: Sequence[Citation]) -> Choice:
    """Return the next two sentences behind the one that answered that have not been shown."""
    first, *_ = shown
    article, last = first.article, 0 if first.headline else _sentence(first)[1]
    places = [(one.start, one.end) for one in shown if one.article.source.id == article.source.id and not one.headline]
    behind = [
        (start, end)
        for start, end in spans(article.text)
        if start >= last
        and can_answer(article.text[start:end])
        and not any(left <= start and end <= right for left, right in places)
    ]
    if not behind:
        return Choice((), "the article ends there")
    return _choice([_draft(article, start, end) for start, end in behind[:2]], "")


def _words(cited: Citation, pattern: re.Pattern[str]) -> Choice | None:
    """Return the few words of a quote that a pattern finds."""
    if cited.headline:
        return None
    found = _outside_quotes(pattern, cited.article.text, _sentence(cited))
    return _choice([_draft(cited.article, *found)], _ABOVE) if found else None


def _outside_quotes(pattern: re.Pattern[str], text: str, span: Span) -> Span | None:
    """Return where a pattern first stands in a part of a text, not in somebody's words: their today is another day."""
    quoted = [match.span() for match in _QUOTED.finditer(text, *span)]
    part = "words" if "words" in pattern.groupindex else 0
    found = (match.span(part) for match in pattern.finditer(text, *span))
    return next((one for one in found if not any(start < one[1] and one[0] < end for start, end in quoted)), None)


def _around(cited: Citation) -> list[Span]:
    """Return the sentences before a quote, the nearest first, and the one behind it; of a headline, the first ones."""
    found = spans(cited.article.text)
    if cited.headline:
        return found[:_AROUND]
    start, end = _sentence(cited)
    before = [span for span in found if span[1] <= start][-_AROUND:]
    return [*before[::-1], *[span for span in found if span[0] >= end][:1]]


def _draft(article: Article, start: int, end: int) -> Draft:
    passage = next(one for one in passages_of(article) if one.start < end and start < one.end)
    return Draft(" ".join(article.text[start:end].split()), article, passage, start, end)


def _headline(cited: Citation) -> Draft:
    """Return the headline of an article, or its first sentence where that is what has been shown."""
    title, text = cited.article.source.title, cited.article.text
    if cited.headline:
        return _draft(cited.article, *next(iter(spans(text)), (0, len(text))))
    return Draft(" ".join(title.split()), cited.article, cited.passage, 0, len(title), headline=True)


def _choice(drafts: Sequence[Draft], lead: str) -> Choice:
    return Choice(tuple(drafts), "asked of the answer before", 1.0, lead)


def preferred(hits: list[Hit], articles: Collection[str]) -> list[Hit]:
    """Move the passages of some articles up, behind the best of all: confidence goes by that one."""
    scored = [
        replace(hit, score=hit.score + _IN_THE_THREAD) if hit.article.source.id in articles else hit for hit in hits
    ]
    return scored[:1] + sorted(scored[1:], key=lambda hit: -hit.score)
