"""Questions put to the desk as a user would, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from bot.answer.desk import Reply, Request
from bot.desks import AnsweringDesk
from bot.reply import Answer
from evals.data import Query

# For data without dates: any day after the articles.
TODAY = date(2025, 9, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a data set and what the desk replied."""

    query: Query
    reply: Reply

    @property
    def answer(self) -> Answer | None:
        """Return the answer, None if it was refused."""
        return self.reply.result if isinstance(self.reply.result, Answer) else None


def ask_all(desk: AnsweringDesk, queries: Iterable[Query]) -> list[Asked]:
    """Ask every question, on its own day where it has one."""
    asked = []
    for number, query in enumerate(queries, start=1):
        asked.append(Asked(query, desk.ask(Request(query.question, query.today or TODAY, thread=query.thread))))
        if number % 20 == 0:
            print(f"\r{number:,} questions ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return asked
