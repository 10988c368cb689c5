"""Sentences of a text, as spans that can be quoted."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from index.words import listed, rows

Span = tuple[int, int]

_ABBREVIATIONS = frozenset(listed("abbreviations", "always"))
# These are words as well: abbreviations only with a capital ("on Sat. morning") or before a number ("No. 10").
_OF_DATES = frozenset(
    short for part in ("months", "weekdays") for row in rows("calendar", part) for short in row[1].split()
)
_BEFORE_NUMBERS = frozenset(listed("abbreviations", "before numbers"))
_MAY_END = frozenset(listed("abbreviations", "may end"))
_BOUNDARY = re.compile(
    r"""(?P<stop>(?<![.!?…])[.!?…]++|(?<![。！？])[。！？]++)(?P<close>["'”’»)\]\u201c]*)   # „…“ closes with U+201C
        (?:(?P<space>[ \t]+)(?=[^a-zß-öø-ÿ\s])|(?<=[。！？])(?=\S))""",
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"(?:[^\W\d_]|[.])+$")
_MARK = re.compile('["“”„«»]')
_CLOSERS = {'"': '"', "“": "”", "„": "“”", "«": "»"}
_LONG_QUOTE = 400  # characters; a longer quotation may be cut between its sentences
_LINE = re.compile(r"[^\n]+")


def spans(text: str) -> list[Span]:
    """Return the sentences of a text in order, as (start, end) character offsets without outer white space.

    A line break always ends a sentence, so a heading never sticks to what follows. Nothing is split inside a
    quotation of up to 400 characters. Every visible character of the text lies in exactly one span.
    """
    found: list[Span] = []
    for line in _LINE.finditer(text):
        for start, end in _split(line.group()):
            found.append((line.start() + start, line.start() + end))
    return found


def _split(line: str) -> Iterator[Span]:
    quotes = _quotations(line)
    start, inner = 0, 0
    for match in _BOUNDARY.finditer(line):
        stop = match.start("stop")
        if _inside(quotes, stop) and not _closes(quotes, match.end("close")):
            continue
        # Slices of a few words: a line may be megabytes long.
        if (
            match["stop"] == "."
            and not match["close"]
            and _is_abbreviation(line[max(inner, stop - 24) : stop], line[match.end() : match.end() + 24])
        ):
            continue
        yield from _trimmed(line, start, match.end("close"))
        start = match.end()
        inner = start
    yield from _trimmed(line, start, len(line))


def _trimmed(line: str, start: int, end: int) -> Iterator[Span]:
    piece = line[start:end]
    stripped = piece.strip()
    if stripped:
        offset = start + len(piece) - len(piece.lstrip())
        yield offset, offset + len(stripped)


def _is_abbreviation(before: str, after: str) -> bool:
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    token = word.group().lower()
    if len(token) == 1:  # an initial: "J. D. Vance"
        return True
    if "." in token and all(len(part) <= 1 for part in token.split(".")):  # "U.S", "p.m"
        # "in the U.S. The talks" ends a sentence, "the U.S. Senate" does not: only a function word decides.
        return re.match(r"(?:The|A|An|It|He|She|They|We|But|In|On|This|That|However)\b", after) is None
    if token in _MAY_END:
        return False
    if token in _BEFORE_NUMBERS:
        return after[:1].isdigit()
    return token in _ABBREVIATIONS or (token in _OF_DATES and word.group()[0].isupper())


def _quotations(line: str) -> list[Span]:
    """Return the spans between matching double quotation marks of up to 400 characters."""
    found: list[Span] = []
    opened: int | None = None
    closer = ""
    line = line.replace("''", '"\u2060')  # typewriter quotes, of the same length
    for mark in _MARK.finditer(line):
        index, char = mark.start(), mark.group()
        if opened is None:
            if char in _CLOSERS and (char != '"' or _opens(line, index)):
                opened, closer = index, _CLOSERS[char]
        elif char in closer and (char != '"' or not _opens(line, index) or index + 1 == len(line)):
            if index - opened <= _LONG_QUOTE:
                found.append((opened, index + 1))
            opened = None
    return found


def _opens(line: str, index: int) -> bool:
    """Tell whether a straight quotation mark opens: a gap or a bracket before it, none behind it."""
    before = line[index - 1] if index else " "
    after = line[index + 1] if index + 1 < len(line) else " "
    return (before.isspace() or before in "([—–-/:") and not after.isspace()


def _inside(quotes: list[Span], index: int) -> bool:
    found = bisect_left(quotes, (index, 0)) - 1
    return found >= 0 and quotes[found][0] < index < quotes[found][1]


def _closes(quotes: list[Span], end: int) -> bool:
    found = bisect_left(quotes, (end, 0)) - 1
    return found >= 0 and quotes[found][1] in (end, end - 1)
