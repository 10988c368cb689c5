"""Brings the articles that an older newsdesk added up to date, in portions."""

from __future__ import annotations

from collections.abc import Callable

from index.statements import VERSION, reading_of
from index.store.catalog import Catalog

_AT_ONCE = 100


def read_all(catalog: Catalog, stopped: Callable[[], bool] = lambda: False) -> int:
    """Store who says what in the articles that an older newsdesk added; return how many there were.

    The caller holds the writer's lock. The next run continues one that was killed or stopped.
    """
    count = 0
    with catalog.snapshot() as snapshot:
        version, _, last = (snapshot.fact("readings") or "").partition(":")
    if version == VERSION and not last:
        return count
    last = last if version == VERSION else ""
    while not stopped():
        with catalog.snapshot() as snapshot:
            articles = snapshot.articles(snapshot.ids_after(last, _AT_ONCE))
        read = {id_: reading_of(article) for id_, article in articles.items()}
        last = max(read, default="")
        with catalog.transaction() as transaction:
            for id_, reading in read.items():
                transaction.put_reading(id_, reading)
            transaction.put_fact("readings", f"{VERSION}:{last}" if last else VERSION)
        count += len(read)
        if not last:
            break
    return count
