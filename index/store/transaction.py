"""A writing transaction of the catalog: every statement that changes it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import (
    Connection,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from index.articles import Article, Passage
from index.clean.recurring import Counted
from index.model.embedder import Vectors
from index.statements import Reading
from index.store import keywords
from index.store.dialect import upsert
from index.store.rows import CutLine, FetchRecord, FileRecord, Generation, chunks, source_of
from index.store.schema import (
    acronyms,
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
    speakers,
    statements,
    unsettled,
    vector_journal,
    versions,
)
from index.store.snapshot import Snapshot
from index.store.snapshot_runs import under
from index.text import terms

_RUNS = 10_000  # runs that are kept, with their counts
_RUNS_WITH_FAILURES = 100  # the latest of them, with all their failures
_VERSIONS = 20  # former versions that are kept of an article
_VERSION_DAYS = 92  # for so long: signed links and the journal's answers end before
_FAILURES = 1_000  # failures kept of a run, and of a file; others are only counted


class Transaction(Snapshot):
    """A transaction of the one writer; it also reads, and sees its own changes."""

    def put_fact(self, name: str, value: str) -> None:
        """Set a fact of the archive."""
        put_fact_row(self._connection, name, value)

    def put_embeddings(self, model: str, vectors: Mapping[str, Vectors]) -> None:
        """Store vectors by key; a key that has one keeps it."""
        rows = [
            {"model": model, "key": key, "vector": np.asarray(vector, dtype="<f4").tobytes()}
            for key, vector in vectors.items()
        ]
        if rows:
            self._connection.execute(upsert(embeddings).on_conflict_do_nothing(), rows)

    def put_article(
        self,
        article: Article,
        file: str,
        original_digest: str,
        cut: Sequence[CutLine],
        found: Sequence[tuple[Passage, str, str, str]],
    ) -> None:
        """Store an article in place of its former version; ``found``: (passage, key, title terms, body terms)."""
        source = article.source
        self._keep_version(article)
        self._take_out([source.id])
        self._connection.execute(
            insert(articles).values(
                id=source.id, file=file, path=source.path, title=source.title, publisher=source.publisher,
                author=source.author, url=source.url,
                published=source.published, published_at=source.published_at, date_source=source.date_source,
                language=source.language, teaser=source.teaser,
                text=article.text, digest=article.digest,
                original_digest=original_digest, cut=json.dumps(list(cut), ensure_ascii=False),
            )
        )  # fmt: skip
        if not found:
            return
        rows = [
            {"id": p.id, "article_id": p.article_id, "start": p.start, "end": p.end, "key": key}
            for p, key, _, _ in found
        ]
        self._connection.execute(insert(passages), rows)
        numbered = self._connection.execute(
            select(passages.c.id, passages.c.row).where(passages.c.article_id == source.id)
        )
        row_of = {row.id: row.row for row in numbered}
        keywords.put(self._connection, [(row_of[p.id], title, body) for p, _, title, body in found])

    def put_reading(self, article_id: str, reading: Reading) -> None:
        """Store who says what in an article, and what its acronyms stand for, in place of what was stored before."""
        self._remove_readings([article_id])
        said = [asdict(each) for each in reading.statements]
        names = {each.speaker for each in reading.statements}
        known = [
            {"term": term, "article_id": article_id, "speaker": name}
            for name in sorted(names)
            for term in sorted(set(terms(name)))
        ]
        short = [{"short": short, "long": long, "article_id": article_id} for short, long in sorted(reading.acronyms)]
        for where, rows in ((statements, said), (speakers, known), (acronyms, short)):
            if rows:
                self._connection.execute(insert(where), rows)

    def _remove_readings(self, ids: Sequence[str]) -> None:
        for where in (statements, speakers, acronyms):
            self._connection.execute(delete(where).where(where.c.article_id.in_(ids)))

    def put_lines(self, article_id: str, counted: Counted) -> None:
        """Store the lines of an article that are furniture if they recur; the next ``settle`` decides about them."""
        if not counted.lines:
            return
        of_article = {
            "publisher": counted.publisher,
            "title": counted.title,
            "longest": counted.longest,
            "article_id": article_id,
        }
        rows = [
            {**of_article, "place": line.position, "digest": line.digest, "cut": line.text if line.cut else None}
            for line in counted.lines
        ]
        self._connection.execute(insert(lines), rows)
        self._unsettle(article_id)

    def settled(self) -> None:
        """Note that every line has been decided about: it recurs, or does not."""
        self._connection.execute(delete(unsettled))

    def _unsettle(self, article_id: str) -> None:
        rows = select(lines.c.publisher, lines.c.digest).where(lines.c.article_id == article_id)
        self._connection.execute(
            upsert(unsettled).from_select(["publisher", "digest"], rows.distinct()).on_conflict_do_nothing()
        )

    def remove_articles(self, ids: Sequence[str]) -> None:
        """Remove articles with their former versions, passages, search terms and links; their vectors are kept."""
        for chunk in chunks(ids):
            self._connection.execute(delete(versions).where(versions.c.article_id.in_(chunk)))
        self._take_out(ids)

    def _keep_version(self, article: Article) -> None:
        """Keep the text that an article is about to replace, if it differs: an answer may have cited it."""
        row = self._connection.execute(
            select(articles).where(articles.c.id == article.source.id, articles.c.digest != article.digest)
        ).first()
        if row is None:
            return
        now = datetime.now(UTC)
        source = asdict(source_of(row))
        stored = json.dumps({**source, "published": row.published and row.published.isoformat()}, ensure_ascii=False)
        values = {
            "source": stored,
            "text": zlib.compress(row.text.encode("utf-8", "surrogatepass")),
            "replaced": now.isoformat(timespec="microseconds"),
        }
        # An article may return to a text that it had before.
        same = and_(versions.c.article_id == row.id, versions.c.digest.in_([row.digest, article.digest]))
        self._connection.execute(delete(versions).where(same))
        self._connection.execute(insert(versions).values(article_id=row.id, digest=row.digest, **values))
        kept = [digest for digest, _ in self.replaced(row.id)[:_VERSIONS]]
        self._connection.execute(
            delete(versions).where(versions.c.article_id == row.id, versions.c.digest.not_in(kept))
        )
        self._connection.execute(
            delete(versions).where(versions.c.replaced < (now - timedelta(days=_VERSION_DAYS)).isoformat())
        )

    def _take_out(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            self._unsettle(id_)
        for chunk in chunks(ids):
            self._connection.execute(delete(lines).where(lines.c.article_id.in_(chunk)))
            rows = select(passages.c.row).where(passages.c.article_id.in_(chunk))
            for numbers in chunks(list(self._connection.scalars(rows))):
                keywords.drop(self._connection, numbers)
            self._connection.execute(delete(passages).where(passages.c.article_id.in_(chunk)))
            self._remove_readings(chunk)
            self._connection.execute(delete(sketches).where(sketches.c.article_id.in_(chunk)))
            self._connection.execute(
                delete(duplicates).where(or_(duplicates.c.article_id.in_(chunk), duplicates.c.other_id.in_(chunk)))
            )
            self._connection.execute(delete(articles).where(articles.c.id.in_(chunk)))

    def put_sketches(self, found: Mapping[str, Sequence[int]]) -> None:
        """Store the sketches of articles, by article id."""
        rows = [{"hash": hash_, "article_id": id_} for id_, sketch in found.items() for hash_ in sketch]
        if rows:
            self._connection.execute(upsert(sketches).on_conflict_do_nothing(), rows)

    def put_duplicates(self, article_id: str, others: Sequence[str]) -> None:
        """Link an article to its duplicates; a link that exists stays."""
        pairs = [(article_id, other) for other in others] + [(other, article_id) for other in others]
        if pairs:
            self._connection.execute(
                upsert(duplicates).on_conflict_do_nothing(),
                [{"article_id": one, "other_id": other} for one, other in pairs],
            )

    def forget_sketches(self) -> None:
        """Remove every sketch and every link between duplicates."""
        self._connection.execute(delete(sketches))
        self._connection.execute(delete(duplicates))

    def put_file(self, record: FileRecord) -> None:
        """Store the record of a file as it was read."""
        failure = {"run": record.run, "count": record.failed, "failures": record.failures[:_FAILURES]}
        values = {
            "path": record.path, "size": record.size, "mtime_ns": record.mtime_ns, "digest": record.digest,
            "articles": record.articles,
            "failure": json.dumps(failure, ensure_ascii=False) if record.failed else None,
        }  # fmt: skip
        self._connection.execute(
            upsert(files).values(values).on_conflict_do_update(index_elements=["path"], set_=values)
        )

    def put_fetch(self, record: FetchRecord) -> None:
        """Store a page or feed as it was fetched; it no longer counts as failed."""
        self._connection.execute(delete(failures).where(failures.c.path == record.url))
        values = {**asdict(record), "body": zlib.compress(record.body)}
        self._connection.execute(
            upsert(fetches).values(values).on_conflict_do_update(index_elements=["url"], set_=values)
        )

    def remove_file(self, path: str) -> None:
        """Remove the record of a file, or of a page by its address; its articles are removed separately."""
        self._connection.execute(delete(files).where(files.c.path == path))
        self._connection.execute(delete(fetches).where(fetches.c.url == path))

    def put_generation(self, generation: Generation, keep: int = 2) -> list[str]:
        """Publish a generation; return the names of vector stores that no kept generation needs any more."""
        values = {
            "number": generation.number,
            "place": generation.name,
            "passages": generation.passages,
            "dead": generation.dead,
        }
        self._connection.execute(insert(generations).values(values))
        before = self.generations()
        kept = {item.name for item in before[:keep]}
        self._connection.execute(delete(generations).where(generations.c.number <= generation.number - keep))
        return sorted({item.name for item in before[keep:]} - kept)

    def journal_add(self, name: str, ids: Iterable[str | None]) -> None:
        """Note ids that a Chroma server must delete, unless the catalog holds them by then; None: a collection."""
        rows = [{"place": name, "passage_id": item} for item in ids]
        if rows:
            self._connection.execute(insert(vector_journal), rows)

    def journal_done(self, rows: Sequence[int]) -> None:
        """Remove what has been done from the journal of the Chroma server."""
        for chunk in chunks(rows):
            self._connection.execute(delete(vector_journal).where(vector_journal.c.row.in_(chunk)))

    def drop_unused_embeddings(self, spare: int) -> None:
        """Remove vectors that no passage uses if there are more than ``spare``."""
        used = select(passages.c.key).where(passages.c.key == embeddings.c.key)
        unused = int(self._connection.scalar(select(func.count()).select_from(embeddings).where(~used.exists())) or 0)
        if unused > spare:
            self._connection.execute(delete(embeddings).where(~used.exists()))

    def start_run(self, started: str) -> int:
        """Begin the record of an ingest run and return the run's number."""
        # Without gaps: what is kept is counted by number.
        number = int(self._connection.scalar(select(func.max(runs.c.number))) or 0) + 1
        self._connection.execute(insert(runs).values(number=number, started=started))
        return number

    def finish_run(self, number: int, seconds: float, report: Mapping[str, Any], covered: Iterable[str] = ()) -> None:
        """Complete the record of a run with its report.

        A failure with a passing reason is kept until a run covers its path again; ``covered`` are the paths of this
        run. The last 10,000 runs are kept; of each its first 1,000 failures, of those a hundred runs back only ten.
        """
        shortened = json.dumps({**report, "failures": report["failures"][:_FAILURES]}, ensure_ascii=False)
        self._connection.execute(update(runs).where(runs.c.number == number).values(seconds=seconds, report=shortened))
        rows = [
            {"run": number, "path": item["path"], "reason": item["reason"]}
            for item in report["failures"]
            if item.get("passing")
        ][:_FAILURES]
        for path in dict.fromkeys([*covered, *(row["path"] for row in rows)]):
            self._connection.execute(delete(failures).where(under(failures.c.path, path)))
        if rows:
            self._connection.execute(insert(failures), rows)
        self._connection.execute(delete(failures).where(failures.c.run <= number - _RUNS_WITH_FAILURES))
        self._connection.execute(delete(runs).where(runs.c.number <= number - _RUNS))
        old = self._connection.scalar(select(runs.c.report).where(runs.c.number == number - _RUNS_WITH_FAILURES))
        if old is not None:
            values = json.loads(old)
            shorter = json.dumps({**values, "failures": values["failures"][:10]}, ensure_ascii=False)
            self._connection.execute(
                update(runs).where(runs.c.number == number - _RUNS_WITH_FAILURES).values(report=shorter)
            )

    def forget_run(self, number: int) -> None:
        """Remove the record of a run that found nothing to do."""
        self._connection.execute(delete(runs).where(runs.c.number == number))


def put_fact_row(connection: Connection, name: str, value: str) -> None:
    """Set a fact of the archive."""
    connection.execute(
        upsert(facts)
        .values(name=name, value=value)
        .on_conflict_do_update(index_elements=["name"], set_={"value": value})
    )
