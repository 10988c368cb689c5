"""The command line of an ingest: python ingest.py PATHS AND ADDRESSES puts articles into the archive."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from index.console import json_line, replace_what_cannot_be_shown
from index.errors import ArchiveError, NewsdeskError, SettingsError
from index.ingest.changes import Options
from index.ingest.report import Progress, Report, WatchProgress, failures_of, shown, summary
from index.ingest.run import plan, run
from index.ingest.watch import sentence_of, until_it_works
from index.read.files import READERS
from index.read.pages import is_address
from index.read.record import Failure
from index.text import printable, short_path
from settings import Settings, load

if TYPE_CHECKING:
    from index.archive import Archive
    from index.ingest.cluster import OnCluster
    from index.model.embedder import Embedder
    from index.read.web import Web


def main(arguments: Sequence[str] | None = None, embedder: Embedder | None = None) -> int:
    """Run the command and return its exit code: 0 all well, 1 some articles failed, 2 nothing was done."""
    replace_what_cannot_be_shown()
    parser = _parser()
    parsed = parser.parse_args(arguments)
    parsed.paths = [_unfiled(path) for path in parsed.paths]
    if bool(parsed.paths or parsed.feed) == bool(parsed.sources):
        parser.error("name files, folders or addresses, a feed with --feed, or a file of sources with --sources")
    try:
        if parsed.sources:
            return _take_sources(parsed, load(), embedder)
        if parsed.watch:
            return _watch(parsed, load(), embedder)
        return _dry_run(parsed, load()) if parsed.dry_run else _ingest(parsed, load(), embedder)
    except NewsdeskError as error:
        print(f"ingest.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"ingest.py: {sentence_of(error)}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ingest.py",
        description="Put articles into the archive. Only what is new or has changed is read; the bot may answer "
        "meanwhile.",
        epilog="exit code: 0 all well, 1 some articles failed (they are listed), 2 nothing was done. "
        "What failed before and has not changed is not read again and is no failure of this run: python -m bot "
        "status --failures",
    )
    kinds = (
        f"files or folders ({', '.join(READERS)}), also of a store (s3://…, gs://…), addresses of web pages, or - "
        "for JSON lines on standard input"
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help=kinds)
    parser.add_argument(
        "--feed",
        action="append",
        default=[],
        metavar="URL",
        help="an RSS, Atom or JSON feed, whose new entries' pages are fetched; may be repeated",
    )
    parser.add_argument(
        "--sources",
        type=Path,
        metavar="FILE",
        help="a YAML file that names paths, feeds and pages: ingest each once; with --watch, again whenever it is due",
    )
    parser.add_argument(
        "--prune",
        action="store_true",
        help="remove articles whose file has gone from the given folders, or whose given page is no longer there",
    )
    parser.add_argument("--force", action="store_true", help="read every file again, changed or not")
    parser.add_argument(
        "--retry-failed", action="store_true", help="also read again what failed before and has not changed"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, and why, and change nothing")
    parser.add_argument(
        "--watch",
        action="store_true",
        help="keep running and put in, update and remove articles as their files change, or as sources are due",
    )
    ray = "let a Ray cluster read and embed the files: its address, or auto for the one of this machine"
    parser.add_argument("--ray", metavar="ADDRESS", help=ray)
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the report as JSON (with --watch one for every run that changed something)",
    )
    return parser


def _options(parsed: argparse.Namespace, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> Options:
    return Options(
        paths=parsed.paths,
        prune=parsed.prune,
        force=parsed.force,
        retry_failed=parsed.retry_failed,
        limit=settings.ingest.max_mb * 2**20,
        roots=settings.ingest.roots,
        stdin=sys.stdin.buffer if "-" in parsed.paths else None,
        feeds=parsed.feed,
        web=_web(settings, stopped) if parsed.feed or any(map(is_address, parsed.paths)) else None,
    )


def _unfiled(path: str) -> str:
    """Return the path that a file:// address names; every other as it is."""
    return url2pathname(urlsplit(path).path) if path.lower().startswith("file://") else path


