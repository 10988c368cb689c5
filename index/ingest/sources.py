"""Sources that an ingest takes by itself: the file that names them, and how each went when it was taken last."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from index.errors import SettingsError, UnreadableError
from index.ingest.report import Report
from index.read.pages import is_address
from index.read.record import decoded
from index.read.stores import is_store
from index.read.text_files import yaml_fields
from index.store.snapshot import Snapshot
from index.store.transaction import Transaction
from index.text import printable, short_path

KINDS = ("path", "feed", "page")
_OPTIONS = ("every", "publisher", "prune")
_INTERVAL = re.compile(r"(\d{1,5}) ?(m|min|minutes?|h|hours?|d|days?)")
_MINUTES = {"m": 1, "h": 60, "d": 1_440}
_LEAST, _MOST = timedelta(minutes=1), timedelta(days=31)
_HOURLY = timedelta(hours=1)
_LATE = timedelta(hours=2)  # a first ingest of a large source may keep the others waiting
_FACT = "sources"
_MEANT = {  # what others call it
    **dict.fromkeys(("file", "folder", "dir", "directory", "store", "bucket", "s3"), "path"),
    **dict.fromkeys(("rss", "atom", "feeds", "xml"), "feed"),
    **dict.fromkeys(("url", "address", "link", "web", "pages"), "page"),
    **dict.fromkeys(("interval", "schedule", "cron", "minutes"), "every"),
}
_ENTRY = re.compile(rf"^[ \t]*(?:-[ \t]+)?(?:{'|'.join(KINDS)})[ \t]*:", re.M)


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source as the file names it; ``place`` is its path, absolute, or its address."""

    kind: str  # one of KINDS
    place: str
    every: timedelta = _HOURLY
    publisher: str | None = None
    prune: bool = False


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source went when it was taken last; times are ISO 8601, UTC.

    ``file`` names it. ``good`` is when something of it was last read, ``reason`` why nothing was the last time,
    ``failed`` how many of its articles failed. ``due`` is when it will be taken again, None if nothing waits for that.
    """

    kind: str
    place: str
    file: str
    tried: str
    good: str | None
    failed: int
    reason: str | None
    due: str | None


def read_sources(file: Path) -> tuple[NamedSource, ...]:
    """Read the file that names sources. Raises SettingsError, naming the entry, for whatever cannot be meant."""
    try:
        text = decoded(file.read_bytes())
        found = yaml_fields(text, "it")
        if not isinstance(found, dict) or not isinstance(found.get("sources"), list) or not found["sources"]:
            raise UnreadableError(
                'it names no sources; write "sources:" and under it a line "- feed: ADDRESS" for each'
            )
        _known(found, ("sources", *_OPTIONS[:1]), "")
        every = _interval(found["every"]) if "every" in found else _HOURLY
        sources: list[NamedSource] = []
        for number, entry in enumerate(found["sources"], 1):
            try:
                sources.append(_source(entry, every, file.parent))
            except UnreadableError as error:
                raise UnreadableError(f"source {number}{_named(entry)} {error}") from error
            if sources[-1].place in [source.place for source in sources[:-1]]:
                raise UnreadableError(f"source {number}{_named(entry)} is named twice; remove one of the two")
        if len(_ENTRY.findall(text)) > len(sources):  # YAML itself takes the last of two
            raise UnreadableError("two paths, feeds or pages stand in one source; begin each with a dash")
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror or error}. Check the path.") from error
    except UnreadableError as error:
        end = "" if str(error).endswith("?") else "."
        raise SettingsError(printable(f"{file}: {error}{end}")) from error
    return tuple(sources)


def _named(entry: object) -> str:
    """Return what an entry names, in brackets and without a password, for a message."""
    from index.read.web import shown

    place = next((str(entry[kind]) for kind in KINDS if entry.get(kind)), "") if isinstance(entry, dict) else ""
    return f" ({shown(place)[:200]})" if place else ""


def _source(entry: object, every: timedelta, folder: Path) -> NamedSource:
    if not isinstance(entry, dict):
        raise UnreadableError('names nothing; write it like "- feed: ADDRESS"')
    _known(entry, (*KINDS, *_OPTIONS), "has ")
    kinds = [kind for kind in KINDS if kind in entry]
    if len(kinds) != 1:
        raise UnreadableError(f"has to name exactly one of {', '.join(KINDS)}")
    [kind] = kinds
    place, publisher, prune = entry[kind], entry.get("publisher"), entry.get("prune", False)
    if not isinstance(place, str) or not place.strip():
        raise UnreadableError(f"has a {kind} that is no text; write a path or an address")
    if publisher is not None and (not isinstance(publisher, str) or not publisher.strip()):
        raise UnreadableError("has a publisher that is no name")
    if not isinstance(prune, bool):
        raise UnreadableError("has a prune that is neither true nor false")
    if prune and kind == "feed":
        raise UnreadableError("has prune, but what leaves a feed stays in the archive; remove it")
    return NamedSource(
        kind,
        _place(kind, place.strip(), folder),
        _interval(entry["every"], "has ") if "every" in entry else every,
        " ".join(publisher.split()) if publisher else None,
        prune,
    )


def _place(kind: str, place: str, folder: Path) -> str:
    if kind != "path":
        from index.read.web import checked

        checked(place)
        return place
    if is_address(place):
        raise UnreadableError('is an address; name it with "feed:" or "page:"')
    return place if is_store(place) else str(folder.resolve() / Path(place).expanduser())


def _known(entry: dict[Any, Any], names: Sequence[str], has: str) -> None:
    for name in entry:
        if name not in names:
            near = difflib.get_close_matches(str(name).lower(), (*names, *_MEANT), n=1, cutoff=0.6)
            meant = _MEANT.get(near[0], near[0]) if near else ""
            hint = f"did you mean {meant}?" if meant in names else f"known: {', '.join(names)}"
            raise UnreadableError(f'{has}"{str(name)[:50]}", which is no setting of a source; {hint}')


def _interval(value: object, has: str = "") -> timedelta:
    match = _INTERVAL.fullmatch(str(value).strip().lower()) if isinstance(value, str) else None
    every = timedelta(minutes=int(match[1]) * _MINUTES[match[2][0]]) if match else timedelta()
    if not _LEAST <= every <= _MOST:
        raise UnreadableError(
            f'{has}every: {str(value)[:50]}; write it like "30 min", "2 h" or "1 day", from 1 min to 31 days'
        )
    return every


def states(snapshot: Snapshot) -> dict[str, SourceState]:
    """Return how each source went when it was taken last, by its place, in the order of the file."""
    found = json.loads(snapshot.fact(_FACT) or "[]")
    return {item["place"]: SourceState(**item) for item in found}


def keep_state(transaction: Transaction, state: SourceState, sources: Sequence[NamedSource]) -> None:
    """Store how a source went, and forget those that its file no longer names."""
    known = {**states(transaction), state.place: state}
    order = {source.place: place for place, source in enumerate(sources)}
    kept = [item for item in known.values() if item.place in order or item.file != state.file]
    kept.sort(key=lambda item: order.get(item.place, len(order)))
    transaction.put_fact(_FACT, json.dumps([asdict(item) for item in kept], ensure_ascii=False))


def state_after(
    source: NamedSource,
    outcome: Report | str,
    before: SourceState | None,
    *,
    file: Path,
    began: datetime,
    again: bool,
) -> SourceState:
    """Return how a source went: ``outcome`` is the report of its run, or why that broke off.

    A source that fails is one of which nothing could be read. ``again`` says that it will be taken again.
    """
    reason = outcome if isinstance(outcome, str) else _why_nothing_was_read(source, outcome)
    moment = began.isoformat(timespec="seconds")
    return SourceState(
        source.kind,
        source.place,
        str(file.absolute()),  # not resolved: in a ConfigMap it is a link, which leads elsewhere after each change
        moment,
        (before.good if before else None) if reason else moment,
        outcome.failed if isinstance(outcome, Report) else 0,
        reason,
        (began + source.every).isoformat(timespec="seconds") if again else None,
    )


def _why_nothing_was_read(source: NamedSource, report: Report) -> str | None:
    if not report.failures or report.added or report.updated or report.unchanged or report.removed:
        return None
    first = report.failures[0]
    if report.failed == 1 and first.path == source.place:
        return first.reason
    return f"{report.failed} of it failed, the first: {short_path(first.path)}: {first.reason}"


def is_due(source: NamedSource, state: SourceState | None, now: datetime) -> bool:
    """Tell whether a source is to be taken; so it is if its last time lies ahead: the clock was wrong."""
    tried = datetime.fromisoformat(state.tried) if state else None
    return tried is None or not tried <= now < tried + source.every


def is_late(state: SourceState, now: datetime) -> bool:
    """Tell whether a source should have been taken long ago."""
    return state.due is not None and now - datetime.fromisoformat(state.due) > _LATE


def troubles(known: Sequence[SourceState], now: datetime | None = None) -> list[str]:
    """Return a line for each source that could not be read, and one if sources are no longer taken."""
    lines = [line_of_failing(state) for state in known if state.reason]
    late = [state for state in known if is_late(state, now or datetime.now(UTC))]
    if late:
        first = min(late, key=lambda state: state.due or "")
        lines.append(
            f"{len(late)} {'has' if len(late) == 1 else 'have'} not been tried since {moment_text(first.due)}: is "
            f"python ingest.py --sources {short_path(first.file)} --watch still running?"
        )
    return lines


def line_of_failing(state: SourceState) -> str:
    """Return which source could not be read, why, and when it last could."""
    last = f"last read {moment_text(state.good)}" if state.good else "never read yet"
    return f"{named(state)}: {printable(state.reason or '')} ({last})"


def named(state: SourceState) -> str:
    """Return the kind and place of a source for a person."""
    return printable(f"{state.kind} {short_path(state.place)}")


def moment_text(moment: str | None) -> str:
    """Return a moment in the reader's time zone."""
    return f"{datetime.fromisoformat(moment).astimezone():%-d %B %Y, %H:%M}" if moment else "never"


def state_json(state: SourceState, now: datetime | None = None) -> dict[str, Any]:
    """Return the state of a source as ``status --json`` prints it."""
    return {**asdict(state), "late": is_late(state, now or datetime.now(UTC))}
