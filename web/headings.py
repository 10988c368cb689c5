"""Which lines of an article's text are its subheadings: the text does not say, so their form and neighbours do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.text import BULLET, is_sentence, words

_MOST_WORDS, _LONGEST = 12, 90
# A label ("Image: Ann Lee"), a credit, a row of a table, a time, or a line that ends as no heading does.
_NONE = re.compile(r"""^@|:\s|©|\||\b\d{1,2}[:.h]\d\d\b|[,;:.!…–—-][\"”’'»)\]]*$""")


def subheadings(lines: Sequence[str]) -> list[bool]:
    """Tell for each line of a text whether it is a subheading.

    It is a short line without a full stop, after a paragraph, and before one. Takes linear time.
    """
    found = [False] * len(lines)
    filled = [number for number, line in enumerate(lines) if line.strip()]
    for before, number, after in zip(filled, filled[1:], filled[2:], strict=False):
        found[number] = _may_be(lines[number].strip()) and is_sentence(lines[before]) and is_sentence(lines[after])
    return found


def _may_be(line: str) -> bool:
    return (
        len(line) <= _LONGEST
        and not line[0].islower()
        and not BULLET.match(line)
        and not _NONE.search(line)
        and 0 < len(words(line)) <= _MOST_WORDS
    )
