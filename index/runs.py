"""One ingest run: files and pages in, a report out.

walk → unchanged? → read → clean → split → embed → publish, five hundred articles at a time
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from index.archive import Archive, Batch, Prepared
from index.articles import Source, article_id
from index.catalog import FetchRecord, FileRecord, StoredArticle
from index.clean import clean
from index.duplicates import link_all
from index.embed import Embedder
from index.errors import UnreadableError
from index.files import Failure, File, Listing, Record, digest_of_file, holds_articles, read, read_stream, walk
from index.language import language_of
from index.pages import Page, Unchanged, Withdrawn, is_address, read_pages
from index.passages import header
from index.settle import prepared, settle

if TYPE_CHECKING:
    from index.fetch import Web

_BATCH_ARTICLES = 500  # published together: copying a generation costs a second at 100,000 passages
_BATCH_CHARACTERS = 8_000_000
_EMBED_AT_ONCE = 256  # passages embedded between two commits: what a kill can lose
_FAILURES = 10_000  # of a run, by name; beyond that they are only counted


@dataclass(frozen=True, slots=True)
class Options:
    """What to do, as the command line says it."""

    paths: Sequence[str]
    prune: bool = False
    force: bool = False
    retry_failed: bool = False
    changed: Collection[str] | None = None  # absolute: look at the folders of these alone, of what the paths name
    watching: bool = False  # nobody is at the keyboard: a folder that has vanished keeps its articles, a run with nothing to do leaves no record
    limit: int = 50 * 2**20  # bytes of one article
    roots: Sequence[Path] = ()
    stdin: IO[bytes] | None = None
    feeds: Sequence[str] = ()
    web: Web | None = None  # for the paths that are addresses, and the feeds


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a run does to the archive, and why; ``digest`` is of what the article was read from."""

    action: Literal["add", "update", "remove"]
    place: str
    title: str
    why: str
    digest: str = ""


class Failures(list[Failure]):
    """The first failures of a run; ``total`` counts all of them."""

    def __init__(self, items: Iterable[Failure] = ()) -> None:
        super().__init__(items)
        self.total = len(self)

    def append(self, failure: Failure) -> None:
        """Count a failure, and keep it while there is room."""
        self.total += 1
        if len(self) < _FAILURES:
            super().append(failure)


@dataclass(slots=True)
class Report:
    """What a run did; ``passages`` counts those of the articles it put in.

    ``known_failures`` counts what failed before, has not changed and was not tried again; ``error`` says what ended the run early.
    """

    run: int = 0
    seconds: float = 0.0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    duplicates: int = 0
    failed: int = 0
    known_failures: int = 0
    passages: int = 0
    failures: Failures = field(default_factory=Failures)
    skipped: dict[str, int] = field(default_factory=dict)
    interrupted: bool = False
    error: str | None = None

    @property
    def changed(self) -> bool:
        """Tell whether anything is in or out, or the run ended early."""
        return bool(self.added or self.updated or self.removed or self.interrupted or self.error)

    def as_json(self) -> dict[str, Any]:
        """Return the report in the form that ``--json`` prints."""
        values = asdict(self)
        values["seconds"] = round(self.seconds, 3)
        # Of a failure, what does not apply is left out.
        values["failures"] = [{key: value for key, value in asdict(failure).items() if value not in (None, False)} for failure in self.failures]
        return values


class Progress:
    """What a run tells while it works; this one tells nothing."""

    def ahead(self, survey: Callable[[], tuple[int, int]]) -> None:
        """The run begins; ``survey`` counts the files that are new or have changed, and their bytes, in a walk of its own."""

    def step(self, step: Step) -> None:
        """An article was read and will be put in, or one will be removed."""

    def done(self, articles: int, size: int) -> None:
        """So many articles have vectors, and about so many bytes of the files are behind."""

    def publishing(self) -> None:
        """The batch in hand is being written into the index."""

    def published(self, report: Report) -> None:
        """Everything the report counts is in."""

    def kept(self, folder: str, files: int) -> None:
        """A watched folder holds no article any more; so many of its files stay in all the same."""


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
    behind = _Behind(progress)
    try:
        progress.ahead(lambda: _ahead(archive, options))
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
        covered = [each for path in options.paths for each in {path, _absolute(path)}] if whole else options.changed or ()
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


def _ahead(archive: Archive, options: Options) -> tuple[int, int]:
    """Return how many files a run will read, and their bytes."""
    files = size = 0
    for group in _grouped(walk([path for path in options.paths if path != "-" and not is_address(path)], Listing(), options.roots, options.changed), 1_000):
        known = _known_files(archive, [file.path for file in group])
        for file in group:
            if not _settled(known.get(file.path), file, options):
                files, size = files + 1, size + file.size
    return files, size


