"""The history of ingest runs, and what could not be read, for admins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from index.ingest.report import ending
from index.printable import printable, short_path
from index.store.snapshot import Snapshot


def runs_json(snapshot: Snapshot, limit: int | None) -> list[dict[str, Any]]:
    """Return the last runs (None: all on record) with their reports, newest first, each with how it ended."""
    return [
        {**run, "ended": ending(run["report"], latest=place == 0)} for place, run in enumerate(snapshot.runs(limit))
    ]


def runs_text(runs: list[dict[str, Any]]) -> str:
    """Return runs as a person reads them, one a line."""
    return (
        "\n".join(printable(run_line(run)) for run in runs)
        or "There was no run yet. Put articles in: python ingest.py FOLDER"
    )


def run_line(run: dict[str, Any]) -> str:
    """Return one run in one line."""
    report, opening = run["report"], f"run {run['run']:<6} {_when(run['started'])}  "
    if report is None:
        return opening + (
            "is running, or ended without a word"
            if run["ended"] == "running or killed"
            else "ended without a word (killed)"
        )
    parts = [f"{report['seconds']:.1f} s"] + [
        f"{report[name]} {name}" for name in ("added", "updated", "removed", "unchanged", "failed")
    ]
    parts += [f"{report['known_failures']} failed before"] if report.get("known_failures") else []
    parts += ["stopped"] if run["ended"] == "stopped" else []
    return opening + ", ".join(parts) + (f"; ended by: {report['error']}" if report.get("error") else "")


def failures_json(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return what could not be read, by path.

    ``run`` and ``started`` say when it was tried last, ``retried`` when it is tried next: "every run", "when it
    changes" or "never", as its file has gone.
    """
    started = {run["run"]: run["started"] for run in snapshot.runs(None)}
    found = [
        {"path": path, "reason": reason, "run": run, "retried": "every run"}
        for run, path, reason in snapshot.passing_failures()
    ]
    for record in snapshot.failed_files():
        about = {"run": record.run, "retried": "when it changes" if os.path.lexists(record.path) else "never"}
        found += [
            {"path": place, "reason": reason, **({"line": line} if line is not None else {}), **about}
            for place, reason, line in record.failures
        ]
        if record.failed > len(record.failures):
            found.append(
                {"path": record.path, "reason": f"{record.failed - len(record.failures):,} more in this file", **about}
            )
    return [
        {**item, "started": started.get(item["run"])}
        for item in sorted(found, key=lambda item: (item["path"], item.get("line", 0)))
    ]


def failures_text(failures: list[dict[str, Any]]) -> str:
    """Return what could not be read as a person reads it."""
    if not failures:
        return "Nothing failed: all that the last runs read is in."
    return "\n".join(printable(line) for line in _failure_lines(failures))


def _failure_lines(failures: list[dict[str, Any]]) -> Iterator[str]:
    titles = {
        "every run": "Tried again by every run over it:",
        "when it changes": "Not read again until its file changes, or by python ingest.py PATH --retry-failed:",
        "never": "Its file has gone since; python ingest.py FOLDER --prune forgets it:",
    }
    for retried, title in titles.items():
        items = [item for item in failures if item["retried"] == retried]
        if items:
            yield f"{len(items)} failed. {title}"
        for item in items:
            yield (
                f"  {short_path(item['path'])}: {item['reason']}  (run "
                f"{item['run']}{', ' + _when(item['started']) if item['started'] else ''})"
            )


def _when(started: str) -> str:
    """Return a moment in the time zone of whoever looks."""
    return f"{datetime.fromisoformat(started).astimezone():%Y-%m-%d %H:%M}"
