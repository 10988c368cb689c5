"""The two kinds of desk, as their users see them. The desks are in bot/answer/desk.py and bot/write/desk.py."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, runtime_checkable

from bot.answer.desk import Reply, Request
from bot.reply import Sentence


class AnsweringDesk(Protocol):
    """A desk that answers a question."""

    def ask(self, request: Request) -> Reply:
        """Answer a question. Raises NewsdeskError."""


@runtime_checkable
class StreamingDesk(Protocol):
    """A desk that answers sentence by sentence, each checked before it is shown; the whole reply comes at the end."""

    @property
    def quotes(self) -> AnsweringDesk:
        """The desk that answers with quotes alone: at once, at no cost."""

    def ask(self, request: Request) -> Reply:
        """Answer a question. Raises NewsdeskError."""

    def stream(self, request: Request) -> Generator[Sentence | Reply, None, None]:
        """Yield the sentences of an answer as they become certain, then the reply. Closing it ends the work."""
