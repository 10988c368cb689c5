"""Data sets: articles and questions in one form, and the half of the questions that may be tuned on."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from index.errors import NewsdeskError

Half = Literal["dev", "test"]

_LONGEST_ANSWER = 12  # words; what is longer is somebody's own wording, which no article holds


class DataError(NewsdeskError):
    """A data set that cannot be read."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question with what is known to answer it.

    ``gold_ids`` are articles, ``evidence`` sentences that answer, ``thread`` the earlier questions of the conversation,
    ``rewrite`` the question with nothing left to guess, where known. The last three are regular expressions: a sentence
    that answers matches one of ``gold``, one that is to the point one of those or of ``relevant``, and an answer to all
    that was asked matches each of ``parts``.
    """

    id: str
    question: str
    answerable: bool
    answers: tuple[str, ...] = ()
    gold_ids: frozenset[str] = frozenset()
    evidence: tuple[str, ...] = ()
    today: date | None = None
    thread: tuple[str, ...] = ()
    rewrite: str | None = None
    kind: str = ""
    gold: tuple[str, ...] = ()
    relevant: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def half(self) -> Half:
        """Return which half of the data the question is in: by its id, so that no run and no order changes it."""
        return "dev" if hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0 else "test"


@dataclass(frozen=True, slots=True)
class DataSet:
    """Articles, each one JSON object as ``ingest.py`` reads it, and questions about them; ``folder`` holds them as
    files, if they are files.
    """

    name: str
    articles: tuple[dict[str, Any], ...]
    queries: tuple[Query, ...]
    folder: Path | None = None

    def part(self, limit: int | None, seed: int = 1) -> DataSet:
        """Return a part of at most ``limit`` articles: questions until their gold articles fill half of it, the rest
        drawn by seed.

        Questions that have no answer stay; those whose gold articles are not all among the chosen ones go.
        """
        if limit is None or limit >= len(self.articles):
            return self
        draw = random.Random(seed)  # noqa: S311
        gold: set[str] = set()
        for query in draw.sample(self.queries, len(self.queries)):
            if len(gold | query.gold_ids) <= limit // 2:
                gold |= query.gold_ids
        others = [article["id"] for article in self.articles if article["id"] not in gold]
        chosen = gold | set(draw.sample(others, limit - len(gold)))
        kept = tuple(article for article in self.articles if article["id"] in chosen)
        return replace(self, articles=kept, queries=tuple(query for query in self.queries if query.gold_ids <= chosen))


@dataclass(frozen=True, slots=True)
class Found:
    """A passage of a ranking, of ours or of another system."""

    article: str
    text: str


System = Callable[[Query], Sequence[Found]]


def load(folder: Path) -> DataSet:
    """Read a data set: ``corpus.jsonl`` (or ``.gz``, ``.xz``; may be missing) and ``queries.jsonl``.

    Raises DataError if there are no questions, or a line is none.
    """
    files = (folder / f"corpus.jsonl{ending}" for ending in (".gz", ".xz", ""))
    corpus = next((path for path in files if path.exists()), None)
    articles = tuple(_article(line) for line in _lines(corpus)) if corpus else ()
    return DataSet(folder.name, articles, questions_of(folder / "queries.jsonl"))


def questions_of(path: Path) -> tuple[Query, ...]:
    """Read a file of questions. Raises DataError if it is not there, or a line is no question."""
    if not path.exists():
        raise DataError(f"{path} is not there. Name the folder that holds the data sets: --data DIR")
    try:
        return tuple(_query(line) for line in _lines(path))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: a line is no question ({type(error).__name__}: {error}).") from error


def pattern_of(sentence: str) -> str:
    """Return the regular expression by which a sentence is known again (``Query.gold``): its first 60 characters."""
    return re.escape(" ".join(sentence.split())[:60])


def squashed(text: str) -> str:
    """Return a text without white space and in lower case, for comparing what was cleaned with what was not."""
    return "".join(text.split()).lower()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    openers: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open}
    with openers.get(path.suffix, open)(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def _article(line: dict[str, Any]) -> dict[str, Any]:
    return {key: line[key] for key in ("id", "title", "date", "source", "url", "authors", "text") if line.get(key)}


def _query(line: dict[str, Any]) -> Query:
    answers = tuple(line.get("answers", ()))
    kind, day = line.get("type") or line.get("kind", ""), line.get("date") or line.get("today")
    answerable = line.get("answerable", kind not in ("unanswerable", "underspecified"))
    return Query(
        id=str(line["id"]),
        question=line["question"],
        answerable=answerable,
        answers=tuple(answer for answer in answers if len(answer.split()) <= _LONGEST_ANSWER),
        gold_ids=frozenset(line.get("gold_ids", ())),
        evidence=tuple(line.get("gold_evidence", ())),
        today=date.fromisoformat(day) if day else None,
        thread=_questions(line.get("history") or line.get("thread", ())),
        rewrite=answers[0] if kind.startswith("rewrite") else None,
        kind=kind,
        gold=tuple(line.get("gold", ())),
        relevant=tuple(line.get("relevant", ())),
        parts=tuple(line.get("parts", ())),
    )


def _questions(history: Sequence[Any]) -> tuple[str, ...]:
    said = [
        item if isinstance(item, str) else item["text"]
        for item in history
        if isinstance(item, str) or item.get("speaker") == "user"
    ]
    return tuple(said)
