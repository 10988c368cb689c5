"""The sentences an answer can be made of: those of the passages found, each with the text around it and its speaker."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache

from bot.question.parse import Question
from index.articles import Hit, StoredStatement
from index.model.reader import context_of
from index.sentences import FULL_STOPS, Span, spans
from index.statements import named_in, statements
from index.text import is_prose, term_of, terms
from index.view import View
from index.words import lines, one_of

_STARTS_LOOSE = re.compile(
    r"^[\"“„«'‘]?\s*(?:He|She|They|It|His|Her|Their|Its|This|That|These|Those|But\s+he|But\s+she|And\s+he|The\s+(?:president|minister|chancellor|leader|two|pair))\b"
)
_OPENS_QUOTE = re.compile(r"^\s*(?:[\"“„«]|''|‘‘)")


def stands_alone(sentence: str) -> bool:
    """Tell whether a sentence can be understood without the one before it."""
    if _STARTS_LOOSE.match(sentence):
        return False
    names, pronouns = named_in(sentence)
    return bool(names) or not pronouns


def is_bare_quote(sentence: str) -> bool:
    """Tell whether a sentence is a quotation without anyone named as its speaker."""
    return _OPENS_QUOTE.match(sentence) is not None and not named_in(sentence)[0]


LONGEST = 700  # characters of one quote
_COMPARING = frozenset(
    "differ disagre compar contrast agre clash view posit".split()
)  # words of the question that no answer has
_WHICH = re.compile(
    r"\W*(?:and\s+)?(?:in\s+|from\s+)?(?:which|what|name|list)\s+(?:are\s+|were\s+|of\s+)?(?:the\s+|all\s+)*(?:\w+ed\s+|\d+\s+)?(?P<sort>\w+)",
    re.I,
)
_SORT = 0.3  # share of its weight that this term keeps
CONTEXT = 1_500  # characters before a passage that its reader has just read
_ENDED = re.compile(rf"[.!?…{FULL_STOPS}][\"'”’»)」』]*$")
# A question of the article's; what somebody asks ("… asked: “And now?”") is not.
_ASKS = re.compile(r"[?？؟]\s*\Z|\A\s*[\"“„«][^.!\"”“»«]*[?？؟][\"”“»]\s*\Z")


@cache
def _states_nothing() -> re.Pattern[str]:
    openings, labels, captions = (
        one_of(re.escape(line).replace("'", "['’]") for line in lines("pointers", part))
        for part in ("openings", "labels", "credits")
    )
    return re.compile(rf"\A\W*(?:(?:{openings})\b|(?:{labels})\s*:|\d+\s?(?:/|of)\s?\d+\b)|\b(?:{captions})\b", re.I)


Place = tuple[str, int, int, bool]  # article, start, end, whether of its headline


@dataclass(slots=True)
class Candidate:
    """A sentence of a passage, or the headline of its article, and what its score is made of."""

    hit: Hit
    start: int
    end: int
    text: str
    terms: frozenset[str]  # of the sentence, and of the one before it where it needs that to be understood
    near: frozenset[str]  # those, the one before in any case, and the title
    speakers: frozenset[str]  # who of those asked about speaks in it
    around: list[Span]  # sentences of the article about here, in order
    position: int  # of this one among them
    score: float = 0.0
    meaning: float = 0.0
    coverage: float = 0.0
    fresh: float = 0.0  # what its day adds to its score
    read: float | None = None  # what the reader makes of it: above 0 if it answers
    headline: bool = False  # ``start`` and ``end`` are of the article's title

    @property
    def before(self) -> str:
        """What a reader is told before the sentence: title, date, the sentence before."""
        return self.before_at(self.position)

    def before_at(self, position: int) -> str:
        """Return what a reader is told before a sentence of those around."""
        source, text = self.hit.article.source, self.hit.article.text
        day = source.published.isoformat() if source.published else ""
        if self.headline:
            return context_of("", day, "", "")
        start, end = self.around[position - 1] if position else (0, 0)
        return context_of(source.title, day, "", text[start:end])

    def text_at(self, position: int) -> str:
        """Return a sentence of those around."""
        start, end = self.around[position]
        return self.hit.article.text[start:end]

    @property
    def has_speaker(self) -> bool:
        """Tell whether one of those asked about speaks in it."""
        return bool(self.speakers)

    def lies_in(self, place: Place) -> bool:
        """Tell whether it is a part of what stands at a place."""
        article, start, end, headline = place
        return (
            self.hit.article.source.id == article
            and self.headline == headline
            and start <= self.start
            and self.end <= end
        )


def without(shown: Collection[Place], candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that do not lie within one of some places."""
    return [one for one in candidates if not any(one.lies_in(place) for place in shown)]


