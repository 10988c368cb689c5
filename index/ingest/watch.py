"""What changes in watched files and folders, gathered to quiet moments.

The operating system tells of changes as they happen. Where it may have missed some, everything is looked at again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from index.errors import ArchiveError

_QUIET_MS = 500  # an editor's unlink and rename, a copy of many files: one change
_AT_MOST_MS = 5_000  # under constant change, what has come by then is taken
_LOOK_MS = 1_000  # how often the named files and folders themselves are looked at
_MANY = 1_000  # changes at once: the system's queue may have run over, so everything is looked at
_SWEEP_SECONDS = (
    600  # the system tells nothing of what other machines change on a network disk, nor that its queue ran over
)


class StopSignal(Protocol):
    """Tells whether somebody wants the watch to end."""

    def is_set(self) -> bool:
        """Return True from then on."""
        ...


def changes_in(paths: Sequence[Path], stopped: StopSignal) -> Iterator[set[str] | None]:
    """Yield the absolute paths that changed in some files and folders; None says that anything may have changed.

    None comes first, when a named path goes or comes back, after very many changes, and every ten minutes. Changes that
    happen while the caller works come next. Raises ArchiveError if the system cannot watch so much.
    """
    from watchfiles import watch

    reported: dict[Path, tuple[int, int] | None] | None = None
    strict = True  # the library can pass over folders that may not be read, but then also over the system's limits
    while not stopped.is_set():
        standing = _standing(paths)
        if standing != reported and not any(standing.values()):
            reported = standing
            yield None
        there = [path for path, identity in standing.items() if identity]
        if not there:
            pause(_LOOK_MS / 1_000, stopped)
            continue
        events = watch(
            *there, watch_filter=None, debounce=_AT_MOST_MS, step=_QUIET_MS, rust_timeout=_LOOK_MS,
            stop_event=stopped, yield_on_timeout=True, raise_interrupt=False, ignore_permission_denied=not strict,
        )  # fmt: skip
        swept = 0.0
        try:
            for found in events:
                if _standing(paths) != standing:
                    break  # the watch is on what was there: begin again
                if reported != standing or len(found) >= _MANY or time.monotonic() - swept > _SWEEP_SECONDS:
                    reported, swept = standing, time.monotonic()
                    yield None
                elif found:
                    yield {path for _, path in found}
        except FileNotFoundError:
            continue  # gone this moment
        except (OSError, RuntimeError) as error:
            if not (strict and isinstance(error, PermissionError)):
                raise _explained(error) from error
            strict = False


def pause(seconds: float, stopped: StopSignal) -> None:
    """Wait, but not beyond a wish to stop."""
    until = time.monotonic() + seconds
    while not stopped.is_set() and time.monotonic() < until:
        time.sleep(0.05)


def _standing(paths: Sequence[Path]) -> dict[Path, tuple[int, int] | None]:
    """Return which file or folder each path names at this moment (device and number), None where there is none."""
    found: dict[Path, tuple[int, int] | None] = {}
    for path in paths:
        try:
            status = path.stat()
            found[path] = (status.st_dev, status.st_ino)
        except OSError:
            found[path] = None
    return found


def _explained(error: Exception) -> Exception:
    said = str(error)
    if "watch limit" in said or "MaxFilesWatch" in said:
        return ArchiveError(
            "The system does not let so many folders be watched. Allow more (sudo sysctl "
            "fs.inotify.max_user_watches=1048576), or watch fewer folders."
        )
    if "os error 24" in said:
        return ArchiveError(
            "The system does not let one more program watch files. Allow more (sudo sysctl "
            "fs.inotify.max_user_instances=1024)."
        )
    return ArchiveError(
        f"The folders cannot be watched ({said}). Run python ingest.py on them from time to time instead, for "
        "example by cron."
    )
