"""A Ray cluster reads, splits and embeds the files of an ingest; this process alone writes.

files → _read (tasks) → _Embed (actors, a model each) → here, in the order of the files: vectors, then their articles

Ray Data moves the blocks, keeps their order, and does a block again when its worker has died.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.archive import Archive
from index.batch import Prepared
from index.clean.recurring import Counted
from index.errors import ClusterError, NewsdeskError
from index.ingest.embedding import texts_of
from index.ingest.file_reader import CleanedArticle, FileToRead, Found, Known, read_file
from index.ingest.settle import split
from index.model.embedder import Embedder, described
from index.read.record import Failure

_FILES = 16  # in a block of the first stage: what is read again when a worker dies
_BLOCK = 1_000_000  # bytes of a block between two stages, about thirty articles
_READ, _EMBED = 0.25, 0.75  # cores of a task that reads and of an actor that embeds; about the ratio of their work
_UNSEEN = "%d files could not be read by the machines of the cluster and were read here. Put them where all see them."
_log = logging.getLogger(__name__)

Batch = dict[str, npt.NDArray[Any]]  # of Ray Data: one column of Python objects, "item"


@dataclass(frozen=True, slots=True)
class _Item:
    """What belongs to the file of a number: its order, something found in it, or the vectors of what follows."""

    number: int
    value: Any


@contextlib.contextmanager
def joined(address: str) -> Iterator[type[OnCluster]]:
    """Join the Ray cluster at an address; ``auto``: of this machine. Raises ClusterError if none answers."""
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray.data
        from ray._private.services import canonicalize_bootstrap_address, extract_ip_port
    except ImportError as error:
        raise ClusterError(
            f'Ray is not installed here ({error}). Install it: pip install ".[ray]", or run without --ray.'
        ) from error
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # Ray's threads print there that a worker died, also while it is left.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            found = canonicalize_bootstrap_address(address)
            socket.create_connection(extract_ip_port(found), timeout=5).close()  # Ray itself would wait for minutes
            code = {"py_modules": [str(Path(__file__).parents[1])]}
            ray.init(found, runtime_env=code, logging_level=logging.CRITICAL, log_to_driver=False)
        except Exception as error:  # Ray raises whatever its parts raise
            raise ClusterError(
                f"The Ray cluster at {address} cannot be joined ({described(error)}). "
                "Run this on a machine of the cluster, with its RAY_AUTH_TOKEN."
            ) from error
        try:
            yield OnCluster
        finally:
            ray.shutdown()


class OnCluster:
    """Reads files on the cluster that was joined; takes the place of ``file_reader.one_by_one``."""

    def __init__(self, archive: Archive, embedder: Embedder) -> None:
        """Name the archive that is written and the model."""
        self._catalog, self._embedder = archive.catalog, embedder

    def __call__(self, orders: Iterable[FileToRead], known: Known) -> Iterator[tuple[FileToRead, Iterator[Found]]]:
        """Yield what is found in each file, in order; the vectors of an article are in the catalog before it."""
        orders, read_here = list(orders), 0
        files = itertools.groupby(self._items(orders), lambda item: item.number)
        for order, (_, items) in zip(orders, files, strict=True):
            found: Iterator[Found] = (item.value for item in items)
            first = next(found)
            if isinstance(first, Failure) and first.passing:  # perhaps only this machine sees the file
                found = read_file(order, known)
                first = next(found)
                read_here += not isinstance(first, Failure)
            yield order, itertools.chain([first], found)
        if read_here:
            _log.warning(_UNSEEN, read_here)

    def _items(self, orders: list[FileToRead]) -> Iterator[_Item]:
        """Keep the vectors that come, and yield the rest."""
        for item in (item for batch in self._batches(orders) for item in batch["item"]) if orders else ():
            if isinstance(item.value, NewsdeskError):
                raise item.value
            if not isinstance(item.value, dict):
                yield item
                continue
            with self._catalog.transaction() as transaction:
                transaction.put_embeddings(self._embedder.identity, item.value)

    def _batches(self, orders: list[FileToRead]) -> Iterator[Batch]:
        import ray.data

        with self._catalog.snapshot() as snapshot:
            digests = [{} if order.force else snapshot.original_digests(order.file.path) for order in orders]
            recurring = snapshot.all_cut_lines()
            have = np.fromiter(map(_number, snapshot.all_keys(self._embedder.identity)), np.uint64)
        tasks = [_Item(number, task) for number, task in enumerate(zip(orders, digests, strict=True))]
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        context.target_max_block_size = context.target_min_block_size = _BLOCK
        try:
            cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
            actors = ray.data.ActorPoolStrategy(min_size=1, max_size=cores, initial_size=cores)
            yield from (
                ray.data.from_items(tasks, override_num_blocks=-(-len(tasks) // _FILES))
                .map_batches(_read, fn_kwargs={"recurring": recurring}, num_cpus=_READ)
                .map_batches(_Embed, fn_constructor_args=(self._embedder, have), num_cpus=_EMBED, compute=actors)
                .iter_batches(batch_size=None)
            )
        except Exception as error:  # Ray raises whatever its parts raise
            raise ClusterError(
                f"The Ray cluster failed ({described(error)}). "
                "What was published stays; check the cluster with ray status, and run the same command again."
            ) from error


def _read(batch: Batch, recurring: frozenset[tuple[str, int]]) -> Iterator[Batch]:
    """Read, clean and split files."""

    def known(counts: Counted) -> set[int]:
        return {line.digest for line in counts.lines if (counts.publisher, line.digest) in recurring}

    for item in batch["item"]:
        order, digests = item.value
        for found in read_file(order, digests.get):
            if isinstance(found, CleanedArticle):
                found = split(found.source, found.text, order.file.path, found.digest, found.cut, known)
            yield {"item": np.array([_Item(item.number, found)], dtype=object)}


class _Embed:
    """Gives passages their vectors; an actor loads the model once."""

    def __init__(self, embedder: Embedder, have: npt.NDArray[np.uint64]) -> None:
        self._embedder, self._have = embedder, have

    def __call__(self, batch: Batch) -> Batch:
        """Put the vectors of the passages that have none yet before their articles."""
        items = list(batch["item"])
        texts = texts_of([item.value for item in items if isinstance(item.value, Prepared)])
        known = np.isin(np.fromiter(map(_number, texts), np.uint64), self._have)
        keys = [key for key, is_known in zip(texts, known, strict=True) if not is_known]
        vectors: Any = {}
        try:
            if keys:
                vectors = dict(zip(keys, self._embedder.embed([texts[key] for key in keys]), strict=True))
        except NewsdeskError as error:
            vectors = type(error)(f"{error} (on {socket.gethostname()})")
        items = [_Item(items[0].number, vectors), *items] if vectors else items
        return {"item": np.array(items, dtype=object)}


def _number(key: str) -> int:
    """Return the beginning of a key. Were two alike, the run would embed what is missing."""
    return int(key[:16], 16)
