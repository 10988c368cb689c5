"""Calls of Slack's methods; the only file that uses Slack's SDK.

A call keeps within the rate limits, waits when Slack says to slow down, and says whether it was refused or may have
taken effect.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.journal.processes import Leases
from bot.slack import metrics
from bot.slack.web_api.rate_limits import RateLimits
from index.errors import NewsdeskError

log = logging.getLogger("newsdesk.slack")
Stream = AsyncChatStream

TRIES = 9
LONGEST_WAIT = 60.0  # seconds, whatever Retry-After says
_TIMEOUT = 20  # seconds of one call
_SLOWED = {"ratelimited", "rate_limited"}
_BROKEN = {"internal_error", "fatal_error", "service_unavailable", "team_added_to_org", "request_timeout"}
_NO_TOKEN = {
    "account_inactive", "accesslimited", "app_uninstalled", "invalid_auth", "not_authed", "org_login_required",
    "token_expired", "token_revoked", "user_removed_from_team",
}  # fmt: skip
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 300.0  # seconds between two tries of a token that is refused
_LONGEST_WITHOUT_SLACK = 10.0  # the same while Slack does not answer
_TROUBLES = (aiohttp.ClientError, asyncio.TimeoutError, OSError, SlackClientError)


class SlackError(NewsdeskError):
    """Slack did not do what it was asked."""


class SlackRefused(SlackError):
    """Slack said no, and will say it again. ``error`` is Slack's word for it."""

    def __init__(self, method: str, error: str, needed: str = "") -> None:
        super().__init__(f"{method}: {error}" + (f" (needs {needed})" if needed else ""))
        self.method, self.error, self.needed = method, error, needed


class TokenRefused(SlackRefused):
    """Slack refuses the token: revoked, expired, the app uninstalled. It may be accepted again."""


class SlackUnreachable(SlackError):
    """Slack gave no sensible answer to any of the tries."""


class Unclear(SlackError):
    """One call may have taken effect or not."""


class RateLimitedClient(AsyncWebClient):
    """The SDK's client for Bolt and Socket Mode, which would open connections without end when Slack refuses them."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._limits = RateLimits()
        self.app_token_error = ""  # Slack's word while it refuses the app token

    async def open_connection(self, app_token: str) -> Any:
        """Ask for a socket's address, a few times in ten seconds at most."""
        async with self._limits.turn("apps.connections.open"):
            return await super().apps_connections_open(app_token=app_token)

    async def apps_connections_open(self, *, app_token: str, **_more: Any) -> Any:
        """Ask for a socket's address as Socket Mode does, until Slack gives one. What keeps failing is said once."""
        said, pause = "", _FIRST_PAUSE
        while True:
            try:
                response = await self.open_connection(app_token)
                break
            except _TROUBLES as error:
                trouble = _reason("apps.connections.open", error)
            refused = isinstance(trouble, SlackRefused)
            self.app_token_error = trouble.error if isinstance(trouble, SlackRefused) else ""
            if refused and str(trouble) != said:
                log.error("%s The bot keeps trying, at growing intervals.", self.app_token_trouble)
            elif str(trouble) != said:
                log.warning("slack cannot be reached, still trying: %s", trouble)
            said = str(trouble)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE if refused else _LONGEST_WITHOUT_SLACK)
        if self.app_token_error:
            log.info("slack accepts SLACK_APP_TOKEN again")
            self.app_token_error = ""
        return response

    @property
    def app_token_trouble(self) -> str:
        """What to do while Slack refuses the app token; "" if it does not."""
        return refused_token("SLACK_APP_TOKEN", self.app_token_error) if self.app_token_error else ""


def refused_token(name: str, error: str) -> str:
    """Return the sentence that says which token Slack refuses, and what to do."""
    where = (
        "an app-level token (xapp-…) with connections:write, from Basic Information"
        if name == "SLACK_APP_TOKEN"
        else "the Bot User OAuth Token (xoxb-…), from Install App"
    )
    return f"Slack refuses {name} ({error}). Install the app again if it was removed, and set {where}."


