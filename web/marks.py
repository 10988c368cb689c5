"""The text of an article as paragraphs, with the cited places marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.printable import printable
from web.links import Span

LONGEST = 200_000  # characters shown on one page; longer texts are shown in parts
_LINE = 2_000  # characters looked back for the beginning of a line

Mark = Literal["", "cited", "other"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a paragraph, fit to be shown; ``anchor`` is where a link to the cited place leads."""

    text: str
    mark: Mark = ""
    anchor: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What is shown of a text: from ``start`` to ``end`` of it, by paragraphs."""

    start: int
    end: int
    paragraphs: tuple[tuple[Piece, ...], ...]


def marked(text: str, cited: Span | None, others: Sequence[Span], begin: int | None = None) -> Part:
    """Return a text, or the part of a long one around the cited place or from ``begin`` on, with its places marked."""
    start, end = _shown(text, cited, begin)
    marks: list[tuple[int, int, Mark]] = [(*cited, "cited")] if cited else []
    for other in others:
        marks += [(first, last, "other") for first, last in _without(other, [(one, two) for one, two, _ in marks])]
    marks.sort()
    paragraphs, at, anchored = [], start, False
    for line in text[start:end].split("\n"):
        pieces: list[Piece] = []
        for first, last, mark in _pieces(at, at + len(line), marks):
            pieces.append(Piece(printable(text[first:last]), mark, anchor=mark == "cited" and not anchored))
            anchored = anchored or mark == "cited"
        if line.strip():
            paragraphs.append(tuple(pieces))
        at += len(line) + 1
    return Part(start, end, tuple(paragraphs))


def _shown(text: str, cited: Span | None, begin: int | None) -> Span:
    if len(text) <= LONGEST:
        return 0, len(text)
    start = begin if begin is not None else max(0, (cited[0] if cited else 0) - LONGEST // 2)
    start = _line_before(text, max(0, min(start, len(text) - 1)))
    end = min(len(text), start + LONGEST)
    return start, end if end == len(text) else _line_before(text, end)


def _line_before(text: str, place: int) -> int:
    return text.rfind("\n", max(0, place - _LINE), place) + 1 or place


def before(start: int) -> int:
    """Return where the part before the one that starts at ``start`` begins, so that nothing is left out between
    them.
    """
    return max(0, start - LONGEST + 2 * _LINE)


def _without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """Return what is left of a span outside of others."""
    left = [span]
    for first, last in taken:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, first)), (max(start, last), end))
            if piece[0] < piece[1]
        ]
    return left


def _pieces(start: int, end: int, marks: Sequence[tuple[int, int, Mark]]) -> list[tuple[int, int, Mark]]:
    """Divide a line at the ends of marks, which are in order and do not overlap."""
    found: list[tuple[int, int, Mark]] = []
    at = start
    for first, last, mark in marks:
        first, last = max(first, start), min(last, end)
        if first < last:
            found += [(at, first, ""), (first, last, mark)]
            at = last
    found.append((at, end, ""))
    return [piece for piece in found if piece[0] < piece[1]]
