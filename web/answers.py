"""An answer as the reading room shows it; the bot, whose journal holds the answers, makes these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from web.links import Place


@dataclass(frozen=True, slots=True)
class Quoted:
    """A source of an answer: the quote with its number and where it stands."""

    number: int
    quote: str
    title: str
    publisher: str | None
    published: date | None
    also_in: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and the numbers of its sources."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A question with its answer, or what it was told instead (``told``)."""

    question: str
    asked: datetime
    sentences: tuple[Sentence, ...]
    sources: tuple[Quoted, ...]
    told: str = ""
    verbatim: bool = True  # the sentences are the quotes themselves


Answers = Callable[[str], Shown | None]
