"""The commands that look after the archive: rebuild, copy, backup, restore."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from bot.wiring import opened_archive
from index.errors import SettingsError
from settings import Settings

if TYPE_CHECKING:
    from index.model.embedder import Embedder


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
        print(json.dumps(values))
    else:
        print(
            f"The search index has been written again: {values['passages']} passages, {embedded} of them embedded anew."
        )
    return 0


def copy(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Copy archive and journal into an empty database."""
    from bot.journal.journal import copy_journal
    from bot.journal.journal import journal_at as journal
    from index.printable import printable
    from index.store.copying import copy_catalog, target

    catalog, folder = target(parsed.to)
    with opened_archive(settings) as archive, archive.writing():
        found = copy_catalog(archive.catalog, catalog)
        found |= copy_journal(
            journal(settings.database(), settings.data_dir),
            journal(catalog if isinstance(catalog, str) else None, folder),
        )
    if parsed.json:
        print(json.dumps(found))
        return 0
    for name, (rows, digest) in found.items():
        print(f"{name:<28} {rows:>10,} rows  {digest[:16]}")
    print("Everything arrived as it was. Nothing was changed here.")
    if isinstance(catalog, str):
        print("To use the copy, set NEWSDESK_CATALOG__URL to it; then: python -m bot doctor")
        print(
            "To have its vectors in PostgreSQL too, set NEWSDESK_VECTORS__ENGINE=pgvector as well; then: python "
            "-m bot rebuild"
        )
    else:
        print(
            f"To use the copy, unset NEWSDESK_CATALOG__URL and set NEWSDESK_DATA_DIR={printable(str(folder))}; "
            "then: python -m bot rebuild"
        )
    return 0


def backup(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Pack catalog and journal into one file."""
    from bot.admin.backup import backup as pack

    _in_files(settings, "back it up with: pg_dump")
    manifest = pack(settings.data_dir, parsed.file, force=parsed.force)
    if parsed.json:
        print(json.dumps(manifest))
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
    from bot.repair import rebuilt
    from index.store.lock import writer_lock

    _in_files(settings, "restore it with: pg_restore, then python -m bot rebuild")
    with writer_lock(settings.data_dir):
        manifest, aside = unpack(parsed.file, settings.data_dir)
        with opened_archive(settings) as archive:
            trouble = rebuilt(archive)
    if parsed.json:
        print(json.dumps({**manifest, "aside": str(aside) if aside else None, "trouble": trouble}))
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
