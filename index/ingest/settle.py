"""Decides again, after articles were added or removed, which lines are furniture because they recur.

The state of the archive depends on the articles in it, not on the order in which they came: a line that becomes
furniture with its third story is also cut from the first two, and a line that too few articles still contain is put
back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

from index.archive import Archive
from index.articles import Article, Source
from index.batch import Batch, Prepared
from index.clean.recurring import REASON, STORIES, Counted, counted, whole, without
from index.store.rows import CutLine
from index.store.snapshot import Snapshot

_AT_ONCE = 500  # articles published together


def prepared(
    archive: Archive | None, source: Source, text: str, file: str, original_digest: str, cut: Iterable[CutLine]
) -> Prepared:
    """Return an article ready to be published, without the lines that recur in its publisher's articles."""
    return split(source, text, file, original_digest, cut, lambda counts: _known(archive, counts))


def split(
    source: Source,
    text: str,
    file: str,
    original_digest: str,
    cut: Iterable[CutLine],
    known: Callable[[Counted], set[int]],
) -> Prepared:
    """Return an article ready to be published; ``known`` returns the digests of its lines that recur."""
    paragraphs = text.split("\n\n")
    counts = counted(source, paragraphs)
    return _without(source, paragraphs, counts, known(counts), file, original_digest, cut)


def checked(archive: Archive | None, item: Prepared) -> Prepared:
    """Return an article that another process split, without the lines that recur by now."""
    assert item.counted is not None
    counts = item.counted
    paragraphs = whole(
        item.article.text.split("\n\n"), [(line.position, line.text) for line in counts.lines if line.cut]
    )
    known = _known(archive, counts)
    if without(paragraphs, counts, known)[1] == counts:
        return item
    gone = [line.position for line in counts.lines if line.cut]
    cut = [(line, reason, _before(at, paragraphs, gone)) for line, reason, at in item.cut if reason != REASON]
    return _without(item.article.source, paragraphs, counts, known, item.file, item.original_digest, cut)


def _known(archive: Archive | None, counts: Counted) -> set[int]:
    if archive is None or not counts.lines:
        return set()
    with archive.catalog.snapshot() as snapshot:
        return snapshot.cut_lines(counts.publisher, [line.digest for line in counts.lines])


def settle(archive: Archive, embed: Callable[[list[Prepared]], None], model: str) -> None:
    """Clean the articles again in which a line has become furniture, or is none any more.

    The caller holds the writer's lock.

    ``embed`` gives the passages of some articles their vectors. A run that dies before the end leaves the rest to the
    next one.
    """
    with archive.catalog.snapshot() as snapshot:
        ids = sorted(snapshot.wrongly_cut(STORIES))
    for start in range(0, len(ids), _AT_ONCE):
        with archive.catalog.snapshot() as snapshot:
            batch = [item for id_ in ids[start : start + _AT_ONCE] if (item := _again(snapshot, id_)) is not None]
        if batch:
            embed(batch)
            archive.publish(Batch(articles=batch), model)
    with archive.catalog.transaction() as transaction:
        transaction.settled()


def _again(snapshot: Snapshot, article_id: str) -> Prepared | None:
    """Return an article without the lines that recur now, None if nothing changes."""
    stored = snapshot.article(article_id)
    if stored is None:
        return None
    source = stored.article.source
    taken_out = snapshot.cut_of(article_id)
    paragraphs = whole(stored.article.text.split("\n\n"), taken_out)
    counts = counted(source, paragraphs)
    known = snapshot.recurring(counts.publisher, [line.digest for line in counts.lines], STORIES)
    cut = [
        (line, reason, _before(at, paragraphs, [position for position, _ in taken_out]))
        for line, reason, at in stored.cut
        if reason != REASON
    ]
    found = _without(source, paragraphs, counts, known, snapshot.file_of(article_id), stored.original_digest, cut)
    return found if found.article.text != stored.article.text else None


def _without(
    source: Source,
    paragraphs: list[str],
    counts: Counted,
    known: set[int],
    file: str,
    original_digest: str,
    cut: Iterable[CutLine],
) -> Prepared:
    kept, counts = without(paragraphs, counts, known)
    gone = [line.position for line in counts.lines if line.cut]
    starts = _starts(paragraphs)
    cut_lines = [(line, reason, _after(at, paragraphs, gone)) for line, reason, at in cut]
    cut_lines += [(paragraphs[position], REASON, _after(starts[position], paragraphs, gone)) for position in gone]
    return Prepared.of(Article.of(source, "\n\n".join(kept)), file, original_digest, cut_lines, counts)


def _starts(paragraphs: Sequence[str]) -> list[int]:
    return list(itertools.accumulate((len(paragraph) + 2 for paragraph in paragraphs), initial=0))


def _after(at: int | None, paragraphs: Sequence[str], gone: Sequence[int]) -> int | None:
    """Return the offset, after some paragraphs were removed, of a place in the whole text."""
    if at is None or not gone:
        return at
    starts = _starts(paragraphs)
    return at - sum(len(paragraphs[position]) + 2 for position in gone if starts[position] < at)


def _before(at: int | None, paragraphs: Sequence[str], gone: Sequence[int]) -> int | None:
    """Return the offset in the whole text of a place in the text without some paragraphs."""
    starts = _starts(paragraphs) if gone else []
    for position in sorted(gone):
        if at is not None and starts[position] < at:
            at += len(paragraphs[position]) + 2
    return at
