"""Parses a sentence that a model wrote: its keys, the words it says it rests on, quotations, and faults of form."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from index.text import printable

_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_RESTS = re.compile(r"\[(\w{1,8}):[ \t]*[\"“]([^\[\]]*)[\"”][ \t]*\]")
_BETWEEN_KEYS = re.compile(r"\s*[,;]\s*|\s+(?:and\s+)?")
_LINK = re.compile(
    r"\]\(|https?:|www\.|mailto:|ftp:|<[^<>\s][^<>]*>|(?<!\w)@[\w.-]|\b[\w.+-]+@[\w-]+\.\w|\bjavascript:|\bdata:\w+/",
    re.I,
)
_LONGEST = 1_500  # characters
_TABLE = re.compile(r"^\s*\|.*\||\|\s*-{2,}|^\s*[-:|\s]+$|\S\s+\|\s+\S")
_HEADING = re.compile(r"^\s*#{1,6}\s")
_MARKER = re.compile(r"^\s*(?:>\s*)*(?:[-*+•]\s+|\d{1,2}[.)]\s+)?(?:>\s*)*")
_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|`+")
_QUOTED = re.compile(
    r"“([^“”]*)[”\"]|\"([^\"“”]*)\"|„([^„“”]*)[“”]|«([^«»]*)»|(?<!\w)‘([^‘’]*(?:’\w[^‘’]*)*)’(?!\w)|(?<![\w'])'([^\s'][^']*(?:'\w[^']*)*)'(?!\w)"
)
_MARKS = re.compile(r"[“”„«»\"]")
# Said of the answer, not of the news: what an instruction hidden in an article asks for.
_TO_A_MODEL = re.compile(
    r"\b(?:(?:your|my|this|the\s+following)\s+(?:response|reply|answer|output|code|instructions?|prompt)s?|(?:previous|above|prior)\s+instructions?|"
    r"system\s+prompt|as\s+an?\s+(?:ai|assistant|language\s+model)|code\s+block|instructions?\s+(?:was|were|have\s+been)\s+(?:followed|ignored))\b",
    re.I,
)
_CODE = re.compile(
    r"\b(?:import\s+\w+(?:\.\w+)*\s*(?:$|import)|def\s+\w+\(|\w+\.\w+\(|os\.system|print\()|[{};]\s*$|\bsudo\s|=>|==|\$\(|&&"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of a model's: as it would be shown, the keys it cites, in order, and what it says in quotation marks.

    ``rests`` has the words that the model says it rests on, with their key; ``fault`` if it cannot stand.
    """

    text: str
    keys: tuple[str, ...]
    quoted: tuple[str, ...] = ()
    fault: str = ""
    rests: tuple[tuple[str, str], ...] = ()


def parse_claim(sentence: str, known: Container[str], printed: Container[str] = ()) -> Claim:
    """Parse a sentence that a model wrote. A bracket without a known key is a fault, unless ``printed`` in the
    passages.
    """
    keys: list[str] = []
    fault = ""
    rests = [(key, words) for key, words in _RESTS.findall(sentence) if key in known]
    sentence = _RESTS.sub(lambda match: f"[{match[1]}]" if match[1] in known else match.group(), sentence)
    for match in _BRACKET.finditer(sentence):
        inside = [key.strip() for key in _BETWEEN_KEYS.split(match[1].strip()) if key.strip()]
        unknown = [key for key in inside if key not in known]
        if unknown and match[1] in printed:
            continue
        if unknown or not inside:
            fault = fault or f"no passage has the key [{printable(match[1])[:40]}]"
        elif re.match(r"\w\[[^\]]*\]\w", sentence[max(0, match.start() - 1) :]):
            fault = fault or "a key stands in the middle of a word"
        keys += [key for key in inside if key in known and key not in keys]
    of_the_article = {inside for inside in _BRACKET.findall(sentence) if inside in printed and inside not in known}
    text = _plain(_BRACKET.sub(lambda match: match.group() if match[1] in of_the_article else " ", sentence))
    fault = fault or _fault_of_form(sentence, text, known) or ("" if keys else "the sentence names no passage")
    return Claim(text, tuple(keys), tuple(quoted_in(text)), fault, tuple(rests))


def quoted_in(text: str) -> list[str]:
    """Return what stands in quotation marks, without them."""
    found = [next(filter(None, match.groups()), "").strip() for match in _QUOTED.finditer(text)]
    rest = _QUOTED.sub(lambda match: " " * len(match.group()), text)
    for match in _MARKS.finditer(rest):  # a quotation that began in the sentence before, or goes on in the next
        start, end = match.span()
        opens = start == 0 or (rest[start - 1].isspace() and not rest[end : end + 1].isspace())
        found.append((text[end:] if opens and end < len(text) else text[:start]).strip())
    return [_MARKS.sub("", span) for span in found if span]


def _plain(text: str) -> str:
    text = _MARKER.sub("", printable(text), count=1)
    text = _EMPHASIS.sub("", text)
    text = re.sub(r"\s+([.,;:!?…])", r"\1", " ".join(text.split()))
    return re.sub(r"([.!?])\.+\Z", r"\1", text)


def _fault_of_form(sentence: str, text: str, known: Container[str]) -> str:
    bare = _BRACKET.sub("", text)
    faults = {
        "the sentence is empty": not any(char.isalnum() for char in text),
        "it is code, not a sentence of an article": "```" in sentence or _CODE.search(text),
        "a link or a mention is never passed on": _LINK.search(sentence),
        "a heading or a row of a table is no sentence": _TABLE.search(text) or _HEADING.search(sentence),
        "it speaks of the answer, not of the news": _TO_A_MODEL.search(text),
        "a key stands outside of square brackets": any(word.strip(".,;:()") in known for word in text.split()),
        "a square bracket is not closed, or not opened": "[" in bare or "]" in bare,
        "quotation marks have no partners": len(_MARKS.findall(_QUOTED.sub("", text))) > 1,
        "the sentence is longer than any that can be checked": len(text) > _LONGEST,
    }
    return next((fault for fault, found in faults.items() if found), "")
