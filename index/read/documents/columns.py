"""The order of the lines on a page: columns that a program wrote row by row, capitals that hang into a paragraph."""

from __future__ import annotations

import re
import statistics
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from index.read.record import LIGATURES, RAISED

_NEAR = 3.0  # points between two beginnings of one column
_MOST = 20  # beginnings and capitals of a page that are looked at: time must not grow with the square of a page
_ROWS = 3  # of two columns side by side: fewer are no columns
_CERTAIN = 6  # rows from which on the gap between them need not be measured, for letters are only about so wide
_CELL = 15  # characters of a column's line at least; the cells of a table are shorter
_LETTERS = re.compile(r"\s*(?:[^\W\d_]\s+){3,}[^\W\d_]\s*")
_CAPITAL = re.compile(r"[\"'“„«‘(]?[^\W\d_]")
_MARK = re.compile(r"\s?(?:\d{1,3}|[*†‡§])(?:,\d{1,3})*\s?")
_UNIT = re.compile(r"(?:^|\W)[kcdm]?m$")
_NARROW = frozenset(" ijlIftr.,;:'|!()[]’‘")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text that a PDF sets at a place, in points from the page's left and lower edge."""

    text: str
    x: float
    y: float
    size: float  # of its letters, 0 where the file does not say
    bold: bool = False

    @property
    def end(self) -> float:
        """Return about where it ends: the file does not always say how wide its letters are."""
        text = self.text.rstrip()
        width = sum(
            0.28 if char in _NARROW else 1.0 if char >= "\u2e80" else 0.68 if char.isupper() else 0.52 for char in text
        )
        return self.x + width * (self.size or 10)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands on its page."""

    text: str
    x: float
    y: float
    size: float
    edge: float  # how far from the upper or lower edge, as a share of the page's height
    bold: bool = False


Row = list[Piece]


def lines_of(rows: Sequence[Row], low: float, high: float) -> list[Line]:
    """Return the lines of a page in the order in which they are read.

    A row is what the file writes at one height; ``low`` and ``high`` are the page's edges.
    """
    parts = (part for row in rows for part in _at_one_height(row))
    filled = [part for part in parts if any(piece.text.strip() for piece in part)]
    lines = []
    for row in _in_columns(filled):
        first = next(piece for piece in row if piece.text.strip())
        edge = min(first.y - low, high - first.y) / max(1.0, high - low)
        if text := _text(row):
            bold = all(piece.bold for piece in row if piece.text.strip())
            lines.append(Line(text, first.x, first.y, _size(row), edge, bold))
    return _with_capitals(lines)


def _at_one_height(row: Row) -> Iterator[Row]:
    """Yield the parts of a row: pypdf joins lines of two columns whose heights are nearly the same."""
    part: Row = []
    for piece in row:
        before = part[-1] if part else piece
        if piece.x < before.x - 60 and abs(piece.y - before.y) > 0.2:
            yield part
            part = []
        part.append(piece)
    yield part


def _size(row: Row) -> float:
    """Return the size of most of a row's letters."""
    sizes: dict[float, int] = {}
    for piece in row:
        sizes[piece.size] = sizes.get(piece.size, 0) + len(piece.text.strip())
    return max(sizes, key=lambda size: (sizes[size], size))


def _text(row: Row) -> str:
    """Return the words of a row: without marks of footnotes, ligatures as letters."""
    size, text = _size(row), ""
    for index, piece in enumerate(row):
        if index and piece.size < 0.8 * size and _MARK.fullmatch(piece.text) and text.strip():
            if _UNIT.search(text):
                text += piece.text.translate(RAISED)
            continue
        if index == 1 and _CAPITAL.fullmatch(text.strip()) and row[0].size > 1.8 * piece.size:
            text = text.strip()  # a capital that hangs into the paragraph
        text += piece.text
    if _LETTERS.fullmatch(text):  # l e t t e r s  set apart
        words = re.split(r"\s{2,}", text.strip())
        if len(words) > 1 or len(text) < 24:
            text = " ".join("".join(word.split()) for word in words)
    return " ".join(text.replace("\u00ad\n", "").translate(LIGATURES).split())


def _in_columns(rows: list[Row]) -> Iterator[Row]:
    """Yield the rows of a page, those that go over several columns column by column."""
    starts = sorted(_starts(_side_by_side(rows)))
    zone: list[Row] = []
    uncrossed, begun = set(starts), set[float]()
    lowest: dict[int, float] = {}  # of each column
    for row in rows:
        open_here = {start for start in starts if not _crosses(row, start)}
        begins = {start for start in starts if _begins_at(row, start)}
        column, height = bisect_right(starts, row[0].x + _NEAR), row[0].y
        above = lowest.get(column, height)
        apart = height > above + 2 or (above - height > 2.5 * (row[0].size or 10) and not begins)
        # A headline may go over two columns of three.
        if zone and (apart or begun - open_here or begins - uncrossed):
            yield from _by_column(zone, uncrossed)
            zone, uncrossed, begun, lowest = [], set(starts), set(), {}
        zone.append(row)
        uncrossed &= open_here
        begun |= begins
        lowest[column] = height
    yield from _by_column(zone, uncrossed)


