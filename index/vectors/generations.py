"""Generations: Chroma folders that are copied, changed, sealed, and never written again."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import socket
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import DiskFull, VectorsError
from index.store.dialect import is_postgresql
from index.store.rows import Generation
from index.vectors.chroma import Collection, Writer, open_folder
from index.vectors.engine import Changes, Index

if TYPE_CHECKING:
    from index.store.snapshot import Snapshot
    from index.store.transaction import Transaction

_SEAL = "seal.json"
_DATABASE = "chroma.sqlite3"
_FICLONE = 0x40049409  # Linux ioctl: share the blocks of a file instead of copying them
_ROOM_A_VECTOR = 16_384  # bytes; measured 5.5 kB a passage with its text, and as much again and more while SQLite works
_ROOM = 32 * 2**20
_FOLDERS = 8  # by one writer: Chroma keeps some memory of each, 13 MB where there are 100,000 passages
_Traces = tuple[tuple[str, int, int, int, int], ...]


class Folders:
    """The engine for folders of Chroma, one for each generation."""

    url: str | None = None
    steady = True
    per_snapshot = False
    spare = 1

    def __init__(self, root: Path) -> None:
        self.root = root
        self._looked: tuple[str, _Traces] | None = None  # the generation that was last found whole, and its files then
        self._writer: Writer | None = None

    @property
    def writable(self) -> bool:
        """Whether the folders can be written, or made."""
        return not self.root.exists() or os.access(self.root, os.W_OK)

    def prepare_to_write(self) -> None:
        """Start the process that writes folders, which takes a second; ``stop_writing`` ends it."""
        self._writer = self._writer or Writer()

    def stop_writing(self) -> None:
        """End the process that writes folders."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def open(self, generation: Generation, snapshot: Snapshot) -> Collection:
        """Open a generation for search, its seal checked. Raises VectorsError if it is damaged or gone."""
        folder = self.root / generation.name
        _check(folder)
        collection = open_folder(folder)
        found = collection.count()
        if found != generation.passages:
            collection.close()
            raise VectorsError(f"The index {folder} holds {found} passages, the catalog {generation.passages}.")
        return collection

    def complete(self, index: Index, generation: Generation) -> None:
        """Do nothing: a folder never changes."""

    def holds(self, name: str) -> bool:
        """Tell whether a generation, intact or not, is in this folder."""
        return (self.root / name).is_dir()

    def check(self, generation: Generation, snapshot: Snapshot) -> None:
        """Compare a generation with its seal, without opening it. Raises VectorsError if it is damaged or gone."""
        _check(self.root / generation.name)

    def ping(self, generation: Generation, snapshot: Snapshot) -> None:
        """Check as ``check`` does, but only if a file has changed since the last time. Raises VectorsError."""
        now = (generation.name, _traces(self.root / generation.name))
        if now != self._looked:
            _check(self.root / generation.name)
            self._looked = now

    def write(
        self, previous: Generation | None, number: int, changes: Changes, added: int, total: int
    ) -> tuple[Generation, Changes]:
        """Write a generation from the one before (None: from nothing), seal it, and return it.

        Raises VectorsError if it does not hold ``total`` passages in the end, DiskFull if there is no room.
        """
        name = self._written(previous.name if previous else None, number, changes, added, total)
        return Generation(number, name, total, previous.dead + len(changes.drop) if previous else 0), Changes()

    def commit(self, transaction: Transaction, generation: Generation, left: Changes, unneeded: Sequence[str]) -> None:
        """Tell other machines that share the catalog where the vectors are."""
        if is_postgresql(transaction.connection):
            transaction.put_fact("vectors_at", self.here())

    def here(self) -> str:
        """Return this machine and the folder."""
        return f"{socket.gethostname()}:{self.root.parent.resolve()}"

    def _written(self, previous: str | None, number: int, changes: Changes, added: int, expected: int) -> str:
        before = self.root / previous if previous else None
        self._need_room(_size(before) + added * _ROOM_A_VECTOR + _ROOM)
        name = f"generation-{number:06d}-{secrets.token_hex(3)}"  # never a name that a dying run may still write to
        folder = self.root / name
        with contextlib.ExitStack() as undo:
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            try:
                folder.mkdir(parents=True)
                found = self._wrote(folder, changes, lambda: _copy(before, folder) if before else None)
                if found != expected:
                    raise VectorsError(f"The new index {folder} holds {found} passages, not {expected}.")
                _seal(folder, found)
            except sqlite3.Error as error:
                raise VectorsError(f"The index {before} is damaged ({error}).") from error
            except OSError as error:
                raise DiskFull(
                    f"The index could not be written under {self.root}: {error.strerror or error}. Nothing that was "
                    "in is lost."
                ) from error
            undo.pop_all()
        return name

    def _wrote(self, folder: Path, changes: Changes, prepare: Callable[[], None]) -> int:
        """Have a folder written, by the writer that was expected or by one for this folder alone."""
        writer, kept = self._writer or Writer(), self._writer is not None
        self._writer = None  # of one that fails nothing is kept
        with contextlib.ExitStack() as end:
            end.callback(writer.close)
            found = writer.write(folder, changes, prepare)
            if kept and writer.written < _FOLDERS:
                end.pop_all()
                self._writer = writer
        if kept:
            self.prepare_to_write()
        return found

    def tidy(self, kept: set[str]) -> None:
        """Remove every generation but some: those of runs that died, and those no reader needs."""
        with contextlib.suppress(FileNotFoundError):
            for folder in self.root.iterdir():
                if folder.name.startswith("generation-") and folder.name not in kept:
                    shutil.rmtree(folder, ignore_errors=True)

    def _need_room(self, needed: int) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.root).free
        if free < needed:
            raise DiskFull(
                f"The disk with {self.root} has {free / 2**20:.0f} MB free; the next index needs up to "
                f"{needed / 2**20:.0f} MB. "
                "Free some space and run again; nothing that was in is lost."
            )


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        goal = target / path.relative_to(source)
        if path.is_dir():
            goal.mkdir()
        elif path.name == _DATABASE:
            # A reader that opens the folder writes a row into this file. Holding SQLite's lock for writers keeps it
            # still.
            with contextlib.closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as database:
                database.execute("BEGIN IMMEDIATE")
                _clone(path, goal)
        elif path.name != _SEAL and not path.name.startswith(_DATABASE):  # nor a journal
            _clone(path, goal)


