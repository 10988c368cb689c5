"""What admins see: one article, the state of the archive, runs, failures, what language models did and cost."""

from __future__ import annotations

import os
import platform
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from index.archive import Archive
from index.errors import ArchiveError, ServerDown
from index.ingest.report import ending
from index.ingest.sources import state_json, states, troubles
from index.store.rows import StoredArticle
from index.store.snapshot import Snapshot
from index.text import printable, short_path


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
        return opening + ("is running, or was killed" if run["ended"] == "running or killed" else "was killed")
    parts = [f"{report['seconds']:.1f} s"] + [
        f"{report[name]} {name}" for name in ("added", "updated", "removed", "unchanged", "failed")
    ]
    parts += [f"{report['known_failures']} failed before"] if report.get("known_failures") else []
    parts += ["stopped"] if run["ended"] == "stopped" else []
    parts += [f"from {short_path(report['source'])}"] if report.get("source") else []
    return opening + ", ".join(parts) + (f"; ended by: {report['error']}" if report.get("error") else "")


def failures_json(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return what could not be read, by path.

    ``run`` and ``started`` say when it was tried last. ``retried`` says when it is tried next: "every run", "when it
    changes" or "never", because its file is gone.
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
    """Return a moment in the reader's time zone."""
    return f"{datetime.fromisoformat(started).astimezone():%Y-%m-%d %H:%M}"


DAYS = 7


def writings_json(writings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums of the journal's records on language models (bot/journal/usage.py)."""
    costs = [item["cost"] for item in writings if item["cost"] is not None]
    replaced, dropped = Counter[str](), Counter[str]()
    for item in writings:
        replaced.update(item["replaced"])
        dropped.update(item["dropped"])
    newest = writings[-1] if writings else None
    versions: dict[str, Counter[str]] = {}
    for item in writings:
        counts = {"confirmed": item["kept"], **{name: sum(item[name].values()) for name in ("replaced", "dropped")}}
        versions.setdefault(f"{item['model']} (prompt {item['prompt']})", Counter()).update(counts)
    return {
        "days": DAYS,
        "answers": len(writings),
        "versions": {version: dict(counts) for version, counts in versions.items()},
        "sentences": {
            "confirmed": sum(item["kept"] for item in writings),
            "replaced": dict(replaced.most_common()),
            "dropped": dict(dropped.most_common()),
        },
        "quotes_instead": dict(Counter(item["instead"] for item in writings if item["instead"]).most_common()),
        "tokens": {
            "in": sum(item["tokens_in"] for item in writings),
            "out": sum(item["tokens_out"] for item in writings),
        },
        "cost": round(sum(costs), 4) if costs else None,
        "model": newest and newest["model"],
        "prompt": newest and newest["prompt"],
        "last_fault": next((item["fault"] for item in reversed(writings) if item["fault"]), None),
    }


def writings_text(values: dict[str, Any]) -> list[str]:
    """Return those sums as lines for people, none if no model has answered."""
    if not values["answers"]:
        return []
    sentences, tokens = values["sentences"], values["tokens"]
    cost = f", cost {values['cost']:.2f}" if values["cost"] is not None else ""
    lines = [
        f"{values['model']} (prompt {values['prompt']}): {_counted(values['answers'], 'answer')} in "
        f"{values['days']} days, "
        f"{tokens['in']:,} tokens in, {tokens['out']:,} out{cost}",
        f"{_counted(sentences['confirmed'], 'sentence')} confirmed, "
        + ", ".join(
            f"{sum(sentences[what].values())} {said}{_listed(sentences[what])}"
            for what, said in (("replaced", "replaced by quotes"), ("dropped", "dropped"))
        ),
    ]
    if len(values["versions"]) > 1:
        for version, counts in values["versions"].items():
            lines.append(f"{version}: {', '.join(f'{count} {what}' for what, count in counts.items())}")
    if values["quotes_instead"]:
        lines.append(
            f"quotes answered instead: {sum(values['quotes_instead'].values())} "
            f"times{_listed(values['quotes_instead'])}"
        )
    if values["last_fault"]:
        lines.append(f"last fault: {values['last_fault']}")
    return lines


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(counts: dict[str, int]) -> str:
    return f" ({', '.join(f'{count} {reason}' for reason, count in counts.items())})" if counts else ""


_SHOWN = 100  # characters of a statement in the list of an article's
_MANY, _FEW = 5, 3  # of more lines cut at one place for one reason than these, so many are shown
_LIBRARIES = ("chromadb", "llama-index-core", "onnxruntime", "sentence-transformers", "torch", "sqlalchemy")


def article_json(snapshot: Snapshot, wanted: str) -> dict[str, Any]:
    """Return one article by id, the start of its id, its path or its address.

    Raises ArchiveError if there is none, or more than one.
    """
    stored = snapshot.article(wanted) or _at_place(snapshot, wanted)
    source = stored.article.source
    return {
        "id": source.id, "title": source.title, "publisher": source.publisher, "author": source.author,
        "published": source.published and source.published.isoformat(), "published_at": source.published_at,
        "date_source": source.date_source,
        "url": source.url, "path": source.path, "language": source.language, "teaser": source.teaser,
        "digest": stored.article.digest, "original_digest": stored.original_digest, "file": stored.file,
        "file_now": _file_now(snapshot, stored.file),
        "text": stored.article.text,
        "cut": [{"line": line, "reason": reason, "at": at} for line, reason, at in stored.cut],
        "passages": [{"id": passage.id, "start": passage.start, "end": passage.end} for passage in stored.passages],
        "statements": [
            {"start": each.start, "end": each.end, "speaker": each.speaker, "verb": each.verb, "carried": each.carried}
            for each in snapshot.statements_of([source.id]).get(source.id, [])
        ],
        "duplicates": sorted({*snapshot.twins(stored.article.digest, source.id),
        *snapshot.duplicates([source.id]).get(source.id, ())}),
    }  # fmt: skip


def _at_place(snapshot: Snapshot, wanted: str) -> StoredArticle:
    found = snapshot.articles_at(wanted, 11) or snapshot.articles_at(str(Path(wanted).absolute()), 11) if wanted else []
    stored = snapshot.article(found[0][0]) if len(found) == 1 else None
    if stored is not None:
        return stored
    if found:
        listed = [f"{id_}  {title}" for id_, title, _ in found[:10]] + ["…"] * (len(found) > 10)
        raise ArchiveError(
            printable(f"{wanted} gave more than one article")
            + "; show one by its id:"
            + "".join(f"\n  {printable(line)}" for line in listed)
        )
    raise ArchiveError(
        f"There is no single article with the id, path or address {wanted!r}. List them: python -m bot articles"
    )


def _file_now(snapshot: Snapshot, file: str) -> str | None:
    """Return what became of an article's file since it was read (None: it was no file)."""
    known = snapshot.files([file]).get(file)
    if known is None or not file.startswith("/"):
        return None
    try:
        status = os.stat(file.encode())  # noqa: PTH116  as bytes: a Path needs the locale
    except OSError:
        return "gone"
    if known.failed and not known.articles:
        return "failed"
    return "unchanged" if (status.st_size, status.st_mtime_ns) == (known.size, known.mtime_ns) else "changed"


_GUESSED_FROM = {"address": "its address", "layout": "what the page shows", "modified": "its last change"}
_FILE_NOW = {
    "unchanged": "as it was when it was read",
    "changed": "has changed since it was read; put it in again: python ingest.py PATH",
    "gone": "is no longer there; the article stays until a run with --prune",
    "failed": "has changed and could not be read; this is the version before (python -m bot status --failures)",
}


def article_text(values: dict[str, Any], *, colour: bool = False) -> str:
    """Return an article as a person reads it: what was cut is marked where it stood, and each passage at its
    beginning.
    """
    title = printable(values["title"])
    lines = [title, "=" * min(len(title), 100)]
    if values["date_source"]:
        values = {**values, "published": f"about {values['published']}, from {_GUESSED_FROM[values['date_source']]}"}
    for name in ("id", "publisher", "author", "published", "published_at", "language", "url", "path"):
        lines.append(f"{name:<12} {printable(str(values[name])) if values[name] is not None else '-'}")
    if values["file_now"]:
        lines.append(f"{'file':<12} {_FILE_NOW[values['file_now']]}")
    lines.append(
        f"{'in it':<12} {len(values['passages'])} passages (¶), {len(values['cut'])} lines were cut (-), "
        f"{len(values['statements'])} statements"
    )
    if values["teaser"]:
        lines.append(f"{'teaser only':<12} the page has the beginning of the article, the rest is behind a paywall")
    if values["duplicates"]:
        lines.append(f"the same report: {', '.join(values['duplicates'])}")
    lines.append("")
    at = 0
    for place, _, mark in sorted(_marks(values), key=lambda item: item[:2]):
        lines += _paragraphs(values["text"][at:place])
        lines.append(f"\x1b[2m{mark}\x1b[0m" if colour else mark)
        at = place
    lines += _paragraphs(values["text"][at:])
    lines += ["", "who speaks:"] * bool(values["statements"]) + [
        _statement_line(item, values["text"]) for item in values["statements"]
    ]
    unplaced = [item for item in values["cut"] if item["at"] is None]
    if unplaced:
        lines += ["", f"{len(unplaced)} lines were cut, their places are not known:"] + [
            _cut_mark(item) for item in unplaced
        ]
    return "\n".join(lines)


def _statement_line(item: dict[str, Any], text: str) -> str:
    words = " ".join(text[item["start"] : item["end"]].split())
    how = f" ({item['verb']})" if item["verb"] else ""
    return printable(
        f"{item['speaker']}{how} {item['start']}-{item['end']}: "
        f"{words if len(words) <= _SHOWN else words[: _SHOWN - 1] + '…'}"
    )


def _marks(values: dict[str, Any]) -> Iterator[tuple[int, int, str]]:
    """Yield (offset, order, line) of what is shown between the lines of the text."""
    groups: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for item in values["cut"]:
        if item["at"] is not None:
            groups.setdefault((min(item["at"], len(values["text"])), item["reason"]), []).append(item)
    for (at, reason), items in groups.items():
        many = len(items) > _MANY
        yield from ((at, 0, _cut_mark(item)) for item in (items[:_FEW] if many else items))
        if many:
            yield at, 0, f"- [{reason}] and {len(items) - _FEW} more lines (--json has them)"
    for number, passage in enumerate(values["passages"], start=1):
        yield passage["start"], 1, f"¶ [{number}] {passage['start']}-{passage['end']}"


def _cut_mark(item: dict[str, Any]) -> str:
    return f"- [{item['reason']}] {printable(item['line'])}"


def _paragraphs(text: str) -> list[str]:
    return [printable(line) for line in text.split("\n") if line.strip()]


def status_json(archive: Archive) -> dict[str, Any]:
    """Return the state of the archive."""
    with archive.catalog.snapshot() as snapshot:
        counts, generation, runs = snapshot.counts(), snapshot.generation(), runs_json(snapshot, 5)
        model = snapshot.fact("model")
        failed = sum(record.failed for record in snapshot.failed_files()) + len(snapshot.passing_failures())
        sources = list(states(snapshot).values())
    try:
        trouble = None if archive.is_intact() else archive.trouble
    except ServerDown as error:
        trouble = str(error)
    return {
        **counts,
        "generation": generation.number if generation else 0,
        "model": model,
        "catalog": {"engine": archive.catalog.engine_name(), "place": archive.catalog.where},
        "chroma": {"place": generation.name if generation else None, "url": archive.engine.url, "trouble": trouble},
        "healthy": trouble is None,
        "folder": str(archive.folder.resolve()),
        "disk_free_mb": shutil.disk_usage(archive.folder).free // 2**20,
        "runs": runs,
        "failures": failed,
        "sources": {"named": [state_json(state) for state in sources], "troubles": troubles(sources)},
        "versions": {
            "newsdesk": version("newsdesk"),
            "python": platform.python_version(),
            **{name: _version(name) for name in _LIBRARIES},
        },
    }


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:  # torch and sentence-transformers are needed for other models than the default
        return "not installed"


def status_text(values: dict[str, Any]) -> str:
    """Return the state of the archive as a person reads it."""
    health = "healthy" if values["healthy"] else f"{values['chroma']['trouble']} Run: python -m bot rebuild"
    lines = [
        f"{values['articles']} articles, {values['passages']} passages, from {values['files']} files"
        + (f"; {_counted(values['teasers'], 'teaser')} of articles behind a paywall" if values["teasers"] else ""),
        f"index      generation {values['generation']}, {health}",
        f"model      {values['model'] or 'none yet'}",
        f"catalog    {values['catalog']['engine']}, {short_path(values['catalog']['place'])}",
        f"folder     {short_path(values['folder'])} ({values['disk_free_mb']:,} MB free)",
        f"versions   {', '.join(f'{name} {number}' for name, number in values['versions'].items())}",
    ]
    for run in values["runs"]:
        lines.append(run_line(run))
        failed = run["report"]["failures"] if run["report"] else []
        lines += [f"           {short_path(failure['path'])}: {failure['reason']}" for failure in failed[:5]]
        lines += [f"           … and {len(failed) - 5:,} more"] if len(failed) > 5 else []
    lines.append(
        f"failures   {values['failures']:,} of what was read could not be: python -m bot status --failures"
        if values["failures"]
        else "failures   none"
    )
    if sources := values["sources"]["named"]:
        lines.append(f"sources    {len(sources)}, {sum(not source['reason'] for source in sources)} of them read")
        lines += [f"           {line}" for line in values["sources"]["troubles"]]
    return "\n".join(printable(line) for line in lines)
