"""One ingest run: files in, a report out.

changes (walk → unchanged? → read → clean) → split → embed → publish, five hundred articles at a time
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from index.archive import Archive, Batch, Prepared
from index.changes import Gone, Options, absolute, ahead, changes
from index.duplicates import link_all
from index.embed import Embedder
from index.passages import header
from index.readings import read_all
from index.report import Progress, Report, Step
from index.settle import settle
from index.stored import FetchRecord, FileRecord

if TYPE_CHECKING:
    pass

_BATCH_ARTICLES = 500  # published together: copying a generation costs a second at 100,000 passages
_BATCH_CHARACTERS = 8_000_000
_EMBED_AT_ONCE = 256  # passages embedded between two commits: what a kill can lose


Stopped = Callable[[], bool]


def run(archive: Archive, embedder: Embedder, options: Options, progress: Progress, stopped: Stopped = lambda: False) -> Report:
    """Bring the archive up to date with some files and return the report. The caller holds the writer's lock.

    ``stopped`` is asked between articles: once it says so, what has been read is published and the run ends. A run that is killed has
    published whole batches; the next one does the rest and embeds nothing twice.
    """
    began = time.monotonic()
    report = Report()
    with archive.catalog.transaction() as transaction:
        report.run = transaction.start_run(datetime.now(UTC).isoformat(timespec="seconds"))
    link_all(archive.catalog, stopped)
    read_all(archive.catalog, stopped)
    batch, size = Batch(), 0
    waiting: list[Prepared] = []  # in the batch, perhaps without vectors yet
    behind = _Behind(progress)
    try:
        progress.ahead(lambda: ahead(archive, options))
        for change in changes(archive, options, report, progress):
            if isinstance(change, Prepared):
                # A later version of the same article takes the place of the earlier one.
                batch.articles = [item for item in batch.articles if item.article.source.id != change.article.source.id]
                batch.articles.append(change)
                size += len(change.article.text)
                waiting.append(change)
                behind.article(change)
                if sum(len(item.passages) for item in waiting) >= _EMBED_AT_ONCE:
                    embed(archive, embedder, waiting)
                    waiting = []
                    behind.tell()
            elif isinstance(change, FileRecord):
                batch.files.append(change)
                behind.file(change)
            elif isinstance(change, FetchRecord):
                batch.fetches.append(change)
            elif isinstance(change, Gone):
                batch.removed += change.ids
                batch.files_gone += [change.file] if change.file else []
            if len(batch.articles) >= _BATCH_ARTICLES or size > _BATCH_CHARACTERS:
                _publish(archive, embedder, batch, report, progress)
                batch, size = Batch(), 0
            if stopped():
                break
        _publish(archive, embedder, batch, report, progress)
        behind.tell()
        report.interrupted = stopped()
        if not report.interrupted:
            settle(archive, lambda items: embed(archive, embedder, items), embedder.identity)
        # Only now: of a run that failed, the next one wants the vectors that no passage uses yet.
        with archive.catalog.transaction() as transaction:
            transaction.drop_unused_embeddings(spare=transaction.counts()["passages"] + 1_000)
    except KeyboardInterrupt:
        report.interrupted = True
        raise
    except Exception as error:
        report.error = str(error)
        raise
    finally:
        report.failed = report.failures.total
        report.seconds = time.monotonic() - began
        whole = not report.interrupted and report.error is None and options.changed is None
        covered = [each for path in options.paths for each in {path, absolute(path)}] if whole else options.changed or ()
        with archive.catalog.transaction() as transaction:
            before = {(path, reason) for _, path, reason in transaction.passing_failures()}
            if options.watching and not report.changed and all(failure.passing and (failure.path, failure.reason) in before for failure in report.failures):
                transaction.forget_run(report.run)
            else:
                transaction.finish_run(report.run, report.seconds, report.as_json(), covered)
    return report


class _Behind:
    """Counts what a run has behind it. A file of many articles is behind bit by bit, as far as the length of their texts tells."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._articles = self._files = self._part = 0

    def article(self, item: Prepared) -> None:
        self._articles += 1
        self._part += len(item.article.text)

    def file(self, record: FileRecord) -> None:
        self._files += record.size
        self._part = 0

    def tell(self) -> None:
        self._progress.done(self._articles, self._files + self._part)


