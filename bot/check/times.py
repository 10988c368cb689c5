"""Days, months, years and hours in a sentence, and whether two of them can be the same: "Monday" in an article of 4
March 2025 is 3 March.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

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
    r"|\b(?P<clock>\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\b\.?|\d{1,2}:\d\d|noon|midnight)"
    r"|\b(?P<rel>yesterday|today|tonight|tomorrow|this\s+(?:morning|afternoon|evening)|(?:last|this|next)\s+(?:week|month|year|weekend|night|summer|winter|spring|autumn|fall))\b",
    re.I,
)
_REACH = timedelta(days=7)


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

    def same(self, other: Day, published: date | None) -> bool:
        """Tell whether this can be the time that an article names; what this says more exactly must follow from the day
        on which the article was published.
        """
        if self.word:
            return self.word == other.word
        mine = (self.year, self.month, self.day)
        if self.weekday is not None and mine == (None, None, None):
            return self.weekday == other.weekday or any(
                known.weekday() == self.weekday for known in other.exactly(published)
            )
        if self.weekday is not None and other.weekday not in (None, self.weekday):
            return False
        if other.year is not None or other.month is not None:
            full = (
                other
                if other.year is not None or published is None
                else replace(other, year=_nearest_year(other, published))
            )
            return all(
                own is None or own == its for own, its in zip(mine, (full.year, full.month, full.day), strict=True)
            )
        return any(
            all(own is None or own == its for own, its in zip(mine, (d.year, d.month, d.day), strict=True))
            for d in other.exactly(published)
        ) or (
            self.day is None
            and _period(other.word, published) == (self.year or _period(other.word, published)[0], self.month)
        )

    def exactly(self, published: date | None) -> list[date]:
        """Return the days that this can be, written on a given day."""
        if self.year and self.month and self.day:
            return _valid(self.year, self.month, self.day)
        if published is None:
            return []
        if self.month and self.day:
            return _valid(_nearest_year(self, published), self.month, self.day)
        if self.weekday is not None:
            back = published - timedelta(days=(published.weekday() - self.weekday) % 7)
            return [back, back + _REACH]
        shift = {"yesterday": -1, "last night": -1, "today": 0, "tonight": 0, "tomorrow": 1}.get(
            self.word, 0 if self.word.startswith("this ") else None
        )
        return (
            []
            if shift is None or self.word.split()[-1] in ("week", "month", "year", "weekend")
            else [published + timedelta(days=shift)]
        )


def days(text: str) -> list[Day]:
    """Return the times that a sentence names, in order."""
    return [day for match in _DAY.finditer(text) if (day := _day(match)) is not None]


def _day(match: re.Match[str]) -> Day | None:
    start, end = match.start(), match.end()
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return Day(start, end, year, month, day)
    for n in ("1", "2"):
        if match[f"m{n}"]:
            if not 1 <= int(match[f"d{n}"]) <= 31:
                return None
            weekday = _weekday(match[f"w{n}"]) if match[f"w{n}"] else None
            return Day(
                start,
                end,
                int(match[f"y{n}"]) if match[f"y{n}"] else None,
                _month(match[f"m{n}"]),
                int(match[f"d{n}"]),
                weekday,
            )
    if match["m3"]:
        return Day(start, end, int(match["y3"]), _month(match["m3"]))
    if match["m4"]:
        # "may" and "march" are words as well: "to march", "and may".
        if (
            match["m4"].lower() in ("may", "march", "mar", "dec", "jan")
            and match["m4"][0].islower()
            and match["lead"].lower() in ("to", "and", "this", "of")
        ):
            return None
        return Day(match.start("m4"), end, month=_month(match["m4"]))
    if match["m5"]:
        if match["m5"] in ("May", "March", "Mar", "April", "June", "August", "Jan") and not re.search(
            r"[a-z,]\s*\Z", match.string[:start]
        ):
            return None  # the first word of a sentence, or a name
        return Day(start, end, month=_month(match["m5"]))
    if match["w3"]:
        return Day(start, end, weekday=_weekday(match["w3"]))
    if match["y4"]:
        return Day(start, end, year=int(match["y4"]))
    return Day(
        start,
        end,
        word=_clock(match["clock"]) if match["clock"] else " ".join((match["decade"] or match["rel"]).lower().split()),
    )


def _month(name: str) -> int:
    return MONTHS[name.lower().removesuffix(".")]


def _weekday(name: str) -> int:
    return _WEEKDAYS.index(name.lower().removesuffix("s"))


def _clock(text: str) -> str:
    word = text.lower().replace(".", ":") if re.search(r"\d\.\d", text) else text.lower().replace(".", "")
    if word in ("noon", "midnight"):
        return "12:00" if word == "noon" else "0:00"
    numbers = re.findall(r"\d+", word)
    hour, minute = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0
    if "p" in word and hour < 12:
        hour += 12
    elif "a" in word and hour == 12:
        hour = 0
    return f"{hour}:{minute:02}"


def _nearest_year(other: Day, published: date) -> int:
    """Return the year in which a day without one lies nearest to the day of writing."""
    middle = other.day or 15
    near = [
        d
        for year in (published.year - 1, published.year, published.year + 1)
        for d in _valid(year, other.month or published.month, middle)
    ]
    return min(near, key=lambda d: abs((d - published).days)).year if near else published.year


def _period(word: str, published: date | None) -> tuple[int | None, int | None]:
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
