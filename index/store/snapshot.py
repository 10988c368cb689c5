"""A snapshot: what the catalog contains at one moment. The queries are in snapshot_*.py, by table."""

from __future__ import annotations

import json

from sqlalchemy import Connection, func, or_, select

from index.store import dialect
from index.store.rows import (
    Generation,
    StoredArticle,
    article_of,
)
from index.store.schema import (
    articles,
    embeddings,
    facts,
    files,
    generations,
    passages,
    vector_journal,
)
from index.store.snapshot_articles import ArticleQueries
from index.store.snapshot_passages import PassageQueries
from index.store.snapshot_runs import RunQueries
from index.store.snapshot_statements import StatementQueries
from index.store.snapshot_vectors import VectorQueries


class Snapshot(ArticleQueries, PassageQueries, VectorQueries, RunQueries, StatementQueries):
    """What the catalog holds at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def connection(self) -> Connection:
        """The connection, for what reads or writes whole tables (deploy/copy_archive.py)."""
        return self._connection

    def fact(self, name: str) -> str | None:
        """Return a fact of the archive (``schema``, ``model``, ``sources``, …), None if it is not set."""
        value: str | None = self._connection.scalar(select(facts.c.value).where(facts.c.name == name))
        return value

    def generation(self) -> Generation | None:
        """Return the published generation, None before the first."""
        row = self._connection.execute(select(generations).order_by(generations.c.number.desc()).limit(1)).first()
        return Generation(*row) if row else None

    def generations(self) -> list[Generation]:
        """Return the generations that may still be read, newest first."""
        return [
            Generation(*row)
            for row in self._connection.execute(select(generations).order_by(generations.c.number.desc()))
        ]

    def counts(self) -> dict[str, int]:
        """Return how many articles, passages, files, stored vectors and teasers there are."""
        gave = select(files.c.path).where(or_(files.c.failure.is_(None), files.c.articles > 0)).subquery()
        teasers = select(articles.c.id).where(articles.c.teaser).subquery()
        tables = {
            "articles": articles,
            "teasers": teasers,
            "passages": passages,
            "files": gave,
            "embeddings": embeddings,
        }
        return {
            name: int(self._connection.scalar(select(func.count()).select_from(each)) or 0)
            for name, each in tables.items()
        }

    def article(self, article_id: str) -> StoredArticle | None:
        """Return an article by id or by a beginning of its id that only it has, None if there is none."""
        query = select(articles).where(articles.c.id >= article_id, articles.c.id < article_id + "g").limit(2)
        rows = self._connection.execute(query).all()
        if len(rows) != 1:
            return None
        article = article_of(rows[0])
        # Articles put in by the first version have no places.
        cut = tuple((line, reason, at[0] if at else None) for line, reason, *at in json.loads(rows[0].cut))
        return StoredArticle(article, rows[0].file, rows[0].original_digest, cut, tuple(self.passages_of(article)))

    def journal(self) -> list[tuple[int, str, str | None]]:
        """Return what a Chroma server must still lose: (row, collection, passage id or None for all of it)."""
        return [tuple(row) for row in self._connection.execute(select(vector_journal).order_by(vector_journal.c.row))]

    def check(self) -> list[str]:
        """Return what the database's own checks find wrong, nothing if it is sound."""
        return dialect.faults(self._connection)
