"""An article as it was saved, before cleaning: its file or the fetched page, else the text with what was cut."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.articles import article_id, digest_of
from index.errors import UnreadableError
from index.read.files import read
from index.read.html.page import source_of
from index.read.record import File, decoded
from index.read.text_files import read_sidecar, sidecar_of
from index.store.rows import StoredArticle
from index.store.snapshot import Snapshot

_LARGEST = 50 * 2**20  # bytes of a file that is read to be shown
_TEXTS = (".txt", ".md", ".html", ".htm", ".eml")  # files that are texts, and each one article
_RECORDS = (".json", ".jsonl", ".jsonl.gz")

Form = Literal["file", "page", "record", "put together"]


@dataclass(frozen=True, slots=True)
class Original:
    """A text as it was saved, and its origin; ``put together``: the cleaned text with the cut lines where they were.

    ``markup``: it is the source of a web page.
    """

    text: str
    kind: Form
    markup: bool = False


def original(snapshot: Snapshot, stored: StoredArticle) -> Original:
    """Return an article as it was saved.

    A file or page is shown only if it is, byte for byte, what the article was read from.
    """
    page = snapshot.fetch(stored.file)
    if page is not None and page.key and article_id(page.key) == stored.article.source.id:
        from index.read.web import media_type  # loads a client for HTTP, which showing files needs not

        return _shown(page.body, "page", media_type(page.content_type)[1])
    return _from_file(stored) or Original(_put_together(stored), "put together")


def _from_file(stored: StoredArticle) -> Original | None:
    name = stored.file.lower()
    if not stored.file.startswith("/") or not name.endswith(_TEXTS + _RECORDS):
        return None
    try:
        path = Path(stored.file)
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return _text_of(stored, path) if name.endswith(_TEXTS) else _record_of(stored, path)
    except (OSError, UnreadableError):
        return None


def _text_of(stored: StoredArticle, path: Path) -> Original | None:
    raw = path.read_bytes()
    digest, sidecar = digest_of(raw), sidecar_of(str(path))
    if stored.original_digest != digest and (
        sidecar is None or stored.original_digest != digest_of(digest + read_sidecar(sidecar).digest)
    ):
        return None
    if path.name.lower().endswith((".html", ".htm")):
        return _shown(raw, "file")
    return Original(decoded(raw), "file")


def _shown(raw: bytes, kind: Form, charset: str | None = None) -> Original:
    """Return a saved page, or the text that it turns out to be. Raises UnreadableError if it is neither."""
    try:
        return Original(source_of(raw, charset), kind, markup=True)
    except UnreadableError:
        return Original(decoded(raw, charset), kind)


def _record_of(stored: StoredArticle, path: Path) -> Original | None:
    status, sidecar = path.stat(), sidecar_of(str(path))
    for item in read(File(str(path), status.st_size, status.st_mtime_ns, sidecar), _LARGEST):
        if isinstance(item, tuple) and item[1].digest == stored.original_digest:
            return Original(item[1].text, "record")
    return None


def _put_together(stored: StoredArticle) -> str:
    """Return the cleaned text with the lines that were cut from it where they stood."""
    text, parts, at = stored.article.text, [], 0
    placed = sorted((position, number) for number, (_, _, position) in enumerate(stored.cut) if position is not None)
    for position, number in placed:
        parts += [text[at:position], stored.cut[number][0] + "\n"]
        at = max(at, position)
    parts.append(text[at:])
    return "".join(parts) + "".join(f"\n{line}" for line, _, position in stored.cut if position is None)
