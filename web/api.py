"""Asking and reading over HTTP, in JSON: /api/ask, /api/search, /api/articles. web/openapi.yaml describes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import yaml
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from index.articles import Source
from index.errors import NewsdeskError, RequestError
from web.door import Door
from web.links import SignedLinks
from web.shelf import Shelf

log = logging.getLogger("newsdesk.web")

_LONGEST_BODY = 65_536  # bytes
_LONGEST_QUESTION = 2_000  # characters
_PAGE, _MOST = 100, 500  # articles
_HITS, _MOST_HITS = 24, 100  # passages
_FRESH = {"cache-control": "no-store"}


class Replies(Protocol):
    """What answers: bot/question_box.py."""

    async def reply(self, asked: Mapping[str, Any], user: str) -> dict[str, Any]:
        """Answer a question."""

    async def search(self, asked: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
        """Return the passages that a question finds."""


def routes(box: Replies, door: Door, shelf: Shelf, links: SignedLinks) -> list[Route]:
    """Return the routes of the API."""

    async def ask(request: Request, user: str) -> dict[str, Any]:
        asked = _asked(await _body(request))
        found = await box.reply(asked, user)
        return {**found, "page": links.answer(found["id"])}

    async def search(request: Request, _: str) -> dict[str, Any]:
        said = dict(request.query_params)
        limit = _number(said.pop("limit", None), "limit", _HITS, 1, _MOST_HITS)
        asked = _asked({"question": said.pop("q", None), **said})
        return {"question": asked["question"], "hits": await box.search(asked, limit)}

    async def articles(request: Request, _: str) -> dict[str, Any]:
        offset = _number(request.query_params.get("offset"), "offset", 0, 0, 10**9)
        limit = _number(request.query_params.get("limit"), "limit", _PAGE, 1, _MOST)
        total, found = await run_in_threadpool(shelf.listed, offset, limit)
        return {"total": total, "articles": [{**_source(source), "digest": digest} for source, digest in found]}

    async def article(request: Request, _: str) -> dict[str, Any] | None:
        found = await run_in_threadpool(shelf.article, request.path_params["article"])
        if found is None:
            return None
        stored, copies = found
        return {**_source(stored.source), "digest": stored.digest, "text": stored.text, "copies": copies}

    async def openapi(_request: Request, _: str) -> dict[str, Any]:
        return _description()

    async def unknown(_request: Request, _: str) -> None:
        return None

    def route(
        path: str, work: Callable[[Request, str], Awaitable[Any]], method: str, *, counted: bool = False
    ) -> Route:
        async def answer(request: Request) -> Response:
            return await _answered(request, door, work, counted=counted)

        return Route(path, answer, methods=[method] if method else None)

    return [
        route("/api/ask", ask, "POST", counted=True),
        route("/api/search", search, "GET", counted=True),
        route("/api/articles", articles, "GET"),
        route("/api/articles/{article}", article, "GET"),
        route("/api/openapi.json", openapi, "GET"),
        route("/api/{anything:path}", unknown, ""),
    ]


async def _answered(
    request: Request, door: Door, work: Callable[[Request, str], Awaitable[Any]], *, counted: bool
) -> Response:
    """Do the work of a request if its sender may ask; return the answer, or what is wrong."""
    user = door.program(request)
    if user is None:
        return _refused(door)
    if counted and (seconds := door.seconds_to_wait(request)):
        return _error(429, f"So many questions came from your network. Ask again in {seconds} seconds.", seconds)
    try:
        found = await work(request, user)
    except RequestError as error:
        return _error(422, str(error))
    except NewsdeskError as error:
        log.error("a request over HTTP could not be answered: %s", error)
        return _error(503, "The articles cannot be read at the moment. Please try again in a minute.", 60)
    return _error(404, "There is no such thing here.") if found is None else JSONResponse(found, headers=_FRESH)


def _refused(door: Door) -> Response:
    if not (door.asks_for_token or door.asks_for_password):
        return _error(403, "Nobody can ask here from other machines. An admin can set NEWSDESK_WEB__TOKEN.")
    response = _error(401, "Send the token: Authorization: Bearer TOKEN.")
    response.headers["www-authenticate"] = "Bearer" if door.asks_for_token else "Basic"
    return response


def _error(status: int, words: str, seconds: int = 0) -> Response:
    return JSONResponse({"error": words}, status, {**_FRESH, **({"retry-after": str(seconds)} if seconds else {})})


async def _body(request: Request) -> Any:
    """Return the JSON of a request.

    It has to say that it is JSON: a form of another site cannot.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RequestError("Send JSON, with Content-Type: application/json.")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise RequestError(f"More than {_LONGEST_BODY:,} bytes are not read.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError("The body is not JSON.") from None


def _asked(said: Any) -> dict[str, Any]:
    """Return the fields of a question. Raises RequestError, which names the field that is wrong."""
    if not isinstance(said, dict) or not isinstance(said.get("question"), str):
        raise RequestError("A question is missing.")
    known = {"question", "since", "until", "today", "publisher", "thread", "explain"}
    if strange := sorted(map(str, said.keys() - known)):
        raise RequestError(f"There is no field {strange[0][:50]!r}. Known: {', '.join(sorted(known))}.")
    question = " ".join(said["question"].split())
    if not 0 < len(question) <= _LONGEST_QUESTION:
        raise RequestError(f"A question has 1 to {_LONGEST_QUESTION:,} characters; this one has {len(question):,}.")
    thread, publisher = said.get("thread") or [], said.get("publisher")
    if not isinstance(thread, list) or not all(isinstance(item, str) for item in thread):
        raise RequestError("thread is a list of the questions before, oldest first.")
    if publisher is not None and not isinstance(publisher, str):
        raise RequestError("publisher is a name.")
    return {
        "question": question,
        **{name: _day(said.get(name), name) for name in ("since", "until", "today")},
        "publisher": publisher,
        "thread": [item[:_LONGEST_QUESTION] for item in thread],
        "explain": said.get("explain") is True,
    }


def _day(value: Any, name: str) -> date | None:
    try:
        return date.fromisoformat(value) if value is not None else None
    except (ValueError, TypeError):
        raise RequestError(f"{name} is a day like 2025-03-31.") from None


def _number(value: str | None, name: str, otherwise: int, least: int, most: int) -> int:
    if value is None:
        return otherwise
    if not (value.isascii() and value.isdigit() and len(value) < 12 and least <= int(value) <= most):
        raise RequestError(f"{name} is a number from {least} to {most:,}.")
    return int(value)


def _source(source: Source) -> dict[str, Any]:
    return {
        "id": source.id, "title": source.title, "publisher": source.publisher, "author": source.author,
        "published": source.published and source.published.isoformat(), "date_source": source.date_source,
        "url": source.url, "language": source.language, "teaser": source.teaser,
    }  # fmt: skip


@cache
def _description() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "openapi.yaml").read_text("utf-8"))
    return found
