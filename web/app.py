"""The reading room as a web application, and its server, in a process of its own or in the bot's."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import NewsdeskError, SettingsError
from index.store.catalog import Catalog
from web import pages
from web.links import LinkKind, SignedLinks
from web.shelf import Answers, Shelf

log = logging.getLogger("newsdesk.web")

_REMEMBERED = 32 * 2**20  # bytes of rendered pages
_HTML = "text/html; charset=utf-8"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",
}
_RAW = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]

_REFUSED = (
    "This link does not open",
    "It is incomplete, or its time is over: links into the reading room end after some weeks.",
    "To get a new one, ask your question again where you got this link, or ask the person who sent it to you.",
)
_GONE = (
    "This is no longer here",
    "What this link led to has been removed.",
    "If you still need it, ask the people who look after your team's articles.",
)
_LATER = ("Not now", "The articles cannot be opened at the moment.", "Please try again in a minute.")

Rendering = Callable[[], bytes | None]
T = TypeVar("T")


def app(
    links: SignedLinks,
    open_catalog: Callable[[], Catalog],
    answers: Answers | None = None,
    extra_routes: Sequence[BaseRoute] = (),
    clock: Callable[[], float] = time.monotonic,
) -> Starlette:
    """Return the reading room over a catalog, which is opened at the first request.

    ``answers`` finds an answer by its id; without it there are no answer pages. ``extra_routes`` are served beside the
    room.
    """
    room = _ReadingRoom(links, Shelf(open_catalog, clock), answers)
    routes = [
        Route("/a/{article}", room.article),
        Route("/o/{article}", room.original),
        Route("/q/{answer}", room.answer),
        Route("/static/{name}", room.static),
        *extra_routes,
    ]
    handlers = {404: room.nothing_here, 405: room.nothing_here, 500: room.failed}
    return Starlette(routes=routes, middleware=[Middleware(_Headers)], exception_handlers=handlers)


class _ReadingRoom:
    def __init__(self, links: SignedLinks, shelf: Shelf, answers: Answers | None) -> None:
        self._links, self._shelf, self._answers = links, shelf, answers
        self._pages = _Pages()
        # One page for every link that is forged, damaged, too old or leads nowhere: it says nothing of the archive.
        self._refusal = pages.message_page(links.base, *_REFUSED)

    async def article(self, request: Request) -> Response:
        id_, query = request.path_params["article"], request.scope["query_string"]
        opened = self._links.place(id_, query)
        if opened is None:
            return self._refused()
        place, until = opened

        def render() -> bytes | None:
            found = self._shelf.read(place)
            return pages.article_page(found, place, until, self._links) if found else None

        return await self._page(("a", id_, query), render)

    async def original(self, request: Request) -> Response:
        id_, query = request.path_params["article"], request.scope["query_string"]
        until = self._links.until("o", id_, query)
        if until is None:
            return self._refused()

        def render() -> bytes | None:
            found = self._shelf.original(id_)
            return pages.original_page(*found, until, self._links) if found else None

        return await self._html(render)

    async def answer(self, request: Request) -> Response:
        id_ = request.path_params["answer"]
        until = self._links.until("q", id_, request.scope["query_string"])
        if until is None:
            return self._refused()

        def render() -> bytes | None:
            found = self._answers(id_) if self._answers else None
            return pages.answer_page(found, until, self._links) if found else None

        return await self._html(render)

    async def _page(self, key: tuple[LinkKind, str, bytes], render: Rendering) -> Response:
        """Answer with the page rendered for the published generation, or render it."""
        state = self._shelf.state()
        if state is None:
            refreshed = await self._done(self._shelf.refresh)
            if isinstance(refreshed, Response):
                return refreshed
            state = refreshed
        known = self._pages.get(state, key)
        if known is not None:
            return Response(known, media_type=_HTML)
        response = await self._html(render)
        if response.status_code == 200:
            self._pages.put(state, key, bytes(response.body))
        return response

    async def static(self, request: Request) -> Response:
        """Answer with the stylesheet or the script."""
        name = request.path_params["name"]
        content = pages.FILES.get(name)
        if content is None:
            return await self.nothing_here(request, None)
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return Response(
            content,
            media_type=f"{kind}; charset=utf-8",
            headers={"cache-control": "public, max-age=31536000, immutable"},
        )

    async def nothing_here(self, _request: Request, _error: Exception | None) -> Response:
        """Answer a request for an address that does not exist."""
        return Response(self._refusal, 404, media_type=_HTML)

    async def failed(self, _request: Request, error: Exception) -> Response:
        """Answer after an unexpected error."""
        return self._unable(error)

    async def _html(self, render: Rendering) -> Response:
        page = await self._done(render)
        if isinstance(page, Response):
            return page
        if page is None:
            return Response(pages.message_page(self._links.base, *_GONE), 404, media_type=_HTML)
        return Response(page, media_type=_HTML)

    async def _done(self, work: Callable[[], T]) -> T | Response:
        """Call a function in a thread; return what it returns, or the page that says that it failed."""
        try:
            return await run_in_threadpool(work)
        except Exception as error:  # the door of a page: whatever it is, the reader sees no internals of it
            return self._unable(error)

    def _refused(self) -> Response:
        return Response(self._refusal, 403, media_type=_HTML)

    def _unable(self, error: Exception) -> Response:
        ours = isinstance(error, NewsdeskError)
        log.error("a page could not be opened: %s", error if ours else type(error).__name__)
        headers = {
            **_HEADERS,
            "cache-control": "no-store",
            "retry-after": "60",
        }  # after an error of our own nothing else adds them
        return Response(pages.message_page(self._links.base, *_LATER), 503 if ours else 500, headers, media_type=_HTML)


class _Pages:
    """The pages of one generation that were asked for last, as rendered."""

    def __init__(self) -> None:
        self._state = -1
        self._pages: OrderedDict[object, bytes] = OrderedDict()
        self._size = 0

    def get(self, state: int, key: object) -> bytes | None:
        if state != self._state:
            self._state, self._size = state, 0
            self._pages.clear()
        if key in self._pages:
            self._pages.move_to_end(key)
        return self._pages.get(key)

    def put(self, state: int, key: object, page: bytes) -> None:
        if state != self._state or key in self._pages or len(page) > _REMEMBERED // 8:
            return
        self._pages[key] = page
        self._size += len(page)
        while self._size > _REMEMBERED:
            self._size -= len(self._pages.popitem(last=False)[1])


class _Headers:
    """Adds to every answer the headers that keep pages private and without scripts of others."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _RAW if pair[0] not in there)]
            await send(message)

        await self._inner(scope, receive, with_headers)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program that runs the server."""
        yield


@contextlib.asynccontextmanager
async def listening(app: ASGIApp, host: str, port: int) -> AsyncIterator[int]:
    """Serve an application inside the block and yield its port; 0 takes any free one.

    Raises SettingsError if the port cannot be opened.
    """
    taken = _socket(host, port)
    # Links are secrets: they are not logged.
    server = _Server(
        uvicorn.Config(app, log_config=None, access_log=False, server_header=False, proxy_headers=False, lifespan="off")
    )
    serving = asyncio.create_task(server.serve([taken]))
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        yield int(taken.getsockname()[1])
    finally:
        server.should_exit = True
        await serving


def _socket(host: str, port: int) -> socket.socket:
    # asyncio switches Nagle's delay off (40 ms a page) only for a socket that says it is TCP; create_server's says
    # nothing.
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.listen(2_048)
        return taken
    except (OSError, OverflowError) as error:
        taken.close()
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"The reading room cannot listen on {host}:{port} ({reason}). Set NEWSDESK_WEB__HOST and "
            "NEWSDESK_WEB__PORT."
        ) from error
