"""Vectors are made in a thread while the run reads on and publishes; what an ingest puts in is the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hash_embedder import HashEmbedder

import index.ingest.run
from index.archive import Archive
from index.articles import Article, Source
from index.batch import Prepared
from index.ingest.changes import Options
from index.ingest.embedding import _AHEAD, AT_ONCE, EmbeddingQueue, embed
from index.ingest.report import Progress, Report, Step
from index.ingest.run import run
from index.model.embedder import Vectors


class Watched(HashEmbedder):
    """Notes the thread and the size of each call, and how much had been handed over by then."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()
        self.sizes: list[int] = []
        self.handed = 0
        self.most_ahead = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.threads.add(threading.get_ident())
        self.most_ahead = max(self.most_ahead, self.handed - self.texts)
        self.sizes.append(len(texts))
        return super().embed(texts)


class Broken(HashEmbedder):
    def embed(self, texts: Sequence[str]) -> Vectors:
        raise ValueError("the model is broken")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path / "archive", create=True)
    yield made
    made.close()


def article(number: int, passages: int = 40) -> Prepared:
    text = "\n\n".join(
        f"Ferry {number} left harbour {part} on time, said captain Ann Smith of crew {number * 100 + part}. " * 7
        for part in range(passages)
    )
    source = Source(f"{number:016x}", f"Ferry {number}", None, None, None, f"{number}.txt", None, "en", None)
    return Prepared.of(Article.of(source, text), f"{number}.txt", "digest", ())


def missing(archive: Archive, items: Sequence[Prepared]) -> set[str]:
    keys = {key for item in items for key in item.keys}
    with archive.catalog.snapshot() as snapshot:
        return keys - snapshot.embedded(HashEmbedder().identity, sorted(keys))


def test_every_passage_gets_its_vector_from_a_thread_of_the_model_alone(archive):
    items = [article(number) for number in range(20)]
    model, told = Watched(), []
    with EmbeddingQueue(archive, model) as queue:
        for number, item in enumerate(items):
            queue.put(item, lambda number=number: told.append(number))
        queue.write(queue.flush(lambda: told.append(len(items))))
    assert missing(archive, items) == set()
    assert threading.get_ident() not in model.threads
    assert len(model.threads) == 1
    assert max(model.sizes) <= AT_ONCE
    assert told == sorted(told)
    assert told[-1] == len(items)


def test_the_vectors_are_those_that_a_model_called_at_once_gives(archive, tmp_path):
    items = [article(number) for number in range(8)]
    other = Archive(tmp_path / "other", create=True)
    embed(other, HashEmbedder(), items)
    with EmbeddingQueue(archive, HashEmbedder()) as queue:
        for item in items:
            queue.put(item, lambda: None)
        queue.write(queue.flush())
    keys = sorted({key for item in items for key in item.keys})
    with archive.catalog.snapshot() as one, other.catalog.snapshot() as two:
        mine, theirs = (snapshot.vectors_by_key(HashEmbedder().identity, keys) for snapshot in (one, two))
    assert {key: vector.tobytes() for key, vector in mine.items()} == {
        key: vector.tobytes() for key, vector in theirs.items()
    }
    other.close()


def test_reading_waits_when_enough_is_ahead_of_the_model(archive):
    model = Watched()
    with EmbeddingQueue(archive, model) as queue:
        for number in range(60):
            item = article(number)
            queue.put(item, lambda: None)
            model.handed += len(item.passages)
        queue.write(queue.flush())
    assert model.texts == model.handed > (_AHEAD + 4) * AT_ONCE
    assert model.most_ahead <= (_AHEAD + 2) * AT_ONCE


def test_a_text_that_is_underway_or_was_seen_before_is_not_embedded_again(archive):
    model = Watched()
    with EmbeddingQueue(archive, model) as queue:
        for _ in range(3):
            queue.put(article(1), lambda: None)
            queue.flush()
        queue.write(queue.flush())
        assert model.texts == len(article(1).passages)
        queue.put(article(1), lambda: None)
        queue.write(queue.flush())
    assert model.texts == len(article(1).passages)


def test_what_the_model_raises_reaches_the_run(archive):
    with EmbeddingQueue(archive, Broken()) as queue:
        queue.put(article(1), lambda: None)
        number = queue.flush()
        with pytest.raises(ValueError, match="the model is broken"):
            queue.write(number)


def line(number: int) -> str:
    text = (
        f"Ferry {number} left the harbour in the morning, said captain Ann Smith. It was on time, as it was on the "
        "day before."
    )
    return json.dumps({"id": f"a{number}", "title": f"Ferry {number}", "date": "2025-03-01", "text": text}) + "\n"


@pytest.mark.slow
def test_a_file_of_which_a_part_has_come_when_a_run_is_stopped_is_not_settled(tmp_path, archive):
    file = tmp_path / "articles.jsonl"
    file.write_text("".join(map(line, range(8))))

    steps: list[Step] = []

    class Noting(Progress):
        def step(self, step: Step) -> None:
            steps.append(step)

    options = Options([str(file)], prune=True)
    stopped = run(archive, HashEmbedder(), options, Noting(), lambda: len(steps) == 3)
    rest = run(archive, HashEmbedder(), Options([str(file)], prune=True), Progress())
    assert (stopped.added, rest.added, rest.unchanged, rest.removed) == (3, 5, 3, 0)


@pytest.mark.slow
def test_batches_are_published_in_order_and_articles_count_as_done_once_they_have_vectors(
    tmp_path, monkeypatch, archive
):
    monkeypatch.setattr(index.ingest.run, "_BATCH_ARTICLES", 5)
    file = tmp_path / "articles.jsonl"
    file.write_text("".join(map(line, range(8))))
    behind: list[int] = []
    added: list[int] = []

    class Told(Progress):
        def done(self, articles: int, size: int) -> None:
            behind.append(articles)

        def published(self, report: Report) -> None:
            added.append(report.added)

    run(archive, HashEmbedder(), Options([str(file)]), Told())
    assert added == [5, 8]
    assert behind == sorted(behind)
    assert behind[-1] == 8
    assert archive.check() is None
