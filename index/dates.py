"""Full dates in a text, in the ways and languages that pages write them."""

from __future__ import annotations

import re
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from index.words import one_of, rows

MONTHS = {
    name: number for number, names in enumerate(rows("calendar", "months"), start=1) for name in " ".join(names).split()
}
_MONTH = one_of(MONTHS)
_DATES = (
    re.compile(r"\b(?P<y>20\d\d|19\d\d)-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d)"),
    re.compile(
        r"\b(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>20\d\d|19\d\d)\b"
    ),  # with full stops the day comes first everywhere
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?(?P<n>{_MONTH})\.?,?\s+(?:de\s+)?(?P<y>20\d\d|19\d\d)\b",
        re.I,
    ),
    re.compile(rf"\b(?P<n>{_MONTH})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>20\d\d|19\d\d)\b", re.I),
)


def parse_date(text: str) -> date | None:
    """Return the first full date (day, month, year) in a text, None if there is none or it does not exist."""
    best: tuple[int, date] | None = None
    for pattern in _DATES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = int(parts["m"]) if "m" in parts else MONTHS[parts["n"].lower()]
            try:
                found = date(int(parts["y"]), month, int(parts["d"]))
            except ValueError:
                continue
            if best is None or match.start() < best[0]:
                best = (match.start(), found)
            break
    return best[1] if best else None


_ISO = re.compile(
    (
        r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<clock>\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?\s?(?P<zone>Z|"
        r"[+-]\d\d(?::?\d\d)?)?(?![\d:])"
    ),
    re.I,
)
_MAIL = re.compile(r"(?:[a-z]{3},\s)?\d{1,2}\s[a-z]{3}\s\d{4}\s\d\d:\d\d", re.I)


def moment_of(value: object) -> tuple[date | None, str | None]:
    """Return the day in a field, and the moment in ISO 8601 if it also has an hour and an offset from UTC."""
    if isinstance(value, datetime):
        return value.date(), value.isoformat(timespec="seconds") if value.tzinfo else None
    if isinstance(value, date):
        return value, None
    text = value.strip()[:200] if isinstance(value, str) else ""
    try:
        if match := _ISO.match(text):
            return moment_of(datetime.fromisoformat(f"{match['day']}T{match['clock']}{(match['zone'] or '').upper()}"))
        if _MAIL.match(text):
            return moment_of(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None, None
    return parse_date(text), None
