"""The process of the Slack bot: its Bolt app, sockets or HTTP, signals, and whether it is ready to answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
import time
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

from bot.desk_threads import DeskThreads
from bot.desks import AnsweringDesk
from bot.slack import metrics
from bot.slack.bot import Rules, SlackBot
from bot.slack.listeners import LISTENERS
from bot.slack.set_up import ADD_SCOPES, NEEDED, missing_scopes, wrong_tokens
from bot.slack.web_api.api import Api
from bot.slack.web_api.calls import SlackRefused, SlackUnreachable, client, refused_token
from bot.telemetry import error_place
from index.archive import Archive
from index.errors import SettingsError
from web.health import ArchiveFigures, Check, Part, archive_checks, routes

log = logging.getLogger("newsdesk.slack")


def app(bot: SlackBot, web: Any, signing_secret: str | None = None) -> AsyncApp:
    """Return the Bolt app. With a signing secret, requests over HTTP are checked and none is accepted twice."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        """Return the bot's identity. Bolt would ask Slack for it, and acknowledge no event while that fails."""
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=web.token,
            bot_id=bot.api.bot,
            bot_user_id=bot.api.user,
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
    async def refuse_repeated(req: Any, next: Callable[[], Awaitable[None]]) -> BoltResponse | None:  # noqa: A002  Bolt's name
        if bot.queue.closing and req.body.get("type") == "event_callback":
            return BoltResponse(status=503)  # not acknowledged: Slack gives it to another process, or to the next
        signature = req.headers.get("x-slack-signature", [""])[0]
        # Slack's own repetition of an event may carry the same signature; it does no harm, the journal knows the event.
        again = req.headers.get("x-slack-retry-num", [""])[0][:2] if req.body.get("type") == "event_callback" else ""
        if req.mode == "http" and not bot.journal.mark_done(f"signature:{signature}:{again}"):
            return BoltResponse(status=401, body='{"error": "this request was taken before"}')
        await next()
        return None

    for register in LISTENERS:
        register(bolt, bot)

    @bolt.event(re.compile(".*"))
    async def acknowledge() -> None:
        """Acknowledged, so that Slack does not send it again."""

    @bolt.error
    async def log_failure(error: Exception) -> None:
        log.error("a listener failed error=%s", error_place(error))

    return bolt


def health_routes(bot: SlackBot) -> list[Route]:
    """Return the routes /healthz, /readyz and /metrics of a bot that runs."""
    return routes(readiness_checks(bot), metrics.registry(ArchiveFigures(lambda: bot.desk.archive)))


def readiness_checks(bot: SlackBot) -> dict[str, Check]:
    """Return the checks of everything that an answer in Slack needs."""

    async def model() -> Part:
        if bot.desk.trouble is None:
            return Part("ready", "is loaded")
        return Part(
            "down",
            "is loading"
            if bot.desk.trouble == "is loading"
            else "could not be loaded, and is tried again; the log says why",
        )

    async def slack() -> Part:
        if not bot.api.user:
            return Part("down", "has not been reached yet")
        if bot.api.trouble:
            return Part("down", bot.api.trouble)
        if bot.connected is None:
            return Part("ready", "comes to us over HTTP")
        return (
            Part("ready", "the socket is open")
            if await bot.connected()
            else Part("down", "the socket is not open; it is opened again as soon as it can be")
        )

    return {**archive_checks(lambda: bot.desk.archive), "model": model, "slack": slack}


PATH = "/slack/events"
_LONGEST_PAUSE = 30.0  # seconds between two tries to reach Slack at the start
_FORGED = "invalid request"  # Bolt's word for a wrong signature
_SAID_EVERY = 60.0  # seconds between two warnings of wrong signatures
_PING = 2.0  # seconds; a half-open socket is noticed after a little more than four


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens, and how Slack reaches the bot: by a socket (``app_token``) or by HTTP (``signing_secret``)."""

    bot_token: str
    app_token: str | None = None
    signing_secret: str | None = None
    url: str | None = None
    host: str = "127.0.0.1"
    port: int = 3000


def _nothing_beside(_bot: SlackBot) -> AbstractAsyncContextManager[object]:
    return contextlib.nullcontext()


async def serve(
    tokens: Tokens,
    load: Callable[[], tuple[AnsweringDesk, Archive]],
    folder: Path,
    rules: Rules,
    workers: int,
    database: str | None = None,
    beside: Callable[[SlackBot], AbstractAsyncContextManager[object]] = _nothing_beside,
) -> None:
    """Answer in Slack until SIGTERM or SIGINT.

    The journal is in ``folder`` or in the PostgreSQL ``database``. ``beside`` runs meanwhile, and is ready before Slack
    is reached. Raises SettingsError if Slack refuses the tokens.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    reached = False

    async def answer() -> None:
        nonlocal reached
        async with running_bot(tokens, load, folder, rules, workers, database, beside):
            reached = True
            await ended.wait()
            log.info("ending: running answers get their time")

    working, ending = asyncio.create_task(answer()), asyncio.create_task(ended.wait())
    await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not reached and not working.done():
        working.cancel()  # Slack was never reached: there is nothing to end in good order
    with contextlib.suppress(asyncio.CancelledError):
        await working
    log.info("ended")


