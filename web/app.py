"""The reading room and the question box as a web application."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from index.errors import NewsdeskError
from index.store.catalog import Catalog
from web import api, pages
from web.door import Door
from web.headers import FORM, FRAMED, FRAMING, HEADERS, Headers
from web.links import LinkKind, SignedLinks
from web.shelf import Answers, Shelf
from web.stream import Show, Streams, is_wanted

log = logging.getLogger("newsdesk.web")

_REMEMBERED = 32 * 2**20  # bytes of rendered pages
_HTML = "text/html; charset=utf-8"
_LONGEST_FORM = 32_768  # bytes; a question of 2,000 characters takes 18,000 at most
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

_SHUT = (
    "Not open here",
    "Questions can be asked here once the people who run this newsdesk have set a password.",
    "They find how in docs/use/browser.md: NEWSDESK_WEB__PASSWORD, or NEWSDESK_WEB__USER_HEADER behind a proxy "
    "that knows who asks. On the machine itself, open it under http://127.0.0.1.",
)
_NO_PASSWORD = (
    "This needs a password",
    "Ask the people who look after your team's articles for it. After many wrong ones, wait a minute.",
)
_STALE = ("This form is too old", "Open the page again, and send your question from there.")
_TOO_MANY = ("Too many questions", "So many questions came from your network that this one was not taken.")

Rendering = Callable[[], bytes | None]
T = TypeVar("T")


class Box(api.Replies, Protocol):
    """What answers questions: bot/question_box.py.

    ``streams``: answers are written, and their sentences shown as they come.
    """

    streams: bool

    async def load(self) -> None:
        """Prepare to answer."""

    def examples(self) -> Sequence[str]:
        """Return questions to try."""

    async def ask(self, question: str, user: str, after: str = "", show: Show | None = None) -> str:
        """Answer a question, which may follow the answer ``after``; return the id of the answer.

        The sentences of a written answer are passed to ``show`` as they come.
        """

    async def rate(self, id_: str, user: str, vote: Literal["up", "down"], reason: str = "") -> None:
        """Store what a person thinks of an answer."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The question box, and the door that decides who may use it."""

    box: Box
    door: Door


def app(
    links: SignedLinks,
    open_catalog: Callable[[], Catalog],
    answers: Answers | None = None,
    extra_routes: Sequence[BaseRoute] = (),
    clock: Callable[[], float] = time.monotonic,
    asking: Asking | None = None,
) -> Starlette:
    """Return the reading room over a catalog, which is opened at the first request.

    ``answers`` finds an answer by its id; without it there are no answer pages. ``extra_routes`` are served beside the
    room. With ``asking`` there is a question box.
    """
    shelf = Shelf(open_catalog, clock)
    room = _ReadingRoom(links, shelf, answers, asking)
    routes = [
        Route("/a/{article}", room.article),
        Route("/o/{article}", room.original),
        Route("/p/{article}", room.saved_page),
        Route("/q/{answer}", room.answer),
        Route("/static/{name}", room.static),
        *extra_routes,
    ]
    if asking:
        routes += [
            Route("/", room.home),
            Route("/", room.ask, methods=["POST"]),
            Route("/q/{answer}", room.go_on, methods=["POST"]),
            *api.routes(asking.box, asking.door, shelf, links),
        ]
    handlers = {404: room.nothing_here, 405: room.nothing_here, 500: room.failed}
    return Starlette(routes=routes, middleware=[Middleware(Headers)], exception_handlers=handlers)


