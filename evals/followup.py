"""Follow-ups: is the missing part taken from the thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot.question.follow_up import complete_follow_up
from evals.archives import archive_of
from evals.data import DataSet, Query
from evals.metrics import mean
from evals.retrieve import found_of, judged, summed
from index.archive import Archive
from index.model.embedder import Embedder
from index.search.search import search
from index.text import terms

Completer = Callable[[Query], str]

COMPLETERS: dict[str, Completer] = {
    "newsdesk": lambda query: complete_follow_up(query.question, query.thread),
    "as asked": lambda query: query.question,
    "whole thread": lambda query: " ".join([*query.thread, query.question]),
    "by a person": lambda query: query.rewrite or query.question,
}


def measured(data: DataSet, embedder: Embedder, cache: Path) -> dict[str, Any]:
    """Return the figures of a data set with threads, by half.

    Where the question is known as a person would complete it: its terms found again (recall, precision, F1) and the
    cosine between the two. Where the articles are known: retrieval with the completed question.
    """
    queries = [query for query in data.queries if query.thread]
    figures: dict[str, Any] = {}
    for half in ("dev", "test", "both"):
        chosen = [query for query in queries if half in ("both", query.half)]
        figures[half] = {
            name: _rewritten(chosen, complete, embedder)
            for name, complete in COMPLETERS.items()
            if any(q.rewrite for q in chosen)
        }
    if data.articles:
        with archive_of(data, embedder, cache) as archive:
            for half in ("dev", "test", "both"):
                chosen = [
                    query for query in queries if query.answerable and query.gold_ids and half in ("both", query.half)
                ]
                figures[half] = {
                    name: _found_with(chosen, complete, archive, embedder)
                    for name, complete in COMPLETERS.items()
                    if name != "by a person"
                }
    return {"questions": len(queries), "figures": figures}


def _rewritten(queries: Sequence[Query], complete: Completer, embedder: Embedder) -> dict[str, Any]:
    rows = []
    for query in queries:
        if query.rewrite is None:
            continue
        made = complete(query)
        one, gold = set(terms(made)), set(terms(query.rewrite))
        both = len(one & gold)
        vectors = embedder.embed([made, query.rewrite])
        recall, precision = both / max(1, len(gold)), both / max(1, len(one))
        f1 = 2 * recall * precision / max(1e-9, recall + precision)
        rows.append(
            {
                "term recall": recall,
                "term precision": precision,
                "term F1": f1,
                "cosine": float(vectors[0] @ vectors[1]),
            }
        )
    return {name: mean([row[name] for row in rows]) for name in rows[0]} if rows else {}


def _found_with(queries: Sequence[Query], complete: Completer, archive: Archive, embedder: Embedder) -> dict[str, Any]:
    return summed(
        [judged([found_of(hit) for hit in search(archive, embedder, complete(query))], query) for query in queries]
    )
