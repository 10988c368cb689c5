"""What an ingest run does and tells: its steps, its report, its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from index.read.record import Failure

_FAILURES = 10_000  # of a run, by name; beyond that they are only counted


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

    ``known_failures`` counts what failed before, has not changed and was not tried again; ``error`` says what ended the
    run early.
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
        values["failures"] = [
            {key: value for key, value in asdict(failure).items() if value not in (None, False)}
            for failure in self.failures
        ]
        return values


def ending(report: Mapping[str, Any] | None, *, latest: bool) -> str:
    """Return how a run on record ended: done, stopped, error, killed; without a report the latest one may be running
    still.
    """
    if report is None:
        # One writer at a time: whoever began a later run found this one dead.
        return "running or killed" if latest else "killed"
    if report.get("error"):
        return "error"
    return "stopped" if report["interrupted"] else "done"


class Progress:
    """What a run tells while it works; this one tells nothing."""

    def ahead(self, survey: Callable[[], tuple[int, int]]) -> None:
        """The run begins; ``survey`` counts the files that are new or have changed, and their bytes, in a walk of its
        own.
        """

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
