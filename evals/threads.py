"""Threads of our own on ``sample_articles/``: is a follow-up answered with what it asks for, and with something new.

``tests/threads.jsonl`` was written before the rules. Of its half "test", only figures were looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.answer.desk import Reply, Request
from bot.desks import AnsweringDesk
from bot.reply import Answer, NoAnswer
from evals.data import Query, squashed
from evals.metrics import mean
from evals.own import TODAY

FILE = Path(__file__).resolve().parents[1] / "tests" / "threads.jsonl"


@dataclass(frozen=True, slots=True)
class Thread:
    """A follow-up, with the replies to it and to the question before it; without ``gold`` it is to be refused."""

    query: Query
    gold: tuple[str, ...]
    before: Reply
    reply: Reply

    @property
    def repeats(self) -> bool:
        """Tell whether it is answered with the quotes of the answer before."""
        return isinstance(self.reply.result, Answer) and _quotes(self.reply) <= _quotes(self.before)

    @property
    def is_right(self) -> bool:
        """Tell whether it is answered with what it asks for and not with the answer before; where that holds it, it is
        enough to say so.
        """
        result = self.reply.result
        if not isinstance(result, Answer) or not self.gold:
            return self.points_above or isinstance(result, Answer) == bool(self.gold)
        return not self.repeats and self._holds_gold(result)

    @property
    def points_above(self) -> bool:
        """Tell whether it is said that the answer before holds what is asked for, and it does."""
        result, before = self.reply.result, self.before.result
        return (
            isinstance(result, NoAnswer)
            and result.reason == "said_above"
            and isinstance(before, Answer)
            and self._holds_gold(before)
        )

    def _holds_gold(self, answer: Answer) -> bool:
        shown = squashed(f"{answer.lead} {answer.text}")
        return any(squashed(gold) in shown for gold in self.gold)


def asked(desk: AnsweringDesk) -> list[Thread]:
    """Ask all of them."""
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        *earlier, last = row["thread"]
        before = desk.ask(Request(last, TODAY, thread=tuple(earlier)))
        reply = desk.ask(Request(row["question"], TODAY, thread=tuple(row["thread"])))
        query = Query(row["id"], row["question"], bool(row["gold"]), thread=tuple(row["thread"]), kind=row["kind"])
        found.append(Thread(query, tuple(row["gold"]), before, reply))
    return found


def measured(desk: AnsweringDesk) -> dict[str, Any]:
    """Return by half which share of the follow-ups is right, is refused, and repeats the answer before."""
    threads = asked(desk)
    figures: dict[str, Any] = {}
    for half in ("dev", "test", "both"):
        chosen = [thread for thread in threads if half in ("both", thread.query.half)]
        kinds = dict.fromkeys(thread.query.kind for thread in chosen)
        figures[half] = {
            "threads": len(chosen),
            "right": mean([float(thread.is_right) for thread in chosen]),
            "refused": mean([float(not isinstance(thread.reply.result, Answer)) for thread in chosen if thread.gold]),
            "repeats": mean([float(thread.repeats) for thread in chosen]),
            **{
                f"right, {kind}": mean([float(thread.is_right) for thread in chosen if thread.query.kind == kind])
                for kind in kinds
            },
        }
    return {"questions": len(threads), "figures": figures}


def _quotes(reply: Reply) -> set[tuple[str, int, int]]:
    result = reply.result
    citations = result.citations if isinstance(result, Answer) else ()
    return {(citation.article.source.id, citation.start, citation.end) for citation in citations}
