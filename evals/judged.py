"""Questions of our own as people type them, about the 300 articles of data/desk, with the sentences that answer.

``judged.jsonl`` has a question a line: ``answers`` are the sentences that answer it, ``part`` those that answer a part
or are to the point, each as an article's id and its first and last character there; a title is -1, 0. The writer of a
question marked those of one article. Then another judged the ten that newsdesk finds by words. Both were language
models, which read one question at a time.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from evals.data import DataSet, Query, load, pattern_of

FILE = Path(__file__).with_suffix(".jsonl")
NAME = "judged"
_TODAY = date(2025, 2, 28)


def data_set(desk: Path) -> DataSet:
    """Return the questions as a data set; ``desk`` is the folder with their articles. Raises DataError."""
    data = load(desk)
    articles = {article["id"]: article for article in data.articles}
    with open(FILE, encoding="utf-8") as stream:
        return DataSet(NAME, data.articles, tuple(_query(json.loads(line), articles) for line in stream))


def _query(row: dict[str, Any], articles: dict[str, dict[str, Any]]) -> Query:
    def patterns(places: list[tuple[str, int, int]]) -> tuple[str, ...]:
        return tuple(
            pattern_of(articles[id_]["title"] if start < 0 else articles[id_]["text"][start:end])
            for id_, start, end in places
        )

    return Query(
        row["id"],
        row["question"],
        bool(row["answers"]),
        today=_TODAY,
        thread=tuple(row.get("thread", ())),
        kind=row["kind"],
        gold=patterns(row["answers"]),
        relevant=patterns(row["part"]),
    )
