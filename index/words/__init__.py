"""Lists of words, as data: every .txt file beside this one is a list.

One entry a line. A line that begins with "#" is a comment, "[name]" begins a part of the file. Fields of an entry stand
between "|", groups of words between " / ". Words are written as they are compared: in lower case.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def lines(name: str, part: str = "") -> tuple[str, ...]:
    """Return the entries of a list, or of one part of it, in order."""
    found: list[str] = []
    here = ""
    for line in (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif line.strip() and not line.startswith("#") and here == part:
            found.append(line)
    if not found:
        raise KeyError(f"{name}.txt has no entries in part {part!r}")
    return tuple(found)


def listed(name: str, part: str = "") -> tuple[str, ...]:
    """Return the words of a list in order, as many as stand on its lines."""
    return tuple(word for line in lines(name, part) for word in line.split())


def rows(name: str, part: str = "", fields: int = 2) -> list[list[str]]:
    """Return the entries of a list as their fields; a field that a line leaves out is ""."""
    found = [[field.strip() for field in line.split("|")] for line in lines(name, part)]
    return [row + [""] * (fields - len(row)) for row in found]


def first_fields(name: str, *parts: str) -> list[str]:
    """Return the first field of each entry of one or more parts of a list."""
    return [row[0] for part in parts for row in rows(name, part)]


def groups(name: str, part: str = "") -> list[list[list[str]]]:
    """Return the entries of a list as groups of words."""
    return [[group.split() for group in line.split(" / ")] for line in lines(name, part)]


def marked(name: str, mark: str) -> tuple[str, ...]:
    """Return the words of a list that count for something: their second field has that mark."""
    return tuple(word for word, marks in rows(name) if mark in marks.split())


def one_of(words: Iterable[str]) -> str:
    """Return a regular expression for one of some words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


@cache
def numbers() -> dict[str, int]:
    """Return what the words of numbers stand for, from "zero" to "trillion"."""
    known = [*rows("numbers", "words"), *rows("numbers", "scales")]
    return {word: round(float(value)) for word, value, *_ in known}
