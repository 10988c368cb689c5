"""An answer shown sentence by sentence in Slack's streams.

A stream has a maximum size and age; after that the answer continues in a new message.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from bot.journal.entry import JournalEntry
from bot.journal.stored_answer import StoredAnswer
from bot.reply import Sentence
from bot.slack.messages.blocks import Message
from bot.slack.messages.text import markdown
from bot.slack.web_api.api import Api, metadata
from bot.slack.web_api.calls import SlackRefused, SlackUnreachable, Stream

log = logging.getLogger("newsdesk.slack")

_MOST = 9_000  # bytes of one streamed message; Slack breaks off at about 12,000 characters
_OLDEST = 240.0  # seconds; Slack ends a stream after about 300
_FLUSH = 0.7  # seconds between two calls


class StreamedAnswer:
    """One answer that is being streamed.

    ``broken`` is set once Slack refused; then the whole answer is posted in place of what is there.
    """

    def __init__(self, api: Api, entry: JournalEntry, note: Callable[[Sequence[str]], object]) -> None:
        self._api, self._entry, self._note = api, entry, note
        self._stream: Stream | None = None
        self._waiting = ""
        self._size = 0
        self._opened = self._flushed = 0.0
        self.messages: list[str] = []
        self.said: list[Sentence] = []
        self.broken = False
        self.stopped = False  # by the person, in Slack

    async def add(self, said: Sentence) -> None:
        """Add a sentence; it is shown with the next one or at the end, within a second."""
        self.said.append(said)
        sentence = f"{markdown(said.text)} {''.join(f'[{number}]' for number in said.numbers)}\n\n"
        full = self._size + len(self._waiting.encode()) + len(sentence.encode()) > _MOST
        if self._stream and (full or time.monotonic() - self._opened > _OLDEST):
            await self._close()
        self._waiting += sentence
        if time.monotonic() - self._flushed >= _FLUSH:
            await self._flush()

    async def finish(self, found: StoredAnswer, tail: Message) -> bool:
        """End the stream with sources and buttons; False if the whole answer has to be posted in its place."""
        if self.broken or not self.said or list(found.said) != self.said:
            return False
        await self._flush()
        return await self._close(tail)

    async def give_up(self) -> None:
        """End the open stream as it is."""
        if self._stream and self._stream.ts and not self.stopped:
            await self._api.stop_stream(self._entry.channel, self._stream.ts)
        self._stream, self.broken = None, True

    async def _flush(self) -> None:
        if self.broken or not self._waiting:
            return
        if self._stream is None:
            if not self._api.may_stream():
                self.broken = True
                return
            self._stream = self._api.stream(self._entry.channel, self._entry.thread, self._entry.user, self._entry.team)
            self._opened, self._size = time.monotonic(), 0
        stream, text = self._stream, self._waiting
        method = "chat.appendStream" if stream.ts else "chat.startStream"
        if await self._call(method, lambda: stream.append(chunks=[{"type": "markdown_text", "text": text}])):
            self._waiting, self._flushed = "", time.monotonic()
            self._size += len(text.encode())
            if stream.ts and stream.ts not in self.messages:
                self.messages.append(stream.ts)
                self._note(self.messages)

    async def _close(self, tail: Message | None = None) -> bool:
        stream = self._stream
        if stream is None or self.broken:
            return False
        mark = metadata({"question": self._entry.id, "part": len(self.messages) - 1})
        rest, self._waiting = self._waiting, ""
        blocks = list(tail.blocks) if tail else None
        done = await self._call(
            "chat.stopStream", lambda: stream.stop(markdown_text=rest or None, blocks=blocks, metadata=mark)
        )
        self._stream = None if done else stream
        return done

    async def _call(self, method: str, call: Callable[[], object]) -> bool:
        try:
            await self._api.call_stream(method, call)
        except (SlackRefused, SlackUnreachable) as error:
            log.warning("stream broke off question=%s trouble=%s", self._entry.id, error)
            self.broken = True
            self.stopped = isinstance(error, SlackRefused) and error.error == "stopped_by_user"
        return not self.broken
