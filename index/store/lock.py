"""One writer at a time, and who it is."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import ArchiveError, LockedError


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the archive's lock for the length of a block.

    The operating system frees it when the process ends, however it ends. Raises LockedError, naming the owner, if it is
    taken.
    """
    # The owner stands in a file of its own: what is in the lock file is the library's business.
    owner = folder / "writer.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "writer.lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LockedError(
            f"{_named(owner)} is writing to the archive {folder}. Wait for it to end, then run the command again."
        ) from error
    except OSError as error:
        raise ArchiveError(
            f"The folder {folder} cannot be written: {error.strerror or error}. Check its owner and NEWSDESK_DATA_DIR."
        ) from error
    try:
        with contextlib.suppress(OSError):  # a full disk must not keep the lock from being held
            owner.write_text(json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}))
        yield
    finally:
        lock.release()


def _named(owner: Path) -> str:
    try:
        known = json.loads(owner.read_text())
        return f"Process {int(known['pid'])} (since {known['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "Another process"
