"""The desk: one question in, an answer or a refusal out.

understand ─ search ─ choose ─ check ─ answer; and which other papers print the same quote.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.answer import quotes
from bot.answer.candidates import Place
from bot.answer.confidence import Level
from bot.answer.copies import other_publishers
from bot.answer.last_answer import (
    RecentAnswers,
    answering,
    asked_of,
    is_said_in,
    overlaps,
    part_said,
    place_in,
    points_above,
    preferred,
    sentence_of,
    shown_in,
)
from bot.answer.news_list import HITS as LIST_HITS
from bot.answer.news_list import NewsList, news_list, topic_of_list
from bot.answer.several import interleaved, joined
from bot.check.checker import check
from bot.languages import articles_are_in, language_of
from bot.question.chatter import MOST as MOST_QUESTIONS
from bot.question.chatter import questions_in
from bot.question.follow_up import (
    about_the_answer,
    complete_follow_up,
    last_question,
    named_in_answer,
    readings,
)
from bot.question.other_language import by_its_names, is_foreign, refusal
from bot.question.parse import Question, parse_question, parse_without_time
from bot.question.spelling import applied, corrections, said_of
from bot.question.wording import in_their_figures, with_names
from bot.reply import Answer, Citation, Links, NoAnswer, Reason, Writing, as_json, hit_json, instead_of_answer
from bot.telemetry import span
from index.archive import Archive
from index.articles import Hit
from index.errors import ArchiveError, NewsdeskError
from index.model.embedder import Embedder
from index.model.reader import Reader
from index.search.search import Reranker, find, reranked
from index.store.rows import Scope
from index.text import terms
from index.view import View

LONGEST_QUESTION = 2_000  # characters; the model reads its first 256 tokens
_HITS = 24
_NEAREST = 3
_THREAD = 8  # earlier questions that are read
_ANSWERS = 3  # of them, those whose answers are known
EARLIER = _THREAD + _ANSWERS  # earlier messages that are of use: those answers had questions before them, too
_READIER: dict[Level, Level] = {"cautious": "balanced", "balanced": "eager", "eager": "eager"}


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
        """Answer from an archive by a model, optionally reranked; refuse as readily as a level and a reader say."""
        self._archive = archive
        self._embedder = embedder
        self._rerank = rerank
        self._level: Level = level
        self._reader = reader
        self._recent = RecentAnswers()

    def ask(self, request: Request) -> Reply:
        """Answer a question from the archive as it is now.

        Raises QuestionError if it is empty or too long, ModelChanged if the archive was embedded by another model.
        """
        question, asked = _checked(request.question), _questions(request.question)
        thread = [[one for one in _questions(item) if terms(one)] for item in request.thread[-EARLIER:]]
        turns, begins = list[str](), list[int]()  # a message may ask several: where its first question stands
        for message in [*thread, asked]:
            begins += [len(turns)] * len(message)
            turns += message
        now = len(turns) - len(asked)
        first = max(0, now - _ANSWERS)
        replies, results = list[Reply](), list[Answer | NoAnswer]()
        with span("ask"):
            with self._archive.catalog.snapshot() as snapshot:
                generation = snapshot.generation()
            for n in range(first, len(turns)):
                turn = replace(request, question=turns[n], thread=tuple(turns[max(0, n - _THREAD) : n]))
                key = (generation, turn, n - begins[n])
                result = self._recent.get(key) if n < now else None
                if result is None:  # an earlier one is found again: the same archive gives the same answer
                    before = results[: max(0, begins[n] - first)]  # a message may ask for one thing twice
                    reply = self._follow_up(turn, results, before) if results else self._ask(turn)
                    replies.append(self._by_names(turn, reply))
                    result = replies[-1].result
                    self._recent.put(key, result)
                results.append(result)
        if len(asked) > 1:
            return _joined(question, asked, replies[-len(asked) :])
        return replace(replies[-1], result=replace(replies[-1].result, question=question))

    def search(self, request: Request, limit: int = _HITS) -> list[Hit]:
        """Return the passages that a question finds, best first. Raises what ``ask`` raises."""
        question = " ".join(_questions(_checked(request.question)))
        thread = [one for item in request.thread for one in _questions(item)]
        asked = parse_question(complete_follow_up(question, thread), request.today)
        identity = self._embedder.identity
        self._archive.check_model(identity)
        vector = self._embedder.embed([asked.search])[0]
        scope = asked.scope(request.since, request.until, request.publisher)
        return self._archive.read(
            lambda view: find(view, asked.search, vector, identity, scope, limit, asked.preference)
        )

    def _follow_up(
        self, request: Request, results: Sequence[Answer | NoAnswer], before: Sequence[Answer | NoAnswer]
    ) -> Reply:
        """Answer a question of a conversation: from the answer just given where it asks about that, else alone, rather
        from the same articles. ``results`` are those before, ``before`` those of earlier messages: none is repeated.
        """
        began, question, thread = time.perf_counter(), request.question, request.thread
        shown = shown_in(next((one for one in reversed(results) if not points_above(one)), results[0]))
        kind = about_the_answer(question) if shown else None
        if kind:
            asked = parse_question(thread[-1], request.today)
            choice = self._archive.read(lambda view: asked_of(kind, view, shown, asked))
            if choice:
                return _reply_about_the_answer(question, choice, began)
        goes_on = kind in ("more", "sure")
        places = {place_in(one) for result in before[0 if goes_on else -1 :] for one in shown_in(result)}
        articles = frozenset(citation.article.source.id for citation in shown)
        meant = named_in_answer(thread[-1], answering(shown[0])) if shown else ""
        for way in (last_question(thread),) if goes_on else readings(question, thread, meant):
            alone = replace(request, question=way[:LONGEST_QUESTION], thread=())
            reply = self._ask(alone, articles)
            if isinstance(reply.result, Answer):
                break
        if isinstance(reply.result, Answer) and overlaps(reply.result.citations[0], places):
            found, own = reply.result.citations[0], parse_question(question, request.today)
            held = not goes_on and is_said_in(found, own)
            if not held:
                reply = self._ask(alone, articles, places)
            if isinstance(reply.result, NoAnswer) or overlaps(reply.result.citations[0], places):
                part = part_said(found, own) if held else None
                return replace(_reply_about_the_answer(question, part, began), hits=reply.hits)
        if isinstance(reply.result, Answer) and (part := sentence_of(reply.result, shown)):
            return replace(_reply_about_the_answer(question, part, began), hits=reply.hits)
        result = replace(reply.result, question=question)
        if isinstance(result, NoAnswer) and result.closest and overlaps(result.closest, places):
            result = replace(result, closest=None)  # it has been shown above
        return replace(reply, result=result)

    def _ask(self, request: Request, articles: Collection[str] = (), shown: Collection[Place] = ()) -> Reply:
        """Answer a question that stands alone, rather from some articles, and not with what has been shown."""
        self._archive.check_model(self._embedder.identity)
        began, question = time.perf_counter(), request.question
        asked = parse_question(complete_follow_up(question, request.thread), request.today)
        mended = self._archive.read(lambda view: corrections(view, asked, self._embedder))
        if mended:
            asked = parse_question(applied(asked.text, mended), request.today)
        scope = asked.scope(request.since, request.until, request.publisher)
        if topic_of_list(asked) is not None and (listed := self._list(request, asked)):
            return listed
        # Both at once, a core each: what is searched for ("Macron truce") and, where it differs, what sentences are
        # compared with.
        texts = list(dict.fromkeys([asked.search, asked.asked]))
        vectors = self._embedder.embed(texts)
        vector = vectors[0]
        marks: list[float] = []
        # Who speaks in an article just cited is likely the one meant.
        level = _READIER[self._level] if articles and asked.speaker else self._level

        def work(view: View) -> tuple[list[Hit], quotes.Choice]:
            with span("search"):
                meant, asked_vector = asked, vectors[-1]
                hits = find(view, asked.search, vector, self._embedder.identity, scope, _HITS, asked.preference)
                if asked.year and not any(hit.timely and hit.article.source.published for hit in hits):
                    # Nothing was published in that year: the articles may tell of it later.
                    meant = parse_without_time(asked.text)
                    wider = Scope(request.since, request.until, request.publisher)
                    asked_vector = self._embedder.embed([meant.asked])[0]
                    hits = find(view, meant.search, vector, self._embedder.identity, wider, _HITS, meant.preference)
                if self._rerank is not None:
                    hits = reranked(self._rerank, meant.search, hits)
                hits = preferred(hits, articles) if articles else hits
                if (text := in_their_figures(meant.text, hits)) != meant.text:
                    meant = parse_question(text, request.today)
                english = not hits or hits[0].article.source.language in ("en", None)  # as reader and vocabulary are
                meant = with_names(view, meant, hits, self._embedder if english else None)
            marks[:] = [time.perf_counter()]
            with span("answer", hits=len(hits)):
                reader = self._reader if english else None
                choice = quotes.choose(view, meant, asked_vector, hits, self._embedder, level, reader, shown)
                answers = [(draft.article, draft.answer) for draft in choice.drafts]
                also_in = other_publishers(view.snapshot, answers, hits)
                return hits, replace(
                    choice,
                    drafts=tuple(
                        replace(draft, also_in=names) for draft, names in zip(choice.drafts, also_in, strict=True)
                    ),
                )

        hits, choice = self._archive.read(work)
        drafted = time.perf_counter()
        with span("check", drafts=len(choice.drafts)):
            sentences, citations, dropped = check(choice.drafts)
        checked = time.perf_counter()
        result: Answer | NoAnswer
        if sentences:
            lead = " ".join(filter(None, (said_of(mended), choice.lead if len(citations) > 1 else "")))
            result = Answer(request.question, sentences, citations, quotes.NAME, dropped, lead)
        else:
            reason: Reason = "not_supported" if _on_topic(asked.terms, hits) else "nothing_found"
            _, closest, unfit = check([choice.closest] if choice.closest else [])
            near = closest[0] if closest else None
            language = language_of(request.question)
            lead = refusal(language, hits, closest=near is not None) if language else ""
            if said_of(mended) and not lead:
                lead = f"{said_of(mended)} {instead_of_answer(reason, unsure=near is not None)}"
            result = NoAnswer(request.question, reason, tuple(hits[:_NEAREST]), dropped + unfit, near, lead)
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

    def _by_names(self, request: Request, reply: Reply) -> Reply:
        """Ask a question without an answer again by its names, if it is in a language that the passages are not in."""
        if isinstance(reply.result, Answer) or points_above(reply.result):
            return reply
        language = is_foreign(request.question, reply.hits)
        text, whole = "", False
        if language:
            text, whole = self._archive.read(lambda view: by_its_names(view, request.question, language))
        if not language or not text:
            return reply
        again = self._ask(replace(request, question=text, thread=()))
        found = again.result
        if isinstance(found, Answer) and whole:
            lead = articles_are_in(language, (one.article.source.language or "" for one in found.citations))
            return replace(again, result=replace(found, question=request.question, lead=lead))
        closest = found.citations[0] if isinstance(found, Answer) else found.closest
        lead = refusal(language, again.hits, closest=closest is not None)
        nearest = tuple(again.hits[:_NEAREST])
        return replace(again, result=NoAnswer(request.question, "not_supported", nearest, (), closest, lead))

    def _list(self, request: Request, asked: Question) -> Reply | None:
        """Answer a question for the articles of a time, or on a topic, with their headlines; None if there are none."""
        began, topic = time.perf_counter(), topic_of_list(asked) or ""
        wanted = Scope(request.since or asked.named[0], request.until or asked.named[1], request.publisher)
        vector = self._embedder.embed([topic])[0] if topic else None

        def work(view: View) -> NewsList | None:
            hits = [] if vector is None else find(view, topic, vector, self._embedder.identity, wanted, LIST_HITS)
            return news_list(view, topic, hits, wanted, request.today)

        found = self._archive.read(work)
        sentences, citations, dropped = check(found.drafts if found else ())
        if not found or not sentences:
            return None
        result = Answer(request.question, sentences, citations, quotes.NAME, dropped, found.lead)
        spent = {"total": round(1000 * (time.perf_counter() - began))}
        return Reply(result, spent, (), "it asks for the articles themselves", 1.0)

    def also_in(self, citations: Sequence[Citation], hits: Sequence[Hit]) -> tuple[Citation, ...]:
        """Return citations with the names of the other publishers that print their quotes; as they are, if the archive
        cannot be read any more.
        """
        quoted = [(citation.article, citation.quote) for citation in citations]
        try:
            found = self._archive.read(lambda view: other_publishers(view.snapshot, quoted, hits))
        except ArchiveError:  # the sentences have been shown: a catalog that went down since takes none of them back
            return tuple(citations)
        return tuple(replace(citation, also_in=names) for citation, names in zip(citations, found, strict=True))


def _questions(message: str) -> list[str]:
    """Return the questions of a message, written out."""
    return list(questions_in(message[:LONGEST_QUESTION].encode("utf-8", "replace").decode())[:MOST_QUESTIONS])


def _joined(question: str, asked: Sequence[str], replies: Sequence[Reply]) -> Reply:
    """Return the replies to a message's questions as one."""
    result = joined(question, asked, [reply.result for reply in replies])
    names = dict.fromkeys(name for reply in replies for name in reply.timings_ms)
    spent = {name: sum(reply.timings_ms.get(name, 0) for reply in replies) for name in names}
    sure = [reply.confidence for reply in replies if isinstance(reply.result, type(result))]
    why = "; ".join(reply.why for reply in replies)
    return Reply(result, spent, interleaved([reply.hits for reply in replies]), why, min(sure))


