"""The sentences an answer can be made of: those of the passages found, each with what stands around it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.question import Question
from bot.speakers import is_bare_quote, spoken_by, stands_alone
from index.archive import View
from index.articles import Hit
from index.lines import is_prose
from index.sentences import Span, spans
from index.terms import terms

LONGEST = 700  # characters of one quote
CONTEXT = 1_500  # characters before a passage that its reader has just read
_ENDED = re.compile(r"[.!?…][\"'”’»)]*$")


@dataclass(slots=True)
class Candidate:
    """A sentence of a passage, with what speaks for it."""

    hit: Hit
    start: int
    end: int
    text: str
    terms: frozenset[str]  # of the sentence, and of the one before it where it needs that to be understood
    near: frozenset[str]  # those, the one before in any case, and the title
    spoken: bool
    around: list[Span]  # sentences of the article about here, in order
    position: int  # of this one among them
    score: float = 0.0
    meaning: float = 0.0
    coverage: float = 0.0


def weights_of(view: View, question: Question) -> dict[str, float]:
    """Return how much each term of the question tells: its inverse document frequency (Robertson and Spärck Jones 1976).

    A word that stands nowhere, and is no name, counts no more than the others do on average: in a small collection the asker's own
    words ("position", "take place") would outweigh what he asks about.
    """
    total = max(1, view.generation.passages if view.generation else 1)
    frequencies = view.snapshot.document_frequencies(question.terms)
    weights = {term: math.log(1 + (total - count + 0.5) / (count + 0.5)) for term, count in frequencies.items()}
    present = [weight for term, weight in weights.items() if frequencies[term]]
    usual = sum(present) / len(present) if present else math.inf
    return {term: weight if frequencies[term] or term in question.names else min(weight, usual) for term, weight in weights.items()}


def candidates_of(hits: Sequence[Hit], question: Question, weights: Mapping[str, float]) -> list[Candidate]:
    """Return the sentences of passages that may answer, not yet scored."""
    return [candidate for hit in hits for candidate in _of_passage(hit, question, weights)]


def _of_passage(hit: Hit, question: Question, weights: Mapping[str, float]) -> list[Candidate]:
    text = hit.article.text
    found = _sentences_around(hit)
    sentences = [text[start:end] for start, end in found]
    speaking = spoken_by(question.speaker, sentences) if question.speaker else frozenset()
    title = frozenset(terms(hit.article.source.title))
    candidates = []
    for index, (start, end) in enumerate(found):
        if start < hit.passage.start or end > hit.passage.end or not can_answer(sentences[index]):
            continue
        before = frozenset(terms(sentences[index - 1])) if index else frozenset()
        own = frozenset(terms(sentences[index]))
        if index and needs_before(sentences[index]):
            own |= before
        spoken = index in speaking
        if spoken:
            own |= set(question.speaker)
        candidates.append(Candidate(hit, start, end, sentences[index], own, own | before | title, spoken, found, index, coverage=coverage(own, weights)))
    return candidates


def coverage(found: frozenset[str], weights: Mapping[str, float]) -> float:
    """Return which share of the question's weight some terms have."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in found) / total if total else 0.0


def can_answer(sentence: str) -> bool:
    """Tell whether a sentence can be shown at all: prose, or short and ended as a sentence, and not too long."""
    return len(sentence) <= LONGEST and (is_prose(sentence) or (len(sentence) > 20 and _ENDED.search(sentence) is not None))


def needs_before(sentence: str) -> bool:
    """Tell whether a sentence is understood only with the one before it."""
    return not stands_alone(sentence) or is_bare_quote(sentence)


def _sentences_around(hit: Hit) -> list[Span]:
    """Return the sentences of a passage and of the paragraphs before and behind it (a line break always ends a sentence)."""
    text, passage = hit.article.text, hit.passage
    start = text.rfind("\n", 0, max(0, passage.start - CONTEXT)) + 1
    end = text.find("\n", passage.end + LONGEST)
    return [(start + s, start + e) for s, e in spans(text[start : end if end >= 0 else len(text)])]
