"""The door for articles: python ingest.py PATHS."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from index.errors import NewsdeskError
from index.files import READERS
from index.printable import printable, short_path
from index.runs import Options, Progress, Report, Step, plan, run
from settings import Settings, load

if TYPE_CHECKING:
    from index.archive import Archive
    from index.embed import Embedder


def main(arguments: Sequence[str] | None = None, embedder: Embedder | None = None) -> int:
    """Run the command and return its exit code: 0 all well, 1 some articles failed, 2 nothing was done."""
    parsed = _parser().parse_args(arguments)
    try:
        return _dry_run(parsed, load()) if parsed.dry_run else _ingest(parsed, load(), embedder)
    except NewsdeskError as error:
        print(f"ingest.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        what = f"{error.filename or 'the system'}: {error.strerror or error}"
        print(f"ingest.py: {what}. Check the disk and its permissions: python -m bot doctor", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ingest.py",
        description="Put articles into the archive. Only what is new or has changed is read; the bot may answer meanwhile.",
        epilog="exit code: 0 all well, 1 some articles failed (they are listed), 2 nothing was done",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help=f"files or folders ({', '.join(READERS)}), or - for JSON lines on standard input")
    parser.add_argument("--prune", action="store_true", help="remove articles whose file has gone from the given folders")
    parser.add_argument("--force", action="store_true", help="read every file again, changed or not")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def _options(parsed: argparse.Namespace, settings: Settings) -> Options:
    return Options(
        paths=parsed.paths,
        prune=parsed.prune,
        force=parsed.force,
        limit=settings.ingest.max_mb * 2**20,
        roots=settings.ingest.roots,
        stdin=sys.stdin.buffer if "-" in parsed.paths else None,
    )


def _ingest(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    # Here, not above: --help must not wait for them.
    from index.embed import SentenceTransformerEmbedder
    from index.lock import writer_lock

    embedder = embedder or SentenceTransformerEmbedder(settings.model.name)
    with writer_lock(settings.data_dir), _Stop("-" in parsed.paths) as stop:
        archive = settings.archive(create=True)
        try:
            archive.check_model(embedder.identity)
            _mend(archive, embedder)
            with _shown(quiet=parsed.json) as progress:
                report = run(archive, embedder, _options(parsed, settings), progress, lambda: stop.asked)
        finally:
            archive.close()
    _print_report(report, parsed.json)
    return 1 if report.failed or report.interrupted else 0


def _mend(archive: Archive, embedder: Embedder) -> None:
    """Remove what a dead run left and rebuild damaged vectors, telling it in one line."""
    if not archive.sound():
        trouble = archive.trouble
        archive.rebuild(embedder.identity)
        print(f"The search index was damaged and has been rebuilt from the catalog ({trouble})", file=sys.stderr)
    archive.tidy()


def _dry_run(parsed: argparse.Namespace, settings: Settings) -> int:
    exists = (settings.data_dir / "catalog.sqlite3").exists()
    archive = settings.archive() if exists else None
    try:
        steps, report = plan(archive, _options(parsed, settings))
    finally:
        if archive is not None:
            archive.close()
    if parsed.json:
        plan_json = [{"action": step.action, "path": step.place, "title": step.title} for step in steps]
        print(json.dumps({**report.as_json(), "dry_run": True, "plan": plan_json}, ensure_ascii=False))
    else:
        for step in steps:
            print(f"{step.action:<7} {printable(short_path(step.place))}  {printable(step.title)}")
        print(f"Nothing was changed. {_summary(report, 'would be ')}")
        _print_failures(report)
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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice: now
        self.asked = True
        if self._stdin:  # a read that waits is taken up again after a signal; let it find the end
            os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        print("Stopping: what has been read goes in first. Press Ctrl-C again to stop at once.", file=sys.stderr)


@contextlib.contextmanager
def _shown(quiet: bool) -> Iterator[Progress]:
    console = Console(stderr=True)
    if quiet:
        yield Progress()
    elif console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Bar(*columns, console=console, transient=True) as bar:
            yield _BarProgress(bar)
    else:
        yield _LineProgress()


class _BarProgress(Progress):
    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._reading = bar.add_task("reading", total=None)
        self._embedding = bar.add_task("embedding", total=None, visible=False)

    def step(self, step: Step) -> None:
        self._bar.advance(self._reading)

    def embedding(self, done: int, total: int) -> None:
        self._bar.update(self._embedding, completed=done, total=total, visible=True)

    def published(self, report: Report) -> None:
        self._bar.update(self._embedding, visible=False)


class _LineProgress(Progress):
    def published(self, report: Report) -> None:
        print(f"in: {report.added} added, {report.updated} updated, {report.removed} removed", file=sys.stderr, flush=True)


def _print_report(report: Report, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
        return
    print(f"{_summary(report)} ({report.passages} passages, {report.seconds:.1f} s)")
    if report.interrupted:
        print("The run was stopped; run the same command again for the rest.")
    _print_failures(report)


def _summary(report: Report, would: str = "") -> str:
    duplicates = f" ({report.duplicates} of them copies of another)" if report.duplicates else ""
    done = f"{report.added} {would}added, {report.updated} {would}updated, {report.unchanged} unchanged, {report.removed} {would}removed"
    return f"{done}, {report.failed} failed{duplicates}"


def _print_failures(report: Report) -> None:
    for failure in report.failures:
        print(f"  failed: {printable(short_path(failure.path))}: {printable(failure.reason)}")
    if report.skipped:
        kinds = ", ".join(f"{count} {ending}" for ending, count in sorted(report.skipped.items()))
        print(f"  left out, not article files: {kinds}")


def command() -> None:
    """Run as ``newsdesk-ingest``."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(1)


if __name__ == "__main__":
    command()
