"""The reply to a question: an answer with citations, or a refusal with a reason; and the links of citations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from index.articles import Article, Hit, Passage
from web.links import LinkTarget, QuotedPlace, SignedLinks, Span, address, at_passage, target, version_of

Outcome = Literal["answered", "unsure", "refused"]
Reason = Literal["nothing_found", "not_supported", "declined", "said_above"]

UNSURE = "I found no sentence that says so. Closest:"
REFUSED = "The articles do not seem to be about that."
NOT_SAID = "The articles do not say."
SAID_ABOVE = "The articles say no more on that than the answer above."


def instead_of_answer(reason: str, *, unsure: bool) -> str:
    """Return the line that stands where there is no answer; where one is unsure, the closest sentence follows it."""
    lines = {"said_above": SAID_ABOVE, "nothing_found": REFUSED}
    return UNSURE if unsure else lines.get(reason, NOT_SAID)


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote: ``article.text[start:end] == quote``, or the same of the article's title for a ``headline``.

    ``answering`` is where the sentence that answers stands in the article, inside the quote; None: the whole quote.
    ``speaker`` is who speaks, where the quote does not name them. Only bot/check/checker.py makes one, after checking
    that.
    """

    number: int
    article: Article
    passage: Passage
    quote: str
    start: int
    end: int
    also_in: tuple[str, ...] = ()
    headline: bool = False
    answering: Span | None = None
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or an excerpt of an answer, and the numbers of the citations it rests on (at least one).

    ``bold`` is where in the text of an excerpt the sentence stands that answers; None if no sentence stands out.
    ``asked`` is the question whose answer begins here, where a message asks several.
    """

    text: str
    numbers: tuple[int, ...]
    bold: Span | None = None
    asked: str = ""


class Quoted(Protocol):
    """A citation, or one as it is stored."""

    @property
    def number(self) -> int:
        """The number under which it is cited."""

    @property
    def headline(self) -> bool:
        """Whether the quote is the headline of its article."""

    @property
    def speaker(self) -> str:
        """Who speaks, where the quote does not name them."""


def lists_articles(lead: str, citations: Sequence[Quoted]) -> bool:
    """Tell whether an answer lists articles: under a line of our own it quotes nothing but headlines.

    They are shown in the lines of their sources alone.
    """
    return bool(lead) and all(citation.headline for citation in citations)


def speaker_of(sentence: Sentence, citations: Iterable[Quoted]) -> str:
    """Return who speaks in a sentence that does not name them, "" if it does or nobody speaks."""
    return next((one.speaker for one in citations if one.number in sentence.numbers), "")


def numbered(sentence: Sentence, citations: Iterable[Quoted]) -> str:
    """Return a sentence as plain text: its speaker, the sentence, and the numbers of its citations."""
    speaker = speaker_of(sentence, citations)
    numbers = "".join(f"[{number}]" for number in sentence.numbers)
    return f"{speaker}: {sentence.text} {numbers}" if speaker else f"{sentence.text} {numbers}"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that was not supported, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Sentences that are supported, each with its citations.

    ``lead`` is a line of the bot's own before them, "" if there is none.
    """

    question: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    answerer: str
    dropped: tuple[Dropped, ...] = ()
    lead: str = ""

    @property
    def outcome(self) -> Outcome:
        """That the articles answer."""
        return "answered"

    @property
    def text(self) -> str:
        """The answer as one text: before each sentence who speaks, where the sentence does not name them; behind it the
        numbers of its citations in square brackets. Where a message asks several, each question stands before its
        answer.
        """
        parts = ((sentence.asked, numbered(sentence, self.citations)) for sentence in self.sentences)
        return " ".join(part for both in parts for part in both if part)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The articles do not say.

    ``nearest`` are passages for a person to look at, not sources. ``closest`` is the sentence that comes closest to an
    answer; None if nothing does. ``lead`` is the bot's line in place of the usual one, "" for that.
    """

    question: str
    reason: Reason
    nearest: tuple[Hit, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    closest: Citation | None = None
    lead: str = ""

    @property
    def message(self) -> str:
        """The line that stands where there is no answer."""
        return self.lead or instead_of_answer(self.reason, unsure=self.closest is not None)

    @property
    def outcome(self) -> Outcome:
        """Unsure if a sentence comes close to an answer, else refused."""
        return "refused" if self.closest is None else "unsure"


@dataclass(frozen=True, slots=True)
class Writing:
    """What a language model did for a question.

    ``prompt`` is the version of the prompt; ``cost`` is in the currency of the prices in the settings, None without
    them; ``counted`` is False where tokens are an estimate; ``kept`` is how many sentences are shown in its words;
    ``replaced`` counts by reason those for which the article's own are shown, ``dropped`` those for which nothing is;
    ``instead`` is why quotes answered in its place, "" if they did not; ``fault`` is the same for the operator.
    """

    model: str
    prompt: str
    tokens_in: int
    tokens_out: int
    counted: bool
    cost: float | None
    seconds: float
    kept: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    instead: str = ""
    fault: str = ""
    replaced: Mapping[str, int] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """The note for the reader, "" if there is none."""
        if self.instead:
            return f"Quotes from the articles: the language model {self.instead}."
        count = sum(self.replaced.values())
        if not count:
            return ""
        many = (
            f"{count} sentences could not be confirmed and are"
            if count > 1
            else "1 sentence could not be confirmed and is"
        )
        return f"{many} shown as the article has {'them' if count > 1 else 'it'}."

    def as_json(self) -> dict[str, Any]:
        """Return it as ``ask --json`` prints it."""
        return {**asdict(self), "seconds": round(self.seconds, 2)}


def as_json(result: Answer | NoAnswer, links: Links | None = None) -> dict[str, Any]:
    """Return a result in the form that ``ask --json`` prints, without timings; without ``links``, citations lead to the
    articles' own pages.
    """
    links = links or Links()
    closest = None if isinstance(result, Answer) else result.closest
    return {
        "question": result.question,
        "outcome": result.outcome,
        "reason": None if isinstance(result, Answer) else result.reason,
        "lead": result.lead,
        "text": result.text if isinstance(result, Answer) else "",
        "answerer": result.answerer if isinstance(result, Answer) else None,
        "citations": [_citation_json(citation, result.citations, links) for citation in result.citations]
        if isinstance(result, Answer)
        else [],
        "dropped": [{"text": item.text, "reason": item.reason} for item in result.dropped],
        "nearest": [] if closest is None else [_nearest_json(closest, links)],
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """Return a hit in the form that ``ask --explain`` prints."""
    passage = hit.passage
    return {
        "article_id": passage.article_id, "start": passage.start, "end": passage.end, "text": passage.text,
        "score": round(hit.score, 4), "dense": round(hit.dense, 4), "keyword": round(hit.keyword, 4),
    }  # fmt: skip


def about(article: Article) -> dict[str, Any]:
    """Return what is known of an article, as JSON has it."""
    source = article.source
    return {
        "article_id": source.id, "title": source.title, "publisher": source.publisher, "author": source.author,
        "published": source.published and source.published.isoformat(), "date_source": source.date_source,
        "url": source.url, "path": source.path, "teaser": source.teaser,
    }  # fmt: skip


def _citation_json(citation: Citation, among: Sequence[Citation], links: Links) -> dict[str, Any]:
    place = {
        "quote": citation.quote,
        "place": "headline" if citation.headline else "text",
        "start": citation.start,
        "end": citation.end,
        "answering": citation.answering and list(citation.answering),
        "speaker": citation.speaker,
        "also_in": list(citation.also_in),
        "link": links.cited(citation, among),
    }
    return {"number": citation.number, **about(citation.article), **place}


def _nearest_json(closest: Citation, links: Links) -> dict[str, Any]:
    start, end = closest.answering or (closest.start, closest.end)
    return {
        **about(closest.article),
        "text": closest.article.part(start, end, headline=closest.headline),
        "place": "headline" if closest.headline else "text",
        "start": start,
        "end": end,
        "link": links.cited(closest, ()),
    }


def marks_of(*, headline: bool, teaser: bool) -> tuple[str, ...]:
    """Return what a reader is told beside the source of a quote."""
    return ("headline",) * headline + ("teaser only",) * teaser


def place_of(citation: Citation) -> QuotedPlace:
    """Return where in its article a citation's quote stands, as links name it."""
    return (citation.start, citation.end, citation.headline)


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the links of answers.

    No text of an article decides where a link leads, except an article's own address, which must be a web address.
    """

    room: SignedLinks | None = None

    def cited(self, citation: Citation, among: Sequence[Citation]) -> str | None:
        """Return the link of one of an answer's citations, None if there is nowhere to go."""
        source = citation.article.source
        if self.room is not None:
            same = [other for other in among if other is not citation and other.article.source.id == source.id]
            return self.room.article(
                target(source.id, citation.article.digest, source.title, place_of(citation), map(place_of, same))
            )
        return self._at_passage(
            source.url, source.title if citation.headline else citation.article.text, citation.start, citation.end
        )

    def passage(self, article: Article, span: Span) -> str | None:
        """Return the link to a place in an article's text, None if there is nowhere to go."""
        if self.room is not None:
            return self.room.article(LinkTarget(article.source.id, version_of(article.digest), span))
        return self._at_passage(article.source.url, article.text, *span)

    @staticmethod
    def _at_passage(url: str | None, text: str, start: int, end: int) -> str | None:
        own = address(url)
        return at_passage(own, text, start, end) if own else None

    def answer(self, id_: str) -> str | None:
        """Return the link to an answer's own page, None without a reading room."""
        return self.room.answer(id_) if self.room is not None else None
