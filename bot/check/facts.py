"""What of a sentence can be looked up in the cited articles: its names, numbers and times."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from bot.check.alignment import same_name
from bot.check.claim import Token, tokenize
from bot.check.evidence import Evidence
from bot.check.numbers import Figure
from bot.check.times import Day
from bot.check.vocabulary import alike

_COUNTED = 12  # numbers up to it may count what the passage lists


def unknown(text: str, cited: Sequence[Evidence]) -> str:
    """Return which name, number or time of a text the cited articles do not have, "" if they have all.

    Names and years may stand anywhere in an article, and days may follow from its own day; numbers stand in a cited
    passage.
    """
    claim = tokenize(text, frozenset().union(*(evidence.lower for evidence in cited)))
    for i, token in enumerate(claim):
        if token.figure and not any(_has_figure(evidence, token.figure) for evidence in cited):
            return f"a number in it does not stand in the passage ({text[token.start : token.end]})"
        if token.day and not any(_has_day(evidence, token.day) for evidence in cited):
            return f"a date or time in it does not stand in the passage ({text[token.start : token.end]})"
        if token.kind == "name" and not token.negates and not any(_has_name(evidence, claim, i) for evidence in cited):
            return f"a name in it does not stand in the passage ({text[token.start : token.end]})"
    return ""


def _has_figure(evidence: Evidence, figure: Figure) -> bool:
    if not figure.unit and figure.value == int(figure.value) and 0 < figure.value <= _COUNTED:
        return True
    known = evidence.figures
    if any(_equal(figure, other) for other in known):
        return True
    shares = (
        one.value / other.value for one, other in permutations(known, 2) if other.value and one.unit == other.unit
    )
    return not figure.unit and figure.value < 1 and any(_near(figure.value, share) for share in shares)


def _equal(one: Figure, other: Figure) -> bool:
    same = any(_near(a, b) for a in _values(one) for b in _values(other))
    return same and one.ordinal == other.ordinal and (not one.unit or not other.unit or _unit(one) == _unit(other))


def _values(figure: Figure) -> tuple[float, ...]:
    """Return a number, and as a share of one or as a percentage point what is said in hundredths."""
    return (figure.value, figure.value / 100) if figure.unit in ("%", "bp") else (figure.value,)


def _unit(figure: Figure) -> str:
    return "pp" if figure.unit == "bp" else figure.unit


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(abs(one), abs(other))


def _has_day(evidence: Evidence, day: Day) -> bool:
    published = evidence.hit.article.source.published
    if any(day.same(other, published) for other in evidence.days):
        return True
    if published and (day.month, day.day) == (published.month, published.day) and day.year in (None, published.year):
        return True
    undated = Day(day.start, day.end, None, day.month, day.day, day.weekday, day.word)
    return day.year in evidence.years and (
        not (day.month or day.day) or any(undated.same(other, published) for other in evidence.days)
    )


def _has_name(evidence: Evidence, claim: Sequence[Token], i: int) -> bool:
    key = claim[i].key
    if key in evidence.words or any(alike(key, word) or same_name(key, word) for word in evidence.words):
        return True
    return len(key) > 1 and key in evidence.initials
