"""A question as the journal stores it: who asked it where, which process answers it, and what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row

State = Literal["waiting", "working", "answered", "left", "stopped", "failed", "removing", "removed"]
QuestionKind = Literal[
    "mention", "direct", "follow_up", "last", "shortcut", "command", "example", "aside", "web", "api"
]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A question in the journal.

    ``messages`` are the ts of the answer's messages, in order.
    """

    key: str
    kind: QuestionKind
    channel: str
    ts: str
    thread: str
    user: str
    text: str
    team: str = ""
    shared: bool = False
    quiet: bool = False
    id: str = ""
    revision: int = 1
    attempts: int = 0
    state: State = "waiting"
    owner: str = ""
    asked: float = 0.0
    finished: float | None = None
    answer: str | None = None
    messages: tuple[str, ...] = ()
    reply_url: str = ""


def row_of(entry: JournalEntry) -> dict[str, Any]:
    """Return an entry as a row of its table."""
    values = {name: getattr(entry, name) for name in entry.__slots__}
    return {**values, "messages": json.dumps(list(entry.messages))}


def entry_of(row: Row[Any]) -> JournalEntry:
    """Return the entry that a row of its table holds."""
    values = dict(row._mapping)
    return JournalEntry(**{**values, "messages": tuple(json.loads(values["messages"]))})
