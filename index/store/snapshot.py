"""What the catalog holds at one moment: every statement that reads it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)

from index.articles import Article, Passage, Source
from index.model.embedder import Vectors
from index.store import dialect, keywords
from index.store.rows import (
    FetchRecord,
    FileRecord,
    Generation,
    Outline,
    Scope,
    StoredArticle,
    Version,
    article_of,
    file_of,
    source_of,
    version_of,
)
from index.store.schema import (
    articles,
    duplicates,
    embeddings,
    facts,
    failures,
    fetches,
    files,
    generations,
    lines,
    passages,
    runs,
    sketches,
    unsettled,
    vector_journal,
    versions,
)
from index.store.spoken import Spoken

_T = TypeVar("_T")
_CHUNK = 500  # values in one IN (…): SQLite allows 32,766, older ones 999
_SCAN = 8_192  # vectors held in memory at once by an exact scan: 12 MB


class Snapshot(Spoken):
    """What the catalog holds, at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def connection(self) -> Connection:
        """The connection, for what reads or writes whole tables (deploy/copy_archive.py)."""
        return self._connection

    def fact(self, name: str) -> str | None:
        """Return a fact of the archive (``schema``, ``archive``, ``model``, ``distrusted``), None if it is not set."""
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
        """Return how many articles, passages, files and stored vectors there are."""
        gave = select(files.c.path).where(or_(files.c.failure.is_(None), files.c.articles > 0)).subquery()
        tables = {"articles": articles, "passages": passages, "files": gave, "embeddings": embeddings}
        return {
            name: int(self._connection.scalar(select(func.count()).select_from(each)) or 0)
            for name, each in tables.items()
        }

    def count_articles(self) -> int:
        """Return how many articles there are."""
        return int(self._connection.scalar(select(func.count()).select_from(articles)) or 0)

    def files(self, paths: Sequence[str]) -> dict[str, FileRecord]:
        """Return what is known of some files, by path."""
        found = {}
        for chunk in chunks(paths):
            for row in self._connection.execute(select(files).where(files.c.path.in_(chunk))):
                found[row.path] = file_of(row)
        return found

    def failed_files(self) -> list[FileRecord]:
        """Return the files of which something failed for good, by path."""
        return [
            file_of(row)
            for row in self._connection.execute(
                select(files).where(files.c.failure.is_not(None)).order_by(files.c.path)
            )
        ]

    def passing_failures(self) -> list[tuple[int, str, str]]:
        """Return what failed in a run and is tried again by every run over it: (run, path, reason), newest first."""
        query = select(failures.c.run, failures.c.path, failures.c.reason).order_by(
            failures.c.run.desc(), failures.c.row
        )
        return [(row.run, row.path, row.reason) for row in self._connection.execute(query)]

    def files_under(self, folder: str) -> Iterator[str]:
        """Yield the paths of the files in a folder, or the path itself if it is a file that is in."""
        rows = self._connection.execute(
            select(files.c.path).where(under(files.c.path, folder)), execution_options={"yield_per": 1_000}
        )
        for row in rows:
            yield row.path

    def fetch(self, url: str) -> FetchRecord | None:
        """Return a page or feed as it was last fetched from an address, None if it never was."""
        row = self._connection.execute(select(fetches).where(fetches.c.url == url)).first()
        return FetchRecord(**{**row._mapping, "body": zlib.decompress(row.body)}) if row else None

    def fetched(self, urls: Sequence[str]) -> dict[str, str]:
        """Return the keys of the articles that were fetched from some addresses, by address."""
        found: dict[str, str] = {}
        for chunk in chunks(urls):
            rows = self._connection.execute(
                select(fetches.c.url, fetches.c.key).where(fetches.c.url.in_(chunk), fetches.c.key.is_not(None))
            )
            found.update({row.url: row.key for row in rows})
        return found

    def article_ids(self, path: str) -> list[str]:
        """Return the ids of the articles that a file gave."""
        return list(self._connection.scalars(select(articles.c.id).where(articles.c.file == path)))

    def ids_after(self, last: str, limit: int) -> list[str]:
        """Return the next ids of articles, in the order of the ids."""
        return list(
            self._connection.scalars(
                select(articles.c.id).where(articles.c.id > last).order_by(articles.c.id).limit(limit)
            )
        )

    def original_digest(self, article_id: str) -> str | None:
        """Return the digest of what an article was read from, None if there is no such article."""
        value: str | None = self._connection.scalar(
            select(articles.c.original_digest).where(articles.c.id == article_id)
        )
        return value

    def original_digests(self, path: str) -> dict[str, str]:
        """Return the digests of what the articles of a file were read from, by the articles' ids."""
        rows = self._connection.execute(
            select(articles.c.id, articles.c.original_digest).where(articles.c.file == path)
        )
        return {row.id: row.original_digest for row in rows}

    def twins(self, digest: str, other_than: str) -> list[str]:
        """Return the ids of other articles with exactly this cleaned text."""
        return list(
            self._connection.scalars(
                select(articles.c.id)
                .where(articles.c.digest == digest, articles.c.id != other_than)
                .order_by(articles.c.id)
            )
        )

    def duplicates(self, article_ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the ids of the near-duplicates of some articles, in order; articles without any are left out."""
        found: dict[str, list[str]] = {}
        for chunk in chunks(article_ids):
            rows = (
                select(duplicates)
                .where(duplicates.c.article_id.in_(chunk))
                .order_by(duplicates.c.article_id, duplicates.c.other_id)
            )
            for row in self._connection.execute(rows):
                found.setdefault(row.article_id, []).append(row.other_id)
        return found

    def sharing(self, sketch: Sequence[int], digest: str, *, common: int, shared: int, limit: int) -> list[str]:
        """Return the ids of articles with another text whose sketches share at least ``shared`` hashes with this one,
        those that share most first.

        Hashes that more than ``common`` articles have do not count.
        """
        rare = (
            select(sketches.c.hash)
            .where(sketches.c.hash.in_(sketch))
            .group_by(sketches.c.hash)
            .having(func.count() <= common)
        )
        twins = select(articles.c.id).where(articles.c.digest == digest)
        rows = (
            select(sketches.c.article_id)
            .where(sketches.c.hash.in_(rare), sketches.c.article_id.not_in(twins))
            .group_by(sketches.c.article_id)
        )
        most = func.count().desc()
        return list(
            self._connection.scalars(
                rows.having(func.count() >= shared).order_by(most, sketches.c.article_id).limit(limit)
            )
        )

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

    def articles_at(self, path_or_url: str, limit: int) -> list[tuple[str, str, str]]:
        """Return (id, title, path) of articles by their path, their file's path or their address."""
        wanted = or_(articles.c.path == path_or_url, articles.c.file == path_or_url, articles.c.url == path_or_url)
        query = (
            select(articles.c.id, articles.c.title, articles.c.path)
            .where(wanted)
            .order_by(articles.c.path)
            .limit(limit)
        )
        return [tuple(row) for row in self._connection.execute(query)]

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Return articles with their text, by id."""
        found = {}
        for chunk in chunks(ids):
            for row in self._connection.execute(select(articles).where(articles.c.id.in_(chunk))):
                found[row.id] = article_of(row)
        return found

    def version(self, article_id: str, digest: str) -> Version | None:
        """Return a former version of an article by the beginning of its text's digest, None if it is not kept."""
        named = versions.c.digest.between(digest, digest + "g")
        row = self._connection.execute(
            select(versions).where(versions.c.article_id == article_id, named).limit(1)
        ).first()
        return version_of(row) if row else None

    def replaced(self, article_id: str) -> list[tuple[str, str]]:
        """Return the former versions of an article that are kept: (digest, when it was replaced), newest first."""
        query = select(versions.c.digest, versions.c.replaced).where(versions.c.article_id == article_id)
        return [
            (row.digest, row.replaced)
            for row in self._connection.execute(query.order_by(versions.c.replaced.desc(), versions.c.digest))
        ]

    def sources(self) -> Iterator[tuple[Source, str]]:
        """Yield every article's source and text digest, newest first, undated ones last."""
        columns = [column for column in articles.c if column.name not in ("text", "cut")]
        query = select(*columns).order_by(articles.c.published.is_(None), articles.c.published.desc(), articles.c.title)
        for row in self._connection.execute(query, execution_options={"yield_per": 1_000}):
            yield source_of(row), row.digest

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
        statement = _within(keywords.ranking(self._connection, terms, None if scope else limit), scope)
        ordered = statement.order_by(literal_column("score").desc(), passages.c.id).limit(limit)
        return [(row.id, float(row.score)) for row in self._connection.execute(ordered)]

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return in how many passages each term stands (body or title)."""
        return keywords.document_frequencies(self._connection, terms)

    def terms_of(self, rows: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Return the search terms of some passages by passages.row: of the title, of the text, with spaces between."""
        return keywords.terms_of(self._connection, rows)

    def inside(self, scope: Scope) -> Select[tuple[str]]:
        """Return a statement for the ids of the articles in a scope."""
        return _inside(select(articles.c.id), scope)

    def all_terms(self, portion: int) -> Iterator[list[tuple[int, str, str]]]:
        """Yield the search terms of all passages, in portions: (passages.row, of the title, of the text)."""
        return keywords.all_terms(self._connection, portion)

    def rows(self) -> Iterator[Sequence[tuple[int, str]]]:
        """Yield every passage's row and id, in portions."""
        return self._portions(select(passages.c.row, passages.c.id))

    def rows_of(self, ids: Sequence[str]) -> list[int]:
        """Return the rows of some passages, in their order. All must be in this snapshot."""
        found: dict[str, int] = {}
        for chunk in chunks(ids):
            for rows in self._portions(select(passages.c.id, passages.c.row).where(passages.c.id.in_(chunk))):
                found.update(rows)
        return [found[id_] for id_ in ids]

    def extent(self) -> tuple[int, int]:
        """Return how many passages there are, and the last one's row."""
        count, last = self._connection.execute(select(func.count(), func.max(passages.c.row))).one()
        return int(count), int(last or 0)

    def days_and_publishers(self) -> Iterator[tuple[str, Any, str | None]]:
        """Yield the id, the day (as the driver has it) and the publisher of every article."""
        return (
            row
            for rows in self._portions(select(articles.c.id, articles.c.published, articles.c.publisher))
            for row in rows
        )

    def _portions(self, statement: Select[Any]) -> Iterator[Sequence[Any]]:
        """Yield the driver's own rows: of a hundred thousand, SQLAlchemy's take as long as the reading."""
        rows = self._connection.execute(statement)
        assert rows.cursor is not None
        while portion := rows.cursor.fetchmany(_SCAN):
            yield portion
        rows.close()

    def allowed(self, scope: Scope) -> int:
        """Return how many passages lie in a scope."""
        return int(self._connection.scalar(_within(select(func.count()).select_from(passages), scope)) or 0)

    def articles_within(self, scope: Scope) -> set[str]:
        """Return the ids of the articles in a scope."""
        return {id_ for rows in self._portions(self.inside(scope)) for (id_,) in rows}

    def similarities(self, query: Vectors, model: str, ids: Sequence[str]) -> dict[str, float]:
        """Return the cosine similarity of a unit vector to some passages, by id."""
        return self._compared(query, model, self._keys(passages.c.id, ids))

    def similarities_of(self, query: Vectors, model: str, article_ids: Sequence[str]) -> dict[str, float]:
        """Return the cosine similarity of a unit vector to every passage of some articles, by id."""
        return self._compared(query, model, self._keys(passages.c.article_id, article_ids))

    def scan(self, query: Vectors, model: str, limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Return the ids and cosine similarities of the nearest passages in a scope, by comparing them all."""
        best: list[tuple[str, float]] = []
        for rows in self._portions(_within(select(passages.c.id, passages.c.key), scope)):
            best = sorted([*best, *self._compared(query, model, rows).items()], key=lambda pair: (-pair[1], pair[0]))[
                :limit
            ]
        return best

    def _keys(self, column: Column[Any], values: Sequence[str]) -> list[tuple[str, str]]:
        """Return the ids, and the keys of the vectors, of the passages that have one of some values in a column."""
        keys = select(passages.c.id, passages.c.key)
        return [
            row for chunk in chunks(values) for rows in self._portions(keys.where(column.in_(chunk))) for row in rows
        ]

    def _compared(self, query: Vectors, model: str, found: Sequence[tuple[str, str]]) -> dict[str, float]:
        """Return the cosine similarities of passages by their ids and keys. Those without a vector are left out."""
        scores: dict[str, float] = {}
        vectors = select(embeddings.c.key, embeddings.c.vector).where(embeddings.c.model == model)
        # In two steps: of a join, SQLite chooses to walk every vector of the model.
        for chunk in chunks(sorted({key for _, key in found})):
            for rows in self._portions(vectors.where(embeddings.c.key.in_(chunk))):
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
        for rows in self._connection.execute(statement, execution_options={"yield_per": _CHUNK}).partitions(_CHUNK):
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
        for rows in self._connection.execute(statement, execution_options={"yield_per": _CHUNK}).partitions(_CHUNK):
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

    def file_of(self, article_id: str) -> str:
        """Return the path of the file that an article came from."""
        return str(self._connection.scalar(select(articles.c.file).where(articles.c.id == article_id)))

    def cut_of(self, article_id: str) -> list[tuple[int, str]]:
        """Return the lines that are cut from an article because they recur: (position, line)."""
        rows = self._connection.execute(
            select(lines.c.place, lines.c.cut).where(lines.c.article_id == article_id, lines.c.cut.is_not(None))
        )
        return [(row.place, row.cut) for row in rows]

    def cut_lines(self, publisher: str, digests: Sequence[int]) -> set[int]:
        """Return which of some lines are cut from an article of a publisher because they recur."""
        query = select(lines.c.digest).where(
            lines.c.publisher == publisher, lines.c.digest.in_(digests), lines.c.cut.is_not(None)
        )
        return set(self._connection.scalars(query.distinct()))

    def all_cut_lines(self) -> frozenset[tuple[str, int]]:
        """Return the lines that are cut from any article because they recur: (publisher, digest)."""
        rows = self._connection.execute(
            select(lines.c.publisher, lines.c.digest).where(lines.c.cut.is_not(None)).distinct()
        )
        return frozenset((row.publisher, row.digest) for row in rows)

    def recurring(self, publisher: str, digests: Sequence[int], stories: int) -> set[int]:
        """Return which of some lines stand in at least so many different stories of a publisher."""
        query = (
            select(lines.c.digest)
            .where(lines.c.publisher == publisher, lines.c.digest.in_(digests))
            .group_by(lines.c.digest)
        )
        # Copies of one story share its title or its longest paragraph.
        different = and_(
            func.count(lines.c.title.distinct()) >= stories, func.count(lines.c.longest.distinct()) >= stories
        )
        return set(self._connection.scalars(query.having(different)))

    def wrongly_cut(self, stories: int) -> set[str]:
        """Return the ids of articles with an unsettled line that is cut and does not recur, or stands there and
        does.
        """
        found: set[str] = set()
        digests: dict[str, list[int]] = {}
        for row in self._connection.execute(select(unsettled)):
            digests.setdefault(row.publisher, []).append(row.digest)
        for publisher, every in digests.items():
            for chunk in chunks(every):
                known = self.recurring(publisher, chunk, stories)
                wrong = or_(
                    and_(lines.c.digest.in_(known), lines.c.cut.is_(None)),
                    and_(lines.c.digest.not_in(known), lines.c.cut.is_not(None)),
                )
                query = select(lines.c.article_id).where(
                    lines.c.publisher == publisher, lines.c.digest.in_(chunk), wrong
                )
                found.update(self._connection.scalars(query))
        return found

    def first_vectors(self, model: str, article_ids: Sequence[str]) -> list[Vectors]:
        """Return the vector of each article's first passage; articles that have none are left out."""
        first = (
            select(passages.c.key).where(passages.c.article_id == bindparam("id")).order_by(passages.c.start).limit(1)
        )
        keys = [self._connection.scalar(first, {"id": id_}) for id_ in article_ids]
        vectors = self.vectors_by_key(model, sorted({key for key in keys if key}))
        return [vectors[key] for key in keys if key in vectors]

    def journal(self) -> list[tuple[int, str, str | None]]:
        """Return what a Chroma server must still lose: (row, collection, passage id or None for all of it)."""
        return [tuple(row) for row in self._connection.execute(select(vector_journal).order_by(vector_journal.c.row))]

    def known_passages(self, ids: Sequence[str]) -> set[str]:
        """Return which of some passage ids are in this snapshot."""
        found: set[str] = set()
        for chunk in chunks(ids):
            found.update(self._connection.scalars(select(passages.c.id).where(passages.c.id.in_(chunk))))
        return found

    def all_passage_ids(self) -> Iterator[str]:
        """Yield the id of every passage."""
        yield from self._connection.scalars(select(passages.c.id), execution_options={"yield_per": 10_000})

    def runs(self, limit: int | None = 10) -> list[dict[str, Any]]:
        """Return the reports of the last ingest runs (None: all), newest first; ``report`` is None for one that ended
        without a word.
        """
        rows = self._connection.execute(select(runs).order_by(runs.c.number.desc()).limit(limit))
        return [
            {
                "run": row.number,
                "started": row.started,
                "seconds": row.seconds,
                "report": row.report and json.loads(row.report),
            }
            for row in rows
        ]

    def runs_after(self, number: int) -> list[dict[str, Any]]:
        """Return the reports of the ingest runs after one, oldest first."""
        rows = self._connection.execute(select(runs).where(runs.c.number > number).order_by(runs.c.number))
        return [
            {
                "run": row.number,
                "started": row.started,
                "seconds": row.seconds,
                "report": row.report and json.loads(row.report),
            }
            for row in rows
        ]

    def check(self) -> list[str]:
        """Return what the database's own checks find wrong, nothing if it is sound."""
        return dialect.faults(self._connection)


def _vector(blob: bytes) -> Vectors:
    return np.frombuffer(blob, dtype="<f4")


def _within(statement: Select[Any], scope: Scope) -> Select[Any]:
    """Limit a statement over passages to those of the articles in a scope."""
    return _inside(statement.join(articles, articles.c.id == passages.c.article_id), scope) if scope else statement


def _inside(statement: Select[Any], scope: Scope) -> Select[Any]:
    """Limit a statement over articles to those in a scope."""
    if scope.since:
        statement = statement.where(or_(articles.c.published.is_(None), articles.c.published >= scope.since))
    if scope.until:
        statement = statement.where(or_(articles.c.published.is_(None), articles.c.published <= scope.until))
    if scope.publisher:
        statement = statement.where(func.lower(articles.c.publisher).contains(scope.publisher.lower(), autoescape=True))
    return statement


def under(path: Column[Any], folder: str) -> ColumnElement[bool]:
    """Limit a statement to a path and what lies under it."""
    prefix = folder.rstrip("/") + "/"
    return or_(path == folder, and_(path > prefix, path < prefix[:-1] + "0"))  # "0" follows "/" in ASCII


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Yield values in portions that one ``IN (…)`` takes."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
