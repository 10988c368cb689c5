"""The line that says who wrote an article, for which outlet and when: "By Ole Brandt, Alpine Courier, 9 March 2025"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from index.dates import find_date
from index.text import is_prose
from index.words import listed, one_of, rows

_BY = one_of(listed("datelines", "byline"))
_LABEL = re.compile(rf"^(?:(?:{_BY})(?:\s?:\s*|\s+))+(?=[^\W\d_])", re.I)
_BY_WITHIN = re.compile(r"\s(?:by|von|par|por|door)\s")
_STATES = one_of((*listed("datelines", "published"), *listed("datelines", "changed")))
_WEEKDAYS = one_of(name for row in rows("calendar", "weekdays", 3) for name in " ".join(row).split())
_BETWEEN = re.compile(
    r"\s*[|•·;,]\s*|\s+[/–—-]\s+"
    r"|\s+(?:and|und|et|y|e|en|och|og|&|by|von|par|por|door|in|aus|à|for(?:\sthe)?|für|pour|para)\s+(?=[^\W\d_a-zà-ÿ])"
)
PERSON = re.compile(
    r"(?:(?:[Dd]r|[Pp]rof|[Mm]rs?|[Mm]s)\.\s)*[^\W\d_][\w.'’-]*"
    r"(?:\s(?:(?:de|da|di|del|della|van|von|der|den|la|le|bin|al|el|y|v\.|zu)\s){0,3}[^\W\d_a-zà-ÿ][\w.'’-]*){1,3}"
)
_PROPER = re.compile(
    r"[^\W\d_a-zà-ÿ][\w.'’&-]*(?:\s(?:(?:of|and|the|für|de|du|des|di|del|della|do|da|van)\s){0,2}"
    r"[^\W\d_a-zà-ÿ][\w.'’&-]*){0,4}(?:\s\([\w\s./-]{2,30}\))?"
)
_CLOCK = re.compile(
    r"(?:(?:at|um|à|a\slas|alle|om|kl\.?)\s)?\d{1,2}[:.h]\d\d(?::\d\d)?(?:\s?(?:[ap]\.?m\.?|uhr|h))?"
    r"(?:\s\(?(?-i:[A-Z]{1,5})\)?)?",
    re.I,
)
_BESIDE_DATE = re.compile(
    rf"(?:(?:on|am|le|el|il|op|den|{_WEEKDAYS}|{_STATES}"
    r"|first|last|zuletzt|mis\sà|at)\b[.:]?\s*)+",
    re.I,
)
_READ_IN = re.compile(
    r"\d{1,3}[\s-]?min(?:ute|uten|uto|uti|uter)?s?\b\.?(?:\s[^\W\d]{2,10}){0,3}", re.I
)  # "4 min read"
_PICTURE = re.compile(r"(?:foto|photo|bild|image)s?\s?:", re.I)
_ROLES = frozenset(listed("datelines", "roles"))
_OUTLET_WORDS = frozenset(listed("outlets"))
_OUTLET_ENDS = tuple(word for word in _OUTLET_WORDS if len(word) >= 5)
_LONGEST = 160
_MOST = 3  # an author, a day, a day of a change


@dataclass(frozen=True, slots=True)
class Byline:
    """What a byline says; ``author`` names one or several people, with ", " between them."""

    author: str | None = None
    publisher: str | None = None
    published: date | None = None


@lru_cache(maxsize=4_096)  # cleaning and reading ask of the same lines
def byline_of(line: str) -> Byline | None:
    """Read a byline, None if a line is none: every part of it must be a name, a role, an outlet, a place or a date.

    A line without "by" needs a date. Where no word of it says which of two names is the outlet's, none is.
    """
    if len(line) > _LONGEST or is_prose(line) or not any(char.isalpha() for char in line):
        return None
    found = find_date(line)
    label = _LABEL.match(line)
    labelled = label is not None or (found is not None and _BY_WITHIN.search(line) is not None)
    if not labelled and found is None:
        return None
    names = _names(line)
    if names is None:
        return None
    outlets = [name for name in names[1 if label else 0 :] if is_outlet(name)]
    people = [name for name in names if name not in outlets and PERSON.fullmatch(name) and not name[0].islower()]
    if found is None and not people:
        return None
    return Byline(
        (", ".join(people) or None) if labelled or outlets else None,
        outlets[0] if outlets else None,
        found[0] if found else None,
    )


def bylines(lines: Sequence[str]) -> list[int]:
    """Return the indexes of the bylines among lines; where there are many dates they head the parts of a text."""
    found = [index for index, line in enumerate(lines) if byline_of(line)]
    return found if len(found) <= _MOST else []


def _names(line: str) -> list[str] | None:
    """Return the names in a line without its dates, clock times and roles, None if it has anything else."""
    while found := find_date(line):
        line = f"{line[: found[1]]} | {line[found[2] :]}"
    names: list[str] = []
    for part in _BETWEEN.split(line):
        if _PICTURE.match(part):
            break
        name = _LABEL.sub("", part).strip(" .:–—-")
        name = name.strip("() ") if name.startswith("(") or name.count("(") != name.count(")") else name
        role = not _ROLES.isdisjoint(word.strip(".") for word in name.casefold().split())
        if not name or role or _READ_IN.fullmatch(name) or _CLOCK.fullmatch(name) or _BESIDE_DATE.fullmatch(name):
            continue
        if not PERSON.fullmatch(name) and not _PROPER.fullmatch(name):
            return None
        names.append(name)
    return names


def is_outlet(name: str) -> bool:
    """Tell whether a name has a word of which outlets' names are made."""
    words = name.casefold().split()
    return any(word in _OUTLET_WORDS or (len(word) > 7 and word.endswith(_OUTLET_ENDS)) for word in words)
