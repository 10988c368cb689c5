"""One ingest run: files in, a report out.

changes (walk → unchanged? → read → clean) → split → embed → publish, five hundred articles at a time; the model works
on what has been read while the run reads on, and while it publishes the batch before.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from types import TracebackType

from index.archive import Archive
from index.batch import Batch, Prepared
from index.console import as_utf8
from index.ingest.changes import Change, Gone, Options, absolute, ahead, changes
from index.ingest.embedding import EmbeddingQueue, embed
from index.ingest.report import Progress, Report, Step
from index.ingest.settle import settle
from index.model.embedder import Embedder
from index.store.duplicates import link_all
from index.store.rows import FetchRecord, FileRecord
from index.store.upgrade import read_all

_BATCH_ARTICLES = 500  # published together: copying a generation costs a second at 100,000 passages
_BATCH_CHARACTERS = 8_000_000


def run(
    archive: Archive,
    embedder: Embedder,
    options: Options,
    progress: Progress,
    stopped: Callable[[], bool] = lambda: False,
) -> Report:
    """Bring the archive up to date with some files and return the report. The caller holds the writer's lock.

    ``stopped`` is asked between articles: once it says so, what has been read is published and the run ends. A run that
    is killed has published whole batches; the next one does the rest and embeds nothing twice.
    """
    report = Report(source=options.source)
    with _OnRecord(archive, options, report):
        link_all(archive.catalog, stopped)
        read_all(archive.catalog, stopped)
        progress.ahead(lambda: ahead(archive, options))
        with EmbeddingQueue(archive, embedder) as queue:
            writing = _Writing(archive, queue, embedder, report, progress)
            for change in changes(archive, options, report, progress):
                writing.take(change)
                if stopped():
                    break
            writing.end()
        report.interrupted = stopped()
        if not report.interrupted:
            settle(archive, lambda items: embed(archive, embedder, items), embedder.identity)
        # Only now: after a failed run, the next one needs the vectors that no passage uses yet.
        with archive.catalog.transaction() as transaction:
            transaction.drop_unused_embeddings(spare=transaction.counts()["passages"] + 1_000)
    return report


class _OnRecord:
    """Records a run and its report in the catalog, however the run ends."""

    def __init__(self, archive: Archive, options: Options, report: Report) -> None:
        self._archive, self._options, self._report = archive, options, report
        self._began = time.monotonic()

    def __enter__(self) -> None:
        with self._archive.catalog.transaction() as transaction:
            self._report.run = transaction.start_run(datetime.now(UTC).isoformat(timespec="seconds"))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        options, report = self._options, self._report
        report.interrupted = report.interrupted or isinstance(error, KeyboardInterrupt)
        report.error = str(error) if isinstance(error, Exception) else None
        self._archive.stop_writing()
        report.failed = report.failures.total
        report.seconds = time.monotonic() - self._began
        whole = not report.interrupted and report.error is None and options.changed is None
        named = (each for path in options.paths for each in {as_utf8(path), absolute(path)})
        covered = [*named, *options.feeds] if whole else list(options.changed or ())
        failed = {(failure.path, failure.reason) for failure in report.failures if failure.passing}
        with self._archive.catalog.transaction() as transaction:
            before = {(path, reason) for _, path, reason in transaction.passing_failures()}
            if (
                options.watching
                and not report.changed
                and failed <= before
                and all(failure.passing for failure in report.failures)
                and not any(_lies_under(path, covered) for path, reason in before - failed)
            ):
                transaction.forget_run(report.run)
            else:
                transaction.finish_run(report.run, report.seconds, report.as_json(), covered)


def _lies_under(path: str, places: Iterable[str]) -> bool:
    """Tell whether a path is one of some places, or lies under one."""
    return any(path == place or path.startswith(place.rstrip("/") + "/") for place in places)


class _Writing:
    """Takes the changes of a run in order and publishes them in batches.

    A full batch is published once its passages have their vectors. Until then, and meanwhile, the next one is read and
    the model works on it.
    """

    def __init__(
        self, archive: Archive, queue: EmbeddingQueue, embedder: Embedder, report: Report, progress: Progress
    ) -> None:
        self._archive, self._queue, self._embedder, self._report, self._progress = (
            archive,
            queue,
            embedder,
            report,
            progress,
        )
        self._done = _Done(progress)
        self._batch, self._size = Batch(), 0
        self._full: deque[tuple[Batch, int]] = deque()  # each with the number for ``EmbeddingQueue.done``

    def take(self, change: Change) -> None:
        """Add a change, and publish what is ready."""
        if isinstance(change, Prepared):
            self._article(change)
        elif isinstance(change, FileRecord):
            self._batch.files.append(change)
            self._done.file(change)
        elif isinstance(change, FetchRecord):
            self._batch.fetches.append(change)
        elif isinstance(change, Gone):
            self._archive.prepare_to_write()
            self._batch.removed += change.ids
            self._batch.files_gone += [change.file] if change.file else []
        if len(self._batch.articles) >= _BATCH_ARTICLES or self._size > _BATCH_CHARACTERS:
            self._seal()
        self._publish_ready()

    def end(self) -> None:
        """Publish everything that was added."""
        self._seal()
        while self._full:
            self._publish_first()
        self._done.report()

    def _article(self, item: Prepared) -> None:
        id_ = item.article.source.id
        self._archive.prepare_to_write()
        # A later version of the same article takes the place of the earlier one.
        self._batch.articles = [other for other in self._batch.articles if other.article.source.id != id_]
        self._batch.articles.append(item)
        self._size += len(item.article.text)
        self._done.article(item)
        self._queue.put(item, self._done.mark())

    def _seal(self) -> None:
        self._full.append((self._batch, self._queue.flush(self._done.mark())))
        self._batch, self._size = Batch(), 0

    def _publish_ready(self) -> None:
        while self._full and (len(self._full) > 1 or self._queue.done(self._full[0][1])):
            self._publish_first()

    def _publish_first(self) -> None:
        batch, wanted = self._full.popleft()
        self._queue.write(wanted)
        _publish(self._archive, self._embedder, batch, self._report, self._progress)


class _Done:
    """Counts what a run has done.

    A file of many articles counts article by article, by the length of their texts.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._articles = self._files = self._part = 0

    def article(self, item: Prepared) -> None:
        self._articles += 1
        self._part += len(item.article.text)

    def file(self, record: FileRecord) -> None:
        self._files += record.size
        self._part = 0

    def mark(self) -> Callable[[], None]:
        """Return a function that reports the progress up to here."""
        return partial(self._progress.done, self._articles, self._files + self._part)

    def report(self) -> None:
        self.mark()()


