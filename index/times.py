"""Days, months, years and hours in a text, and whether two of them can be the same: "Monday" in an article of 4
March 2025 is 3 March.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from index.dates import MONTHS
from index.words import first_fields, one_of, rows

_WEEKDAYS = first_fields("calendar", "weekdays")
_LONG, _SHORT = ([name.capitalize() for row in rows("calendar", "months") for name in row[at].split()] for at in (0, 1))
_MONTH = rf"(?:{one_of(_LONG)}|(?:{one_of(_SHORT)})\.?)(?![a-z]|-[a-z])"
_WEEKDAY = rf"(?:{one_of(_WEEKDAYS)})s?\b"
_YEAR = r"(?:1[5-9]|20)\d\d"
_DAY = re.compile(
    rf"(?P<iso>{_YEAR}-\d\d-\d\d)\b"
    rf"|(?:(?P<w1>{_WEEKDAY}),?\s+)?(?:the\s+)?\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m1>{_MONTH})(?:,?\s+(?P<y1>{_YEAR})\b)?"
    rf"|(?:(?P<w2>{_WEEKDAY}),?\s+)?\b(?P<m2>{_MONTH})\s+(?:the\s+)?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s?(?:people|per))(?:,?\s+(?P<y2>{_YEAR})\b)?"
    rf"|\b(?P<m3>{_MONTH}),?\s+(?:of\s+)?(?P<y3>{_YEAR})\b"
    rf"|\b(?P<lead>in|since|of|last|this|next|until|till|by|from|to|during|early|late|mid-?|and|through|before|after|every)\s*(?P<m4>{_MONTH})(?!,?\s+(?:of\s+)?\d)"
    rf"|(?P<m5>(?-i:{_MONTH}))(?!\s+[a-z]+ed\b)"
    rf"|\b(?P<w3>{_WEEKDAY})"
    r"|\b(?P<decade>(?:1[5-9]|20)?\d0s)\b"
    rf"|(?<![\w$€£.,-])(?P<y4>{_YEAR})\b(?![,.]\d|\s?(?:%|per\s?cent|people|km|miles|tons|tonnes|dollars|euros|pounds|million|billion))"
    r"|\b(?P<clock>\d{1,2}(?:[:.]\d\d)?\s?(?P<half>[ap])\.?m\b\.?|\d{1,2}:\d\d|noon|midnight)"
    r"|\b(?P<rel>yesterday|today|tonight|tomorrow|this\s+(?:morning|afternoon|evening)|(?:last|this|next)\s+(?:week|month|year|weekend|night|summer|winter|spring|autumn|fall))\b",
    re.I,
)
_AMBIGUOUS = ("may", "march", "mar", "dec", "jan")  # words as well: "to march", "and may"
_NAMES = ("May", "March", "Mar", "April", "June", "August", "Jan")
_NEAR = {"yesterday": -1, "last night": -1, "tomorrow": 1} | dict.fromkeys(
    ("today", "tonight", "this morning", "this afternoon", "this evening", "this night"), 0
)


class Written(NamedTuple):
    """When an article was published, and the years that it names."""

    day: date | None
    years: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """A time that a sentence names: as much of year, month, day, weekday (0 is Monday) as it says, or a word relative
    to the day of writing.
    """

    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    word: str = ""

    def same(self, other: Day, written: Written) -> bool:
        """Tell whether this can be the time that an article names; what this says more exactly must follow from the day
        on which the article was published, or be a year that it names.
        """
        if self.word:
            return self.word == other.word
        if self.weekday is not None and not (self.year or self.month):
            return self.weekday in (other.weekday, *(known.weekday() for known in other.exactly(written.day)))
        if self.weekday is not None and other.weekday not in (None, self.weekday):
            return False
        mine = (self.year, self.month, self.day)
        its = [(other.year, other.month, other.day)] if other.year else []
        if other.month and not other.year:
            near = [_nearest_year(other, written.day)] if written.day else [None]
            its = [(year, other.month, other.day) for year in (*near, *written.years)]
        if not (other.year or other.month):
            its = [(known.year, known.month, known.day) for known in other.exactly(written.day)]
            its += [(*_period(other.word, written.day), None)]
        return any(all(own in (None, one) for own, one in zip(mine, known, strict=True)) for known in its)

    def exactly(self, published: date | None) -> list[date]:
        """Return the days that this can be, written on a given day."""
        year = self.year or (published and _nearest_year(self, published))
        if year and self.month and self.day:
            return _valid(year, self.month, self.day)
        if self.weekday is not None and published:
            back = published - timedelta(days=(published.weekday() - self.weekday) % 7)
            return [back, back + timedelta(days=7)]
        return [published + timedelta(days=_NEAR[self.word])] if published and self.word in _NEAR else []


def days(text: str) -> list[Day]:
    """Return the times that a sentence names, in order."""
    return [day for match in _DAY.finditer(text) if (day := _day(match)) is not None]


def _day(match: re.Match[str]) -> Day | None:
    found = Day(match.start(), match.end())
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return replace(found, year=year, month=month, day=day)
    for n in "12":
        if match[f"m{n}"]:
            in_year, weekday = match[f"y{n}"], match[f"w{n}"]
            found = replace(found, month=_month(match[f"m{n}"]), day=int(match[f"d{n}"]))
            found = replace(found, year=int(in_year) if in_year else None)
            found = replace(found, weekday=_weekday(weekday) if weekday else None)
            return found if 1 <= int(match[f"d{n}"]) <= 31 else None
    if match["m3"]:
        return replace(found, year=int(match["y3"]), month=_month(match["m3"]))
    if name := match["m4"]:
        small = name.islower() and name in _AMBIGUOUS and match["lead"].lower() in ("to", "and", "this", "of")
        return None if small else replace(found, start=match.start("m4"), month=_month(name))
    if name := match["m5"]:
        # the first word of a sentence, or a name
        alone = name in _NAMES and not re.search(r"[a-z,]\s*\Z", match.string[: found.start])
        return None if alone else replace(found, month=_month(name))
    if match["w3"]:
        return replace(found, weekday=_weekday(match["w3"]))
    if match["y4"]:
        return replace(found, year=int(match["y4"]))
    said = " ".join((match["clock"] or match["decade"] or match["rel"]).lower().split())
    return replace(found, word=_clock(said, match["half"] and match["half"].lower()) if match["clock"] else said)


def _month(name: str) -> int:
    return MONTHS[name.lower().removesuffix(".")]


def _weekday(name: str) -> int:
    return _WEEKDAYS.index(name.lower().removesuffix("s"))


def _clock(text: str, half: str | None) -> str:
    """Return an hour in the form 22:30."""
    hour, minute = (
        [*re.findall(r"\d+", text), "00"][:2] if text[0].isdigit() else ("12" if text == "noon" else "0", "00")
    )
    return f"{int(hour) % 12 + 12 * (half == 'p') if half else int(hour)}:{minute}"


def _nearest_year(other: Day, published: date) -> int:
    """Return the year in which a day without one lies nearest to the day of writing."""
    years = (published.year, published.year - 1, published.year + 1)
    near = [known for year in years for known in _valid(year, other.month or published.month, other.day or 15)]
    return min(near, key=lambda known: abs((known - published).days)).year if near else published.year


def _period(word: str, published: date | None) -> tuple[int, int | None]:
    """Return the year and month that "last month" or "this year" is, (0, None) for anything else."""
    match = re.fullmatch(r"(last|this|next)\s(month|year)", word)
    if not match or published is None:
        return 0, None
    step = {"last": -1, "this": 0, "next": 1}[match[1]]
    if match[2] == "year":
        return published.year + step, None
    months = published.year * 12 + published.month - 1 + step
    return months // 12, months % 12 + 1


def _valid(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:
        return []
