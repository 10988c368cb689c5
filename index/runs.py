"""One ingest run: files in, a report out.

walk → unchanged? → read → clean → split → embed → publish, five hundred articles at a time
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from index.archive import Archive, Batch, Prepared
from index.articles import Article, Source, article_id
from index.catalog import FileRecord
from index.clean import clean
from index.duplicates import link_all
from index.embed import Embedder
from index.errors import UnreadableError
from index.files import Failure, File, Listing, Record, digest_of_file, read, read_stream, walk
from index.passages import header

_BATCH_ARTICLES = 500  # published together: copying a generation costs a second at 100,000 passages
_BATCH_CHARACTERS = 8_000_000
_EMBED_AT_ONCE = 256  # passages embedded between two commits: what a kill can lose


@dataclass(frozen=True, slots=True)
class Options:
    """What to do, as the command line says it."""

    paths: Sequence[str]
    prune: bool = False
    force: bool = False
    limit: int = 50 * 2**20  # bytes of one article
    roots: Sequence[Path] = ()
    stdin: IO[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a run does to the archive."""

    action: Literal["add", "update", "remove"]
    place: str
    title: str


@dataclass(slots=True)
class Report:
    """What a run did; ``passages`` counts those of the articles it put in."""

    run: int = 0
    seconds: float = 0.0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    duplicates: int = 0
    failed: int = 0
    passages: int = 0
    failures: list[Failure] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    interrupted: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the report in the form that ``--json`` prints."""
        values = asdict(self)
        values["seconds"] = round(self.seconds, 3)
        values["failures"] = [{key: value for key, value in asdict(failure).items() if value is not None} for failure in self.failures]
        return values


class Progress:
    """What a run tells while it works; this one tells nothing."""

    def step(self, step: Step) -> None:
        """An article was read and will be put in, or one will be removed."""

    def embedding(self, done: int, total: int) -> None:
        """So many passages of the batch in hand have vectors."""

    def published(self, report: Report) -> None:
        """Everything the report counts is in."""


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
    batch, size = Batch(), 0
    waiting: list[Prepared] = []  # in the batch, perhaps without vectors yet
    try:
        for change in changes(archive, options, report, progress):
            if stopped():
                break
            if isinstance(change, Prepared):
                # A later version of the same article takes the place of the earlier one.
                batch.articles = [item for item in batch.articles if item.article.source.id != change.article.source.id]
                batch.articles.append(change)
                size += len(change.article.text)
                waiting.append(change)
                if sum(len(item.passages) for item in waiting) >= _EMBED_AT_ONCE:
                    embed(archive, embedder, waiting, progress)
                    waiting = []
            elif isinstance(change, FileRecord):
                batch.files.append(change)
            elif isinstance(change, Gone):
                batch.removed += change.ids
                batch.files_gone += [change.file] if change.file else []
            if len(batch.articles) >= _BATCH_ARTICLES or size > _BATCH_CHARACTERS:
                _publish(archive, embedder, batch, report, progress)
                batch, size = Batch(), 0
        _publish(archive, embedder, batch, report, progress)
        report.interrupted = stopped()
        # Only now: of a run that failed, the next one wants the vectors that no passage uses yet.
        with archive.catalog.transaction() as transaction:
            transaction.drop_unused_embeddings(spare=transaction.counts()["passages"] + 1_000)
    finally:
        report.failed = len(report.failures)
        report.seconds = time.monotonic() - began
        with archive.catalog.transaction() as transaction:
            transaction.finish_run(report.run, report.seconds, report.as_json())
    return report


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
    report.failed = len(report.failures)
    return steps, report


@dataclass(frozen=True, slots=True)
class Gone:
    """Articles to remove, with their file if all of it has gone."""

    ids: list[str]
    file: str | None = None


def changes(archive: Archive | None, options: Options, report: Report, progress: Progress) -> Iterator[Prepared | FileRecord | Gone]:
    """Yield what must change for the archive to agree with the files, counting in ``report`` what need not.

    A file's record follows its articles, so that a run that ends between them reads it again.
    """
    listing = Listing(report.failures, report.skipped)
    named = [path for path in options.paths if path != "-"]
    if "-" in options.paths and options.stdin is not None:
        records = read_stream(options.stdin, "standard input", options.limit)
        yield from _prepared(archive, "-", records, options, report, progress, set())
    done: set[str] = set()
    gone = [path for path in named if options.prune and not os.path.lexists(path) and archive is not None and _known_files(archive, [_absolute(path)])]
    for files in _grouped(walk([path for path in named if path not in gone], listing, options.roots), 1_000):
        known = _known_files(archive, [file.path for file in files]) if archive is not None else {}
        for file in files:
            if file.path not in done:  # a folder and a file in it, both named
                done.add(file.path)
                yield from _changes_of(archive, file, known.get(file.path), options, report, progress)
    if options.prune and archive is not None:
        for path in named:
            yield from _gone(archive, _absolute(path), progress)


def _changes_of(
    archive: Archive | None, file: File, known: FileRecord | None, options: Options, report: Report, progress: Progress
) -> Iterator[Prepared | FileRecord | Gone]:
    if known and not options.force and (known.size, known.mtime_ns) == (file.size, file.mtime_ns):
        report.unchanged += known.articles
        return
    failed_before = len(report.failures)
    try:
        digest = digest_of_file(file, options.limit)
    except UnreadableError as error:
        report.failures.append(Failure(file.path, str(error)))
        return
    if known and not options.force and digest == known.digest:
        report.unchanged += known.articles
        yield FileRecord(file.path, file.size, file.mtime_ns, digest, known.articles)
        return
    seen: set[str] = set()
    yield from _prepared(archive, file.path, read(file, options.limit), options, report, progress, seen)
    if len(report.failures) > failed_before:
        return  # not remembered as read: the next run tries again
    if options.prune and archive is not None:
        with archive.catalog.snapshot() as snapshot:
            vanished = [(id_, snapshot.article(id_)) for id_ in snapshot.article_ids(file.path) if id_ not in seen]
        for _, stored in vanished:
            if stored:
                progress.step(Step("remove", stored.article.source.path, stored.article.source.title))
        if vanished:
            yield Gone([id_ for id_, _ in vanished])
    yield FileRecord(file.path, file.size, file.mtime_ns, digest, len(seen))


def _prepared(
    archive: Archive | None,
    file: str,
    records: Iterator[tuple[str, Record] | Failure],
    options: Options,
    report: Report,
    progress: Progress,
    seen: set[str],
) -> Iterator[Prepared]:
    for item in records:
        if isinstance(item, Failure):
            report.failures.append(item)
            continue
        key, record = item
        id_ = article_id(key)
        seen.add(id_)
        stored = None
        if archive is not None:
            with archive.catalog.snapshot() as snapshot:
                stored = snapshot.original_digest(id_)
        if stored == record.digest and not options.force:
            report.unchanged += 1
            continue
        metadata = record.metadata
        cleaned = clean(record.text, metadata.title or "", metadata.publisher)
        if not cleaned.text:
            report.failures.append(Failure(record.place, "no article text in it, only page furniture; save the page again as text"))
            continue
        title = metadata.title or Path(record.place).name
        source = Source(id_, title, metadata.publisher, metadata.author, record.url, record.place, metadata.published, record.language)
        progress.step(Step("update" if stored else "add", record.place, title))
        yield Prepared.of(Article.of(source, cleaned.text), file, record.digest, [(cut.line, cut.reason) for cut in cleaned.cut])


def _gone(archive: Archive, path: str, progress: Progress) -> Iterator[Gone]:
    with archive.catalog.snapshot() as snapshot:
        missing = [file for file in snapshot.files_under(path) if not os.path.lexists(file)]
    for file in missing:
        with archive.catalog.snapshot() as snapshot:
            ids = snapshot.article_ids(file)
            stored = [snapshot.article(id_) for id_ in ids]
        for item in stored:
            if item:
                progress.step(Step("remove", item.article.source.path, item.article.source.title))
        yield Gone(ids, file)


def _publish(archive: Archive, embedder: Embedder, batch: Batch, report: Report, progress: Progress) -> None:
    """Embed what has no vector yet, publish the batch, and count it."""
    embed(archive, embedder, batch.articles, progress)
    if not (batch.articles or batch.removed or batch.files or batch.files_gone):
        return
    with archive.catalog.snapshot() as snapshot:
        updated = sum(snapshot.original_digest(item.article.source.id) is not None for item in batch.articles)
    if batch.articles or batch.removed:
        archive.publish(batch, embedder.identity)
    else:
        with archive.catalog.transaction() as transaction:
            for record in batch.files:
                transaction.put_file(record)
            for path in batch.files_gone:
                transaction.remove_file(path)
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


def embed(archive: Archive, embedder: Embedder, items: Sequence[Prepared], progress: Progress) -> None:
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
        progress.embedding(start + len(keys), len(missing))


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


def _known_files(archive: Archive, paths: Sequence[str]) -> dict[str, FileRecord]:
    with archive.catalog.snapshot() as snapshot:
        return snapshot.files(paths)


def _absolute(path: str) -> str:
    return str(Path(path).resolve())


def _grouped(files: Iterator[File], size: int) -> Iterator[list[File]]:
    group: list[File] = []
    for file in files:
        group.append(file)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
