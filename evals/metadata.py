"""How much of what pages say of themselves is read right: python -m evals.metadata --data DIR.

DIR/pages/pages.jsonl holds one page a line, with ``html_file`` (gzip), ``text_dump`` and the right ``title``, ``date``,
``authors`` and ``gold_text``. A title is right if it has the same letters and digits, a date if it is the same day,
authors if they are the same set of names; letters are compared without case, quotation marks and other punctuation not
at all. A wrong value is counted apart from a missing one: it misleads.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from index.errors import UnreadableError
from index.read.html.page import read_html
from index.read.text_metadata import Metadata, from_text

_FIELDS = ("title", "published", "author")
_WORD = re.compile(r"\w+")


def run(data: Path) -> dict[str, Any]:
    """Measure the metadata of web pages, and of the same pages as text dumps."""
    data = data / "pages"
    pages = [
        json.loads(line) for line in (data / "pages.jsonl").read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    return {
        "html": _measured(pages, lambda page: _html(data, page)),
        "text_dump": _measured(pages, lambda page: from_text(page["text_dump"])),
    }


def _html(data: Path, page: dict[str, Any]) -> Metadata:
    try:
        return read_html(page["id"], gzip.decompress((data / page["html_file"]).read_bytes())).metadata
    except UnreadableError as error:
        print(f"{page['id']}: {error}", file=sys.stderr)
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


def _judged(name: str, found: Any, gold: Any) -> str:
    if not found:
        return "missing" if gold else "rightly unknown"
    if not gold:
        return "invented"
    if name == "author":
        same = {_letters(one) for one in re.split(r",\s|;\s|\sand\s", found)} == {_letters(one) for one in gold}
    else:
        same = _letters(str(found)) == _letters(gold)
    return "right" if same else "wrong"


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _same_house(found: str, key: str) -> bool:
    """Tell whether a publisher's name is that of a short key such as "FreeBeacon": one holds the letters of the
    other.
    """
    one, other = _letters(found).removeprefix("the"), _letters(key).removeprefix("the")
    return one in other or other in one


def main(arguments: list[str] | None = None) -> int:
    """Print the figures as JSON, and as a table on standard error."""
    parser = argparse.ArgumentParser(prog="evals.metadata", description="Measure what is read of pages' metadata.")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds pages/")
    figures = run(parser.parse_args(arguments).data)
    print(json.dumps(figures, ensure_ascii=False))
    outcomes = ("right", "wrong", "invented", "missing", "rightly unknown", "with time zone")
    print(f"{'':22}" + "".join(f"{name:>16}" for name in outcomes), file=sys.stderr)
    for kind in ("html", "text_dump"):
        for name in (*_FIELDS, "publisher"):
            print(
                f"{kind:12}{name:10}" + "".join(f"{figures[kind][name].get(outcome, 0):16}" for outcome in outcomes),
                file=sys.stderr,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
