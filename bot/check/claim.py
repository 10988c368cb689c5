"""Parses a sentence that a model wrote: its keys, quotations and faults of form; then its words, names, numbers and
times, each in a normal form with its position.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from bot.check.numbers import Figure, figures
from bot.check.times import Day, days
from bot.check.vocabulary import NEGATORS, function_words, lemma, polar_words
from index.text import printable
from index.words import marked

Kind = Literal["word", "name", "figure", "day", "function", "break"]

_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’][^\W_]+)*|[,;:—–()]|--|[\"“”„«»]")
_NOT = re.compile(r"(?i:([a-z]+)n['’]t)\Z")
_FORMS = {"wo": "will", "ca": "can", "sha": "shall", "ai": "be"}
_TITLES = frozenset(marked("titles", "claim"))


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a sentence. ``key`` is its normal form, ``clause`` counts the breaks before it."""

    key: str
    kind: Kind
    start: int
    end: int
    clause: int
    figure: Figure | None = None
    day: Day | None = None

    @property
    def content(self) -> bool:
        """Whether it carries something that can be true or false."""
        return self.kind in ("word", "name", "figure", "day")

    @property
    def negates(self) -> bool:
        """Whether it denies what it stands by."""
        return self.key in NEGATORS

    @property
    def polar(self) -> bool:
        """Whether it is a small word that has an opposite."""
        return self.key in polar_words()


def tokenize(text: str, lower: Container[str] = ()) -> list[Token]:
    """Return the tokens of a text in order; ``lower`` are words known to be no names, for the capital that opens a
    sentence.
    """
    taken: list[tuple[int, int, Figure | None, Day | None]] = [(day.start, day.end, None, day) for day in days(text)]
    for figure in figures(text):
        if all(figure.end <= start or figure.start >= end for start, end, _, _ in taken):
            taken.append((figure.start, figure.end, figure, None))
    taken.sort(key=lambda piece: piece[0])
    found: list[Token] = []
    clause, at, shouted = 0, 0, _shouted(text)
    for start, end, number, day in [*taken, (len(text), len(text), None, None)]:
        for match in _TOKEN.finditer(text, at, start):
            piece = match.group()
            if not piece[0].isalnum():
                clause += piece in ",;:—–--()"
                found.append(Token(piece, "break", match.start(), match.end(), clause))
                continue
            found += _words(match, clause, _opens(text, match.start()), shouted, lower)
        if number:
            word = text[start:end].lower()
            found.append(
                Token(
                    word if word.isalpha() else f"{number.value:g}{number.unit}",
                    "figure",
                    start,
                    end,
                    clause,
                    figure=number,
                )
            )
        elif day:
            found.append(Token(text[start:end].lower(), "day", start, end, clause, day=day))
        at = end
    return found


def _words(match: re.Match[str], clause: int, opens: bool, shouted: bool, lower: Container[str]) -> list[Token]:
    word, start, end = match.group(), match.start(), match.end()
    negated = _NOT.match(word)
    if negated or word.lower() == "cannot":
        head = lemma(_FORMS.get(negated[1].lower(), negated[1])) if negated else "can"
        return [Token(head, "function", start, end - 3, clause), Token("not", "function", end - 3, end, clause)]
    key = lemma(word)
    if key in function_words() and (word != "US" and word != "IT"):
        return [Token(key, "function", start, end, clause)]
    capital = word[0].isupper() and not (shouted and word.isupper())
    name = capital and word.lower().rstrip("s") not in _TITLES and word.lower() not in _TITLES
    if name and opens:
        name = word.lower() not in lower and not re.search(r"(?:ing|ed|ly|tion|ment|ness|ers|ors|ists)\Z", word)
    return [Token(key, "name" if name else "word", start, end, clause)]


def _opens(text: str, start: int) -> bool:
    """Tell whether a word opens a sentence, a quotation or what follows a colon."""
    before = text[:start].rstrip()
    return not before or before[-1] in ".!?:;\"“„«‘'(–—-*" or text[start - 1 : start] in "\"“„«‘'("


def _shouted(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return sum(char.isupper() for char in letters) > 0.6 * len(letters)


_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_RESTS = re.compile(r"\[(\w{1,8}):[ \t]*[\"“]([^\[\]]*)[\"”][ \t]*\]")
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
    return Claim(text, tuple(keys), tuple(quoted_in(text)), fault, tuple(rests))


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
