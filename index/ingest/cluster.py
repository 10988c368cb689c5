"""Files looked into, and passages embedded, by the machines of a Ray cluster, while this process alone writes.

orders, some files each → look (tasks: read, clean, split) → embed (actors: a model each) → here, in order: vectors
kept, articles to the run

What comes back is data, failures too. A worker that dies is replaced by Ray and its block done again; nothing of it had
come before.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import queue
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.archive import Archive, Prepared
from index.clean.recurring import Counted
from index.errors import ClusterError, ModelError, NewsdeskError
from index.ingest.embedding import texts_of
from index.ingest.file_reader import Found, Fresh, Known, Order, Stopped, look
from index.ingest.settle import split
from index.model.embedder import Embedder, Vectors
from index.read.record import Failure

_FILES, _BYTES = 16, 300_000  # in one order to a worker: what is done again when it dies
_BLOCK = 1_000_000  # bytes between two stages, about thirty articles
_LOOKS, _EMBEDS = 0.25, 0.75  # of a core: a task that reads, an actor that embeds; about the ratio of their work
_MEMORY = 512 * 2**20  # of a cluster that is started here, for what is between its stages
_PATIENCE = 5  # seconds
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else it warns
}

Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class _Looked:
    """An article as it was read and split, and what the model says of those of its passages that had no vector."""

    item: Prepared
    keys: tuple[str, ...] = ()
    vectors: Vectors | None = None


@dataclass(frozen=True, slots=True)
class _End:
    """All of a file has come."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What keeps a worker from working at all."""

    sentence: str


@contextlib.contextmanager
def joined(address: str) -> Iterator[Any]:
    """Join a Ray cluster for the length of a block: the one at an address; ``auto``: one that runs here, else one that
    is started for it.

    Raises ClusterError if Ray is not installed or there is no cluster at the address.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if address.startswith("ray://"):
        raise ClusterError(
            f"{address} is the door of Ray's client, through which an ingest cannot work. Run it on a machine of "
            "the cluster: --ray auto"
        )
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ClusterError(
            f'Ray is not installed here ({error}). Install it: pip install ".[ray]", or run without --ray.'
        ) from error
    try:
        with _unheard():
            _begin(ray, address)
    except Exception as error:  # Ray raises whatever its parts raise
        raise ClusterError(
            f"The Ray cluster at {address} cannot be joined ({_first_line(error)}). Check the address with ray "
            "status, and RAY_AUTH_TOKEN."
        ) from error
    try:
        for name in ("ray", "ray.data"):
            logging.getLogger(name).setLevel(logging.ERROR)
        # Ray prints there that a worker died, and has no switch for it; a report for a script goes there too.
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            yield ray
    finally:
        ray.shutdown()


def _begin(ray: Any, address: str) -> None:
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    found = _answering(address)
    if found:
        ray.init(found, runtime_env={"py_modules": [str(Path(__file__).parents[1])]}, **quiet)
        return
    # Whoever reaches a cluster may run what he likes on it, and Ray listens on the machine's own address: it lets in
    # who has this token.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    ray.init("local", include_dashboard=False, object_store_memory=_MEMORY, **quiet)


def _answering(address: str) -> str | None:
    """Return the address of a cluster that answers, None if ``auto`` finds none.

    Raises ConnectionError if a cluster that was named does not answer.
    """
    from ray._private.services import canonicalize_bootstrap_address, extract_ip_port

    named = address != "auto" or "RAY_ADDRESS" in os.environ
    try:
        found: str = canonicalize_bootstrap_address(address)
        # Ray itself waits for many minutes, also for one that has ended and left its address behind.
        socket.create_connection(extract_ip_port(found), timeout=_PATIENCE).close()
    except OSError as error:
        if named:
            raise ConnectionError(f"it does not answer: {error}") from error
        return None
    return found


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Keep what Ray's C++ part says of its own logging off the terminal; what goes wrong is raised."""
    before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


