"""The nouns of the archive: sources, articles, passages and hits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Source:
    """Where an article comes from; whatever the source does not say is None. Of a day that is guessed it says so."""

    id: str
    title: str
    publisher: str | None = None
    author: str | None = None
    url: str | None = None
    path: str = ""
    published: date | None = None
    language: str | None = None  # ISO 639-1
    published_at: str | None = None  # ISO 8601 with the offset from UTC, where the source says so much
    date_source: str | None = None  # from what the day is guessed: "address", "layout", "modified"; None: it is stated
    teaser: bool = False  # its text is only the beginning: the rest is behind a paywall


@dataclass(frozen=True, slots=True)
class Article:
    """An article as cleaned; every offset counts characters of ``text``, of a quoted headline those of its title."""

    source: Source
    text: str
    digest: str

    @classmethod
    def of(cls, source: Source, text: str) -> Article:
        """Make an article from its source and cleaned text."""
        return cls(source, text, digest_of(text))

    def part(self, start: int, end: int, *, headline: bool = False) -> str:
        """Return some characters of the text, or of the headline."""
        return (self.source.title if headline else self.text)[start:end]


@dataclass(frozen=True, slots=True)
class Passage:
    """A window on an article: ``article.text[start:end] == passage.text``, always.

    ``id`` names the place and the version (``article:start-end:key``), so two equal paragraphs of a
    wire story stay two passages.
    """

    id: str
    article_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found, and why.

    ``dense`` is the cosine similarity to the question, ``keyword`` the BM25 score (0 when no word of the question
    stands in the passage), ``score`` their normalised sum, ``dated`` False when a time was asked for and the article
    carries no date, ``timely`` False when it is of another time than the question would rather have.
    """

    passage: Passage
    article: Article
    score: float
    dense: float
    keyword: float
    dated: bool = True
    timely: bool = True


def digest_of(content: str | bytes) -> str:
    """Return the SHA-256 of a text (as UTF-8) or of bytes, in hex."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(raw).hexdigest()


def article_id(key: str) -> str:
    """Return the id of the article that stands at a place (a path, or a path and a record's id)."""
    return digest_of(key)[:16]


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A sentence, ``text[start:end]`` of its article, in which somebody speaks.

    ``speaker`` is as fully as the article names him, ``carried`` if another sentence does; ``verb`` what he does, None
    for a quotation without one.
    """

    article_id: str
    start: int
    end: int
    speaker: str
    verb: str | None
    carried: bool


def article_id_of(passage_id: str) -> str:
    """Return the id of the article that a passage is of."""
    return passage_id.split(":", 1)[0]
