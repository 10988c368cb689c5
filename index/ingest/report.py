"""Reports of a run: its steps, its progress on a terminal or in plain lines, its counts and failures at the end."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal, TextIO

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column

from index.read.record import Failure
from index.text import printable, short_path

_FIELDS = 20  # names of fields that a report lists
MOST_UNSHOWN = 100  # pages of a run that are named with a text that they do not show
_FAILURES = 10_000  # failures of a run that are kept; others are only counted


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the archive, and its reason; ``digest`` is that of the article's original."""

    action: Literal["add", "update", "remove"]
    path: str
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
    """What a run did; ``passages`` counts those of the articles it added or updated.

    ``known_failures`` counts what failed before, has not changed and was not tried again. ``undated`` counts the
    articles that it added or updated without a date; ``unread`` names the fields of exports that were not read, with
    the number of articles that have them. ``unshown`` are the first pages whose text is not what they show, but what
    their JSON-LD holds. ``kept`` are watched folders without any article now, and of how many files the articles stay.
    ``error`` says what ended the run early, ``source`` which source it took, where a file of sources names it.
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
    unshown: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    undated: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False
    error: str | None = None
    source: str | None = None

    @property
    def changed(self) -> bool:
        """Tell whether the archive has changed, or the run ended early."""
        return bool(self.added or self.updated or self.removed or self.interrupted or self.error)

    def as_json(self) -> dict[str, Any]:
        """Return the report in the form that ``--json`` prints."""
        values = asdict(self)
        values["seconds"] = round(self.seconds, 3)
        values["unread"] = dict(self.unread.most_common(_FIELDS))
        # Fields of a failure that do not apply are left out.
        values["failures"] = [
            {key: value for key, value in asdict(failure).items() if value not in (None, False)}
            for failure in self.failures
        ]
        return values


def summary(report: Report, would: str = "") -> str:
    """Return what a run did, or ``would`` do, in one line."""
    duplicates = f" ({report.duplicates} of them copies of another)" if report.duplicates else ""
    done = (
        f"{report.added} {would}added, {report.updated} {would}updated, {report.unchanged} unchanged, "
        f"{report.removed} {would}removed"
    )
    before = (
        f" ({report.known_failures} failed before and unchanged: python -m bot status --failures)"
        if report.known_failures
        else ""
    )
    return f"{done}, {report.failed} failed{before}{duplicates}"


def failures_of(report: Report) -> Iterator[str]:
    """Yield a line for each failure of a run, and lines for files, dates and fields that were not read."""
    for failure in report.failures:
        yield f"  failed: {printable(short_path(failure.path))}: {printable(failure.reason)}"
    for path in report.unshown:
        yield f"  not shown by the page: {printable(short_path(path))}: its text is from the page's own data (JSON-LD)"
    if report.skipped:
        endings = ", ".join(f"{count} {ending}" for ending, count in sorted(report.skipped.items()))
        yield f"  left out, not article files: {endings}"
    if report.undated:
        articles = "1 article has" if report.undated == 1 else f"{report.undated:,} articles have"
        yield f"  no date: {articles} none that could be read"
    if report.unread:
        names = ", ".join(f"{printable(name)} ({count:,})" for name, count in report.unread.most_common(_FIELDS))
        more = f" and {len(report.unread) - _FIELDS} more" if len(report.unread) > _FIELDS else ""
        yield f"  fields that were not read: {names}{more}"


def ending(report: Mapping[str, Any] | None, *, latest: bool) -> str:
    """Return how a recorded run ended: done, stopped, error or killed.

    Without a report, the latest run may still be running.
    """
    if report is None:
        # One writer at a time: when a later run began, this one was dead.
        return "running or killed" if latest else "killed"
    if report.get("error"):
        return "error"
    return "stopped" if report["interrupted"] else "done"


class Progress:
    """Takes the progress of a run; this one shows nothing."""

    def ahead(self, survey: Callable[[], tuple[int, int]]) -> None:
        """The run begins; ``survey`` walks the folders and counts the files to read, and their bytes."""

    def step(self, step: Step) -> None:
        """An article was read and will be added or updated, or one will be removed."""

    def done(self, articles: int, size: int) -> None:
        """So many articles have their vectors, from about so many bytes of the files."""

    def publishing(self) -> None:
        """A batch is being published."""

    def published(self, report: Report) -> None:
        """A batch was published; the report counts it."""


_LINE_SECONDS = 10.0  # between two lines where there is no terminal
Clock = Callable[[], float]


@contextlib.contextmanager
def shown(*, quiet: bool) -> Iterator[Progress]:
    """Return the progress for a terminal, or for a log if standard error is none; ``quiet`` shows nothing."""
    console = Console(stderr=True)
    if quiet:
        yield Progress()
    elif console.is_terminal and not console.is_dumb_terminal:
        columns = (
            SpinnerColumn(),
            BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=4, max_width=40)),
            TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        )
        with Bar(*columns, console=console, transient=True, expand=True) as bar:
            yield _BarProgress(bar)
    else:
        yield LineProgress(sys.stderr)


class _Measure:
    """Articles done, their rate, and the time left, estimated from the bytes done and those to do."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock()
        self.articles = self.files = self.size = self.behind = 0

    def begin(self, files: int, size: int) -> None:
        self.files, self.size = files, size
        self._began = self._clock()

    def done(self, articles: int, size: int) -> None:
        self.articles, self.behind = articles, min(size, self.size)

    @property
    def share(self) -> float:
        return self.behind / self.size if self.size else 0.0

    def __str__(self) -> str:
        """Return one line: articles, rate, time left."""
        spent = self._clock() - self._began
        text = f"{self.articles:,} articles"
        if spent <= 0 or not self.articles:
            return text
        text += f", {self.articles / spent:,.1f}/s"
        # Over the whole run: the rate of the last seconds would jump with every embedded batch.
        return f"{text}, {_duration(spent * (1 - self.share) / self.share)} left" if 0 < self.share < 1 else text


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


