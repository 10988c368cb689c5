"""What the bot listens to: messages, /ask, buttons, windows, the Home tab."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from bot.admin.views import DAYS, status_json, status_text, writings_json, writings_text
from bot.desk_threads import archive_versions
from bot.journal.entry import JournalEntry
from bot.journal.stored_answer import StoredAnswer
from bot.slack.bot import SlackBot
from bot.slack.messages import blocks, windows
from bot.slack.messages.blocks import Message
from bot.slack.messages.home import (
    Insight,
    News,
    home,
    not_allowed,
    prompts,
    read_news,
    recent_failures,
    source_lines,
)
from bot.slack.messages.small_talk import asks_nothing
from bot.slack.messages.text import question_text
from bot.slack.web_api.calls import SlackRefused, SlackUnreachable
from index.errors import NewsdeskError

EVENTS = (
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "app_home_opened",
    "agent_session_stopped",
)  # manifest.yaml has the same


def listen_to_messages(app: Any, bot: SlackBot) -> None:
    """Listen to mentions, and to messages in the bot's channels, conversations and threads."""

    async def queue_event(body: dict[str, Any], event: dict[str, Any], next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002  Bolt's name
        kind, subtype = event.get("type", ""), event.get("subtype")
        if subtype == "message_changed":
            if bot.journal.mark_done(body.get("event_id", "")):
                bot.queue.change(event)
        elif subtype == "message_deleted":
            bot.queue.remove(event)
        else:
            await bot.queue.take_event(event, body.get("event_id", ""), bool(body.get("is_ext_shared_channel")))
        bot.note_event(kind if kind != "message" else f"message.{event.get('channel_type', '')}")
        await next()

    @app.event("app_mention", middleware=[queue_event])
    async def mention() -> None:
        """Acknowledged; the question is in the journal."""

    @app.event("message", middleware=[queue_event])
    async def message_sent() -> None:
        """Acknowledged; a question, if it is one, is in the journal."""


async def _open_window(bot: SlackBot, body: dict[str, Any], since: float, view: dict[str, Any]) -> None:
    """Open a window after a press at ``since`` (monotonic); ask to press again if that took too long."""
    if not await bot.api.open_window(body["trigger_id"], view, since):
        await _whisper(bot, body, "That took too long for Slack. Please press again.")


async def _whisper(bot: SlackBot, body: dict[str, Any], words: str, thread: str = "") -> None:
    """Tell the person who pressed a button something in its channel; the Home tab has none."""
    if "channel" in body:
        thread = thread or (body.get("message") or {}).get("thread_ts") or ""
        message = Message((blocks.rich([blocks.section(blocks.text(words))]),), words)
        await bot.api.post_ephemeral(body["channel"]["id"], body["user"]["id"], message, thread)


_SEARCHING = "Searching the articles…"


def listen_to_ask_command(app: Any, bot: SlackBot) -> None:
    """Listen to /ask and to its button "Share to channel"."""

    @app.command("/ask")
    async def ask(ack: Callable[..., Awaitable[None]], body: dict[str, Any]) -> None:
        text = question_text(str(body.get("text", "")), bot.api.user)
        channel, trigger = body["channel_id"], body["trigger_id"]
        entry = JournalEntry(
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
        if asks_nothing(text):
            await ack(
                response_type="ephemeral",
                text=f"{blocks.HINT} For example: /ask what did the minister say about the budget",
            )
        elif await bot.queue.add(entry):
            await ack(response_type="ephemeral", text=_SEARCHING)
        else:
            await ack()

    @app.action("share")
    async def share(ack: Callable[..., Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        entry = bot.journal.by_id(str(action.get("value", "")))
        if (
            entry is None
            or not entry.answer
            or entry.user != body["user"]["id"]
            or not bot.journal.mark_done(f"share:{entry.id}")
        ):
            return
        answer = StoredAnswer.from_json(entry.answer)
        try:
            posted = await _post(bot, entry)
        except SlackUnreachable:
            bot.journal.unmark_done(f"share:{entry.id}")
            return
        # the private message again, without the button
        private = blocks.answer(answer, entry.id, feedback=False)[-1]
        await bot.api.respond(body["response_url"], private, replace_original=True)
        if not posted:  # not in that channel; the response_url of the button works there
            for message in blocks.shared(answer, entry.id):
                await bot.api.respond(body["response_url"], message, response_type="in_channel", replace_original=False)


async def _post(bot: SlackBot, entry: JournalEntry) -> bool:
    """Post an answer in its channel; False if the bot is not in that channel."""
    assert entry.answer
    if not await bot.api.is_member(entry.channel):
        return False
    messages: list[str] = []
    for part, message in enumerate(blocks.shared(StoredAnswer.from_json(entry.answer), entry.id)):
        try:
            messages.append(
                await bot.api.post(
                    entry.channel, messages[0] if messages else "", message, {"question": entry.id, "part": part}
                )
            )
        except SlackRefused:
            return bool(messages)
    bot.journal.note_shared(entry.id, messages)
    return True


_THANKS = "Thank you, that helps."


def listen_to_feedback(app: Any, bot: SlackBot) -> None:
    """Listen to the feedback buttons and to the window that asks for a reason."""

    @app.action("feedback")
    async def vote_given(ack: Callable[[], Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
        since = time.monotonic()
        vote, _, id_ = str(action.get("value", "")).partition(":")
        entry, user = bot.journal.by_id(id_), body["user"]["id"]
        if entry and vote in ("up", "down"):
            bot.journal.usage.rate(entry, user, "up" if vote == "up" else "down")
        await ack()
        if entry is None:
            return
        if vote == "down":
            await _open_window(bot, body, since, windows.why_bad(entry.id))
        else:
            await _whisper(bot, body, _THANKS, entry.thread)

    @app.view("why_bad")
    async def reason_given(ack: Callable[..., Awaitable[None]], body: dict[str, Any], view: dict[str, Any]) -> None:
        reason = str(view["state"]["values"]["reason"]["reason"].get("value") or "").strip()
        if reason:
            bot.journal.usage.explain(view["private_metadata"], body["user"]["id"], reason[:2_000])
            await ack(response_action="update", view=windows.thanks())
        else:
            await ack()


_NONE = ("What can I ask?",)  # Slack wants at least one
_WEEK = 7 * 86_400


def listen_to_home_tab(app: Any, bot: SlackBot) -> None:
    """Listen to the opening of the Home and Messages tabs, and to the buttons of the Home tab."""

    @app.event("app_home_opened")
    async def tab_opened(event: dict[str, Any]) -> None:
        bot.note_event("app_home_opened")
        user = event["user"]
        if not await bot.may_ask(user):
            return
        if event.get("tab") == "messages":
            await bot.api.suggest_prompts(event["channel"], "Ask about the articles", prompts(await _examples(bot)))
        else:
            await bot.api.publish_home(user, await _home(bot, user))

    for number in range(3):

        @app.action(f"example_{number}")
        async def example(ack: Callable[[], Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
            await ack()
            if await bot.may_ask(body["user"]["id"]) and bot.journal.mark_done(
                f"example:{body['user']['id']}:{action.get('action_ts')}"
            ):
                await _ask_aloud(bot, body["user"], str(action["value"]), str(action.get("action_ts")))

    @app.action("status")
    async def status(ack: Callable[[], Awaitable[None]], body: dict[str, Any]) -> None:
        since = time.monotonic()
        await ack()
        if body["user"]["id"] in bot.rules.admins:
            try:
                about = await bot.desk.read(lambda archive: status_text(status_json(archive)))
            except NewsdeskError as error:
                about = str(error)
            await _open_window(bot, body, since, windows.report(about))


async def _home(bot: SlackBot, user: str) -> dict[str, Any]:
    try:
        examples = await bot.desk.examples()
        news = await bot.desk.read(lambda archive: read_news(archive, examples))
    except NewsdeskError:
        news = News(0, None, None, ())
    if user not in bot.rules.admins:
        return home(news)
    low = tuple(bot.journal.usage.low_rated(time.time() - _WEEK))
    try:
        failures, sources, versions = await bot.desk.read(
            lambda archive: (recent_failures(archive), source_lines(archive), archive_versions(archive))
        )
    except NewsdeskError as error:
        failures, sources, versions = (("archive", str(error)),), (), {}
    written = tuple(writings_text(writings_json(bot.journal.usage.writings(time.time() - DAYS * 86_400))))
    named = ", ".join(f"{name} {value}" for name, value in versions.items()) or "unknown"
    return home(news, Insight(failures, low, named, written, sources))


async def _examples(bot: SlackBot) -> tuple[str, ...]:
    try:
        return await bot.desk.examples() or _NONE
    except NewsdeskError:
        return _NONE


async def _ask_aloud(bot: SlackBot, person: dict[str, Any], question: str, pressed: str) -> None:
    """Ask a question for a person in their conversation with the bot; ``pressed`` is the id of their click."""
    user = person["id"]
    try:
        channel = await bot.api.direct_channel(user)
        ts = await bot.api.post(channel, "", blocks.asked_aloud(question), {"example": pressed})
    except (SlackRefused, SlackUnreachable):
        return
    await bot.queue.add(
        JournalEntry(f"{channel}:{ts}", "example", channel, ts, ts, user, question, person.get("team_id") or "")
    )


def listen_to_show_passages(app: Any, bot: SlackBot) -> None:
    """Listen to the button "Show passages" under an answer."""

    @app.action("passages")
    async def show_passages(ack: Callable[[], Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
        since = time.monotonic()
        await ack()
        if not await bot.may_ask(body["user"]["id"]):
            await _open_window(bot, body, since, not_allowed())
            return
        entry = bot.journal.by_id(str(action.get("value", "")))
        found = StoredAnswer.from_json(entry.answer) if entry and entry.answer else StoredAnswer("", "refused")
        await _open_window(bot, body, since, windows.passages(found))


def listen_to_ask_a_person(app: Any, bot: SlackBot) -> None:
    """Listen to the button "Ask a person" under a refusal."""

    @app.action("ask_person")
    async def ask_person(ack: Callable[[], Awaitable[None]], body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        entry, person = bot.journal.by_id(str(action.get("value", ""))), bot.rules.ask_a_person
        if not (entry and person and await bot.may_ask(body["user"]["id"])):
            return
        if not bot.journal.mark_done(f"person:{entry.id}"):
            await _whisper(bot, body, "They have been asked already.")
            return
        # Where others cannot read the question, its answerer gets a message of their own, without a link to it.
        private = entry.channel.startswith("D") or entry.kind == "command"
        elsewhere = person.startswith(("C", "G")) or private
        link = await bot.api.permalink(entry.channel, entry.ts) if elsewhere and not private else None
        message = blocks.for_a_person(person, entry.text, link)
        try:
            place = await _place_to_ask(bot, entry, person, private)
            await bot.api.post(place, "" if elsewhere else entry.thread, message, {"person": entry.id})
        except (SlackRefused, SlackUnreachable):
            bot.journal.unmark_done(f"person:{entry.id}")
            await _whisper(bot, body, "They could not be asked. Please try again later.")
            return
        if elsewhere:
            await _whisper(bot, body, "They have been asked.")


async def _place_to_ask(bot: SlackBot, entry: JournalEntry, person: str, private: bool) -> str:
    """Return the channel in which a person, group or channel is asked."""
    if person.startswith(("C", "G")):
        return person
    return await bot.api.direct_channel(person) if private and person.startswith(("U", "W")) else entry.channel


def listen_to_shortcut(app: Any, bot: SlackBot) -> None:
    """Listen to the message shortcut "Ask about this" and to its window."""

    @app.shortcut("ask_about")
    async def shortcut_chosen(ack: Callable[[], Awaitable[None]], body: dict[str, Any]) -> None:
        since = time.monotonic()
        await ack()
        message = body["message"]
        place = {
            "channel": body["channel"]["id"],
            "ts": message["ts"],
            "thread": message.get("thread_ts") or message["ts"],
        }
        question = question_text(str(message.get("text", "")), bot.api.user)
        await _open_window(bot, body, since, windows.ask_about(question, json.dumps(place)))

    @app.view("ask_about")
    async def window_submitted(ack: Callable[..., Awaitable[None]], body: dict[str, Any], view: dict[str, Any]) -> None:
        text = " ".join(str(view["state"]["values"]["question"]["question"].get("value") or "").split())
        if not text:
            await ack(response_action="errors", errors={"question": "Write a question."})
            return
        place = json.loads(view["private_metadata"])
        user = body["user"]
        entry = JournalEntry(
            f"view:{view['id']}",
            "shortcut",
            place["channel"],
            place["ts"],
            place["thread"],
            user["id"],
            text,
            user.get("team_id") or "",
        )
        await bot.queue.add(entry)
        await ack()


def listen_to_stop(app: Any, bot: SlackBot) -> None:
    """Listen to the stop button."""

    @app.event("agent_session_stopped")
    async def stop_pressed(event: dict[str, Any]) -> None:
        bot.note_event("agent_session_stopped")
        await bot.queue.stop(event["channel"], event["thread_ts"])


LISTENERS = (
    listen_to_messages,
    listen_to_home_tab,
    listen_to_stop,
    listen_to_ask_command,
    listen_to_shortcut,
    listen_to_feedback,
    listen_to_show_passages,
    listen_to_ask_a_person,
)
