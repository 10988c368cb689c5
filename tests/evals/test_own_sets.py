"""The sets of our own writing say what stands in the sample articles word for word."""

from __future__ import annotations

import json

from evals import paraphrases
from evals.own import own

CHECKED = paraphrases.FILE.parent / "reader" / "checked.jsonl"


def texts() -> dict[str, tuple[str, str]]:
    """Return title and cleaned text of the sample articles by id."""
    return {article["id"]: (article["title"], article["text"]) for article in own().articles}


def test_paraphrases_rest_on_sentences_of_their_articles():
    articles, rows = texts(), paraphrases.paraphrases()
    astray = [
        row.id for row in rows for words in row.evidence if not any(words in articles[a][1] for a in row.articles)
    ]
    assert astray == []
    assert len({row.sentence for row in rows}) == len({row.id for row in rows}) == len(rows)
    assert {row.half for row in rows} == {"dev", "test"}


def test_checked_pairs_show_sentences_of_their_articles():
    articles, rows = texts(), [json.loads(line) for line in CHECKED.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        title, text = articles[row["article"]]
        assert row["sentence"] in text, row["id"]
        assert row["context"].split(" (2")[0].startswith(title[:40]), row["id"]
        assert (row["label"] == 1) == (row["kind"] == "answers"), row["id"]
    assert len({(row["question"], row["sentence"]) for row in rows}) == len({row["id"] for row in rows}) == len(rows)
