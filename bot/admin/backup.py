"""Backups: catalog, journal and the secret of the links in one file, made and put back while others work.

The search index is not in a backup: it is rebuilt from the catalog.

backup:   copy each database as of one moment → check → pack with digests → read back → name it
restore:  unpack beside → check → mark → old aside → new in place → unmark → search index from the catalog
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from bot.journal.journal import Journal
from index.archive import UNFINISHED
from index.errors import ArchiveError, DiskFull, LockedError, SettingsError
from index.store.catalog import Catalog
from index.store.dialect import connected

_FORMAT = 1
_MANIFEST = "manifest.json"
_CATALOG, _JOURNAL = "catalog.sqlite3", "journal.sqlite3"
_FILES = (
    _JOURNAL,
    "web-secret",
    _CATALOG,
)  # in the order in which they are put back: with the catalog there is an archive
_STAGE = ".restoring"
_ASIDE = "before-restore-"
_CHUNK = 2**20


def backup(folder: Path, target: Path, *, force: bool = False) -> dict[str, Any]:
    """Write a backup of a data folder, which may be in use, and return its manifest.

    The file gets its name only when it is complete and has been read back. Raises SettingsError if the file exists
    (unless ``force``), ArchiveError if there is nothing to back up or it is damaged, DiskFull.
    """
    if not (folder / _CATALOG).exists():
        raise ArchiveError(
            f"There is no archive in {folder.resolve()}, so there is nothing to back up. Check NEWSDESK_DATA_DIR."
        )
    if target.is_dir():
        raise SettingsError(f"{target} is a folder. Name a file in it, for example {target / 'newsdesk.backup'}")
    if target.exists() and not force:
        raise SettingsError(f"{target} is there already. Name another file, or add --force to replace it.")
    try:
        with _part_of(target) as part:
            manifest = _packed(folder, part)
            if "articles" not in manifest["catalog"]:
                raise ArchiveError(
                    f"The archive in {folder.resolve()} is only being made, so there is nothing to back up. Try "
                    "again after its first ingest."
                )
            _read_back(part)
            part.replace(target)
            _sync(target.parent)
    except OSError as error:
        raise DiskFull(
            f"The backup {target} could not be written: {error.strerror or error}. Free some space or name "
            "another disk."
        ) from error
    return manifest


@contextlib.contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """Lock the unfinished file of a backup; one that a dead process left is overwritten."""
    part = target.with_name(f".{target.name}.part")
    with open(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LockedError(f"Another backup is writing {target}. Wait for it to end.") from None
        try:
            yield part
        finally:
            with contextlib.suppress(OSError):
                if os.path.samestat(part.stat(), os.fstat(lock.fileno())):
                    part.unlink()
            _copy_of(part).unlink(missing_ok=True)


def _copy_of(part: Path) -> Path:
    return part.with_suffix(".copy")


def _packed(folder: Path, part: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "format": _FORMAT,
        "newsdesk": version("newsdesk"),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {},
    }
    with part.open("r+b") as file:
        file.truncate()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            for name in _FILES:
                source = folder / name
                if not source.exists():
                    continue
                if source.suffix == ".sqlite3":
                    manifest["files"][name], manifest[source.stem] = _add_database(packed, source, _copy_of(part))
                else:
                    manifest["files"][name] = _add(packed, source, name)
            packed.writestr(_MANIFEST, json.dumps(manifest, indent=1))
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _add_database(packed: zipfile.ZipFile, source: Path, copy: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Pack a database as it is at one moment, also while it is written to.

    Returns its size and digest, and a summary of what is in it.
    """
    copy.unlink(missing_ok=True)
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            contextlib.closing(connected(source, timeout=60)) as old,
            contextlib.closing(sqlite3.connect(copy)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
            if fault := _fault(new):
                raise _damaged(source, fault)
            about = _about(new)
        return _add(packed, copy, source.name), about
    except sqlite3.Error as error:
        if "full" in str(error) or "I/O" in str(error):
            raise DiskFull(
                f"The disk with {copy.parent} is full or failing ({error}). Free some space or name another disk."
            ) from error
        raise _damaged(source, error) from error
    finally:
        copy.unlink(missing_ok=True)


def _damaged(source: Path, why: object) -> ArchiveError:
    return ArchiveError(
        f"{source} is damaged ({why}), so no backup was made of it. Restore it from an earlier one; see: "
        "python -m bot doctor"
    )


def _fault(database: sqlite3.Connection) -> str | None:
    """Return what is wrong with a database, None if nothing is."""
    fault = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if fault == "ok" else fault


def _about(database: sqlite3.Connection) -> dict[str, Any]:
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")} & {
        "articles",
        "facts",
        "passages",
        "questions",
    }
    # A process that has just made the file may not have made its tables yet.
    schema = database.execute("SELECT value FROM facts WHERE name = 'schema'").fetchone() if "facts" in tables else None
    counts = {
        table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - a table's own name
        for table in sorted(tables - {"facts"})
    }
    return {"schema": int(schema[0]) if schema else 0, **counts}


def _add(packed: zipfile.ZipFile, path: Path, name: str) -> dict[str, Any]:
    with path.open("rb") as source, packed.open(name, "w", force_zip64=True) as target:
        size, digest = _copied(source, target)
    return {"bytes": size, "sha256": digest}


def _copied(source: IO[bytes], target: IO[bytes] | None, most: int | None = None) -> tuple[int, str]:
    """Copy a stream and return its size and digest; copying stops when it is longer than ``most``."""
    size, digest = 0, hashlib.sha256()
    while (chunk := source.read(_CHUNK)) and (most is None or size <= most):
        size += len(chunk)
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return size, digest.hexdigest()


