"""The entry "Ask about this" in a message's menu: the message as the question, answered in its thread."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from bot.journal.journal import Asked
from bot.slack import hearing
from bot.slack.bot import Room
from bot.slack.messages import blocks


def register(app: Any, room: Room) -> None:
    """Listen to the shortcut and to its window."""

    @app.shortcut("ask_about")
    async def chosen(ack: Callable[[], Awaitable[None]], body: dict[str, Any]) -> None:
        await ack()
        message = body["message"]
        place = {
            "channel": body["channel"]["id"],
            "ts": message["ts"],
            "thread": message.get("thread_ts") or message["ts"],
        }
        await room.api.window(
            body["trigger_id"],
            blocks.ask_about(hearing.question(str(message.get("text", "")), room.api.user), json.dumps(place)),
        )

    @app.view("ask_about")
    async def submitted(ack: Callable[..., Awaitable[None]], body: dict[str, Any], view: dict[str, Any]) -> None:
        text = " ".join(str(view["state"]["values"]["question"]["question"].get("value") or "").split())
        if not text:
            await ack(response_action="errors", errors={"question": "Write a question."})
            return
        place = json.loads(view["private_metadata"])
        user = body["user"]
        asked = Asked(
            f"view:{view['id']}",
            "shortcut",
            place["channel"],
            place["ts"],
            place["thread"],
            user["id"],
            text,
            user.get("team_id") or "",
        )
        room.reception.take(asked)
        await ack()
