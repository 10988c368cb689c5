"""Questions written by hand about news articles, as people type them, with the sentences that answer each.

``questions.jsonl`` has a question a line: ``article`` (of data/newsquiz), ``question``, ``kind``, and as characters of
the article's text ``answers`` (the sentences that answer; none if the article does not) and ``unclear`` (those that
may).
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from evals.reader.pairs import Pair
from index.model.reader import SmallReader, Tokenizer, context_of, model_folder
from index.sentences import spans
from index.text import is_prose, terms

FILE = Path(__file__).with_suffix(".jsonl")
NAME = "written"
_KEPT = 20  # of 256 articles, kept from training to measure
_WEIGHED = 8  # sentences of an article that share most words with a question: of these the hardest are taken
_HARDEST, _DRAWN = 2, 1  # negatives a question
_ANSWERS = 2  # sentences that answer, at most
_LONGEST = 700  # characters of a sentence


@dataclass(frozen=True, slots=True)
class Written:
    """A question, the sentences of its article, and which of them answer or may."""

    article: str
    question: str
    kind: str
    contexts: tuple[str, ...]
    sentences: tuple[str, ...]
    answers: frozenset[int]
    unclear: frozenset[int]

    @property
    def id(self) -> str:
        """An id that stays."""
        return f"{self.article} {self.question}"

    @property
    def kept(self) -> bool:
        """Tell whether its article is kept from training."""
        return hashlib.sha256(self.article.encode()).digest()[0] < _KEPT


def written(newsquiz: Path, file: Path = FILE) -> Iterator[Written]:
    """Yield the questions with the sentences of their articles, which stand in the folder of newsquiz."""
    asked: dict[str, list[dict[str, Any]]] = {}
    with open(file, encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            asked.setdefault(row["article"], []).append(row)
    with gzip.open(newsquiz / "corpus.jsonl.gz", "rt", encoding="utf-8") as stream:
        for article in map(json.loads, stream):
            if article["id"] in asked:
                yield from _of_article(article, asked[article["id"]])


def _of_article(article: dict[str, Any], asked: Sequence[dict[str, Any]]) -> Iterator[Written]:
    text = article["text"]
    every = spans(text)
    befores = ["", *(text[start:end] for start, end in every[:-1])]
    shown = [
        (start, end, context_of(article["title"] or "", article["date"] or "", "", before))
        for (start, end), before in zip(every, befores, strict=True)
        if is_prose(text[start:end]) and end - start < _LONGEST
    ]
    for row in asked:
        answers, unclear = (
            frozenset(at for at, (start, end, _) in enumerate(shown) if any(a < end and start < b for a, b in row[key]))
            for key in ("answers", "unclear")
        )
        if answers or not row["answers"]:
            sentences = tuple(text[start:end] for start, end, _ in shown)
            contexts = tuple(context for _, _, context in shown)
            yield Written(article["id"], row["question"], row["kind"], contexts, sentences, answers, unclear - answers)


def pairs_of(questions: Sequence[Written], seed: int, first: int) -> list[Pair]:
    """Return pairs of questions, in groups numbered from ``first``: sentences that answer, those of the article that
    the product's reader takes for answers most and that are not, and one drawn.
    """
    draw = Random(seed)  # noqa: S311  no secret
    weighed = [(item, at) for item in questions for at in _weighed(item)]
    tokens = Tokenizer(model_folder()).encode(
        [(item.question, item.contexts[at], item.sentences[at]) for item, at in weighed]
    )
    read = SmallReader.load().scores(tokens)
    found = dict(zip(((item.id, at) for item, at in weighed), read, strict=True))
    made: list[Pair] = []
    for number, item in enumerate(questions, first):
        free = _weighed(item)
        hardest = sorted(free, key=lambda at: -found[item.id, at])[:_HARDEST]
        rest = [at for at in free if at not in hardest]
        right = draw.sample(sorted(item.answers), min(_ANSWERS, len(item.answers)))
        for at in [*right, *hardest, *draw.sample(rest, min(_DRAWN, len(rest)))]:
            kind = "answers" if at in item.answers else "near" if not item.answers else "article"
            label = int(at in item.answers)
            made.append(Pair(item.question, item.contexts[at], item.sentences[at], label, kind, NAME, number))
    return made


def _weighed(item: Written) -> list[int]:
    """Return the sentences that do not answer and share most words with the question, with those around them."""
    asked = set(terms(item.question))
    free = [at for at in range(len(item.sentences)) if at not in item.answers and at not in item.unclear]
    near = {at: len(asked & set(terms(f"{item.contexts[at]} {item.sentences[at]}"))) for at in free}
    own = {at: len(asked & set(terms(item.sentences[at]))) for at in free}
    return sorted(free, key=lambda at: (-own[at] - near[at], at))[:_WEIGHED]