def _side_by_side(rows: list[Row]) -> list[Row]:
    """Return the rows of a page, one for two that follow each other side by side at nearly the same height."""
    found: list[Row] = []
    for row in rows:
        above = found[-1][0] if found and len(found[-1]) < 10 * _MOST else None
        if above and abs(above.y - row[0].y) < 0.6 * (above.size or 10) and abs(row[0].x - above.x) > 60:
            found[-1] = sorted([*found[-1], *row], key=lambda piece: piece.x)
        else:
            found.append(row)
    return found


def _by_column(zone: list[Row], uncrossed: set[float]) -> Iterator[Row]:
    starts = sorted(start for start in uncrossed if any(_begins_at(row, start) for row in zone))
    bounds = [float("-inf"), *(start - _NEAR for start in starts), float("inf")]
    for left, right in pairwise(bounds):
        for row in zone:
            if cell := [piece for piece in row if left <= piece.x < right]:
                yield cell


def _starts(rows: list[Row]) -> list[float]:
    """Return where columns begin on a page, beside the leftmost: at a place where many rows begin anew, which few
    cross, with running text on both sides.
    """
    beginnings = sorted(piece.x for row in rows for piece in row[1:] if piece.x > row[0].x + 60 and piece.text.strip())
    groups: list[list[float]] = []
    for x in beginnings:
        if groups and x - groups[-1][0] <= _NEAR:
            groups[-1].append(x)
        else:
            groups.append([x])
    often = sorted(groups, key=len, reverse=True)[:_MOST]
    return [group[0] for group in often if len(group) >= _ROWS and _is_column(rows, group[0])]


def _is_column(rows: list[Row], start: float) -> bool:
    split = [index for index, row in enumerate(rows) if _begins_at(row, start) and row[0].x < start - _NEAR]
    if len(split) < _ROWS:
        return False
    between = rows[split[0] : split[-1] + 1]
    if sum(_crosses(row, start) for row in between) > 0.2 * max(0, len(between) - 5):
        return False
    gaps = [
        start - max(piece.end for piece in rows[index] if piece.x < start - _NEAR and piece.text.strip())
        for index in split
    ]
    if len(split) < _CERTAIN and statistics.median(gaps) < 0.5 * (rows[split[0]][0].size or 10):
        return False
    cells = [_sides(rows[index], start) for index in split]
    if any(statistics.median(len(cell[side]) for cell in cells) < _CELL for side in (0, 1)):
        return False
    # Lines of running text begin in the middle of a sentence; the cells of a table do not.
    heads = [cell[:1] for pair in cells for cell in pair]
    return sum(head.isalpha() and not head.isupper() for head in heads) >= 0.25 * len(heads)


def _sides(row: Row, start: float) -> tuple[str, str]:
    left = "".join(piece.text for piece in row if piece.x < start - _NEAR)
    right = "".join(piece.text for piece in row if piece.x >= start - _NEAR)
    return left.strip(), right.strip()


def _begins_at(row: Row, start: float) -> bool:
    if any(abs(piece.x - start) <= _NEAR and piece.text.strip() for piece in row):
        return True
    return any(  # the first line of a paragraph
        0 < after.x - start <= 3 * after.size and after.x - piece.end > after.size and after.text.strip()
        for piece, after in pairwise(row)
    )


def _crosses(row: Row, start: float) -> bool:
    """Tell whether a row's text goes on over the beginning of a column."""
    if _begins_at(row, start):
        return False
    return any(piece.x < start - _NEAR and piece.end > start + 2 * (piece.size or 10) for piece in row) or any(
        piece.x < start - _NEAR and after.x > start and piece.end > start - 2 * (piece.size or 10)
        for piece, after in pairwise(row)
    )


def _with_capitals(lines: list[Line]) -> list[Line]:
    """Put each capital that hangs into a paragraph before the paragraph's first line."""
    found = list(lines)
    for capital in islice((line for line in lines if _CAPITAL.fullmatch(line.text)), _MOST):
        at = next(index for index, line in enumerate(found) if line is capital)
        beside = [
            line
            for line in found[max(0, at - 5) : at + 3]
            if line.size < capital.size / 1.8
            and 0 < line.x - capital.x < 2.5 * capital.size
            and -0.3 * capital.size <= line.y - capital.y <= 1.2 * capital.size
        ]
        if beside:
            first = max(beside, key=lambda line: line.y)
            words = [word for line in lines for word in line.text.casefold().split()]
            head = first.text.casefold().split()[0]
            alone = words.count(head) > 1 > words.count(capital.text.casefold() + head) and capital.text in "AIOaio"
            joined = f"{capital.text}{' ' if alone else ''}{first.text}"
            found[found.index(first)] = Line(joined, first.x, first.y, first.size, first.edge, first.bold)
            found.remove(capital)
    return found
