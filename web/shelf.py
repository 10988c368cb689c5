"""What a page shows: an article in the version that was cited, and what is to be known of it; an answer of the
journal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from index.articles import Article, Source
from index.read.original import Original, original
from index.store.catalog import Catalog
from index.store.snapshot import Snapshot
from web.links import Place, Span, version_of


@dataclass(frozen=True, slots=True)
class Quoted:
    """A source of an answer: the quote with its number and where it stands."""

    number: int
    quote: str
    title: str
    publisher: str | None
    published: date | None
    also_in: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and the numbers of its sources."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A question with its answer, or what it was told instead (``told``)."""

    question: str
    asked: datetime
    sentences: tuple[Sentence, ...]
    sources: tuple[Quoted, ...]
    told: str = ""
    verbatim: bool = True  # the sentences are the quotes themselves


Answers = Callable[[str], Shown | None]


_TWINS = 20  # other papers with the same report
_LOOK = 1.0  # seconds between two looks for a newer state of the archive


@dataclass(frozen=True, slots=True)
class Other:
    """Another article or version that may be opened, at the cited words where they stand in it too."""

    source: Source
    place: Place
    replaced: str | None = None  # when a former version was, ISO 8601


@dataclass(frozen=True, slots=True)
class Opened:
    """An article as a link opens it.

    ``replaced``: when a newer version took this one's place (None: it is the current one). ``lost``: the version that
    was cited is not kept, so that its places mean nothing here. ``versions`` are the others, newest first; the current
    one is the first of them if this is not it.
    """

    article: Article
    cited: Span | None
    others: tuple[Span, ...]
    replaced: str | None
    lost: bool
    versions: tuple[Other, ...]
    also_in: tuple[Other, ...]


class Shelf:
    """Opens articles of a catalog.

    The catalog is opened when it is first needed, because it may be made after the bot has started.
    """

    def __init__(self, open_catalog: Callable[[], Catalog], clock: Callable[[], float]) -> None:
        self._open, self._clock = open_catalog, clock
        self._catalog: Catalog | None = None
        self._opening = threading.Lock()
        self._looked: float | None = None
        self._generation = -1

    def state(self) -> int | None:
        """Return the number of the state that was published last, as known for a second; None if it is time to
        ``look``.
        """
        return self._generation if self._looked is not None and self._clock() - self._looked < _LOOK else None

    def look(self) -> int:
        """Return the number of the state that is published. Raises ArchiveError."""
        with self._there().snapshot() as snapshot:
            generation = snapshot.generation()
        self._generation = generation.number if generation else 0
        self._looked = self._clock()
        return self._generation

    def read(self, place: Place) -> Opened | None:
        """Return what a link opens, None if the article is no longer in the archive. Raises ArchiveError."""
        with self._there().snapshot() as snapshot:
            return _opened(snapshot, place)

    def original(self, article: str) -> tuple[Article, Original] | None:
        """Return an article and its text as it was saved, None if it is no longer in the archive.

        Raises ArchiveError.
        """
        with self._there().snapshot() as snapshot:
            stored = snapshot.article(article)
            return (
                (stored.article, original(snapshot, stored)) if stored and stored.article.source.id == article else None
            )

    def _there(self) -> Catalog:
        with self._opening:
            if self._catalog is None:
                self._catalog = self._open()
            return self._catalog


def _opened(snapshot: Snapshot, place: Place) -> Opened | None:
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
    versions = [Other(current.source, _at(current, quote))] if former else []
    for digest, replaced in kept:
        if digest != article.digest:
            found = snapshot.version(place.article, digest)
            versions += [Other(found.article.source, _at(found.article, quote), replaced)] if found else []
    twins = dict.fromkeys(
        [
            *snapshot.twins(current.digest, place.article)[:_TWINS],
            *snapshot.duplicates([place.article]).get(place.article, []),
        ]
    )
    papers = snapshot.articles(list(twins)[:_TWINS])
    also_in = tuple(Other(papers[id_].source, _at(papers[id_], quote)) for id_ in twins if id_ in papers)
    return Opened(article, cited, others, former.replaced if former else None, lost, tuple(versions), also_in)


def _within(span: Span | None, article: Article) -> Span | None:
    return span if span and 0 <= span[0] < span[1] <= len(article.text) else None


def _at(article: Article, quote: str) -> Place:
    """Return the place of a quote in another article or version, its beginning if it does not stand there."""
    start = article.text.find(quote) if quote else -1
    return Place(article.source.id, version_of(article.digest), (start, start + len(quote)) if start >= 0 else None)
