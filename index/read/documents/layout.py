"""The lines of pages, joined to paragraphs, without what recurs at their edges."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from itertools import pairwise

from index.clean.byline import byline_of
from index.read.documents.columns import Line

_NUMBER = re.compile(r"^\W*(?:(?:page|seite|p\.|s\.)\s*)?\d{1,4}(?:\s*(?:of|/|von|sur|de)\s*\d{1,4})?\W*$", re.I)
_PRINTED = re.compile(  # a browser's lines: an address, or day and hour of the printing
    r"\b(?:https?|file)://\S|\b(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d),?\s(?:at\s)?\d{1,2}[:.]\d\d\b"
)
_ADDRESS = re.compile(r"\bhttps?://[^\s…]+(?=\s|$)")
_NOTE = re.compile(r"^(?:\[?\d{1,3}[\].)]?|[*†‡§])\s{0,2}\S")
_OUTER = 0.06  # of the page's height
_MARGIN = 0.12  # of the page's height
_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_TOP = 10  # lines among which a byline stands
_ENDS = re.compile(r"[.!?…:]['\"”’»)\]]*$")


def without_running_lines(pages: list[list[Line]]) -> list[list[Line]]:
    """Leave out page numbers at the edges of pages, what stands at the edges of many of them, and what a browser
    prints there.
    """
    edges = [_edges(lines) for lines in pages]
    counts = Counter(
        text for lines, edge in zip(pages, edges, strict=True) for text in {_sign(lines[index]) for index in edge}
    )
    often = max(2, 0.3 * len(pages))
    return [
        [
            line
            for index, line in enumerate(lines)
            if not (
                index in edge
                and (
                    _NUMBER.match(line.text)
                    or (counts[_sign(line)] >= often and len(line.text) < 150)
                    or (line.edge < _OUTER and _PRINTED.search(line.text) and len(line.text) < 300)
                )
            )
        ]
        for lines, edge in zip(pages, edges, strict=True)
    ]


def printed_address(pages: list[list[Line]]) -> str | None:
    """Return the address that a browser printed at the edge of the first page, None if there is none."""
    outer = [line.text for line in (pages[0] if pages else []) if line.edge < _OUTER and _PRINTED.search(line.text)]
    return next((match[0] for text in outer if (match := _ADDRESS.search(text))), None)


def notes_last(pages: list[list[Line]]) -> list[list[Line]]:
    """Put the footnotes of all pages after the last page, so that they part no sentence."""
    sizes: Counter[float] = Counter()
    for line in (line for page in pages for line in page):
        sizes[line.size] += len(line.text)
    small = 0.87 * sizes.most_common(1)[0][0] if sizes else 0.0
    story: list[list[Line]] = []
    notes: list[Line] = []
    for page in pages:
        above: Line | None = None  # of a note
        story.append([])
        for line in page:
            goes_on = above is not None and 0 < above.y - line.y < 2 * line.size
            above = line if line.size < small and (goes_on or _NOTE.match(line.text)) else None
            (notes if above else story[-1]).append(line)
    return [*story, notes]


def _edges(lines: list[Line]) -> set[int]:
    """Return which lines are the two highest or the two lowest of a page and stand in its margins."""
    order = sorted(range(len(lines)), key=lambda index: -lines[index].y)
    return {index for index in (*order[:2], *order[-2:]) if lines[index].edge < _MARGIN}


def _sign(line: Line) -> tuple[str, int]:
    """Return what running heads share from page to page: their words, and their height on the page."""
    text = line.text.casefold()
    return _DIGITS.sub("#", text) if len(text.split()) <= 8 else text, round(line.y / 6)


def paragraphs(pages: list[list[Line]]) -> list[str]:
    """Join lines to paragraphs; a paragraph may go on in the next column or on the next page."""
    lines = [line for page in pages for line in page]
    gaps = Counter(round(above.y - below.y, 1) for above, below in pairwise(lines) if 2 < above.y - below.y < 60)
    leading = min(gaps, key=lambda gap: (-gaps[gap], gap), default=0.0)  # the usual step from line to line
    widths = [len(line.text) for line in lines]
    wide = statistics.quantiles(widths, n=10)[7] if len(widths) > 1 else 0.0
    words = Counter(word.casefold() for line in lines for word in _WORDS.findall(line.text))
    found: list[list[str]] = []
    for index, line in enumerate(lines):
        above = lines[index - 1] if index else None
        byline = above and index < _TOP and (byline_of(line.text) or byline_of(above.text))
        if above is None or byline or _begins(above, line, leading, wide):
            found.append([line.text])
        else:
            found[-1][-1] = _before_break(found[-1][-1], line.text, words)
            found[-1].append(line.text)
    return ["".join(parts) for parts in found]


def _begins(above: Line, line: Line, leading: float, wide: float) -> bool:
    """Tell whether a line begins a paragraph."""
    if abs(above.size - line.size) > 0.15 * max(above.size, line.size):
        return True  # a heading and the text under it
    if line.text[:1].isupper() and (above.bold != line.bold or (above.text.isupper() and not line.text.isupper())):
        return True
    ended = _ENDS.search(above.text) is not None
    gap = above.y - line.y
    if gap < 0:  # the top of the next column or page
        return ended and len(above.text) < 0.9 * wide
    if leading and gap > 1.35 * max(leading, line.size):
        return True
    indented = line.x > above.x + 0.7 * (line.size or 10) and ended
    return indented or (ended and len(above.text) < 0.75 * wide)


def _before_break(text: str, line: str, words: Counter[str]) -> str:
    """Return a line as it stands before the next one of its paragraph.

    A hyphen at its end is removed unless the document writes the word with one.
    """
    if text.endswith("\u00ad"):
        return text[:-1]
    tail, head = re.search(r"([^\W\d_]+)[-‐]$", text[-100:]), re.match(r"[^\W\d_]+", line[:100])
    if tail and head and head[0][0].islower():
        whole, parted = f"{tail[1]}{head[0]}".casefold(), f"{tail[1]}-{head[0]}".casefold()
        return text if words[parted] > words[whole] else text[:-1]
    return text if tail else f"{text} "
