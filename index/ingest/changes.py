"""Finds what must change in the archive so that it agrees with the files, pages and feeds of a run.

walk → unchanged? → read and cleaned (file_reader.py) → without what recurs, split: a file's articles, then the
file's own record
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from index.archive import Archive
from index.articles import article_id
from index.batch import Prepared
from index.console import as_utf8
from index.errors import UnreadableError
from index.ingest.file_reader import Article, Digest, FileToRead, Found, Looking, UnchangedArticle, cleaned, one_by_one
from index.ingest.report import MOST_UNSHOWN, Progress, Report, Step
from index.ingest.settle import checked, prepared
from index.read.fields import Unread
from index.read.files import Listing, holds_articles, read_stream, walk
from index.read.pages import Page, Unchanged, Withdrawn, is_address, read_pages
from index.read.record import UNSHOWN, Failure, File
from index.read.stores import canonical, exists, is_store, listed
from index.store.rows import FetchRecord, FileRecord, StoredArticle

if TYPE_CHECKING:
    from index.read.web import Web

_AT_ONCE = 1_000  # files that are looked up together


@dataclass(frozen=True, slots=True)
class Options:
    """What to do, as the command line says it."""

    paths: Sequence[str]
    prune: bool = False
    force: bool = False
    retry_failed: bool = False
    changed: Collection[str] | None = None  # absolute paths: only their folders are walked
    # Nobody is at the keyboard: the articles of a vanished folder stay, and a run with nothing to do is not recorded.
    watching: bool = False
    limit: int = 50 * 2**20  # most bytes of one article
    roots: Sequence[Path] = ()
    stdin: IO[bytes] | None = None
    feeds: Sequence[str] = ()
    web: Web | None = None  # for the paths that are addresses, and the feeds
    looking: Looking = one_by_one  # into files
    publisher: str | None = None  # of the articles that name none themselves
    source: str | None = None  # as a file of sources names it


@dataclass(frozen=True, slots=True)
class Gone:
    """Articles to remove, and their file or page if it no longer exists."""

    ids: list[str]
    file: str | None = None


Change = Prepared | FileRecord | FetchRecord | Gone


def changes(archive: Archive | None, options: Options, report: Report, progress: Progress) -> Iterator[Change]:
    """Yield what must change so that the archive agrees with the files and pages; ``report`` counts the rest.

    The record of a file or page follows its articles, so that a run that ends between them reads it again.
    """
    listing = Listing(skipped=report.skipped)
    named = _named(options)
    if "-" in options.paths and options.stdin is not None:
        read = read_stream(options.stdin, "standard input", options.limit)
        records = (replace(item, passing=True) if isinstance(item, Failure) else item for item in read)
        articles = cleaned(records, _known(archive), force=options.force, passing=True)
        yield from _prepared(archive, "-", articles, ("new", "changed"), report, progress, set())
    gone = [
        path
        for path in named
        if options.prune and not _there(path) and archive is not None and _known_files(archive, [absolute(path)])
    ]
    there = [path for path in named if path not in gone]
    to_read = _files_to_read(archive, walk(there, listing, options.roots, options.changed), options, report)
    for request, found in options.looking(to_read, _known(archive)):
        yield from _changes_of(archive, request, found, options, report, progress)
    for failure in listing.failures:
        # Without a record nobody can tell whether it has changed.
        report.failures.append(replace(failure, path=as_utf8(failure.path), passing=True))
    if options.prune and archive is not None:
        for path in named:
            yield from _gone(archive, absolute(path), options, report, progress)
    yield from _changes_of_pages(archive, options, report, progress)


def _named(options: Options) -> list[str]:
    """Return the paths of a run that are files, folders or in a store."""
    return [path for path in options.paths if path != "-" and not is_address(path)]


def _changes_of_pages(
    archive: Archive | None, options: Options, report: Report, progress: Progress
) -> Iterator[Change]:
    addresses = [path for path in options.paths if is_address(path)]
    if not addresses and not options.feeds:
        return
    assert options.web is not None
    catalog = archive.catalog if archive is not None else None
    found_there = read_pages(options.web, catalog, addresses, options.feeds, options.force, options.publisher)
    for found in found_there:
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
            articles = cleaned([(found.key, found.record)], _known(archive), force=options.force, passing=True)
            yield from _prepared(archive, found.fetch.url, articles, why, report, progress, set())
            if report.failures.total == before:
                yield found.fetch


def _withdrawn(
    archive: Archive | None, page: Withdrawn, options: Options, report: Report, progress: Progress
) -> Iterator[Gone]:
    """Remove the article of a page that is gone with --prune; else it stays, for it may have been cited."""
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
        reason = f"{page.failure.reason}. Its article stays in; to remove it, run again with --prune"
        report.failures.append(Failure(page.failure.path, reason, passing=True))


def _is_unchanged(known: FileRecord | None, file: File, options: Options) -> bool:
    """Tell whether a file need not be read: it is as it was when it was last read."""
    if known is None or options.force or (known.size, known.mtime_ns) != (file.size, file.mtime_ns):
        return False
    # One that was too large has no digest; the setting may have changed.
    return not known.failed or not (options.retry_failed or (not known.digest and file.size <= options.limit))


def _files_to_read(
    archive: Archive | None, files: Iterator[File], options: Options, report: Report
) -> Iterator[FileToRead]:
    """Yield the files that must be read, each once, and count those that need not."""
    done: set[str] = set()
    for group in _grouped(files):
        known = _known_files(archive, [file.path for file in group]) if archive is not None else {}
        for file in group:
            if file.path in done:  # a folder and a file in it were both named
                continue
            done.add(file.path)
            before = known.get(file.path)
            if before and _is_unchanged(before, file, options):
                report.unchanged += before.articles
                report.known_failures += before.failed
                continue
            touched = before and replace(before, size=file.size, mtime_ns=file.mtime_ns)
            known_digest = before.digest if before and _is_unchanged(touched, file, options) else None
            yield FileToRead(file, options.limit, before, known_digest, options.force, options.publisher)


def _known(archive: Archive | None) -> Callable[[str], str | None]:
    """Return a function for the digest of what an article of the archive was read from."""

    def known(id_: str) -> str | None:
        if archive is None:
            return None
        with archive.catalog.snapshot() as snapshot:
            return snapshot.original_digest(id_)

    return known


def _changes_of(
    archive: Archive | None,
    request: FileToRead,
    found: Iterator[Found],
    options: Options,
    report: Report,
    progress: Progress,
) -> Iterator[Change]:
    file, known = request.file, request.before
    first = next(found)
    if isinstance(first, Failure):
        report.failures.append(first)
        if not first.passing:
            yield _failed(file, "", known.articles if known else 0, report, [first], 1)
        return
    assert isinstance(first, Digest)
    digest = first.value
    if known and digest == request.known_digest:
        report.unchanged += known.articles
        report.known_failures += known.failed
        yield replace(known, size=file.size, mtime_ns=file.mtime_ns)
        return
    before, kept = report.failures.total, len(report.failures)
    seen: set[str] = set()
    articles = (item for item in found if not isinstance(item, Digest))
    yield from _prepared(archive, file.path, articles, _why(known, digest, options), report, progress, seen)
    failed = report.failures.total - before
    if failed:
        # The articles of the file stay: a line that cannot be read may be one that was read before.
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


def _failed(
    file: File, digest: str, articles: int, report: Report, failures: Iterable[Failure], count: int
) -> FileRecord:
    """Return the record of a file with failures that will not pass."""
    reasons = tuple((failure.path, failure.reason, failure.line) for failure in failures)
    return FileRecord(file.path, file.size, file.mtime_ns, digest, articles, report.run, count, reasons)


def _why(known: FileRecord | None, digest: str, options: Options) -> tuple[str, str]:
    """Return the reason for adding a new article of a file, and that for updating one."""
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
    articles: Iterable[Failure | Unread | Article],
    why: tuple[str, str],
    report: Report,
    progress: Progress,
    seen: set[str],
) -> Iterator[Prepared]:
    known = _known(archive)
    for item in articles:
        if isinstance(item, Failure):
            report.failures.append(item)
        elif isinstance(item, Unread):
            report.unread.update(item.names)
        elif isinstance(item, UnchangedArticle):
            seen.add(item.id)
            report.unchanged += 1
        else:
            source, digest = (
                (item.article.source, item.original_digest)
                if isinstance(item, Prepared)
                else (item.source, item.digest)
            )
            stored = known(source.id)
            seen.add(source.id)
            report.undated += source.published is None
            if len(report.unshown) < MOST_UNSHOWN and any(reason == UNSHOWN for _, reason, _ in item.cut):
                report.unshown.append(source.path)
            progress.step(
                Step("update" if stored else "add", source.path, source.title, why[1] if stored else why[0], digest)
            )
            yield (
                checked(archive, item)
                if isinstance(item, Prepared)
                else prepared(archive, source, item.text, file, digest, item.cut)
            )


def _removal(stored: StoredArticle, why: str) -> Step:
    return Step("remove", stored.article.source.path, stored.article.source.title, why, stored.original_digest)


def _gone(archive: Archive, path: str, options: Options, report: Report, progress: Progress) -> Iterator[Gone]:
    searched = (
        [path]
        if options.changed is None
        else [each for each in sorted(options.changed) if Path(each).is_relative_to(path)]
    )
    with archive.catalog.snapshot() as snapshot:
        known = [file for each in searched for file in snapshot.files_under(each)]
    missing = list(dict.fromkeys(_missing(path, known)))
    if missing and options.watching and not holds_articles(path):
        # A disk that is not mounted looks like a folder that was emptied.
        report.kept[path] = len(missing)
        return
    for file in missing:
        with archive.catalog.snapshot() as snapshot:
            ids = snapshot.article_ids(file)
            stored = [snapshot.article(id_) for id_ in ids]
        for item in stored:
            if item:
                progress.step(_removal(item, "its file has gone"))
        yield Gone(ids, file)


def _missing(path: str, known: Sequence[str]) -> list[str]:
    """Return those of the known files at or under a path that no longer exist; none if the store does not answer."""
    if not is_store(path):
        # As bytes: in a locale without UTF-8 no path with other letters seems to exist.
        return [file for file in known if not os.path.lexists(file.encode("utf-8", "surrogateescape"))]
    try:
        found = listed(path).keys() if exists(path) else ()
    except UnreadableError:
        return []
    return [file for file in known if file not in found]


def ahead(archive: Archive, options: Options) -> tuple[int, int]:
    """Return how many files a run will read, and their bytes."""
    files = size = 0
    for group in _grouped(walk(_named(options), Listing(), options.roots, options.changed)):
        known = _known_files(archive, [file.path for file in group])
        for file in group:
            if not _is_unchanged(known.get(file.path), file, options):
                files, size = files + 1, size + file.size
    return files, size


def _known_files(archive: Archive, paths: Sequence[str]) -> dict[str, FileRecord]:
    with archive.catalog.snapshot() as snapshot:
        return snapshot.files(paths)


def absolute(path: str) -> str:
    """Return a path in the form that the catalog stores: absolute, links followed, its name as UTF-8 in any locale."""
    return canonical(path) if is_store(path) else as_utf8(str(Path(path).resolve()))


def _there(path: str) -> bool:
    """Tell whether a path exists. A store that does not answer counts as having it."""
    if not is_store(path):
        return os.path.lexists(path)
    try:
        return exists(path)
    except UnreadableError:
        return True


def _grouped(files: Iterator[File]) -> Iterator[list[File]]:
    while group := list(islice(files, _AT_ONCE)):
        yield group
