"""How a question is answered: status, answer, one post; and what an edit, a removal or the stop button changes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot import telemetry
from bot.answer.desk import EARLIER, LONGEST_QUESTION, Reply, Request
from bot.desk_threads import DeskThreads
from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal
from bot.journal.stored_answer import StoredAnswer, answer_to_error, apology
from bot.journal.tables import JOURNAL_ERRORS
from bot.reply import Links, Sentence
from bot.slack import metrics
from bot.slack.access import Access, Verdict
from bot.slack.follow_ups import FollowUps
from bot.slack.messages import blocks
from bot.slack.messages.blocks import Message
from bot.slack.messages.home import count_articles
from bot.slack.messages.small_talk import asks_nothing, is_empty, looks_like_question
from bot.slack.messages.text import end_of, plain, question_text
from bot.slack.notices import NOT_THERE, Notices
from bot.slack.status import Statuses
from bot.slack.streaming import StreamedAnswer
from bot.slack.web_api.api import Api
from bot.slack.web_api.calls import SlackRefused, SlackUnreachable, TokenRefused
from bot.telemetry import error_place, span
from index.errors import NewsdeskError, StopRequested

log = logging.getLogger("newsdesk.slack")

IN_HAND = 8  # questions worked on at a time; most of it is waiting for Slack
_LONGEST = 120.0  # seconds that the desk may take; after that the bot apologises
_TOO_OLD = 6 * 3_600  # seconds; after that nobody waits for the answer
_OUTCOMES = ("answered", "unsure", "refused", "hint", "trouble", "left")


class Answering:
    """Answers the questions of the journal that belong to this process."""

    def __init__(
        self,
        api: Api,
        journal: Journal,
        desk: DeskThreads,
        access: Access,
        owner: str,
        person: str,
        links: Links,
    ) -> None:
        self._api, self._journal, self._desk, self._access = api, journal, desk, access
        self._owner, self._person, self._links = owner, person, links
        self.statuses, self._notices = Statuses(api, journal.count_before, IN_HAND), Notices(api, journal)
        self._follow_ups = FollowUps(api, desk)

    # --- answering ---

    async def answer(self, entry: JournalEntry) -> None:
        """Answer a question that was started, and write down how it ended.

        It raises nothing but a cancellation, after which the question is still to be answered.
        """
        telemetry.request.set(entry.id)
        for attempt in (self._try_to_answer, self._apologise):
            try:
                await attempt(entry)
                return
            except StopRequested:  # the asker pressed stop, edited or removed the question
                log.info("overtaken question=%s", entry.id)
                await self._after_change(entry)
                return
            except TokenRefused:  # said once, in the log; the question waits until the token is accepted
                await self.statuses.end(entry, clear=False)
                self._journal.put_back(entry.id, self._owner)
                return
            except SlackRefused as error:
                await self._after_refusal(entry, error)
                return
            except SlackUnreachable as error:
                log.warning("slack unreachable question=%s attempt=%s trouble=%s", entry.id, entry.attempts, error)
                await self.statuses.end(entry, clear=True)
                if time.time() - entry.asked > _TOO_OLD:
                    self._fail(entry)
                else:
                    self._journal.put_back(entry.id, self._owner)
                return
            # The door of a worker: whatever an answer runs into, its asker hears of it and the next one is answered.
            except Exception as error:
                log.error("failed question=%s error=%s", entry.id, error_place(error))
        await self.statuses.end(entry, clear=True)
        self._fail(entry)

    async def _try_to_answer(self, entry: JournalEntry) -> None:
        began = time.monotonic()
        with span("question", question=entry.id, kind=entry.kind):
            state = await self._answer(entry)
        metrics.count_end(state if state in _OUTCOMES else "left", entry.asked)
        seconds = time.monotonic() - began
        log.info("done question=%s kind=%s state=%s seconds=%.2f", entry.id, entry.kind, state, seconds)

    async def _apologise(self, entry: JournalEntry) -> None:
        await self._post_answer(entry, StoredAnswer(entry.text, "trouble", apology()))
        metrics.count_end("trouble", entry.asked)

    async def _after_refusal(self, entry: JournalEntry, error: SlackRefused) -> None:
        log.warning("slack refused question=%s method=%s error=%s", entry.id, error.method, error.error)
        await self.statuses.end(entry, clear=False)
        if entry.thread and not entry.quiet and error.error != "thread_not_found":
            await self._api.set_status(entry.channel, entry.thread, "")
        if entry.kind == "shortcut" and error.error in NOT_THERE and entry.thread:
            await self._move_to_direct_message(entry)
            return
        await self._notices.cannot_post(entry, error)
        self._fail(entry)

    def _fail(self, entry: JournalEntry) -> None:
        self._journal.finish(entry, "failed")
        metrics.count_end("failed", entry.asked)

    async def _move_to_direct_message(self, entry: JournalEntry) -> None:
        """Answer in a direct message what was asked about a message in a channel that we are not in."""
        try:
            self._journal.move(entry.id, await self._api.direct_channel(entry.user))
        except TokenRefused:
            pass  # it is tried again where it was asked
        except (SlackRefused, SlackUnreachable):
            self._fail(entry)
            return
        self._journal.put_back(entry.id, self._owner)

    async def _answer(self, entry: JournalEntry) -> str:
        alone = bool(entry.reply_url)  # only the asker reads it
        verdict = await self._access.verdict(entry.user, entry.channel, entry.team, entry.shared and not alone)
        if verdict != "welcome":
            return await self._refuse(entry, verdict)
        if entry.kind == "aside" and entry.revision == 1:  # named in passing
            await self._notices.hint(entry)
            self._journal.finish(entry, "left")
            return "left"
        entry = await self._with_question(entry)
        if asks_nothing(entry.text):
            return await self._post_answer(entry, await self._hint())
        if entry.kind == "direct" and entry.thread == entry.ts:
            await self._api.set_title(entry.channel, entry.thread, plain(entry.text)[:100])
        earlier = self._earlier_questions(entry)
        today = date.today()  # noqa: DTZ011  the day is the team's
        request = Request(end_of(entry.text, LONGEST_QUESTION), today, thread=tuple(item.text for item in earlier))
        if entry.quiet:
            return await self._answer_remark(entry, await self._follow_ups.asked_in(entry, request, earlier))
        if entry.thread and not entry.messages and self._api.may_stream() and await self._desk.streams():
            return await self._stream(entry, request)
        return await self._post_answer(entry, await self._ask(entry, request))

    async def _answer_remark(self, entry: JournalEntry, request: Request | None) -> str:
        """Answer a remark in a thread if it asks the bot something and the articles answer; else say nothing."""
        found = await self._ask(entry, request) if request else None
        if found and found.answered:
            return await self._post_answer(entry, found)
        if entry.messages:  # it was answered before it was edited
            await self._put_messages(entry, [])
        self._journal.finish(entry, "left")
        return "left"

    async def _ask(self, entry: JournalEntry, request: Request) -> StoredAnswer:
        try:
            reply = await asyncio.wait_for(self._desk.ask(request), _LONGEST)
            return await self._stored(entry, reply)
        except (TimeoutError, NewsdeskError, *JOURNAL_ERRORS) as error:
            return answer_to_error(request.question, error)

    async def _stored(self, entry: JournalEntry, reply: Reply) -> StoredAnswer:
        """Return a reply as it is stored, with the versions it depends on; keep what a language model did for it."""
        metrics.count_reply(reply)
        if reply.writing is not None:
            self._journal.usage.note_writing(entry.id, reply.writing)
            if reply.writing.fault:
                log.warning("language model question=%s: %s", entry.id, reply.writing.fault)
        found = await self._desk.stored(reply, self._links)
        return replace(found, page=self._links.answer(entry.id)) if found.answered else found

    def _earlier_questions(self, entry: JournalEntry) -> list[JournalEntry]:
        """Return the questions asked before this one in its thread."""
        earlier = self._journal.thread(entry.channel, entry.thread) if entry.thread else []
        return [
            item
            for item in earlier
            if item.ts < entry.ts and item.state in ("answered", "working") and item.answer and item.text
        ][-EARLIER:]

    async def _with_question(self, entry: JournalEntry) -> JournalEntry:
        """Return the entry of a bare mention with its question: the last one that a person asked in the thread."""
        if entry.kind != "last":
            return entry
        last = ""
        async for message in self._api.messages(entry.channel, entry.thread):
            if (
                message.get("bot_id")
                or message.get("subtype") not in (None, "thread_broadcast", "file_share")
                or str(message["ts"]) >= entry.ts
            ):
                continue
            said = question_text(str(message.get("text", "")), self._api.user)
            if not is_empty(said) and (said.endswith("?") or looks_like_question(said) or not last.endswith("?")):
                last = said
        self._journal.set_text(entry.id, last)
        return replace(entry, text=last)

    async def _hint(self) -> StoredAnswer:
        try:
            return blocks.hint(await self._desk.examples(), await self._desk.read(count_articles))
        except NewsdeskError:
            return blocks.hint()

    async def _refuse(self, entry: JournalEntry, verdict: Verdict) -> str:
        await self.statuses.end(entry, clear=True)
        await self._notices.may_not_ask(entry, verdict)
        self._journal.finish(entry, "left")
        return verdict

    # --- posting ---

    async def _post_answer(self, entry: JournalEntry, found: StoredAnswer) -> str:
        with span("post", outcome=found.outcome):
            if entry.reply_url:
                private = blocks.answer(
                    found, entry.id, person=self._offers_person(entry), feedback=not found.answered, share=True
                )
                await self._respond(entry, private)
            else:
                await self._put_messages(entry, blocks.answer(found, entry.id, person=self._offers_person(entry)))
        if not self._journal.finish(entry, "answered", found.as_json()):
            raise StopRequested
        return found.outcome

    def _offers_person(self, entry: JournalEntry) -> bool:
        """Tell whether a person can be asked: a group cannot where only the asker and the bot read."""
        private = bool(entry.reply_url) or entry.channel.startswith("D")
        return bool(self._person) and not (private and self._person.startswith("S"))

    async def _respond(self, entry: JournalEntry, messages: Sequence[Message]) -> None:
        """Answer /ask; directly, if its response_url has run out (after 30 minutes)."""
        channel = ""
        for number, message in enumerate(messages):
            if not channel:
                taken = await self._api.respond(entry.reply_url, message)
                if taken:
                    continue
                if taken is None:  # it may be there
                    return
                channel = await self._api.direct_channel(entry.user)
            await self._api.post(channel, "", message, {"question": entry.id, "part": number}, look_first=True)

    async def _put_messages(self, entry: JournalEntry, messages: Sequence[Message], first: int = 0) -> None:
        """Bring the answer's messages from number ``first`` on up to date.

        Those that exist are changed, missing ones are posted, and those that are too many are deleted.
        """
        if not self._journal.is_current(entry):
            raise StopRequested
        now = self._journal.by_id(entry.id)
        old = list(now.messages) if now else []
        await self.statuses.end(entry, clear=bool(old[first:]))
        for number, message in enumerate(messages, start=first):
            mark = {"question": entry.id, "part": number}
            if number < len(old) and await self._api.update(entry.channel, old[number], message, mark):
                continue
            gone = number < len(old)
            if not self._journal.is_current(entry):  # a process that was taken for dead posts no more
                raise StopRequested
            look_first = entry.attempts > 1 and not gone
            ts = await self._api.post(entry.channel, entry.thread, message, mark, look_first=look_first)
            old[number : number + 1] = [ts]
            if not self._journal.note_messages(entry.id, old, self._owner):
                await self._take_back(entry, ts)
        if (
            entry.attempts > 1 and entry.thread
        ):  # a status of an earlier try, or of this one above a message that was there already
            await self._api.set_status(entry.channel, entry.thread, "")
        for ts in old[first + len(messages) :]:
            await self._api.delete(entry.channel, ts)
        self._journal.note_messages(entry.id, old[: first + len(messages)])

    async def _take_back(self, entry: JournalEntry, ts: str) -> None:
        """Delete what was posted while another process took the question over, unless that process goes on with it."""
        now = self._journal.by_id(entry.id)
        if now and now.owner != self._owner and ts not in now.messages:
            await self._api.delete(entry.channel, ts)
        raise StopRequested

    async def _stream(self, entry: JournalEntry, request: Request) -> str:
        streamed = StreamedAnswer(self._api, entry, lambda messages: self._journal.note_messages(entry.id, messages))
        found: StoredAnswer | None = None
        try:
            async for item in self._desk.stream(request):
                if not self._journal.is_current(entry):
                    await streamed.give_up()
                    raise StopRequested
                if isinstance(item, Sentence):
                    await self.statuses.end(entry, clear=False)
                    await streamed.add(item)
                    if streamed.stopped:
                        if self._journal.interrupt(entry.key, "stopped", self._owner):
                            metrics.count_end("stopped", entry.asked)
                        raise StopRequested
                else:
                    found = await self._stored(entry, item)
        except StopRequested:
            raise
        except (NewsdeskError, *JOURNAL_ERRORS) as error:
            found = answer_to_error(request.question, error)
        assert found is not None, "a stream ends with its reply"
        tail = blocks.after_stream(found, entry.id) if found.answered else []
        if tail and await streamed.finish(found, tail[0]):
            if len(tail) > 1:
                await self._put_messages(entry, tail[1:], first=len(streamed.messages))
        else:  # nothing was streamed, it broke off, or the reply differs: the whole answer is posted
            await streamed.give_up()
            await self.repair(entry)
            await self._put_messages(entry, blocks.answer(found, entry.id, person=self._offers_person(entry)))
        if not self._journal.finish(entry, "answered", found.as_json()):
            raise StopRequested
        return found.outcome

    # --- edits, removals, stop ---

    async def _after_change(self, entry: JournalEntry) -> None:
        now = self._journal.by_id(entry.id)
        if now is None or now.state in ("removing", "removed"):
            await self.statuses.end(entry, clear=True)
            await self.remove(now or entry)
        elif now.owner != self._owner and now.state in ("waiting", "working"):  # taken over
            await self.statuses.end(entry, clear=False)
        elif now.state == "working":  # edited: once more, in place
            self._journal.put_back(entry.id, self._owner)
        else:
            await self.statuses.end(entry, clear=True)

    async def end_stopped(self, entry: JournalEntry) -> None:
        """Take away the status of a question that was stopped."""
        metrics.count_end("stopped", entry.asked)
        await self.statuses.end(entry, clear=True)

    async def remove(self, entry: JournalEntry) -> None:
        """Delete the messages of an answer whose question is gone."""
        await self.statuses.end(entry, clear=True)
        try:
            for ts in entry.messages:
                await self._api.delete(entry.channel, ts)
        except (SlackRefused, SlackUnreachable) as error:
            log.warning("could not remove question=%s trouble=%s", entry.id, type(error).__name__)
            return
        self._journal.note_removed(entry.id)

    async def repair(self, entry: JournalEntry) -> None:
        """Prepare a question that a dead process was working on: find what it posted, end what it streamed."""
        if entry.state == "removing":
            await self.remove(entry)
            return
        if not entry.thread:
            return
        try:
            for ts in await self._api.unfinished_streams(entry.channel, entry.thread):
                known = self._journal.by_id(entry.id)
                if known and ts in known.messages:
                    await self._api.stop_stream(entry.channel, ts)
                elif not any(
                    item.id != entry.id and (ts in item.messages or item.state == "working")
                    for item in self._journal.thread(entry.channel, entry.thread)
                ):
                    await self._api.stop_stream(entry.channel, ts)
                    await self._api.delete(entry.channel, ts)
        except (SlackRefused, SlackUnreachable) as error:
            log.warning("could not look for half an answer question=%s trouble=%s", entry.id, type(error).__name__)