def weights_of(view: View, question: Question) -> dict[str, float]:
    """Return the weight of each term of the question: its inverse document frequency (Robertson and Spärck Jones 1976).

    A word that stands nowhere, and is no name, counts no more than the others do on average: in a small collection the
    asker's own words ("position", "take place") would outweigh what he asks about.
    """
    total = max(1, view.generation.passages if view.generation else 1)
    asked = [term for term in question.terms if not (question.compared and term in _COMPARING)]
    frequencies = view.document_frequencies(asked or question.terms)
    weights = {term: math.log(1 + (total - count + 0.5) / (count + 0.5)) for term, count in frequencies.items()}
    present = [weight for term, weight in weights.items() if frequencies[term]]
    usual = sum(present) / len(present) if present else math.inf
    sort = _sort_asked_for(question)
    return {
        term: (_SORT if term == sort else 1.0)
        * (weight if frequencies[term] or term in question.names else min(weight, usual))
        for term, weight in weights.items()
    }


def _sort_asked_for(question: Question) -> str:
    """Return the term for the sort of thing asked for ("which countries"): an answer ("France and Italy") need not hold
    it.
    """
    match = _WHICH.match(question.asked) if question.kind in ("list", "who", "where") else None
    return term_of(match["sort"]) if match else ""


def candidates_of(view: View, hits: Sequence[Hit], question: Question, weights: Mapping[str, float]) -> list[Candidate]:
    """Return the sentences of passages that may answer, not yet scored."""
    wanted = frozenset(question.speaker or question.compared)
    ids = list(dict.fromkeys(hit.article.source.id for hit in hits)) if wanted else []
    stored = view.snapshot.statements_of(ids) if ids else {}
    return [
        candidate
        for hit in hits
        for candidate in _of_passage(hit, weights, _speakers(hit, wanted, stored.get(hit.article.source.id)))
    ]


def _speakers(hit: Hit, wanted: Set[str], stored: Sequence[StoredStatement] | None) -> dict[int, frozenset[str]]:
    """Return who of those named by search terms speaks in which sentence, by its first character.

    ``stored`` is what ingest found in the article, None for one that an older newsdesk put in and no ingest has read
    since: then the sentences about the passage are read here.
    """
    if not wanted:
        return {}
    if stored is None:
        text, around = hit.article.text, _sentences_around(hit)
        found = statements([text[start:end] for start, end in around])
        said = [(around[statement.index][0], statement.speaker) for statement in found]
    else:
        said = [(statement.start, statement.speaker) for statement in stored]
    speakers: dict[int, frozenset[str]] = {}
    for start, speaker in said:
        speakers[start] = speakers.get(start, frozenset()) | (wanted & set(terms(speaker)))
    return speakers


def _of_passage(hit: Hit, weights: Mapping[str, float], speakers_at: Mapping[int, frozenset[str]]) -> list[Candidate]:
    text = hit.article.text
    found = _sentences_around(hit)
    sentences = [text[start:end] for start, end in found]
    title = frozenset(terms(hit.article.source.title))
    candidates = []
    for index, (start, end) in enumerate(found):
        if start < hit.passage.start or end > hit.passage.end or not can_answer(sentences[index]):
            continue
        before = frozenset(terms(sentences[index - 1])) if index else frozenset()
        own = frozenset(terms(sentences[index]))
        if index and needs_before(sentences[index]):
            own |= before
        speakers = speakers_at.get(start, frozenset())
        own |= speakers
        candidates.append(
            Candidate(
                hit,
                start,
                end,
                sentences[index],
                own,
                own | before | title,
                speakers,
                found,
                index,
                coverage=coverage(own, weights),
            )
        )
    return candidates


def coverage(found: frozenset[str], weights: Mapping[str, float]) -> float:
    """Return which share of the question's weight some terms have."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in found) / total if total else 0.0


def can_answer(sentence: str) -> bool:
    """Tell whether a sentence states something: no heading, no question of the article's, nothing that points to what
    stands elsewhere, no caption, and not too long to be shown.
    """
    return (
        len(sentence) <= LONGEST
        and (is_prose(sentence) or (len(sentence) > 20 and _ENDED.search(sentence) is not None))
        and _ASKS.search(sentence) is None
        and _states_nothing().search(sentence) is None
    )


def needs_before(sentence: str) -> bool:
    """Tell whether a sentence is understood only with the one before it."""
    return not stands_alone(sentence) or is_bare_quote(sentence)


def _sentences_around(hit: Hit) -> list[Span]:
    """Return the sentences of a passage and of the paragraphs before and behind it (a line break always ends a
    sentence).
    """
    text, passage = hit.article.text, hit.passage
    start = text.rfind("\n", 0, max(0, passage.start - CONTEXT)) + 1
    end = text.find("\n", passage.end + LONGEST)
    return [(start + s, start + e) for s, e in spans(text[start : end if end >= 0 else len(text)])]
