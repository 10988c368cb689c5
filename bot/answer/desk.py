"""The desk: one question in, an answer or a refusal out.

question → search → draft (quotes) → check → answer
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot import traces
from bot.answer import quotes
from bot.answer.also_in import others
from bot.answer.confidence import Level
from bot.answer.question import standalone, timeless, understood
from bot.answer.reader import Reader
from bot.check.checker import check
from bot.citation_links import Links
from bot.reply import Answer, Citation, NoAnswer, Reason, Writing, as_json, hit_json
from index.archive import Archive, View
from index.articles import Hit
from index.errors import ArchiveError, NewsdeskError
from index.model.embedder import Embedder
from index.search.search import Reranker, find, reranked
from index.store.rows import Scope
from index.terms import terms

LONGEST_QUESTION = 2_000  # characters; the model reads its first 256 tokens
_HITS = 24
_NEAREST = 3


class QuestionError(NewsdeskError):
    """A question that cannot be answered as it stands."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question as it was asked. ``thread`` holds the earlier questions of the conversation, oldest first."""

    question: str
    today: date
    since: date | None = None
    until: date | None = None
    publisher: str | None = None
    thread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a question, how long each stage took (milliseconds), what it was chosen from, and what a language
    model did for it.
    """

    result: Answer | NoAnswer
    timings_ms: dict[str, int]
    hits: tuple[Hit, ...]
    why: str
    confidence: float
    writing: Writing | None = None

    def as_json(self, explain: bool = False, links: Links | None = None) -> dict[str, Any]:
        """Return the reply in the form that ``ask --json`` prints."""
        values = {**as_json(self.result, links), "timings_ms": self.timings_ms}
        if self.writing is not None:
            values["writing"] = self.writing.as_json()
        return {**values, "hits": [hit_json(hit) for hit in self.hits], "why": self.why} if explain else values


class Desk:
    """Answers questions from an archive."""

    def __init__(
        self,
        archive: Archive,
        embedder: Embedder,
        rerank: Reranker | None = None,
        level: Level = "balanced",
        reader: Reader | None = None,
    ) -> None:
        """Answer from an archive by a model, optionally reranked, and refuse as readily as a level says; a reader
        decides what is not sure.
        """
        self._archive = archive
        self._embedder = embedder
        self._rerank = rerank
        self._level: Level = level
        self._reader = reader

    def ask(self, request: Request) -> Reply:
        """Answer a question from the archive as it is now.

        Raises QuestionError if it is empty or too long, ModelChanged if the archive was embedded by another model.
        """
        with traces.span("ask"):
            return self._ask(request)

    def _ask(self, request: Request) -> Reply:
        question = " ".join(request.question.encode("utf-8", "replace").decode().split())
        if not question:
            raise QuestionError(
                'The question is empty. Ask something, for example: "what did Macron say about the truce"'
            )
        if len(question) > LONGEST_QUESTION:
            raise QuestionError(
                f"The question has {len(question):,} characters; {LONGEST_QUESTION:,} is the most. Ask it shorter."
            )
        self._archive.check_model(self._embedder.identity)
        began = time.perf_counter()
        asked = understood(standalone(question, request.thread), request.today)
        scope = asked.scope(request.since, request.until, request.publisher)
        # Both at once, a core each: what is searched for ("Macron truce") and, where it differs, what sentences are
        # compared with.
        texts = list(dict.fromkeys([asked.search, asked.asked]))
        vectors = self._embedder.embed(texts)
        vector, compared = vectors[0], vectors[-1]
        marks: list[float] = []

        def work(view: View) -> tuple[list[Hit], quotes.Choice]:
            with traces.span("search"):
                hits, meant, told = (
                    find(view, asked.search, vector, self._embedder.identity, scope, _HITS, asked.wish),
                    asked,
                    compared,
                )
                if asked.year and not any(hit.timely and hit.article.source.published for hit in hits):
                    # Nothing was published in that year: it may be the year of what is told.
                    meant, wider = timeless(asked.text), Scope(request.since, request.until, request.publisher)
                    told = self._embedder.embed([meant.asked])[0]
                    hits = find(view, meant.search, vector, self._embedder.identity, wider, _HITS, meant.wish)
                if self._rerank is not None:
                    hits = reranked(self._rerank, meant.search, hits)
            marks[:] = [time.perf_counter()]
            with traces.span("answer", hits=len(hits)):
                choice = quotes.choose(view, meant, told, hits, self._embedder, self._level, self._reader)
                also_in = others(view.snapshot, [(draft.article, draft.text) for draft in choice.drafts], hits)
                return hits, replace(
                    choice,
                    drafts=tuple(
                        replace(draft, also_in=names) for draft, names in zip(choice.drafts, also_in, strict=True)
                    ),
                )

        hits, choice = self._archive.read(work)
        drafted = time.perf_counter()
        with traces.span("check", drafts=len(choice.drafts)):
            sentences, citations, dropped = check(choice.drafts)
        checked = time.perf_counter()
        result: Answer | NoAnswer
        if sentences:
            result = Answer(
                question, sentences, citations, quotes.NAME, dropped, choice.lead if len(citations) > 1 else ""
            )
        else:
            reason: Reason = "nothing_found" if not hits or not _shares_words(asked.terms, hits) else "not_supported"
            result = NoAnswer(question, reason, tuple(hits[:_NEAREST]), dropped)
        spent = {
            "search": marks[0] - began,
            "answer": drafted - marks[0],
            "check": checked - drafted,
            "total": checked - began,
        }
        return Reply(
            result,
            {name: round(1000 * seconds) for name, seconds in spent.items()},
            tuple(hits),
            choice.why,
            choice.confidence,
        )

    def also_in(self, citations: Sequence[Citation], hits: Sequence[Hit]) -> tuple[Citation, ...]:
        """Return citations with the names of the other publishers that print their quotes; as they are, if the archive
        cannot be read any more.
        """
        quoted = [(citation.article, citation.quote) for citation in citations]
        try:
            found = self._archive.read(lambda view: others(view.snapshot, quoted, hits))
        except ArchiveError:  # the sentences have been shown: a catalog that went down since takes none of them back
            return tuple(citations)
        return tuple(replace(citation, also_in=names) for citation, names in zip(citations, found, strict=True))


def _shares_words(wanted: Sequence[str], hits: Sequence[Hit]) -> bool:
    return any(set(wanted) & set(terms(hit.passage.text)) for hit in hits[:_NEAREST])
