"""Good answer, bad answer, and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.slack.bot import Room
from bot.slack.messages import blocks
from bot.slack.messages.blocks import Message

_THANKS = "Thank you, that helps."


def register(app: Any, room: Room) -> None:
    """Listen to the feedback buttons and to the window behind the second."""

    @app.action("feedback")
    async def rated(ack: Callable[[], Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
        vote, _, id_ = str(action.get("value", "")).partition(":")
        asked, user = room.journal.by_id(id_), body["user"]["id"]
        if asked and vote in ("up", "down"):
            room.journal.rate(asked, user, "up" if vote == "up" else "down")
        await ack()
        if asked is None:
            return
        if vote == "down":
            await room.api.window(body["trigger_id"], blocks.why_bad(asked.id))
        else:
            thanks = Message((blocks.rich([blocks.section(blocks.text(_THANKS))]),), _THANKS)
            await room.api.whisper(body["channel"]["id"], user, thanks, asked.thread)

    @app.view("why_bad")
    async def explained(ack: Callable[[], Awaitable[None]], body: dict[str, Any], view: dict[str, Any]) -> None:
        reason = str(view["state"]["values"]["reason"]["reason"].get("value") or "").strip()
        if reason:
            room.journal.explain(view["private_metadata"], body["user"]["id"], reason[:2_000])
        await ack()
