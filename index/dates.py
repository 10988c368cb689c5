"""Dates and moments, in the forms and languages that pages, feeds and exports write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache

from index.words import first_fields, rows

MONTHS = {
    name: number for number, names in enumerate(rows("calendar", "months"), start=1) for name in " ".join(names).split()
}
# Languages of dateparser whose months are known besides; of a name that two of them use, the first one's month counts.
_LANGUAGES = "de fr es it pt nl sv da nb fi is pl cs sk sl uk ru be bg sr tr ar fa he hi el hu ro id ca lv lt".split()

_YEAR = r"(?P<y>20\d\d|19\d\d)(?!\d)"
_DAY = r"(?<!\d)(?P<d>\d{1,2})"
_ORDINAL = r"(?:st|nd|rd|th|er|\.|º|ª)?"
_NAME = r"(?P<n>(?:d['’])?[^\s\d.,;:/|()<>'’-]{2,14})\.?,?"
_OF = r"(?:(?:de|del|of)\s)?"
_CLOCK_BETWEEN = r"(?:\s\d\d:\d\d(?::\d\d)?(?:\s[+-]\d{4}|\s[A-Z]{1,5})?)?"  # "Sat Mar  1 10:00:00 +0000 2025"
_DATES = (
    re.compile(rf"(?<!\d){_YEAR}\s?([-/.])\s?(?P<m>\d{{1,2}})\s?\2\s?(?P<d>\d{{1,2}})(?!\d)"),
    re.compile(rf"(?<!\d){_YEAR}\s?[年년]\s?(?P<m>\d{{1,2}})\s?[月월]\s?(?P<d>\d{{1,2}})\s?[日일]"),
    re.compile(rf"{_DAY}\.\s?(?P<m>\d{{1,2}})\.\s?{_YEAR}"),  # with full stops the day comes first everywhere
    re.compile(rf"{_DAY}(?:{_ORDINAL}[\s,-]\s?|\.){_OF}{_NAME}[\s-]\s?{_OF}{_YEAR}", re.I),
    re.compile(rf"(?<!\w){_NAME}\s{{1,2}}(?P<d>\d{{1,2}}){_ORDINAL},?{_CLOCK_BETWEEN}\s{{1,2}}{_YEAR}", re.I),
    re.compile(rf"(?<!\d){_YEAR}[.,]?[\s-]{_NAME}[\s-](?P<d>\d{{1,2}})(?!\d)", re.I),
    re.compile(rf"(?<![\d/-])(?P<a>\d{{1,2}})([/-])(?P<b>\d{{1,2}})\2{_YEAR}"),
)
_SOME_YEAR = re.compile(r"(?:19|20)\d\d")
_OTHER_DIGITS = {
    zero + digit: str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xFF10) for digit in range(10)
}  # Arabic, Persian, Hindi, Bengali, full width

_COMPACT = re.compile(r"(?<!\d)(20\d\d|19\d\d)([01]\d)([0-3]\d)(?:[T\s]?([0-2]\d)([0-5]\d)([0-5]\d)?)?(?!\d)")
_SHORT_YEAR = re.compile(r"(?<!\d)(\d{1,2}\s[a-z]{3})\s(\d\d)(?=\s\d\d:\d\d)", re.I)  # RFC 822: "1 Mar 25 10:00"
_CLOCK = re.compile(
    r"(?<![\d:])(?P<h>[012]?\d):(?P<m>[0-5]\d)(?::(?P<s>[0-6]\d))?(?:[.,]\d{1,9})?(?:\s?(?P<half>[ap])\.?m\b\.?)?"
    r"(?:\s?\(?(?:(?:GMT|UTC)?\s?(?P<sign>[+−-])(?P<zh>\d{1,2})(?::?(?P<zm>[0-5]\d))?(?![\d:])|(?P<zone>(?-i:[A-Z]{1,5}|z))\b))?",
    re.I,
)


def parse_date(text: str, day_first: bool | None = None) -> date | None:
    """Return the first full date (day, month, year) in a text, None if there is none or it does not exist.

    ``day_first`` says how "03/04/2025" is meant; where it is None, only a date that can be meant in one way counts.
    """
    found = find_date(text, day_first)
    return found[0] if found else None


def find_date(text: str, day_first: bool | None = None) -> tuple[date, int, int] | None:
    """Return what ``parse_date`` returns, and where in the text it begins and ends."""
    if not text.isascii():
        text = text.translate(_OTHER_DIGITS)
    if not _SOME_YEAR.search(text):
        return None
    best: tuple[date, int, int] | None = None
    for pattern in _DATES:
        for match in pattern.finditer(text):
            if best is not None and match.start() >= best[1]:
                break
            if found := _date_of(match, day_first):
                best = (found, match.start(), match.end())
                break
    return best


def _date_of(match: re.Match[str], day_first: bool | None) -> date | None:
    parts = match.groupdict()
    if "a" in parts:
        first, second = int(parts["a"]), int(parts["b"])
        if day_first is None and first != second and max(first, second) <= 12:
            return None
        in_order = first > 12 or (day_first is not False and second <= 12)
        day, month = (first, second) if in_order else (second, first)
    else:
        day = int(parts["d"])
        month = int(parts["m"]) if "m" in parts else _month(parts["n"].lower())
    try:
        return date(int(parts["y"]), month, day)
    except ValueError:
        return None


def _month(name: str) -> int:
    """Return the number of a month by its name or abbreviation, 0 if no language has it."""
    return MONTHS.get(name) or _foreign_months().get(name, 0)


@cache
def _foreign_months() -> dict[str, int]:
    from dateparser.languages.loader import default_loader  # loads for 150 ms, and most dates do without

    months: dict[str, int] = {}
    for locale in default_loader.get_locales(languages=_LANGUAGES):
        for number, english in enumerate(first_fields("calendar", "months"), start=1):
            for name in locale.info.get(english, ()):
                months.setdefault(name.lower().removeprefix("de "), number)
    return months


def day_text(day: date | None, guessed_from: str | None = None, *, full: bool = False) -> str:
    """Return a day as people write it: "3 Mar 2025", in ``full`` "3 March 2025", "about 3 Mar 2025" where it is
    guessed from something, "undated" if there is none.
    """
    if day is None:
        return "undated"
    return f"{'about ' if guessed_from else ''}{day.day} {day:{'%B' if full else '%b'} %Y}"


def days_come_first(texts: Iterable[str]) -> bool | None:
    """Tell whether "03/04/2025" is 3 April in a file or page, by its other dates; None if they do not say."""
    found = {
        int(match["a"]) > 12
        for text in texts
        for match in _DATES[-1].finditer(text)
        if max(int(match["a"]), int(match["b"])) > 12
    }
    return found.pop() if len(found) == 1 else None


def moment_of(value: object, day_first: bool | None = None) -> tuple[date | None, str | None]:
    """Return the day in a field, and the moment in ISO 8601 if it also has an hour and an offset from UTC.

    A field that was not filled in has none: the beginning of an epoch, or a day more than a year ahead.
    """
    found: date | datetime | None
    if isinstance(value, date):  # or a datetime
        found = value
    elif isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None, None
    else:
        text = str(value).strip()[:200]
        found = _of_epoch(text) or _moment_in(text, day_first)
    day = found.date() if isinstance(found, datetime) else found
    if day is None or day.year < 1800 or day in _UNFILLED or day > datetime.now(UTC).date() + timedelta(days=366):
        return None, None
    exact = isinstance(found, datetime) and found.tzinfo is not None
    return day, found.isoformat(timespec="seconds") if isinstance(found, datetime) and exact else None


_UNFILLED = (date(1970, 1, 1), date(1969, 12, 31))  # the second zero of Unix, seen from the west as well


def _of_epoch(text: str) -> datetime | None:
    """Return the moment of a count of seconds since 1970, or of thousandths or millionths of them."""
    match = re.fullmatch(r"(\d{9,10})(?:\d{3}|\d{6})?(?:\.\d+)?", text)
    return datetime.fromtimestamp(int(match[1]), UTC) if match else None


def _moment_in(text: str, day_first: bool | None) -> date | datetime | None:
    text = _COMPACT.sub(lambda m: f"{m[1]}-{m[2]}-{m[3]}" + (f"T{m[4]}:{m[5]}:{m[6] or '00'}" if m[4] else ""), text)
    text = _SHORT_YEAR.sub(lambda m: f"{m[1]} {'19' if m[2] >= '69' else '20'}{m[2]}", text)
    day, clock = parse_date(text, day_first), _CLOCK.search(text)
    zone = clock and _zone(clock)
    if day is None or clock is None or zone is None:
        return day
    hour = int(clock["h"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"].lower() == "p" else 0)
    later = timedelta(hours=hour, minutes=int(clock["m"]), seconds=min(int(clock["s"] or 0), 59))
    return datetime(day.year, day.month, day.day, tzinfo=zone) + later if later <= timedelta(days=1) else day


def _zone(clock: re.Match[str]) -> timezone | None:
    """Return the offset from UTC that stands behind a clock time, None if there is none or it is not known."""
    if clock["sign"]:
        offset = timedelta(hours=int(clock["zh"]), minutes=int(clock["zm"] or 0))
        if offset >= timedelta(hours=15) or (not offset and clock["sign"] != "+"):  # RFC 5322: -0000 is not known
            return None
        return timezone(offset if clock["sign"] == "+" else -offset)
    name = (clock["zone"] or "").upper()
    if name in ("", "Z", "UT", "UTC", "GMT"):
        return UTC if name else None
    from dateparser.timezone_parser import pop_tz_offset_from_string

    _, known = pop_tz_offset_from_string(f"10:00 {name}")
    return timezone(known.utcoffset(None)) if known else None