class _BarProgress(Progress):
    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._measure = _Measure(time.monotonic)
        self._task = bar.add_task("looking", total=None)

    def ahead(self, survey: Callable[[], tuple[int, int]]) -> None:
        self._measure.begin(*survey())
        self._bar.update(
            self._task, total=self._measure.size or None, description=f"{self._measure.files:,} files to read"
        )

    def done(self, articles: int, size: int) -> None:
        self._measure.done(articles, size)
        self._bar.update(self._task, completed=self._measure.behind, description=str(self._measure))

    def publishing(self) -> None:
        self._bar.update(self._task, description="publishing")


class LineProgress(Progress):
    """Writes a line when a batch was published, and between at most every ten seconds."""

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._measure = _Measure(clock)
        self._said = clock()

    def ahead(self, survey: Callable[[], tuple[int, int]]) -> None:
        """Count the files to read."""
        self._measure.begin(*survey())
        self._said = self._clock()

    def done(self, articles: int, size: int) -> None:
        """Write a line about the progress, if the last one is ten seconds old."""
        self._measure.done(articles, size)
        if self._clock() - self._said >= _LINE_SECONDS:
            self._say(str(self._measure))

    def published(self, report: Report) -> None:
        """Write a line about the batch."""
        self._say(f"in: {report.added} added, {report.updated} updated, {report.removed} removed")

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)
        self._said = self._clock()


class WatchProgress(Progress):
    """One line for each change, once it is in."""

    _DONE: ClassVar = {"add": "added", "update": "updated", "remove": "removed"}

    def __init__(self, say: Callable[[str], None]) -> None:
        """``say`` takes each line."""
        self._say = say
        self._steps: list[Step] = []

    def step(self, step: Step) -> None:
        """Note a change until it is in."""
        self._steps.append(step)

    def published(self, report: Report) -> None:
        """Say each change of the batch."""
        steps, self._steps = self._steps, []
        added = {step.digest: step for step in steps if step.action == "add"}
        moved = {step.digest: step for step in steps if step.action == "remove" and step.digest in added}
        for step in steps:
            path, title = printable(short_path(step.path)), printable(step.title)
            if step.digest in moved and step.action == "remove":
                continue
            if step.action == "add" and step.digest in moved:
                self._say(f"moved    {printable(short_path(moved[step.digest].path))} → {path}  {title}")
            else:
                self._say(f"{self._DONE[step.action]:<8} {path}  {title}")
