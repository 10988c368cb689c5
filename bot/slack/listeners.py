"""What Slack sends: messages, /ask, buttons, the Home tab. One function for each says what it listens to."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bot.admin.views import DAYS, writings_json, writings_text
from bot.journal.journal import Asked
from bot.slack.api import Refused, Unreachable
from bot.slack.bot import Room
from bot.slack.messages import blocks
from bot.slack.messages.blocks import Message
from bot.slack.messages.home import (
    Insight,
    News,
    archive_status,
    archive_versions,
    closed,
    home,
    prompts,
    read_news,
    recent_failures,
)
from bot.slack.messages.stored_answer import Given
from bot.slack.messages.text import is_empty, question
from index.errors import NewsdeskError

EVENTS = (
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "app_home_opened",
    "agent_session_stopped",
)  # manifest.yaml has the same


def register_asked(app: Any, room: Room) -> None:
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


_SEARCHING = "Searching the articles…"


def register_command(app: Any, room: Room) -> None:
    """Listen to /ask and to "Share to channel"."""

    @app.command("/ask")
    async def ask(ack: Callable[..., Awaitable[None]], body: dict[str, Any]) -> None:
        text = question(str(body.get("text", "")), room.api.user)
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
        if is_empty(text):
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


_THANKS = "Thank you, that helps."


def register_feedback(app: Any, room: Room) -> None:
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


_NONE = ("What can I ask?",)  # Slack wants at least one
_WEEK = 7 * 86_400


def register_home_opened(app: Any, room: Room) -> None:
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
                told = await room.brain.look(archive_status)
            except NewsdeskError as error:
                told = str(error)
            await room.api.window(body["trigger_id"], blocks.report(told))


async def _home(room: Room, user: str) -> dict[str, Any]:
    try:
        examples = await room.brain.examples()
        news = await room.brain.look(lambda archive: read_news(archive, examples))
    except NewsdeskError:
        news = News(0, None, None, ())
    if user not in room.rules.admins:
        return home(news)
    low = tuple(room.journal.low_rated(time.time() - _WEEK))
    try:
        failures, versions = await room.brain.look(
            lambda archive: (recent_failures(archive), archive_versions(archive))
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


def register_passages(app: Any, room: Room) -> None:
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


def register_person(app: Any, room: Room) -> None:
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


def register_shortcut(app: Any, room: Room) -> None:
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
            blocks.ask_about(question(str(message.get("text", "")), room.api.user), json.dumps(place)),
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


def register_stopped(app: Any, room: Room) -> None:
    """Listen to the stop button."""

    @app.event("agent_session_stopped")
    async def stopped(event: dict[str, Any]) -> None:
        room.noticed("agent_session_stopped")
        await room.reception.stop(event["channel"], event["thread_ts"])


LISTENERS = (
    register_asked,
    register_home_opened,
    register_stopped,
    register_command,
    register_shortcut,
    register_feedback,
    register_passages,
    register_person,
)
