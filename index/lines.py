"""Lines of a page: what reads like prose, what is a list's mark."""

from __future__ import annotations

import re

BULLET = re.compile(r"^(?:[*•·▪◦‣+^–—-]+|>{1,3}|[»«]|\d{1,2}[.)])\s+")
_WORD = re.compile(r"\w+")
# A line of prose ends with a full stop or its like; quotation marks, brackets and emoji may follow.
_END = re.compile(r"""[.!?…:;。！？][^\w.!?…:;。！？]*$|["”»]$""")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")  # Thai, Japanese, Chinese


def is_prose(line: str) -> bool:
    """Tell whether a line reads like a sentence rather than like a label, a heading or a link."""
    if len(_UNSPACED.findall(line)) * 2 > len(line):
        return len(line) >= 12
    count = len(_WORD.findall(line))
    return (count >= 6 and _END.search(line) is not None) or count >= 25