def _reply_about_the_answer(question: str, choice: quotes.Choice | None, began: float) -> Reply:
    sentences, citations, dropped = check(choice.drafts if choice else ())
    result: Answer | NoAnswer = NoAnswer(question, "said_above", (), dropped)
    if choice and sentences:
        result = Answer(question, sentences, citations, quotes.NAME, dropped, choice.lead)
    spent = {"search": 0, "answer": 0, "check": 0, "total": round(1000 * (time.perf_counter() - began))}
    return Reply(result, spent, (), "asked of the answer before", 1.0)


def _checked(text: str) -> str:
    """Return a question in one line. Raises QuestionError if it is empty or too long."""
    question = " ".join(text.encode("utf-8", "replace").decode().split())
    if not question:
        raise QuestionError('The question is empty. Ask something, for example: "what did Macron say about the truce"')
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; {LONGEST_QUESTION:,} is the most. Ask it shorter."
        )
    return question


def _on_topic(wanted: Sequence[str], hits: Sequence[Hit]) -> bool:
    """Tell whether one of the first passages, or its title, has half of a question's terms."""
    texts = (f"{hit.article.source.title} {hit.passage.text}" for hit in hits[:_NEAREST])
    return any(2 * len(set(wanted) & set(terms(text))) >= len(wanted) for text in texts)
