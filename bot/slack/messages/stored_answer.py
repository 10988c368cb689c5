"""What was given to a question, as data: shown in Slack, kept in the journal, shown again from there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from bot.answer.desk import Reply
from bot.answer.quotes import NAME as QUOTES
from bot.citation_links import Links
from bot.reply import Answer, Citation, Sentence
from index.articles import Article

Outcome = Literal["answered", "refused", "hint", "trouble"]
Said = Sentence


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
