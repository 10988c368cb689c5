"""What newsdesk costs as the archive grows, the model left out: ``python -m evals growth --data DIR``.

Every size is a folder of files of its own, put in from nothing, looked at again unchanged, changed a little, and asked.
Vectors are made from the words by hashing, which costs next to nothing, so that what is measured is everything else.
The figures say whether each cost is a line.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.answer.desk import Desk, Request
from evals.asking import TODAY
from evals.data import load
from evals.machine import Spent, machine
from index.archive import FILE, Archive
from index.ingest.changes import Options
from index.ingest.report import Progress, Report
from index.ingest.run import run as ingest
from index.model.embedder import Vectors
from index.store.catalog import writer_lock

SIZES = (500, 1_000, 2_000, 4_000)  # articles
_CHANGED = 10  # articles of the small change
_QUESTIONS = 40
_WARM = 3  # questions that open things, left out
_WORDS = 8_192  # directions; two words may share one


class WordVectors:
    """An embedder that costs some fifty microseconds a passage: the sum of a fixed direction for each word, of the
    default model's length.
    """

    identity = "words-384"
    dimensions = 384

    def __init__(self) -> None:
        self._directions = np.random.default_rng(0).standard_normal((_WORDS, self.dimensions), dtype=np.float32)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), 384), float32."""
        vectors = np.stack(
            [
                self._directions[[zlib.crc32(word.encode()) % _WORDS for word in text.lower().split()] or [0]].sum(
                    axis=0
                )
                for text in texts
            ]
        )
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def run(
    data: Path, *, sizes: Sequence[int] = SIZES, partly: Callable[[dict[str, Any]], object] = lambda _: None
) -> dict[str, Any]:
    """Return the costs at each size of archive, and for each how far it is from a line; ``partly`` is given what there
    is after each size.
    """
    newsquiz = load(data / "newsquiz")
    drawn = random.Random(0).sample(newsquiz.articles, len(newsquiz.articles))  # noqa: S311  of all lengths at every size
    lines: list[dict[str, float]] = []
    result: dict[str, Any] = {"machine": machine(), "lines": lines}
    for size in sorted(sizes):
        with tempfile.TemporaryDirectory() as folder:
            of_size = _measured(drawn[:size], [query.question for query in newsquiz.queries[:_QUESTIONS]], Path(folder))
        result["bytes a passage, by table"] = of_size.pop("tables")
        lines.append(of_size)
        print(f"growth: {json.dumps(of_size)}", file=sys.stderr, flush=True)
        result["figures"] = _figures(lines)
        partly(result)
    return result


def _measured(articles: Sequence[dict[str, Any]], questions: Sequence[str], folder: Path) -> dict[str, Any]:
    files = folder / "articles"
    files.mkdir()
    size = len(articles)
    for number, article in enumerate(articles):
        (files / f"{number:06}.json").write_text(json.dumps(article), encoding="utf-8")
    place = folder / "archive"
    embedder, told = WordVectors(), Spent()
    archive = Archive(place, create=True)

    def put_in() -> Report:
        with writer_lock(place):
            return ingest(archive, embedder, Options([str(files)]), Progress())

    told.on(put_in)
    told.on(put_in)
    for path in sorted(files.iterdir())[:_CHANGED]:
        article = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(
            json.dumps({**article, "text": f"{article['text']}\n\nThe story was changed after it was published."}),
            encoding="utf-8",
        )
    told.on(put_in)
    with archive.catalog.snapshot() as snapshot:
        passages = snapshot.counts()["passages"]
        generation = snapshot.generation()
    archive.close()
    assert generation is not None
    start = Spent()
    archive = Archive(place)
    start.on(archive.is_intact)
    start.on(lambda: archive.read(lambda view: view.vectors))
    start.on(archive.catch_up)
    asked = _asked(Desk(archive, embedder), questions)
    archive.close()
    index = sum(path.stat().st_size for path in (place / "chroma" / generation.name).rglob("*") if path.is_file())
    (whole, again, small), (check, vectors, words) = told.cpu, start.cpu
    return {
        "articles": size,
        "passages": passages,
        "ingest, s": round(whole, 1),
        "ingest by the clock, s": round(told.wall[0], 1),
        "again unchanged, s": round(again, 2),
        f"{_CHANGED} articles changed, s": round(small, 2),
        "index checked at start, ms": round(1_000 * check, 1),
        "vectors read at the first question, ms": round(1_000 * vectors, 1),
        "words read by a bot, ms": round(1_000 * words, 1),
        "question, all but the model, ms": round(1_000 * float(np.median(asked)), 1),
        "catalog, kB an article": round((place / FILE).stat().st_size / 1_000 / size, 1),
        "index, kB an article": round(index / 1_000 / size, 1),
        "tables": _tables(place / FILE, passages),
    }


def _asked(desk: Desk, questions: Sequence[str]) -> list[float]:
    """Return the seconds of processor that each question took, those that open things left out."""
    spent = Spent()
    for question in questions:
        spent.on(lambda question=question: desk.ask(Request(question, TODAY)))  # type: ignore[misc]
    return spent.cpu[_WARM:]


def _tables(file: Path, passages: int) -> dict[str, float]:
    """Return the bytes that each table and index of the catalog takes a passage; nothing where SQLite was built without
    dbstat.
    """
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC").fetchall()
    except sqlite3.OperationalError:
        return {}
    finally:
        connection.close()
    return {name: round(size / passages, 1) for name, size in rows if size / passages >= 0.5}


def _figures(lines: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return each cost at each size, and how straight its line is."""
    shown = {
        f"{line['articles']:,} articles": {name: value for name, value in line.items() if name != "articles"}
        for line in lines
    }
    if len(lines) < 3:
        return shown
    costs = [
        name
        for name in lines[0]
        if name not in ("articles", "passages") and not name.endswith(("an article", "by the clock, s"))
    ]
    return {
        **shown,
        "steepness of the last step to the one before (a line: 1)": {name: bend(lines, name) for name in costs},
    }


def bend(lines: Sequence[dict[str, float]], name: str) -> float | None:
    """Return what a passage adds to a cost over the last step, in units of what it added over the step before.

    1 for a line, whatever it begins with; 2 for a square where sizes double. None for what did not grow over the step
    before. By passages, because articles are of many lengths.
    """
    first, second, third = ((line["passages"], line[name]) for line in lines[-3:])
    before, last = ((end[1] - start[1]) / (end[0] - start[0]) for start, end in ((first, second), (second, third)))
    return round(last / before, 2) if before > 0 else None
