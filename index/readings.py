"""What an article's text tells beyond its words, read once when it is put in: who says what, and what its acronyms
stand for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.acronyms import acronyms
from index.articles import Article
from index.statements import statements
from index.store.rows import StoredStatement
from index.text import spans

if TYPE_CHECKING:
    from index.store.catalog import Catalog

VERSION = "1"  # of the rules: when it changes, the next run reads every article again
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """What an article tells: its statements in order, and its acronyms as pairs of search terms ("imf", "intern
    monetari fund").
    """

    statements: tuple[StoredStatement, ...] = ()
    acronyms: frozenset[tuple[str, str]] = frozenset()


def reading_of(article: Article) -> Reading:
    """Read an article."""
    text, id_ = article.text, article.source.id
    places = spans(text)
    found = statements([text[start:end] for start, end in places])
    said = tuple(StoredStatement(id_, *places[each.index], each.speaker, each.verb, each.carried) for each in found)
    return Reading(said, acronyms(text))


def read_all(catalog: Catalog, stopped: Callable[[], bool] = lambda: False) -> int:
    """Read what an older newsdesk put in, and return how many articles that were. The caller holds the writer's lock.

    A run that is killed or stopped is continued by the next.
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
