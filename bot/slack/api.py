"""The one file that talks to Slack: calls that wait when told to, and posts that happen once even when Slack's reply is
lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.journal.processes import Leases
from bot.slack import metrics
from bot.slack.messages.blocks import Message
from bot.slack.rate_limits import Pace

log = logging.getLogger("newsdesk.slack")
Stream = AsyncChatStream

ANSWER = "newsdesk_answer"  # the metadata that marks our messages
_TRIES = 9
_LONGEST_WAIT = 60.0  # seconds, whatever Retry-After says
_TIMEOUT = 20  # seconds of one call
_SLOWED = {"ratelimited", "rate_limited"}
_BROKEN = {"internal_error", "fatal_error", "service_unavailable", "team_added_to_org", "request_timeout"}
_GONE = {"message_not_found", "thread_not_found", "cant_delete_message", "message_not_in_streaming_state"}
_TOO_MUCH = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}
_TROUBLES = (aiohttp.ClientError, asyncio.TimeoutError, OSError, SlackClientError)


class Refused(Exception):
    """Slack said no, and will say it again. ``error`` is Slack's word for it."""

    def __init__(self, method: str, error: str, needed: str = "") -> None:
        super().__init__(f"{method}: {error}" + (f" (needs {needed})" if needed else ""))
        self.method, self.error, self.needed = method, error, needed


class Unreachable(Exception):
    """Slack did not answer, or not sensibly, for as long as we tried."""


class _Unclear(Exception):
    """The call may have taken effect or not."""


class PacedClient(AsyncWebClient):
    """The SDK's client for Bolt and Socket Mode, which would open connections without end when Slack refuses them."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._pace = Pace()

    async def apps_connections_open(self, *, app_token: str, **kwargs: Any) -> Any:
        """Ask for a socket's address, a few times in ten seconds at most."""
        async with self._pace.turn("apps.connections.open"):
            return await super().apps_connections_open(app_token=app_token, **kwargs)


def client(token: str, url: str | None, session: aiohttp.ClientSession | None = None) -> AsyncWebClient:
    """Return the SDK's client, without its retry after lost connections: that would post twice."""
    base = (url.rstrip("/") + "/") if url else AsyncWebClient.BASE_URL
    return PacedClient(token=token, base_url=base, timeout=_TIMEOUT, session=session, retry_handlers=[])