def plan(archive: Archive | None, options: Options) -> tuple[list[Step], Report]:
    """Return the steps a run would take, and its report, without changing anything.

    ``archive`` is None where there is none yet.
    """
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
    """Publish a batch, and count it in the report."""
    embed(archive, embedder, batch.articles)  # as a rule nothing: the queue has done it
    if not (batch.articles or batch.removed or batch.files or batch.files_gone or batch.fetches):
        return
    with archive.catalog.snapshot() as snapshot:
        updated = sum(snapshot.original_digest(item.article.source.id) is not None for item in batch.articles)
    if batch.articles or batch.removed:
        progress.publishing()
        archive.publish(batch, embedder.identity)
    else:
        with archive.catalog.transaction() as transaction:
            batch.put_records(transaction)
    report.duplicates += _duplicates(archive, batch)
    report.updated += updated
    report.added += len(batch.articles) - updated
    report.removed += len(batch.removed)
    report.passages += sum(len(item.passages) for item in batch.articles)
    progress.published(report)


def _duplicates(archive: Archive, batch: Batch) -> int:
    """Count the articles of a batch that are copies of one in the archive, or of an earlier one in the batch."""
    ids = [item.article.source.id for item in batch.articles]
    later, count = set(ids), 0
    with archive.catalog.snapshot() as snapshot:
        linked = snapshot.duplicates(ids)
        for item, id_ in zip(batch.articles, ids, strict=True):
            copies = {*linked.get(id_, ()), *snapshot.twins(item.article.digest, id_)}
            count += bool(copies - later)
            later.discard(id_)
    return count
