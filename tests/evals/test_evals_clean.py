"""The measure of cleaning: what it counts, and that every system runs on a saved page."""

from __future__ import annotations

import gzip
import json

import pytest

from evals.clean import run, score

SCORES = [
    pytest.param("the ferry stops", "the ferry stops", (1.0, 1.0, 1.0), id="same"),
    pytest.param("The ferry, stops!", "the ferry stops", (1.0, 1.0, 1.0), id="case-and-punctuation"),
    pytest.param("the the ferry stops", "the ferry stops", (0.75, 1.0, 6 / 7), id="a-token-too-often"),
    pytest.param("the ferry", "the ferry stops here", (1.0, 0.5, 2 / 3), id="half-lost"),
    pytest.param("", "the ferry stops", (0.0, 0.0, 0.0), id="nothing"),
    pytest.param("menu", "", (0.0, 0.0, 0.0), id="no-gold"),
]
PARAGRAPHS = [
    (
        "The ferry between the islands will stop running in May, the council decided on Monday after a debate of "
        "four hours."
    ),
    "Some 2,000 people use it every week, and the nearest bridge is 40 kilometres away from the old harbour.",
    "The mayor, Ines Holm, said that she would look for money from the ministry before the summer begins.",
]


@pytest.mark.parametrize(("text", "gold", "expected"), SCORES)
def test_precision_recall_and_f1_count_tokens(text, gold, expected):
    assert score(text, gold) == pytest.approx(expected)


@pytest.fixture
def data(tmp_path):
    """One page, in the two forms in which pages are saved."""
    (tmp_path / "pages" / "html").mkdir(parents=True)
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    page = (
        "<html><body><nav><a href='/a'>News</a> <a href='/b'>Weather</a></nav><article><h1>Ferry "
        f"stops</h1>{body}</article></body></html>"
    )
    (tmp_path / "pages" / "html" / "a.html.gz").write_bytes(gzip.compress(page.encode()))
    dump = "\n".join(
        ["* News", "* Weather", "Subscribe", "Share", *PARAGRAPHS, "* Jobs", "Privacy policy", "© 2025 Island Herald"]
    )
    row = {
        "url": "https://herald.example/a",
        "title": "Ferry stops",
        "gold_text": "\n".join(PARAGRAPHS),
        "text_dump": dump,
        "html_file": "html/a.html.gz",
    }
    (tmp_path / "pages" / "pages.jsonl").write_text(json.dumps(row) + "\n")
    return tmp_path


def test_every_system_is_measured_on_every_page(data):
    found = run(data)
    assert found["text_dump"]["newsdesk"]["all"] == {"pages": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert found["html"]["newsdesk"]["all"]["f1"] == 1.0
    assert found["text_dump"]["as is"]["all"]["recall"] == 1.0 > found["text_dump"]["as is"]["all"]["precision"]
    assert set(found["html"]) == {"newsdesk", "trafilatura", "justext", "as is"}
    assert set(found["text_dump"]) == {"newsdesk", "justext", "as is"}
    groups = found["text_dump"]["justext"]
    assert (
        groups["dev"]["pages"] + groups["held_out"]["pages"]
        == groups["english"]["pages"] + groups["other_languages"]["pages"]
        == 1
    )