@dataclass(frozen=True, slots=True)
class Gone:
    """Articles to remove, with their file or page if all of it has gone."""

    ids: list[str]
    file: str | None = None


Change = Prepared | FileRecord | FetchRecord | Gone


def changes(archive: Archive | None, options: Options, report: Report, progress: Progress) -> Iterator[Change]:
    """Yield what must change for the archive to agree with the files and pages, counting in ``report`` what need not.

    The record of a file or page follows its articles, so that a run that ends between them reads it again.
    """
    listing = Listing(skipped=report.skipped)
    named = [path for path in options.paths if path != "-" and not is_address(path)]
    if "-" in options.paths and options.stdin is not None:
        found = read_stream(options.stdin, "standard input", options.limit)
        records = (replace(item, passing=True) if isinstance(item, Failure) else item for item in found)
        yield from _prepared(archive, "-", records, ("new", "changed"), options, report, progress, set())
    done: set[str] = set()
    gone = [path for path in named if options.prune and not os.path.lexists(path) and archive is not None and _known_files(archive, [_absolute(path)])]
    there = [path for path in named if path not in gone]
    for files in _grouped(walk(there, listing, options.roots, options.changed), 1_000):
        known = _known_files(archive, [file.path for file in files]) if archive is not None else {}
        for file in files:
            if file.path not in done:  # a folder and a file in it, both named
                done.add(file.path)
                yield from _changes_of(archive, file, known.get(file.path), options, report, progress)
    for failure in listing.failures:
        report.failures.append(replace(failure, passing=True))  # there is no record of it to tell whether it changed
    if options.prune and archive is not None:
        for path in named:
            yield from _gone(archive, _absolute(path), options, progress)
    yield from _changes_of_pages(archive, options, report, progress)


def _changes_of_pages(archive: Archive | None, options: Options, report: Report, progress: Progress) -> Iterator[Change]:
    addresses = [path for path in options.paths if is_address(path)]
    if not addresses and not options.feeds:
        return
    assert options.web is not None
    catalog = archive.catalog if archive is not None else None
    for found in read_pages(options.web, catalog, addresses, options.feeds, options.force):
        if isinstance(found, Failure):
            report.failures.append(replace(found, passing=True))  # the next run asks for the page again
        elif isinstance(found, Unchanged):
            report.unchanged += 1
        elif isinstance(found, FetchRecord):
            yield found
        elif isinstance(found, Withdrawn):
            yield from _withdrawn(archive, found, options, report, progress)
        elif isinstance(found, Page):
            before = report.failures.total
            why = ("new page", "read again (--force)" if options.force else "changed")
            yield from _prepared(archive, found.fetch.url, iter([(found.key, found.record)]), why, options, report, progress, set())
            if report.failures.total == before:
                yield found.fetch


def _withdrawn(archive: Archive | None, page: Withdrawn, options: Options, report: Report, progress: Progress) -> Iterator[Gone]:
    """Remove the article of a page that has gone, if that was asked for: what was cited once is kept else."""
    stored = None
    if archive is not None:
        with archive.catalog.snapshot() as snapshot:
            stored = snapshot.article(article_id(page.key))
    if stored is None:
        report.failures.append(replace(page.failure, passing=True))
    elif options.prune:
        progress.step(_removal(stored, "page has gone (--prune)"))
        yield Gone([stored.article.source.id], page.url)
    else:
        told = f"{page.failure.reason}. Its article stays in; to remove it, run again with --prune"
        report.failures.append(Failure(page.failure.path, told, passing=True))


def _settled(known: FileRecord | None, file: File, options: Options) -> bool:
    """Tell whether a file need not be looked into: it is as it was when it was read."""
    if known is None or options.force or (known.size, known.mtime_ns) != (file.size, file.mtime_ns):
        return False
    # One that was too large has no digest; the setting may have changed.
    return not known.failed or not (options.retry_failed or (not known.digest and file.size <= options.limit))


