"""Whether a text, or what it has in quotation marks, stands in the cited passages word for word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.check.evidence import Evidence, Window

_HOST = re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.(?:[a-z]{2,12})(?:/\S*)?", re.I)
_NO_HOST = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]?|\d+\.\d+\S*|[a-z]\.[a-z]\.?")
_STOPS = ".,;:!?…()[]"
_MARKS = re.compile(r"[“”„«»\"‘’'`´]")


def verbatim(text: str, cited: Iterable[Evidence]) -> Window | None:
    """Return the window that a text is, word for word, white space and quotation marks aside."""
    wanted = _bare(text)
    windows = (window for evidence in cited for window in evidence.windows())
    return next((window for window in windows if _bare(window.text) == wanted), None)


def plain_words(text: str) -> list[str]:
    """Return the words of a text without the marks around them."""
    return [word.strip(_STOPS) for word in _bare(text)]


def _bare(text: str) -> list[str]:
    return _MARKS.sub("", text).rstrip(" .…").split()


def unquoted(quoted: Iterable[str], cited: Sequence[Evidence]) -> str:
    """Return what is wrong with what stands in quotation marks, "" if each span stands in a cited passage."""
    theirs = [[word for number in one.own for word in plain_words(Window(one, number, number).text)] for one in cited]
    for words in map(plain_words, quoted):
        if words and not any(holds(their, words) for their in theirs):
            return "what it quotes does not stand in the passage word for word"
    return ""


def holds(words: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether words hold others, one behind the other; the first may begin with another case."""
    text, rest = f" {' '.join(words)} ", " ".join(wanted)
    return f" {rest} " in text or f" {rest[:1].swapcase()}{rest[1:]} " in text


def no_address(text: str, cited: Iterable[Evidence]) -> str:
    """Return what is wrong with what can be read as a web address, "" if a cited passage or its publisher has it."""
    texts = [f"{evidence.hit.passage.text}\n{evidence.hit.article.source.publisher}" for evidence in cited]
    hosts = (match.group() for match in _HOST.finditer(text))
    unknown = any(not _NO_HOST.fullmatch(host) and not any(host in one for one in texts) for host in hosts)
    return "it names an address that the passage does not" if unknown else ""


def in_quotation_marks(quote: str) -> str:
    """Return an article's own words as a quotation; what is one already stays as it is."""
    text = " ".join(quote.split())
    inside = text[1:-1]
    whole = len(text) > 1 and text[0] in '“"' and text[-1] in '”"' and not any(mark in inside for mark in '“”"')
    return text if whole else f"“{text}”"