@contextlib.asynccontextmanager
async def running_bot(
    tokens: Tokens,
    load: Callable[[], tuple[AnsweringDesk, Archive]],
    folder: Path,
    rules: Rules,
    workers: int,
    database: str | None = None,
    beside: Callable[[SlackBot], AbstractAsyncContextManager[object]] = _nothing_beside,
) -> AsyncIterator[SlackBot]:
    """Answer in Slack inside the block; at its end, answers that are running get some time.

    Raises SettingsError if Slack refuses the tokens.
    """
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        web = client(tokens.bot_token, tokens.url, session)
        api = Api(web)
        bot = SlackBot(api, DeskThreads(load, workers), folder, rules, database)
        try:
            async with beside(bot):
                await _open(api, tokens)
                bolt = app(bot, web, None if tokens.app_token else tokens.signing_secret)
                await bot.start()
                async with _socket(bolt, tokens, bot) if tokens.app_token else _http(bolt, tokens):
                    log.info("listening team=%s user=%s", api.team, api.user)
                    yield bot
                    await bot.queue.close()
        finally:
            await bot.close()


async def _open(api: Api, tokens: Tokens) -> None:
    """Reach Slack, however long that takes, and say what is missing. Raises SettingsError if it cannot work."""
    if wrong := wrong_tokens(tokens.bot_token, tokens.app_token, tokens.signing_secret):
        raise SettingsError(" ".join(wrong))
    pause = 0.5
    while True:
        try:
            scopes = await api.open(tries=1)
            if tokens.app_token:
                await api.check_app_token(tokens.app_token)
            break
        except SlackRefused as error:
            name = "SLACK_APP_TOKEN" if error.method.startswith("apps.") else "SLACK_BOT_TOKEN"
            raise SettingsError(f"{refused_token(name, error.error)} See: python -m bot doctor") from error
        except SlackUnreachable as error:
            if pause < 1:
                log.warning("slack cannot be reached, still trying: %s", error)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    missing = missing_scopes(scopes) if scopes else {}  # a proxy may drop the header that names them
    if lacking := [f"{scope} ({why})" for scope, why in missing.items() if scope in NEEDED]:
        raise SettingsError(f"The Slack app lacks the scope {' and '.join(lacking)}. {ADD_SCOPES}")
    for scope, why in missing.items():
        log.warning("the Slack app lacks the scope %s; without it there is no: %s", scope, why)


@contextlib.asynccontextmanager
async def _socket(bolt: AsyncApp, tokens: Tokens, bot: SlackBot) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(bolt, tokens.app_token, ping_interval=_PING)
    bot.connected = handler.client.is_connected
    connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        await handler.close_async()  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def _http(bolt: AsyncApp, tokens: Tokens) -> AsyncIterator[None]:
    warned = -_SAID_EVERY

    async def handle(request: http.Request) -> http.StreamResponse:
        nonlocal warned
        response = await bolt.async_dispatch(await to_bolt_request(request))
        if response.status == 401 and _FORGED in response.body and time.monotonic() - warned >= _SAID_EVERY:
            warned = time.monotonic()
            log.warning("a request has a wrong signature; if it came from Slack, SLACK_SIGNING_SECRET is wrong")
        return await to_aiohttp_response(response)

    server = http.Application(client_max_size=4 * 2**20)
    server.router.add_post(PATH, handle)
    runner = http.AppRunner(server, access_log=None)
    await runner.setup()
    try:
        await http.TCPSite(runner, tokens.host, tokens.port).start()
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {tokens.host}:{tokens.port} ({error.strerror}). Set NEWSDESK_SLACK__HOST and "
            "NEWSDESK_SLACK__PORT."
        ) from error
    try:
        yield
    finally:
        await runner.cleanup()
