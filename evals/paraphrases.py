"""Sentences as language models write them about ``sample_articles/``, true and subtly false, with what they rest on.

``paraphrases.jsonl`` is of our own writing and was written without the checker in view. ``manner`` says how a true
sentence differs from the text (facts merged, a date made absolute, a quotation told) and in what a false one is wrong
(a denial lost, a figure of something else, who did what exchanged).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evals.data import Half

FILE = Path(__file__).with_name("paraphrases.jsonl")


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """A sentence of an answer, without its key.

    ``articles`` are ids as in ``evals.own``; ``evidence`` are sentences of these articles, word for word. A false
    sentence has the passage as evidence that its writer would have cited.
    """

    id: str
    question: str
    today: date
    articles: tuple[str, ...]
    sentence: str
    evidence: tuple[str, ...]
    true: bool
    manner: str

    @property
    def half(self) -> Half:
        """Return the half the sentence is in, by its id; ``test`` is the blind one, of which only figures are read."""
        return "test" if hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0 else "dev"


def paraphrases(half: Half | None = None) -> list[Paraphrase]:
    """Read the sentences, of one half if it is named."""
    rows = map(json.loads, FILE.read_text(encoding="utf-8").splitlines())
    found = [
        Paraphrase(
            id=row["id"],
            question=row["question"],
            today=date.fromisoformat(row["today"]),
            articles=tuple(row["articles"]),
            sentence=row["sentence"],
            evidence=tuple(row["evidence"]),
            true=row["true"],
            manner=row["manner"],
        )
        for row in rows
    ]
    return [each for each in found if half in (None, each.half)]