def _clone(source: Path, target: Path) -> None:
    with source.open("rb") as old, target.open("wb") as new:
        try:
            fcntl.ioctl(new.fileno(), _FICLONE, old.fileno())
            return
        except OSError:  # the file system cannot share blocks
            pass
    shutil.copyfile(source, target)


def _seal(folder: Path, passages: int) -> None:
    """Write down what the files hold, and force everything to the disk."""
    sealed = {name: [path.stat().st_size, _digest(path)] for name, path in _index_files(folder)}
    database = _digest(folder / _DATABASE)
    (folder / _SEAL).write_text(json.dumps({"index": sealed, "database": database, "passages": passages}, indent=1))
    for path in [*folder.rglob("*"), folder, folder.parent]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _check(folder: Path) -> None:
    """Compare a folder with its seal: a damaged one can end the process that opens it."""
    try:
        seal = json.loads((folder / _SEAL).read_text())
        sealed, passages = seal["index"], seal["passages"]
        if dict(_index_files(folder)).keys() != sealed.keys() or not (folder / _DATABASE).is_file():
            raise VectorsError(f"Files of the index {folder} are missing.")
        for name, path in _index_files(folder):
            if [path.stat().st_size, _digest(path)] != sealed[name]:
                raise VectorsError(f"The index file {path} is damaged.")
        if _digest(folder / _DATABASE) != seal["database"]:
            _check_database(folder / _DATABASE, passages)
    except (OSError, ValueError, KeyError, AttributeError, TypeError, sqlite3.Error) as error:
        raise VectorsError(f"The index {folder} is damaged or gone ({error}).") from error


def _check_database(path: Path, passages: int) -> None:
    """Check a database that is not as it was sealed: every reader that opens it writes a row, which is harmless."""
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        faults = database.execute("PRAGMA quick_check(1)").fetchone()
        collections = database.execute("SELECT count(*) FROM collections").fetchone()
        found = database.execute("SELECT count(*) FROM embeddings").fetchone()
    if faults != ("ok",) or collections != (1,) or found != (passages,):
        raise VectorsError(f"The database {path} is damaged.")


def _traces(folder: Path) -> _Traces:
    """Return what changes with the files of a folder, without reading them."""
    found = []
    with contextlib.suppress(OSError):  # what goes while we look has changed
        for path in sorted(folder.rglob("*")):
            status = path.stat()
            found.append((str(path), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
    return tuple(found)


def _index_files(folder: Path) -> list[tuple[str, Path]]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        (str(path.relative_to(folder)), path)
        for path in paths
        if path.name != _SEAL and not path.name.startswith(_DATABASE)
    ]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(folder: Path | None) -> int:
    return (
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if folder is not None and folder.is_dir()
        else 0
    )
