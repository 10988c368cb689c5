"""The commands for those who look after newsdesk: articles, show, status, report, rebuild, backup, restore."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bot.wiring import opened_archive, opened_journal
from index.console import as_utf8, json_line
from index.errors import ArchiveError, SettingsError
from settings import Settings

if TYPE_CHECKING:
    from index.model.embedder import Embedder


def articles(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """List what is in the archive."""
    from index.dates import day_text
    from index.text import printable, short_path

    with opened_archive(settings) as archive, archive.catalog.snapshot() as snapshot:
        for source, digest in snapshot.sources():
            if parsed.json:
                values = {
                    "id": source.id,
                    "title": source.title,
                    "publisher": source.publisher,
                    "published": source.published and source.published.isoformat(),
                    "date_source": source.date_source,
                }
                print(json_line({**values, "path": source.path, "url": source.url, "digest": digest}))
            else:
                day = day_text(source.published, source.date_source)
                about = (
                    f"{source.id}  {day:<17}  {source.publisher or 'unknown publisher'}: "
                    f"{source.title}  ({short_path(source.path)})"
                )
                print(printable(about))
    return 0


def show(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Show one article, with what was cut from it."""
    from bot.admin.views import article_json, article_text

    with opened_archive(settings) as archive, archive.catalog.snapshot() as snapshot:
        values = article_json(snapshot, as_utf8(parsed.article))
    print(
        json_line(values)
        if parsed.json
        else article_text(values, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    )
    return 0


def status(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Show what is in the archive, its health, its runs, and what language models did."""
    from bot.admin.views import (
        failures_json,
        failures_text,
        runs_json,
        runs_text,
        status_json,
        status_text,
        writings_json,
        writings_text,
    )

    with opened_archive(settings) as archive:
        if parsed.failures or parsed.runs is not None:
            with archive.catalog.snapshot() as snapshot:
                listed = (
                    failures_json(snapshot) if parsed.failures else runs_json(snapshot, max(parsed.runs, 0) or None)
                )
            text = failures_text if parsed.failures else runs_text
            print(json_line(listed) if parsed.json else text(listed))
            return 0
        values = status_json(archive)
    values["llm"] = writings_json(_writings(settings))
    lines = [
        status_text(values),
        *(f"{'llm' if not number else '':<10} {line}" for number, line in enumerate(writings_text(values["llm"]))),
    ]
    print(json_line(values) if parsed.json else "\n".join(lines))
    return 0


def _writings(settings: Settings) -> list[dict[str, Any]]:
    """Return the journal's records of what language models did in the last days."""
    import time

    from bot.admin.views import DAYS

    with opened_journal(settings) as journal:
        return journal.usage.writings(time.time() - DAYS * 86_400) if journal else []


def report(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Report what was asked in Slack and in the browser, and what was not answered."""
    from bot.admin.usage import usage, usage_text
    from bot.admin.usage_page import page

    if parsed.week and (parsed.since or parsed.until):
        raise SettingsError("--week is the last seven days; leave it out to name --since and --until.")
    until = parsed.until or date.today()
    since = parsed.since or until - timedelta(days=6)
    if since > until:
        raise SettingsError(f"{since} is after {until}. Name the earlier day with --since.")
    with opened_journal(settings) as journal:
        if journal is None:
            raise ArchiveError(
                f"There is no journal in {settings.data_dir.resolve()}: nobody has asked in Slack "
                "or in the browser yet."
            )
        with opened_archive(settings) if settings.has_archive() else contextlib.nullcontext() as archive:
            values = usage(journal, archive, since, until)
    if parsed.html:
        try:
            parsed.html.write_text(page(values), encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"{parsed.html} cannot be written: {error.strerror or error}.") from error
    if parsed.json:
        print(json_line(values))
    elif parsed.html:
        print(f"Written to {parsed.html}.")
    else:
        print(usage_text(values))
    return 0


def rebuild(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Write the search index again."""
    from index.ingest.embedding import embed_all

    model = embedder or settings.embedder(many=parsed.embed)
    with opened_archive(settings) as archive, archive.writing():
        if not parsed.embed:
            archive.check_model(model.identity)
        embedded = embed_all(archive, model) if parsed.embed else 0
        generation = archive.rebuild(model.identity)
    values: dict[str, Any] = {"passages": generation.passages if generation else 0, "embedded": embedded}
    if parsed.json:
        print(json_line(values))
    else:
        print(
            f"The search index has been written again: {values['passages']} passages, {embedded} of them embedded anew."
        )
    return 0


def backup(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Pack catalog and journal into one file."""
    from bot.admin.backup import backup as pack

    _in_files(settings, "back it up with: pg_dump")
    manifest = pack(settings.data_dir, parsed.file, force=parsed.force)
    if parsed.json:
        print(json_line(manifest))
    else:
        about = (
            f"{manifest['catalog']['articles']:,} articles, {manifest.get('journal', {}).get('questions', 0):,} "
            "questions"
        )
        print(f"{parsed.file}: {about}, {parsed.file.stat().st_size / 2**20:.1f} MB, read back and found whole.")
    return 0


def restore(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Put a backup into the data folder."""
    from bot.admin.backup import restore as unpack
    from bot.repair import rebuild_restored
    from index.store.catalog import writer_lock

    _in_files(settings, "restore it with: pg_restore, then python -m bot rebuild")
    with writer_lock(settings.data_dir):
        manifest, aside = unpack(parsed.file, settings.data_dir)
        with opened_archive(settings) as archive:
            trouble = rebuild_restored(archive)
    if parsed.json:
        print(json_line({**manifest, "aside": str(aside) if aside else None, "trouble": trouble}))
        return 0
    print(f"Restored {manifest['catalog']['articles']:,} articles as of {manifest['made']} into {settings.data_dir}.")
    if aside:
        print(f"What was there before is in {aside}. Remove it when you no longer need it.")
    if trouble:
        print(
            (
                f"The search index could not be written ({trouble}); answers come from an exact scan until it can "
                "be: python -m bot rebuild"
            ),
            file=sys.stderr,
        )
    return 0


def _in_files(settings: Settings, otherwise: str) -> None:
    if settings.database():
        raise SettingsError(
            f"Catalog and journal are in PostgreSQL (NEWSDESK_CATALOG__URL), which has tools of its own: {otherwise}"
        )
