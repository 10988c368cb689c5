"""What of a sentence can be looked up in the cited articles: its names, numbers and times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations
from math import isclose

from bot.check.alignment import same_name
from bot.check.evidence import Evidence
from bot.check.tokens import tokenize
from bot.check.vocabulary import alike, small_words
from index.figures import Figure
from index.times import Day

_POINTS = {"bp": "pp"}
_COUNTED = 12  # numbers up to it may count what the passage lists


def unknown(text: str, cited: Sequence[Evidence]) -> str:
    """Return which name, number or time of a text the cited articles do not have, "" if they have all: numbers in the
    passage, names and years anywhere; days may follow from the article's own.
    """
    claim = tokenize(text, frozenset().union(*(evidence.lower for evidence in cited)))
    german = any(evidence.hit.article.source.language == "de" for evidence in cited)  # every noun has a capital
    for i, token in enumerate(claim):
        what, said = "", text[token.start : token.end]
        if (figure := token.figure) and not any(_has_figure(evidence, figure) for evidence in cited):
            what = "number"
        elif (day := token.day) and not any(_has_day(evidence, day) for evidence in cited):
            what = "date or time"
        elif token.kind == "name" and not german and token.key not in small_words("negators"):
            pairs = [claim[n : n + 2] for n in (i - 1, i) if n >= 0]
            short = ["".join(name.key[0] for name in pair if name.kind == "name").upper() for pair in pairs]
            if not any(_has_name(evidence, token.key, said, short) for evidence in cited):
                what = "name"
        if what:
            return f"a {what} in it does not stand in the passage ({said})"
    return ""


def _has_figure(evidence: Evidence, figure: Figure) -> bool:
    if not figure.unit and figure.value == int(figure.value) and 0 < figure.value <= _COUNTED:
        return True
    known = [token.figure for token in evidence.facts if token.figure]
    if any(_equal(figure, other) for other in known):
        return True
    pairs = ((a, b) for a, b in permutations(known, 2) if b.value and (not a.unit or not b.unit or a.unit == b.unit))
    return not figure.unit and figure.value < 1 and any(isclose(figure.value, a.value / b.value) for a, b in pairs)


def _equal(one: Figure, other: Figure) -> bool:
    units = {_POINTS.get(figure.unit, figure.unit) for figure in (one, other) if figure.unit}
    same = any(isclose(a, b) for a in _values(one) for b in _values(other))
    return same and one.ordinal == other.ordinal and len(units) < 2


def _values(figure: Figure) -> tuple[float, ...]:
    """Return a number, and as a share of one or as a percentage point what is said in hundredths."""
    return (figure.value, figure.value / 100) if figure.unit in ("%", "bp") else (figure.value,)


def _has_day(evidence: Evidence, day: Day) -> bool:
    published, years = evidence.written
    if published and (day.month, day.day) == (published.month, published.day) and day.year in (None, published.year):
        return True
    only_year = day.year in years and not (day.month or day.day)
    return only_year or any(token.day and day.same(token.day, evidence.written) for token in evidence.facts)


def _has_name(evidence: Evidence, key: str, said: str, short: Sequence[str]) -> bool:
    """``short`` are the initials of the name and one beside it: "European Union" is the EU."""
    if key in evidence.words or any(alike(key, word) or same_name(key, word) for word in evidence.words):
        return True
    if len(said) > 1 and said.isupper():  # the initials of words of the passage
        words = re.findall(r"[^\W\d_]+", evidence.hit.passage.text.lower())
        return key in "".join(word[0] for word in words if word not in small_words("function"))
    return any(len(it) > 1 and re.search(rf"\b{re.escape(it)}\b", evidence.hit.article.text) for it in short)
