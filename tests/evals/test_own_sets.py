"""The sets of our own writing say what stands in the sample articles word for word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import evals
from evals.own import own

EVALS = Path(evals.__file__).parent


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a set, each with another id."""
    found = [json.loads(line) for line in (EVALS / name).read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in found}) == len(found)
    return found


def test_paraphrases_rest_on_sentences_of_their_articles():
    texts = {article["id"]: article["text"] for article in own().articles}
    for row in rows("paraphrases.jsonl"):
        for words in row["evidence"] + row["also"]:
            assert any(words in texts[article] for article in row["articles"]), row["id"]


def test_checked_pairs_show_sentences_of_their_articles():
    articles = {article["id"]: article for article in own().articles}
    for row in rows("reader/checked.jsonl"):
        assert row["sentence"] in articles[row["article"]]["text"], row["id"]
        assert row["context"].startswith(articles[row["article"]]["title"][:40]), row["id"]
        assert (row["label"] == 1) == (row["kind"] == "answers"), row["id"]
