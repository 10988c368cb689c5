r"""Cleaning, measured on saved pages: how much of the article is kept, and how much of what is kept is the article.

    python -m evals clean --data DIR

``DIR`` holds ``pages/pages.jsonl``, one page a line: ``{"url", "title", "gold_text", "text_dump", "html_file"}``, and
the pages themselves as ``pages/html/*.html.gz``. A text is a bag of tokens (``\w+``, lower case), each counted as often
as it stands there. Precision is the share of the cleaned text's tokens that the gold text has too, recall the share of
the gold text's that the cleaned text has, F1 their harmonic mean; each is averaged over pages. The rules were made
looking at half of the sites, ``dev`` (by the last bit of the SHA-256 of the host); of the others, ``held_out``, only
the figures were seen.

``DIR/webpages`` (evals/web_pages.py), where it is there, has parts that must be in the text and parts that must not be,
of which at most six each count. There precision, recall and F1 are of these parts, over all pages of a half.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import justext
import trafilatura

from evals.web_pages import WebPage, web_pages
from index.clean.clean import clean, lines_of
from index.errors import UnreadableError
from index.read.html.page import read_html
from index.read.text_metadata import from_text

_TOKEN = re.compile(r"\w+")
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Page:
    """A saved page with its article as people marked it."""

    host: str
    title: str
    gold: str
    dump: str
    html: str

    @property
    def dev(self) -> bool:
        """Tell whether the page's site is one of those whose text was looked at."""
        return hashlib.sha256(self.host.encode()).digest()[-1] % 2 == 0

    @property
    def english(self) -> bool:
        """Tell whether the article is in English, by its commonest words."""
        tokens = _TOKEN.findall(self.gold.lower())
        return sum(token in {"the", "of", "and", "to", "in"} for token in tokens) > 0.1 * len(tokens)


