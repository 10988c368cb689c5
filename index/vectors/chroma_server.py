"""Vectors on a Chroma server, by URL: one's own (`chroma run`), or Chroma Cloud.

A collection is changed in place, so the steps are: ids are written to the catalog's table vector_journal → new vectors
→ the catalog's commit → old vectors are removed. If a run dies, the next one reads in that table what to remove. Every
request may be sent twice, because vectors are added and removed by id.
"""

from __future__ import annotations

import contextlib
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from index.errors import ChromaRefused, ServerDown, SettingsError, VectorsError
from index.store.rows import Generation
from index.vectors.chroma import COLLECTION, MOST, SPACE, Collection, columns, explained_by
from index.vectors.engine import Changes, Index, Item, batches

if TYPE_CHECKING:
    import httpx

    from index.store.catalog import Catalog
    from index.store.snapshot import Snapshot
    from index.store.transaction import Transaction

_T = TypeVar("_T")
_CONNECT, _READ, _WRITE = (
    5.0,
    5.0,
    30.0,
)  # seconds for one request; a question falls back on an exact scan
_WAITS = (0.2, 0.6, 1.2)  # seconds before a write is sent again; a server that is restarted is back by then
_ASKED_AGAIN = (0.1,)  # the same for a search
_LONGEST = 5.0  # that a server's Retry-After is heeded
_PASSING = (408, 429, 502, 503, 504)
_BATCH = 100  # readers of a server wait while a batch is applied: 1,000 take seconds
_CLOUD = 300  # records a write, and results, that Chroma Cloud allows


