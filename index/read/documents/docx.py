"""Word documents: their paragraphs, tables and notes as they would be printed."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from index.articles import digest_of
from index.dates import moment_of
from index.errors import UnreadableError
from index.read.documents.properties import properties, written
from index.read.record import LOWERED, RAISED, Record, check_size

if TYPE_CHECKING:
    from lxml.etree import _Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"  # the same names, as ISO has them
_FALLBACK = (
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # a second copy of what stands beside it
)
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
# The signs of the font Symbol by their codes.
_SYMBOLS = dict(
    [
        *zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True),
        *zip(range(0x61, 0x7B), "αβχδεφγηιφκλμνοπθρστυϖωξψζ", strict=True),
        *zip(bytes.fromhex("a2a3a5abacadaeafb0b1b2b3b4b6b7b8b9babbbcd6d7"), "′≤∞↔←↑→↓°±″≥×∂•÷≠≡≈…√·", strict=True),
    ]
)
# What zipfile and lxml raise beside their own errors when a package is damaged.
_ODD = (EOFError, NotImplementedError, RuntimeError, ValueError, OSError, SyntaxError)
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
            styles = _part(package, "word/styles.xml", limit)
            numbering = _part(package, "word/numbering.xml", limit)
            notes = [_part(package, f"word/{name}.xml", limit) for name in ("footnotes", "endnotes")]
            core = _part(package, "docProps/core.xml", 1_000_000)
            program = _part(package, "docProps/app.xml", 1_000_000)
    except (zipfile.BadZipFile, zlib.error, *_ODD) as error:
        raise UnreadableError(
            f"is a damaged Word document ({str(error)[:100]}); open it in a word processor and save it again"
        ) from error
    if body is None:
        raise UnreadableError("is not a Word document, whatever its name says; give it its right ending or remove it")
    hidden, labels = _hidden_styles(styles), _labels(body, numbering, styles)
    paragraphs = [
        text for part in (body, *notes) if part is not None for text in _docx_paragraphs(part, hidden, labels)
    ]
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
    known = properties(said.get(f"{_DC}title"), author)
    return Record(path, digest_of(raw), "\n\n".join(paragraphs), known, made=made, extracted=True)


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
    return etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True))


def _docx_paragraphs(part: _Element, hidden: set[str], labels: Mapping[_Element, str]) -> Iterator[str]:
    """Yield the paragraphs of a part in order, a table's row as one with its cells parted by bars."""
    w = _STRICT if part.tag.startswith(_STRICT) else _W
    for element in part.iter(f"{w}p", f"{w}tr"):
        # The row around an inner table, and the paragraph around a text box, have its words already.
        if any(above.tag in (_FALLBACK, f"{w}p", f"{w}tr") for above in element.iterancestors()):
            continue
        if element.tag == f"{w}tr":
            cells = [" ".join(_text(cell, w, hidden).split()) for cell in element.iterchildren(f"{w}tc")]
            text = " | ".join(filter(None, cells))
        else:
            text = " ".join(_text(element, w, hidden).split())
        if text:
            yield f"{labels[element]} {text}" if element in labels else text


def _text(element: _Element, w: str, hidden: set[str]) -> str:
    """Return the words of an element as they would be printed: nothing deleted, struck out or hidden, no code."""
    parts: list[str] = []
    holder: _Element | None = None
    names = [f"{w}{name}" for name in ("t", "tab", "br", "cr", "noBreakHyphen", "sym")]
    for node in element.iter(*names, f"{_M}t", f"{_M}den"):
        around = list(node.iterancestors())
        if any(above.tag in (_FALLBACK, f"{w}del", f"{w}moveFrom") for above in around):
            continue
        run = next((above for above in around if above.tag == f"{w}r"), None)
        paragraph = next((above for above in around if above.tag == f"{w}p"), None)
        if run is not None and _is_hidden(run, paragraph, w, hidden):
            continue
        if paragraph is not holder:  # of a text box or a cell
            parts.append(" ")
            holder = paragraph
        if node.tag == f"{w}t":
            align = run.find(f"{w}rPr/{w}vertAlign") if run is not None else None
            place = align.get(f"{w}val") if align is not None else None
            parts.append(_raised(node.text or "", place))
        elif node.tag == f"{_M}t":
            raised = any(above.tag == f"{_M}sup" for above in around)
            lowered = any(above.tag == f"{_M}sub" for above in around)
            parts.append(_raised(node.text or "", "superscript" if raised else "subscript" if lowered else None))
        elif node.tag == f"{_M}den":
            parts.append("/")
        elif node.tag == f"{w}sym":
            parts.append(_symbol(node.get(f"{w}font") or "", node.get(f"{w}char") or ""))
        elif node.tag == f"{w}noBreakHyphen":
            parts.append("-")
        else:
            parts.append(" ")
    return "".join(parts)


def _raised(text: str, place: str | None) -> str:
    """Write raised and lowered digits as signs of Unicode (m², CO₂)."""
    if place not in ("superscript", "subscript") or not re.fullmatch(r"[+−-]?\d{1,4}", text):
        return text
    return text.translate(RAISED if place == "superscript" else LOWERED)


