"""Times in a question: "last week", "since Monday", "in August 2025", "latest"."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from index.times import days
from index.words import first_fields, numbers, one_of

_MONTH_NAMES, _DAYS = first_fields("calendar", "months"), first_fields("calendar", "weekdays")
_MONTH, _DAY = one_of(_MONTH_NAMES), one_of(_DAYS)
_COUNTS = {word: value for word, value in numbers().items() if 2 <= value <= 10} | {"few": 4, "couple of": 2}
_YEAR = r"(?:20|19)\d\d"
_FULL = (
    rf"{_YEAR}-\d\d?-\d\d?|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{_MONTH})(?:,?\s+{_YEAR})?"
    rf"|(?:{_MONTH})\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+{_YEAR})?"
)
# An event is reported from its day on, most of it within weeks.
_AFTERMATH_OF_DAY = timedelta(days=14)
_AFTERMATH_OF_MONTH = timedelta(days=31)

_LATEST = re.compile(
    (
        r"\b(?:latest|newest|most recent(?:ly)?|recently|currently|presently|(?:right |until |up to |till )?now|so far"
        r"|at the moment|at present|as of (?:now|today)|to date|still|these days|nowadays|any ?more|as it stands)\b"
    ),
    re.I,
)
_PRESENT = re.compile(
    r"\W*(?:and\s+|but\s+|so\s+)?(?:(?:who|what|where|which|how\s+(?:many|much|high|big|far|old|long))(?:\s+[\w-]+){0,3}?"
    r"(?:\s+(?:is|are|has|have)|['’]s)|is|are|has|have)\b(?!\s+(?:the\s+)?(?:difference|meaning)\b)",
    re.I,
)
_RELATIVE = re.compile(
    r"\b(?P<word>today|yesterday|tonight|this morning)\b"
    r"|\b(?P<which>this|last|past|previous)\s+(?P<unit>week|month|year)\b"
    rf"|\b(?:in\s+)?(?:the\s+)?(?:last|past)\s+(?P<count>\d{{1,3}}|{one_of(_COUNTS)})\s+"
    r"(?P<units>days|weeks|months|years)\b",
    re.I,
)
_BOUND = re.compile(
    rf"\b(?P<how>since|after|from|before|until|till|by|on|in|of|during)\s+(?:last\s+|early\s+|late\s+|mid-)?"
    rf"(?:(?P<full>{_FULL})|(?P<day>{_DAY})|(?P<month>{_MONTH})(?:\s+(?P<year>{_YEAR}))?|(?P<only>20\d\d)(?!\d)"
    r"|(?P<rel>yesterday|last week|last month|last year))\b",
    re.I,
)
_STRICT = frozenset(("since", "after", "from", "before", "until", "till"))


@dataclass(frozen=True, slots=True)
class Time:
    """The days in which an answer should have been published, whether newer is better, and the question without its
    time words.
    """

    since: date | None
    until: date | None
    latest: bool
    rest: str
    year: bool = False  # a year is named: it may be that of the event, not of the article
    # by a bound ("since Monday", "before March"): nothing of another time can answer; all else is a preference
    strict: bool = False
    firm: bool = False  # by a date, a month with its year, or a year: a strong preference
    # what is named, without the weeks after it in which an event is still reported
    named: tuple[date | None, date | None] = (None, None)
    present: bool = False  # it asks how things are: "who is", "has he resigned", "how many are missing"
    untimed: str = ""  # the question without the days that it names, but with "latest"


def time_of(question: str, today: date) -> Time:
    """Read the time that a question asks for, relative to a day.

    A month or day without a year is the last one before that day.
    """
    rest = question
    since = until = None
    strict = firm = False
    named: tuple[date | None, date | None] = (None, None)
    for match in _BOUND.finditer(rest):
        first, last, exact = _span(match, today)
        if first is None or last is None or first > today:  # articles about the future were published before
            continue
        how = match["how"].lower()
        if how in ("since", "from"):
            since = first
        elif how == "after":
            since = first if match["rel"] or match["day"] else last + timedelta(days=1)
        elif how in ("before", "until", "till", "by"):
            until = first - timedelta(days=1) if how == "before" else last
        else:
            since, until = first, last + (_AFTERMATH_OF_DAY if exact else _AFTERMATH_OF_MONTH)
        within = (how not in _STRICT and how != "by") or (how == "from" and not match["only"])  # "articles from Monday"
        named = (named[0] or since, last if within else until or named[1])
        strict = strict or how in _STRICT
        firm = firm or bool(match["full"] or match["year"] or match["only"])
        rest = rest.replace(match.group(), " ")
    relative = _RELATIVE.search(rest)
    if relative and since is None and until is None:
        since, until = _relative(relative, today)
        named = (since, since if (relative["word"] or "").lower() == "yesterday" else until)
        rest = rest.replace(relative.group(), " ")
    untimed = " ".join(rest.split())
    latest = _LATEST.search(rest) is not None
    rest = _LATEST.sub(" ", rest)
    present = _PRESENT.match(" ".join(rest.split())) is not None
    year = (since or until) is not None and re.search(rf"\b{_YEAR}\b", question) is not None
    return Time(since, until, latest, " ".join(rest.split()), year, strict, firm, named, present, untimed)


def _span(match: re.Match[str], today: date) -> tuple[date | None, date | None, bool]:
    """Return the first and last day of what a match names, and whether it names one day."""
    if match["full"]:
        said = [
            replace(day, year=day.year or year) for day in days(match["full"]) for year in (today.year, today.year - 1)
        ]
        day = next((known for day in said for known in day.exactly(None) if known <= today), None)
        return day, day, True
    if match["day"]:
        back = (today.weekday() - _DAYS.index(match["day"].lower())) % 7 or 7
        return today - timedelta(days=back), today - timedelta(days=back), True
    if match["month"]:
        month = _MONTH_NAMES.index(match["month"].lower()) + 1
        if month == 5 and not match["year"] and match["month"] == "may":  # "in may" is a month, "by may" hardly ever
            return None, None, False
        year = int(match["year"]) if match["year"] else today.year - (month > today.month)
        return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]), False
    if match["only"]:
        year = int(match["only"])
        return date(year, 1, 1), date(year, 12, 31), False
    relative = _RELATIVE.search(match["rel"])
    first, last = _relative(relative, today) if relative else (None, None)
    return first, last, match["rel"].lower() == "yesterday"


def _relative(match: re.Match[str], today: date) -> tuple[date, date]:
    if match["word"]:
        day = today - timedelta(days=1) if match["word"].lower() == "yesterday" else today
        return day, today
    if match["unit"]:
        unit, this = match["unit"].lower(), match["which"].lower() == "this"
        if match["which"].lower() == "past":  # ends today, other than "last"
            return today - timedelta(days={"week": 7, "month": 31, "year": 366}[unit]), today
        if unit == "week":
            monday = today - timedelta(days=today.weekday())
            # Whoever asks on a Tuesday what happened this week means the last days: seven found the gold article of 98
            # % of such quiz questions (dev half), "since Monday" 92 %.
            return (
                (today - timedelta(days=7), today) if this else (monday - timedelta(days=7), monday - timedelta(days=1))
            )
        if unit == "month":
            first = today.replace(day=1)
            before = (first - timedelta(days=1)).replace(day=1)
            return (first, today) if this else (before, first - timedelta(days=1))
        return (date(today.year, 1, 1), today) if this else (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))
    count = _COUNTS.get(match["count"].lower()) or int(match["count"])
    days = {"days": 1, "weeks": 7, "months": 31, "years": 366}[match["units"].lower()]
    return today - timedelta(days=count * days), today
