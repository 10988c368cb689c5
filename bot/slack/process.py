"""The process: sockets or HTTP, signals, the log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web as http
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.slack import api as slack
from bot.slack.app import app
from bot.slack.bot import Room, Rules
from bot.slack.desk_threads import Asks, Brain
from index.archive import Archive
from index.errors import SettingsError

log = logging.getLogger("newsdesk.slack")

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
