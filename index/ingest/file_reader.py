"""What reading one file gives: its digest, then its articles, cleaned, with their language. It depends on the file
alone, so any machine may read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from index.articles import Source, article_id
from index.batch import Prepared
from index.clean.clean import clean
from index.clean.offers import breaks_off_before_offer, without_offer
from index.errors import UnreadableError
from index.read.fields import Unread
from index.read.files import digest_of_file, read
from index.read.record import Failure, File, Record, with_metadata
from index.read.text_metadata import Metadata
from index.store.rows import CutLine, FileRecord

_CODE = re.compile(r"^([a-z]{2})(?:[-_][a-z0-9]{2,8})*$", re.I)
_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_SAMPLE = 4_000  # characters; measured: four sentences are enough
_SURE = 0.9
_SAME = {"nb": "no", "iw": "he", "in": "id"}  # codes the model knows by another


def language_of(text: str, stated: str | None = None) -> str | None:
    """Return a text's language as ISO 639-1, None where neither its source nor its words tell.

    What the source states holds if it is among the five most likely; templates state English over any text.
    """
    match = _CODE.match((stated or "").strip())
    named = match[1].lower() if match else None
    sample = text[:_SAMPLE]
    if len(_WORD.findall(sample)) < 8 and len(_UNSPACED.findall(sample)) < 12:
        return named
    ranked = [(code, share) for code, share in _identifier().rank(sample) if len(code) == 2]
    if _SAME.get(named or "", named) in [code for code, _ in ranked[:5]] or ranked[0][1] < _SURE:
        return named
    return str(ranked[0][0])


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@dataclass(frozen=True, slots=True)
class FileToRead:
    """A file that may have changed.

    ``before``: how it was when it was last read. ``known_digest``: with this digest it need not be read again.
    ``limit``: most bytes of one article. ``force``: articles that have not changed are read as well. ``publisher``: of
    articles that name none.
    """

    file: File
    limit: int
    before: FileRecord | None = None
    known_digest: str | None = None
    force: bool = False
    publisher: str | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """The SHA-256 of a file and its sidecar, in hex."""

    value: str


@dataclass(frozen=True, slots=True)
class UnchangedArticle:
    """An article that is in the archive as it is in its file."""

    id: str


@dataclass(frozen=True, slots=True)
class CleanedArticle:
    """An article that is new or has changed, cleaned of all but the lines that recur over its publisher's articles."""

    source: Source
    text: str
    digest: str
    cut: tuple[CutLine, ...]


Article = UnchangedArticle | CleanedArticle | Prepared  # the last where the reader has also split it
Found = Digest | Failure | Unread | Article
Known = Callable[[str], str | None]  # the digest of what an article was read from, by its id; None if it is not in


class Looking(Protocol):
    """What reads files, one after the other or many at a time."""

    def __call__(self, files: Iterable[FileToRead], known: Known, /) -> Iterator[tuple[FileToRead, Iterator[Found]]]:
        """Yield what is found in each file, in order: its digest or a failure, then its articles and failures."""


def one_by_one(files: Iterable[FileToRead], known: Known) -> Iterator[tuple[FileToRead, Iterator[Found]]]:
    """Read files in this process, each when it is asked for."""
    for file in files:
        yield file, read_file(file, known)


def read_file(file: FileToRead, known: Known) -> Iterator[Found]:
    """Yield the digest of a file, then its articles unless that digest is known. Failures are yielded, never raised."""
    try:
        digest = digest_of_file(file.file, file.limit)
    except UnreadableError as error:
        yield Failure(file.file.path, str(error), passing=error.passing)
        return
    yield Digest(digest)
    if digest != file.known_digest:
        records = read(file.file, file.limit)
        if file.publisher:
            said = Metadata(publisher=file.publisher)
            records = ((item[0], with_metadata(item[1], said)) if isinstance(item, tuple) else item for item in records)
        yield from cleaned(records, known, force=file.force)


def cleaned(
    records: Iterable[tuple[str, Record] | Failure | Unread],
    known: Known,
    *,
    force: bool = False,
    passing: bool = False,
) -> Iterator[Failure | Unread | UnchangedArticle | CleanedArticle]:
    """Yield records as articles. ``passing`` says that one without text may have some the next time."""
    for item in records:
        if not isinstance(item, tuple):
            yield item
            continue
        key, record = item
        id_ = article_id(key)
        if not force and known(id_) == record.digest:
            yield UnchangedArticle(id_)
            continue
        metadata = record.metadata
        found = clean(
            record.text,
            metadata.title or "",
            metadata.publisher,
            extracted=record.extracted,
            left_out=record.left_out,
        )
        teaser = record.teaser or (record.speaks and breaks_off_before_offer(found))
        if teaser:
            found = without_offer(found)
        if not found.text:
            yield Failure(
                record.path, "no article text in it, only page furniture; save the page again as text", passing=passing
            )
            continue
        title = metadata.title or Path(record.path).name
        language = language_of(found.text, record.language)
        source = Source(
            id_,
            title,
            metadata.publisher,
            metadata.author,
            record.url,
            record.path,
            metadata.published,
            language,
            metadata.published_at,
            metadata.date_source,
            teaser,
        )
        yield CleanedArticle(
            source, found.text, record.digest, tuple((cut.line, cut.reason, cut.at) for cut in found.cut)
        )
