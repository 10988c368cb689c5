"""An answer as data: shown in Slack, stored in the journal, and shown again from there, also as a page of the web."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from bot import telemetry
from bot.answer.desk import QuestionError, Reply
from bot.answer.quotes import NAME as QUOTES
from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal
from bot.reply import Answer, Citation, Links, Sentence, instead_of_answer, marks_of, speaker_of
from bot.telemetry import error_place
from index.articles import Article, Hit
from index.errors import ArchiveError
from index.sentences import Span
from index.store.dialect import Database
from web.links import target
from web.shelf import Answers, AnswerView, QuotedSource
from web.shelf import Sentence as ShownSentence

log = logging.getLogger("newsdesk.answers")

Outcome = Literal["answered", "unsure", "refused", "hint", "trouble"]


@dataclass(frozen=True, slots=True)
class Origin:
    """The article that a text comes from."""

    article_id: str
    digest: str
    title: str
    publisher: str | None
    published: str | None  # ISO
    url: str | None
    date_source: str | None = None  # as that of a Source
    teaser: bool = False
    time: str = ""  # of publication, as "09:05", where it is known

    @property
    def day(self) -> date | None:
        """The day of publication."""
        return date.fromisoformat(self.published) if self.published else None


@dataclass(frozen=True, slots=True)
class Cited:
    """A numbered quote, with the text around it in its article."""

    number: int
    origin: Origin
    quote: str
    start: int
    end: int
    before: str = ""
    after: str = ""
    also_in: tuple[str, ...] = ()
    link: str | None = None
    headline: bool = False  # the quote is the article's headline, and start and end are of that
    answering: Span | None = None  # where the sentence that answers stands in the article; None: the whole quote
    speaker: str = ""  # who speaks, where the quote does not name them

    @property
    def marks(self) -> tuple[str, ...]:
        """What a reader is told beside the source."""
        return marks_of(headline=self.headline, teaser=self.origin.teaser)

    @property
    def parts(self) -> tuple[str, str, str]:
        """The passage in three parts: what stands before the sentence that answers, the sentence, and the rest."""
        start, end = self.answering or (self.start, self.end)
        quote, first, last = self.quote, start - self.start, end - self.start
        return self.before + quote[:first], quote[first:last], quote[last:] + self.after

    @property
    def sentence(self) -> str:
        """The sentence that answers, in one line; the whole quote if none stands out."""
        return " ".join(self.parts[1].split())


@dataclass(frozen=True, slots=True)
class Near:
    """A passage that is close to a question without an answer."""

    origin: Origin
    text: str
    link: str | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer, the closest sentence in place of one, a refusal, a hint or an apology.

    ``reason`` is why there is no answer, and of a hint or an apology the sentence to show; ``note`` is shown under an
    answer, and in place of the usual line where there is none.
    """

    question: str
    outcome: Outcome
    reason: str = ""
    said: tuple[Sentence, ...] = ()
    cited: tuple[Cited, ...] = ()
    near: tuple[Near, ...] = ()
    verbatim: bool = True  # the sentences are the quotes themselves
    versions: Mapping[str, str] | None = None
    note: str = ""
    page: str | None = None  # the link to the answer's own page
    lead: str = ""  # ours, to stand before the sentences
    closest: Cited | None = None  # of an answer that is unsure

    @property
    def answered(self) -> bool:
        """Whether the archive answered."""
        return self.outcome == "answered"

    def as_json(self) -> str:
        """Return the answer as the journal stores it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def message(self) -> str:
        """The line of ours that is shown where there is no answer."""
        if self.outcome in ("hint", "trouble"):
            return self.reason
        return self.note or instead_of_answer(self.reason, unsure=self.closest is not None)

    @classmethod
    def from_json(cls, text: str) -> StoredAnswer:
        """Return the answer that the journal stores as this text."""
        values: dict[str, Any] = json.loads(text)
        said = tuple(
            Sentence(item["text"], tuple(item["numbers"]), _span(item.get("bold")), item.get("asked", ""))
            for item in values["said"]
        )
        cited = tuple(map(_cited_from, values["cited"]))
        closest = _cited_from(values["closest"]) if values.get("closest") else None
        near = tuple(
            Near(Origin(**item["origin"]), item["text"], item.get("link"), item.get("start", 0), item.get("end", 0))
            for item in values["near"]
        )
        return cls(**{**values, "said": said, "cited": cited, "near": near, "closest": closest})


def _cited_from(item: Mapping[str, Any]) -> Cited:
    more = {"also_in": tuple(item["also_in"]), "answering": _span(item.get("answering"))}
    return Cited(**{**item, "origin": Origin(**item["origin"]), **more})


def _span(ends: Sequence[int] | None) -> Span | None:
    return (ends[0], ends[1]) if ends else None


APOLOGY = (
    "Sorry, I could not look into the articles just now. Please ask again in a few minutes; an admin finds the "
    "reason with: python -m bot doctor"
)


def answer_to_error(question: str, error: Exception) -> StoredAnswer:
    """Return what the asker reads after an error.

    That is the error's text where it is meant for them, else an apology that shows nothing of the inside.
    """
    if isinstance(error, QuestionError):
        return StoredAnswer(question, "trouble", str(error))
    log.error("could not answer error=%s", error_place(error))
    if isinstance(error, ArchiveError) and "no archive" in str(error):
        return StoredAnswer(
            question, "trouble", "There are no articles yet. An admin puts them in with: python ingest.py FOLDER"
        )
    return StoredAnswer(question, "trouble", apology())


def apology() -> str:
    """Return the apology for an error, with the reference under which the log tells more."""
    id_ = telemetry.request.get()
    return f"{APOLOGY} (reference {id_})" if id_ else APOLOGY


def stored_answer(reply: Reply, versions: Mapping[str, str] | None = None, links: Links | None = None) -> StoredAnswer:
    """Return a desk's reply as it is stored and shown."""
    result, note, links = reply.result, "", links or Links()
    if reply.writing is not None:
        note, versions = (
            reply.writing.note,
            {**(versions or {}), "llm": reply.writing.model, "prompt": reply.writing.prompt},
        )
    if isinstance(result, Answer):
        cited = tuple(_cited(citation, links.cited(citation, result.citations)) for citation in result.citations)
        verbatim = result.answerer == QUOTES
        return StoredAnswer(
            result.question,
            "answered",
            "",
            result.sentences,
            cited,
            verbatim=verbatim,
            versions=versions,
            note=note,
            lead=result.lead,
        )
    if result.closest is None:
        return StoredAnswer(result.question, "refused", result.reason, versions=versions, note=result.lead)
    near = tuple(_near(hit, links) for hit in result.nearest if hit.passage != result.closest.passage)
    closest = _cited(result.closest, links.cited(result.closest, ()))
    return StoredAnswer(
        result.question, "unsure", result.reason, near=near, versions=versions, closest=closest, note=result.lead
    )


