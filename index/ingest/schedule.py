"""Takes named sources one after the other, each in a run of its own: a dead one keeps no other from being read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from index.archive import Archive
from index.console import json_line
from index.errors import NewsdeskError, SettingsError, UnreadableError
from index.ingest.changes import Options
from index.ingest.report import Progress, Report, WatchProgress, failures_of, shown, summary
from index.ingest.run import run
from index.ingest.sources import (
    NamedSource,
    SourceState,
    is_due,
    keep_state,
    line_of_failing,
    named,
    read_sources,
    state_after,
    state_json,
    states,
)
from index.ingest.watch import StopSignal, pause, sentence_of, tried, until_it_works
from index.model.embedder import Embedder
from index.read.record import Failure
from index.text import printable, short_path

if TYPE_CHECKING:
    from index.read.web import Web


@dataclass(frozen=True, slots=True)
class Lines:
    """Where lines about articles and sources go: ``say`` takes results, ``warn`` the rest."""

    say: Callable[[str], None]
    warn: Callable[[str], None]
    as_json: bool = False


class Schedule:
    """The sources of a file, and how each went when it was taken last."""

    def __init__(
        self,
        file: Path,
        options: Options,
        embedder: Embedder,
        opened: Callable[[], AbstractContextManager[Archive]],
        web: Callable[[], Web],
        stopped: StopSignal,
        lines: Lines,
    ) -> None:
        """Read the file. Raises SettingsError if it cannot be used.

        ``opened`` opens the archive for writing, ``web`` makes the web for one round.
        """
        self._file, self._options, self._embedder = file, options, embedder
        self._opened, self._web_of, self._stopped, self._lines = opened, web, stopped, lines
        self._web: Web | None = None
        self._version = _version(file)
        self.sources = read_sources(file)
        self._states: dict[str, SourceState] = {}
        self._failed: dict[str, set[Failure]] = {}

    def remember(self, known: dict[str, SourceState]) -> None:
        """Take over from the catalog how sources went before this process began."""
        self._states.update(known)

    def take_all(self) -> bool:
        """Take each source once; return whether all were tried and at least one could be read."""
        taken: list[SourceState] = []
        for source in self.sources:
            if self._stopped.is_set():
                break
            with shown(quiet=self._lines.as_json) as progress:
                report, state = self._take(source, progress, again=False)
            taken.append(state)
            self._say_all(report, state)
        failed = [state for state in taken if state.reason]
        if not self._lines.as_json:
            of_them = f", {len(failed)} of them could not be read" if failed else ""
            self._lines.say(f"{len(taken)} sources{of_them}")
        return not self._stopped.is_set() and len(failed) < len(taken)

    def keep_on(self) -> None:
        """Take each source whenever it is due, until a stop is asked for; a changed file is read again."""
        self._lines.warn(f"{len(self.sources)} sources, each is read when it is due. Ctrl-C stops.")
        while not self._stopped.is_set():
            self._read_again()
            self._web = None  # a site's robots.txt holds for one round
            for source in self.sources:
                if is_due(source, self._states.get(source.place), datetime.now(UTC)):
                    until_it_works(partial(self._take_again, source), self._stopped, self._lines.warn)
                if self._stopped.is_set():
                    return
            pause(1.0, self._stopped)

    def _take_again(self, source: NamedSource, _first: bool) -> None:
        """Take a source that is due, and say what is new about it."""
        before = self._states.get(source.place)
        report, state = self._take(source, WatchProgress(self._say), again=True)
        failures = set(report.failures) if report else set()
        fresh = failures - self._failed.get(source.place, set())
        self._failed[source.place] = failures
        if self._lines.as_json:
            if fresh or state.reason != (before and before.reason) or (report and report.changed):
                self._say_all(report, state)
        elif state.reason:
            if not before or state.reason != before.reason:
                self._say(f"failed   {line_of_failing(state)}")
        else:
            if before and before.reason:
                self._say(f"read     {named(state)}: it can be read again")
            for failure in sorted(fresh, key=lambda failure: failure.path):
                self._say(f"failed   {printable(short_path(failure.path))}: {printable(failure.reason)}")

    def _say(self, line: str) -> None:
        if not self._lines.as_json:
            self._lines.say(line)

    def _say_all(self, report: Report | None, state: SourceState) -> None:
        """Say what a run over a source did."""
        if self._lines.as_json:
            self._lines.say(json_line({**state_json(state), "report": report and report.as_json()}))
        elif state.reason or report is None:
            self._lines.say(f"failed: {line_of_failing(state)}")
        else:
            for line in (f"{named(state)}: {summary(report)}", *failures_of(report)):
                self._lines.say(line)

    def _take(self, source: NamedSource, progress: Progress, *, again: bool) -> tuple[Report | None, SourceState]:
        """Bring the archive up to date with a source; return the report, None if the run broke off, and how it went.

        Raises NewsdeskError for what would stop every other source too.
        """
        began = datetime.now(UTC)
        with self._opened() as archive:
            options = self._options_of(source)
            found = tried(lambda: run(archive, self._embedder, options, progress, self._stopped.is_set))
            if isinstance(found, NewsdeskError) and not isinstance(found, UnreadableError):
                raise found
            report = found if isinstance(found, Report) else None  # whatever one source does, the others are read
            before = self._states.get(source.place)
            state = state_after(source, _outcome(found), before, file=self._file, began=began, again=again)
            if report is None or not report.interrupted:  # what was stopped is taken again at once
                with archive.catalog.transaction() as transaction:
                    keep_state(transaction, state, self.sources)
                    self._states = states(transaction)
        return report, state

    def _options_of(self, source: NamedSource) -> Options:
        if source.kind != "path" and self._web is None:
            self._web = self._web_of()
        is_feed = source.kind == "feed"
        return replace(
            self._options,
            paths=[] if is_feed else [source.place],
            feeds=[source.place] if is_feed else [],
            prune=source.prune,
            publisher=source.publisher,
            # It is posted in Slack, and what follows may hold a key.
            source=source.place if source.kind == "path" else source.place.partition("?")[0],
            web=self._web,
            watching=True,
        )

    def _read_again(self) -> None:
        version = _version(self._file)
        if version == self._version:
            return
        self._version = version
        try:
            self.sources = read_sources(self._file)
        except SettingsError as error:
            self._lines.warn(f"{error} Until then the sources stay as they were.")
        else:
            self._lines.warn(f"{printable(short_path(str(self._file)))} was read again: {len(self.sources)} sources.")


def _version(file: Path) -> tuple[int, int, int] | None:
    """Return what differs after each change of a file."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _outcome(found: Report | Exception) -> Report | str:
    if isinstance(found, Exception):
        return printable(sentence_of(found))
    for files in found.kept.values():
        return (
            f"it holds no article any more (a disk that is not mounted?); the articles of its {files} files stay in. "
            "If they are to go: python ingest.py PATH --prune"
        )
    return found
