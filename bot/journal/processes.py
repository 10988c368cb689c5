"""Which process answers a question: its name in the journal, and what tells others whether it lives.

On one machine a lock on a file tells at once. Where the journal is shared by many, a lease in it does, which its owner
renews.
"""

from __future__ import annotations

import logging
import secrets
import threading
from pathlib import Path

from filelock import FileLock, Timeout

from bot.faults import told
from bot.journal.leases import Leases

log = logging.getLogger("newsdesk.slack")

# seconds; longer than a call to Slack may take, so that none of a dead process arrives after its questions changed
# hands
LEASE = 30.0


class Owner:
    """A process that answers.

    Its lock file tells others that it lives; the system frees the lock however the process ends.
    """

    def __init__(self, folder: Path, leases: Leases | None = None, lease: float = LEASE) -> None:
        """``leases``: where the process is known by a lease of so many seconds, if the journal is shared."""
        self.name = secrets.token_hex(6)
        self._folder = folder / "bots"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self._path(self.name), thread_local=False)
        self._lock.acquire(blocking=False)
        self._leases = leases
        self._lease, self._ended = lease, threading.Event()
        if self._leases:
            self._leases.renew(self.name, lease)
            # A thread of its own: a busy event loop is no death.
            self._renewing = threading.Thread(target=self._renew, args=(self._leases,), name="lease", daemon=True)
            self._renewing.start()

    def close(self) -> None:
        """Say that this process answers no more."""
        if self._leases:
            self._ended.set()
            self._renewing.join()
            self._leases.retire(self.name)
        self._lock.release()
        self._path(self.name).unlink(missing_ok=True)

    def lives(self, name: str) -> bool:
        """Tell whether the process of another owner still runs."""
        path = self._path(name)
        if name == self.name:
            return True
        if not name or not path.exists():
            return bool(name and self._leases and self._leases.lives(name))
        lock = FileLock(path)
        try:
            with lock.acquire(blocking=False):
                path.unlink(missing_ok=True)
        except Timeout:
            return True
        if self._leases:  # it died on this machine: nobody need wait for its lease to run out
            self._leases.retire(name)
        return False

    def _renew(self, leases: Leases) -> None:
        while not self._ended.wait(self._lease / 6):
            try:
                leases.renew(self.name, self._lease)
            # the next try may reach it; else others take over, and every post asks first whose question it is
            except Exception as error:
                log.error("cannot renew the lease error=%s", told(error))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"
