"""The words, names, numbers and times of a sentence, each in a normal form with its position."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from bot.check.vocabulary import lemma, small_words
from index.figures import Figure, figures
from index.times import Day, days
from index.words import marked

Kind = Literal["word", "name", "figure", "day", "function", "break"]

_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’][^\W_]+)*|[,;:—–()]|--|[\"“”„«»]")
_NOT = re.compile(r"(?i:([a-z]+)n['’]t)\Z")
_FORMS = {"wo": "will", "ca": "can", "sha": "shall", "ai": "be"}
_TITLES = frozenset(marked("titles", "claim"))
_NO_NAME = re.compile(r"(?:ing|ed|ly|tion|ment|ness|ers|ors|ists)\Z")  # of a word that opens a sentence


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


def tokenize(text: str, lower: Container[str] = (), clause: int = 0) -> list[Token]:
    """Return the tokens of a text in order; ``lower`` are words known to be no names where they open a sentence."""
    pieces: list[Day | Figure] = [*days(text)]
    pieces += [new for new in figures(text) if all(new.end <= day.start or new.start >= day.end for day in pieces)]
    found: list[Token] = []
    at = 0
    for piece in [*sorted(pieces, key=lambda piece: piece.start), None]:
        for match in _TOKEN.finditer(text, at, piece.start if piece else len(text)):
            if match.group()[0].isalnum():
                found += _words(match, clause, lower)
            else:
                clause += match.group() in ",;:—–--()"
                found.append(Token(match.group(), "break", match.start(), match.end(), clause))
        if piece:
            at, word = piece.end, text[piece.start : piece.end].lower()
            day, figure = (piece, None) if isinstance(piece, Day) else (None, piece)
            key = f"{figure.value:g}{figure.unit}" if figure and not word.isalpha() else word
            found.append(Token(key, "day" if day else "figure", piece.start, at, clause, figure, day))
    return found


def _words(match: re.Match[str], clause: int, lower: Container[str]) -> list[Token]:
    word, start, end = match.group(), match.start(), match.end()
    negated = _NOT.match(word)
    if negated or word.lower() == "cannot":
        head = lemma(_FORMS.get(negated[1].lower(), negated[1])) if negated else "can"
        return [Token(head, "function", start, end - 3, clause), Token("not", "function", end - 3, end, clause)]
    key = lemma(word)
    if key in small_words("function") and word not in ("US", "IT"):
        return [Token(key, "function", start, end, clause)]
    name = word[0].isupper() and _TITLES.isdisjoint((word.lower(), word.lower().rstrip("s")))
    if name and _opens(match.string, start):
        name = word.lower() not in lower and not _NO_NAME.search(word)
    return [Token(key, "name" if name else "word", start, end, clause)]


def _opens(text: str, start: int) -> bool:
    """Tell whether a word opens a sentence, a quotation or what follows a colon."""
    before = text[:start].rstrip()
    return not before or before[-1] in ".!?:;\"“„«‘'(–—-*" or text[start - 1 : start] in "\"“„«‘'("
