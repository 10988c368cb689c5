"""What the archive has to tell in Slack: the newest articles, questions about them, ingests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from bot.admin.views import status_json, status_text
from bot.slack.messages.home import News
from index.archive import Archive
from index.articles import Source

_CANDIDATES = 12


def news(archive: Archive, examples: Sequence[str]) -> News:
    """Return what the Home tab tells."""
    with archive.catalog.snapshot() as snapshot:
        sources = [source for source, _ in snapshot.sources()]
        last = next(iter(snapshot.runs(1)), None)
    newest = _newest(sources)
    return News(len(sources), newest[0] if newest else None, ingest_line(last) if last else None, tuple(examples[:3]))


def candidates(archive: Archive) -> tuple[int, list[str]]:
    """Return the number of the published state, and questions about its newest articles."""
    with archive.catalog.snapshot() as snapshot:
        generation = snapshot.generation()
        sources = _newest([source for source, _ in snapshot.sources()])
    return generation.number if generation else 0, [example(source) for source in sources]


def _newest(sources: list[Source]) -> list[Source]:
    found: dict[str, Source] = {}
    for source in sorted(sources, key=lambda source: (source.published or date.min, source.title), reverse=True):
        found.setdefault(example(source).lower(), source)
        if len(found) == _CANDIDATES:
            break
    return list(found.values())


def example(source: Source) -> str:
    """Return a question that an article answers, from its headline."""
    headline = re.sub(r"\s+", " ", source.title).strip(" .!\"'“”")
    return headline if headline.endswith("?") else f"What do the articles say about {headline}?"


def ingest_line(item: dict[str, Any]) -> str:
    """Return an ingest in one line."""
    report = item["report"]
    if not report:
        return f"run {item['run']}, begun {item['started']}, is running or ended without a word"
    counts = (
        f"{report['added']} added, {report['updated']} updated, {report['removed']} removed, {report['failed']} failed"
    )
    return f"run {item['run']}, {item['started']}: {counts}"


def changed(item: dict[str, Any]) -> bool:
    """Tell whether a finished ingest changed the archive."""
    report = item["report"] or {}
    return any(report.get(name, 0) for name in ("added", "updated", "removed"))


def failures(archive: Archive) -> tuple[tuple[str, str], ...]:
    """Return path and reason of what failed in the last runs."""
    with archive.catalog.snapshot() as snapshot:
        found = {
            (item["path"], item["reason"]): None
            for run in snapshot.runs(5)
            if run["report"]
            for item in run["report"]["failures"]
        }
    return tuple(found)


def runs_after(archive: Archive, number: int) -> list[dict[str, Any]]:
    """Return the ingests after one, oldest first, up to the first that has not finished."""
    with archive.catalog.snapshot() as snapshot:
        found = sorted((run for run in snapshot.runs(20) if run["run"] > number), key=lambda run: int(run["run"]))
    finished = []
    for run in found:
        if run["seconds"] is None and run is found[-1]:
            break  # perhaps still running; an earlier one without an end is over
        finished.append(run)
    return finished


def status(archive: Archive) -> str:
    """Return the state of the archive as a person reads it."""
    return status_text(status_json(archive))


def versions(archive: Archive) -> dict[str, str]:
    """Return the versions an answer depends on."""
    from importlib.metadata import version

    with archive.catalog.snapshot() as snapshot:
        generation, model = snapshot.generation(), snapshot.fact("model")
    return {
        "newsdesk": version("newsdesk"),
        "model": model or "",
        "generation": str(generation.number if generation else 0),
    }
