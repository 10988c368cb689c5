"""Reads passages and the keyword index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select

from index.articles import Article, Passage
from index.store import keywords
from index.store.rows import (
    Outline,
    Scope,
    chunks,
    portions,
)
from index.store.schema import (
    articles,
    passages,
)
from index.store.snapshot_articles import inside


class PassageQueries:
    """The part of a snapshot about passages and their search terms."""

    _connection: Connection

    def passages_of(self, article: Article) -> list[Passage]:
        """Return the passages of an article in order."""
        query = select(passages).where(passages.c.article_id == article.source.id).order_by(passages.c.start)
        return [
            Passage(row.id, row.article_id, row.start, row.end, article.text[row.start : row.end])
            for row in self._connection.execute(query)
        ]

    def passage_ids(self, article_ids: Sequence[str]) -> list[str]:
        """Return the ids of all passages of some articles."""
        found: list[str] = []
        for chunk in chunks(article_ids):
            found += self._connection.scalars(select(passages.c.id).where(passages.c.article_id.in_(chunk)))
        return found

    def outlines(self, ids: Sequence[str]) -> dict[str, Outline]:
        """Return passages without their text, by id; ids that are not in this snapshot are left out."""
        found = {}
        query = (
            select(
                passages.c.id,
                passages.c.article_id,
                passages.c.start,
                passages.c.end,
                articles.c.published,
                articles.c.publisher,
                articles.c.digest,
            )
            .join(articles, articles.c.id == passages.c.article_id)
            .where(passages.c.id.in_(bindparam("ids", expanding=True)))
        )
        for chunk in chunks(ids):
            found.update({row[0]: Outline(*row) for row in self._connection.execute(query, {"ids": chunk})})
        return found

    def keyword(self, terms: Sequence[str], limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Return the ids and BM25 scores (higher is better) of the best passages that hold any of the terms.

        A term may be several with spaces between, which must follow each other.
        """
        if not terms:
            return []
        # Where nothing is left out, the index need not look further than the best.
        statement = within(keywords.ranking(self._connection, terms, None if scope else limit), scope)
        ordered = statement.order_by(literal_column("score").desc(), passages.c.id).limit(limit)
        return [(row.id, float(row.score)) for row in self._connection.execute(ordered)]

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return in how many passages each term stands (body or title)."""
        return keywords.document_frequencies(self._connection, terms)

    def known_terms(self, terms: Sequence[str]) -> dict[str, int]:
        """Return which of many terms (of one word each) stand in any passage, and in how many."""
        return keywords.known_terms(self._connection, terms)

    def terms_of(self, rows: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Return the search terms of some passages by passages.row: of the title, of the text, with spaces between."""
        return keywords.terms_of(self._connection, rows)

    def all_terms(self, portion: int) -> Iterator[list[tuple[int, str, str]]]:
        """Yield the search terms of all passages, in portions: (passages.row, of the title, of the text)."""
        return keywords.all_terms(self._connection, portion)

    def rows(self) -> Iterator[Sequence[tuple[int, str]]]:
        """Yield every passage's row and id, in portions."""
        return portions(self._connection, select(passages.c.row, passages.c.id))

    def rows_of(self, ids: Sequence[str]) -> list[int]:
        """Return the rows of some passages, in their order. All must be in this snapshot."""
        found: dict[str, int] = {}
        for chunk in chunks(ids):
            for rows in portions(
                self._connection, select(passages.c.id, passages.c.row).where(passages.c.id.in_(chunk))
            ):
                found.update(rows)
        return [found[id_] for id_ in ids]

    def extent(self) -> tuple[int, int]:
        """Return how many passages there are, and the last one's row."""
        count, last = self._connection.execute(select(func.count(), func.max(passages.c.row))).one()
        return int(count), int(last or 0)

    def allowed(self, scope: Scope) -> int:
        """Return how many passages lie in a scope."""
        return int(self._connection.scalar(within(select(func.count()).select_from(passages), scope)) or 0)

    def known_passages(self, ids: Sequence[str]) -> set[str]:
        """Return which of some passage ids are in this snapshot."""
        found: set[str] = set()
        for chunk in chunks(ids):
            found.update(self._connection.scalars(select(passages.c.id).where(passages.c.id.in_(chunk))))
        return found

    def all_passage_ids(self) -> Iterator[str]:
        """Yield the id of every passage."""
        yield from self._connection.scalars(select(passages.c.id), execution_options={"yield_per": 10_000})


def within(statement: Select[Any], scope: Scope) -> Select[Any]:
    """Limit a statement about passages to those of the articles in a scope."""
    return inside(statement.join(articles, articles.c.id == passages.c.article_id), scope) if scope else statement
