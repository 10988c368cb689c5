"""Which process answers a question: its name in the journal, and a lock that tells others whether it lives."""

from __future__ import annotations

import secrets
from pathlib import Path

from filelock import FileLock, Timeout


class Owner:
    """A process that answers. Its lock file tells others that it lives; the system frees the lock however the process ends."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(6)
        self._folder = folder / "bots"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self._path(self.name), thread_local=False)
        self._lock.acquire(blocking=False)

    def close(self) -> None:
        """Say that this process answers no more."""
        self._lock.release()
        self._path(self.name).unlink(missing_ok=True)

    def lives(self, name: str) -> bool:
        """Tell whether the process of another owner still runs."""
        path = self._path(name)
        if name == self.name:
            return True
        if not name or not path.exists():
            return False
        lock = FileLock(path)
        try:
            with lock.acquire(blocking=False):
                path.unlink(missing_ok=True)
            return False
        except Timeout:
            return True

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"