def client(token: str, url: str | None, session: aiohttp.ClientSession | None = None) -> RateLimitedClient:
    """Return the SDK's client, without its own retry after lost connections, which would post twice."""
    base = (url.rstrip("/") + "/") if url else AsyncWebClient.BASE_URL
    return RateLimitedClient(token=token, base_url=base, timeout=_TIMEOUT, session=session, retry_handlers=[])


class Calls:
    """Slack's methods, called by name."""

    def __init__(self, web: RateLimitedClient, limits: RateLimits | None = None) -> None:
        self._web = web
        self._limits = limits or RateLimits()
        self.token_error = ""  # Slack's word while it refuses the bot's token; then nothing is called
        self._refused = asyncio.Event()

    def share_limits(self, windows: Leases) -> None:
        """Keep the rate limits together with other processes."""
        self._limits.shared = windows

    @property
    def trouble(self) -> str:
        """Which token Slack refuses, and what to do; "" if it refuses none."""
        if self.token_error:
            return refused_token("SLACK_BOT_TOKEN", self.token_error)
        return self._web.app_token_trouble

    async def until_token_is_refused(self) -> None:
        """Wait until Slack refuses the bot's token."""
        await self._refused.wait()

    async def until_token_is_accepted(self) -> None:
        """Try the bot's token at growing intervals until Slack accepts it."""
        pause = _FIRST_PAUSE
        while self.token_error:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                await self.call_once("auth.test", {})
            except SlackError:
                continue
            log.info("slack accepts SLACK_BOT_TOKEN again")
            self.token_error = ""
            self._refused.clear()

    def _sorted_out(self, method: str, error: SlackApiError) -> SlackRefused | Unclear:
        reason = _sorted_out(method, error)
        if isinstance(reason, TokenRefused) and not self.token_error and method != "auth.test":
            self.token_error = reason.error
            log.error("%s Questions wait in the journal; the bot keeps trying, at growing intervals.", self.trouble)
            self._refused.set()
        return reason

    async def call(self, method: str, arguments: Mapping[str, Any] | None = None, tries: int = TRIES) -> dict[str, Any]:
        """Call a method that may safely be repeated. Raises SlackError."""
        for number in range(tries):
            if number:
                metrics.slack_retries.labels(method).inc()
            try:
                return await self.call_once(method, arguments or {})
            except Unclear as error:
                if number + 1 == tries:
                    raise SlackUnreachable(f"{method}: {error}") from None
                await asyncio.sleep(min(LONGEST_WAIT, 0.25 * 2**number))
        raise AssertionError("unreachable: the last try returns or raises")

    async def call_once(self, method: str, arguments: Mapping[str, Any], slowed: int = 5) -> dict[str, Any]:
        """Call a method once; wait and try again only when Slack says to slow down."""
        given = {name: value for name, value in arguments.items() if value is not None}
        for _ in range(slowed):
            if self.token_error and method != "auth.test":
                raise TokenRefused(method, self.token_error)
            try:
                async with self._limits.turn(method, str(given.get("channel", ""))):
                    if method.startswith(("conversations.", "users.")):  # these read no JSON
                        response = await self._web.api_call(method, params=given)
                    else:
                        response = await self._web.api_call(method, json=given)
            except SlackApiError as error:
                wait = _slowed(error)
                if wait is None:
                    reason = self._sorted_out(method, error)
                    metrics.slack_calls.labels(method, "unclear" if isinstance(reason, Unclear) else "refused").inc()
                    raise reason from None
                metrics.slack_calls.labels(method, "slowed").inc()
                metrics.slack_retries.labels(method).inc()
                log.warning("slack says to slow down method=%s seconds=%.0f", method, wait)
                await asyncio.sleep(wait)
                continue
            except _TROUBLES as error:
                metrics.slack_calls.labels(method, "unclear").inc()
                raise Unclear(type(error).__name__) from None
            metrics.slack_calls.labels(method, "ok").inc()
            data = response.data if isinstance(response.data, dict) else {}
            return (
                {**data, "_scopes": (response.headers or {}).get("x-oauth-scopes", "")}
                if method == "auth.test"
                else data
            )
        raise Unclear("ratelimited")

    async def try_call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """Call a method that nothing depends on; None if Slack refuses it or does not answer."""
        try:
            return await self.call(method, arguments, tries=3)
        except TokenRefused:
            pass  # said once, for all calls
        except SlackRefused as error:
            log.warning("slack refused method=%s error=%s", method, error.error)
        except SlackUnreachable:
            log.warning("slack did not answer method=%s", method)
        return None

    async def send(self, url: str, content: Mapping[str, Any]) -> bool | None:
        """Send a message to a response_url; False if Slack refused it, None if it is unknown whether Slack took it."""
        try:
            response = await AsyncWebhookClient(url, timeout=_TIMEOUT, retry_handlers=[]).send_dict(dict(content))
        except _TROUBLES as error:
            log.warning("response_url failed trouble=%s", type(error).__name__)
            return None
        if response.status_code != 200:
            log.warning("response_url refused status=%s", response.status_code)
        return response.status_code == 200 if response.status_code < 500 else None

    async def check_app_token(self, app_token: str) -> None:
        """Check the app token. Raises SlackError."""
        try:
            await self._web.open_connection(app_token)
        except _TROUBLES as error:
            reason = _reason("apps.connections.open", error)
            raise (
                SlackUnreachable(f"apps.connections.open: {reason}") if isinstance(reason, Unclear) else reason
            ) from None

    def may_stream(self) -> bool:
        """Tell whether a stream may be opened and closed now without waiting; if not, a plain post is quicker."""
        return (
            not self.token_error
            and self._limits.is_free("chat.startStream")
            and self._limits.is_free("chat.stopStream")
        )

    def stream(self, channel: str, thread: str, user: str, team: str) -> Stream:
        """Return the SDK's stream. It sends nothing before it is told to."""
        return Stream(
            self._web,
            channel=channel,
            thread_ts=thread,
            recipient_user_id=user,
            recipient_team_id=team,
            buffer_size=1 << 30,
            logger=log,
        )

    async def call_stream(self, method: str, call: Any) -> None:
        """Make a call of a stream.

        Raises SlackRefused, or SlackUnreachable, after which it is unknown whether the call took effect.
        """
        try:
            async with self._limits.turn(method):
                await call()
            metrics.slack_calls.labels(method, "ok").inc()
        except SlackApiError as error:
            wait = _slowed(error)
            metrics.slack_calls.labels(method, "refused" if wait is None else "slowed").inc()
            if wait is not None:
                raise SlackUnreachable("ratelimited") from None
            try:
                raise self._sorted_out(method, error) from None
            except Unclear as unclear:
                raise SlackUnreachable(str(unclear)) from None
        except _TROUBLES as error:
            metrics.slack_calls.labels(method, "unclear").inc()
            raise SlackUnreachable(type(error).__name__) from None


def _slowed(error: SlackApiError) -> float | None:
    """Return how many seconds Slack wants a caller to wait, None if it did not say to slow down."""
    response = error.response
    status, headers = getattr(response, "status_code", 0), getattr(response, "headers", None) or {}
    if status != 429 and _error_word(error) not in _SLOWED:
        return None
    try:
        return min(LONGEST_WAIT, max(0.2, float(headers.get("Retry-After", headers.get("retry-after", 1)))))
    except ValueError:
        return 1.0


def _sorted_out(method: str, error: SlackApiError) -> SlackRefused | Unclear:
    response, said = error.response, _error_word(error)
    data = getattr(response, "data", None)
    if getattr(response, "status_code", 500) >= 500 or not said or said in _BROKEN:
        return Unclear(said or f"status {getattr(response, 'status_code', '?')}")
    kind = TokenRefused if said in _NO_TOKEN else SlackRefused
    return kind(method, said, str(data.get("needed", "")) if isinstance(data, dict) else "")


def _reason(method: str, error: BaseException) -> SlackRefused | Unclear:
    if isinstance(error, SlackApiError):
        return Unclear("ratelimited") if _slowed(error) is not None else _sorted_out(method, error)
    return Unclear(type(error).__name__)


def _error_word(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""
