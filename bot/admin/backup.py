"""Backups: catalog, journal and the secret of the links in one file, made and put back while others work.

Chroma is rebuilt, so it is not in them.

backup:   copy each database as of one moment → check → pack with digests → read back → name it
restore:  unpack beside → check → mark → old aside → new in place → unmark → Chroma from the catalog
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
    """Write a backup of a data folder that may be in use, and return its manifest.

    The file has its name only once it is whole and has been read back. Raises SettingsError if it is there already
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
    """Hold the unfinished file of a backup; what a dead process left of one is replaced."""
    part = target.with_name(f".{target.name}.part")
    with open(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LockedError(f"Another backup is writing {target}. Wait for it to end.") from None
        try:
            yield part
        finally:
            with contextlib.suppress(OSError):
                if os.path.samestat(part.stat(), os.fstat(held.fileno())):
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
    """Pack a database as it is at one moment, however much is written meanwhile; return its size and digest, and what
    is in it.
    """
    copy.unlink(missing_ok=True)
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            contextlib.closing(sqlite3.connect(source, timeout=60)) as old,
            contextlib.closing(sqlite3.connect(copy)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
            _check(new)
            about = _about(new)
        return _add(packed, copy, source.name), about
    except sqlite3.Error as error:
        if "full" in str(error) or "I/O" in str(error):
            raise DiskFull(
                f"The disk with {copy.parent} is full or failing ({error}). Free some space or name another disk."
            ) from error
        raise ArchiveError(
            f"{source} is damaged ({error}), so no backup was made of it. Restore it from an earlier one; see: "
            "python -m bot doctor"
        ) from error
    finally:
        copy.unlink(missing_ok=True)


def _check(database: sqlite3.Connection) -> None:
    fault = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise sqlite3.DatabaseError(fault)


def _about(database: sqlite3.Connection) -> dict[str, Any]:
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")} & {
        "articles",
        "facts",
        "passages",
        "questions",
    }
    # A process that has just made the file may not have come to its tables.
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
    """Copy a stream and return its size and digest; of one that is longer than it should be the rest is left."""
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
    """Open a backup. Raises ArchiveError if it is damaged, none, or of a newer newsdesk."""
    try:
        with zipfile.ZipFile(source) as packed:
            if packed.getinfo(_MANIFEST).file_size > _CHUNK:
                raise ValueError("its manifest is too long")
            manifest = json.loads(packed.read(_MANIFEST))
            if int(manifest["format"]) > _FORMAT:
                raise ArchiveError(
                    f"{source} was made by a newer newsdesk ({manifest['newsdesk']}). Update newsdesk; nothing "
                    "was changed."
                )
            if not set(manifest["files"]) <= set(_FILES) or _CATALOG not in manifest["files"]:
                raise ValueError("its manifest names other files")
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
        raise ArchiveError(
            f"{source} is damaged or no backup of newsdesk ({error}). Use another copy; nothing was changed."
        ) from error


def restore(source: Path, folder: Path) -> tuple[dict[str, Any], Path | None]:
    """Put a backup into a data folder nobody works in.

    Return its manifest, and where what was there before is now. The caller holds the writer's lock.

    A restore that was interrupted leaves a mark, so that nobody mistakes the folder for an archive; run it again.
    Raises LockedError while a bot uses the folder, ArchiveError if the backup is damaged or newer, DiskFull; then
    nothing has changed.
    """
    _nobody_answers(folder)
    stage, mark = folder / _STAGE, folder / UNFINISHED
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(mode=0o700)
    try:
        manifest = _unpacked(source, stage)
        _taken_up(stage)
    except OSError as error:
        shutil.rmtree(stage, ignore_errors=True)
        raise DiskFull(
            f"{source} could not be unpacked into {folder}: {error.strerror or error}. Free some space; nothing "
            "was changed."
        ) from error
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
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
    shutil.rmtree(stage, ignore_errors=True)
    return manifest, aside if aside.exists() else None


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
                    raise ValueError(f"{name} in it is not what was backed up")
                new.flush()
                os.fsync(new.fileno())
    return manifest


def _taken_up(stage: Path) -> None:
    """Bring what was unpacked up to date, and tell the journal that it is older than what Slack shows."""
    Catalog(stage / _CATALOG).close()
    if (stage / _JOURNAL).exists():
        journal = Journal(stage / _JOURNAL)
        journal.restored()
        journal.close()
    for path in stage.glob("*.sqlite3"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
            _check(database)
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
