"""The Home tab and the conversation view were opened."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from bot.admin.writings_view import DAYS, writings_json, writings_text
from bot.journal.journal import Asked
from bot.slack import archive_news
from bot.slack.api import Refused, Unreachable
from bot.slack.bot import Room
from bot.slack.messages import blocks
from bot.slack.messages.home import Insight, News, home, prompts
from index.errors import NewsdeskError

_NONE = ("What can I ask?",)  # Slack wants at least one
_WEEK = 7 * 86_400


def register(app: Any, room: Room) -> None:
    """Listen to the opening of both tabs, to the examples' buttons and to "status"."""

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any]) -> None:
        room.noticed("app_home_opened")
        user = event["user"]
        if not await room.welcome(user):
            return
        if event.get("tab") == "messages":
            await room.api.prompts(event["channel"], "Ask about the articles", prompts(await _examples(room)))
        else:
            await room.api.home(user, await _home(room, user))

    for number in range(3):

        @app.action(f"example_{number}")
        async def example(ack: Callable[[], Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
            await ack()
            if await room.welcome(body["user"]["id"]) and room.journal.first(
                f"example:{body['user']['id']}:{action.get('action_ts')}"
            ):
                await _ask_aloud(room, body["user"], str(action["value"]), str(action.get("action_ts")))

    @app.action("status")
    async def status(ack: Callable[[], Awaitable[None]], body: dict[str, Any]) -> None:
        await ack()
        if body["user"]["id"] in room.rules.admins:
            try:
                told = await room.brain.look(archive_news.status)
            except NewsdeskError as error:
                told = str(error)
            await room.api.window(body["trigger_id"], blocks.report(told))


async def _home(room: Room, user: str) -> dict[str, Any]:
    try:
        examples = await room.brain.examples()
        news = await room.brain.look(lambda archive: archive_news.news(archive, examples))
    except NewsdeskError:
        news = News(0, None, None, ())
    if user not in room.rules.admins:
        return home(news)
    low = tuple(room.journal.low_rated(time.time() - _WEEK))
    try:
        failures, versions = await room.brain.look(
            lambda archive: (archive_news.failures(archive), archive_news.versions(archive))
        )
    except NewsdeskError as error:
        failures, versions = (("archive", str(error)),), {}
    written = tuple(writings_text(writings_json(room.journal.writings(time.time() - DAYS * 86_400))))
    return home(
        news,
        Insight(failures, low, ", ".join(f"{name} {value}" for name, value in versions.items()) or "unknown", written),
    )


async def _examples(room: Room) -> tuple[str, ...]:
    try:
        return await room.brain.examples() or _NONE
    except NewsdeskError:
        return _NONE


async def _ask_aloud(room: Room, person: dict[str, Any], question: str, pressed: str) -> None:
    """Ask a question in a person's conversation with us, as they would; ``pressed`` names the press of the button."""
    user = person["id"]
    try:
        channel = await room.api.direct(user)
        ts = await room.api.post(channel, "", blocks.asked_aloud(question), {"example": pressed})
    except (Refused, Unreachable):
        return
    room.reception.take(
        Asked(f"{channel}:{ts}", "example", channel, ts, ts, user, question, person.get("team_id") or "")
    )
