"""Remarks in the thread of an answer, without a mention: is a further question answered, and talk left alone.

``remarks.jsonl`` is of our own writing, on ``sample_articles/``, and was written before the rule. Of its half "test",
only figures were looked at. ``after`` is what stands directly above a remark: the bot's answer, or talk.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.answer.desk import Request
from bot.desks import AnsweringDesk
from bot.reply import Answer
from bot.slack.follow_ups import belongs_to_the_bot
from bot.slack.messages.small_talk import looks_like_question
from evals.own import TODAY

FILE = Path(__file__).with_name("remarks.jsonl")


def measured(desk: AnsweringDesk) -> dict[str, Any]:
    """Return by half how many remarks of people and how many further questions are answered."""
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    cited = {row["thread"][0]: _cited(desk, row["thread"][0]) for row in rows}
    found = [(row, _is_answered(desk, row, cited[row["thread"][0]])) for row in rows]
    figures: dict[str, Any] = {}
    for half in ("dev", "test", "both"):
        figures[half] = {}
        for kind in ("remark", "follow-up"):
            chosen = [
                is_answered for row, is_answered in found if row["kind"] == kind and half in ("both", row["half"])
            ]
            figures[half] |= {f"{kind}s": len(chosen), f"{kind}s answered": sum(chosen) / len(chosen)}
    return {"questions": len(rows), "figures": figures}


def _is_answered(desk: AnsweringDesk, row: dict[str, Any], cited: frozenset[str]) -> bool:
    """Tell whether the Slack bot answers a remark: with the questions of its thread, or alone."""
    if not looks_like_question(row["text"]):
        return False
    request = Request(row["text"], TODAY, thread=tuple(row["thread"]))
    below = row["after"] == "answer"
    return any(
        belongs_to_the_bot(asked, desk.ask(asked), request.thread, cited, directly_below=below and bool(asked.thread))
        for asked in (request, replace(request, thread=()))
    )


def _cited(desk: AnsweringDesk, question: str) -> frozenset[str]:
    result = desk.ask(Request(question, TODAY)).result
    citations = result.citations if isinstance(result, Answer) else ()
    return frozenset(citation.article.source.id for citation in citations)
