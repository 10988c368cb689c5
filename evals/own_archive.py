"""An admin's own questions, asked of the archive of the settings: how many are answered, how many rightly, and a page
with every answer to read.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bot.answer.desk import QuestionError, Request
from bot.desks import AnsweringDesk
from bot.wiring import desk_loader
from evals.data import DataError
from evals.own_page import page
from evals.own_questions import OwnQuestion, OwnReply, figures_of, is_from, read_questions, verdict
from index.archive import Archive
from index.console import json_line
from index.errors import SettingsError
from index.model.embedder import Embedder
from settings import LlmSettings, Settings

_FILE = "own-questions.html"


def measure(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None = None) -> int:
    """Ask the questions, print the figures and write the page with the answers; return the exit code."""
    questions = read_questions(parsed.questions)
    if parsed.answerer == "llm" and not settings.llm.model:
        raise SettingsError("NEWSDESK_LLM__MODEL is not set. docs/use/model.md says how to set one.")
    if parsed.answerer == "quotes":
        settings = settings.model_copy(update={"llm": LlmSettings()})
    desk, archive = desk_loader(settings, embedder)()
    try:
        missing = _missing(archive, questions)
        replies = [_asked(desk, each) for each in _counted(questions)]
        articles = _articles(archive)
    finally:
        archive.close()
    figures = figures_of(replies)
    about = {"articles": articles, "not in the archive": missing}
    file = (parsed.results or Path()) / _FILE
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(replies, figures, about), encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"{file} cannot be written ({error.strerror or error}). Name a folder: --results DIR"
        ) from error
    if parsed.json:
        print(json_line({**about, "figures": figures, "questions": [_as_json(each) for each in replies]}))
        return 0
    for name, value in figures.items():
        print(f"{name:<36} {value}")
    for article in missing:
        print(f"not in the archive, so nothing can cite it: {article}")
    print(f"Every answer: {file}")
    return 0


def _counted(questions: Sequence[OwnQuestion]) -> Iterator[OwnQuestion]:
    for number, question in enumerate(questions):
        if number % 20 == 0:
            print(f"\r{number:,} of {len(questions):,} questions ", end="", file=sys.stderr, flush=True)
        yield question
    print(file=sys.stderr)


def _asked(desk: AnsweringDesk, asked: OwnQuestion) -> OwnReply:
    began = time.monotonic()
    try:
        reply = desk.ask(Request(asked.question, asked.today or date.today(), thread=asked.thread))  # noqa: DTZ011  the day of whoever asks
    except QuestionError as error:
        return OwnReply(asked, None, "wrong", time.monotonic() - began, str(error))
    return OwnReply(asked, reply, verdict(asked, reply), time.monotonic() - began)


def _missing(archive: Archive, questions: Sequence[OwnQuestion]) -> list[str]:
    """Return the expected articles that the archive does not have."""
    wanted = dict.fromkeys(each.article for each in questions if each.article is not None)
    if not wanted:
        return []
    with archive.catalog.snapshot() as snapshot:
        sources = [source for source, _ in snapshot.sources()]
    return [article for article in wanted if not any(is_from(source, article) for source in sources)]


def _articles(archive: Archive) -> int:
    with archive.catalog.snapshot() as snapshot:
        return snapshot.counts()["articles"]


def _as_json(item: OwnReply) -> dict[str, Any]:
    about = {"id": item.asked.id, "verdict": item.verdict, "seconds": round(item.seconds, 3), "words": item.words}
    return {**about, **({"reply": item.reply.as_json()} if item.reply else {"trouble": item.trouble})}
