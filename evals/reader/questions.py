"""Questions written by hand about news articles, as people type them, with the sentences that answer each.

``questions.jsonl`` has a question a line: ``articles`` (of data/newsquiz: one, or three on near topics), ``question``,
``kind``, ``answers`` (the sentences that answer, the best first; none if the articles do not answer) and ``unclear``
(those that may). A sentence is the number of its article in ``articles``, and its first and last character there; the
article's title is -1, 0. Some have a ``thread``, the questions before. ``titles`` tells that titles were judged, too.

``found.jsonl`` has questions of it again, with what newsdesk found for them in an archive of 1,200 articles: up to six
sentences that its reader took for answers most, of any article. Another language model judged each; ``wrong`` are
those that do not answer.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bot.question.follow_up import complete_follow_up
from evals.data import DataSet, Query, pattern_of
from evals.reader.pairs import Pair
from index.model.reader import SMALL_FILES, Network, Tokenizer, context_of, model_folder
from index.sentences import spans
from index.text import is_prose, terms

FILE = Path(__file__).with_suffix(".jsonl")
FOUND = FILE.with_name("found.jsonl")
NAME, JUDGED = "written", "found"
_KEPT = 20  # of 256 articles, kept from training to measure
_WEIGHED = 8  # sentences of an article that share most words with a question: of these the hardest are taken
_HARDEST, _DRAWN = 2, 1  # negatives a question
_ANSWERS = 2  # sentences that answer, at most
_LONGEST = 700  # characters of a sentence
_ARTICLES, _SINCE = 900, "2021-06"  # of the data set, and from when on the others are
_TITLE = (-1, 0)  # where a title stands


@dataclass(frozen=True, slots=True)
class Written:
    """A question, the sentences of its articles, and which of them answer or may."""

    articles: tuple[str, ...]
    question: str
    kind: str
    contexts: tuple[str, ...]
    sentences: tuple[str, ...]
    answers: frozenset[int]
    unclear: frozenset[int]
    thread: tuple[str, ...] = ()
    wrong: frozenset[int] = frozenset()  # those that were judged, and do not answer

    @property
    def id(self) -> str:
        """An id that stays."""
        return " ".join([self.articles[0], *self.thread, self.question])

    @property
    def read(self) -> str:
        """The question as the reader gets it, with the subject of its thread."""
        return complete_follow_up(self.question, self.thread)

    @property
    def kept(self) -> bool:
        """Tell whether its articles are kept from training."""
        return hashlib.sha256(self.articles[0].encode()).digest()[0] < _KEPT


def written(newsquiz: Path, file: Path = FILE) -> Iterator[Written]:
    """Yield the questions with the sentences of their articles, which stand in the folder of newsquiz."""
    asked: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    with open(file, encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            asked.setdefault(tuple(row["articles"]), []).append(row)
    wanted = {id_ for ids in asked for id_ in ids}
    with gzip.open(newsquiz / "corpus.jsonl.gz", "rt", encoding="utf-8") as stream:
        articles = {article["id"]: article for article in map(json.loads, stream) if article["id"] in wanted}
    for ids, rows in asked.items():
        if all(id_ in articles for id_ in ids):
            yield from _of_articles([articles[id_] for id_ in ids], rows)


def _of_articles(articles: Sequence[dict[str, Any]], asked: Sequence[dict[str, Any]]) -> Iterator[Written]:
    places, contexts, sentences = list[tuple[int, int, int]](), list[str](), list[str]()
    titles = all(row.get("titles") or "wrong" in row for row in asked)  # else nobody judged them: they teach nothing
    for number, article in enumerate(articles):
        text, before = article["text"], ""
        if titles:
            places.append((number, *_TITLE))
            contexts.append(context_of("", article["date"] or "", "", ""))
            sentences.append(article["title"] or "")
        for start, end in spans(text):
            if is_prose(text[start:end]) and end - start < _LONGEST:
                places.append((number, start, end))
                contexts.append(context_of(article["title"] or "", article["date"] or "", "", before))
                sentences.append(text[start:end])
            before = text[start:end]
    for row in asked:
        answers, unclear, wrong = (
            frozenset(
                at
                for at, (number, start, end) in enumerate(places)
                if any(number == own and first < end and start < last for own, first, last in row.get(key, ()))
            )
            for key in ("answers", "unclear", "wrong")
        )
        if answers or not row["answers"]:
            yield Written(
                tuple(article["id"] for article in articles),
                row["question"],
                row["kind"],
                tuple(contexts),
                tuple(sentences),
                answers,
                unclear - answers,
                tuple(row.get("thread", ())),
                wrong - answers - unclear,
            )


def data_set(newsquiz: Path) -> DataSet:
    """Return the questions kept from training as a data set: their articles among others of the same years."""
    items = [item for item in written(newsquiz) if item.kept]
    own = {id_ for item in items for id_ in item.articles}
    with gzip.open(newsquiz / "corpus.jsonl.gz", "rt", encoding="utf-8") as stream:
        articles = {article["id"]: article for article in map(json.loads, stream) if article["date"]}
    others = sorted(id_ for id_ in articles.keys() - own if articles[id_]["date"] >= _SINCE)
    chosen = own | set(Random(1).sample(others, _ARTICLES - len(own)))  # noqa: S311  no secret
    queries = tuple(_query(item, [articles[id_]["date"] for id_ in item.articles]) for item in items)
    return DataSet(NAME, tuple(article for id_, article in articles.items() if id_ in chosen), queries)


def _query(item: Written, published: Sequence[str]) -> Query:
    gold, relevant = (
        tuple(pattern_of(item.sentences[at]) for at in sorted(places)) for places in (item.answers, item.unclear)
    )
    today = date.fromisoformat(max(published)[:10]) + timedelta(1)
    return Query(
        item.id,
        item.question,
        bool(gold),
        today=today,
        thread=item.thread,
        kind=item.kind,
        gold=gold,
        relevant=relevant,
    )


def pairs_of(questions: Sequence[Written], seed: int, first: int) -> list[Pair]:
    """Return pairs of questions, in groups numbered from ``first``: sentences that answer, those of the article that
    the product's reader takes for answers most and that are not, and one drawn.
    """
    draw = Random(seed)  # noqa: S311  no secret
    weighed = [(item, at) for item in questions for at in _weighed(item)]
    tokens = Tokenizer(model_folder()).encode(
        [(item.read, item.contexts[at], item.sentences[at]) for item, at in weighed]
    )
    read = Network.load(SMALL_FILES, "small network", "").scores(tokens)
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
            made.append(Pair(item.read, item.contexts[at], item.sentences[at], label, kind, NAME, number))
    return made


def pairs_of_found(questions: Sequence[Written], first: int) -> list[Pair]:
    """Return the pairs of questions and the sentences that were judged, in groups numbered from ``first``."""
    return [
        Pair(item.read, item.contexts[at], item.sentences[at], label, kind, JUDGED, number)
        for number, item in enumerate(questions, first)
        for label, kind, places in ((1, "answers", item.answers), (0, "found", item.wrong))
        for at in sorted(places)
    ]


def _weighed(item: Written) -> list[int]:
    """Return the sentences that do not answer and share most words with the question, with those around them."""
    asked = set(terms(item.read))
    free = [at for at in range(len(item.sentences)) if at not in item.answers and at not in item.unclear]
    near = {at: len(asked & set(terms(f"{item.contexts[at]} {item.sentences[at]}"))) for at in free}
    own = {at: len(asked & set(terms(item.sentences[at]))) for at in free}
    return sorted(free, key=lambda at: (-own[at] - near[at], at))[:_WEIGHED]
