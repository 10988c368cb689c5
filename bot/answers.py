"""What a question gets: an answer with citations, or a refusal with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.links import Links
from index.articles import Article, Hit, Passage

Reason = Literal["nothing_found", "not_supported", "declined"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote: ``article.text[start:end] == quote``. Only bot/checker.py makes one, after checking that."""

    number: int
    article: Article
    passage: Passage
    quote: str
    start: int
    end: int
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and the numbers of the citations it rests on (at least one)."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that was not supported, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Sentences that are supported, each with its citations."""

    question: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    answerer: str
    dropped: tuple[Dropped, ...] = ()

    @property
    def text(self) -> str:
        """The answer as one text, citation numbers in square brackets behind each sentence."""
        return " ".join(f"{s.text} {''.join(f'[{number}]' for number in s.numbers)}" for s in self.sentences)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The articles do not say; ``nearest`` are for a person to look at, not sources."""

    question: str
    reason: Reason
    nearest: tuple[Hit, ...] = ()
    dropped: tuple[Dropped, ...] = ()


def as_json(result: Answer | NoAnswer, links: Links | None = None) -> dict[str, Any]:
    """Return a result in the form that ``ask --json`` prints, without timings; without ``links``, citations lead to the articles' own pages."""
    answered = isinstance(result, Answer)
    return {
        "question": result.question,
        "outcome": "answered" if answered else "refused",
        "reason": None if isinstance(result, Answer) else result.reason,
        "text": result.text if isinstance(result, Answer) else "",
        "answerer": result.answerer if isinstance(result, Answer) else None,
        "citations": [_citation_json(citation, result.citations, links or Links()) for citation in result.citations] if isinstance(result, Answer) else [],
        "dropped": [{"text": item.text, "reason": item.reason} for item in result.dropped],
        "nearest": [] if isinstance(result, Answer) else [_nearest_json(hit) for hit in result.nearest],
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """Return a hit in the form that ``ask --explain`` prints."""
    passage = hit.passage
    return {
        "article_id": passage.article_id, "start": passage.start, "end": passage.end, "text": passage.text,
        "score": round(hit.score, 4), "dense": round(hit.dense, 4), "keyword": round(hit.keyword, 4),
    }  # fmt: skip


def _about(article: Article) -> dict[str, Any]:
    source = article.source
    return {
        "article_id": source.id, "title": source.title, "publisher": source.publisher, "author": source.author,
        "published": source.published and source.published.isoformat(), "url": source.url, "path": source.path,
    }  # fmt: skip


def _citation_json(citation: Citation, among: Sequence[Citation], links: Links) -> dict[str, Any]:
    place = {"quote": citation.quote, "start": citation.start, "end": citation.end, "also_in": list(citation.also_in), "link": links.cited(citation, among)}
    return {"number": citation.number, **_about(citation.article), **place}


def _nearest_json(hit: Hit) -> dict[str, Any]:
    return {**_about(hit.article), "text": hit.passage.text, "start": hit.passage.start, "end": hit.passage.end}
