"""Files in an object store (s3://, gs://, …), read through fsspec; users install the package of
each store.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from index.errors import UnreadableError
from index.read.record import File

# The package that reads each store; "memory" is part of fsspec, for trials.
PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "sftp": "paramiko",
    "hdfs": "pyarrow",
    "memory": "fsspec",
}
_IN_MEMORY = 64 * 2**20  # bytes; a larger file goes through a temporary one


def is_store(path: str) -> bool:
    """Tell whether a path names something in a store."""
    scheme, found, _ = path.partition("://")
    return bool(found) and scheme.lower() in PACKAGES


def canonical(path: str) -> str:
    """Return a path in a store in the form that the catalog stores."""
    try:
        store, inside = _at(path)
    except UnreadableError:
        return path.rstrip("/")
    return str(store.unstrip_protocol(inside)).rstrip("/")


def exists(path: str) -> bool:
    """Tell whether there is a file or folder at a path. Raises UnreadableError if the store does not answer."""
    store, inside = _at(path)
    return bool(_asked(path, lambda: store.exists(inside)))


def listed(path: str) -> dict[str, File]:
    """Return the files at a path or, at any depth, under it, by their paths, without names that begin with a dot.

    Raises UnreadableError if there is nothing, or the store does not answer.
    """
    store, inside = _at(path)
    store.invalidate_cache()
    if not _asked(path, lambda: store.exists(inside)):
        raise UnreadableError("there is no such file or folder; check the path")
    found: dict[str, dict[str, Any]] = _asked(path, lambda: store.find(inside, detail=True))
    above = len(inside.rstrip("/")) if inside not in found else inside.rfind("/")
    files = {}
    for name in sorted(found):
        if not any(part.startswith(".") for part in name[above:].split("/")):
            at = str(store.unstrip_protocol(name))
            files[at] = File(at, int(found[name].get("size") or 0), _version(store, name, found[name]))
    return files


def opened(path: str, size: int = 0, mtime_ns: int = 0) -> io.BufferedIOBase:
    """Fetch a file of a store and open it for reading. Raises UnreadableError if it cannot be fetched.

    With ``size`` and ``mtime_ns`` a file that was the last to be opened is not fetched again.
    """
    if size <= _IN_MEMORY:
        return io.BytesIO(_bytes(path, size, mtime_ns))
    store, inside = _at(path)
    copy = tempfile.TemporaryFile()  # noqa: SIM115 (whoever asked closes it)
    _asked(path, lambda: store.get_file(inside, copy))
    copy.seek(0)
    return cast(io.BufferedIOBase, copy)


@lru_cache(maxsize=1)  # a file is opened for its digest, and again to be read
def _bytes(path: str, _size: int, _mtime_ns: int) -> bytes:
    store, inside = _at(path)
    return cast(bytes, _asked(path, lambda: store.cat_file(inside)))


def _at(path: str) -> tuple[Any, str]:
    import fsspec

    store, inside = _asked(path, lambda: fsspec.core.url_to_fs(path), opening=True)
    return store, str(inside)


def _asked(path: str, ask: Callable[[], Any], *, opening: bool = False) -> Any:
    """Return what a store answers; ``opening``: it is asked for the first time. Raises UnreadableError."""
    try:
        return ask()
    except Exception as error:  # each store's package raises classes of its own
        scheme = path.partition("://")[0]
        first = (str(error).strip().splitlines() or ["no message"])[0]
        reason = f"{type(error).__name__}: {first[:200]}"
        if opening and isinstance(error, ImportError):
            package = PACKAGES[scheme.lower()]
            message = f"is in a store that newsdesk reads through {package}; install it: pip install {package}"
        elif opening:
            message = f"cannot be read ({reason}); check the address and the store's credentials"
        elif isinstance(error, FileNotFoundError):
            message = "is no longer in the store; run again"
        else:
            message = (
                f"cannot be had from the store ({reason}); check {scheme}'s credentials and its network, run again"
            )
        raise UnreadableError(message, passing=True) from error


def _version(store: Any, name: str, said: dict[str, Any]) -> int:
    """Return a number that differs after each change of a file: its time in nanoseconds, and its tag if it has one."""
    when = next(
        (said[key] for key in ("LastModified", "mtime", "updated", "last_modified", "modified") if said.get(key)), None
    )
    tag = next((str(said[key]) for key in ("ETag", "etag", "md5Hash", "content_md5", "checksum") if said.get(key)), "")
    if when is None and not tag:
        try:
            when = _asked(name, lambda: store.modified(name))
        except UnreadableError:  # a store without times
            return time.time_ns()  # then its digest decides
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    seconds = when.timestamp() if isinstance(when, datetime) else float(when or 0)
    # Many stores have whole seconds only: by the tag, two changes within a second differ.
    return int(seconds * 1_000_000) * 1_000 + (
        int.from_bytes(hashlib.blake2b(tag.encode(), digest_size=3).digest(), "big") if tag else 0
    )
