"""The names of a page's authors: without markup, roles and what is no name."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.clean.byline import PERSON
from index.dates import MONTHS
from index.read.html.layout import Line
from index.read.html.linked_data import letters
from index.read.record import line_of
from index.text import is_sentence
from index.words import first_fields, listed, one_of

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BY = one_of(listed("datelines", "byline"))
_LABEL = re.compile(rf"^(?:{_BY})\b[\s:]*(?=\S)", re.I)
_SURE_LABEL = re.compile(rf"^(?:by\b|(?:{_BY})\b(?=\s*:|\s+\S+\s+\S))[\s:]*(?=\S)", re.I)  # "Von Neumann" is a name
_AGO = re.compile(r"^\W*(?:\d+\s+)?(?:second|minute|hour|day|week|month|year)s?\s+ago\b\W*", re.I)
_TAG = re.compile(r"<[^<>]{0,500}>")
_BETWEEN = re.compile(r"\s*(?:[;|,•·]|\s[/–—-]\s)\s*")
_AND = re.compile(r"\s+(?:&|and|und|et|y|e|en|och|og)\s+", re.I)
_NO_NAME = re.compile(
    r"https?:|www\.|@|^\W*$|[(_{}<>=]|\d{3}|^[\w-]+(?:\.[\w-]+)*\.(?-i:[a-z]{2,12})$"
    rf"|^(?:{_BY}|admin\w*|web-?master|root|super-?user|user\d*|word-?press|null|undefined|none|unknown|anonymous|name)$",
    re.I,
)
_ROLES = frozenset(listed("datelines", "roles"))
_BESIDE = [part for name in ("published", "changed") for part in listed("datelines", name)]
_WHAT_FOLLOWS = re.compile(  # "Jan Lee" is a name, "Jan 3" is none
    rf"(?:^|\s)(?:(?:{one_of([*_BESIDE, *first_fields('calendar', 'weekdays')])})\b|(?:{one_of(MONTHS)})\b\.?(?=\s+\d)|"
    r"\d|[|•·]|(?-i:am|on|at)\s).*",
    re.I,
)
_MARKED = re.compile(
    r"author|byline|\bbyl\b|\bautor|auteur|verfasser|redakteur|journalist|writer|contributor|posted-?by|submitted|"
    r"username|screen-?name|creator|zuozhe",
    re.I,
)
_AUTHOR = re.compile(r"\bauthor\b|author-?name|\bautor\b|\busername\b", re.I)
_NEAR = range(-800, 2_500)


def authors_in(value: Any, publisher: str | None = None) -> list[str]:
    """Return the names in a field: a text, an object with a name, or a list of these; without the publisher's own."""
    found: dict[str, str] = {}
    for name in _names(value):
        key = letters(name)
        if key and key != letters(publisher or "") and key not in found:
            found[key] = name
    return list(found.values())


def _names(value: Any, depth: int = 0, *, whole: bool = False) -> Iterator[str]:
    if isinstance(value, list) and depth < 4:
        for item in value[:50]:
            yield from _names(item, depth + 1, whole=whole)
    elif isinstance(value, dict) and depth < 4:
        parts = [value.get("givenName"), value.get("familyName")]
        name = value.get("name") or " ".join(part for part in parts if isinstance(part, str))
        yield from _names(name, depth + 1, whole="Organization" in str(value.get("@type")))
    elif isinstance(value, str):
        text = line_of(_TAG.sub(" ", html.unescape(html.unescape(value[:1_000])))) or ""
        names = [text] if whole else _split(_SURE_LABEL.sub("", _SURE_LABEL.sub("", text)))  # "Text: Von Ann Lee"
        yield from (name for name in names if not _NO_NAME.search(name))


def _split(text: str) -> Iterator[str]:
    """Yield the names of a line such as "By ANN LEE, Bo Dahl and Eva Ruiz, Political Editor"."""
    for place, part in enumerate(_BETWEEN.split(_AGO.sub("", text))):
        part = part.strip(" ,:'\"“”" if re.search(r"\b\w\.$", part) else " .,:'\"“”")
        if place and not {word.strip(".").lower() for word in part.split()}.isdisjoint(_ROLES):
            continue
        both = _AND.split(part)
        yield from both if all(" " in name for name in both) or (place and len(both) > 1) else [part]


def is_house(name: str, publisher: str | None, address: str | None) -> bool:
    """Tell whether a name is that of the site: its publisher's, or what its address is called."""
    own, house = letters(name), letters(publisher or "")
    host = (urlsplit(address or "").hostname or "").removeprefix("www.").split(".")[0].replace("-", "")
    return (len(house) > 3 and (house in own or own in house)) or (len(host) > 3 and host in own)


def authors_shown(lines: Sequence[Line], publisher: str | None) -> list[str]:
    """Return the names that a page shows as its authors nearest to its heading."""
    in_prose = cache(_is_prose)  # of a paragraph in which hundreds of lines may stand
    near = sorted(
        (line for line in lines if line.after in _NEAR and not in_prose(line.element.getparent())),
        key=lambda line: (abs(line.after), len(line.text)),
    )
    by_element = [
        [line for line in near if _AUTHOR.search(line.marks[0])],
        [line for line in near if _MARKED.search(line.marks[0])],
        [line for line in near if any(map(_MARKED.search, line.marks[1:]))],
        [line for line in near if _LABEL.search(line.text)],
    ]
    for place, those in enumerate(by_element):
        for line in those:
            text = _WHAT_FOLLOWS.sub("", _LABEL.sub("", _LABEL.sub("", line.text)))
            words = text.split()
            while words and words[-1].strip(".,").lower() in _ROLES:
                words.pop()
            names = [name for name in authors_in(" ".join(words), publisher) if _is_person(name, alone=place == 0)]
            if names:
                return names
    return []


def _is_prose(over: HtmlElement | None) -> bool:
    """Tell whether an element holds a sentence of the article, which may mark a name in it as an author's."""
    return over is not None and over.tag in ("p", "li", "blockquote") and is_sentence(" ".join(over.itertext()))


def _is_person(name: str, *, alone: bool) -> bool:
    return bool(PERSON.fullmatch(name)) or (alone and " " not in name and 3 <= len(name) <= 30)