class _ReadingRoom:
    def __init__(self, links: SignedLinks, shelf: Shelf, answers: Answers | None, asking: Asking | None) -> None:
        self._links, self._shelf, self._answers, self._asking = links, shelf, answers, asking
        self._pages, self._streams = _Pages(), Streams()
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

        return await self._html(render, FRAMING)

    async def saved_page(self, request: Request) -> Response:
        """Answer with the page that an article was saved as; it is shown in a frame of the original."""
        id_ = request.path_params["article"]
        if self._links.until("p", id_, request.scope["query_string"]) is None:
            return self._refused()

        def render() -> bytes | None:
            found = self._shelf.original(id_)
            return pages.saved_page(*found) if found and found[1].markup else None

        return await self._html(render, FRAMED)

    async def answer(self, request: Request) -> Response:
        id_ = request.path_params["answer"]
        until = self._links.until("q", id_, request.scope["query_string"])
        if until is None:
            return self._refused()

        user = self._asking.door.user(request) if self._asking else None

        def render() -> bytes | None:
            found = self._answers(id_) if self._answers else None
            form = None if user is None else self._links.form(user)
            streams = bool(self._asking and self._asking.box.streams)
            return pages.answer_page(found, until, self._links, form, streams) if found else None

        return await self._html(render, None if user is None else FORM)

    # --- the question box ---

    async def home(self, request: Request) -> Response:
        """Answer with the question box."""
        assert self._asking
        user = self._asking.door.user(request)
        if user is None:
            return self._not_let_in(self._asking.door)
        form, box = self._links.form(user), self._asking.box
        examples, streams = box.examples(), box.streams
        return await self._html(
            lambda: pages.home_page(*self._shelf.newest(), examples, form, self._links, streams), FORM
        )

    async def go_on(self, request: Request) -> Response:
        """Take a further question, or a vote, from the page of an answer; its link says which answer that is."""
        id_ = request.path_params["answer"]
        if self._links.until("q", id_, request.scope["query_string"]) is None:
            return self._refused()
        return await self.ask(request, id_)

    async def ask(self, request: Request, after: str = "") -> Response:
        """Answer what is asked, and lead to the page of the answer; or take a vote on the answer ``after``."""
        assert self._asking
        box, door = self._asking.box, self._asking.door
        user = door.user(request)
        if user is None:
            return self._not_let_in(door)
        said = await _form(request)
        if self._links.until("f", user, said.get("form", "").encode()) is None:
            return self._message(403, *_STALE)
        question = " ".join(said.get("q", "").split())
        vote = said.get("vote")
        here = f"{request.url.path}?{request.url.query}" if after else "/"
        if not question and not (after and vote in ("up", "down")):
            return self._led(here)
        if seconds := door.seconds_to_wait(request):
            return self._message(429, *_TOO_MANY, f"Ask again in {seconds} seconds.", retry=seconds)

        async def page_of(show: Show | None = None) -> str:
            return pages.here(self._links.answer(await box.ask(question, user, after, show)))

        try:
            if question and is_wanted(request):
                return self._streams.answer(page_of)
            if question:
                return Response(status_code=303, headers={"location": await page_of()})
            reason = " ".join(said.get("reason", "").split())[:2_000]
            await box.rate(after, user, "up" if vote == "up" else "down", reason)
            return self._led(here + ("#why" if vote == "down" and not reason else "#thanks"))
        except NewsdeskError as error:
            return self._unable(error)

    def _led(self, path: str) -> Response:
        return Response(status_code=303, headers={"location": f"{self._links.base}{path}"})

    def _not_let_in(self, door: Door) -> Response:
        if not door.asks_for_password:
            return self._message(403, *_SHUT)
        response = self._message(401, *_NO_PASSWORD)
        response.headers["www-authenticate"] = 'Basic realm="newsdesk", charset="UTF-8"'
        return response

    def _message(self, status: int, title: str, *paragraphs: str, retry: int = 0) -> Response:
        headers = {"cache-control": "no-store"} | ({"retry-after": str(retry)} if retry else {})
        return Response(pages.message_page(self._links.base, title, *paragraphs), status, headers, media_type=_HTML)

    # --- what all pages share ---

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

    async def _html(self, render: Rendering, headers: dict[str, str] | None = None) -> Response:
        page = await self._done(render)
        if isinstance(page, Response):
            return page
        if page is None:
            return Response(pages.message_page(self._links.base, *_GONE), 404, media_type=_HTML)
        return Response(page, headers=headers, media_type=_HTML)

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
            **HEADERS,
            "cache-control": "no-store",
            "retry-after": "60",
        }  # after an error of our own nothing else adds them
        return Response(pages.message_page(self._links.base, *_LATER), 503 if ours else 500, headers, media_type=_HTML)


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form that was sent; none if it is too long or no form."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            return {}
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=20, errors="replace"))
    except ValueError:
        return {}


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
