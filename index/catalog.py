"""The catalog: the one place where articles live. All SQL of the archive is here and in schema.py.

Readers take a ``Snapshot`` (one read transaction: the same state from the first statement to the last), writers a
``Transaction``. SQLite in WAL mode lets them work side by side.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Label,
    Row,
    Select,
    and_,
    column,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DatabaseError, OperationalError

from index.articles import Article, Passage, Source
from index.embed import Vectors
from index.errors import ArchiveError, DiskFull
from index.schema import KEYWORD_TABLE, STEPS, articles, embeddings, facts, failures, files, generations, migrate, passages, runs, vector_journal

_KEYWORDS = table(KEYWORD_TABLE, column("rowid"), column("title"), column("body"))
_T = TypeVar("_T")
_CHUNK = 500  # values in one IN (…): SQLite allows 32,766, older ones 999
_SCAN = 8_192  # vectors held in memory at once by an exact scan: 12 MB
_TITLE_WEIGHT = 2.0  # measured: a title word counts double


@dataclass(frozen=True, slots=True)
class Generation:
    """A published state of the archive: its number and where Chroma holds its vectors."""

    number: int
    place: str
    passages: int
    dead: int = 0


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was when it was last read; ``articles`` counts what it gave."""

    path: str
    size: int
    mtime_ns: int
    digest: str
    articles: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Which articles a question is about; None means any. Undated articles are in any time."""

    since: date | None = None
    until: date | None = None
    publisher: str | None = None

    def __bool__(self) -> bool:
        """Tell whether anything is left out."""
        return self != ANYTHING


ANYTHING = Scope()


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article with what only the catalog knows of it: the original's digest and what cleaning cut."""

    article: Article
    original_digest: str
    cut: tuple[tuple[str, str], ...]
    passages: tuple[Passage, ...]


class Catalog:
    """One SQLite file, opened by any number of processes."""

    def __init__(self, path: Path) -> None:
        """Open the catalog, make it if the file is new, and bring an older one up to date.

        Raises ArchiveError if it is damaged, made by a newer newsdesk, or its folder cannot be written.
        """
        self.path = path
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 60})
        event.listen(self._engine, "connect", _prepare)
        # The driver begins transactions late and silently; ours begin where the code says so.
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN")))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"The folder {path.parent} cannot be made: {error.strerror or error}. Check its owner and NEWSDESK_DATA_DIR.") from error
        with self._translated():
            # Looking takes no lock: a question must not wait for an ingest that is publishing.
            with self._engine.connect() as connection, connection.begin():
                if _version(connection) == len(STEPS):
                    return
            with self._engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
                version = _version(connection)
                _put_fact(connection, "schema", str(migrate(connection, version)))
                if version == 0:
                    _put_fact(connection, "archive", secrets.token_hex(8))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Give one unchanging view of the archive, however much is written meanwhile."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield Snapshot(connection)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Give a writer; what it wrote is kept, all of it and durably, when the block ends without an error."""
        with self._translated(), self._engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
            yield Transaction(connection)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            raise _explained(error, self.path) from error


