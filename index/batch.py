"""What one transaction puts into the archive: articles split into passages, and what became of files and pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from index.articles import Article, Passage
from index.clean.recurring import Counted
from index.statements import Reading, reading_of
from index.store.rows import CutLine, FetchRecord, FileRecord
from index.store.transaction import Transaction
from index.text import embedding_key, header, passages_of


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article ready to be published, with its passages in order."""

    article: Article
    file: str
    original_digest: str
    cut: tuple[CutLine, ...]
    passages: tuple[Passage, ...]
    keys: tuple[str, ...]
    counted: Counted | None = None
    reading: Reading = field(default_factory=Reading)

    @classmethod
    def of(
        cls, article: Article, file: str, original_digest: str, cut: Iterable[CutLine], counted: Counted | None = None
    ) -> Prepared:
        """Split an article and name the keys of its vectors."""
        found = passages_of(article)
        heading = header(article.source)
        return cls(
            article,
            file,
            original_digest,
            tuple(cut),
            tuple(found),
            tuple(embedding_key(heading, p.text) for p in found),
            counted,
            reading_of(article),
        )


@dataclass(slots=True)
class Batch:
    """What one transaction changes: articles in, articles out, files and pages read or gone.

    At most one version of an article.
    """

    articles: list[Prepared] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    files: list[FileRecord] = field(default_factory=list)
    files_gone: list[str] = field(default_factory=list)
    fetches: list[FetchRecord] = field(default_factory=list)

    def put_records(self, transaction: Transaction) -> None:
        """Store what became of the files and pages."""
        for record in self.files:
            transaction.put_file(record)
        for path in self.files_gone:
            transaction.remove_file(path)
        for fetch in self.fetches:
            transaction.put_fetch(fetch)
