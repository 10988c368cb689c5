"""Retrieval: is what answers found, and how far up. Beside it, what else one could use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.archives import archive_of, data_id
from evals.asking import TODAY
from evals.data import DataSet, Found, Query, System
from evals.metrics import difference, holds_answer, mean, ndcg, rank_of
from index.archive import Archive
from index.articles import Hit
from index.model.embedder import Embedder
from index.search.search import find
from index.store.rows import ANYTHING
from index.text import estimated_tokens, terms
from index.view import View

_DEPTH = 24  # passages of a ranking
_BUDGET = 600  # tokens that a reader, or a model, is given


def measured(data: DataSet, embedder: Embedder, cache: Path, baselines: bool) -> dict[str, Any]:
    """Rank passages for every answerable question of a data set by each system, and return the figures."""
    queries = [query for query in data.queries if query.answerable and query.gold_ids and not query.thread]
    with archive_of(data, embedder, cache) as archive:
        systems: dict[str, System] = {
            "newsdesk": lambda query: _ours(archive, embedder, query),
            "dense alone": lambda query: _dense(archive, embedder, query),
            "BM25 alone": lambda query: _keyword(archive, query),
        }
        if baselines:
            from evals.baselines import llama_index_systems

            systems |= llama_index_systems(data, embedder, cache)
        values = {name: [judged(system(query), query) for query in queries] for name, system in systems.items()}
    figures: dict[str, Any] = {}
    for half in ("dev", "test", "both"):
        chosen = [place for place, query in enumerate(queries) if half in ("both", query.half)]
        figures[half] = {name: summed([rows[place] for place in chosen]) for name, rows in values.items()}
        for name, rows in values.items():
            if name != "newsdesk":
                figures[half][name]["newsdesk is better by (nDCG@10)"] = difference(
                    [values["newsdesk"][place]["ndcg@10"] for place in chosen],
                    [rows[place]["ndcg@10"] for place in chosen],
                )
    return {"questions": len(queries), "figures": figures}


def judged(found: Sequence[Found], query: Query) -> dict[str, float]:
    """Return the figures of one ranking."""
    articles = list(dict.fromkeys(item.article for item in found))
    rank = rank_of(articles, query.gold_ids)
    values = {f"hit@{k}": float(0 < rank <= k) for k in (1, 5, 10)}
    values |= {"mrr@10": 1 / rank if 0 < rank <= 10 else 0.0, "ndcg@10": ndcg(articles, query.gold_ids)}
    if query.answers:
        values["answer in 5 passages"] = float(any(holds_answer(item.text, query.answers) for item in found[:5]))
        values["answer in 600 tokens"] = float(holds_answer(_within(found), query.answers))
    return values


def _within(found: Sequence[Found]) -> str:
    """Return the first passages of a ranking, as far as the budget goes; the last one is cut."""
    parts, left = [], _BUDGET
    for item in found:
        cost = estimated_tokens(item.text)
        parts.append(item.text if cost <= left else item.text[: len(item.text) * left // cost])
        left -= cost
        if left <= 0:
            break
    return "\n".join(parts)


def summed(rows: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return the mean of each figure over some rankings."""
    return {name: mean([row[name] for row in rows if name in row]) for name in rows[0]} if rows else {}


def _ours(archive: Archive, embedder: Embedder, query: Query) -> list[Found]:
    from bot.question.parse import parse_question

    asked = parse_question(query.question, query.today or TODAY)
    vector = embedder.embed([asked.search])[0]
    return [
        found_of(hit)
        for hit in archive.read(
            lambda view: find(view, asked.search, vector, embedder.identity, asked.scope(), _DEPTH, asked.preference)
        )
    ]


def _dense(archive: Archive, embedder: Embedder, query: Query) -> list[Found]:
    vector = embedder.embed([query.question])[0]
    return archive.read(
        lambda view: _named(view, [id_ for id_, _ in view.snapshot.scan(vector, embedder.identity, _DEPTH, ANYTHING)])
    )


def _keyword(archive: Archive, query: Query) -> list[Found]:
    wanted = terms(query.question)
    return archive.read(lambda view: _named(view, [id_ for id_, _ in view.snapshot.keyword(wanted, _DEPTH, ANYTHING)]))


def _named(view: View, ids: Sequence[str]) -> list[Found]:
    passages = view.snapshot.outlines(ids)
    articles = view.snapshot.articles(sorted({passage.article_id for passage in passages.values()}))
    found = [(articles[passages[id_].article_id], passages[id_]) for id_ in ids]
    return [Found(data_id(article), article.text[passage.start : passage.end]) for article, passage in found]


def found_of(hit: Hit) -> Found:
    """Return a hit as rankings of other systems have it."""
    return Found(data_id(hit.article), hit.passage.text)
