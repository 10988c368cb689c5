"""The doctor: checks everything that could keep newsdesk from answering, and says what to do."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from bot.repair import READ_ONLY_INDEX
from index.archive import Archive
from index.errors import ArchiveError, NewsdeskError
from index.ingest.sources import SourceState, is_late, states, troubles
from index.model.embedder import DEFAULT_MODEL, Embedder
from index.model.reader import reader_of
from settings import Settings

_LEAST_FREE_MB = 500
_NAMED = 5  # languages
_SHARE = 0.1  # of the articles, from which other languages than English are many
_ENGLISH_ONLY = (
    "Only English is understood in full (kinds of questions, times in words, follow-ups, stems of words). Questions "
    "about articles in other languages are answered by names and words alone, and refused less reliably. A sentence "
    "that a language model writes from such articles is shown only if it is there word for word."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    what: str
    ok: bool
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return the finding as ``doctor --json`` prints it."""
        return {"what": self.what, "ok": self.ok, "told": self.message}  # the names that scripts read


def examine(settings: Settings, embedder: Embedder, check_slack: Callable[[Settings], list[Finding]]) -> list[Finding]:
    """Check python, disk, models, Slack, catalog and index, and return what was found. Changes nothing."""
    findings = [
        _checked("settings", lambda: f"read; data folder {settings.data_dir.resolve()}"),
        _checked("python", _python),
        _checked("disk", lambda: _disk(settings)),
        _checked("model", lambda: _model(embedder)),
    ]
    findings.append(_checked("reader", lambda: _reader(settings)))
    findings.append(_checked("language model", lambda: _llm(settings)))
    findings += check_slack(settings)
    try:
        archive = settings.archive()
    except NewsdeskError as error:
        return [*findings, Finding("catalog", False, str(error))]
    try:
        findings.append(_checked("catalog", lambda: _catalog(archive)))
        findings.append(_checked("archive's model", lambda: _same_model(archive, embedder)))
        findings.append(_checked("index", lambda: _index(archive)))
        findings.append(_checked("languages", lambda: _languages(archive, embedder)))
        with archive.catalog.snapshot() as snapshot:
            sources = list(states(snapshot).values())
        if sources:
            findings.append(_checked("sources", lambda: _sources(sources)))
    finally:
        archive.close()
    return findings


def _checked(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, check())
    except NewsdeskError as error:
        return Finding(what, False, str(error))


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"


def _disk(settings: Settings) -> str:
    folder = next(
        parent for parent in [settings.data_dir.resolve(), *settings.data_dir.resolve().parents] if parent.exists()
    )
    free = shutil.disk_usage(folder).free // 2**20
    if free < _LEAST_FREE_MB:
        raise ArchiveError(
            f"{free} MB free for {settings.data_dir}; at least {_LEAST_FREE_MB} MB are needed. Free some space "
            "or move NEWSDESK_DATA_DIR."
        )
    return f"{free:,} MB free"


def _model(embedder: Embedder) -> str:
    vector = embedder.embed(["a sentence to try the model"])[0]
    if abs(float(np.linalg.norm(vector)) - 1) > 1e-3:
        raise ArchiveError(
            f"{embedder.identity} does not give unit vectors. Choose another model in NEWSDESK_MODEL__NAME."
        )
    runtime = getattr(embedder, "runtime", None)
    return f"{embedder.identity} loads and gives vectors of {len(vector)} numbers" + (
        f", computed by {runtime}" if runtime else ""
    )


def _reader(settings: Settings) -> str:
    read = reader_of(settings.answers.reader)
    if read is None:
        return "off"
    read("When was the bridge opened?", [("", "The bridge was opened on Monday.")])
    return f"{settings.answers.reader} loads and reads"


def _llm(settings: Settings) -> str:
    if not settings.llm.model:
        return "not set: answers are quotes, nothing is sent anywhere; docs/use/model.md says how to set one"
    from bot.write.desk import prompts
    from bot.write.llm import Llm

    prompts()
    return Llm(settings.llm).check(settings.llm.seconds)


def _catalog(archive: Archive) -> str:
    with archive.catalog.snapshot() as snapshot:
        faults = snapshot.check()
        counts = snapshot.counts()
    if faults:
        raise ArchiveError(
            f"{archive.catalog.where} is damaged ({'; '.join(faults)}). Restore it from a backup, or move it "
            "away and ingest the articles again."
        )
    if not counts["articles"]:
        raise ArchiveError("The archive is empty. Put articles in: python ingest.py FOLDER")
    return f"{archive.catalog.engine_name()}, sound: {counts['articles']} articles, {counts['passages']} passages"


def _languages(archive: Archive, embedder: Embedder) -> str:
    with archive.catalog.snapshot() as snapshot:
        counts = Counter(source.language for source, _ in snapshot.sources() if source.language)
    named = ", ".join(f"{code} {count:,}" for code, count in counts.most_common(_NAMED)) or "not known"
    if counts.total() - counts["en"] <= _SHARE * counts.total():
        return named
    model = f" {DEFAULT_MODEL} was trained on English; docs/use/languages.md names others."
    return f"{named}. {_ENGLISH_ONLY}{model if embedder.identity.startswith(DEFAULT_MODEL) else ''}"


def _same_model(archive: Archive, embedder: Embedder) -> str:
    archive.check_model(embedder.identity)
    return f"embedded by {embedder.identity}"


def _index(archive: Archive) -> str:
    if why := archive.why_not_here():
        raise ArchiveError(why)
    if archive.cannot_open_index and archive.is_intact():
        return f"complete. {READ_ONLY_INDEX}"
    trouble = archive.trouble or archive.check()
    if trouble:
        raise ArchiveError(f"{trouble} Run: python -m bot rebuild")
    return "agrees with the catalog, passage by passage"


def _sources(known: list[SourceState]) -> str:
    """Return how many sources could be read; one that fails keeps nobody from asking."""
    now = datetime.now(UTC)
    lines, read = "; ".join(troubles(known, now)), sum(not state.reason for state in known)
    if not read or any(is_late(state, now) for state in known):
        raise ArchiveError(f"No new articles come from the sources: {lines}.")
    return f"{read} of {len(known)} read" + (f"; {lines}. Correct or remove it in the file of sources" if lines else "")
