"""Makes the vectors of passages in a thread of its own, while the run reads the next articles.

The run itself writes them: the catalog has one writer, and the model never waits for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from index.archive import Archive
from index.batch import Prepared
from index.model.embedder import Embedder, Vectors
from index.text import header

AT_ONCE = 256  # passages embedded together, and written together
_AHEAD = 4  # portions embedded or waiting; with the one being written, all that a kill can lose


class EmbeddingQueue:
    """Embeds the passages of articles in the background, and stores their vectors in the order of the articles."""

    def __init__(self, archive: Archive, embedder: Embedder) -> None:
        """Take an archive and a model. The caller holds the writer's lock."""
        self._archive = archive
        self._embedder = embedder
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._made: deque[tuple[list[str], Future[Vectors], Callable[[], None] | None]] = deque()
        self._waiting: list[Prepared] = []
        self._passages = 0
        self._given = self._written = 0  # portions

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.shutdown(cancel_futures=True)

    def put(self, item: Prepared, when_done: Callable[[], None]) -> None:
        """Add an article; ``when_done`` is called when it and all before it have their vectors.

        Waits while enough is ahead. Raises what the model raises.
        """
        self._waiting.append(item)
        self._passages += len(item.passages)
        if self._passages >= AT_ONCE:
            self.flush(when_done)
        self.write()

    def flush(self, when_done: Callable[[], None] | None = None) -> int:
        """Give the waiting articles to the model; return the number that ``done`` takes."""
        texts = texts_of(self._waiting)
        underway = {key for keys, _, _ in self._made for key in keys}
        portions = list(
            _portions([key for key in _missing(self._archive, self._embedder.identity, texts) if key not in underway])
        )
        self._waiting, self._passages = [], 0
        for number, keys in enumerate(portions, start=1):
            while len(self._made) >= _AHEAD:
                self._write_first()
            made = self._worker.submit(self._embedder.embed, [texts[key] for key in keys])
            self._made.append((keys, made, when_done if number == len(portions) else None))
            self._given += 1
        if when_done and not portions:
            when_done()
        return self._given

    def done(self, number: int) -> bool:
        """Tell whether all vectors up to a ``flush`` are written."""
        return self._written >= number

    def write(self, number: int = 0) -> None:
        """Write the vectors that are ready; with a number wait until all up to that ``flush`` are written."""
        while self._made and (self._written < number or self._made[0][1].done()):
            self._write_first()

    def _write_first(self) -> None:
        keys, made, when_done = self._made[0]
        vectors = made.result()
        with self._archive.catalog.transaction() as transaction:
            transaction.put_embeddings(self._embedder.identity, dict(zip(keys, vectors, strict=True)))
        self._made.popleft()
        self._written += 1
        if when_done:
            when_done()


def embed(archive: Archive, embedder: Embedder, items: Sequence[Prepared]) -> None:
    """Embed the passages of some articles now, and store their vectors.

    Texts seen before are not embedded again. Vectors are kept as soon as they exist, whatever becomes of the run.
    """
    texts = texts_of(items)
    for keys in _portions(_missing(archive, embedder.identity, texts)):
        vectors = embedder.embed([texts[key] for key in keys])
        with archive.catalog.transaction() as transaction:
            transaction.put_embeddings(embedder.identity, dict(zip(keys, vectors, strict=True)))


def embed_all(archive: Archive, embedder: Embedder) -> int:
    """Embed all passages of the archive that have no vector by a model; return how many.

    The caller holds the writer's lock.
    """
    count = 0
    with archive.catalog.snapshot() as snapshot:
        for rows in snapshot.unembedded(embedder.identity):
            vectors = embedder.embed([f"{header(source)}\n{text}" for _, source, text in rows])
            with archive.catalog.transaction() as transaction:
                transaction.put_embeddings(
                    embedder.identity, {key: vector for (key, _, _), vector in zip(rows, vectors, strict=True)}
                )
            count += len(rows)
    return count


def texts_of(items: Sequence[Prepared]) -> dict[str, str]:
    """Return the texts to embed of some articles: each passage under its header, by key."""
    return {
        key: f"{header(item.article.source)}\n{p.text}"
        for item in items
        for p, key in zip(item.passages, item.keys, strict=True)
    }


def _missing(archive: Archive, model: str, texts: dict[str, str]) -> list[str]:
    """Return the keys that have no vector yet, those of short texts first."""
    with archive.catalog.snapshot() as snapshot:
        have = snapshot.embedded(model, list(texts))
    return sorted((key for key in texts if key not in have), key=lambda key: len(texts[key]))


def _portions(keys: list[str]) -> Sequence[list[str]]:
    return [keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE)]