class OnCluster:
    """Looks into files on the cluster that was joined; stands in for ``looks.one_by_one``."""

    def __init__(self, ray: Any, archive: Archive, embedder: Embedder, stopped: Callable[[], bool]) -> None:
        """Name the cluster, the archive that is written, the model, and what is asked whether to stop."""
        self._ray, self._archive, self._embedder, self._stopped = ray, archive, embedder, stopped
        self.read_here = 0  # files that the workers could not read, and this machine could

    def __call__(self, orders: Iterable[Order], known: Known) -> Iterator[tuple[Order, Iterator[Found]]]:
        """Yield what is found in each file, in order; the vectors of an article are in the catalog before it comes."""
        given = list(orders)
        if not given:
            return
        items = self._items(given)
        for order in given:
            first = next(items)
            rest = self._of_one_file(items)
            if isinstance(first, Failure) and first.passing:
                # A disk that this machine alone sees, perhaps: then it reads itself, and says so.
                for _ in rest:
                    pass
                mine = look(order, known)
                first = next(mine)
                self.read_here += not isinstance(first, Failure)
                yield order, _chained(first, mine)
                continue
            yield order, _chained(first, rest)
            for _ in rest:  # what was not asked for
                pass

    def _of_one_file(self, items: Iterator[Found | _End]) -> Iterator[Found]:
        for item in items:
            if isinstance(item, _End):
                return
            yield item

    def _items(self, orders: list[Order]) -> Iterator[Any]:
        """Yield what comes back, block by block, its vectors kept. Raises Stopped when it is asked to stop."""
        for rows in self._blocks(orders):
            found = [pickle.loads(row) for row in rows]  # noqa: S301 (made by our own workers)
            for item in found:
                if isinstance(item, _Trouble):
                    raise ModelError(item.sentence)
            made: dict[str, Vectors] = {}
            for item in found:
                if isinstance(item, _Looked) and item.vectors is not None:
                    made.update(zip(item.keys, item.vectors, strict=True))
            if made:
                with self._archive.catalog.transaction() as transaction:
                    transaction.put_embeddings(self._embedder.identity, made)
            for item in found:
                yield item.item if isinstance(item, _Looked) else item

    def _blocks(self, orders: list[Order]) -> Iterator[list[bytes]]:
        """Yield the rows of the cluster's blocks. A thread waits for them, so that whoever wants to stop need not."""
        ready: queue.Queue[list[bytes] | BaseException | None] = queue.Queue(maxsize=2)
        over = threading.Event()

        def fetch() -> None:
            try:
                for block in self._dataset(orders).iter_batches(
                    batch_size=None, batch_format="pyarrow", prefetch_batches=1
                ):
                    rows = block.column("item").to_pylist()
                    while not over.is_set():
                        with contextlib.suppress(queue.Full):
                            ready.put(rows, timeout=0.2)
                            break
                    if over.is_set():
                        return
                ready.put(None)
            except BaseException as error:  # it is raised again where it is waited for
                if not over.is_set():
                    ready.put(error)

        threading.Thread(target=fetch, name="cluster", daemon=True).start()
        try:
            while True:
                if self._stopped():
                    raise Stopped
                try:
                    rows = ready.get(timeout=0.2)
                except queue.Empty:
                    continue
                if rows is None:
                    return
                if isinstance(rows, BaseException):
                    raise ClusterError(
                        f"The Ray cluster failed ({_first_line(rows)}). What was published stays; check it with "
                        "ray status, and run the same command again."
                    ) from rows
                yield rows
        finally:
            over.set()

    def _dataset(self, orders: list[Order]) -> Any:
        from ray.data import ActorPoolStrategy, DataContext

        context = DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        context.target_max_block_size = context.target_min_block_size = _BLOCK
        actors = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        with self._archive.catalog.snapshot() as snapshot:
            packed = [
                pickle.dumps(
                    [(order, {} if order.force else snapshot.original_digests(order.file.path)) for order in part]
                )
                for part in _parts(orders)
            ]
            recurring = snapshot.all_cut_lines()
            have = _numbers(snapshot.all_keys(self._embedder.identity))
        looked = self._ray.data.from_items(
            [{"orders": part} for part in packed], override_num_blocks=len(packed)
        ).map_batches(_Look(recurring), batch_size=1, batch_format="pyarrow", num_cpus=_LOOKS)
        return looked.map_batches(
            _Embed,
            fn_constructor_args=(self._embedder, have),
            batch_size=None,
            batch_format="pyarrow",
            num_cpus=_EMBEDS,
            compute=ActorPoolStrategy(min_size=1, max_size=actors, initial_size=actors),
        )