def plan(archive: Archive | None, options: Options) -> tuple[list[Step], Report]:
    """Return the steps a run would take, and its report, without changing anything. ``archive`` is None where there is none yet."""
    steps: list[Step] = []
    report = Report()

    class Noting(Progress):
        def step(self, step: Step) -> None:
            steps.append(step)

    for change in changes(archive, options, report, Noting()):
        if isinstance(change, Prepared):
            report.passages += len(change.passages)
        elif isinstance(change, Gone):
            report.removed += len(change.ids)
    report.added = sum(step.action == "add" for step in steps)
    report.updated = sum(step.action == "update" for step in steps)
    report.failed = report.failures.total
    return steps, report


def _publish(archive: Archive, embedder: Embedder, batch: Batch, report: Report, progress: Progress) -> None:
    """Embed what has no vector yet, publish the batch, and count it."""
    embed(archive, embedder, batch.articles)
    if not (batch.articles or batch.removed or batch.files or batch.files_gone or batch.fetches):
        return
    with archive.catalog.snapshot() as snapshot:
        updated = sum(snapshot.original_digest(item.article.source.id) is not None for item in batch.articles)
    if batch.articles or batch.removed:
        progress.publishing()
        archive.publish(batch, embedder.identity)
    else:
        with archive.catalog.transaction() as transaction:
            for record in batch.files:
                transaction.put_file(record)
            for path in batch.files_gone:
                transaction.remove_file(path)
            for fetch in batch.fetches:
                transaction.put_fetch(fetch)
    report.duplicates += _duplicates(archive, batch)
    report.updated += updated
    report.added += len(batch.articles) - updated
    report.removed += len(batch.removed)
    report.passages += sum(len(item.passages) for item in batch.articles)
    progress.published(report)


def _duplicates(archive: Archive, batch: Batch) -> int:
    """Count the articles of a batch that are copies of one that was in before, or stands before them in the batch."""
    ids = [item.article.source.id for item in batch.articles]
    later, count = set(ids), 0
    with archive.catalog.snapshot() as snapshot:
        linked = snapshot.duplicates(ids)
        for item, id_ in zip(batch.articles, ids, strict=True):
            copies = {*linked.get(id_, ()), *snapshot.twins(item.article.digest, id_)}
            count += bool(copies - later)
            later.discard(id_)
    return count


def embed(archive: Archive, embedder: Embedder, items: Sequence[Prepared]) -> None:
    """Give every passage of some articles a vector in the catalog.

    Texts seen before are not embedded again. Vectors are kept as soon as they exist, whatever becomes of the run.
    """
    model = embedder.identity
    texts = {key: f"{header(item.article.source)}\n{p.text}" for item in items for p, key in zip(item.passages, item.keys, strict=True)}
    with archive.catalog.snapshot() as snapshot:
        have = snapshot.embedded(model, list(texts))
    missing = sorted((key for key in texts if key not in have), key=lambda key: len(texts[key]))
    for start in range(0, len(missing), _EMBED_AT_ONCE):
        keys = missing[start : start + _EMBED_AT_ONCE]
        vectors = embedder.embed([texts[key] for key in keys])
        with archive.catalog.transaction() as transaction:
            transaction.put_embeddings(model, dict(zip(keys, vectors, strict=True)))


def embed_all(archive: Archive, embedder: Embedder) -> int:
    """Give every passage of the archive a vector by a model, and return how many were embedded. The caller holds the writer's lock."""
    count = 0
    with archive.catalog.snapshot() as snapshot:
        for rows in snapshot.unembedded(embedder.identity):
            vectors = embedder.embed([f"{header(source)}\n{text}" for _, source, text in rows])
            with archive.catalog.transaction() as transaction:
                transaction.put_embeddings(embedder.identity, {key: vector for (key, _, _), vector in zip(rows, vectors, strict=True)})
            count += len(rows)
    return count
