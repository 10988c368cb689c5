"""Watches files and folders, and yields what changed once it has been quiet for a moment.

The operating system reports changes as they happen. Where it may have missed some, everything is walked again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from index.errors import ArchiveError, LockedError, ModelChanged, NewsdeskError, SettingsError

_QUIET_MS = 500  # without a change; so an editor's unlink and rename are one change
_AT_MOST_MS = 5_000  # under constant change, what came so far is yielded
_LOOK_MS = 1_000  # between two checks of the named files and folders themselves
_MANY = 1_000  # changes at once: the system's queue may have overflowed, so everything is walked again
# The system reports neither what other machines change on a network disk nor that its queue overflowed.
_SWEEP_SECONDS = 600


T = TypeVar("T")


class StopSignal(Protocol):
    """Set once somebody asked the watch to end."""

    def is_set(self) -> bool:
        """Tell whether it is set."""
        ...


def changes_in(paths: Sequence[Path], stopped: StopSignal) -> Iterator[set[str] | None]:
    """Yield the absolute paths that changed in some files and folders; None says that anything may have changed.

    None comes first, when a named path goes or comes back, after very many changes, and every ten minutes. Changes that
    happen while the caller works come next. Raises ArchiveError if the system cannot watch so much.
    """
    from watchfiles import watch

    reported: dict[Path, tuple[int, int] | None] | None = None
    strict = True  # else the library skips folders without permission, but also hides the system's limits
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
                    break  # the watch is on what was there before: begin again
                if reported != standing or len(found) >= _MANY or time.monotonic() - swept > _SWEEP_SECONDS:
                    reported, swept = standing, time.monotonic()
                    yield None
                elif found:
                    yield {path for _, path in found}
        except FileNotFoundError:
            continue  # just removed
        except (OSError, RuntimeError) as error:
            if not (strict and isinstance(error, PermissionError)):
                raise _explained(error) from error
            strict = False


def pause(seconds: float, stopped: StopSignal) -> None:
    """Wait for some seconds, or until a stop is asked for."""
    until = time.monotonic() + seconds
    while not stopped.is_set() and time.monotonic() < until:
        time.sleep(0.05)


def until_it_works(work: Callable[[bool], None], stopped: StopSignal, warn: Callable[[str], None]) -> None:
    """Do something until it works; ``work`` is given whether it is tried for the first time.

    Raises only what trying again cannot mend.
    """
    reported, delay = "", 1.0
    while not stopped.is_set():
        error = tried(partial(work, not reported))
        if isinstance(error, (ModelChanged, SettingsError)):
            raise error
        if not isinstance(error, Exception):
            if reported:
                warn("It works again.")
            return
        sentence = sentence_of(error)
        if sentence != reported:
            warn(f"{sentence}\nTrying again until it works.")
        reported = sentence
        pause(2.0 if isinstance(error, LockedError) else delay, stopped)
        delay = min(delay * 2, 60.0)


def tried(work: Callable[[], T]) -> T | Exception:
    """Return what some work returns, or the error that it raises."""
    try:
        return work()
    except Exception as error:  # a watch outlives whatever it meets, and says so
        return error


def sentence_of(error: Exception) -> str:
    """Return what failed, and what to do, for the person who runs an ingest."""
    if isinstance(error, NewsdeskError):
        return str(error)
    if isinstance(error, OSError):
        return (
            f"{error.filename or 'the system'}: {error.strerror or error}. Check the disk and its permissions: "
            "python -m bot doctor"
        )
    return f"The run ended with a fault of newsdesk ({type(error).__name__}: {error}). Please report it."


def _standing(paths: Sequence[Path]) -> dict[Path, tuple[int, int] | None]:
    """Return device and inode of the file or folder at each path, None where there is none."""
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
