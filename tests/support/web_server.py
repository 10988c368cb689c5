"""A web site for tests: real HTTP on 127.0.0.1, every page told by the test, every request noted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

from index.read.web import Limits, Web

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass
class Reply:
    """What the site answers; ``body`` may come in pieces."""

    body: bytes | str | Iterator[bytes] = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


class Site(ThreadingHTTPServer):
    """``pages``: by path a reply, or a function that takes the request's handler; ``asked``: what was asked for, with
    its headers.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, Reply | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def story(self, path: str, words: str, title: str = "", head: str = "", **headers: str) -> None:
        """Put a page with an article at a path."""
        self.pages[path] = Reply(page_of(words, title or f"Title of {words}", head), headers=headers)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked if path != "/robots.txt"]

    def handle_error(self, request, client_address) -> None:
        """The other side hung up, as it may."""


class _Handler(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        reply = self.server.pages.get(self.path, Reply("no such page", 404))
        self.close_connection = True
        if callable(reply):
            reply(self)
            return
        tag = reply.headers.get("ETag")
        if tag and self.headers.get("If-None-Match") == tag:
            reply = Reply(b"", 304)
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        self.send_response(reply.status)
        for name, value in {"Content-Type": reply.kind, **reply.headers}.items():
            self.send_header(name, value)
        if isinstance(body, bytes) and reply.status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        for piece in [body] if isinstance(body, bytes) else body:
            self.wfile.write(piece)
            self.wfile.flush()

    def log_message(self, *values) -> None:
        """Say nothing."""


@contextmanager
def site() -> Iterator[Site]:
    """Run a site for as long as the block lasts."""
    server = Site()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Clock:
    """A clock that a sleep moves on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


def visitor(clock: Clock | None = None, private=LOOPBACK, **options) -> Web:
    """The web as a run sees it, with loopback allowed, small limits and no real pauses."""
    clock = clock or Clock()
    limits = {"bytes": 200_000, "seconds": 5.0, "idle": 5.0, **options.pop("limits", {})}
    return Web(Limits(**limits), private, clock=clock, sleep=clock.sleep, **options)


def page_of(words: str, title: str, head: str = "") -> str:
    """A page whose article says some words often enough to be one."""
    sentences = [
        f"The {place} council heard on Monday that {words} will be looked at again before the winter."
        for place in ("harbour", "city", "county")
    ]
    paragraphs = "".join(
        f"<p>{sentence} Nobody in the hall asked for vote {number} to be counted once more.</p>"
        for number, sentence in enumerate(sentences)
    )
    article = f"<article><h1>{title}</h1>{paragraphs}</article>"
    return (
        "<!doctype html><html "
        f"lang=en><head><title>{title}</title>{head}</head><body><nav>Home</nav>{article}</body></html>"
    )
