"""Near-duplicates: precision and recall of the links that ingest makes, on pairs of newsquiz articles that a person has
judged.

``duplicates.jsonl`` holds the pairs, ids only. They come from the 6,000 articles by four ways pooled, so that no one
way sets what can be found: five-word runs in common (at least a third of the shorter text's: nearly all such pairs; a
tenth to a third, three days apart at most: the strongest 62), nearness of the openings' vectors where few words are
common (the 40 nearest within three days), and equal titles. Both openings and the course of the overlap over both texts
were read. ``same`` is one report, reprinted, edited, updated in words or shortened; not the same are two papers' own
reports of one event, a follow-up that repeats the background, a new version with other figures, yearly pieces and lists
made from one mould, round-ups and galleries that hold a piece of another article. Each pair is in the half for tuning
or the half for testing by its digest. The form of the rule was found, and its bounds mostly set, with both in view:
neither is blind.

``made`` are copies made here of the same articles by cutting and changing words: recall where nearly all copies of a
real archive lie far from the bounds.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from evals.metrics import precision_recall_f1
from index.articles import Article, Source
from index.clean.clean import clean
from index.model.embedder import Embedder, Vectors
from index.model.runtime import Model
from index.sentences import spans
from index.store.catalog import Catalog
from index.store.duplicates import Fingerprint, contained, link, opening
from index.text import embedding_key, header, passages_of

Pair = tuple[str, str]
PAIRS = Path(__file__).with_name("duplicates.jsonl")
_MADE = 60  # articles that copies are made of
_WORD = re.compile(r"\w+")


def run(data: Path) -> dict[str, Any]:
    """Measure on ``newsquiz/corpus.jsonl.gz`` in a folder of data sets and return the figures of both halves."""
    same = {(item["a"], item["b"]): bool(item["same"]) for item in map(json.loads, PAIRS.read_text().splitlines())}
    articles = _articles(data / "newsquiz" / "corpus.jsonl.gz", {id_ for pair in same for id_ in pair})
    embedder = Model(many=True)
    linked, vectors, seconds = _linked(articles.values(), embedder)
    prints = {id_: Fingerprint.of(article) for id_, article in articles.items()}
    measures: dict[str, Callable[[Pair], float]] = {
        "Jaccard of three-word runs (what MinHash estimates)": lambda pair: _jaccard(
            articles[pair[0]].text, articles[pair[1]].text, 3
        ),
        "Jaccard of five-word runs": lambda pair: _jaccard(articles[pair[0]].text, articles[pair[1]].text, 5),
        "containment of five-word runs": lambda pair: contained(prints[pair[0]], prints[pair[1]]),
        "cosine of the first passages": lambda pair: float(vectors[pair[0]] @ vectors[pair[1]]),
        "opening in common": lambda pair: opening(prints[pair[0]], prints[pair[1]]),
    }
    halves = {
        "dev": [pair for pair in same if _half(pair) == "dev"],
        "test": [pair for pair in same if _half(pair) == "test"],
    }
    figures: dict[str, Any] = {
        "links": {half: _scores(pairs, same, lambda pair: pair in linked) for half, pairs in halves.items()}
    }
    scores = {name: {pair: measure(pair) for pair in same} for name, measure in measures.items()}
    for name, score in scores.items():
        figures[f"{name}, alone"] = _at_best(halves, same, [score])
    figures["containment and cosine"] = _at_best(
        halves, same, [scores["containment of five-word runs"], scores["cosine of the first passages"]]
    )
    return {
        "pairs": {
            half: {"pairs": len(pairs), "same": sum(same[pair] for pair in pairs)} for half, pairs in halves.items()
        },
        "figures": figures,
        "made": _made(articles, embedder),
        "milliseconds_an_article": round(1000 * seconds / len(articles), 2),
    }


def _articles(corpus: Path, wanted: set[str]) -> dict[str, Article]:
    found = {}
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["id"] in wanted:
                day = date.fromisoformat(record["date"]) if record["date"] else None
                source = Source(record["id"], record["title"], record["source"], published=day)
                found[record["id"]] = Article.of(source, clean(record["text"], record["title"], record["source"]).text)
    return found


def _linked(articles: Iterable[Article], embedder: Embedder) -> tuple[set[Pair], dict[str, Vectors], float]:
    """Return the pairs that an archive of these articles links, in both orders, the vectors of the first passages, and
    the seconds linking took.
    """
    every = list(articles)
    first = [(passages_of(article)[0], header(article.source)) for article in every]
    found = [
        (passage, embedding_key(heading, passage.text), f"{heading}\n{passage.text}") for passage, heading in first
    ]
    vectors = dict(zip([key for _, key, _ in found], embedder.embed([text for _, _, text in found]), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog(Path(folder) / "catalog.sqlite3")
        with catalog.transaction() as transaction:
            transaction.put_fact("model", embedder.identity)
            transaction.put_embeddings(embedder.identity, vectors)
            for article, (passage, key, _) in zip(every, found, strict=True):
                transaction.put_article(article, "", "", (), [(passage, key, "", "")])
            began = time.perf_counter()
            link(transaction, every)
            seconds = time.perf_counter() - began
            copies = transaction.duplicates([article.source.id for article in every])
            twins = {article.source.id: transaction.twins(article.digest, article.source.id) for article in every}
        catalog.close()
    links = {(one, other) for pairs in (copies, twins) for one, others in pairs.items() for other in others}
    return links, {passage.article_id: vectors[key] for passage, key, _ in found}, seconds


def _jaccard(one: str, other: str, size: int) -> float:
    first, second = (_runs(text, size) for text in (one, other))
    return len(first & second) / max(1, len(first | second))


def _runs(text: str, size: int) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[start : start + size]) for start in range(len(words) - size + 1)}


def _half(pair: Pair) -> str:
    return "dev" if hashlib.sha256(" ".join(pair).encode()).digest()[0] % 2 == 0 else "test"


def _scores(pairs: Sequence[Pair], same: Mapping[Pair, bool], says: Callable[[Pair], bool]) -> dict[str, float]:
    found = [pair for pair in pairs if says(pair)]
    return precision_recall_f1(sum(same[pair] for pair in found), len(found), sum(same[pair] for pair in pairs))


def _at_best(
    halves: Mapping[str, Sequence[Pair]], same: Mapping[Pair, bool], scores: Sequence[Mapping[Pair, float]]
) -> dict[str, Any]:
    """Return the scores of a rule "every measure at least its bound" with the bounds that are best on the half for
    tuning.
    """
    grids = np.array(np.meshgrid(*[np.arange(0.05, 1.0, 0.05)] * len(scores))).reshape(len(scores), -1).T

    def says(bounds: Sequence[float]) -> Callable[[Pair], bool]:
        return lambda pair: all(score[pair] >= bound for score, bound in zip(scores, bounds, strict=True))

    best = max(grids.tolist(), key=lambda bounds: _scores(halves["dev"], same, says(bounds))["f1"])
    return {
        "bounds": [round(bound, 2) for bound in best],
        **{half: _scores(pairs, same, says(best)) for half, pairs in halves.items()},
    }


def _made(articles: Mapping[str, Article], embedder: Embedder) -> dict[str, float]:
    """Return, for each way of making a copy, the share of copies that are linked to their original."""
    chosen = [articles[id_] for id_ in sorted(articles) if 200 <= len(_WORD.findall(articles[id_].text)) <= 2_500][
        :_MADE
    ]
    foreign = _WORD.findall(" ".join(article.text for article in chosen[-5:]))
    ways: dict[str, Callable[[str], str]] = {
        "another dateline": lambda text: f"HARBOUR CITY, March 2 (Agency) - {text}",
        "the first half": lambda text: text[: len(text) // 2],
        "the first fifth": lambda text: text[: len(text) // 5],
        "every fourth sentence left out": lambda text: "".join(
            text[start:end]
            for place, (start, end) in enumerate(pairwise([*(start for start, _ in spans(text)), len(text)]))
            if place % 4 != 2
        ),
        "a new first paragraph": lambda text: f"{' '.join(foreign[:40])}.\n\n{text}",
        "every twentieth word changed": lambda text: _changed(text, foreign, 20),
        "every tenth word changed": lambda text: _changed(text, foreign, 10),
        "every fifth word changed": lambda text: _changed(text, foreign, 5),
    }
    shares = {}
    for way, made in ways.items():
        copies = {a.source.id: Article.of(replace(a.source, id=f"{a.source.id}-copy"), made(a.text)) for a in chosen}
        linked, _, _ = _linked([*chosen, *copies.values()], embedder)
        shares[way] = round(sum((id_, f"{id_}-copy") in linked for id_ in copies) / len(copies), 3)
    return shares


def _changed(text: str, foreign: Sequence[str], step: int) -> str:
    pieces = text.split(" ")
    return " ".join(
        foreign[place % len(foreign)] if place % step == step - 1 else piece for place, piece in enumerate(pieces)
    )
