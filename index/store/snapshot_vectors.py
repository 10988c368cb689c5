"""Reads vectors, and compares them with a question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Column, Connection, and_, bindparam, func, select

from index.articles import Passage, Source
from index.model.embedder import Vectors
from index.store.rows import (
    CHUNK,
    Scope,
    chunks,
    portions,
    source_of,
)
from index.store.schema import (
    articles,
    embeddings,
    passages,
)
from index.store.snapshot_passages import within


class VectorQueries:
    """The part of a snapshot about vectors."""

    _connection: Connection

    def similarities(self, query: Vectors, model: str, ids: Sequence[str]) -> dict[str, float]:
        """Return the cosine similarity of a unit vector to some passages, by id."""
        return self._compared(query, model, self._keys(passages.c.id, ids))

    def similarities_of(self, query: Vectors, model: str, article_ids: Sequence[str]) -> dict[str, float]:
        """Return the cosine similarity of a unit vector to every passage of some articles, by id."""
        return self._compared(query, model, self._keys(passages.c.article_id, article_ids))

    def scan(self, query: Vectors, model: str, limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Return the ids and cosine similarities of the nearest passages in a scope, by comparing them all."""
        best: list[tuple[str, float]] = []
        for rows in portions(self._connection, within(select(passages.c.id, passages.c.key), scope)):
            best = sorted([*best, *self._compared(query, model, rows).items()], key=lambda pair: (-pair[1], pair[0]))[
                :limit
            ]
        return best

    def _keys(self, column: Column[Any], values: Sequence[str]) -> list[tuple[str, str]]:
        """Return the ids, and the keys of the vectors, of the passages that have one of some values in a column."""
        keys = select(passages.c.id, passages.c.key)
        return [
            row
            for chunk in chunks(values)
            for rows in portions(self._connection, keys.where(column.in_(chunk)))
            for row in rows
        ]

    def _compared(self, query: Vectors, model: str, found: Sequence[tuple[str, str]]) -> dict[str, float]:
        """Return the cosine similarities of passages by their ids and keys. Those without a vector are left out."""
        scores: dict[str, float] = {}
        vectors = select(embeddings.c.key, embeddings.c.vector).where(embeddings.c.model == model)
        # In two steps: of a join, SQLite chooses to walk every vector of the model.
        for chunk in chunks(sorted({key for _, key in found})):
            for rows in portions(self._connection, vectors.where(embeddings.c.key.in_(chunk))):
                compared = np.frombuffer(b"".join(vector for _, vector in rows), "<f4").reshape(len(rows), -1) @ query
                scores.update(zip((key for key, _ in rows), compared.tolist(), strict=True))
        return {id_: scores[key] for id_, key in found if key in scores}

    def vectors(self, model: str) -> Iterator[list[tuple[Passage, Vectors]]]:
        """Yield all passages with their vectors, in batches."""
        body = func.substr(articles.c.text, passages.c.start + 1, passages.c.end - passages.c.start)
        statement = (
            select(passages.c.id, passages.c.article_id, passages.c.start, passages.c.end, body, embeddings.c.vector)
            .join(articles, articles.c.id == passages.c.article_id)
            .join(embeddings, and_(embeddings.c.key == passages.c.key, embeddings.c.model == model))
        )
        for rows in self._connection.execute(statement, execution_options={"yield_per": CHUNK}).partitions(CHUNK):
            yield [(Passage(*row[:5]), _vector(row.vector)) for row in rows]

    def unembedded(self, model: str) -> Iterator[list[tuple[str, Source, str]]]:
        """Yield (key, source, text) of passages that have no vector by a model, in batches."""
        body = func.substr(articles.c.text, passages.c.start + 1, passages.c.end - passages.c.start)
        statement = (
            select(
                passages.c.key,
                body.label("body"),
                *(column for column in articles.c if column.name not in ("text", "cut")),
            )
            .join(articles, articles.c.id == passages.c.article_id)
            .outerjoin(embeddings, and_(embeddings.c.key == passages.c.key, embeddings.c.model == model))
            .where(embeddings.c.row.is_(None))
        )
        for rows in self._connection.execute(statement, execution_options={"yield_per": CHUNK}).partitions(CHUNK):
            yield [(row.key, source_of(row), row.body) for row in rows]

    def embedded(self, model: str, keys: Sequence[str]) -> set[str]:
        """Return which of some keys have a vector by a model."""
        found: set[str] = set()
        for chunk in chunks(keys):
            found.update(
                self._connection.scalars(
                    select(embeddings.c.key).where(embeddings.c.model == model, embeddings.c.key.in_(chunk))
                )
            )
        return found

    def all_keys(self, model: str) -> Iterator[str]:
        """Yield the keys of all texts that have a vector by a model."""
        query = select(embeddings.c.key).where(embeddings.c.model == model)
        for rows in self._connection.scalars(query, execution_options={"yield_per": 10_000}).partitions():
            yield from rows

    def vectors_by_key(self, model: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """Return vectors by key; keys without one are left out."""
        found = {}
        for chunk in chunks(keys):
            statement = select(embeddings.c.key, embeddings.c.vector).where(
                embeddings.c.model == model, embeddings.c.key.in_(chunk)
            )
            found.update({row.key: _vector(row.vector) for row in self._connection.execute(statement)})
        return found

    def first_vectors(self, model: str, article_ids: Sequence[str]) -> list[Vectors]:
        """Return the vector of each article's first passage; articles that have none are left out."""
        first = (
            select(passages.c.key).where(passages.c.article_id == bindparam("id")).order_by(passages.c.start).limit(1)
        )
        keys = [self._connection.scalar(first, {"id": id_}) for id_ in article_ids]
        vectors = self.vectors_by_key(model, sorted({key for key in keys if key}))
        return [vectors[key] for key in keys if key in vectors]


def _vector(blob: bytes) -> Vectors:
    return np.frombuffer(blob, dtype="<f4")
