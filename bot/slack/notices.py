"""What an asker reads in place of an answer: they may not ask, Slack lets the bot post nothing there, or an error."""

from __future__ import annotations

import logging
import time

from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal
from bot.slack.access import REFUSALS, Verdict
from bot.slack.messages import blocks
from bot.slack.messages.blocks import Message
from bot.slack.messages.text import plain
from bot.slack.web_api.api import Api
from bot.slack.web_api.calls import SlackRefused, SlackUnreachable

log = logging.getLogger("newsdesk.slack")

_ONCE = 86_400  # seconds between two refusals of the same person
NOT_THERE = ("channel_not_found", "not_in_channel")
_GONE = ("thread_not_found", "message_not_found")  # the question itself was deleted: nobody waits
_ASK_HERE = "Write to me directly, or use /ask."
_ADMIN = "An admin of the workspace has to allow it; until then, write to me directly."

# Slack's word for a refused post, or its beginning → what the asker reads.
_WORDS = {
    "access_denied": f"I may not post there. {_ADMIN}",
    "channel_not_found": "I am not in the channel. Invite me with /invite, or write to me directly.",
    "ekm_access_denied": f"your organisation has withdrawn the encryption keys of the channel. {_ADMIN}",
    "is_archived": f"the channel is archived. {_ASK_HERE}",
    "messages_tab_disabled": "my Messages tab is switched off. Use /ask, or ask in a channel.",
    "missing_scope": f"I lack a permission. {_ADMIN}",
    "not_in_channel": "I am not in the channel. Invite me with /invite, or write to me directly.",
    "restricted_action": f"posting in the channel is restricted. {_ADMIN}",
    "restricted_action_thread_locked": f"the thread is locked. {_ASK_HERE}",
    "team_access_not_granted": f"your organisation has not granted me access to the workspace. {_ADMIN}",
    "thread_locked": f"the thread is locked. {_ASK_HERE}",
}
_OTHER = f"Slack does not let me. {_ASK_HERE}"


class Notices:
    """Tells an asker something that only they read."""

    def __init__(self, api: Api, journal: Journal) -> None:
        self._api, self._journal = api, journal

    async def may_not_ask(self, entry: JournalEntry, verdict: Verdict) -> None:
        """Tell an asker why they get no answer, once a day."""
        words = REFUSALS.get(verdict)
        place = entry.channel if verdict == "shared" else ""
        once = f"refused:{entry.user}:{place}:{int(time.time()) // _ONCE}"
        if not words or entry.quiet or not self._journal.mark_done(once):
            return
        message = _message(words)
        if entry.reply_url:
            await self._api.respond(entry.reply_url, message)
        elif entry.channel.startswith("D"):
            mark = {"question": entry.id, "part": 0}
            await self._api.post(entry.channel, entry.thread, message, mark, look_first=entry.attempts > 1)
        else:
            await self._whisper(entry, message)

    async def hint(self, entry: JournalEntry) -> None:
        """Tell somebody who named the bot in passing how to ask, once a day."""
        if self._journal.mark_done(f"hint:{entry.user}:{int(time.time()) // _ONCE}"):
            await self._whisper(entry, _message("If you want to ask me something, write the question after my name."))

    async def cannot_post(self, entry: JournalEntry, error: SlackRefused) -> None:
        """Tell an asker, once, that Slack refuses the answer's post, and what to do: in the channel, else directly."""
        if entry.quiet or error.error in _GONE or not self._journal.mark_done(f"told:{entry.id}"):
            return
        words = words_for(error.error)
        if error.error not in NOT_THERE and await self._whisper(entry, _message(words)):
            return
        try:
            direct = await self._api.direct_channel(entry.user)
            if direct != entry.channel:
                await self._api.post(direct, "", _message(words, entry.text), {"told": entry.id})
        except (SlackRefused, SlackUnreachable) as trouble:
            log.warning("could not tell the asker question=%s trouble=%s", entry.id, trouble)

    async def _whisper(self, entry: JournalEntry, message: Message) -> bool:
        thread = entry.thread if entry.thread != entry.ts else ""
        return await self._api.post_ephemeral(entry.channel, entry.user, message, thread)


def words_for(error: str) -> str:
    """Return what an asker reads when Slack refuses a post with this word."""
    found = max((word for word in _WORDS if error.startswith(word)), key=len, default="")
    return f"I could not post my answer: {_WORDS.get(found, _OTHER)}"


def _message(words: str, question: str = "") -> Message:
    asked = [blocks.section(blocks.text(plain(question), italic=True))] if question else []
    return Message((blocks.rich([*asked, blocks.section(blocks.text(words))]),), words)
