"""What the archive holds, for admins: one article, and the state of the whole."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version
from typing import Any

from index.archive import Archive
from index.catalog import Snapshot
from index.errors import ArchiveError, ServerDown
from index.printable import printable, short_path

_LIBRARIES = ("chromadb", "llama-index-core", "sentence-transformers", "torch", "sqlalchemy")


def article_json(snapshot: Snapshot, wanted: str) -> dict[str, Any]:
    """Return one article by id or the start of it. Raises ArchiveError if there is none, or more than one."""
    stored = snapshot.article(wanted)
    if stored is None:
        raise ArchiveError(f"There is no single article whose id starts with {wanted!r}. List them: python -m bot articles")
    source = stored.article.source
    return {
        "id": source.id, "title": source.title, "publisher": source.publisher, "author": source.author,
        "published": source.published and source.published.isoformat(), "url": source.url, "path": source.path, "language": source.language,
        "digest": stored.article.digest, "original_digest": stored.original_digest, "text": stored.article.text,
        "cut": [{"line": line, "reason": reason} for line, reason in stored.cut],
        "passages": [{"id": passage.id, "start": passage.start, "end": passage.end} for passage in stored.passages],
        "duplicates": sorted({*snapshot.twins(stored.article.digest, source.id), *snapshot.duplicates([source.id]).get(source.id, ())}),
    }  # fmt: skip


def article_text(values: dict[str, Any]) -> str:
    """Return an article as a person reads it."""
    lines = [values["title"], "=" * min(len(values["title"]), 100)]
    for name in ("id", "publisher", "author", "published", "language", "url", "path"):
        lines.append(f"{name:<10} {values[name] if values[name] is not None else '-'}")
    lines += ["", *values["text"].split("\n"), ""]
    places = ", ".join(f"{passage['start']}-{passage['end']}" for passage in values["passages"])
    lines.append(f"{len(values['passages'])} passages: {places}")
    if values["duplicates"]:
        lines.append(f"the same report: {', '.join(values['duplicates'])}")
    lines.append(f"{len(values['cut'])} lines were cut:")
    lines += [f"  [{item['reason']}] {item['line']}" for item in values["cut"]]
    return "\n".join(printable(line) for line in lines)


def status_json(archive: Archive) -> dict[str, Any]:
    """Return the state of the archive."""
    with archive.catalog.snapshot() as snapshot:
        counts, generation, runs = snapshot.counts(), snapshot.generation(), snapshot.runs(5)
        model = snapshot.fact("model")
    try:
        trouble = None if archive.sound() else archive.trouble
    except ServerDown as error:
        trouble = str(error)
    return {
        **counts,
        "generation": generation.number if generation else 0,
        "model": model,
        "chroma": {"place": generation.place if generation else None, "url": archive.server.url if archive.server else None, "trouble": trouble},
        "healthy": trouble is None,
        "folder": str(archive.folder.resolve()),
        "disk_free_mb": shutil.disk_usage(archive.folder).free // 2**20,
        "runs": runs,
        "versions": {"newsdesk": version("newsdesk"), "python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
    }


def status_text(values: dict[str, Any]) -> str:
    """Return the state of the archive as a person reads it."""
    health = "healthy" if values["healthy"] else f"{values['chroma']['trouble']} Run: python -m bot rebuild"
    lines = [
        f"{values['articles']} articles, {values['passages']} passages, from {values['files']} files",
        f"index      generation {values['generation']}, {health}",
        f"model      {values['model'] or 'none yet'}",
        f"folder     {short_path(values['folder'])} ({values['disk_free_mb']:,} MB free)",
        f"versions   {', '.join(f'{name} {number}' for name, number in values['versions'].items())}",
    ]
    for item in values["runs"]:
        report = item["report"]
        if report is None:
            lines.append(f"run {item['run']:<6} {item['started']}  ended without a word, or is running")
            continue
        lines.append(
            f"run {item['run']:<6} {item['started']}  {report['added']} added, {report['updated']} updated, {report['removed']} removed, "
            f"{report['failed']} failed, {report['seconds']:.1f} s"
        )
        lines += [f"           {failure['path']}: {failure['reason']}" for failure in report["failures"]]
    return "\n".join(printable(line) for line in lines)