def _near(hit: Hit, links: Links) -> Near:
    place = (hit.passage.start, hit.passage.end)
    return Near(_origin(hit.article), hit.passage.text, links.passage(hit.article, place), *place)


def _origin(article: Article) -> Origin:
    source = article.source
    return Origin(
        source.id,
        article.digest,
        source.title,
        source.publisher,
        source.published.isoformat() if source.published else None,
        source.url,
        source.date_source,
        source.teaser,
        (source.published_at or "")[11:16],
    )


def _cited(citation: Citation, link: str | None) -> Cited:
    text, passage = citation.article.text, citation.passage
    before = after = ""
    if not citation.headline:
        before = text[min(passage.start, citation.start) : citation.start]
        after = text[citation.end : max(passage.end, citation.end)]
    return Cited(
        citation.number,
        _origin(citation.article),
        citation.quote,
        citation.start,
        citation.end,
        before,
        after,
        citation.also_in,
        link,
        citation.headline,
        citation.answering,
        citation.speaker,
    )


def answers(place: Database) -> Answers:
    """Return a function that finds an answer in a journal by its id. The journal is opened at the first call."""
    opened: list[Journal] = []

    def find(id_: str) -> AnswerView | None:
        if not opened:
            if isinstance(place, Path) and not place.exists():
                return None
            opened.append(Journal(place, to_read=True))
        entry = opened[0].by_id(id_)
        return _shown(entry, conversation(opened[0], id_)[:-1]) if entry and entry.answer else None

    return find


def conversation(journal: Journal, id_: str, most: int = 9) -> list[JournalEntry]:
    """Return a question and those it follows in the browser, oldest first."""
    found: list[JournalEntry] = []
    while len(found) < most and (entry := journal.by_id(id_)):
        found.insert(0, entry)
        if entry.kind != "web" or not entry.thread:
            break
        id_ = entry.thread
    return found


def _shown(entry: JournalEntry, earlier: Sequence[JournalEntry]) -> AnswerView:
    stored = StoredAnswer.from_json(entry.answer or "{}")
    near = [near for near in stored.near if near.end]  # older ones do not say where they stand
    moment = datetime.fromtimestamp(entry.asked, UTC)
    sentences = tuple(
        ShownSentence(said.text, said.numbers, said.bold, speaker_of(said, stored.cited), said.asked)
        for said in stored.said
    )
    return AnswerView(
        stored.question or entry.text,
        moment,
        sentences,
        tuple(_quoted(cited, stored) for cited in stored.cited),
        "" if stored.answered else stored.message,
        stored.verbatim,
        tuple(_close(passage, number) for number, passage in enumerate(near, 1)),
        tuple((item.text, item.id) for item in earlier),
        stored.lead,
        stored.note if stored.answered else "",
        _quoted(stored.closest, stored) if stored.closest else None,
    )


def _close(near: Near, number: int) -> QuotedSource:
    origin = near.origin
    place = target(origin.article_id, origin.digest, origin.title, (near.start, near.end, False))
    marks = marks_of(headline=False, teaser=origin.teaser)
    return QuotedSource(
        number, near.text, origin.title, origin.publisher, origin.day, (), place, origin.date_source, marks
    )


def _quoted(cited: Cited, stored: StoredAnswer) -> QuotedSource:
    origin = cited.origin
    others = [
        (other.start, other.end, other.headline)
        for other in stored.cited
        if other.origin.article_id == origin.article_id and other is not cited
    ]
    place = target(origin.article_id, origin.digest, origin.title, (cited.start, cited.end, cited.headline), others)
    start, end = (at - cited.start for at in cited.answering or (cited.start, cited.end))
    return QuotedSource(
        cited.number,
        cited.quote,
        origin.title,
        origin.publisher,
        origin.day,
        cited.also_in,
        place,
        origin.date_source,
        cited.marks,
        cited.before,
        cited.after,
        None if start == 0 and end == len(cited.quote) else (start, end),
        cited.speaker,
        origin.time,
    )
