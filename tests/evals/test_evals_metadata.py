"""The measurement of metadata counts what is right, wrong, missing and invented apart."""

from __future__ import annotations

import gzip
import json

from saved import STORY, html

from evals.metadata import run


def test_right_wrong_missing_and_invented_values_are_counted_apart(tmp_path):
    head = (
        '<meta name="author" content="Ines Carrow"><meta property="article:published_time" '
        'content="2025-03-07T09:30:00Z">'
    )
    gold = [
        {"title": "\u201cFerry\u201d stops", "date": "2025-03-07 09:30:00", "authors": ["INES CARROW"]},
        {"title": "Another title", "date": "2025-03-08", "authors": ["Bo Dahl"]},
        {"title": "Ferry stops", "date": None, "authors": None},
    ]
    pages = tmp_path / "pages"
    pages.mkdir()
    lines = []
    for number, right in enumerate(gold):
        name = f"{number}.html.gz"
        (pages / name).write_bytes(gzip.compress(html(f"<title>Ferry stops</title>{head}").encode()))
        more = {
            "id": str(number),
            "html_file": name,
            "source": "Herald",
            "gold_text": " ".join(STORY),
            "text_dump": " ".join(STORY),
        }
        lines.append(json.dumps({**more, **right}))
    (pages / "pages.jsonl").write_text("\n".join(lines))
    figures = run(tmp_path)["html"]
    assert figures["title"] == {"right": 2, "wrong": 1}
    assert figures["published"] == {"right": 1, "wrong": 1, "invented": 1, "with time zone": 3}
    assert figures["author"] == {"right": 1, "wrong": 1, "invented": 1}
    assert figures["publisher"] == {"missing": 3}
