"""How long each stage of a search takes in archives of many sizes: ``python -m evals search --data DIR --passages
10000,100000,1000000``.

The archives are made up: a passage is half of one real passage and half of another, its vector a mixture of theirs, so
words and vectors are distributed as in the real collection. They are kept in the cache. Each is measured in a process
of its own.
"""

from __future__ import annotations

import multiprocessing
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bot.question.parse import parse_question
from evals.archives import archive_of
from evals.asking import TODAY
from evals.data import load
from evals.machine import machine, resident
from evals.memory import Remembering
from index.archive import Archive
from index.articles import Article, Passage, Source
from index.model.embedder import Embedder, Vectors
from index.model.runtime import Model
from index.search.candidates import VectorCandidates, by_words
from index.search.memory import Words
from index.search.search import CANDIDATES, NO_PREFERENCE, find
from index.store.rows import ANYTHING, Scope
from index.store.transaction import Transaction
from index.text import terms
from index.vectors.engine import Changes, Item
from index.vectors.generations import Folders
from index.view import View

SIZES = (10_000, 100_000)
_QUESTIONS = 60
_REAL = 900  # real articles, of whose passages the made-up ones are put together
_LENGTH = 16  # passages of an article
_AT_ONCE = 1_000  # articles written in one transaction
_FIRST, _DAYS = date(2023, 1, 1), 1_000
_SCOPES = {
    "a week": Scope(date(2024, 5, 1), date(2024, 5, 7)),
    "half of all days": Scope(date(2024, 5, 15), None),
    "a small publisher": Scope(publisher="Paper 77"),
    "a large publisher": Scope(publisher="paper 0"),
    "a publisher in a month": Scope(date(2024, 5, 1), date(2024, 5, 31), "paper 0"),
}
_Half = tuple[str, str, Vectors]  # text, its terms, the vector of the whole passage
_Asked = list[tuple[str, Vectors, Any]]


def run(data: Path, *, sizes: Sequence[int] = SIZES, cache: Path = Path(".evals")) -> dict[str, Any]:
    """Return the machine and the figures of each size."""
    embedder = Remembering(Model(many=True), cache / "vectors.sqlite3")
    newsquiz = load(data / "newsquiz").part(_REAL)
    queries = newsquiz.queries[:: max(1, len(newsquiz.queries) // _QUESTIONS)][:_QUESTIONS]
    questions = [parse_question(query.question, query.today or TODAY) for query in queries]
    asked = [(one.search, embedder.embed([one.search])[0], one.preference) for one in questions]
    found = {}
    with archive_of(newsquiz, embedder, cache) as archive:
        for size in sizes:
            folder = cache / f"search-{size}"
            _made(archive, embedder, folder, size)
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                found[f"{size} passages"] = process.submit(measured, folder, embedder.identity, asked).result()
    return {"machine": machine(), "questions": len(asked), "figures": found}


def measured(folder: Path, model: str, asked: _Asked) -> dict[str, Any]:
    """Return what one archive takes: seconds to start, MB of memory, milliseconds of each stage as (p50, p95)."""
    archive = Archive(folder)
    told: dict[str, Any] = {}
    at_rest = resident()
    with archive.catalog.snapshot() as snapshot:
        generation = snapshot.generation()
        assert generation is not None
        told["seconds, index compared with its seal"] = _seconds(lambda: archive.engine.check(generation, snapshot))
        told["seconds, Chroma imported, opened and asked once"] = _seconds(
            lambda: archive._opened(generation, snapshot).nearest(asked[0][1], CANDIDATES)
        )
        told["MB, Chroma"] = resident() - at_rest
        told["seconds, words into memory"] = _seconds(archive.catch_up)
        told["MB, and words"] = resident() - at_rest
        words = archive._words
        told["seconds, nothing new to read"] = _seconds(lambda: Words(snapshot, 2, words))
        told["seconds, ids compared with Chroma's"] = _seconds(lambda: archive.check())
        index = archive._opened(generation, snapshot)
        bot, ask = View(snapshot, generation, index, words), View(snapshot, generation, index)
        told["ms"] = {
            "vectors, Chroma": _spent(
                asked, lambda _, vector, __: VectorCandidates(bot, vector, model).best(CANDIDATES, ANYTHING)
            ),
            "words, in memory": _spent(
                asked, lambda text, *_: by_words(bot, terms(text)).best(10 * CANDIDATES, ANYTHING)
            ),
            "words, the catalog": _spent(
                asked, lambda text, *_: by_words(ask, terms(text)).best(10 * CANDIDATES, ANYTHING)
            ),
            "search, as a bot": _spent(asked, _search(bot, model)),
            "search, as ask": _spent(asked, _search(ask, model)),
            **{
                f"search, as a bot, {name}": _spent(asked, _search(bot, model, scope))
                for name, scope in _SCOPES.items()
            },
            **{f"search, as ask, {name}": _spent(asked, _search(ask, model, scope)) for name, scope in _SCOPES.items()},
        }
    archive.close()
    told["MB on disk"] = round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20)
    return told


def _search(view: View, model: str, scope: Scope = ANYTHING) -> Callable[[str, Vectors, Any], object]:
    return lambda text, vector, preference: find(
        view, text, vector, model, scope, 24, NO_PREFERENCE if scope else preference
    )


def _spent(asked: _Asked, work: Callable[[str, Vectors, Any], object]) -> dict[str, list[float]]:
    """Return p50 and p95 by the clock, and of the processor (all threads: on a busy machine it says more), when all was
    asked once before.
    """
    for one in asked:
        work(*one)
    times = []
    for one in asked:
        clock, processor = time.perf_counter(), time.process_time()
        work(*one)
        times.append((time.perf_counter() - clock, time.process_time() - processor))
    clock_and_processor = np.percentile(1_000 * np.array(times), [50, 95], axis=0).T
    return {
        name: [round(float(value), 1) for value in values]
        for name, values in zip(("clock", "processor"), clock_and_processor, strict=True)
    }


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 2)


