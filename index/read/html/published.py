"""When a page was published: what its head says, else what it shows; a guess is marked as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lxml import etree

from index.dates import days_come_first, moment_of, parse_date
from index.read.html.layout import Line
from index.words import listed, one_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_IN_ADDRESS = re.compile(
    r"(?<!\d)(?:(20\d\d|19\d\d)[/_-]([01]?\d|[a-z]{3})[/_-]([0-3]?\d)|([0-3]?\d)-([01]?\d)-(20\d\d)"
    r"|(20\d\d)([01]\d)([0-3]\d))(?!\d)",
    re.I,
)
_CHANGED = re.compile(rf"(?<!\w)(?:{one_of(listed('datelines', 'changed'))})(?!\w)", re.I)
_PUBLISHED = re.compile(rf"(?<!\w)(?:{one_of(listed('datelines', 'published'))})(?!\w)", re.I)
_OF_TIME = re.compile(r"\btime\b|date|datum|publi|posted", re.I)
_OF_PUBLICATION = re.compile(r"publi|pub-?date|entry-date|post-?date|posted", re.I)
_NEAR = range(-600, 3_000)  # characters from the heading
_WEB = 1990  # a web page that shows a day before it tells of that day
_WORDS = 12  # of a line that is a date with what stands beside it, not a sentence


@dataclass(frozen=True, slots=True)
class Dated:
    """A day, its moment in ISO 8601 if that is known, and from what it is guessed (None: the page states it)."""

    day: date
    moment: str | None = None
    source: str | None = None


def published(
    tree: HtmlElement,
    stated: Iterable[Any],
    noted: Iterable[Any],
    changed: Iterable[Any],
    address: str | None,
    lines: Callable[[], Sequence[Line]],
    language: str | None,
) -> Dated | None:
    """Return when a page was published.

    ``stated`` are the values of fields that mean just this, best first, ``noted`` those of fields that are also used
    for other days, ``changed`` those for the last change. ``lines`` returns what the page shows.
    """
    stated, noted = list(stated), list(noted)
    in_address = _day_in_address(address, language)
    if _first(stated) and (found := _first([*stated, *noted])):
        if in_address or not _may_be_another_day(found):
            return _local(found, in_address)
        shown, _, _ = _shown(lines(), language)
        return _local(found, shown.day if shown else None)
    shown, shown_change, of_time = _shown(lines(), language)
    if (found := _first(noted)) and (shown is None or shown.day == found.day or shown.day not in of_time):
        return _local(found, in_address or (shown.day if shown else None))
    if in_address and not (shown and shown.day == in_address):
        return Dated(in_address, None, "address")
    if shown:
        return shown
    change, guess = _first(changed) or shown_change, _searched(tree)
    if guess and (change is None or guess.day != change.day):
        return guess
    return Dated(change.day, change.moment, "modified") if change else None


def _first(values: Iterable[Any]) -> Dated | None:
    """Return the first of some dates; of equal moments, the one with the publisher's own offset."""
    best: Dated | None = None
    for value in values:
        day, moment = moment_of(value)
        if day is None:
            continue
        item = Dated(day, moment)
        if best is None or (best.moment is None and moment and day == best.day):
            best = item  # the same day, with its hour
        elif (
            moment
            and best.moment
            and best.moment.endswith("+00:00")
            and datetime.fromisoformat(moment) == datetime.fromisoformat(best.moment)
        ):
            best = item
    return best


def _day_in_address(address: str | None, language: str | None) -> date | None:
    """Return the last full date in the path of an address."""
    path = urlsplit(address or "").path
    days = [
        parse_date("-".join(filter(None, match.groups())), _day_first((), language))
        for match in _IN_ADDRESS.finditer(path)
    ]
    return next((day for day in reversed(days) if day), None)


def _day_first(lines: Iterable[Line], language: str | None) -> bool | None:
    """Tell whether "03/04/2025" is 3 April on a page: by its other dates, else by its language."""
    known = days_come_first(line.text for line in lines)
    return True if known is None and language and language.lower()[:2] != "en" else known


def _may_be_another_day(found: Dated) -> bool:
    """Tell whether a moment in UTC can lie on another day where it was published: not in its middle hours."""
    return found.moment is not None and found.moment.endswith("+00:00") and not "06" <= found.moment[11:13] < "18"


def _local(found: Dated, day: date | None) -> Dated:
    """Return a moment in UTC with the day that the page itself has for it, if that is the one before or after."""
    in_utc = found.moment is not None and found.moment.endswith("+00:00")
    return Dated(day, found.moment) if day and in_utc and abs(found.day - day) == timedelta(days=1) else found


def _shown(lines: Sequence[Line], language: str | None) -> tuple[Dated | None, Dated | None, set[date]]:
    """Return the dates of publication and of the last change that stand nearest to the heading, and the days that
    stand in elements for a time.
    """
    day_first = _day_first(lines, language)
    found: dict[bool, list[tuple[int, bool, int, Dated]]] = {True: [], False: []}
    of_time: set[date] = set()
    for line in lines:
        if line.after not in _NEAR or len(line.text.split()) > _WORDS:
            continue
        day, moment = moment_of(_first_published(line.text), day_first)
        exact, exact_moment = moment_of(line.element.get("datetime"), day_first)
        dated = _local(Dated(exact, exact_moment), day) if exact else Dated(day, moment) if day else None
        if dated and dated.day.year >= _WEB:
            change = bool(_CHANGED.search(line.text)) and not _PUBLISHED.search(line.text)
            distance = line.after if line.after >= 0 else 50 - 2 * line.after
            states = _PUBLISHED.search(line.text) or any(map(_OF_PUBLICATION.search, line.marks[:2]))
            found[change].append(
                (distance, exact is None, len(line.text), replace(dated, source=None if states else "layout"))
            )
            if any(map(_OF_TIME.search, line.marks)):
                of_time.add(dated.day)
    first, last = (min(found[kind], key=lambda item: item[:3])[3] if found[kind] else None for kind in (False, True))
    return first, last, of_time


def _first_published(text: str) -> str:
    """Return the part of a line that follows a word of publication: "Updated 9 March 2025, published 7 March 2025"."""
    match = _PUBLISHED.search(text)
    return text[match.start() :] if match and _CHANGED.search(text[: match.start()]) else text


def _searched(tree: HtmlElement) -> Dated | None:
    """Return the date that htmldate finds in the text of a page, unless it is only a year."""
    from htmldate import find_date

    body = tree.find(".//body")
    copy = deepcopy(tree if body is None else body)
    etree.strip_elements(copy, "head", "script", "style", "footer", with_tail=False)
    day, _ = moment_of(find_date(copy, original_date=True, extensive_search=False))
    return Dated(day, None, "layout") if day and (day.month, day.day) != (1, 1) else None
