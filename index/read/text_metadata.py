"""Title, publisher, author and date of a page that was saved as text; what it does not say stays None."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date

from index.clean.byline import byline_of
from index.clean.clean import lines_of, unwrapped
from index.clean.furniture import form_of
from index.dates import parse_date
from index.text import is_prose
from index.words import one_of, rows

_LABEL = re.compile(
    r"^(?:first\s+)?(?:published|posted|date|updated|last\s+updated|last\s+modified|released|veröffentlicht|publié|stand|mis\s+à\s+jour)\b",
    re.I,
)
_FIRST = re.compile(r"\b(?:first\s+)?(?:published|posted|released|veröffentlicht|publié)\b", re.I)
_BYLINE = re.compile(
    r"^(?i:by|von|par|text:|written\s+by|author:?)\s+(?P<who>[A-ZÀ-Þ][\w.'’-]+(?:\s+(?:(?:de|van|von|der|la|le|bin|al)\s+){0,3}[A-ZÀ-Þ][\w.'’-]+){1,3})"
)
_SHORT_MONTHS = one_of(short for _, shorts, _ in rows("calendar", "months", 3) for short in shorts.split())
_NO_PART_OF_A_NAME = re.compile(
    rf"\s(?:For|Follow|Twitter|Facebook|Published|Updated|Posted|(?:{_SHORT_MONTHS.title()})\.)(?:\s|$)"
)
_OWNER = (
    re.compile(
        r"^(?:©|\(c\)|copyright)(?:\s*©)?\s*(?:(?:19|20)\d\d(?:\s?[-–]\s?(?:19|20)?\d\d)?)?,?\s*(?:by\s+)?(?P<who>[A-ZÀ-Þ][^.,;:|/()]{1,40}?)(?:\s+(?:(?:19|20)\d\d))?\s*(?:[.,|]|$|all\s+rights)",
        re.I,
    ),
    re.compile(
        r"^about\s+(?P<who>(?:the\s+)?[A-ZÀ-Þa-z][^.?!]{1,40}|[a-z0-9-]+\.(?:com|org|net|eu|news|info))\s*:?$", re.I
    ),
    re.compile(r"^follow\s+(?P<who>(?:the\s+)?[A-ZÀ-Þ][^.?!]{1,40}?)\s+on\s+\w", re.I),
)
_WORD = re.compile(r"\w+")
_COMPANY = re.compile(r"(?:,?\s(?:&\s)?(?:ltd|limited|inc|plc|corp|llc|gmbh|ag|company|co)\b\.?)+$", re.I)
_SITE = re.compile(r"\b(?:www\.)?[a-z0-9-]+\.(?:com|org|net|eu|news|co\.uk|de|fr|info)\b", re.I)
_PLATFORMS = {
    f"{name}.com"
    for name in ("facebook", "twitter", "x", "instagram", "linkedin", "youtube", "whatsapp", "google", "apple")
}
_NOT_A_NAME = re.compile(
    (
        r"\b(?:us|me|the author|this (?:site|article)|images?|getty|reuters|afp|photo|author|our|your|rights|"
        r"reserved|all|become|subsidiary)\b"
    ),
    re.I,
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a text says about itself; ``published`` is the day in the publisher's time zone, ``published_at`` the moment
    in ISO 8601 with its offset. ``date_source`` says from what the day is guessed, None where it is stated.
    """

    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    published: date | None = None
    published_at: str | None = None
    date_source: str | None = None  # "address", "layout" or "modified"


def from_text(raw: str) -> Metadata:
    """Read title, publisher, author and date from a page that was saved as text.

    Only lines that cannot be part of the story count: a label ("Published: …"), a line that is little more than a date
    or a name, a copyright line. A date inside a sentence is never the article's date.
    """
    lines = [line for line in unwrapped(lines_of(raw[:400_000])) if line]
    opening = _opening(lines)
    publisher = _publisher(lines, opening)
    return Metadata(_title(lines, opening, publisher), publisher, _author(opening), _published(lines, opening))


def _opening(lines: list[str]) -> list[str]:
    """Return the lines before the second line of prose: where a page keeps its headline, byline and date."""
    prose = [index for index, line in enumerate(lines) if is_prose(line) and not form_of(line) and len(line) > 60]
    end = prose[1] if len(prose) > 1 else len(lines)
    return lines[: min(end, 400)]


def _title(lines: list[str], opening: list[str], publisher: str | None) -> str | None:
    """Return the headline: a headline-like line that the page repeats, else the one above the byline or date."""
    found = [(index, line) for index, line in enumerate(opening) if _is_headline(line) and line != publisher]
    if not found:
        return None
    counts = Counter(lines)
    story = _words_of_story(lines)
    byline = next((index for index, line in enumerate(opening) if _is_byline(line) or _is_dateline(line)), 0)
    nearest = max((index for index, _ in found if index < byline), default=-1)
    on_top = len(opening) > 1 and is_prose(opening[1])  # a plain text: its headline, then its story

    def worth(item: tuple[int, str]) -> float:
        index, line = item
        words = {word for word in _WORD.findall(line.casefold()) if len(word) > 3}
        echoed = sum(word in story for word in words) - 0.5 * sum(word not in story for word in words)
        return (
            min(echoed, 5.0)
            + (counts[line] > 1 and len(line.split()) >= 4)
            + 2.5 * (index == nearest)
            + 1.5 * (on_top and index == 0)
        )

    best = max(found, key=worth)
    return best[1] if worth(best) >= 1 else None


