"""Messages and mentions: a question is in the journal before Slack is told that it arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.slack.bot import Room


def register(app: Any, room: Room) -> None:
    """Listen to mentions and to messages in the channels, conversations and threads we are in."""

    async def claim(body: dict[str, Any], event: dict[str, Any], next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002  Bolt's name
        kind, subtype = event.get("type", ""), event.get("subtype")
        if subtype == "message_changed":
            if room.journal.first(body.get("event_id", "")):
                room.reception.edited(event)
        elif subtype == "message_deleted":
            room.reception.deleted(event)
        else:
            room.reception.hear(event, body.get("event_id", ""), bool(body.get("is_ext_shared_channel")))
        room.noticed(kind if kind != "message" else f"message.{event.get('channel_type', '')}")
        await next()

    @app.event("app_mention", middleware=[claim])
    async def mentioned() -> None:
        """Acknowledged; the question is in the journal."""

    @app.event("message", middleware=[claim])
    async def said() -> None:
        """Acknowledged; a question, if it is one, is in the journal."""
