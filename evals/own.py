"""The set of our own: questions on ``sample_articles/``, written by us."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from evals.data import DataSet, Query, squashed
from index.clean.clean import clean
from index.read.fields import Unread
from index.read.files import Listing, read, walk
from index.read.record import Failure

_ROOT = Path(__file__).resolve().parents[1]
ARTICLES = _ROOT / "sample_articles"
QUESTIONS = _ROOT / "tests" / "questions.jsonl"
DESK = _ROOT / "tests" / "desk.jsonl"  # as people type them
TODAY = date(2025, 5, 1)  # unless a question has a day of its own


def own() -> DataSet:
    """Read the sample articles, cleaned, and the questions on them; an article's id is its file's name (for a line of
    JSONL, its own).
    """
    articles = []
    for file in walk([str(ARTICLES)], Listing()):
        for item in read(file, 2**20):
            if isinstance(item, Unread):
                continue
            assert not isinstance(item, Failure), item
            key, record = item
            about = record.metadata
            text = clean(record.text, about.title or "", about.publisher, extracted=record.extracted).text
            line = {
                "id": Path(key.rpartition("#")[2] or key).name,
                "title": about.title,
                "source": about.publisher,
                "text": text,
            }
            articles.append({**line, **({"date": about.published.isoformat()} if about.published else {})})
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return DataSet("own", tuple(articles), tuple(_query(row, articles) for row in rows), folder=ARTICLES)


def _query(row: dict[str, Any], articles: list[dict[str, Any]]) -> Query:
    evidence = tuple(row["sentences"])
    gold = {
        article["id"]
        for article in articles
        for sentence in evidence
        if squashed(sentence) in squashed(article["text"])
    }
    return Query(
        id=row["id"],
        question=row["question"],
        answerable=bool(evidence),
        gold_ids=frozenset(gold),
        evidence=evidence,
        today=date.fromisoformat(row["today"]) if "today" in row else TODAY,
        thread=tuple(row.get("thread", ())),
        kind=row["kind"],
    )
