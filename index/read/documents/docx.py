"""Word documents: their paragraphs, tables and notes as they would be printed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from index.articles import digest_of
from index.dates import moment_of
from index.errors import UnreadableError
from index.read.documents.properties import properties, written
from index.read.record import Record, check_size

if TYPE_CHECKING:
    from lxml.etree import _Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"  # the same names, as ISO has them
_FALLBACK = (
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # a second copy of what stands beside it
)
_DC, _TERMS = "{http://purl.org/dc/elements/1.1/}", "{http://purl.org/dc/terms/}"


def read_docx(path: str, raw: bytes, limit: int) -> Record:
    """Read a Word document whose parts may unpack to ``limit`` bytes each.

    Raises UnreadableError for one that is encrypted, damaged, too large or holds no text.
    """
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        what = (
            "encrypted Word document: no text without the password"
            if "EncryptedPackage".encode("utf-16-le") in raw
            else "is a Word document of the old kind (.doc); save it as .docx"
        )
        raise UnreadableError(what)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            body = _part(package, "word/document.xml", limit)
            notes = [_part(package, f"word/{name}.xml", limit) for name in ("footnotes", "endnotes")]
            core = _part(package, "docProps/core.xml", 1_000_000)
            program = _part(package, "docProps/app.xml", 1_000_000)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise UnreadableError(
            f"is a damaged Word document ({str(error)[:100]}); open it in a word processor and save it again"
        ) from error
    if body is None:
        raise UnreadableError("is not a Word document, whatever its name says; give it its right ending or remove it")
    paragraphs = [text for part in (body, *notes) if part is not None for text in _docx_paragraphs(part)]
    if not any(paragraphs):
        raise UnreadableError(
            "holds no text; if it holds pictures of text, run text recognition and save the result as text"
        )
    said = {child.tag: child.text for child in core} if core is not None else {}
    created, _ = moment_of(said.get(f"{_TERMS}created"))
    programs = (
        [child.text for child in program if isinstance(child.tag, str) and child.tag.endswith("}Application")]
        if program is not None
        else []
    )
    author = said.get(f"{_DC}creator")
    made = written(created, author, *programs)
    return Record(path, digest_of(raw), "\n\n".join(paragraphs), properties(said.get(f"{_DC}title"), author), made=made)


def _part(package: zipfile.ZipFile, name: str, limit: int) -> _Element | None:
    """Return a part of the package as a tree, None if there is none; entities are not expanded."""
    from lxml import etree

    if name not in package.namelist():
        return None
    with package.open(name) as stream:
        raw = stream.read(limit + 1)
    check_size(len(raw), limit, "is a Word document that unpacks to")
    if b"<!DOCTYPE" in raw[:10_000] or b"<!ENTITY" in raw:
        raise UnreadableError("declares XML entities, as no word processor does; it is not read")
    try:
        return etree.fromstring(
            raw, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
        )
    except etree.XMLSyntaxError as error:
        raise UnreadableError(
            f"is a damaged Word document ({str(error)[:100]}); open it in a word processor and save it again"
        ) from error


def _docx_paragraphs(part: _Element) -> Iterator[str]:
    """Yield the paragraphs of a part in order, a table's row as one with its cells parted by bars."""
    w = _STRICT if part.tag.startswith(_STRICT) else _W
    for element in part.iter(f"{w}p", f"{w}tr"):
        # The row around an inner table, and the paragraph around a text box, have its words already.
        if any(above.tag in (_FALLBACK, f"{w}p", f"{w}tr") for above in element.iterancestors()):
            continue
        if element.tag == f"{w}tr":
            cells = [" ".join(_text(cell, w).split()) for cell in element.iterchildren(f"{w}tc")]
            text = " | ".join(filter(None, cells))
        else:
            text = " ".join(_text(element, w).split())
        if text:
            yield text


def _text(element: _Element, w: str) -> str:
    """Return the words of an element as they would be printed: without deleted text and field codes."""
    parts: list[str] = []
    for node in element.iter(f"{w}t", f"{w}tab", f"{w}br", f"{w}cr", f"{w}noBreakHyphen", f"{w}p"):
        if any(above.tag in (_FALLBACK, f"{w}del", f"{w}moveFrom") for above in node.iterancestors()):
            continue
        if node.tag == f"{w}t":
            parts.append(node.text or "")
        elif node.tag == f"{w}noBreakHyphen":
            parts.append("-")
        else:
            parts.append(" ")
    return "".join(parts)