class Api:
    """Slack as the bot uses it."""

    def __init__(self, web: AsyncWebClient, pace: Pace | None = None) -> None:
        self._web = web
        self._pace = pace or Pace()
        self.team = self.organisation = self.user = self.bot = ""

    def share(self, windows: Leases) -> None:
        """Count how often methods are called together with other processes."""
        self._pace.shared = windows

    async def open(self, tries: int = _TRIES) -> frozenset[str]:
        """Learn who we are and return the scopes that were granted. Raises Refused (a wrong token) and Unreachable."""
        who = await self.call("auth.test", tries=tries)
        self.team, self.user, self.bot = who["team_id"], who["user_id"], who.get("bot_id", "")
        self.organisation = (
            who.get("enterprise_id") or ""
        )  # of Enterprise Grid; some events name it instead of the team
        return frozenset(filter(None, (who["_scopes"]).split(",")))

    async def call(
        self, method: str, arguments: Mapping[str, Any] | None = None, tries: int = _TRIES
    ) -> dict[str, Any]:
        """Call a method whose repetition does no harm. Raises Refused and Unreachable."""
        for number in range(tries):
            if number:
                metrics.slack_retries.labels(method).inc()
            try:
                return await self._once(method, arguments or {})
            except _Unclear as error:
                if number + 1 == tries:
                    raise Unreachable(f"{method}: {error}") from None
                await asyncio.sleep(min(_LONGEST_WAIT, 0.25 * 2**number))
        raise AssertionError("unreachable: the last try returns or raises")

    async def _once(self, method: str, arguments: Mapping[str, Any], slowed: int = 5) -> dict[str, Any]:
        """Call a method once, but wait and repeat as long as Slack only says to slow down."""
        given = {name: value for name, value in arguments.items() if value is not None}
        for _ in range(slowed):
            try:
                async with self._pace.turn(method, str(given.get("channel", ""))):
                    if method.startswith(("conversations.", "users.")):  # these read no JSON
                        response = await self._web.api_call(method, params=given)
                    else:
                        response = await self._web.api_call(method, json=given)
            except SlackApiError as error:
                wait = _slowed(error)
                if wait is None:
                    reason = _sorted_out(method, error)
                    metrics.slack_calls.labels(method, "unclear" if isinstance(reason, _Unclear) else "refused").inc()
                    raise reason from None
                metrics.slack_calls.labels(method, "slowed").inc()
                metrics.slack_retries.labels(method).inc()
                log.warning("slack says to slow down method=%s seconds=%.0f", method, wait)
                await asyncio.sleep(wait)
                continue
            except _TROUBLES as error:
                metrics.slack_calls.labels(method, "unclear").inc()
                raise _Unclear(type(error).__name__) from None
            metrics.slack_calls.labels(method, "ok").inc()
            data = response.data if isinstance(response.data, dict) else {}
            return (
                {**data, "_scopes": (response.headers or {}).get("x-oauth-scopes", "")}
                if method == "auth.test"
                else data
            )
        raise _Unclear("ratelimited")

    # --- messages ---

    async def post(
        self, channel: str, thread: str, message: Message, mark: Mapping[str, Any], *, look_first: bool = False
    ) -> str:
        """Post a message once and return its ts.

        ``mark`` names it in its metadata. Where an earlier try may have come through (a lost reply, a crash:
        ``look_first``) the thread is searched for the mark before it is posted again. Raises Refused and Unreachable.
        """
        arguments = {
            **_content(message),
            "channel": channel,
            "thread_ts": thread or None,
            "metadata": metadata(mark),
            **_NO_PREVIEWS,
        }
        for number in range(_TRIES):
            if number:
                metrics.slack_retries.labels("chat.postMessage").inc()
            if look_first:
                found = await self.find(channel, thread, mark)
                if found:
                    return found
            try:
                return str((await self._once("chat.postMessage", arguments))["ts"])
            except Refused as error:
                if error.error not in _TOO_MUCH or not arguments.get("blocks"):
                    raise
                log.error("slack refuses our blocks, posting plain text mark=%s error=%s", mark, error.error)
                del arguments["blocks"]
            except _Unclear as error:
                log.warning("post unclear mark=%s trouble=%s", mark, error)
                look_first = True
                await asyncio.sleep(min(_LONGEST_WAIT, 0.25 * 2**number))
        raise Unreachable("chat.postMessage")

    async def find(self, channel: str, thread: str, mark: Mapping[str, Any]) -> str | None:
        """Return the ts of our message with a mark, None if there is none."""
        async for message in self.messages(channel, thread):
            marked = message.get("metadata") or {}
            if self.is_ours(message) and (marked.get("event_type"), marked.get("event_payload")) == (
                ANSWER,
                dict(mark),
            ):
                return str(message["ts"])
        return None

    async def half_streamed(self, channel: str, thread: str) -> list[str]:
        """Return the ts of our messages in a thread that are still streaming."""
        return [
            m["ts"]
            async for m in self.messages(channel, thread)
            if self.is_ours(m) and m.get("streaming_state") == "in_progress"
        ]

    def is_ours(self, message: Mapping[str, Any]) -> bool:
        """Tell whether we posted a message."""
        return message.get("user") == self.user or bool(self.bot and message.get("bot_id") == self.bot)

    async def messages(
        self, channel: str, thread: str = "", oldest: str = "", most: int = 1_000
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the messages of a thread (oldest first), or of a channel (newest first), with their metadata."""
        method = "conversations.replies" if thread else "conversations.history"
        arguments = {
            "channel": channel,
            "ts": thread or None,
            "oldest": oldest or None,
            "limit": 200,
            "include_all_metadata": "true",
        }
        cursor: str | None = None
        for _ in range(max(1, most // 200)):
            page = await self.call(method, {**arguments, "cursor": cursor})
            for message in page.get("messages", []):
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    async def update(self, channel: str, ts: str, message: Message, mark: Mapping[str, Any]) -> bool:
        """Put a message in the place of an earlier one; False if that is gone."""
        arguments = {
            **_content(message),
            "channel": channel,
            "ts": ts,
            "metadata": metadata(mark),
            "parse": "none",
            "link_names": False,
        }
        try:
            try:
                await self.call("chat.update", arguments)
            except Refused as error:
                if error.error != "streaming_state_conflict":
                    raise
                await self.stop_stream(channel, ts)  # a stream that broke off is still open
                await self.call("chat.update", arguments)
        except Refused as error:
            if error.error in {*_GONE, "edit_window_closed", "cant_update_message", "block_mismatch"}:
                return False
            raise
        return True

    async def delete(self, channel: str, ts: str) -> None:
        """Delete one of our messages; it may be gone already."""
        try:
            await self.call("chat.delete", {"channel": channel, "ts": ts})
        except Refused as error:
            if error.error not in _GONE:
                raise

    async def whisper(self, channel: str, user: str, message: Message, thread: str = "") -> None:
        """Show a message to one person only, as well as it goes: it is not worth waiting for."""
        arguments = {**_content(message), "channel": channel, "user": user, "thread_ts": thread or None}
        await self._try("chat.postEphemeral", arguments)

    async def respond(self, url: str, message: Message, **more: Any) -> bool:
        """Answer through a response_url; False if Slack did not take it."""
        try:
            response = await AsyncWebhookClient(url, timeout=_TIMEOUT, retry_handlers=[]).send_dict(
                {**_content(message), **_NO_PREVIEWS, **more}
            )
        except _TROUBLES as error:
            log.warning("response_url failed trouble=%s", type(error).__name__)
            return False
        if response.status_code != 200:
            log.warning("response_url refused status=%s", response.status_code)
        return response.status_code == 200

    # --- signs of life ---

    async def status(self, channel: str, thread: str, status: str, loading: Sequence[str] = ()) -> None:
        """Show what we are doing under a thread; an empty status shows nothing."""
        await self._try(
            "assistant.threads.setStatus",
            {"channel_id": channel, "thread_ts": thread, "status": status, "loading_messages": list(loading) or None},
        )

    async def title(self, channel: str, thread: str, title: str) -> None:
        """Name a conversation of the agent view, if there is time for it."""
        if self._pace.free("agents.sessions.rename"):
            await self._try("agents.sessions.rename", {"channel_id": channel, "thread_ts": thread, "title": title})

    async def idle(self, channel: str, thread: str) -> None:
        """Say that we stopped working in a conversation of the agent view."""
        await self._try("agents.sessions.setStatus", {"channel_id": channel, "thread_ts": thread, "status": "active"})

    async def prompts(self, channel: str, title: str, prompts: Sequence[Mapping[str, str]]) -> None:
        """Suggest what to ask in the agent view."""
        await self._try(
            "assistant.threads.setSuggestedPrompts", {"channel_id": channel, "title": title, "prompts": list(prompts)}
        )

    async def _try(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            return await self.call(method, arguments, tries=3)
        except Refused as error:
            log.warning("slack refused method=%s error=%s", method, error.error)
        except Unreachable:
            log.warning("slack did not answer method=%s", method)
        return None

    # --- windows, people, places ---

    async def window(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Open a window; the trigger lives three seconds."""
        await self._try("views.open", {"trigger_id": trigger, "view": view})

    async def home(self, user: str, view: Mapping[str, Any]) -> None:
        """Show a person their Home tab."""
        await self._try("views.publish", {"user_id": user, "view": view})

    async def person(self, user: str) -> dict[str, Any]:
        """Return what Slack tells about a person."""
        return dict((await self.call("users.info", {"user": user}, tries=6))["user"])

    async def direct(self, user: str) -> str:
        """Return the channel in which we talk to one person alone. Raises Refused and Unreachable."""
        return str((await self.call("conversations.open", {"users": user}))["channel"]["id"])

    async def member(self, channel: str) -> bool:
        """Tell whether we may post in a channel."""
        found = await self._try("conversations.info", {"channel": channel})
        return bool(found and (found["channel"].get("is_member") or found["channel"].get("is_im")))

    async def permalink(self, channel: str, ts: str) -> str | None:
        """Return the address of a message."""
        found = await self._try("chat.getPermalink", {"channel": channel, "message_ts": ts})
        return str(found["permalink"]) if found else None

    async def places(self, kinds: str) -> dict[str, bool]:
        """Return the channels we are in, of some kinds ("public_channel,im"), and whether each is shared with another
        organisation.
        """
        found: dict[str, bool] = {}
        cursor: str | None = None
        while True:
            page = await self.call(
                "conversations.list", {"types": kinds, "exclude_archived": "true", "limit": 500, "cursor": cursor}
            )
            members = [
                channel for channel in page.get("channels", []) if channel.get("is_member") or channel.get("is_im")
            ]
            found |= {channel["id"]: bool(channel.get("is_ext_shared")) for channel in members}
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return found

    async def socket(self, app_token: str) -> None:
        """Try the app token. Raises Refused and Unreachable."""
        try:
            await self._web.apps_connections_open(app_token=app_token)
        except SlackApiError as error:
            reason = _sorted_out("apps.connections.open", error)
            if _slowed(error) is not None or isinstance(reason, _Unclear):
                raise Unreachable(str(reason)) from None
            raise reason from None
        except _TROUBLES as error:
            raise Unreachable(f"apps.connections.open: {type(error).__name__}") from None

    # --- streams ---

    def may_stream(self) -> bool:
        """Tell whether a stream may be opened and closed now without waiting; else the plain path is quicker."""
        return self._pace.free("chat.startStream") and self._pace.free("chat.stopStream")

    def stream(self, channel: str, thread: str, user: str, team: str) -> Stream:
        """Return the SDK's stream; every flush of it is for us to decide."""
        return Stream(
            self._web,
            channel=channel,
            thread_ts=thread,
            recipient_user_id=user,
            recipient_team_id=team or self.team,
            buffer_size=1 << 30,
            logger=log,
        )

    async def streamed(self, method: str, call: Any) -> None:
        """Await a call of a stream.

        Raises Refused and Unreachable; after Unreachable nobody knows whether it took effect.
        """
        try:
            async with self._pace.turn(method):
                await call()
            metrics.slack_calls.labels(method, "ok").inc()
        except SlackApiError as error:
            wait = _slowed(error)
            metrics.slack_calls.labels(method, "refused" if wait is None else "slowed").inc()
            if wait is not None:
                raise Unreachable("ratelimited") from None
            try:
                raise _sorted_out(method, error) from None
            except _Unclear as unclear:
                raise Unreachable(str(unclear)) from None
        except _TROUBLES as error:
            metrics.slack_calls.labels(method, "unclear").inc()
            raise Unreachable(type(error).__name__) from None

    async def stop_stream(self, channel: str, ts: str) -> None:
        """End a stream that another life of the bot began; it may have ended."""
        await self._try("chat.stopStream", {"channel": channel, "ts": ts})


_NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}


def metadata(mark: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata that carries a mark."""
    return {"event_type": ANSWER, "event_payload": dict(mark)}


def _content(message: Message) -> dict[str, Any]:
    return {"blocks": list(message.blocks), "text": message.text}


def _slowed(error: SlackApiError) -> float | None:
    """Return how long Slack wants us to wait, None if that is not what it said."""
    response = error.response
    status, headers = getattr(response, "status_code", 0), getattr(response, "headers", None) or {}
    data = getattr(response, "data", None)
    said = data.get("error", "") if isinstance(data, dict) else ""
    if status != 429 and said not in _SLOWED:
        return None
    try:
        return min(_LONGEST_WAIT, max(0.2, float(headers.get("Retry-After", headers.get("retry-after", 1)))))
    except ValueError:
        return 1.0


def _sorted_out(method: str, error: SlackApiError) -> Refused | _Unclear:
    response = error.response
    data = getattr(response, "data", None)
    said = str(data.get("error", "")) if isinstance(data, dict) else ""
    if getattr(response, "status_code", 500) >= 500 or not said or said in _BROKEN:
        return _Unclear(said or f"status {getattr(response, 'status_code', '?')}")
    return Refused(method, said, str(data.get("needed", "")) if isinstance(data, dict) else "")