def _symbol(font: str, code: str) -> str:
    try:
        number = int(code, 16)
    except ValueError:
        return " "
    number -= 0xF000 if 0xF000 <= number <= 0xF0FF else 0
    if "symbol" in font.lower():
        return _SYMBOLS.get(number, chr(number) if 32 <= number < 0x41 else " ")
    return " " if "dings" in font.lower() or not 32 <= number < 0xD800 else chr(number)


def _is_hidden(run: _Element, paragraph: _Element | None, w: str, hidden: set[str]) -> bool:
    own = run.find(f"{w}rPr")
    if own is not None and (own.find(f"{w}vanish") is not None or own.find(f"{w}strike") is not None):
        return _hides(own, w)  # also where it takes back what a style says
    styles = [run.find(f"{w}rPr/{w}rStyle"), paragraph.find(f"{w}pPr/{w}pStyle") if paragraph is not None else None]
    return (own is not None and _hides(own, w)) or any(
        style is not None and style.get(f"{w}val") in hidden for style in styles
    )


def _hides(element: _Element, w: str) -> bool:
    """Tell whether properties strike text out or hide it."""
    found = [element.find(f"{w}{name}") for name in ("strike", "dstrike", "vanish")]
    return any(each is not None and each.get(f"{w}val") not in ("0", "false", "off") for each in found)


def _hidden_styles(styles: _Element | None) -> set[str]:
    """Return the names of the styles that strike text out or hide it."""
    if styles is None:
        return set()
    w = _STRICT if styles.tag.startswith(_STRICT) else _W
    return {
        style.get(f"{w}styleId") or ""
        for style in styles.iter(f"{w}style")
        for properties_of in style.iterchildren(f"{w}rPr")
        if _hides(properties_of, w)
    }


def _labels(part: _Element, numbering: _Element | None, styles: _Element | None) -> dict[_Element, str]:
    """Return the number in front of each paragraph of a numbered list, as Word shows it."""
    if numbering is None:
        return {}
    w = _STRICT if part.tag.startswith(_STRICT) else _W
    lists = {each.get(f"{w}numId"): each.find(f"{w}abstractNumId") for each in numbering.iterchildren(f"{w}num")}
    kinds = {each.get(f"{w}abstractNumId"): each for each in numbering.iterchildren(f"{w}abstractNum")}
    of_style = {
        style.get(f"{w}styleId"): found
        for style in (styles.iter(f"{w}style") if styles is not None else ())
        if (found := style.find(f"{w}pPr/{w}numPr")) is not None
    }
    counts: dict[str | None, list[int]] = {}
    labels: dict[_Element, str] = {}
    for paragraph in part.iter(f"{w}p"):
        style = paragraph.find(f"{w}pPr/{w}pStyle")
        number = paragraph.find(f"{w}pPr/{w}numPr")
        if number is None and style is not None:
            number = of_style.get(style.get(f"{w}val"))
        id_ = number.find(f"{w}numId") if number is not None else None
        kind = lists.get(id_.get(f"{w}val")) if id_ is not None else None
        depth = number.find(f"{w}ilvl") if number is not None else None
        level = int(depth.get(f"{w}val") or 0) if depth is not None else 0
        if kind is None or (abstract := kinds.get(kind.get(f"{w}val"))) is None or not 0 <= level < 9:
            continue
        levels = {each.get(f"{w}ilvl"): each for each in abstract.iterchildren(f"{w}lvl")}
        count = counts.setdefault(kind.get(f"{w}val"), [0] * 9)
        count[level] += 1
        count[level + 1 :] = [0] * (8 - level)
        if label := _label(levels, count, level, w):
            labels[paragraph] = label
    return labels


def _label(levels: Mapping[str | None, _Element], count: list[int], level: int, w: str) -> str:
    """Return the label of a paragraph in a list ("2.1", "c)"), nothing for a bullet."""

    def of_level(name: str, at: int, default: str) -> str:
        found = levels[str(at)].find(f"{w}{name}") if str(at) in levels else None
        return (found.get(f"{w}val") if found is not None else None) or default

    if of_level("numFmt", level, "bullet") in ("bullet", "none"):
        return ""

    def number(match: re.Match[str]) -> str:
        at = int(match[1]) - 1
        start = of_level("start", at, "1")
        value = max(count[at], 1) + (int(start) if start.isdecimal() else 1) - 1
        return _FORMS.get(of_level("numFmt", at, "decimal"), str)(value)

    return re.sub(r"%([1-9])", number, of_level("lvlText", level, ""))


def _roman(number: int) -> str:
    signs = (
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
    )
    text, number = "", min(number, 5_000)
    for value, sign in (*signs, (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        text += sign * (number // value)
        number %= value
    return text


def _letter(number: int) -> str:
    return chr(ord("a") + (number - 1) % 26) * min(1 + (number - 1) // 26, 9)


_FORMS: dict[str, Callable[[int], str]] = {
    "lowerLetter": _letter,
    "upperLetter": lambda number: _letter(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
}
