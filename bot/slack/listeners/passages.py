"""The button "Show passages": each quote in its passage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.slack.bot import Room
from bot.slack.messages import blocks
from bot.slack.messages.home import closed
from bot.slack.messages.stored_answer import Given


def register(app: Any, room: Room) -> None:
    """Listen to the button under an answer."""

    @app.action("passages")
    async def asked_for(ack: Callable[[], Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        if not await room.welcome(body["user"]["id"]):
            await room.api.window(body["trigger_id"], closed())
            return
        asked = room.journal.by_id(str(action.get("value", "")))
        found = Given.from_json(asked.answer) if asked and asked.answer else Given("", "refused")
        await room.api.window(body["trigger_id"], blocks.passages(found))
