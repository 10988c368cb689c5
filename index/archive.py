"""The archive: the catalog with the vectors of its published generation, read and published as one.

read:     snapshot of the catalog → its generation → its vectors, read once a generation → your function
publish:  new vectors → one catalog transaction → old vectors go
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from index.articles import Article, Passage
from index.catalog import Catalog
from index.chroma import Changes, Collection, Item, Server, batches
from index.duplicates import link, link_all
from index.embed import Vectors
from index.errors import ArchiveError, ModelChanged, ServerDown, VectorsError
from index.exact import MOST, Exact
from index.generations import Folders
from index.held import Held
from index.lock import writer_lock
from index.passages import embedding_key, header, passages_of
from index.readings import Reading, read_all, reading_of
from index.recurring import Counted
from index.snapshot import Snapshot
from index.stored import CutLine, FetchRecord, FileRecord, Generation
from index.terms import terms
from index.transaction import Transaction
from index.words import Words

T = TypeVar("T")

FILE = "catalog.sqlite3"
UNFINISHED = "restore-unfinished"  # in a folder into which a backup is being put
_TRIES = 5  # a reader starts again when a server's vectors changed under it
_DEAD_SHARE = 0.3  # HNSW never reuses a deleted slot: past this share the index is written anew


@dataclass(frozen=True, slots=True)
class View:
    """One state of the archive: a snapshot of the catalog, and its vectors, in memory or in Chroma (None while those cannot be used).

    ``words`` is the keyword index, where it is in memory.
    """

    snapshot: Snapshot
    generation: Generation | None
    vectors: Collection | Exact | None
    words: Words | None = None

    def document_frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Return in how many passages each term stands; a term may be several with spaces between."""
        wanted, words = list(dict.fromkeys(terms)), self.words
        if words is None:
            return self.snapshot.document_frequencies(wanted)
        phrases = self.snapshot.document_frequencies(term for term in wanted if " " in term)
        return {term: phrases[term] if term in phrases else words.frequency(term) for term in wanted}


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article ready to be published, with its passages in order."""

    article: Article
    file: str
    original_digest: str
    cut: tuple[CutLine, ...]
    passages: tuple[Passage, ...]
    keys: tuple[str, ...]
    counted: Counted | None = None
    reading: Reading = field(default_factory=Reading)

    @classmethod
    def of(cls, article: Article, file: str, original_digest: str, cut: Iterable[CutLine], counted: Counted | None = None) -> Prepared:
        """Split an article and name the keys of its vectors."""
        found = passages_of(article)
        heading = header(article.source)
        return cls(article, file, original_digest, tuple(cut), tuple(found), tuple(embedding_key(heading, p.text) for p in found), counted, reading_of(article))


@dataclass(slots=True)
class Batch:
    """What one transaction changes: articles in, articles out, files and pages read or gone. At most one version of an article."""

    articles: list[Prepared] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    files: list[FileRecord] = field(default_factory=list)
    files_gone: list[str] = field(default_factory=list)
    fetches: list[FetchRecord] = field(default_factory=list)


class Archive:
    """A folder with ``catalog.sqlite3``, unless a database is named, and with ``chroma/``, unless a Chroma server is."""

    def __init__(self, folder: Path, *, catalog: str | None = None, server: Server | None = None, text: bool = False, create: bool = False) -> None:
        """Open the archive in a folder.

        ``catalog`` is the URL of a PostgreSQL database that holds the catalog in place of a file in the folder.
        ``text`` puts the text of passages that are written from now on into Chroma too, for others who read it.

        Raises ArchiveError if there is none and ``create`` is False, or if the catalog cannot be used.
        """
        if (folder / UNFINISHED).exists():
            raise ArchiveError(f"A restore into {folder.resolve()} was interrupted. Run it again: python -m bot restore FILE")
        if catalog is None and not create and not (folder / FILE).exists():
            raise ArchiveError(f"There is no archive in {folder.resolve()} yet. Put articles in: python ingest.py FOLDER")
        self.folder = folder
        self.catalog = Catalog(catalog or folder / FILE, create=create or catalog is None)
        self.server = server
        self._text = text
        self.trouble: str | None = None  # why Chroma could not be used, until it is mended
        self._folders = Folders(folder / "chroma")
        self._open: dict[str, Collection] = {}
        self._held = Held()
        self._opening = threading.Lock()

    def close(self) -> None:
        """Close Chroma and the catalog."""
        for collection in self._open.values():
            collection.close()
        self._open.clear()
        self._held.forget()
        self.catalog.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the one that writes to the archive for the length of a block, on every machine. Raises LockedError, naming the owner, if there is one."""
        with writer_lock(self.folder), self.catalog.writing():
            yield

    def read(self, work: Callable[[View], T]) -> T:
        """Call a function with a view of the archive and return what it returns.

        It sees one published state from start to end. It may be called again with a newer view if a Chroma server's vectors
        changed meanwhile. Where Chroma cannot be used the view has no vectors and ``trouble`` says why.
        """
        for attempt in range(_TRIES):
            with self.catalog.snapshot() as snapshot:
                generation = snapshot.generation()
                vectors = self._vectors(generation, snapshot) if generation and attempt + 1 < _TRIES else None
                try:
                    held = self._held.at(generation.number) if generation else None
                    result = work(View(snapshot, generation, vectors, held.words if held else None))
                except VectorsError as error:
                    if self._published() == generation:  # not merely overtaken: something is wrong
                        self._forget(generation, str(error))
                    continue
            # A folder never changes; a server's collection loses old vectors when a newer state is published.
            if self.server is None or vectors is None or self._published() == generation:
                return result
        raise AssertionError("unreachable: the last try uses no vectors")

    def follow(self) -> None:
        """Read what has been published since the last call, so that the next question need not. For a process that stays: from then on it has the words too.

        Raises ArchiveError.
        """
        with self.catalog.snapshot() as snapshot:
            generation = snapshot.generation()
            if generation is None or not generation.passages:
                return
            with contextlib.suppress(ValueError):  # a question finds that out, and what to do
                state = self._held.read(generation.number, snapshot, vectors=self._in_memory(generation))
                self._held.learn(state, snapshot)

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
                collection = self._opened(generation)
                expected, found = set(snapshot.all_passage_ids()), collection.ids()
                # A server may hold vectors of an ingest that is running.
                if expected != found and not (self.server and expected < found):
                    return f"Chroma lacks {len(expected - found)} passages of the catalog and has {len(found - expected)} that are not in it."
            except VectorsError as error:
                self._forget(generation, str(error))
                return str(error)
        return None

    def look(self) -> None:
        """Find out whether the published vectors can be used, cheaply enough for every second. Raises VectorsError and ArchiveError.

        A folder is read only when one of its files has changed since the last look; a server tells that it lives and how many passages it holds.
        """
        generation = self._published()
        try:
            if generation is not None and self.server is None:
                self._folders.look(generation.place)
            elif generation is not None and self.server is not None:
                self.server.answers()
                self._opened(generation)
        except VectorsError:
            if self._published() == generation:  # not merely overtaken
                raise

    def sound(self) -> bool:
        """Tell whether the published vectors are whole, without loading them; ``trouble`` says what is wrong. Raises ServerDown."""
        generation = self._published()
        answered = False
        try:
            if generation is not None and self.server is None:
                self._folders.check(generation.place)
            elif generation is not None and self.server is not None:
                self.server.reach()
                answered = True
                self._opened(generation)
        except ServerDown:
            if generation is not None and answered:
                # It answered, and then the collection took it down: nobody opens this one again, the next run makes a new one.
                with self.catalog.transaction() as transaction:
                    transaction.put_fact("distrusted", generation.place)
            raise
        except VectorsError as error:
            self._forget(generation, str(error))
            return False
        return True

    def elsewhere(self) -> str | None:
        """Say so if the vectors lie in a folder of another machine, which only a catalog that machines share can lead to; None if they do not."""
        with self.catalog.snapshot() as snapshot:
            generation, at = snapshot.generation(), snapshot.fact("vectors_at")
        if self.server or not at or at == self._here() or generation is None or self._folders.holds(generation.place):
            return None
        return (
            f"The vectors of this archive are in a folder of another machine ({at}). For more than one machine they must be on a Chroma server: "
            "set NEWSDESK_CHROMA__URL. To have them on this machine alone: python -m bot rebuild"
        )

    def _here(self) -> str:
        return f"{socket.gethostname()}:{self.folder.resolve()}"

    def publish(self, batch: Batch, model: str) -> Generation:
        """Make a batch visible, all of it at once. Every vector must be in the catalog. The caller holds the writer's lock.

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
        generation = self._extended(previous, batch, add, drop, model)
        with self.catalog.transaction() as transaction:
            transaction.put_fact("model", model)
            transaction.remove_articles(batch.removed)
            for item in batch.articles:
                title = " ".join(terms(item.article.source.title))
                rows = [(p, key, title, " ".join(terms(p.text))) for p, key in zip(item.passages, item.keys, strict=True)]
                transaction.put_article(item.article, item.file, item.original_digest, item.cut, rows)
                transaction.put_reading(item.article.source.id, item.reading)
                if item.counted:
                    transaction.put_lines(item.article.source.id, item.counted)
            link(transaction, [item.article for item in batch.articles])
            for record in batch.files:
                transaction.put_file(record)
            for path in batch.files_gone:
                transaction.remove_file(path)
            for fetch in batch.fetches:
                transaction.put_fetch(fetch)
            self._commit(transaction, generation, drop)
        self.tidy()
        return generation

    def _extended(self, previous: Generation | None, batch: Batch, add: set[str], drop: list[str], model: str) -> Generation:
        """Write the vectors of the state after a batch, and return where they are."""
        if previous is None:
            return self._write(None, 1, Changes(self._items(batch, add, model), text=self._text), len(add), len(add))
        number, total = previous.number + 1, previous.passages - len(drop) + len(add)
        if not add and not drop:
            return Generation(number, previous.place, previous.passages, previous.dead)
        if total and previous.dead + len(drop) <= _DEAD_SHARE * total + 1_000:
            try:
                return self._write(previous, number, Changes(self._items(batch, add, model), drop, self._text), len(add), total)
            except ServerDown:
                raise
            except VectorsError as error:
                self.trouble = str(error)
        changes = Changes(itertools.chain(self._kept(set(drop), model), self._items(batch, add, model)), text=self._text)
        generation = self._write(None, number, changes, total, total)
        self.trouble = None
        return generation

    def rebuild(self, model: str) -> Generation | None:
        """Write the vectors again from the catalog, embedding nothing. The caller holds the writer's lock."""
        link_all(self.catalog)
        read_all(self.catalog)
        with self.catalog.snapshot() as snapshot:
            previous = snapshot.generation()
            total = snapshot.counts()["passages"]
        if previous is None:
            return None
        generation = self._write(None, previous.number + 1, Changes(self._kept(set(), model), text=self._text), total, total)
        with self.catalog.transaction() as transaction:
            transaction.put_fact("model", model)
            # A server's former collection may be damaged: it goes at once, so that nothing opens it again.
            self._commit(transaction, generation, [], keep=1 if self.server else 2)
        self.trouble = None
        self.tidy()
        return generation

    def tidy(self) -> None:
        """Remove what dead runs left and no reader needs. The caller holds the writer's lock."""
        with self.catalog.snapshot() as snapshot:
            kept = {generation.place for generation in snapshot.generations()}
            journal = snapshot.journal()
            known = snapshot.known_passages([id_ for _, _, id_ in journal if id_])
        if self.server is None:
            self._folders.sweep(kept)
            return
        done: list[int] = []
        with contextlib.suppress(VectorsError):  # the journal keeps what could not be done
            for row, place, _ in (line for line in journal if line[2] is None):
                if place not in kept:
                    self.server.drop(place)
                done.append(row)
            for place in sorted({place for _, place, id_ in journal if id_ and place in kept}):
                self.server.write(place, Changes((), [id_ for _, p, id_ in journal if p == place and id_ and id_ not in known]))
            done += [row for row, _, id_ in journal if id_]
        with self.catalog.transaction() as transaction:
            transaction.journal_done(done)

    def _commit(self, transaction: Transaction, generation: Generation, drop: Sequence[str], keep: int = 2) -> None:
        unneeded = transaction.put_generation(generation, keep)
        if self.catalog.shared and self.server is None:
            transaction.put_fact("vectors_at", self._here())
        if self.server is not None:
            transaction.journal_add(generation.place, drop)
            for place in unneeded:
                transaction.journal_add(place, [None])

    def _write(self, previous: Generation | None, number: int, changes: Changes, added: int, total: int) -> Generation:
        dead = previous.dead + len(changes.drop) if previous else 0
        if self.server is None:
            place = self._folders.write(previous.place if previous else None, number, changes, added, total)
            return Generation(number, place, total, dead)
        # Vectors that are dropped stay until the catalog no longer shows them: see _commit and tidy.
        with self.catalog.snapshot() as snapshot:
            place = previous.place if previous else f"{self.server.name}-{snapshot.fact('archive')}-{number}-{secrets.token_hex(3)}"
        if previous is None:
            self._note(place, [None])
        found = self.server.write(place, Changes(self._noted(place, changes.add), text=self._text))
        if found != total + len(changes.drop):
            raise VectorsError(f"The Chroma server at {self.server.url} holds {found} passages, not {total + len(changes.drop)}. Run: python -m bot rebuild")
        return Generation(number, place, total, dead)

    def _noted(self, place: str, items_in: Iterable[list[Item]]) -> Iterator[list[Item]]:
        """Yield batches whose ids have been written down before they are sent, so that those of a run that dies are found and removed."""
        for items in batches(items_in, 1_000):
            self._note(place, [passage.id for passage, _ in items])
            yield items

    def _note(self, place: str, ids: Sequence[str | None]) -> None:
        with self.catalog.transaction() as transaction:
            transaction.journal_add(place, ids)

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

    def _vectors(self, generation: Generation, snapshot: Snapshot) -> Collection | Exact | None:
        try:
            if not self._in_memory(generation):
                return self._opened(generation)
            known = self._held.at(generation.number)
            if known is None:
                self._folders.check(generation.place)  # the index is not needed here, but whoever asks should learn that it is damaged
                known = self._held.read(generation.number, snapshot, vectors=True)
                self.trouble = None
            return known.vectors
        except ValueError:  # the catalog lacks vectors
            return None
        except VectorsError as error:
            if self._published() == generation:
                self._forget(generation, str(error))
            return None

    def _in_memory(self, generation: Generation) -> bool:
        """Tell whether a state is small enough for its vectors to be held in memory."""
        return self.server is None and 0 < generation.passages <= MOST

    def _opened(self, generation: Generation) -> Collection:
        with self._opening:
            if generation.place not in self._open:
                if self.server is None:
                    collection = self._folders.open(generation.place, generation.passages)
                else:
                    with self.catalog.snapshot() as snapshot:
                        if snapshot.fact("distrusted") == generation.place:
                            raise VectorsError(f"The Chroma server at {self.server.url} went down when its collection was opened.")
                    collection = self.server.open(generation.place)
                # The one before stays open for questions that are still on it.
                for place in list(self._open)[:-1]:
                    self._open.pop(place).close()
                self._open[generation.place] = collection
                self.trouble = None
            collection = self._open[generation.place]
        if self.server is not None and collection.count() < generation.passages:
            raise VectorsError(f"The Chroma server at {self.server.url} has lost passages.")
        return collection

    def _forget(self, generation: Generation | None, trouble: str) -> None:
        with self._opening:
            collection = self._open.pop(generation.place, None) if generation else None
            self._held.forget()
        if collection is not None:
            collection.close()
        self.trouble = trouble
