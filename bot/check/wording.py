"""A sentence as the checker compares it: its words, names, numbers and times, each in a normal form with its place.

text → times (days.py) → numbers (figures.py) → names and words (vocabulary.py)
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from bot.check.numbers import Figure, figures
from bot.check.times import Day, days
from bot.check.vocabulary import FUNCTIONS, NEGATORS, POLAR, lemma

Kind = Literal["word", "name", "figure", "day", "function", "break"]

_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’][^\W_]+)*|[,;:—–()]|--|[\"“”„«»]")
_NOT = re.compile(r"(?i:([a-z]+)n['’]t)\Z")
_FORMS = {"wo": "will", "ca": "can", "sha": "shall", "ai": "be"}
# Words with a capital that name nobody; "President Macron" and "the president" are the same man.
_TITLES = frozenset(
    """
        president prime minister chancellor premier king queen prince princess senator sen representative rep
        congressman congresswoman governor gov mayor secretary general gen colonel col captain capt sergeant sgt
        lieutenant lt officer judge justice chief director chairman chairwoman chair ceo mr mrs ms miss dr professor
        prof sir lord lady dame pope cardinal bishop archbishop reverend rev father mother sister brother ambassador
        commissioner attorney detective inspector sheriff superintendent st saint the a an i deputy vice former
        foreign defence defense finance interior
    """.split()
)


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
        return self.key in POLAR


def worded(text: str, lower: Container[str] = ()) -> list[Token]:
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
    if key in FUNCTIONS and (word != "US" and word != "IT"):
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
