"""What is done about a search index that cannot be used: it is written again from the catalog, nothing embedded."""

from __future__ import annotations

from index.archive import Archive
from index.errors import LockedError, NewsdeskError, ServerDown
from index.lock import writer_lock


def mended(archive: Archive) -> tuple[bool, str]:
    """Write the vectors again if they are damaged. Return whether they can be used now, and what became of them as half a sentence ("": nothing)."""
    try:
        with writer_lock(archive.folder):
            if archive.sound():
                return True, ""
            with archive.catalog.snapshot() as snapshot:
                model = snapshot.fact("model")
            archive.rebuild(model or "")
    except LockedError:
        return False, "the ingest that is running will mend it; the catalog's own vectors were searched instead"
    except ServerDown:
        return False, "the catalog's own vectors were searched instead"
    except NewsdeskError as error:
        return False, f"the catalog's own vectors were searched instead; rebuilding failed: {error}"
    return True, "it has been rebuilt from the catalog"
