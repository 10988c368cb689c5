"""The life of a question in hand: status, answer, posted once, and what changes it meanwhile (an edit, a removal, the
stop button).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from bot import telemetry
from bot.answer.desk import QuestionError, Reply, Request
from bot.journal.journal import Asked, Journal
from bot.reply import Links
from bot.slack import metrics
from bot.slack.access import REFUSALS, Access
from bot.slack.api import Api, Refused, Unreachable
from bot.slack.desk_threads import Brain
from bot.slack.messages import blocks
from bot.slack.messages.blocks import Message
from bot.slack.messages.home import archive_versions
from bot.slack.messages.stored_answer import Given, Said, given
from bot.slack.messages.text import is_empty, looks_like_question, plain, question
from bot.slack.streaming import Streamed
from bot.telemetry import span, told
from index.errors import ArchiveError, NewsdeskError, StopRequested

log = logging.getLogger("newsdesk.slack")

LOADING = ("Searching the articles…", "Reading what was found…", "Checking the quotes…")
_LONGEST = 120.0  # seconds the desk may take before it is given up with an apology
_TOO_OLD = 6 * 3_600  # seconds; after that nobody waits for the answer
_REFRESH = 90.0  # seconds; Slack forgets a status after two minutes
_PATIENCE = 5.0  # seconds that an answer waits for a status under way
_NOT_THERE = ("channel_not_found", "not_in_channel")
_ONCE = 86_400  # seconds between two refusals of the same person
_OUTCOMES = ("answered", "refused", "hint", "trouble", "left")
SORRY = (
    "Sorry, I could not look into the articles just now. Please ask again in a few minutes; an admin finds the "
    "reason with: python -m bot doctor"
)


class Answering:
    """Answers questions of the journal that this process owns."""

    def __init__(
        self, api: Api, journal: Journal, brain: Brain, access: Access, owner: str, offer_person: bool, links: Links
    ) -> None:
        self._api, self._journal, self._brain, self._access = api, journal, brain, access
        self._owner, self._offer_person, self._links = owner, offer_person, links
        self._statuses: dict[str, tuple[asyncio.Task[None], asyncio.Event, str]] = {}
        self._late: set[asyncio.Task[None]] = set()

    # --- signs of life ---

    def greet(self, asked: Asked, before: int) -> None:
        """Show at once that a question was heard: searching, or how many are before it."""
        if asked.thread and not asked.quiet:
            self._show(
                asked,
                f"is answering {before} other{'s' if before > 1 else ''} first; you're next"
                if before
                else "is searching the articles…",
            )

    def _show(self, asked: Asked, status: str) -> None:
        previous = self._statuses.get(asked.id)
        if previous and previous[2] == status:
            return
        done = asyncio.Event()

        async def show() -> None:
            telemetry.request.set(asked.id)
            if previous:
                previous[1].set()
                await previous[0]
            while not done.is_set():
                await self._api.status(asked.channel, asked.thread, status, LOADING)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(done.wait(), _REFRESH)

        self._statuses[asked.id] = (asyncio.create_task(show()), done, status)

    async def _quiet(self, asked: Asked, clear: bool) -> None:
        """End the status of a question: a call under way is waited for, so that none comes to Slack after the
        answer.
        """
        if asked.id not in self._statuses:
            return
        task, done, _ = self._statuses.pop(asked.id)
        done.set()
        finished, _ = await asyncio.wait({task}, timeout=_PATIENCE)
        if not finished:  # Slack slows us down; the answer goes first
            self._late.add(late := asyncio.create_task(self._clear_after(task, asked)))
            late.add_done_callback(self._late.discard)
        elif clear:
            await self._api.status(asked.channel, asked.thread, "")

    async def _clear_after(self, task: asyncio.Task[None], asked: Asked) -> None:
        await task
        await self._api.status(asked.channel, asked.thread, "")

    async def leave(self) -> None:
        """Take back every status, before the process ends."""
        for id_ in list(self._statuses):
            asked = self._journal.by_id(id_)
            if asked:
                await self._quiet(asked, clear=True)

    # --- answering ---

    async def answer(self, asked: Asked) -> None:
        """Answer a question in hand and write down how it ended.

        Never raises but for cancellation, which leaves it in hand.
        """
        began = time.monotonic()
        telemetry.request.set(asked.id)
        try:
            with span("question", question=asked.id, kind=asked.kind):
                state = await self._answered(asked)
            metrics.ended(state if state in _OUTCOMES else "left", asked.asked)
            log.info(
                "done question=%s kind=%s state=%s seconds=%.2f", asked.id, asked.kind, state, time.monotonic() - began
            )
        except StopRequested:  # the asker pressed stop, edited or removed the question
            log.info("overtaken question=%s", asked.id)
            await self._after_overtaking(asked)
        except Refused as error:
            log.warning("slack refused question=%s method=%s error=%s", asked.id, error.method, error.error)
            await self._quiet(asked, clear=error.error not in (*_NOT_THERE, "thread_not_found"))
            if asked.kind == "shortcut" and error.error in _NOT_THERE and asked.thread:
                await self._elsewhere(asked)
            else:
                self._fail(asked)
        except Unreachable as error:
            log.warning("slack unreachable question=%s attempt=%s trouble=%s", asked.id, asked.attempts, error)
            await self._quiet(asked, clear=True)
            if time.time() - asked.asked > _TOO_OLD:
                self._fail(asked)
            else:
                self._journal.put_back(asked.id, self._owner)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.error("failed question=%s error=%s", asked.id, told(error))
            await self._apologise(asked)

    async def _apologise(self, asked: Asked) -> None:
        try:
            await self._give(asked, Given(asked.text, "trouble", sorry()))
            metrics.ended("trouble", asked.asked)
        except Exception as error:
            log.error("could not apologise question=%s error=%s", asked.id, told(error))
            await self._quiet(asked, clear=True)
            self._fail(asked)

    def _fail(self, asked: Asked) -> None:
        self._journal.finish(asked, "failed")
        metrics.ended("failed", asked.asked)

    async def _elsewhere(self, asked: Asked) -> None:
        """Answer in a direct message what was asked about a message in a channel that we are not in."""
        try:
            self._journal.move(asked.id, await self._api.direct(asked.user))
            self._journal.put_back(asked.id, self._owner)
        except (Refused, Unreachable):
            self._fail(asked)

    async def _answered(self, asked: Asked) -> str:
        alone = bool(asked.reply_url)  # only the asker reads it
        verdict = await self._access.verdict(asked.user, asked.channel, asked.team, asked.shared and not alone)
        if verdict != "welcome":
            return await self._refuse(asked, verdict)
        asked = await self._completed(asked)
        if is_empty(asked.text):
            examples = await self._examples()
            return await self._give(asked, blocks.hint(examples))
        if asked.kind == "direct" and asked.thread == asked.ts:
            await self._api.title(asked.channel, asked.thread, plain(asked.text)[:100])
        request = Request(asked.text, date.today(), thread=self._before(asked))  # noqa: DTZ011  "today" is the team's
        if (
            asked.thread
            and not asked.quiet
            and not asked.messages
            and self._api.may_stream()
            and await self._brain.streams()
        ):
            return await self._stream(asked, request)
        found = await self._ask(asked, request)
        if asked.quiet and not found.answered:
            await self._quiet(asked, clear=False)
            self._journal.finish(asked, "left")
            return "left"
        return await self._give(asked, found)

    async def _ask(self, asked: Asked, request: Request) -> Given:
        try:
            reply = await asyncio.wait_for(self._brain.ask(request), _LONGEST)
            return await self._noted(asked, reply)
        except Exception as error:
            return trouble(request.question, error)

    async def _noted(self, asked: Asked, reply: Reply) -> Given:
        """Return what a reply gives, with the versions it depends on; what a language model did for it is written
        down.
        """
        metrics.replied(reply)
        if reply.writing is not None:
            self._journal.note_writing(asked.id, reply.writing)
            if reply.writing.fault:
                log.warning("language model question=%s: %s", asked.id, reply.writing.fault)
        found = given(reply, await self._brain.look(archive_versions), self._links)
        return replace(found, page=self._links.answer(asked.id)) if found.answered else found

    def _before(self, asked: Asked) -> tuple[str, ...]:
        """Return the questions asked before this one in its thread."""
        if not asked.thread:
            return ()
        earlier = self._journal.thread(asked.channel, asked.thread)
        return tuple(
            item.text
            for item in earlier
            if item.ts < asked.ts and item.state in ("answered", "working") and item.answer and item.text
        )[-8:]

    async def _completed(self, asked: Asked) -> Asked:
        """Find what a bare mention in a thread means: the last question that a person asked there."""
        if asked.kind != "last":
            return asked
        last = ""
        async for message in self._api.messages(asked.channel, asked.thread):
            if (
                message.get("bot_id")
                or message.get("subtype") not in (None, "thread_broadcast", "file_share")
                or str(message["ts"]) >= asked.ts
            ):
                continue
            said = question(str(message.get("text", "")), self._api.user)
            if not is_empty(said) and (said.endswith("?") or looks_like_question(said) or not last.endswith("?")):
                last = said
        self._journal.complete(asked.id, last)
        return replace(asked, text=last)

    async def _examples(self) -> Sequence[str]:
        try:
            return await self._brain.examples()
        except NewsdeskError:
            return ()

    async def _refuse(self, asked: Asked, verdict: str) -> str:
        words = REFUSALS.get(verdict)
        await self._quiet(asked, clear=True)
        if (
            words
            and not asked.quiet
            and self._journal.first(
                f"refused:{asked.user}:{asked.channel if verdict == 'shared' else ''}:{int(time.time()) // _ONCE}"
            )
        ):
            message = Message((blocks.rich([blocks.section(blocks.text(words))]),), words)
            if asked.reply_url:
                await self._api.respond(asked.reply_url, message)
            elif asked.channel.startswith("D"):
                await self._api.post(
                    asked.channel,
                    asked.thread,
                    message,
                    {"question": asked.id, "part": 0},
                    look_first=asked.attempts > 1,
                )
            else:
                await self._api.whisper(
                    asked.channel, asked.user, message, asked.thread if asked.thread != asked.ts else ""
                )
        self._journal.finish(asked, "left")
        return verdict

    # --- giving ---

    async def _give(self, asked: Asked, found: Given) -> str:
        with span("post", outcome=found.outcome):
            if asked.reply_url:
                for message in blocks.answer(found, asked.id, feedback=False, share=True):
                    if not await self._api.respond(asked.reply_url, message):
                        break
            else:
                await self._put(asked, blocks.answer(found, asked.id, person=self._offer_person))
        if not self._journal.finish(asked, "answered", found.as_json()):
            raise StopRequested
        return found.outcome

    async def _put(self, asked: Asked, messages: Sequence[Message], first: int = 0) -> None:
        """Make the answer's messages from number ``first`` on what they should be: earlier ones are changed, missing
        ones posted, others deleted.
        """
        if not self._journal.current(asked):
            raise StopRequested
        now = self._journal.by_id(asked.id)
        old = list(now.messages) if now else []
        await self._quiet(asked, clear=bool(old[first:]))
        for number, message in enumerate(messages, start=first):
            mark = {"question": asked.id, "part": number}
            if number < len(old) and await self._api.update(asked.channel, old[number], message, mark):
                continue
            gone = number < len(old)
            if not self._journal.current(asked):  # the fence: what was taken for dead posts no more
                raise StopRequested
            look_first = asked.attempts > 1 and not gone
            ts = await self._api.post(asked.channel, asked.thread, message, mark, look_first=look_first)
            old[number : number + 1] = [ts]
            if not self._journal.note_messages(asked.id, old, self._owner):
                await self._take_back(asked, ts)
        if (
            asked.attempts > 1 and asked.thread
        ):  # a status of an earlier try, or of this one above a message that was there already
            await self._api.status(asked.channel, asked.thread, "")
        for ts in old[first + len(messages) :]:
            await self._api.delete(asked.channel, ts)
        self._journal.note_messages(asked.id, old[: first + len(messages)])

    async def _take_back(self, asked: Asked, ts: str) -> None:
        """Delete what was posted while another process took the question over, unless that one has found it and goes on
        with it.
        """
        now = self._journal.by_id(asked.id)
        if now and now.owner != self._owner and ts not in now.messages:
            await self._api.delete(asked.channel, ts)
        raise StopRequested

    async def _stream(self, asked: Asked, request: Request) -> str:
        streamed = Streamed(self._api, asked, lambda messages: self._journal.note_messages(asked.id, messages))
        found: Given | None = None
        try:
            async for item in self._brain.stream(request):
                if not self._journal.current(asked):
                    await streamed.give_up()
                    raise StopRequested
                if isinstance(item, Said):
                    await self._quiet(asked, clear=False)
                    await streamed.say(item)
                    if streamed.stopped:
                        if self._journal.end(asked.key, "stopped", self._owner):
                            metrics.ended("stopped", asked.asked)
                        raise StopRequested
                else:
                    found = await self._noted(asked, item)
        except (StopRequested, asyncio.CancelledError):
            raise
        except Exception as error:
            found = trouble(request.question, error)
        assert found is not None, "a stream ends with its reply"
        tail = blocks.after_stream(found, asked.id) if found.answered else []
        if tail and await streamed.finish(found, tail[0]):
            if len(tail) > 1:
                await self._put(asked, tail[1:], first=len(streamed.messages))
        else:  # nothing was streamed, it broke, or it does not hold: the whole answer takes its place
            await streamed.give_up()
            await self.repair(asked)
            await self._put(asked, blocks.answer(found, asked.id, person=self._offer_person))
        if not self._journal.finish(asked, "answered", found.as_json()):
            raise StopRequested
        return found.outcome

    # --- edits, removals, stop ---

    async def _after_overtaking(self, asked: Asked) -> None:
        now = self._journal.by_id(asked.id)
        if now is None or now.state in ("removing", "removed"):
            await self._quiet(asked, clear=True)
            await self.remove(now or asked)
        elif now.owner != self._owner and now.state in ("waiting", "working"):  # taken over
            await self._quiet(asked, clear=False)
        elif now.state == "working":  # edited: once more, in place
            self._journal.put_back(asked.id, self._owner)
        else:
            await self._quiet(asked, clear=True)

    async def stopped(self, asked: Asked) -> None:
        """Take back the status of a question that was stopped."""
        metrics.ended("stopped", asked.asked)
        await self._quiet(asked, clear=True)

    async def remove(self, asked: Asked) -> None:
        """Delete the messages of an answer whose question is gone."""
        await self._quiet(asked, clear=True)
        try:
            for ts in asked.messages:
                await self._api.delete(asked.channel, ts)
        except (Refused, Unreachable) as error:
            log.warning("could not remove question=%s trouble=%s", asked.id, type(error).__name__)
            return
        self._journal.removed(asked.id)

    async def repair(self, asked: Asked) -> None:
        """Prepare a question that a dead process had in hand: find what it posted, end what it streamed."""
        if asked.state == "removing":
            await self.remove(asked)
            return
        if not asked.thread:
            return
        try:
            for ts in await self._api.half_streamed(asked.channel, asked.thread):
                known = self._journal.by_id(asked.id)
                if known and ts in known.messages:
                    await self._api.stop_stream(asked.channel, ts)
                elif not any(
                    item.id != asked.id and (ts in item.messages or item.state == "working")
                    for item in self._journal.thread(asked.channel, asked.thread)
                ):
                    await self._api.stop_stream(asked.channel, ts)
                    await self._api.delete(asked.channel, ts)
        except (Refused, Unreachable) as error:
            log.warning("could not look for half an answer question=%s trouble=%s", asked.id, type(error).__name__)


def trouble(question: str, error: Exception) -> Given:
    """Return what a person is told after an error: our own sentence where it is meant for them, else an apology without
    internals.
    """
    if isinstance(error, QuestionError):
        return Given(question, "trouble", str(error))
    log.error("could not answer error=%s", told(error))
    if isinstance(error, ArchiveError) and "no archive" in str(error):
        return Given(
            question, "trouble", "There are no articles yet. An admin puts them in with: python ingest.py FOLDER"
        )
    return Given(question, "trouble", sorry())


def sorry() -> str:
    """Return the apology for an error, with the reference under which the log tells more."""
    id_ = telemetry.request.get()
    return f"{SORRY} (reference {id_})" if id_ else SORRY
