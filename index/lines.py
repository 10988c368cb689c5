"""Lines of a page: what reads like prose, what is a whole sentence, what is a list's mark."""

from __future__ import annotations

import re
from functools import lru_cache

BULLET = re.compile(r"^(?:[*•·▪◦‣+^–—-]+|>{1,3}|[»«]|\d{1,2}[.)]|o(?=\s[A-Z\d]))\s+")
_WORD = re.compile(r"\w+")
# A line of prose ends with a full stop or its like; quotation marks, brackets and emoji may follow.
_END = re.compile(r"""[.!?…:;。！？।॥؟۔][^\w.!?…:;。！？।॥؟۔]*$|["”»]$""")
_FULL_STOP = re.compile(r"""(?:(?<!\.\.)[.!?。！？।॥؟۔]|[.!?]["”’'»)\]])[^\w.!?…:;。！？।॥؟۔]*$|[^.…]["”»]$""")
_CLIPPED = re.compile(r"(?:…|\.\.\.)\W*$")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")  # Thai, Japanese, Chinese
# "WeatherSportPolitics": links whose spaces were lost when the page was saved.
_GLUED = re.compile(r"[^\W\d_A-Z]{2}[A-Z][^\W\d_]")


def is_prose(line: str) -> bool:
    """Tell whether a line reads like a sentence rather than like a label, a heading or a link."""
    return _shape(line)[0]


def is_sentence(line: str) -> bool:
    """Tell whether a line reads like prose and ends as a sentence does: not clipped ("…"), not without an end."""
    return _shape(line)[0] and not is_clipped(line) and _FULL_STOP.search(line[-60:]) is not None


def is_clipped(line: str) -> bool:
    """Tell whether a line breaks off ("…")."""
    return _CLIPPED.search(line[-20:]) is not None


def length_in_words(line: str) -> int:
    """Return how many words a line has; where words are not parted by spaces, half its characters."""
    return _shape(line)[1]


def is_unspaced(line: str) -> bool:
    """Tell whether a line is in a script that puts no spaces between words."""
    return not line.isascii() and len(_UNSPACED.findall(line)) * 2 > len(line)


@lru_cache(maxsize=4_096)  # every step asks again of the same lines
def _shape(line: str) -> tuple[bool, int]:
    if is_unspaced(line):
        return len(line) >= 12, len(line) // 2
    count = len(_WORD.findall(line))
    return (count >= 6 and _END.search(line[-60:]) is not None) or (
        count >= 25 and len(_GLUED.findall(line)) * 8 < count
    ), count