def _words_of_story(lines: list[str]) -> set[str]:
    """Return the words of a page's prose: a headline shares words with its story."""
    return {word for line in lines if is_prose(line) and not form_of(line) for word in _WORD.findall(line.casefold())}


def _is_headline(line: str) -> bool:
    count = len(line.split())
    return (
        3 <= count <= 30
        and 12 < len(line) <= 200
        and not form_of(line)
        and not line.endswith((".", ",", ";", ":", "]", ")"))
        and not line.startswith(("*", "•", "+", "- ", "o ", "["))
        and not re.search(r"[|»›·>]|\s{3}", line)
        and not _LABEL.match(line)
        and not _is_byline(line)
        and (parse_date(line) is None or count > 8)
    )


def _is_byline(line: str) -> bool:
    return byline_of(line) is not None or _BYLINE.match(line) is not None


def _is_dateline(line: str) -> bool:
    """Tell whether a line is little more than a date: "Meridian Wire | 3 March 2025", "2025-03-03 14:05"."""
    return (
        len(line) <= 90
        and not is_prose(line)
        and (parse_date(line) is not None)
        and (len(line.split()) <= 8 or _LABEL.match(line) is not None or "|" in line)
    )


def _published(lines: list[str], opening: list[str]) -> date | None:
    labelled = [line for line in lines if _LABEL.match(line) and len(line) < 120 and parse_date(line)]
    for line in labelled:  # "Updated 9 March 2025 | First published 7 March 2025"
        first = _FIRST.search(line)
        if first and parse_date(line[first.start() :]):
            return parse_date(line[first.start() :])
    if labelled:
        return parse_date(labelled[0])
    stated = (byline_of(line) for line in opening)
    day = next((byline.published for byline in stated if byline and byline.published), None)
    return day or next((parse_date(line) for line in opening if _is_dateline(line)), None)


def _author(opening: list[str]) -> str | None:
    for line in opening:
        if (byline := byline_of(line)) and byline.author:
            return _NO_PART_OF_A_NAME.split(byline.author)[0].strip()
        match = _BYLINE.match(line)
        if match and len(line) < 120:
            return _NO_PART_OF_A_NAME.split(match["who"])[0].strip()
    return None


def _publisher(lines: list[str], opening: list[str]) -> str | None:
    """Return the outlet's name, if the page's furniture has it."""
    for line in opening:
        if " | " in line and _is_dateline(line):
            first, byline = line.split(" | ", 1)[0].strip(), byline_of(line)
            if byline and byline.author and first in byline.author:
                return byline.publisher
            if (
                2 <= len(first) <= 40
                and parse_date(first) is None
                and not _BYLINE.match(first)
                and not _LABEL.match(first)
            ):
                return first
    masthead = _masthead(lines, opening)
    if masthead:
        return masthead
    for pattern in _OWNER:
        for line in lines:
            match = pattern.match(line)
            if match and not _NOT_A_NAME.search(match["who"]) and "/" not in line:
                name = match["who"].strip()
                house = _COMPANY.sub("", name)
                # A company's name is the paper's only if the page uses it without "Ltd" as well.
                if house == name or any(house in other and match["who"] not in other for other in lines):
                    return house
    for line in opening:
        if (byline := byline_of(line)) and byline.publisher:
            return byline.publisher
    # A page that names one site in its furniture ("get updates from example.com") is that site's.
    named = {
        match.group().lower().removeprefix("www.") for line in lines if form_of(line) for match in _SITE.finditer(line)
    } - _PLATFORMS
    return named.pop() if len(named) == 1 else None


def _masthead(lines: list[str], opening: list[str]) -> str | None:
    """Return a short name at the very top that the page's furniture or its last lines repeat, in their spelling."""
    prose = next((index for index, line in enumerate(opening) if is_prose(line) and not form_of(line)), len(opening))
    elsewhere = " \n ".join(
        line for index, line in enumerate(lines) if index >= prose and (form_of(line) or index >= len(lines) - 6)
    )
    for line in opening[: min(prose, 12)]:
        name = re.split(r"\s[»|–—-]\s", line)[0].strip()
        if (
            not 1 <= len(name.split()) <= 4
            or not 4 <= len(name) <= 40
            or form_of(name)
            or not re.fullmatch(r"[A-ZÀ-Þ0-9][\w&'’. -]+", name)
        ):
            continue
        again = re.search(rf"\b{re.escape(name)}\b", elsewhere, re.I)
        if again and not any(len(word) > 3 and word[0].islower() for word in again.group().split()):
            return again.group() if name.isupper() else name
    return None
