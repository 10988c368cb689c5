"""An answer as data: shown in Slack, kept in the journal, shown again from there, also as a page of the reading
room.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from bot.answer.desk import Reply
from bot.answer.quotes import NAME as QUOTES
from bot.journal.journal import Asked, Journal
from bot.reply import Answer, Citation, Links, Sentence
from index.articles import Article
from index.store.dialect import Database
from web.links import Place, version_of
from web.shelf import Answers, Quoted, Shown
from web.shelf import Sentence as ShownSentence

Outcome = Literal["answered", "refused", "hint", "trouble"]
Said = Sentence
REASONS = {
    "nothing_found": "The articles do not seem to be about that.",
    "not_supported": "The articles do not say.",
    "declined": "No answer can be given from the articles.",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text comes from, as its article says."""

    article_id: str
    digest: str
    title: str
    publisher: str | None
    published: str | None  # ISO
    url: str | None

    @property
    def day(self) -> date | None:
        """The day of publication."""
        return date.fromisoformat(self.published) if self.published else None


@dataclass(frozen=True, slots=True)
class Cited:
    """A numbered quote, and the text around it in its article."""

    number: int
    origin: Origin
    quote: str
    start: int
    end: int
    before: str = ""
    after: str = ""
    also_in: tuple[str, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """A passage near a question that was not answered."""

    origin: Origin
    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """An answer, a refusal, a hint or an apology.

    ``reason`` is a refusal's kind, or the sentence to show; ``note`` is shown under an answer.
    """

    question: str
    outcome: Outcome
    reason: str = ""
    said: tuple[Said, ...] = ()
    cited: tuple[Cited, ...] = ()
    near: tuple[Near, ...] = ()
    verbatim: bool = True  # the sentences are the quotes themselves
    versions: Mapping[str, str] | None = None
    note: str = ""
    page: str | None = None  # the link to the answer's own page
    lead: str = ""  # ours, to stand before the sentences

    @property
    def answered(self) -> bool:
        """Whether the archive answered."""
        return self.outcome == "answered"

    def as_json(self) -> str:
        """Return what ``from_json`` reads."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Given:
        """Read what ``as_json`` wrote."""
        values: dict[str, Any] = json.loads(text)
        said = tuple(Said(item["text"], tuple(item["numbers"])) for item in values["said"])
        cited = tuple(
            Cited(**{**item, "origin": Origin(**item["origin"]), "also_in": tuple(item["also_in"])})
            for item in values["cited"]
        )
        near = tuple(Near(**{**item, "origin": Origin(**item["origin"])}) for item in values["near"])
        return cls(**{**values, "said": said, "cited": cited, "near": near})


def given(reply: Reply, versions: Mapping[str, str] | None = None, links: Links | None = None) -> Given:
    """Return a desk's reply as what was given."""
    result, note, links = reply.result, "", links or Links()
    if reply.writing is not None:
        note, versions = (
            reply.writing.note,
            {**(versions or {}), "llm": reply.writing.model, "prompt": reply.writing.prompt},
        )
    if isinstance(result, Answer):
        cited = tuple(_cited(citation, links.cited(citation, result.citations)) for citation in result.citations)
        verbatim = result.answerer == QUOTES
        return Given(
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
    near = tuple(
        Near(_origin(hit.article), hit.passage.text, links.passage(hit.article, (hit.passage.start, hit.passage.end)))
        for hit in result.nearest
    )
    return Given(result.question, "refused", result.reason, near=near, versions=versions)


def _origin(article: Article) -> Origin:
    source = article.source
    return Origin(
        source.id,
        article.digest,
        source.title,
        source.publisher,
        source.published.isoformat() if source.published else None,
        source.url,
    )


def _cited(citation: Citation, link: str | None) -> Cited:
    text, passage = citation.article.text, citation.passage
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
    )


def answers(place: Database) -> Answers:
    """Return what finds an answer in a journal; the journal is opened when it is first needed."""
    opened: list[Journal] = []

    def find(id_: str) -> Shown | None:
        if not opened:
            if isinstance(place, Path) and not place.exists():
                return None
            opened.append(Journal(place))
        asked = opened[0].by_id(id_)
        return _shown(asked) if asked and asked.answer else None

    return find


def _shown(asked: Asked) -> Shown:
    given = Given.from_json(asked.answer or "{}")
    told = "" if given.answered else REASONS.get(given.reason, given.reason)
    moment = datetime.fromtimestamp(asked.asked, UTC)
    sentences = tuple(ShownSentence(said.text, said.numbers) for said in given.said)
    return Shown(
        given.question or asked.text,
        moment,
        sentences,
        tuple(_quoted(cited, given) for cited in given.cited),
        told,
        given.verbatim,
    )


def _quoted(cited: Cited, given: Given) -> Quoted:
    origin = cited.origin
    others = tuple(
        (other.start, other.end)
        for other in given.cited
        if other.origin.article_id == origin.article_id and other is not cited
    )
    place = Place(origin.article_id, version_of(origin.digest), (cited.start, cited.end), others)
    return Quoted(cited.number, cited.quote, origin.title, origin.publisher, origin.day, cited.also_in, place)