def pages(data: Path) -> Iterator[Page]:
    """Yield the pages of a data folder."""
    folder = data / "pages"
    with open(folder / "pages.jsonl", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            host = (urlsplit(row["url"]).hostname or "").removeprefix("www.")
            name = Path(row["html_file"]).name
            yield Page(
                host,
                row["title"] or "",
                row["gold_text"],
                row["text_dump"],
                gzip.decompress((folder / "html" / name).read_bytes()).decode("utf-8", "replace"),
            )


def score(text: str, gold: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of a text's tokens against the gold text's."""
    found, wanted = Counter(_TOKEN.findall(text.lower())), Counter(_TOKEN.findall(gold.lower()))
    both = (found & wanted).total()
    precision, recall = both / max(1, found.total()), both / max(1, wanted.total())
    return precision, recall, 2 * both / max(1, found.total() + wanted.total())


def ours_from_html(page: Page) -> str:
    """Return the article as newsdesk reads a web page."""
    return _ours(page.host, page.html.encode())


def ours_from_dump(page: Page) -> str:
    """Return the article as newsdesk reads a text file: the page is all it knows."""
    known = from_text(page.dump)
    return clean(page.dump, known.title or "", known.publisher).text


def trafilatura_from_html(page: Page) -> str:
    """Return the article by trafilatura with its own defaults, without comments."""
    return trafilatura.extract(page.html, include_comments=False) or ""


def justext_from_html(page: Page) -> str:
    """Return the article by jusText with its English stop words."""
    return _good(page.html)


def justext_from_dump(page: Page) -> str:
    """Return the article by jusText, each line of the dump given to it as a paragraph."""
    escaped = (line.replace("&", "&amp;").replace("<", "&lt;") for line in page.dump.splitlines() if line.strip())
    return _good("<html><body>" + "".join(f"<p>{line}</p>" for line in escaped) + "</body></html>")


def as_is_html(page: Page) -> str:
    """Return all the text of a page."""
    return "\n".join(
        lines_of(
            _TAG.sub(" ", re.sub(r"(?is)<(script|style|noscript|template)\b.*?</\1\s*>|<!--.*?-->", " ", page.html))
        )
    )


def as_is_dump(page: Page) -> str:
    """Return the dump itself."""
    return page.dump


def _good(html: str) -> str:
    return "\n".join(
        paragraph.text
        for paragraph in justext.justext(html.encode(), justext.get_stoplist("English"))
        if not paragraph.is_boilerplate
    )


SYSTEMS: dict[str, dict[str, Callable[[Page], str]]] = {
    "html": {
        "newsdesk": ours_from_html,
        "trafilatura": trafilatura_from_html,
        "justext": justext_from_html,
        "as is": as_is_html,
    },
    "text_dump": {"newsdesk": ours_from_dump, "justext": justext_from_dump, "as is": as_is_dump},
}
GROUPS: dict[str, Callable[[Page], bool]] = {
    "all": lambda _: True,
    "dev": lambda page: page.dev,
    "held_out": lambda page: not page.dev,
    "english": lambda page: page.english,
    "other_languages": lambda page: not page.english,
}


def run(data: Path) -> dict[str, Any]:
    """Measure every system on every page: ``{form: {system: {group: {"pages", "precision", "recall", "f1"}}}}``.

    The web pages are a form of their own, their halves groups.
    """
    read = list(pages(data))
    found: dict[str, Any] = {}
    for form, systems in SYSTEMS.items():
        found[form] = {}
        for name, system in systems.items():
            scores = [(page, score(system(page), page.gold)) for page in read]
            found[form][name] = {
                group: _averages([each for page, each in scores if belongs(page)]) for group, belongs in GROUPS.items()
            }
    if web := {name: halves for name, halves in _of_web_pages(data).items() if halves}:
        found["web page"] = web
    return found


def _of_web_pages(data: Path) -> dict[str, Any]:
    """Measure newsdesk and trafilatura by parts: ``{system: {half: {"pages", "precision", "recall", "f1"}}}``."""
    systems: dict[str, Callable[[WebPage], str]] = {
        "newsdesk": lambda page: _ours(page.file, page.raw, page.known["url"]),
        "trafilatura": _trafilatura_from_page,
    }
    counts = {name: {half: Counter[str]() for half in ("dev", "blind")} for name in systems}
    for page in web_pages(data):
        for name, system in systems.items():
            text = " ".join(system(page).split())
            count = counts[name][page.half]
            wanted = [" ".join(part.split()) in text for part in page.known["with"][:6]]
            unwanted = [" ".join(part.split()) in text for part in page.known["without"][:6]]
            count.update(pages=1, found=sum(wanted), wanted=len(wanted), unwanted=sum(unwanted))
    return {
        name: {half: _of_parts(count) for half, count in halves.items() if count} for name, halves in counts.items()
    }


def _of_parts(count: Counter[str]) -> dict[str, float]:
    found, wanted, shown = count["found"], count["wanted"], count["found"] + count["unwanted"]
    figures = {"precision": found / max(1, shown), "recall": found / max(1, wanted), "f1": 2 * found / (shown + wanted)}
    return {"pages": count["pages"], **{name: round(value, 3) for name, value in figures.items()}}


def _ours(name: str, raw: bytes, url: str | None = None) -> str:
    try:
        record = read_html(name, raw, url)
    except UnreadableError:
        return ""
    known = record.metadata
    return clean(record.text, known.title or "", known.publisher, extracted=record.extracted).text


def _trafilatura_from_page(page: WebPage) -> str:
    return trafilatura.extract(trafilatura.load_html(page.raw), include_comments=False) or ""


def _averages(scores: list[tuple[float, float, float]]) -> dict[str, float]:
    count = max(1, len(scores))
    return {
        "pages": len(scores),
        **{
            name: round(sum(each[at] for each in scores) / count, 3)
            for at, name in enumerate(("precision", "recall", "f1"))
        },
    }
