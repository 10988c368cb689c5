"""What a model wrote, taken apart: the sentence without its keys and Markdown, the keys, the spans in quotation marks,
and faults of form.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from index.printable import printable

_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_BETWEEN_KEYS = re.compile(r"\s*[,;]\s*|\s+(?:and\s+)?")
_LINK = re.compile(
    r"\]\(|https?:|www\.|mailto:|ftp:|<[^<>\s][^<>]*>|(?<!\w)@[\w.-]|\b[\w.+-]+@[\w-]+\.\w|\bjavascript:|\bdata:\w+/",
    re.I,
)
_HOST = re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.(?:[a-z]{2,12})(?:/\S*)?", re.I)
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

    ``fault`` if it cannot stand.
    """

    text: str
    keys: tuple[str, ...]
    quoted: tuple[str, ...] = ()
    fault: str = ""


def claimed(sentence: str, known: Container[str], printed: Container[str] = ()) -> Claim:
    """Take a sentence of a model's apart; a bracket that holds no known key is a fault, unless it is one of those
    ``printed`` in the passages.
    """
    keys: list[str] = []
    fault = ""
    for match in _BRACKET.finditer(sentence):
        inside = [key.strip() for key in _BETWEEN_KEYS.split(match[1].strip()) if key.strip()]
        unknown = [key for key in inside if key not in known]
        if unknown and match[1] in printed:
            continue
        if unknown or not inside:
            fault = fault or f"no passage has the key [{printable(match[1])[:40]}]"
        elif (
            sentence[match.start() - 1 : match.start()].isalnum() and sentence[match.end() : match.end() + 1].isalnum()
        ):
            fault = fault or "a key stands in the middle of a word"
        keys += [key for key in inside if key in known and key not in keys]
    text = _plain(
        _BRACKET.sub(lambda match: match.group() if match[1] in printed and match[1] not in known else " ", sentence)
    )
    fault = fault or _fault_of_form(sentence, text, known)
    if not fault and not keys:
        fault = "the sentence names no passage"
    return Claim(text, tuple(keys), tuple(quoted_in(text)), fault)


def quoted_in(text: str) -> list[str]:
    """Return what stands in quotation marks, without them."""
    found = []
    for match in _QUOTED.finditer(text):
        inside = next(group for group in match.groups() if group is not None).strip()
        single = match[5] is not None or match[6] is not None
        if inside and not (single and len(inside.split()) == 1 and match[6] is not None and not inside[0].isalnum()):
            found.append(inside)
    rest = _QUOTED.sub(lambda match: " " * len(match.group()), text)
    for match in _MARKS.finditer(rest):  # a quotation that began in the sentence before, or goes on in the next
        opens = match.start() == 0 or (
            rest[match.start() - 1].isspace() and not rest[match.end() : match.end() + 1].isspace()
        )
        found.append((text[match.end() :] if opens and match.end() < len(text) else text[: match.start()]).strip())
    return [_MARKS.sub("", span) for span in found if span]


def _plain(text: str) -> str:
    text = _MARKER.sub("", printable(text), count=1)
    text = _EMPHASIS.sub("", text)
    text = re.sub(r"\s+([.,;:!?…])", r"\1", " ".join(text.split()))
    return re.sub(r"([.!?])\.+\Z", r"\1", text)


def _fault_of_form(sentence: str, text: str, known: Container[str]) -> str:
    if not any(char.isalnum() for char in text):
        return "the sentence is empty"
    if "```" in sentence or _CODE.search(text):
        return "it is code, not a sentence of an article"
    if _LINK.search(sentence):
        return "a link or a mention is never passed on"
    if _TABLE.search(text) or _HEADING.search(sentence):
        return "a heading or a row of a table is no sentence"
    if _TO_A_MODEL.search(text):
        return "it speaks of the answer, not of the news"
    if any(word.strip(".,;:()") in known for word in text.split()):
        return "a key stands outside of square brackets"
    if "[" in (bare := _BRACKET.sub("", text)) or "]" in bare:
        return "a square bracket is not closed, or not opened"
    if len(_MARKS.findall(_QUOTED.sub("", text))) > 1:
        return "quotation marks have no partners"
    if len(text) > 1_500:
        return "the sentence is longer than any that can be checked"
    return ""


def hosts_in(text: str) -> list[str]:
    """Return what could be read as a web address without its scheme: it may stay only if the article has it."""
    return [
        match.group()
        for match in _HOST.finditer(text)
        if not re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]?|\d+\.\d+\S*|[a-z]\.[a-z]\.?", match.group())
    ]