class Snapshot:
    """What the catalog holds, at one moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        return [Generation(*row) for row in self._connection.execute(select(generations).order_by(generations.c.number.desc()))]

    def counts(self) -> dict[str, int]:
        """Return how many articles, passages, files and stored vectors there are."""
        tables = {"articles": articles, "passages": passages, "files": files, "embeddings": embeddings}
        return {name: int(self._connection.scalar(select(func.count()).select_from(each)) or 0) for name, each in tables.items()}

    def files(self, paths: Sequence[str]) -> dict[str, FileRecord]:
        """Return what is known of some files, by path."""
        found = {}
        for chunk in _chunks(paths):
            for row in self._connection.execute(select(files).where(files.c.path.in_(chunk))):
                found[row.path] = FileRecord(row.path, row.size, row.mtime_ns, row.digest, row.articles)
        return found

    def files_under(self, folder: str) -> Iterator[str]:
        """Yield the paths of the files in a folder, or the path itself if it is a file that is in."""
        prefix = folder.rstrip("/") + "/"
        inside = and_(files.c.path > prefix, files.c.path < prefix[:-1] + "0")  # "0" follows "/" in ASCII
        rows = self._connection.execution_options(yield_per=1_000).execute(select(files.c.path).where(or_(files.c.path == folder, inside)))
        for row in rows:
            yield row.path

    def article_ids(self, path: str) -> list[str]:
        """Return the ids of the articles that a file gave."""
        return list(self._connection.scalars(select(articles.c.id).where(articles.c.file == path)))

    def original_digest(self, article_id: str) -> str | None:
        """Return the digest of what an article was read from, None if there is no such article."""
        value: str | None = self._connection.scalar(select(articles.c.original_digest).where(articles.c.id == article_id))
        return value

    def twins(self, digest: str, other_than: str) -> list[str]:
        """Return the ids of other articles with exactly this cleaned text."""
        return list(self._connection.scalars(select(articles.c.id).where(articles.c.digest == digest, articles.c.id != other_than).order_by(articles.c.id)))

    def article(self, article_id: str) -> StoredArticle | None:
        """Return an article by id or by a beginning of its id that only it has, None if there is none."""
        query = select(articles).where(articles.c.id >= article_id, articles.c.id < article_id + "g").limit(2)
        rows = self._connection.execute(query).all()
        if len(rows) != 1:
            return None
        article = _article(rows[0])
        cut = tuple((line, reason) for line, reason in json.loads(rows[0].cut))
        return StoredArticle(article, rows[0].original_digest, cut, tuple(self.passages_of(article)))

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Return articles with their text, by id."""
        found = {}
        for chunk in _chunks(ids):
            for row in self._connection.execute(select(articles).where(articles.c.id.in_(chunk))):
                found[row.id] = _article(row)
        return found

    def sources(self) -> Iterator[tuple[Source, str]]:
        """Yield every article's source and text digest, newest first, undated ones last."""
        columns = [column for column in articles.c if column.name not in ("text", "cut")]
        query = select(*columns).order_by(articles.c.published.is_(None), articles.c.published.desc(), articles.c.title)
        for row in self._connection.execution_options(yield_per=1_000).execute(query):
            yield _source(row), row.digest

    def passages_of(self, article: Article) -> list[Passage]:
        """Return the passages of an article in order."""
        query = select(passages).where(passages.c.article_id == article.source.id).order_by(passages.c.start)
        return [Passage(row.id, row.article_id, row.start, row.end, article.text[row.start : row.end]) for row in self._connection.execute(query)]

    def passage_ids(self, article_ids: Sequence[str]) -> list[str]:
        """Return the ids of all passages of some articles."""
        found: list[str] = []
        for chunk in _chunks(article_ids):
            found += self._connection.scalars(select(passages.c.id).where(passages.c.article_id.in_(chunk)))
        return found

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Return passages with their text, by id; ids that are not in this snapshot are left out."""
        body = func.substr(articles.c.text, passages.c.start + 1, passages.c.end - passages.c.start)
        found = {}
        for chunk in _chunks(ids):
            query = select(passages.c.id, passages.c.article_id, passages.c.start, passages.c.end, body).join(articles)
            for row in self._connection.execute(query.where(passages.c.id.in_(chunk))):
                found[row.id] = Passage(*row)
        return found

    def keyword(self, terms: Sequence[str], limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Return the ids and BM25 scores (higher is better) of the best passages that hold any of the terms."""
        if not terms:
            return []
        wanted = " OR ".join(f'"{term}"' for term in dict.fromkeys(terms))
        score: Label[float] = literal_column(f"-bm25({KEYWORD_TABLE}, {_TITLE_WEIGHT}, 1.0)").label("score")
        statement = select(passages.c.id, score).join(_KEYWORDS, _KEYWORDS.c.rowid == passages.c.row).where(_matches(wanted))
        ordered = _within(statement, scope).order_by(score.desc(), passages.c.id).limit(limit)
        return [(row.id, float(row.score)) for row in self._connection.execute(ordered)]

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return in how many passages each term stands (body or title)."""
        return {
            term: int(self._connection.scalar(select(func.count()).select_from(_KEYWORDS).where(_matches(f'"{term}"'))) or 0) for term in dict.fromkeys(terms)
        }

    def allowed(self, scope: Scope) -> int:
        """Return how many passages lie in a scope."""
        return int(self._connection.scalar(_within(select(func.count()).select_from(passages), scope)) or 0)

    def similarities(self, query: Vectors, model: str, ids: Sequence[str]) -> dict[str, float]:
        """Return the cosine similarity of a unit vector to some passages, by id."""
        key_of: dict[str, str] = {}
        for chunk in _chunks(ids):
            rows = self._connection.execute(select(passages.c.id, passages.c.key).where(passages.c.id.in_(chunk)))
            key_of.update({row.id: row.key for row in rows})
        # In two steps: of a join, SQLite chooses to walk every vector of the model.
        vectors = self.vectors_by_key(model, sorted(set(key_of.values())))
        return {id_: float(vectors[key] @ query) for id_, key in key_of.items() if key in vectors}

    def scan(self, query: Vectors, model: str, limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Return the ids and cosine similarities of the nearest passages in a scope, by comparing them all."""
        statement = _within(_vectors_of(model), scope)
        best: list[tuple[str, float]] = []
        for rows in self._connection.execution_options(yield_per=_SCAN).execute(statement).partitions(_SCAN):
            scores = np.stack([_vector(row.vector) for row in rows]) @ query
            best += [(rows[index].id, float(scores[index])) for index in np.argsort(-scores)[:limit]]
            best = sorted(best, key=lambda pair: (-pair[1], pair[0]))[:limit]
        return best

    def vectors(self, model: str) -> Iterator[list[tuple[Passage, Vectors]]]:
        """Yield all passages with their vectors, in batches."""
        body = func.substr(articles.c.text, passages.c.start + 1, passages.c.end - passages.c.start)
        statement = (
            select(passages.c.id, passages.c.article_id, passages.c.start, passages.c.end, body, embeddings.c.vector)
            .join(articles, articles.c.id == passages.c.article_id)
            .join(embeddings, and_(embeddings.c.key == passages.c.key, embeddings.c.model == model))
        )
        for rows in self._connection.execution_options(yield_per=_CHUNK).execute(statement).partitions(_CHUNK):
            yield [(Passage(*row[:5]), _vector(row.vector)) for row in rows]

    def unembedded(self, model: str) -> Iterator[list[tuple[str, Source, str]]]:
        """Yield (key, source, text) of passages that have no vector by a model, in batches."""
        body = func.substr(articles.c.text, passages.c.start + 1, passages.c.end - passages.c.start)
        statement = (
            select(passages.c.key, body.label("body"), *(column for column in articles.c if column.name not in ("text", "cut")))
            .join(articles, articles.c.id == passages.c.article_id)
            .outerjoin(embeddings, and_(embeddings.c.key == passages.c.key, embeddings.c.model == model))
            .where(embeddings.c.row.is_(None))
        )
        for rows in self._connection.execution_options(yield_per=_CHUNK).execute(statement).partitions(_CHUNK):
            yield [(row.key, _source(row), row.body) for row in rows]

    def embedded(self, model: str, keys: Sequence[str]) -> set[str]:
        """Return which of some keys have a vector by a model."""
        found: set[str] = set()
        for chunk in _chunks(keys):
            found.update(self._connection.scalars(select(embeddings.c.key).where(embeddings.c.model == model, embeddings.c.key.in_(chunk))))
        return found

    def vectors_by_key(self, model: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """Return vectors by key; keys without one are left out."""
        found = {}
        for chunk in _chunks(keys):
            statement = select(embeddings.c.key, embeddings.c.vector).where(embeddings.c.model == model, embeddings.c.key.in_(chunk))
            found.update({row.key: _vector(row.vector) for row in self._connection.execute(statement)})
        return found

    def journal(self) -> list[tuple[int, str, str | None]]:
        """Return what a Chroma server must still lose: (row, collection, passage id or None for all of it)."""
        return [tuple(row) for row in self._connection.execute(select(vector_journal).order_by(vector_journal.c.row))]

    def known_passages(self, ids: Sequence[str]) -> set[str]:
        """Return which of some passage ids are in this snapshot."""
        found: set[str] = set()
        for chunk in _chunks(ids):
            found.update(self._connection.scalars(select(passages.c.id).where(passages.c.id.in_(chunk))))
        return found

    def all_passage_ids(self) -> Iterator[str]:
        """Yield the id of every passage."""
        yield from self._connection.execution_options(yield_per=10_000).scalars(select(passages.c.id))

    def runs(self, limit: int = 10) -> list[dict[str, Any]]:
        """Return the reports of the last ingest runs, newest first; ``report`` is None for one that ended without a word."""
        rows = self._connection.execute(select(runs).order_by(runs.c.number.desc()).limit(limit))
        return [{"run": row.number, "started": row.started, "seconds": row.seconds, "report": row.report and json.loads(row.report)} for row in rows]

    def check(self) -> list[str]:
        """Return what SQLite's own check finds wrong with the file, nothing if it is sound."""
        return [row[0] for row in self._connection.exec_driver_sql("PRAGMA quick_check(5)") if row[0] != "ok"]


class Transaction(Snapshot):
    """A writer's transaction; reads what it wrote."""

    def put_fact(self, name: str, value: str) -> None:
        """Set a fact of the archive."""
        _put_fact(self._connection, name, value)

    def put_embeddings(self, model: str, vectors: Mapping[str, Vectors]) -> None:
        """Keep vectors by key; one that is there already stays."""
        rows = [{"model": model, "key": key, "vector": np.asarray(vector, dtype="<f4").tobytes()} for key, vector in vectors.items()]
        if rows:
            self._connection.execute(upsert(embeddings).on_conflict_do_nothing(), rows)

    def put_article(
        self, article: Article, file: str, original_digest: str, cut: Sequence[tuple[str, str]], found: Sequence[tuple[Passage, str, str, str]]
    ) -> None:
        """Put an article in, in place of the version before; ``found``: (passage, key, title terms, body terms)."""
        source = article.source
        self.remove_articles([source.id])
        self._connection.execute(
            insert(articles).values(
                id=source.id, file=file, path=source.path, title=source.title, publisher=source.publisher, author=source.author, url=source.url,
                published=source.published, language=source.language, text=article.text, digest=article.digest,
                original_digest=original_digest, cut=json.dumps(list(cut), ensure_ascii=False),
            )
        )  # fmt: skip
        if not found:
            return
        rows = [{"id": p.id, "article_id": p.article_id, "start": p.start, "end": p.end, "key": key} for p, key, _, _ in found]
        self._connection.execute(insert(passages), rows)
        numbered = self._connection.execute(select(passages.c.id, passages.c.row).where(passages.c.article_id == source.id))
        row_of = {row.id: row.row for row in numbered}
        self._connection.execute(insert(_KEYWORDS), [{"rowid": row_of[p.id], "title": title, "body": body} for p, _, title, body in found])

    def remove_articles(self, ids: Sequence[str]) -> None:
        """Remove articles with their passages and search terms; their vectors stay known."""
        for chunk in _chunks(ids):
            rows = select(passages.c.row).where(passages.c.article_id.in_(chunk))
            for numbers in _chunks(list(self._connection.scalars(rows))):
                self._connection.execute(delete(_KEYWORDS).where(_KEYWORDS.c.rowid.in_(numbers)))
            self._connection.execute(delete(passages).where(passages.c.article_id.in_(chunk)))
            self._connection.execute(delete(articles).where(articles.c.id.in_(chunk)))

    def put_file(self, record: FileRecord) -> None:
        """Remember a file as it was read."""
        values = {"path": record.path, "size": record.size, "mtime_ns": record.mtime_ns, "digest": record.digest, "articles": record.articles}
        self._connection.execute(upsert(files).values(values).on_conflict_do_update(index_elements=["path"], set_=values))

    def remove_file(self, path: str) -> None:
        """Forget a file (its articles are removed separately)."""
        self._connection.execute(delete(files).where(files.c.path == path))

    def put_generation(self, generation: Generation, keep: int = 2) -> list[str]:
        """Publish a generation and return the places that no kept generation needs any more."""
        values = {"number": generation.number, "place": generation.place, "passages": generation.passages, "dead": generation.dead}
        self._connection.execute(insert(generations).values(values))
        before = self.generations()
        kept = {item.place for item in before[:keep]}
        self._connection.execute(delete(generations).where(generations.c.number <= generation.number - keep))
        return sorted({item.place for item in before[keep:]} - kept)

    def journal_add(self, place: str, ids: Iterable[str | None]) -> None:
        """Note ids (None: the whole collection) that a Chroma server must lose unless the catalog holds them by then."""
        rows = [{"place": place, "passage_id": item} for item in ids]
        if rows:
            self._connection.execute(insert(vector_journal), rows)

    def journal_done(self, rows: Sequence[int]) -> None:
        """Strike lines from the journal."""
        for chunk in _chunks(rows):
            self._connection.execute(delete(vector_journal).where(vector_journal.c.row.in_(chunk)))

    def drop_unused_embeddings(self, spare: int) -> int:
        """Drop vectors that no passage uses once there are more than ``spare`` of them; return how many went."""
        used = select(passages.c.key).where(passages.c.key == embeddings.c.key)
        unused = int(self._connection.scalar(select(func.count()).select_from(embeddings).where(~used.exists())) or 0)
        if unused <= spare:
            return 0
        self._connection.execute(delete(embeddings).where(~used.exists()))
        return unused

    def start_run(self, started: str) -> int:
        """Open the record of an ingest run and return its number."""
        number = self._connection.execute(insert(runs).values(started=started)).inserted_primary_key
        assert number is not None
        return int(number[0])

    def finish_run(self, number: int, seconds: float, report: Mapping[str, Any]) -> None:
        """Close the record of a run with its report and failures."""
        self._connection.execute(update(runs).where(runs.c.number == number).values(seconds=seconds, report=json.dumps(report, ensure_ascii=False)))
        rows = [{"run": number, "path": item["path"], "reason": item["reason"]} for item in report["failures"]]
        if rows:
            self._connection.execute(insert(failures), rows)


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _version(connection: Connection) -> int:
    """Return the schema version of a catalog, 0 if it is empty."""
    if not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'facts'").first():
        return 0
    return int(connection.scalar(select(facts.c.value).where(facts.c.name == "schema")) or 0)


def _put_fact(connection: Connection, name: str, value: str) -> None:
    connection.execute(upsert(facts).values(name=name, value=value).on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _explained(error: DatabaseError, path: Path) -> ArchiveError:
    cause = str(error.orig).lower()
    if "full" in cause or "disk i/o" in cause:
        return DiskFull(f"The disk with {path.parent} is full or failing ({error.orig}). Nothing that was in is lost; free some space and run again.")
    if "malformed" in cause or "not a database" in cause:
        return ArchiveError(f"The catalog {path} is damaged ({error.orig}). Restore it from a backup, or move it away and ingest the articles again.")
    if "locked" in cause or "busy" in cause:
        return ArchiveError(f"The catalog {path} has been busy for a minute. Another process holds it: wait for it or stop it, then try again.")
    if isinstance(error, OperationalError) and ("unable to open" in cause or "readonly" in cause):
        return ArchiveError(f"The catalog {path} cannot be opened for writing ({error.orig}). Check the owner of {path.parent} and NEWSDESK_DATA_DIR.")
    return ArchiveError(f"The catalog {path} could not do its work ({error.orig}). Run: python -m bot doctor")


def _source(row: Row[Any]) -> Source:
    return Source(row.id, row.title, row.publisher, row.author, row.url, row.path, row.published, row.language)


def _article(row: Row[Any]) -> Article:
    return Article(_source(row), row.text, row.digest)


def _vector(blob: bytes) -> Vectors:
    return np.frombuffer(blob, dtype="<f4")


def _vectors_of(model: str) -> Select[Any]:
    return select(passages.c.id, embeddings.c.vector).join(embeddings, and_(embeddings.c.key == passages.c.key, embeddings.c.model == model))


def _within(statement: Select[Any], scope: Scope) -> Select[Any]:
    """Limit a statement over passages to those of the articles in a scope."""
    if not scope:
        return statement
    statement = statement.join(articles, articles.c.id == passages.c.article_id)
    if scope.since:
        statement = statement.where(or_(articles.c.published.is_(None), articles.c.published >= scope.since))
    if scope.until:
        statement = statement.where(or_(articles.c.published.is_(None), articles.c.published <= scope.until))
    if scope.publisher:
        statement = statement.where(func.instr(func.lower(articles.c.publisher), scope.publisher.lower()) > 0)
    return statement


def _matches(wanted: str) -> ColumnElement[bool]:
    return literal_column(KEYWORD_TABLE).op("MATCH")(wanted)


def _chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
