"""The archive: the catalog and the vectors of its published generation, read together and published together.

read:     snapshot of the catalog → its generation → its vectors, opened once a generation → your function
publish:  new vectors → one catalog transaction → old vectors are removed
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from index.batch import Batch
from index.errors import ArchiveError, ModelChanged, ServerDown, VectorsError
from index.model.embedder import Vectors, give_memory_back
from index.search.memory import MOST, Words
from index.store.catalog import Catalog, writer_lock
from index.store.duplicates import link, link_all
from index.store.rows import Generation
from index.store.snapshot import Snapshot
from index.store.transaction import Transaction
from index.store.upgrade import read_all
from index.text import terms
from index.vectors.engine import TABLE_PREFIX, Changes, Engine, Index, Item
from index.vectors.generations import Folders
from index.view import View

if TYPE_CHECKING:
    from index.vectors.chroma_server import Server

T = TypeVar("T")

FILE = "catalog.sqlite3"
UNFINISHED = "restore-unfinished"  # in a folder into which a backup is being put
_TRIES = 5  # a reader starts again when a server's vectors changed under it
_DEAD_SHARE = 0.3  # HNSW never reuses a deleted slot: past this share the index is written anew


class Archive:
    """A folder with ``catalog.sqlite3``, unless a database is named, and with ``chroma/``, unless the vectors are
    elsewhere.
    """

    def __init__(
        self,
        folder: Path,
        *,
        catalog: str | None = None,
        server: Server | None = None,
        pgvector: bool = False,
        text: bool = False,
        create: bool = False,
    ) -> None:
        """Open the archive in a folder.

        ``catalog`` is the URL of a PostgreSQL database that holds the catalog in place of a file in the folder; with
        ``pgvector`` the search index is in that database as well. ``server`` is a Chroma server for it. ``text`` puts
        the text of passages that are written from now on into Chroma too, for others who read it.

        Raises ArchiveError if there is none and ``create`` is False, or if the catalog cannot be used.
        """
        if (folder / UNFINISHED).exists():
            raise ArchiveError(
                f"A restore into {folder.resolve()} was interrupted. Run it again: python -m bot restore FILE"
            )
        if catalog is None and not create and not (folder / FILE).exists():
            raise ArchiveError(
                f"There is no archive in {folder.resolve()} yet. Put articles in: python ingest.py FOLDER"
            )
        self.folder = folder
        self.catalog = Catalog(catalog or folder / FILE, create=create or catalog is None)
        self._folders = Folders(folder / "chroma")
        self.engine: Engine = self._folders
        if server:
            from index.vectors.chroma_server import OnServer

            self.engine = OnServer(server, self.catalog)
        elif pgvector:
            from index.vectors.pgvector import PgVector

            self.engine = PgVector(self.catalog)
        self._text = text
        self.trouble: str | None = None  # why the engine could not be used, until it is mended
        self._open: dict[str, Index] = {}
        self._words: Words | None = None
        self._opening = threading.Lock()

    def close(self) -> None:
        """Close the engine and the catalog."""
        with self._opening:  # a thread that catches up may be at it
            opened, self._open = list(self._open.values()), {}
        for index in opened:
            index.close()
        self._words = None
        self.catalog.close()

    @property
    def cannot_open_index(self) -> bool:
        """Whether the vectors' folder cannot be written: Chroma writes into each folder that it opens."""
        return self.engine is self._folders and not self._folders.writable

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the one that writes to the archive for the length of a block, on every machine.

        Raises LockedError, naming the owner, if there is one.
        """
        with writer_lock(self.folder), self.catalog.writing():
            yield

    def read(self, work: Callable[[View], T]) -> T:
        """Call a function with a view of the archive and return what it returns.

        It sees one published state from start to end. It may be called again with a newer view if a Chroma server's
        vectors changed meanwhile. Where the engine cannot be used the view has no vectors and ``trouble`` says why.
        """
        for attempt in range(_TRIES):
            with self.catalog.snapshot() as snapshot:
                generation = snapshot.generation()
                vectors = self._vectors(generation, snapshot) if generation and attempt + 1 < _TRIES else None
                try:
                    latest = self._words
                    words = latest if generation and latest and latest.generation == generation.number else None
                    result = work(View(snapshot, generation, vectors, words))
                except VectorsError as error:
                    if self._published() == generation:  # not merely overtaken: something is wrong
                        self._forget(generation, str(error))
                    continue
            if self.engine.steady or vectors is None or self._published() == generation:
                return result
        raise AssertionError("unreachable: the last try uses no vectors")

    def catch_up(self) -> None:
        """Open what has been published since the last call, so that a question need not, and read its words.

        For one thread of a process that stays. Raises ArchiveError.
        """
        with self.catalog.snapshot() as snapshot:
            generation = snapshot.generation()
            if generation is None:
                return
            self._vectors(generation, snapshot)
            if self._words is not None and self._words.generation == generation.number:
                self._close_all_but(generation.name)  # whoever still asks the one before asks again
            elif generation.passages <= MOST and Words.fit(snapshot):  # to count them all takes a while
                self._words = Words(snapshot, generation.number, self._words)
                give_memory_back()
            else:
                self._words = None

    def check_model(self, identity: str) -> None:
        """Raise ModelChanged unless the archive was embedded by this model (or is empty)."""
        with self.catalog.snapshot() as snapshot:
            stored = snapshot.fact("model")
        if stored is not None and stored != identity:
            raise ModelChanged(
                f"The archive was embedded by {stored}, the settings say {identity}. "
                "Set NEWSDESK_MODEL__NAME back, or embed everything again: python -m bot rebuild --embed"
            )

    def check(self) -> str | None:
        """Return what is wrong with the vectors of the published generation, None if they agree with the catalog."""
        with self.catalog.snapshot() as snapshot:
            generation = snapshot.generation()
            if generation is None:
                return None
            try:
                index = self._opened(generation, snapshot)
                expected, found = set(snapshot.all_passage_ids()), index.ids()
                lacking, strange = len(expected - found), len(found - expected)
                # A server may already have those of an ingest that is running.
                if lacking or (strange and self.engine.steady):
                    return (
                        f"The search index lacks {lacking} passages of the catalog and has {strange} that are not in "
                        "it."
                    )
            except VectorsError as error:
                self._forget(generation, str(error))
                return str(error)
        return None

    def ping(self) -> None:
        """Find out whether the published vectors can be used, cheaply enough for every second.

        Raises VectorsError and ArchiveError.

        A folder is read only when one of its files has changed since the last look; a server tells that it lives and
        how many passages it holds.
        """
        with self.catalog.snapshot() as snapshot:
            generation = snapshot.generation()
            try:
                if generation is not None:
                    self.engine.ping(generation, snapshot)
                    if not self.engine.steady:
                        self._opened(generation, snapshot)
            except VectorsError:
                if self._published() == generation:  # not merely overtaken
                    raise

    def is_intact(self) -> bool:
        """Tell whether the published vectors are whole, without loading them; ``trouble`` says what is wrong.

        Raises ServerDown.
        """
        with self.catalog.snapshot() as snapshot:
            generation = snapshot.generation()
            try:
                if generation is not None:
                    self.engine.check(generation, snapshot)
            except ServerDown:
                raise
            except VectorsError as error:
                self._forget(generation, str(error))
                return False
        return True

    def why_not_here(self) -> str | None:
        """Say so if the vectors are where the settings do not lead to, because machines share the catalog; None if they
        are not.
        """
        with self.catalog.snapshot() as snapshot:
            generation, at = snapshot.generation(), snapshot.fact("vectors_at")
        if self.engine is not self._folders or generation is None or self._folders.holds(generation.name):
            return None
        if generation.name.startswith(TABLE_PREFIX):
            return (
                "The vectors of this archive are in PostgreSQL: set NEWSDESK_VECTORS__ENGINE=pgvector, as it is where "
                "they were written. To have them in a folder of this machine alone: python -m bot rebuild"
            )
        if not at or at == self._folders.here():
            return None
        return (
            f"The vectors of this archive are in a folder of another machine ({at}). For more than one machine they "
            "must be in PostgreSQL or on a Chroma server: set NEWSDESK_VECTORS__ENGINE=pgvector, or "
            "NEWSDESK_CHROMA__URL. To have them on this machine alone: python -m bot rebuild"
        )

    def prepare_to_write(self) -> None:
        """Get ready to publish batches, which takes a second; ``stop_writing`` ends it."""
        if self.engine is self._folders:
            self._folders.prepare_to_write()

    def stop_writing(self) -> None:
        """End what was made ready for publishing."""
        self._folders.stop_writing()

    def publish(self, batch: Batch, model: str) -> Generation:
        """Make a batch visible, all of it at once.

        Every vector must be in the catalog. The caller holds the writer's lock.

        Raises VectorsError or ArchiveError; then nothing has changed for any reader.
        """
        if len({item.article.source.id for item in batch.articles}) != len(batch.articles):
            raise AssertionError("two versions of one article in a batch")
        with self.catalog.snapshot() as snapshot:
            previous = snapshot.generation()
            replaced = [item.article.source.id for item in batch.articles] + batch.removed
            old = set(snapshot.passage_ids(replaced))
        new = {passage.id for item in batch.articles for passage in item.passages}
        drop, add = sorted(old - new), new - old
        generation, left = self._extended(previous, batch, add, drop, model)
        with self.catalog.transaction() as transaction:
            transaction.put_fact("model", model)
            transaction.remove_articles(batch.removed)
            for item in batch.articles:
                title = " ".join(terms(item.article.source.title))
                rows = [
                    (p, key, title, " ".join(terms(p.text))) for p, key in zip(item.passages, item.keys, strict=True)
                ]
                transaction.put_article(item.article, item.file, item.original_digest, item.cut, rows)
                transaction.put_reading(item.article.source.id, item.reading)
                if item.counted:
                    transaction.put_lines(item.article.source.id, item.counted)
            link(transaction, [item.article for item in batch.articles])
            batch.put_records(transaction)
            self._commit(transaction, generation, left)
        self.tidy()
        return generation

    def _extended(
        self, previous: Generation | None, batch: Batch, add: set[str], drop: list[str], model: str
    ) -> tuple[Generation, Changes]:
        """Write the vectors of the state after a batch; return where they are, and what is left to be written with the
        batch.
        """
        if previous is None:
            return self.engine.write(
                None, 1, Changes(self._items(batch, add, model), text=self._text), len(add), len(add)
            )
        number, total = previous.number + 1, previous.passages - len(drop) + len(add)
        if not add and not drop:
            return Generation(number, previous.name, previous.passages, previous.dead), Changes()
        if total and previous.dead + len(drop) <= _DEAD_SHARE * total + 1_000:
            try:
                return self.engine.write(
                    previous, number, Changes(self._items(batch, add, model), drop, self._text), len(add), total
                )
            except ServerDown:
                raise
            except VectorsError as error:
                self.trouble = str(error)
        changes = Changes(
            itertools.chain(self._kept(set(drop), model), self._items(batch, add, model)), text=self._text
        )
        written = self.engine.write(None, number, changes, total, total)
        self.trouble = None
        return written

    def rebuild(self, model: str) -> Generation | None:
        """Write the vectors again from the catalog, embedding nothing. The caller holds the writer's lock."""
        link_all(self.catalog)
        read_all(self.catalog)
        with self.catalog.snapshot() as snapshot:
            previous = snapshot.generation()
            total = snapshot.counts()["passages"]
        if previous is None:
            return None
        generation, left = self.engine.write(
            None, previous.number + 1, Changes(self._kept(set(), model), text=self._text), total, total
        )
        with self.catalog.transaction() as transaction:
            transaction.put_fact("model", model)
            self._commit(transaction, generation, left, self.engine.spare)
        self.trouble = None
        self.tidy()
        return generation

    def tidy(self) -> None:
        """Remove what dead runs left and no reader needs. The caller holds the writer's lock."""
        with self.catalog.snapshot() as snapshot:
            kept = {generation.name for generation in snapshot.generations()}
        self.engine.tidy(kept)
        if self.catalog.shared:
            from index.vectors.pgvector import PgVector, sweep

            if not isinstance(self.engine, PgVector):
                sweep(self.catalog, kept)  # what is left of the time when they were in PostgreSQL

    def _commit(self, transaction: Transaction, generation: Generation, left: Changes, spare: int = 1) -> None:
        self.engine.commit(transaction, generation, left, transaction.put_generation(generation, 1 + spare))

    def _items(self, batch: Batch, wanted: set[str], model: str) -> Iterator[list[Item]]:
        for item in batch.articles:
            pairs = [(p, key) for p, key in zip(item.passages, item.keys, strict=True) if p.id in wanted]
            with self.catalog.snapshot() as snapshot:
                vectors: dict[str, Vectors] = snapshot.vectors_by_key(model, [key for _, key in pairs])
            if pairs:
                yield [(passage, vectors[key]) for passage, key in pairs]

    def _kept(self, dropped: set[str], model: str) -> Iterator[list[Item]]:
        with self.catalog.snapshot() as snapshot:
            for items in snapshot.vectors(model):
                yield [(passage, vector) for passage, vector in items if passage.id not in dropped]

    def _published(self) -> Generation | None:
        with self.catalog.snapshot() as snapshot:
            return snapshot.generation()

    def _vectors(self, generation: Generation, snapshot: Snapshot) -> Index | None:
        try:
            return None if self.cannot_open_index else self._opened(generation, snapshot)
        except VectorsError as error:
            if self._published() == generation:
                self._forget(generation, str(error))
            return None

    def _opened(self, generation: Generation, snapshot: Snapshot) -> Index:
        if self.engine.per_snapshot:
            return self.engine.open(generation, snapshot)
        with self._opening:
            if generation.name not in self._open:
                index = self.engine.open(generation, snapshot)
                # The one before stays open for questions that are still on it.
                for name in list(self._open)[:-1]:
                    self._open.pop(name).close()
                self._open[generation.name] = index
                self.trouble = None
            index = self._open[generation.name]
        self.engine.complete(index, generation)
        return index

    def _close_all_but(self, kept: str) -> None:
        with self._opening:
            for name in [name for name in self._open if name != kept]:
                self._open.pop(name).close()

    def _forget(self, generation: Generation | None, trouble: str) -> None:
        with self._opening:
            index = self._open.pop(generation.name, None) if generation else None
        if index is not None:
            index.close()
        self.trouble = trouble
