"""Slack as the bot uses it: messages, statuses, windows, people and channels.

A message is posted once, even when Slack's reply is lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from bot.slack import metrics
from bot.slack.messages.blocks import Message
from bot.slack.web_api.calls import LONGEST_WAIT, TRIES, Calls, SlackRefused, SlackUnreachable, Unclear

log = logging.getLogger("newsdesk.slack")

ANSWER = "newsdesk_answer"  # the metadata that marks our messages
_TRIGGER_LIVES = 2.5  # seconds; Slack says three, and the call takes its time
_GONE = {"message_not_found", "thread_not_found", "cant_delete_message", "message_not_in_streaming_state"}
_TOO_MUCH = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}


class Api(Calls):
    """Slack as the bot uses it; ``user``, ``bot`` and ``team`` say who the bot is there."""

    team = organisation = user = bot = ""

    async def open(self, tries: int = TRIES) -> frozenset[str]:
        """Learn who the bot is and return its scopes. Raises SlackRefused for a wrong token, SlackUnreachable."""
        who = await self.call("auth.test", tries=tries)
        self.team, self.user, self.bot = who["team_id"], who["user_id"], who.get("bot_id", "")
        self.organisation = (
            who.get("enterprise_id") or ""
        )  # of Enterprise Grid; some events name it instead of the team
        return frozenset(filter(None, (who["_scopes"]).split(",")))

    # --- messages ---

    async def post(
        self, channel: str, thread: str, message: Message, mark: Mapping[str, Any], *, look_first: bool = False
    ) -> str:
        """Post a message once and return its ts.

        ``mark`` is metadata that names the message. With ``look_first``, or after a call whose reply was lost, the
        thread is searched for the mark before the message is posted again. Raises SlackError.
        """
        arguments = {
            **_content(message),
            "channel": channel,
            "thread_ts": thread or None,
            "metadata": metadata(mark),
            **_NO_PREVIEWS,
        }
        for number in range(TRIES):
            if number:
                metrics.slack_retries.labels("chat.postMessage").inc()
            if look_first:
                found = await self.find_marked(channel, thread, mark)
                if found:
                    return found
            try:
                return str((await self.call_once("chat.postMessage", arguments))["ts"])
            except SlackRefused as error:
                if error.error not in _TOO_MUCH or not arguments.get("blocks"):
                    raise
                log.error("slack refuses our blocks, posting plain text mark=%s error=%s", mark, error.error)
                del arguments["blocks"]
            except Unclear as error:
                log.warning("post unclear mark=%s trouble=%s", mark, error)
                look_first = True
                await asyncio.sleep(min(LONGEST_WAIT, 0.25 * 2**number))
        raise SlackUnreachable("chat.postMessage")

    async def find_marked(self, channel: str, thread: str, mark: Mapping[str, Any]) -> str | None:
        """Return the ts of the bot's message with a mark, None if there is none."""
        async for message in self.messages(channel, thread):
            marked = message.get("metadata") or {}
            if self.is_ours(message) and (marked.get("event_type"), marked.get("event_payload")) == (
                ANSWER,
                dict(mark),
            ):
                return str(message["ts"])
        return None

    async def unfinished_streams(self, channel: str, thread: str) -> list[str]:
        """Return the ts of the bot's messages in a thread that are still streaming."""
        return [
            m["ts"]
            async for m in self.messages(channel, thread)
            if self.is_ours(m) and m.get("streaming_state") == "in_progress"
        ]

    def is_ours(self, message: Mapping[str, Any]) -> bool:
        """Tell whether the bot posted a message."""
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
            except SlackRefused as error:
                if error.error != "streaming_state_conflict":
                    raise
                await self.stop_stream(channel, ts)  # a stream that broke off is still open
                await self.call("chat.update", arguments)
        except SlackRefused as error:
            if error.error in {*_GONE, "edit_window_closed", "cant_update_message", "block_mismatch"}:
                return False
            raise
        return True

    async def delete(self, channel: str, ts: str) -> None:
        """Delete one of our messages; it may be gone already."""
        try:
            await self.call("chat.delete", {"channel": channel, "ts": ts})
        except SlackRefused as error:
            if error.error not in _GONE:
                raise

    async def post_ephemeral(self, channel: str, user: str, message: Message, thread: str = "") -> bool:
        """Show a message to one person only; False if Slack did not take it."""
        arguments = {**_content(message), "channel": channel, "user": user, "thread_ts": thread or None}
        return await self.try_call("chat.postEphemeral", arguments) is not None

    async def respond(self, url: str, message: Message, **more: Any) -> bool | None:
        """Answer through a response_url; False if Slack refused it, None if it is unknown whether Slack took it."""
        return await self.send(url, {**_content(message), **_NO_PREVIEWS, **more})

    # --- signs of life ---

    async def set_status(self, channel: str, thread: str, status: str, loading: Sequence[str] = ()) -> None:
        """Show under a thread what the bot is doing; an empty status shows nothing."""
        await self.try_call(
            "assistant.threads.setStatus",
            {"channel_id": channel, "thread_ts": thread, "status": status, "loading_messages": list(loading) or None},
        )

    async def set_title(self, channel: str, thread: str, title: str) -> None:
        """Name a conversation of the agent view, if the rate limit leaves room for it."""
        if self._limits.is_free("agents.sessions.rename"):
            await self.try_call("agents.sessions.rename", {"channel_id": channel, "thread_ts": thread, "title": title})

    async def mark_idle(self, channel: str, thread: str) -> None:
        """Say that the bot has stopped working in a conversation of the agent view."""
        await self.try_call(
            "agents.sessions.setStatus", {"channel_id": channel, "thread_ts": thread, "status": "active"}
        )

    async def suggest_prompts(self, channel: str, title: str, prompts: Sequence[Mapping[str, str]]) -> None:
        """Suggest what to ask in the agent view."""
        await self.try_call(
            "assistant.threads.setSuggestedPrompts", {"channel_id": channel, "title": title, "prompts": list(prompts)}
        )

    # --- windows, people, places ---

    async def open_window(self, trigger: str, view: Mapping[str, Any], since: float) -> bool:
        """Open a window; False if that failed.

        The trigger lives three seconds. ``since``: when it came, by the monotonic clock.
        """
        left = since + _TRIGGER_LIVES - time.monotonic()
        if left <= 0:
            return False
        try:
            opened = await asyncio.wait_for(self.try_call("views.open", {"trigger_id": trigger, "view": view}), left)
        except TimeoutError:
            return False
        return opened is not None

    async def publish_home(self, user: str, view: Mapping[str, Any]) -> None:
        """Show a person their Home tab."""
        await self.try_call("views.publish", {"user_id": user, "view": view})

    async def user_info(self, user: str) -> dict[str, Any]:
        """Return what Slack tells about a person."""
        return dict((await self.call("users.info", {"user": user}, tries=6))["user"])

    async def direct_channel(self, user: str) -> str:
        """Return the channel of the bot's direct messages with a person. Raises SlackError."""
        return str((await self.call("conversations.open", {"users": user}))["channel"]["id"])

    async def is_member(self, channel: str) -> bool:
        """Tell whether the bot may post in a channel."""
        found = await self.try_call("conversations.info", {"channel": channel})
        return bool(found and (found["channel"].get("is_member") or found["channel"].get("is_im")))

    async def permalink(self, channel: str, ts: str) -> str | None:
        """Return the address of a message."""
        found = await self.try_call("chat.getPermalink", {"channel": channel, "message_ts": ts})
        return str(found["permalink"]) if found else None

    async def channels(self, kinds: str) -> dict[str, bool]:
        """Return the bot's channels of some kinds ("public_channel,im"), and whether each is shared."""
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

    # --- streams ---

    async def stop_stream(self, channel: str, ts: str) -> None:
        """End a stream that an earlier process began; it may have ended already."""
        await self.try_call("chat.stopStream", {"channel": channel, "ts": ts})


_NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}


def metadata(mark: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata that carries a mark."""
    return {"event_type": ANSWER, "event_payload": dict(mark)}


def _content(message: Message) -> dict[str, Any]:
    return {"blocks": list(message.blocks), "text": message.text}
