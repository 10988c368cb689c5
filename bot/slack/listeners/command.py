"""/ask: an answer for one person, who may share it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.journal.journal import Asked
from bot.slack import hearing
from bot.slack.api import Refused, Unreachable
from bot.slack.bot import Room
from bot.slack.messages import blocks
from bot.slack.messages.stored_answer import Given

_SEARCHING = "Searching the articles…"


def register(app: Any, room: Room) -> None:
    """Listen to /ask and to "Share to channel"."""

    @app.command("/ask")
    async def ask(ack: Callable[..., Awaitable[None]], body: dict[str, Any]) -> None:
        text = hearing.question(str(body.get("text", "")), room.api.user)
        channel, trigger = body["channel_id"], body["trigger_id"]
        asked = Asked(
            f"command:{trigger}",
            "command",
            channel,
            trigger,
            "",
            body["user_id"],
            text,
            body.get("team_id", ""),
            reply_url=body["response_url"],
        )
        if hearing.is_empty(text):
            await ack(
                response_type="ephemeral",
                text=f"{blocks.HINT} For example: /ask what did the minister say about the budget",
            )
        elif room.reception.take(asked):
            await ack(response_type="ephemeral", text=_SEARCHING)
        else:
            await ack()

    @app.action("share")
    async def share(ack: Callable[..., Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        asked = room.journal.by_id(str(action.get("value", "")))
        if (
            asked is None
            or not asked.answer
            or asked.user != body["user"]["id"]
            or not room.journal.first(f"share:{asked.id}")
        ):
            return
        try:
            posted = await _post(room, asked)
        except Unreachable:
            room.journal.again(f"share:{asked.id}")
            return
        if not posted:  # a channel we are not in: the button's own address may be used there
            for message in blocks.shared(Given.from_json(asked.answer), asked.id):
                await room.api.respond(
                    body["response_url"], message, response_type="in_channel", replace_original=False
                )


async def _post(room: Room, asked: Asked) -> bool:
    """Post an answer in its channel; False if we are not in it."""
    assert asked.answer
    if not await room.api.member(asked.channel):
        return False
    messages: list[str] = []
    for part, message in enumerate(blocks.shared(Given.from_json(asked.answer), asked.id)):
        try:
            messages.append(
                await room.api.post(
                    asked.channel, messages[0] if messages else "", message, {"question": asked.id, "part": part}
                )
            )
        except Refused:
            return bool(messages)
    room.journal.note_messages(asked.id, messages)
    return True