def _changes_of(archive: Archive | None, file: File, known: FileRecord | None, options: Options, report: Report, progress: Progress) -> Iterator[Change]:
    if known and _settled(known, file, options):
        report.unchanged += known.articles
        report.known_failures += known.failed
        return
    try:
        digest = digest_of_file(file, options.limit)
    except UnreadableError as error:
        failure = Failure(file.path, str(error), passing=error.passing)
        report.failures.append(failure)
        if not error.passing:
            yield _failed(file, "", known.articles if known else 0, report, [failure], 1)
        return
    if known and _settled(replace(known, size=file.size, mtime_ns=file.mtime_ns), file, options) and digest == known.digest:
        report.unchanged += known.articles
        report.known_failures += known.failed
        yield replace(known, size=file.size, mtime_ns=file.mtime_ns)
        return
    before, kept = report.failures.total, len(report.failures)
    seen: set[str] = set()
    yield from _prepared(archive, file.path, read(file, options.limit), _why(known, digest, options), options, report, progress, seen)
    failed = report.failures.total - before
    if failed:
        # What a file held before stays in, and a line that cannot be read may be one of the lines before.
        if not any(failure.passing for failure in report.failures[kept:]):
            yield _failed(file, digest, len(seen), report, report.failures[kept:], failed)
        return
    if options.prune and archive is not None:
        with archive.catalog.snapshot() as snapshot:
            vanished = [(id_, snapshot.article(id_)) for id_ in snapshot.article_ids(file.path) if id_ not in seen]
        for _, stored in vanished:
            if stored:
                progress.step(_removal(stored, "no longer in its file"))
        if vanished:
            yield Gone([id_ for id_, _ in vanished])
    yield FileRecord(file.path, file.size, file.mtime_ns, digest, len(seen), report.run)


def _failed(file: File, digest: str, articles: int, report: Report, failures: Iterable[Failure], count: int) -> FileRecord:
    """Return the record of a file of which something failed for good."""
    told = tuple((failure.path, failure.reason, failure.line) for failure in failures)
    return FileRecord(file.path, file.size, file.mtime_ns, digest, articles, report.run, count, told)


def _why(known: FileRecord | None, digest: str, options: Options) -> tuple[str, str]:
    """Return why an article of a file is put in that is not in yet, and why one that is in already."""
    if known is None:
        return "new file", "changed"
    since = f"{datetime.fromtimestamp(known.mtime_ns / 1e9, UTC).astimezone():%-d %B %Y, %H:%M}"
    if known.digest in ("", digest):
        again = "read again (--force)" if options.force else "failed before, tried again (--retry-failed)"
        return again, again
    failed = "failed before, changed since"
    return (failed if known.failed else "new in its file"), f"changed since the version of {since}"


def _prepared(
    archive: Archive | None,
    file: str,
    records: Iterator[tuple[str, Record] | Failure],
    why: tuple[str, str],
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
        stored = None
        if archive is not None:
            with archive.catalog.snapshot() as snapshot:
                stored = snapshot.original_digest(id_)
        if stored == record.digest and not options.force:
            seen.add(id_)
            report.unchanged += 1
            continue
        metadata = record.metadata
        cleaned = clean(record.text, metadata.title or "", metadata.publisher)
        if not cleaned.text:
            told = "no article text in it, only page furniture; save the page again as text"
            report.failures.append(Failure(record.place, told, passing=file == "-" or is_address(file)))
            continue
        seen.add(id_)
        title = metadata.title or Path(record.place).name
        language = language_of(cleaned.text, record.language)
        source = Source(id_, title, metadata.publisher, metadata.author, record.url, record.place, metadata.published, language, metadata.published_at)
        progress.step(Step("update" if stored else "add", record.place, title, why[1] if stored else why[0], record.digest))
        yield prepared(archive, source, cleaned.text, file, record.digest, [(cut.line, cut.reason, cut.at) for cut in cleaned.cut])


def _removal(stored: StoredArticle, why: str) -> Step:
    return Step("remove", stored.article.source.path, stored.article.source.title, why, stored.original_digest)


def _gone(archive: Archive, path: str, options: Options, progress: Progress) -> Iterator[Gone]:
    looked_at = [path] if options.changed is None else [each for each in sorted(options.changed) if Path(each).is_relative_to(path)]
    with archive.catalog.snapshot() as snapshot:
        missing = [file for each in looked_at for file in snapshot.files_under(each) if not os.path.lexists(file)]
    missing = list(dict.fromkeys(missing))
    if missing and options.watching and not holds_articles(path):
        # A disk that is not mounted looks like a folder that was emptied.
        progress.kept(path, len(missing))
        return
    for file in missing:
        with archive.catalog.snapshot() as snapshot:
            ids = snapshot.article_ids(file)
            stored = [snapshot.article(id_) for id_ in ids]
        for item in stored:
            if item:
                progress.step(_removal(item, "its file has gone"))
        yield Gone(ids, file)


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