def _web(settings: Settings, stopped: Callable[[], bool]) -> Web:
    from index.read.web import Limits, Web

    return Web(Limits(bytes=settings.ingest.max_mb * 2**20), settings.ingest.private_networks, stopped=stopped)


def _ingest(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    model = embedder or settings.embedder(many=True)
    with (
        _cluster(parsed.ray) as cluster,
        _Stop("-" in parsed.paths) as stop,
    ):  # in this order: Ray takes signals for itself when it begins
        report = _run(
            settings, model, _options(parsed, settings, stop.is_set), stop, quiet=parsed.json, cluster=cluster
        )
    _print_report(report, parsed.json)
    return 1 if report.failed or report.interrupted else 0


def _cluster(address: str | None) -> AbstractContextManager[type[OnCluster] | None]:
    from index.ingest.cluster import joined

    return joined(address) if address else nullcontext()


def _run(
    settings: Settings,
    embedder: Embedder,
    options: Options,
    stop: _Stop,
    *,
    quiet: bool,
    progress: Progress | None = None,
    cluster: type[OnCluster] | None = None,
) -> Report:
    """Run once under the writer's lock; ``progress`` takes the place of the one that suits the terminal."""
    with _opened(settings, embedder) as archive:
        if cluster:
            options = replace(options, looking=cluster(archive, embedder))
        with shown(quiet=quiet or progress is not None) as suited:
            return run(archive, embedder, options, progress or suited, stop.is_set)


@contextmanager
def _opened(settings: Settings, embedder: Embedder) -> Iterator[Archive]:
    """Open the archive, sound, for writing."""
    archive = settings.archive(create=True)
    try:
        with archive.writing():
            archive.check_model(embedder.identity)
            _mend(archive, embedder)
            yield archive
    finally:
        archive.close()


def _watch(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    from index.ingest.watch import changes_in

    if parsed.dry_run:
        raise SettingsError("--watch and --dry-run do not go together: a watch changes the archive.")
    if parsed.ray:
        raise SettingsError(
            "--watch and --ray do not go together: what changes from moment to moment is too little for a cluster."
        )
    if parsed.feed:
        raise SettingsError("--watch watches files and folders. Run ingest.py --feed by itself, from cron for example.")
    for path in parsed.paths:
        if not Path(path).exists():
            raise SettingsError(
                f"{path}: there is no such file or folder. --watch watches files and folders; check the path."
            )
    model = embedder or settings.embedder(many=True)
    watched = _Watched(parsed, settings, model)
    with _Stop(stdin=False) as stop:
        for changed in changes_in([Path(path).resolve() for path in parsed.paths], stop):
            watched.catch_up(changed, stop)
    return 0


class _Watched:
    """Brings the archive up to date with watched folders, again and again, and says each thing once."""

    def __init__(self, parsed: argparse.Namespace, settings: Settings, embedder: Embedder) -> None:
        self._json, self._settings, self._embedder = parsed.json, settings, embedder
        self._options = replace(_options(parsed, settings), prune=True, watching=True)
        self._begun = False
        self._kept: set[str] = set()
        self._failed: set[Failure] = set()

    def catch_up(self, changed: set[str] | None, stop: _Stop) -> None:
        """Run over what changed (None: everything) until it worked; raises only what trying again cannot mend."""
        until_it_works(lambda first: self._run_once(changed if first else None, stop), stop, _warn)

    def _run_once(self, changed: set[str] | None, stop: _Stop) -> None:
        options = replace(self._options, changed=changed)
        if not self._begun:
            # The first run is as without --watch.
            report = _run(self._settings, self._embedder, options, stop, quiet=self._json)
            self._begun = True
            self._options = replace(self._options, force=False, retry_failed=False)
            _print_report(report, self._json)
            self._failed = set(report.failures)
            if not stop.is_set():
                _warn(f"Watching {', '.join(printable(path) for path in options.paths)}. Ctrl-C stops.")
            return
        progress = WatchProgress(_say if not self._json else lambda _line: None)
        report = _run(self._settings, self._embedder, options, stop, quiet=True, progress=progress)
        for folder in report.kept.keys() - self._kept:
            _warn(_kept_line(folder, report.kept[folder]))
        self._kept = set(report.kept)
        fresh = [failure for failure in report.failures if failure not in self._failed]
        self._failed = set(report.failures) | (self._failed if changed is not None else set())
        if self._json and (report.changed or fresh):
            _say(json_line(report.as_json()))
        elif not self._json:
            for failure in fresh:
                _say(f"failed   {printable(short_path(failure.path))}: {printable(failure.reason)}")


def _take_sources(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    from index.ingest.schedule import Lines, Schedule
    from index.ingest.sources import states

    if parsed.dry_run or parsed.ray or parsed.prune or (parsed.watch and (parsed.force or parsed.retry_failed)):
        raise SettingsError(
            "--sources goes with --json, and with either --watch or --force and --retry-failed. What is to be "
            "removed when its file has gone says prune: true in the file."
        )
    model = embedder or settings.embedder(many=True)
    with _Stop(stdin=False) as stop:
        schedule = Schedule(
            parsed.sources,
            _options(parsed, settings),
            model,
            lambda: _opened(settings, model),
            lambda: _web(settings, stop.is_set),
            stop,
            lines=Lines(_say, _warn, as_json=parsed.json),
        )
        if settings.has_archive():
            with closing(settings.open_catalog()) as catalog, catalog.snapshot() as snapshot:
                schedule.remember(states(snapshot))
        if parsed.watch:
            schedule.keep_on()
            return 0
        return 0 if schedule.take_all() else 1


def _say(line: str) -> None:
    print(line, flush=True)


def _warn(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _kept_line(folder: str, files: int) -> str:
    return (
        f"{printable(short_path(folder))} holds no article any more (a disk that is not mounted?): the articles "
        f"of its {files} files stay in. "
        f"If they are to go: python ingest.py {printable(short_path(folder))} --prune"
    )


def _mend(archive: Archive, embedder: Embedder) -> None:
    """Remove what a dead run left and rebuild damaged vectors, telling it in one line."""
    if why := archive.why_not_here():
        raise ArchiveError(why)
    if not archive.is_intact():
        trouble = archive.trouble
        archive.rebuild(embedder.identity)
        print(f"The search index was damaged and has been rebuilt from the catalog ({trouble})", file=sys.stderr)
    archive.tidy()


def _dry_run(parsed: argparse.Namespace, settings: Settings) -> int:
    archive = settings.archive() if settings.has_archive() else None
    try:
        steps, report = plan(archive, _options(parsed, settings))
    finally:
        if archive is not None:
            archive.close()
    if parsed.json:
        plan_json = [{"action": step.action, "path": step.path, "title": step.title, "why": step.why} for step in steps]
        print(json_line({**report.as_json(), "dry_run": True, "plan": plan_json}))
    else:
        for step in steps:
            print(f"{step.action:<7} {printable(short_path(step.path))}  {printable(step.title)}  ({step.why})")
        print(f"Nothing was changed. {summary(report, 'would be ')}")
        for line in failures_of(report):
            print(line)
    return 1 if report.failed else 0


class _Stop:
    """Turns the signals that end a process into a question the run asks between two articles."""

    _SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self, stdin: bool) -> None:
        self.asked = False
        self._stdin = stdin

    def __enter__(self) -> _Stop:
        self._before = {number: signal.signal(number, self._ask) for number in self._SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def is_set(self) -> bool:
        """Tell whether one of them came."""
        return self.asked

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice: now
        self.asked = True
        if self._stdin:  # a read that waits is taken up again after a signal; let it find the end
            os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        print("Stopping: what has been read goes in first. Press Ctrl-C again to stop at once.", file=sys.stderr)


def _print_report(report: Report, as_json: bool) -> None:
    if as_json:
        print(json_line(report.as_json()))
        return
    print(f"{summary(report)} ({report.passages} passages, {report.seconds:.1f} s)")
    if report.interrupted:
        print("The run was stopped; run the same command again for the rest.")
    for line in failures_of(report):
        print(line)


def command() -> None:
    """Run as ``newsdesk-ingest``."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(1)


if __name__ == "__main__":
    command()