def _read_back(part: Path) -> None:
    with _opened(part) as (packed, manifest):
        for name, wanted in manifest["files"].items():
            with packed.open(name) as source:
                if _copied(source, None) != (wanted["bytes"], wanted["sha256"]):
                    raise ArchiveError(
                        "The backup does not read back as it was written. Check the disk, or name another one; "
                        "nothing was replaced."
                    )


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    """Open a backup. Raises ArchiveError if it is damaged, no backup at all, or of a newer newsdesk."""
    try:
        with zipfile.ZipFile(source) as packed:
            if packed.getinfo(_MANIFEST).file_size > _CHUNK:
                raise _no_backup(source, "its manifest is too long")
            manifest = json.loads(packed.read(_MANIFEST))
            if int(manifest["format"]) > _FORMAT:
                raise ArchiveError(
                    f"{source} was made by a newer newsdesk ({manifest['newsdesk']}). Update newsdesk; nothing "
                    "was changed."
                )
            if not set(manifest["files"]) <= set(_FILES) or _CATALOG not in manifest["files"]:
                raise _no_backup(source, "its manifest names other files")
            yield packed, manifest
    except FileNotFoundError as error:
        raise SettingsError(f"There is no file {source}.") from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise _no_backup(source, error) from error


def _no_backup(source: Path, why: object) -> ArchiveError:
    return ArchiveError(f"{source} is damaged or no backup of newsdesk ({why}). Use another copy; nothing was changed.")


def restore(source: Path, folder: Path) -> tuple[dict[str, Any], Path | None]:
    """Put a backup into a data folder that nobody uses.

    Returns the manifest, and the folder that now holds what was there before. The caller holds the writer's lock.

    An interrupted restore leaves a mark, so that the folder is not mistaken for an archive; run it again. Raises
    LockedError while a bot uses the folder, ArchiveError if the backup is damaged or newer, DiskFull; then nothing has
    changed.
    """
    _nobody_answers(folder)
    stage = folder / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(mode=0o700)
    try:
        try:
            manifest = _unpacked(source, stage)
            _bring_up_to_date(source, stage)
        except OSError as error:
            raise DiskFull(
                f"{source} could not be unpacked into {folder}: {error.strerror or error}. Free some space; nothing "
                "was changed."
            ) from error
        return manifest, _put_in_place(stage, folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _put_in_place(stage: Path, folder: Path) -> Path | None:
    """Move what is in the folder aside, and what was unpacked into its place; return where the former is."""
    mark = folder / UNFINISHED
    aside = folder / (mark.read_text().strip() if mark.exists() else "")
    if aside == folder or not aside.name.startswith(_ASIDE):
        aside = folder / f"{_ASIDE}{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
    mark.write_text(aside.name)
    _sync(mark)
    _sync(folder)
    _nobody_answers(folder)
    _put_aside(folder, aside)
    for name in _FILES:
        if (stage / name).exists():
            (stage / name).replace(folder / name)
    _sync(folder)
    mark.unlink()
    return aside if aside.exists() else None


def _unpacked(source: Path, stage: Path) -> dict[str, Any]:
    with _opened(source) as (packed, manifest):
        needed = sum(int(about["bytes"]) for about in manifest["files"].values())
        free = shutil.disk_usage(stage).free
        if free < needed + 32 * _CHUNK:
            raise DiskFull(
                f"The disk with {stage.parent} has {free // _CHUNK} MB free; the backup needs "
                f"{needed // _CHUNK + 32} MB. Nothing was changed."
            )
        for name, about in manifest["files"].items():
            with (
                packed.open(name) as old,
                open(os.open(stage / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new,
            ):
                if _copied(old, new, about["bytes"]) != (about["bytes"], about["sha256"]):
                    raise _no_backup(source, f"{name} in it is not what was backed up")
                new.flush()
                os.fsync(new.fileno())
    return manifest


def _bring_up_to_date(source: Path, stage: Path) -> None:
    """Upgrade the unpacked databases, and note in the journal that Slack may show more than it holds."""
    Catalog(stage / _CATALOG).close()
    if (stage / _JOURNAL).exists():
        journal = Journal(stage / _JOURNAL)
        journal.note_restored()
        journal.close()
    for path in stage.glob("*.sqlite3"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
            if fault := _fault(database):
                raise _no_backup(source, f"{path.name}: {fault}")
        _sync(path)


def _put_aside(folder: Path, aside: Path) -> None:
    for name in (_CATALOG, _JOURNAL):
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(sqlite3.connect(f"{(folder / name).resolve().as_uri()}?mode=rw", uri=True)) as database,
        ):
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in [*(f"{each}{end}" for each in _FILES for end in ("", "-wal", "-shm")), "chroma"]:
        if not (folder / name).exists():
            continue
        aside.mkdir(mode=0o700, exist_ok=True)
        if not (aside / name).exists():
            (folder / name).replace(aside / name)
        elif name == "chroma":
            shutil.rmtree(folder / name)
        else:  # put there by a restore that was interrupted
            (folder / name).unlink()
    if aside.exists():
        _sync(aside)


def _nobody_answers(folder: Path) -> None:
    for path in sorted((folder / "bots").glob("*.lock")):
        try:
            with FileLock(path).acquire(blocking=False):
                pass
        except Timeout:
            raise LockedError(
                f"A bot is answering from {folder}. Stop it, restore, then start it again; nothing was changed."
            ) from None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
