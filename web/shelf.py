"""Finds what the pages show: an article in the cited version, with its other versions and copies; or an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from index.articles import Article, Source, digest_of
from index.read.original import Original, original
from index.store.catalog import Catalog
from index.store.snapshot import Snapshot
from web.links import LinkTarget, Span, version_of


@dataclass(frozen=True, slots=True)
class QuotedSource:
    """A source of an answer: the quote, its number, and its place in the article."""

    number: int
    quote: str
    title: str
    publisher: str | None
    published: date | None
    also_in: tuple[str, ...]
    place: LinkTarget
    date_source: str | None = None
    marks: tuple[str, ...] = ()  # what a reader is told beside it ("headline", "teaser only")
    before: str = ""  # what stands in the article around the quote
    after: str = ""
    bold: Span | None = None  # where in the quote the sentence stands that answers
    speaker: str = ""  # who speaks, where the quote does not name them
    time: str = ""  # of publication

    @property
    def sentence(self) -> str:
        """The sentence that answers; the whole quote if none stands out."""
        return self.quote[slice(*self.bold)] if self.bold else self.quote


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or an excerpt of an answer, and the numbers of its sources.

    ``bold`` is where in it the sentence stands that answers; ``speaker`` is who speaks, where it does not name them;
    ``asked`` is the question whose answer begins here, where a message asks several.
    """

    text: str
    numbers: tuple[int, ...]
    bold: Span | None = None
    speaker: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """A question with its answer, or with the message shown instead (``message``), the sentence that comes closest to
    an answer (``closest``), and other passages that are near.

    ``earlier``: the questions before it in the browser, oldest first, with the ids of their answers. ``lead`` and
    ``note`` stand before and under the sentences.
    """

    question: str
    asked: datetime
    sentences: tuple[Sentence, ...]
    sources: tuple[QuotedSource, ...]
    message: str = ""
    verbatim: bool = True  # the sentences are the quotes themselves
    nearest: tuple[QuotedSource, ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()
    lead: str = ""
    note: str = ""
    closest: QuotedSource | None = None


Answers = Callable[[str], AnswerView | None]


_NEWEST = 8  # articles under the question box
_TWINS = 20  # other papers with the same report
_FRESH = 1.0  # seconds that the number of the published generation is used


@dataclass(frozen=True, slots=True)
class RelatedArticle:
    """Another article or version to open, at the same words if they stand in it."""

    source: Source
    place: LinkTarget
    replaced: str | None = None  # when a former version was, ISO 8601


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article as a link opens it.

    ``replaced``: when a newer version took its place (None: it is the current one). ``lost``: the cited version is not
    stored any more, so its spans mean nothing here. ``versions``: the other versions, newest first. ``headline``: the
    answer cites the headline; ``retitled``: it does, and the article has another one now.
    """

    article: Article
    cited: Span | None
    others: tuple[Span, ...]
    replaced: str | None
    lost: bool
    versions: tuple[RelatedArticle, ...]
    also_in: tuple[RelatedArticle, ...]
    headline: bool = False
    retitled: bool = False


class Shelf:
    """Reads articles from a catalog.

    The catalog is opened at the first request, because the first ingest may come after the start of the bot.
    """

    def __init__(self, open_catalog: Callable[[], Catalog], clock: Callable[[], float]) -> None:
        self._open, self._clock = open_catalog, clock
        self._catalog: Catalog | None = None
        self._opening = threading.Lock()
        self._refreshed: float | None = None
        self._generation = -1

    def state(self) -> int | None:
        """Return the number of the published generation, as read within the last second; None: call ``refresh``."""
        return self._generation if self._refreshed is not None and self._clock() - self._refreshed < _FRESH else None

    def refresh(self) -> int:
        """Read and return the number of the published generation. Raises ArchiveError."""
        with self._opened_catalog().snapshot() as snapshot:
            generation = snapshot.generation()
        self._generation = generation.number if generation else 0
        self._refreshed = self._clock()
        return self._generation

    def read(self, place: LinkTarget) -> ArticleView | None:
        """Return what a link opens, None if the article is not in the archive. Raises ArchiveError."""
        with self._opened_catalog().snapshot() as snapshot:
            return _opened(snapshot, place)

    def newest(self) -> tuple[int, tuple[RelatedArticle, ...]]:
        """Return how many articles there are, and the newest of them. Raises ArchiveError."""
        count, found = self.listed(0, _NEWEST)
        return count, tuple(
            RelatedArticle(source, LinkTarget(source.id, version_of(digest))) for source, digest in found
        )

    def listed(self, offset: int, limit: int) -> tuple[int, list[tuple[Source, str]]]:
        """Return how many articles there are, and some of them with the digests of their texts, newest first."""
        with self._opened_catalog().snapshot() as snapshot:
            return snapshot.count_articles(), list(islice(snapshot.sources(), offset, offset + limit))

    def article(self, id_: str) -> tuple[Article, list[str]] | None:
        """Return an article and the ids of its copies, None if it is not in the archive. Raises ArchiveError."""
        with self._opened_catalog().snapshot() as snapshot:
            found = snapshot.articles([id_]).get(id_)
            if found is None:
                return None
            copies = {*snapshot.twins(found.digest, id_)[:_TWINS], *snapshot.duplicates([id_]).get(id_, [])}
            return found, sorted(copies)

    def original(self, article: str) -> tuple[Article, Original] | None:
        """Return an article and its text as it was saved, None if it is not in the archive. Raises ArchiveError."""
        with self._opened_catalog().snapshot() as snapshot:
            stored = snapshot.article(article)
            return (
                (stored.article, original(snapshot, stored)) if stored and stored.article.source.id == article else None
            )

    def _opened_catalog(self) -> Catalog:
        with self._opening:
            if self._catalog is None:
                self._catalog = self._open()
            return self._catalog


def _opened(snapshot: Snapshot, place: LinkTarget) -> ArticleView | None:
    current = snapshot.articles([place.article]).get(place.article)
    if current is None:
        return None
    kept = snapshot.replaced(place.article)
    former = None if current.digest.startswith(place.version) else snapshot.version(place.article, place.version)
    article = former.article if former else current
    lost = former is None and not current.digest.startswith(place.version)
    cited, others = (
        (None, ())
        if lost
        else (_within(place.cited, article), tuple(span for span in place.others if _within(span, article)))
    )
    quote = article.text[slice(*cited)] if cited else ""
    versions = [RelatedArticle(current.source, _at(current, quote))] if former else []
    for digest, replaced in kept:
        if digest != article.digest:
            found = snapshot.version(place.article, digest)
            versions += [RelatedArticle(found.article.source, _at(found.article, quote), replaced)] if found else []
    twins = dict.fromkeys(
        [
            *snapshot.twins(current.digest, place.article)[:_TWINS],
            *snapshot.duplicates([place.article]).get(place.article, []),
        ]
    )
    papers = snapshot.articles(list(twins)[:_TWINS])
    also_in = tuple(RelatedArticle(papers[id_].source, _at(papers[id_], quote)) for id_ in twins if id_ in papers)
    same = digest_of(article.source.title).startswith(place.headline)
    return ArticleView(
        article,
        cited,
        others,
        former.replaced if former else None,
        lost,
        tuple(versions),
        also_in,
        bool(place.headline) and same,
        not same,
    )


def _within(span: Span | None, article: Article) -> Span | None:
    return span if span and 0 <= span[0] < span[1] <= len(article.text) else None


def _at(article: Article, quote: str) -> LinkTarget:
    """Return the target of a quote in another article or version: the beginning if the quote does not stand there."""
    start = article.text.find(quote) if quote else -1
    return LinkTarget(
        article.source.id, version_of(article.digest), (start, start + len(quote)) if start >= 0 else None
    )
