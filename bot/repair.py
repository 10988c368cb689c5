"""What is done about a search index that cannot be used: it is written again from the catalog, nothing embedded."""

from __future__ import annotations

from index.archive import Archive
from index.errors import LockedError, NewsdeskError, ServerDown


def mended(archive: Archive) -> tuple[bool, str]:
    """Write the vectors again if they are damaged.

    Return whether they can be used now, and what became of them as half a sentence ("": nothing).
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


def rebuilt(archive: Archive) -> str | None:
    """Write the vectors of a restored archive.

    Return why they could not be, None if they were. The caller holds the writer's lock.
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
