"""A reading room in this process, over a catalog that a test fills; asked as a server would ask it, or served."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from index.articles import Article, Source, digest_of
from index.store.catalog import Catalog
from index.store.rows import CutLine, Generation
from web.app import app
from web.links import LinkTarget, SignedLinks, version_of
from web.server import listening
from web.shelf import Answers

SECRET = "for these tests alone, not for life"
DAY = date(2025, 3, 10)
ASGI = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]


@dataclass
class Answered:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()


def article(
    text: str,
    id_: str = "0123456789abcdef",
    title: str = "The ship leaves",
    published: date | None = date(2025, 3, 3),
    **said: Any,
) -> Article:
    values = {"publisher": "Harbour Courier", "path": f"/srv/{id_}.txt", "language": "en", **said}
    return Article.of(Source(id_, title, published=published, **values), text)


class ReadingRoom:
    """A catalog and the room over it; ``now`` is the clock, ``day`` the day."""

    def __init__(self, folder: Path, answers: Answers | None = None, url: str = "") -> None:
        self.catalog = Catalog(folder / "catalog.sqlite3")
        self.now, self.day = 0.0, DAY
        self.links = SignedLinks(SECRET, url, 30, lambda: self.day)
        self.app = app(self.links, lambda: self.catalog, answers, clock=lambda: self.now)
        self._number = 0

    def put(self, *articles: Article, file: str | None = None, digest: str = "", cut: tuple[CutLine, ...] = ()) -> None:
        """Publish articles, each in place of its version before."""
        with self.catalog.transaction() as transaction:
            for item in articles:
                transaction.put_article(item, file or item.source.path, digest or digest_of(item.text), cut, [])
            self._publish(transaction)

    def remove(self, *ids: str) -> None:
        with self.catalog.transaction() as transaction:
            transaction.remove_articles(ids)
            self._publish(transaction)

    def twins(self, one: str, other: str) -> None:
        with self.catalog.transaction() as transaction:
            transaction.put_duplicates(one, [other])
            self._publish(transaction)

    def _publish(self, transaction: Any) -> None:
        self._number += 1
        self.now += 2
        transaction.put_generation(Generation(self._number, "nowhere", 0))

    def link(self, item: Article, quote: str = "", *others: str) -> str:
        """The link to a quote in an article, as an answer has it."""
        return self.links.article(
            LinkTarget(
                item.source.id,
                version_of(item.digest),
                span(item, quote) if quote else None,
                tuple(span(item, o) for o in others),
            )
        )

    def get(self, target: str | bytes, method: str = "GET") -> Answered:
        """Ask for a path with its query, in any bytes."""
        return asyncio.run(self.asked([target.encode() if isinstance(target, str) else target], method))[0]

    def get_all(self, targets: list[bytes]) -> list[Answered]:
        return asyncio.run(self.asked(targets))

    async def asked(self, targets: list[bytes], method: str = "GET") -> list[Answered]:
        return [await _asked(self.app, target, method) for target in targets]

    def served(self, port: int = 0) -> contextlib.AbstractContextManager[str]:
        """Serve the room in a thread and give its address."""
        return served_in_thread(contextlib.nullcontext(self.app), port)


@contextlib.contextmanager
def served_in_thread(opened: contextlib.AbstractAsyncContextManager[Any], port: int = 0) -> Iterator[str]:
    """Serve an application that is opened in a thread, and give its address."""
    ready, ended, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    found: list[int] = []

    async def serve() -> None:
        async with opened as application, listening(application, "127.0.0.1", port) as there:
            found.append(there)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield f"http://127.0.0.1:{found[0]}"
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def span(item: Article, quote: str) -> tuple[int, int]:
    start = item.text.index(quote)
    return start, start + len(quote)


async def _asked(app: ASGI, target: bytes, method: str) -> Answered:
    """Call an application as uvicorn does."""
    path, _, query = target.partition(b"#")[0].partition(b"?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1), "root_path": "", "headers": [], "raw_path": path, "query_string": query,
        "path": unquote(path.decode("latin-1")),
    }  # fmt: skip
    answered = Answered()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
            answered.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answered.body += message.get("body", b"")

    await app(scope, receive, send)
    return answered
