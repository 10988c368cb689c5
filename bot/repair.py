"""Repairs: a search index that cannot be used is written again from the catalog, without embedding anything."""

from __future__ import annotations

from index.archive import Archive
from index.errors import LockedError, NewsdeskError, ServerDown

READ_ONLY_INDEX = (
    "The data folder cannot be written, and Chroma opens no index that it cannot write to: each question is compared "
    "with all vectors of the catalog"
)


def mend_index(archive: Archive) -> tuple[bool, str]:
    """Write the vectors again if they are damaged.

    Returns whether they can be used now, and half a sentence on what was done ("": nothing).
    """
    try:
        if why := archive.why_not_here():
            return False, f"the catalog's own vectors were searched instead. {why}"
        with archive.writing():
            if archive.is_intact():
                return True, ""
            _rebuild(archive)
    except LockedError:
        return False, "the ingest that is running will mend it; the catalog's own vectors were searched instead"
    except ServerDown:
        return False, "the catalog's own vectors were searched instead"
    except NewsdeskError as error:
        return False, f"the catalog's own vectors were searched instead; rebuilding failed: {error}"
    return True, "it has been rebuilt from the catalog"


def rebuild_restored(archive: Archive) -> str | None:
    """Write the vectors of a restored archive; return why that failed, None if it did not.

    The caller holds the writer's lock.
    """
    try:
        _rebuild(archive)
    except NewsdeskError as error:
        return str(error)
    return None


def _rebuild(archive: Archive) -> None:
    with archive.catalog.snapshot() as snapshot:
        model = snapshot.fact("model")
    if model:
        archive.rebuild(model)
