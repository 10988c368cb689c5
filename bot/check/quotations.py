"""Whether a text, or what it has in quotation marks, stands in the cited passages word for word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.check.claim import hosts_in
from bot.check.evidence import Evidence, Window

_STOPS = ".,;:!?…()[]"
_MARKS = re.compile(r"[“”„«»\"‘’'`´]")


def verbatim(text: str, cited: Iterable[Evidence]) -> Window | None:
    """Return the window that a text is, word for word, white space and quotation marks aside."""
    wanted = _bare(text)
    for evidence in cited:
        for window in evidence.windows():
            if _bare(window.text) == wanted:
                return window
    return None


def plain_words(text: str) -> list[str]:
    """Return the words of a text without the marks around them."""
    return [word.strip(_STOPS) for word in _bare(text)]


def _bare(text: str) -> list[str]:
    return _MARKS.sub("", text).rstrip(" .…").split()


def unquoted(quoted: Iterable[str], cited: Sequence[Evidence]) -> str:
    """Return what is wrong with what stands in quotation marks, "" if each span stands in a cited passage."""
    for span in quoted:
        words = plain_words(span)
        if words and not any(holds(_words_of(evidence), words) for evidence in cited):
            return "what it quotes does not stand in the passage word for word"
    return ""


def _words_of(evidence: Evidence) -> list[str]:
    text = evidence.hit.article.text
    return [word for number in evidence.own for word in plain_words(text[slice(*evidence.sentences[number])])]


def holds(words: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether words hold others, one behind the other; the first may begin with another case."""
    first = {wanted[0], wanted[0][:1].swapcase() + wanted[0][1:]}
    return any(
        word in first and list(words[at + 1 : at + len(wanted)]) == list(wanted[1:]) for at, word in enumerate(words)
    )


def no_address(text: str, cited: Iterable[Evidence]) -> str:
    """Return what is wrong with a web address in a text, "" if a cited passage or its publisher has it."""
    texts = [
        text for evidence in cited for text in (evidence.hit.passage.text, evidence.hit.article.source.publisher or "")
    ]
    return (
        ""
        if all(any(host in one for one in texts) for host in hosts_in(text))
        else "it names an address that the passage does not"
    )


def in_quotation_marks(quote: str) -> str:
    """Return an article's own words as a quotation; what is one already stays as it is."""
    text = " ".join(quote.split())
    inside = text[1:-1]
    whole = len(text) > 1 and text[0] in '“"' and text[-1] in '”"' and not any(mark in inside for mark in '“”"')
    return text if whole else f"“{text}”"
