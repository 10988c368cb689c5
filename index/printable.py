"""Texts and paths in the form a terminal may show."""

from __future__ import annotations

from pathlib import Path

_UNPRINTABLE = {
    ord(char): None for char in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
} | dict.fromkeys((*range(32), *range(127, 160)), " ")


def printable(text: str) -> str:
    """Return a text fit for one line of a terminal: no control characters, no marks that reverse what stands around
    them.
    """
    return text.translate(_UNPRINTABLE).encode("utf-8", "replace").decode("utf-8")


def short_path(path: str) -> str:
    """Return a path relative to the current folder if it lies in it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
