"""Sources that disagree (the ramdocs set), and a model that writes down every side: does each side come through the
checker, with date and publisher.

The set names no publishers and no dates; each source gets one of its own here, so that the citations can be told apart.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.check.checker import SentenceChecker
from bot.reply import Dropped
from evals.check import rows
from evals.metrics import mean, normalised
from index.articles import Article, Hit, Source
from index.model.embedder import Embedder
from index.sentences import spans
from index.text import passages_of


def run(data: Path, embedder: Embedder | None = None) -> dict[str, Any]:
    """Return in how many of the questions with two sides or more every side was kept, and whether the citations tell
    them apart.
    """
    if embedder is None:
        from settings import Settings

        embedder = Settings().embedder()
    sources = defaultdict(list)
    for row in rows(data / "ramdocs" / "corpus.jsonl"):
        sources[row["query_id"]].append(row)
    both, sides, apart = [], [], []
    for documents in sources.values():
        written = _written(documents)
        if len(written) < 2:
            continue
        checker = SentenceChecker({key: hit for key, (hit, _) in written.items()}, embedder)
        kept = [not isinstance(checker.take(sentence), Dropped) for _, sentence in written.values()]
        sides += [float(one) for one in kept]
        both.append(float(all(kept)))
        if all(kept):
            told = {(c.article.source.publisher, c.article.source.published) for c in checker.citations}
            apart.append(float(len(told) == len(written)))
    return {
        "questions": len(both),
        "figures": {
            "every side kept": mean(both),
            "sides kept": mean(sides),
            "told apart by date and publisher": mean(apart),
        },
    }


def _written(documents: list[dict[str, Any]]) -> dict[str, tuple[Hit, str]]:
    """Return one source of each answer, by key, and what the model writes of it."""
    found: dict[str, tuple[Hit, str]] = {}
    answers: set[str] = set()
    for number, row in enumerate(documents):
        answer = normalised(str(row.get("doc_answer") or ""))
        if row["label"] == "noise" or not answer.strip() or answer in answers:
            continue
        source = Source(
            row["id"],
            row.get("title", ""),
            f"Paper {number}",
            published=date(2025, 1, 1) + timedelta(days=number),
            language="en",
        )
        article = Article.of(source, row["text"])
        for passage in passages_of(article):
            texts = [passage.text[start:end] for start, end in spans(passage.text)]
            text = next(
                (
                    text
                    for text in texts
                    if answer in normalised(text) and 4 <= len(text.split()) <= 60 and "[" not in text
                ),
                None,
            )
            if text:
                key = f"k{number}"
                found[key] = (Hit(passage, article, 1.0, 1.0, 1.0), f"According to Paper {number}, {text} [{key}]")
                answers.add(answer)
                break
    return found
