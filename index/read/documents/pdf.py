"""PDFs: the lines on their pages, joined to paragraphs."""

from __future__ import annotations

import io
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from index.articles import digest_of
from index.errors import UnreadableError
from index.read.documents.columns import Line, Piece, lines_of
from index.read.documents.layout import notes_last, paragraphs, printed_address, without_running_lines
from index.read.documents.properties import properties, written
from index.read.record import Record

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

# What pypdf raises beside its own errors when it meets something unexpected in a file.
_ODD = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    AssertionError,
    ArithmeticError,
    OSError,
    RecursionError,
)
_PAGES = 2_000
_SECONDS = 60.0  # the PDF of an article takes one second
_CHARACTERS = 20_000_000
_MOVES = (b"Td", b"TD", b"Tm", b"T*")
_JUMP = 90.0  # points to the right; a column of a newspaper is wider


def read_pdf(path: str, raw: bytes) -> Record:
    """Read a PDF. Raises UnreadableError for one that is encrypted, damaged, too large or holds no text."""
    import pypdf
    from pypdf.errors import PyPdfError

    if b"%PDF" not in raw[:1_024]:
        raise UnreadableError("is not a PDF, whatever its name says; give it its right ending or remove it")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every small flaw
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("encrypted PDF: no text without the password")
        count = len(reader.pages)
        if count > _PAGES:
            raise UnreadableError(f"is a PDF of {count:,} pages, more than {_PAGES:,}; split it")
        # Our limit of time bounds the forms; at its own limit pypdf leaves out the rest without a word.
        with pypdf.apply_configuration(xform_maximum_invocations_per_extraction=sys.maxsize):
            pages, pictures = _pages(reader)
    except pypdf.errors.DependencyError as error:
        raise UnreadableError("encrypted PDF: its kind of encryption cannot be read here; save it without") from error
    except (PyPdfError, *_ODD) as error:
        raise UnreadableError(
            f"is a damaged PDF ({type(error).__name__}: {str(error)[:100]}); open it in a viewer, print it to a "
            "new PDF, and ingest that"
        ) from error
    if sum(len(line.text) for lines in pages for line in lines) < 20 * max(1, len(pages) // 4):
        if pictures:
            raise UnreadableError(
                "holds pictures of pages, no text; run text recognition (for example ocrmypdf) and ingest the result"
            )
        raise UnreadableError("is a PDF without any text; export it again as text")
    known, made = _known(reader)
    text = "\n\n".join(paragraphs(notes_last(without_running_lines(pages))))
    return Record(path, digest_of(raw), text, known, printed_address(pages), made=made)


def _pages(reader: PdfReader) -> tuple[list[list[Line]], bool]:
    """Return the lines of each page, and whether a page without lines holds a picture."""
    pages, pictures, until, length = [], False, time.monotonic() + _SECONDS, 0
    for page in reader.pages:
        lines = _lines(page, until)
        length += sum(len(line.text) for line in lines)
        if length > _CHARACTERS:
            raise UnreadableError(f"is a PDF of more than {_CHARACTERS / 1e6:.0f} million characters; split it")
        pictures = pictures or (not lines and _holds_picture(page))
        pages.append(lines)
    return pages, pictures


def _holds_picture(page: PageObject) -> bool:
    try:
        objects: Any = cast(Any, page)["/Resources"]["/XObject"].get_object()
        return any(item.get_object().get("/Subtype") in ("/Image", "/Form") for item in objects.values())
    except (KeyError, AttributeError, TypeError):
        return False


def _lines(page: PageObject, until: float) -> list[Line]:
    from pypdf.generic import ContentStream, NameObject

    rows: list[list[Piece]] = [[]]
    before: list[float] = [0.0, 0.0]  # where the last move led
    jumped = False

    def place(outer: Sequence[float], inner: Sequence[float]) -> tuple[float, float]:
        return (
            inner[4] * outer[0] + inner[5] * outer[2] + outer[4],
            inner[4] * outer[1] + inner[5] * outer[3] + outer[5],
        )

    def in_time(*_: Any) -> None:
        if time.monotonic() > until:
            raise UnreadableError(
                f"is a PDF that takes more than {_SECONDS:.0f} s to read; split it, or save its text and ingest that"
            )

    def moved(operator: bytes, _operands: Any, outer: Sequence[float], inner: Sequence[float]) -> None:
        nonlocal jumped
        if operator in _MOVES:
            x, y = place(outer, inner)
            jumped = x - before[0] > _JUMP and abs(y - before[1]) < 2
            before[:] = x, y

    def piece(text: str, outer: Sequence[float], inner: Sequence[float], font: Any, size: float) -> None:
        in_time()
        x, y = place(outer, inner)
        height = float(size or 0) * (abs(inner[3] * outer[3]) or 1.0)
        bold = "bold" in str(font.get("/BaseFont", "")).lower() if font else False
        for index, part in enumerate(text.split("\n")):
            if index:
                rows.append([])
            if part:
                rows[-1].append(Piece(part, x, y, height, bold))

    def parted(operations: list[Any]) -> Iterator[Any]:
        """Yield the operations of a page so that pypdf ends a piece of text where the next one begins far to the
        right: else it joins what stands side by side in two columns.
        """
        for operation in operations:
            yield operation
            if jumped and operation[1] in _MOVES:
                yield [1, 0, 0, 1, 0, 0], b"cm"

    if "/Contents" in page:
        content = ContentStream(page["/Contents"].get_object(), page.pdf, "bytes")
        content.operations = cast(Any, parted(content.operations))
        page[NameObject("/Contents")] = content
    page.extract_text(visitor_text=piece, visitor_operand_before=in_time, visitor_operand_after=moved)
    in_time()  # pypdf may have swallowed what was raised inside a form
    return lines_of(rows, float(page.mediabox.bottom), float(page.mediabox.top))


def _known(reader: PdfReader) -> tuple[Any, date | None]:
    from pypdf.errors import PyPdfError

    try:
        said = reader.metadata
        if said is None:
            return properties(None, None), None
        known = properties(said.title, said.author)
        created = said.creation_date
        return known, written(created.date() if created else None, said.producer, said.creator)
    except (PyPdfError, *_ODD):  # properties are written by anything; a PDF with odd ones is still an article
        return properties(None, None), None