class _Look:
    """Reads, cleans and splits files; runs in a task on any machine."""

    def __init__(self, recurring: frozenset[tuple[str, int]]) -> None:
        self._recurring = recurring

    def __call__(self, batch: Any) -> Iterator[dict[str, list[bytes]]]:
        for packed in batch.column("orders").to_pylist():
            for order, digests in pickle.loads(packed):  # noqa: S301 (made by our own run)
                for item in self._found(order, digests):
                    yield {"item": [pickle.dumps(item)]}

    def _found(self, order: Order, digests: dict[str, str]) -> Iterator[Found | _Looked | _End]:
        for item in look(order, digests.get):
            if isinstance(item, Failure) and item.passing:
                item = Failure(item.path, f"{item.reason} (on {socket.gethostname()})", item.line, passing=True)
            if isinstance(item, Fresh):
                yield _Looked(split(item.source, item.text, order.file.path, item.digest, item.cut, self._known))
            else:
                yield item
        yield _End()

    def _known(self, counts: Counted) -> set[int]:
        return {line.digest for line in counts.lines if (counts.publisher, line.digest) in self._recurring}


class _Embed:
    """Gives passages their vectors; runs in an actor, which loads the model once."""

    def __init__(self, embedder: Embedder, have: Keys) -> None:
        # One core each: another actor has the next.
        os.environ["OMP_NUM_THREADS"] = "1"
        self._embedder, self._have = embedder, have

    def __call__(self, batch: Any) -> dict[str, list[bytes]]:
        rows: list[bytes] = batch.column("item").to_pylist()
        found = [pickle.loads(row) for row in rows]  # noqa: S301 (made by the stage before)
        texts = texts_of([item.item for item in found if isinstance(item, _Looked)])
        missing = sorted(key for key in texts if not self._has(key))
        try:
            vectors = (
                dict(zip(missing, self._embedder.embed([texts[key] for key in missing]), strict=True))
                if missing
                else {}
            )
        except NewsdeskError as error:
            return {"item": [pickle.dumps(_Trouble(f"{error} (on {socket.gethostname()})"))]}
        return {"item": [self._with(row, item, vectors) for row, item in zip(rows, found, strict=True)]}

    def _has(self, key: str) -> bool:
        number = _number(key)
        place = int(np.searchsorted(self._have, number))
        return place < len(self._have) and self._have[place] == number

    @staticmethod
    def _with(row: bytes, item: object, vectors: dict[str, Vectors]) -> bytes:
        if not isinstance(item, _Looked):
            return row
        keys = tuple(key for key in dict.fromkeys(item.item.keys) if key in vectors)
        return pickle.dumps(_Looked(item.item, keys, np.stack([vectors[key] for key in keys])) if keys else item)


def _parts(orders: Iterable[Order]) -> Iterator[list[Order]]:
    part: list[Order] = []
    size = 0
    for order in orders:
        part.append(order)
        size += order.file.size
        if len(part) >= _FILES or size >= _BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _numbers(keys: Iterable[str]) -> Keys:
    """Return the beginnings of keys as sorted numbers: a millionth of a millionth of them may be mistaken, and is
    embedded by the run itself.
    """
    return np.sort(np.fromiter(map(_number, keys), np.uint64))


def _number(key: str) -> np.uint64:
    return np.uint64(int(key[:16], 16))


def _chained(first: Found, rest: Iterator[Found]) -> Iterator[Found]:
    yield first
    yield from rest


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1][:200] if lines else 'no message'}"
