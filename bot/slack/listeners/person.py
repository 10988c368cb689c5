"""The button "Ask a person": a question the articles do not answer goes to whom the settings name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.slack.api import Refused, Unreachable
from bot.slack.bot import Room
from bot.slack.messages import blocks


def register(app: Any, room: Room) -> None:
    """Listen to the button under a refusal."""

    @app.action("ask_person")
    async def wanted(ack: Callable[[], Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        asked, person = room.journal.by_id(str(action.get("value", ""))), room.rules.ask_a_person
        if not (
            asked and person and await room.welcome(body["user"]["id"]) and room.journal.first(f"person:{asked.id}")
        ):
            return
        alone = asked.channel.startswith("D") and person.startswith(
            ("U", "W")
        )  # they cannot read along: they get a message of their own
        elsewhere = alone or person.startswith(("C", "G"))
        link = await room.api.permalink(asked.channel, asked.ts) if elsewhere and not alone else None
        message = blocks.for_a_person(person, asked.text, link)
        try:
            place = await room.api.direct(person) if alone else person if elsewhere else asked.channel
            await room.api.post(place, "" if elsewhere else asked.thread, message, {"person": asked.id})
        except (Refused, Unreachable):
            room.journal.again(f"person:{asked.id}")
