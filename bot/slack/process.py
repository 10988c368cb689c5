"""The process of the Slack bot: its Bolt app, sockets or HTTP, signals, and whether it is ready to answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web as http
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from starlette.routing import Route

from bot.slack import api as slack
from bot.slack import metrics
from bot.slack.bot import Room, Rules
from bot.slack.desk_threads import Asks, Brain
from bot.slack.listeners import LISTENERS
from bot.telemetry import told
from index.archive import Archive
from index.errors import SettingsError
from web.health import ArchiveFigures, Check, Part, archive_checks, routes

log = logging.getLogger("newsdesk.slack")


def app(room: Room, web: Any, signing_secret: str | None = None) -> AsyncApp:
    """Return the app. With a signing secret requests over HTTP are checked, and none is taken twice."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        """Tell Bolt who we are: it would ask Slack before the first event, and leave the event unacknowledged if that
        fails.
        """
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=web.token,
            bot_id=room.api.bot,
            bot_user_id=room.api.user,
        )

    logging.getLogger("slack_bolt").setLevel(
        logging.ERROR
    )  # it warns of a token in the environment, and prints events it does not know
    bolt = AsyncApp(
        client=web,
        authorize=authorize,
        signing_secret=signing_secret,
        request_verification_enabled=signing_secret is not None,
        logger=logging.getLogger("slack_bolt"),
    )

    @bolt.middleware
    async def fresh(req: Any, next: Callable[[], Awaitable[None]]) -> BoltResponse | None:  # noqa: A002  Bolt's name
        if room.reception.closing and req.body.get("type") == "event_callback":
            return BoltResponse(status=503)  # not acknowledged: Slack gives it to another process, or to the next
        signature = req.headers.get("x-slack-signature", [""])[0]
        # Slack's own repetition of an event may carry the same signature; it does no harm, the journal knows the event.
        again = req.headers.get("x-slack-retry-num", [""])[0][:2] if req.body.get("type") == "event_callback" else ""
        if req.mode == "http" and not room.journal.first(f"signature:{signature}:{again}"):
            return BoltResponse(status=401, body='{"error": "this request was taken before"}')
        await next()
        return None

    for register in LISTENERS:
        register(bolt, room)

    @bolt.event(re.compile(".*"))
    async def other() -> None:
        """Acknowledged, so that Slack does not send it again."""

    @bolt.error
    async def failed(error: Exception) -> None:
        log.error("a listener failed error=%s", told(error))

    return bolt


def vitals(room: Room) -> list[Route]:
    """Return the routes /healthz, /readyz and /metrics of a bot that runs."""
    return routes(checks(room), metrics.registry(ArchiveFigures(lambda: room.brain.archive)))


def checks(room: Room) -> dict[str, Check]:
    """Return what must be ready for an answer in Slack."""

    async def model() -> Part:
        if room.brain.trouble is None:
            return Part("ready", "is loaded")
        return Part(
            "down",
            "is loading"
            if room.brain.trouble == "is loading"
            else "could not be loaded, and is tried again; the log tells why",
        )

    async def slack() -> Part:
        if not room.api.user:
            return Part("down", "has not been reached yet")
        if room.connected is None:
            return Part("ready", "comes to us over HTTP")
        return (
            Part("ready", "the socket is open")
            if await room.connected()
            else Part("down", "the socket is not open; it is opened again as soon as it can be")
        )

    return {**archive_checks(lambda: room.brain.archive), "model": model, "slack": slack}


PATH = "/slack/events"
_PING = 2.0  # seconds; a half-open socket is noticed after four of them and a little


@dataclass(frozen=True, slots=True)
class Access:
    """The tokens, and how Slack reaches us: over a socket (``app_token``) or over HTTP (``signing_secret``)."""

    bot_token: str
    app_token: str | None = None
    signing_secret: str | None = None
    url: str | None = None
    host: str = "127.0.0.1"
    port: int = 3000


def _nothing(_room: Room) -> AbstractAsyncContextManager[object]:
    return contextlib.nullcontext()


async def serve(
    access: Access,
    load: Callable[[], tuple[Asks, Archive]],
    folder: Path,
    rules: Rules,
    workers: int,
    database: str | None = None,
    beside: Callable[[Room], AbstractAsyncContextManager[object]] = _nothing,
) -> None:
    """Answer in Slack until SIGTERM or SIGINT, with the journal in a folder or a PostgreSQL ``database``.

    Raises SettingsError if Slack refuses the tokens.

    ``beside`` is what runs meanwhile: it is there before Slack is reached.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    reached = False

    async def answer() -> None:
        nonlocal reached
        async with answering(access, load, folder, rules, workers, database, beside):
            reached = True
            await ended.wait()
            log.info("ending: running answers get their time")

    working, ending = asyncio.create_task(answer()), asyncio.create_task(ended.wait())
    await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not reached and not working.done():
        working.cancel()  # Slack does not answer: there is nothing to end in good order
    with contextlib.suppress(asyncio.CancelledError):
        await working
    log.info("ended")


@contextlib.asynccontextmanager
async def answering(
    access: Access,
    load: Callable[[], tuple[Asks, Archive]],
    folder: Path,
    rules: Rules,
    workers: int,
    database: str | None = None,
    beside: Callable[[Room], AbstractAsyncContextManager[object]] = _nothing,
) -> AsyncIterator[Room]:
    """Answer in Slack inside the block; at its end running answers get their time.

    Raises SettingsError if Slack refuses the tokens.
    """
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        client = slack.client(access.bot_token, access.url, session)
        api = slack.Api(client)
        room = Room(api, Brain(load, workers), folder, rules, database)
        try:
            async with beside(room):
                await _open(api, access.app_token)
                bolt = app(room, client, None if access.app_token else access.signing_secret)
                await room.start()
                async with _socket(bolt, access, room) if access.app_token else _http(bolt, access):
                    log.info("listening team=%s user=%s", api.team, api.user)
                    yield room
                    await room.reception.close()
        finally:
            await room.close()


async def _open(api: slack.Api, app_token: str | None) -> None:
    while True:
        try:
            await api.open()
            if app_token:
                await api.socket(app_token)
            return
        except slack.Refused as error:
            name, where = (
                ("SLACK_APP_TOKEN", "an app-level token with connections:write")
                if error.method.startswith("apps.")
                else ("SLACK_BOT_TOKEN", "the Bot User OAuth Token")
            )
            raise SettingsError(
                f"Slack refuses {name} ({error.error}). Take {where} from your app's page. See: python -m bot doctor"
            ) from error
        except slack.Unreachable as error:
            log.warning("slack cannot be reached, trying on: %s", error)


@contextlib.asynccontextmanager
async def _socket(bolt: AsyncApp, access: Access, room: Room) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(bolt, access.app_token, ping_interval=_PING)
    room.connected = handler.client.is_connected
    connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        await handler.close_async()  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def _http(bolt: AsyncApp, access: Access) -> AsyncIterator[None]:
    async def handle(request: http.Request) -> http.StreamResponse:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    server = http.Application(client_max_size=4 * 2**20)
    server.router.add_post(PATH, handle)
    runner = http.AppRunner(server, access_log=None)
    await runner.setup()
    try:
        await http.TCPSite(runner, access.host, access.port).start()
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {access.host}:{access.port} ({error.strerror}). Set NEWSDESK_SLACK__HOST and "
            "NEWSDESK_SLACK__PORT."
        ) from error
    try:
        yield
    finally:
        await runner.cleanup()
