"""Questions in other languages than English: python -m evals.languages, with the model and reader of the settings.

evals/languages.jsonl has our own articles in German, French, Spanish, Ukrainian and Arabic, four questions on each with
words that an answer must hold, and two questions a language that no article answers. The archive also holds
sample_articles.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from bot.answer.desk import Desk, Request
from bot.reply import Answer
from bot.wiring import quotes_desk
from evals.own import ARTICLES
from index.archive import Archive
from index.ingest.changes import Options
from index.ingest.report import Progress
from index.ingest.run import run as ingest
from index.model.embedder import Embedder
from index.store.catalog import writer_lock
from settings import Settings

_ROWS = Path(__file__).with_name("languages.jsonl")
_TODAY = date(2025, 3, 5)


def measure(settings: Settings, embedder: Embedder) -> dict[str, Counter[str]]:
    """Return what became of the questions of each language; of those without an answer under "none"."""
    rows = [json.loads(line) for line in _ROWS.read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [
            {"id": str(number), "title": row["title"], "text": row["text"], "date": "2025-03-03"}
            for number, row in enumerate(rows)
            if "text" in row
        ]
        (folder / "articles.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        archive = Archive(folder / "archive", create=True)
        with writer_lock(folder / "archive"):
            ingest(archive, embedder, Options([str(folder / "articles.jsonl"), str(ARTICLES)]), Progress())
        try:
            return _asked(quotes_desk(archive, settings, embedder), rows)
        finally:
            archive.close()


def _asked(desk: Desk, rows: list[dict[str, Any]]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for item in row.get("questions", ()):
            found.setdefault(row["language"], Counter())[_became(desk, item["question"], item["answer"])] += 1
        for question in row.get("unanswerable", ()):
            found.setdefault("none", Counter())[_became(desk, question)] += 1
    return found


def _became(desk: Desk, question: str, answer: str | None = None) -> str:
    """Return the outcome of a question, and whether what is shown holds the words of its answer."""
    result = desk.ask(Request(question, _TODAY)).result
    if isinstance(result, Answer):
        shown = " ".join(citation.quote for citation in result.citations)
    else:
        shown = result.closest.quote if result.closest else ""
    right = "" if answer is None or not shown else ", right" if answer in shown else ", wrong"
    return result.outcome + right


if __name__ == "__main__":
    used = Settings()
    for language, counts in measure(used, used.embedder()).items():
        print(language, dict(sorted(counts.items())))