def _made(source: Archive, embedder: Embedder, folder: Path, size: int) -> None:
    """Make an archive of a size from the passages of a real one, unless it is there."""
    if (folder / "made").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    began = time.perf_counter()
    with source.catalog.snapshot() as snapshot:
        halves = list(
            _halves(
                (passage.text, vector) for items in snapshot.vectors(embedder.identity) for passage, vector in items
            )
        )
    archive = Archive(folder, create=True)
    with archive.catalog.transaction() as transaction:
        transaction.put_fact("model", embedder.identity)
    for start in range(0, -(-size // _LENGTH), _AT_ONCE):
        with archive.catalog.transaction() as transaction:
            _put(transaction, embedder.identity, halves, range(start, min(start + _AT_ONCE, -(-size // _LENGTH))))
        print(f"\r{folder}: {start * _LENGTH:,} passages ", end="", file=sys.stderr, flush=True)
    with archive.catalog.snapshot() as snapshot:
        count = snapshot.counts()["passages"]
        items: Iterator[list[Item]] = snapshot.vectors(embedder.identity)
        generation, _ = Folders(folder / "chroma").write(None, 1, Changes(items), count, count)
    with archive.catalog.transaction() as transaction:
        transaction.put_generation(generation)
    archive.close()
    (folder / "made").write_text(f"{time.perf_counter() - began:.0f} s\n")
    print(f"\r{folder}: made in {time.perf_counter() - began:.0f} s", file=sys.stderr)


def _halves(real: Iterator[tuple[str, Vectors]]) -> Iterator[tuple[_Half, _Half]]:
    for text, vector in real:
        words = text.split()
        parts = [" ".join(part) for part in (words[: len(words) // 2], words[len(words) // 2 :])]
        first, second = ((part, " ".join(terms(part)), vector) for part in parts)
        yield first, second


def _put(transaction: Transaction, model: str, halves: Sequence[tuple[_Half, _Half]], numbers: range) -> None:
    """Write some articles as an ingest would have, without what no search reads."""
    for number in numbers:
        draw = random.Random(number)  # noqa: S311  no secret
        id_, at, texts, found, vectors = f"{number:016x}", 0, [], [], {}
        title = " ".join(halves[draw.randrange(len(halves))][0][0].split()[:8])
        for place in range(number * _LENGTH, (number + 1) * _LENGTH):
            (one, one_terms, first), (two, two_terms, second) = (
                halves[draw.randrange(len(halves))][0],
                halves[draw.randrange(len(halves))][1],
            )
            vector = 0.8 * first + 0.4 * second
            texts.append(f"{one} {two}")
            passage = Passage(f"{id_}:{at}-{at + len(texts[-1])}:{place:08x}", id_, at, at + len(texts[-1]), texts[-1])
            at += len(texts[-1]) + 2
            vectors[f"{place:064x}"] = vector / np.linalg.norm(vector)
            found.append((passage, f"{place:064x}", " ".join(terms(title)), f"{one_terms} {two_terms}"))
        published = _FIRST + timedelta(draw.randrange(_DAYS)) if number % 50 else None
        source = Source(
            id_, title, f"Paper {int(draw.paretovariate(0.7)) % 200}", path=f"{number}.txt", published=published
        )
        transaction.put_embeddings(model, vectors)
        transaction.put_article(Article.of(source, "\n\n".join(texts)), source.path, id_, [], found)
