"""The articles of sample_articles/ as the archive would hold them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from index.articles import Article, Source, article_id
from index.clean.clean import Cleaned, clean
from index.read.files import Listing, read, walk
from index.read.record import Failure, Record

SAMPLES = Path(__file__).resolve().parents[2] / "sample_articles"
LIMIT = 50 * 2**20


@cache
def records() -> dict[str, Record]:
    """Every sample article as it was saved, by file name ("wire.jsonl#mw-20250306-0412" for a line of a JSONL file)."""
    listing = Listing()
    found: dict[str, Record] = {}
    for file in walk([str(SAMPLES)], listing):
        for item in read(file, LIMIT):
            assert not isinstance(item, Failure), item
            found[Path(item[0]).name] = item[1]
    assert not listing.failures
    return found


@cache
def cleaned(name: str) -> Cleaned:
    metadata = records()[name].metadata
    return clean(records()[name].text, metadata.title or "", metadata.publisher)


@cache
def article(name: str) -> Article:
    record = records()[name]
    known = record.metadata
    source = Source(
        article_id(record.path),
        known.title or name,
        known.publisher,
        known.author,
        record.url,
        record.path,
        known.published,
    )
    return Article.of(source, cleaned(name).text)
