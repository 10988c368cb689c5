"""How much of what pages say of themselves is read right: python -m evals metadata --data DIR.

DIR/pages/pages.jsonl holds one page a line, with ``html_file`` (gzip), ``text_dump`` and the right ``title``, ``date``,
``authors`` and ``gold_text``. A title is right if it has the same letters and digits, a date if it is the same day,
authors if they are the same set of names; letters are compared without case, quotation marks and other punctuation not
at all. A wrong value is counted apart from a missing one: it misleads.

DIR/webpages (evals/web_pages.py), where it is there, is measured in two halves. There a title is also right if it holds
the known one or stands in it, and names are compared without "Dr." and "PhD".
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from evals.web_pages import web_pages
from index.errors import UnreadableError
from index.read.html.page import read_html
from index.read.text_metadata import Metadata, from_text

_FIELDS = ("title", "published", "author")
_BETWEEN = re.compile(r",\s|;\s?|\s(?:and|und|et|y|&)\s")
_DEGREE = re.compile(r"\b(?:dr|prof|phd|md)\b\.?", re.I)
_WORD = re.compile(r"\w+")


def run(data: Path) -> dict[str, Any]:
    """Measure the metadata of web pages, and of the same pages as text dumps."""
    pages = _lines(data / "pages" / "pages.jsonl")
    figures = {
        "html": _measured(pages, lambda page: _html(data / "pages", page)),
        "text_dump": _measured(pages, lambda page: from_text(page["text_dump"])),
    }
    return figures | _web_pages(data)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _web_pages(data: Path) -> dict[str, Any]:
    counts = {half: {name: Counter[str]() for name in _FIELDS} for half in ("dev", "blind")}
    for page in web_pages(data):
        found = _read(page.file, page.raw, page.known["url"])
        for name, key in zip(_FIELDS, ("title", "date", "author"), strict=True):
            if page.known.get(key):  # what is not known may still be on the page
                judged = _judged(name, getattr(found, name), page.known[key], loosely=True)
                counts[page.half][name][judged] += 1
    return {
        f"web {half}": {name: dict(count) for name, count in known.items()}
        for half, known in counts.items()
        if any(known.values())
    }


def _html(data: Path, page: dict[str, Any]) -> Metadata:
    return _read(page["id"], gzip.decompress((data / page["html_file"]).read_bytes()))


def _read(name: str, raw: bytes, url: str | None = None) -> Metadata:
    try:
        return read_html(name, raw, url).metadata
    except UnreadableError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return Metadata()


def _measured(pages: Iterable[dict[str, Any]], read: Callable[[dict[str, Any]], Metadata]) -> dict[str, Any]:
    """Return, for each field, how many pages were read right, wrong, left unknown, and given a value the gold does not
    have.
    """
    counts = {name: Counter[str]() for name in (*_FIELDS, "publisher")}
    for page in pages:
        found = read(page)
        gold = {"title": page["title"], "published": (page["date"] or "")[:10], "author": page["authors"] or []}
        for name in _FIELDS:
            counts[name][_judged(name, getattr(found, name), gold[name])] += 1
        counts["publisher"][
            "missing"
            if found.publisher is None
            else "right"
            if _same_house(found.publisher, page["source"])
            else "wrong"
        ] += 1
        counts["published"]["with time zone"] += found.published_at is not None
    return {name: dict(count) for name, count in counts.items()}


def _judged(name: str, found: Any, gold: Any, *, loosely: bool = False) -> str:
    if not found:
        return "missing" if gold else "rightly unknown"
    if not gold:
        return "invented"
    if name == "author":
        same = _people(found) == _people(gold)
    else:
        one, other = _letters(str(found)), _letters(gold)
        same = one == other or (loosely and name == "title" and (one in other or other in one))
    return "right" if same else "wrong"


def _people(names: str | list[str]) -> set[str]:
    listed = _BETWEEN.split(names) if isinstance(names, str) else names
    return {_letters(_DEGREE.sub("", name)) for name in listed} - {""}


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _same_house(found: str, key: str) -> bool:
    """Tell whether a publisher's name is that of a short key such as "FreeBeacon": one holds the letters of the
    other.
    """
    one, other = _letters(found).removeprefix("the"), _letters(key).removeprefix("the")
    return one in other or other in one