class Server:
    """A Chroma server, with the tenant and database on it."""

    def __init__(
        self,
        url: str,
        name: str = COLLECTION,
        *,
        tenant: str = "",
        database: str = "",
        headers: Mapping[str, str] | None = None,
        ca: Path | None = None,
    ) -> None:
        """Name a server and the start of the collections' names; connects when first used.

        ``tenant`` and ``database``: "" for Chroma's defaults. ``headers`` are sent with each request. ``ca``: a file of
        certificates that the server's is checked against in place of the public ones. Raises SettingsError if the
        server cannot be meant.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"NEWSDESK_CHROMA__URL is {url!r}; it must look like http://localhost:8000.")
        if parts.username or parts.password:
            raise SettingsError(
                "NEWSDESK_CHROMA__URL holds a password. Set NEWSDESK_CHROMA__TOKEN or NEWSDESK_CHROMA__HEADERS "
                "in its place."
            )
        cloud = parts.hostname == "trychroma.com" or parts.hostname.endswith(".trychroma.com")
        if cloud and not (tenant and database and headers):
            raise SettingsError(
                "Chroma Cloud needs NEWSDESK_CHROMA__TENANT, NEWSDESK_CHROMA__DATABASE and "
                "NEWSDESK_CHROMA__TOKEN; its dashboard shows them."
            )
        self.url, self.name = url, name
        self.most = _CLOUD if cloud else MOST
        self._heartbeat = f"{url.rstrip('/')}/api/v2/heartbeat"
        self._host, self._ssl = parts.hostname, parts.scheme == "https"
        self._port = parts.port or (443 if self._ssl else 8000)
        self._tenant, self._database = tenant or "default_tenant", database or "default_database"
        self._headers = dict(headers or {})
        self._ca = ca
        self._client: Any = None

    def open(self, name: str) -> Collection:
        """Open a collection for reading. Raises VectorsError."""
        with self._reached():
            return Collection(_Shared(), self._connect().get_collection(name, embedding_function=None), self.most)

    def answers(self) -> None:
        """Raise ServerDown unless the server answers within two seconds.

        Other users of the connection are not disturbed.
        """
        with self._reached(ours=False):
            self._ask_for_life(2)

    def reach(self) -> None:
        """Raise ServerDown unless the server answers."""
        with self._reached():
            self._client = None
            self._connect()

    def write(self, name: str, changes: Changes) -> int:
        """Add and drop vectors of a collection, made if missing, and return how many it holds. Raises VectorsError."""
        with self._reached():
            client = self._connect()
            size = min(size for size in (_BATCH, _CLOUD, client.get_max_batch_size()) if size > 0)
            collection = client.get_or_create_collection(name, embedding_function=None, configuration=SPACE)
            for items in batches(changes.add, size):
                collection.upsert(**columns(items, changes.text))
            for start in range(0, len(changes.drop), size):
                collection.delete(ids=list(changes.drop[start : start + size]))
            return int(collection.count())

    def drop(self, name: str) -> None:
        """Delete a collection if it is there. Raises VectorsError."""
        import chromadb.errors

        with self._reached(), contextlib.suppress(chromadb.errors.NotFoundError):
            self._connect().delete_collection(name)

    def _connect(self) -> Any:
        if self._client is None:
            self._ask_for_life(_CONNECT)
            # Its constructor asks the server for the tenant and the database, and would wait for ever for one that
            # hangs.
            client = _within(_WRITE, self._made)
            session = client._server._session
            session.timeout = _timeout(_WRITE)
            session.request = _again(session.request, self.url)
            self._client = client
        return self._client

    def _made(self) -> Any:
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False, chroma_server_ssl_verify=str(self._ca) if self._ca else None)
        headers = dict(self._headers)  # chromadb adds its own to them
        return chromadb.HttpClient(self._host, self._port, self._ssl, headers, settings, self._tenant, self._database)

    def _ask_for_life(self, seconds: float) -> None:
        import httpx

        try:
            verify = ssl.create_default_context(cafile=self._ca) if self._ca and self._ssl else True
        except OSError as error:
            raise ChromaRefused(
                f"the file of NEWSDESK_CHROMA__CA, {self._ca}, cannot be read as certificates "
                f"({error.strerror or error})"
            ) from error
        with httpx.Client(headers=self._headers, verify=verify, timeout=seconds) as client:
            _checked(client.get(self._heartbeat)).raise_for_status()

    def _reached(self, ours: bool = True) -> contextlib.AbstractContextManager[None]:
        """Raise what goes wrong as a VectorsError; ``ours``: the connection is given up then."""

        def explain(error: BaseException) -> VectorsError:
            self._client = None if ours else self._client
            return self._explained(error)

        return explained_by(explain)

    def _explained(self, error: BaseException) -> VectorsError:
        import chromadb.errors
        import httpx

        reason = ""
        if isinstance(error, ChromaRefused):
            reason = str(error)
        elif "CERTIFICATE_VERIFY_FAILED" in str(error):
            reason = (
                "its certificate is not trusted. If an authority of your own made it, set NEWSDESK_CHROMA__CA to "
                "that one's certificate"
            )
        elif isinstance(error, chromadb.errors.NotFoundError) and "ollection" not in str(error):
            reason = (
                f"it has no database {self._database} of a tenant {self._tenant}. Check "
                "NEWSDESK_CHROMA__DATABASE and NEWSDESK_CHROMA__TENANT"
            )
        if reason:
            return ServerDown(f"The Chroma server at {self.url} cannot be used: {reason}.")
        if isinstance(error, httpx.TransportError | httpx.HTTPStatusError | TimeoutError | ValueError):
            return ServerDown(
                f"The Chroma server at {self.url} does not answer. Start it, or check NEWSDESK_CHROMA__URL."
            )
        return VectorsError(f"The Chroma server at {self.url} failed: {type(error).__name__}: {str(error)[:200]}.")


class OnServer:
    """The engine for a Chroma server."""

    steady = False  # a collection loses old vectors once a newer state is published
    per_snapshot = False
    spare = 0  # a former collection may be damaged: it goes at once, so that nothing opens it again

    def __init__(self, server: Server, catalog: Catalog) -> None:
        self.server = server
        self.url: str | None = server.url
        self._catalog = catalog

    def open(self, generation: Generation, snapshot: Snapshot) -> Index:
        """Open a state for search. Raises VectorsError if it cannot be used."""
        with self._catalog.snapshot() as now:
            if now.fact("distrusted") == generation.name:
                raise VectorsError(f"The Chroma server at {self.url} went down when its collection was opened.")
        return self.server.open(generation.name)

    def complete(self, index: Index, generation: Generation) -> None:
        """Raise VectorsError unless what is open still holds what was published."""
        if index.count() < generation.passages:
            raise VectorsError(f"The Chroma server at {self.url} has lost passages.")

    def ping(self, generation: Generation, snapshot: Snapshot) -> None:
        """Check within two seconds that the server answers. Raises ServerDown if not."""
        self.server.answers()

    def check(self, generation: Generation, snapshot: Snapshot) -> None:
        """Find out whether the server can be used and holds a state. Raises VectorsError."""
        import httpx

        self.server.reach()
        try:
            with contextlib.closing(self.open(generation, snapshot)) as index:
                self.complete(index, generation)
        except ServerDown as error:
            if isinstance(error.__cause__, httpx.TransportError) and not isinstance(
                error.__cause__, httpx.TimeoutException
            ):
                # It answered, and then the collection took it down: nobody opens this one again, the next run makes a
                # new one.
                with self._catalog.transaction() as transaction:
                    transaction.put_fact("distrusted", generation.name)
            raise

    def write(
        self, previous: Generation | None, number: int, changes: Changes, added: int, total: int
    ) -> tuple[Generation, Changes]:
        """Send new vectors; those that are dropped stay until the catalog no longer shows them. Raises VectorsError."""
        with self._catalog.snapshot() as snapshot:
            name = (
                previous.name
                if previous
                else f"{self.server.name}-{snapshot.fact('archive')}-{number}-{secrets.token_hex(3)}"
            )
        if previous is None:
            self._note(name, [None])
        found = self.server.write(name, Changes(self._noted(name, changes.add), text=changes.text))
        if found != total + len(changes.drop):
            raise VectorsError(
                f"The Chroma server at {self.url} holds {found} passages, not {total + len(changes.drop)}. Run: "
                "python -m bot rebuild"
            )
        dead = previous.dead + len(changes.drop) if previous else 0
        return Generation(number, name, total, dead), Changes(drop=changes.drop)

    def commit(self, transaction: Transaction, generation: Generation, left: Changes, unneeded: Sequence[str]) -> None:
        """Note what must be removed from the server from now on."""
        transaction.journal_add(generation.name, left.drop)
        for name in unneeded:
            transaction.journal_add(name, [None])

    def tidy(self, kept: set[str]) -> None:
        """Remove what the journal lists; what could not be removed stays in it."""
        with self._catalog.snapshot() as snapshot:
            journal = snapshot.journal()
            known = snapshot.known_passages([id_ for _, _, id_ in journal if id_])
        done: list[int] = []
        with contextlib.suppress(VectorsError):
            for row, name, _ in (line for line in journal if line[2] is None):
                if name not in kept:
                    self.server.drop(name)
                done.append(row)
            for name in sorted({name for _, name, id_ in journal if id_ and name in kept}):
                self.server.write(
                    name, Changes((), [id_ for _, p, id_ in journal if p == name and id_ and id_ not in known])
                )
            done += [row for row, _, id_ in journal if id_]
        with self._catalog.transaction() as transaction:
            transaction.journal_done(done)

    def _noted(self, name: str, items_in: Iterable[list[Item]]) -> Iterator[list[Item]]:
        """Yield batches, each after its ids were noted: so those of a run that dies are found and removed."""
        for items in batches(items_in, 1_000):
            self._note(name, [passage.id for passage, _ in items])
            yield items

    def _note(self, name: str, ids: Sequence[str | None]) -> None:
        with self._catalog.transaction() as transaction:
            transaction.journal_add(name, ids)


class _Shared:
    def close(self) -> None:
        """Leave the connection open: other collections use it."""


def _again(request: Callable[..., httpx.Response], url: str) -> Callable[..., httpx.Response]:
    """Return a function that sends a request, and repeats it a few times where that may help."""
    import httpx

    def send(method: str, address: str, **more: Any) -> httpx.Response:
        asking = address.endswith(("/query", "/count"))
        waits = iter(_ASKED_AGAIN if asking else _WAITS)
        while True:
            try:
                response = _checked(request(method, address, **more, timeout=_timeout(_READ if asking else _WRITE)))
                if response.status_code not in _PASSING:
                    return response
                wait = _retry_after(response)
                limited = (
                    f"it wants to be asked less (429): the limits of {url} are reached"
                    if response.status_code == 429
                    else ""
                )
            except httpx.TransportError:
                wait, limited = 0.0, ""
                if (least := next(waits, None)) is None:
                    raise
            else:
                if (least := next(waits, None)) is None:
                    if limited:
                        raise ChromaRefused(limited)
                    response.raise_for_status()
            time.sleep(max(least or 0.0, wait))

    return send


def _retry_after(response: httpx.Response) -> float:
    try:
        return min(float(response.headers.get("Retry-After", 0)), _LONGEST)
    except ValueError:  # a date
        return 0.0


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code in (401, 403):
        raise ChromaRefused(
            f"it lets nobody in without the right key ({response.status_code}). Check NEWSDESK_CHROMA__TOKEN and "
            "NEWSDESK_CHROMA__HEADERS"
        )
    return response


def _timeout(seconds: float) -> httpx.Timeout:
    import httpx

    return httpx.Timeout(seconds, connect=_CONNECT)


def _within(seconds: float, work: Callable[[], _T]) -> _T:
    """Return the result of some work. Raises TimeoutError when it takes longer; it then goes on in its thread."""
    found: list[_T] = []
    failed: list[BaseException] = []

    def do() -> None:
        try:
            found.append(work())
        except BaseException as error:  # a thread's error belongs to whoever waits for it
            failed.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError
    return found[0]
