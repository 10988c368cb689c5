"""The commands ask and doctor, and the Slack bot with the reading room beside it, which python -m bot starts without a
command.

They load what they need when they run, so that --help is quick.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from bot.wiring import answering_desk, desk_loader, links_of, llm_of, opened_archive, question_box, quotes_desk
from index.console import as_utf8, json_line
from index.errors import NewsdeskError, SettingsError
from settings import Settings

if TYPE_CHECKING:
    from bot.answer.desk import Reply, Request
    from bot.desks import AnsweringDesk
    from bot.reply import Links
    from bot.slack.bot import SlackBot
    from bot.terminal import Style
    from index.archive import Archive
    from index.model.embedder import Embedder


def ask(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Answer the question, or the lines of a file. Returns 0, or 2 if a line was wrong."""
    from bot.answer.desk import Request
    from bot.terminal import answer_text, explanation, sources, style_of

    if (parsed.question is None) == (parsed.jsonl is None):
        raise SettingsError(
            'Give a question in quotes, or --jsonl FILE. For example: python -m bot ask "what did Macron say '
            'about the truce"'
        )
    today = parsed.today or date.today()
    style = style_of(sys.stdout, os.environ, shutil.get_terminal_size((100, 24)).columns)
    links, model, llm = links_of(settings), embedder or settings.embedder(), llm_of(settings)
    with opened_archive(settings) as archive:
        desk = answering_desk(quotes_desk(archive, settings, model), llm, settings, model)
        if parsed.jsonl:
            code = _ask_many(parsed, desk, today, links)
        else:
            streamed, reply = _ask_and_print(
                desk,
                Request(
                    as_utf8(parsed.question),
                    today,
                    parsed.since,
                    parsed.until,
                    parsed.publisher,
                    tuple(map(as_utf8, parsed.thread)),
                ),
                None if parsed.json else style,
            )
            if parsed.json:
                print(json_line(reply.as_json(parsed.explain, links)))
            else:
                print(f"\n{sources(reply, style, links)}" if streamed else answer_text(reply, style, links))
                if parsed.explain:
                    print(f"\n{explanation(reply, style.width)}")
            code = 0
        _mend_index(archive)
    return code


def _ask_and_print(desk: AnsweringDesk, request: Request, style: Style | None) -> tuple[bool, Reply]:
    """Ask and, on a terminal, print the sentences as they come; return whether any was printed, and the reply."""
    from bot.answer.desk import Reply
    from bot.desks import StreamingDesk
    from bot.terminal import sentence_text

    streamed = False
    if style and isinstance(desk, StreamingDesk) and sys.stdout.isatty():
        for item in desk.stream(request):
            if isinstance(item, Reply):
                return streamed, item
            print(sentence_text(item, style), flush=True)
            streamed = True
    return streamed, desk.ask(request)


def _ask_many(parsed: argparse.Namespace, desk: AnsweringDesk, today: date, links: Links) -> int:
    from bot.answer.desk import Request

    code = 0
    try:
        with (
            contextlib.nullcontext(sys.stdin)
            if parsed.jsonl == "-"
            else open(parsed.jsonl, encoding="utf-8-sig") as stream
        ):
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                id_: object = None
                try:
                    said = json.loads(line)
                    said = {"question": said} if isinstance(said, str) else said
                    id_ = said.get("id") if isinstance(said, dict) else None
                    if not isinstance(said, dict) or not isinstance(said.get("question"), str):
                        raise SettingsError('expected a string or {"id": …, "question": …}')
                    on = date.fromisoformat(str(said["today"])) if said.get("today") else today
                    request = Request(
                        said["question"], on, parsed.since, parsed.until, parsed.publisher, _thread(said.get("thread"))
                    )
                    values = desk.ask(request).as_json(parsed.explain, links)
                except (ValueError, NewsdeskError) as error:
                    values = {"error": f"line {number}: {error}"}
                    code = 2
                print(json_line({"id": id_, **values}), flush=True)
    except OSError as error:
        raise SettingsError(f"{parsed.jsonl} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{parsed.jsonl} is not UTF-8; save it as UTF-8.") from error
    return code


def _thread(value: object) -> tuple[str, ...]:
    """Return the questions of a conversation: every other string, or the field ``question`` of each object."""
    if not isinstance(value, list):
        return ()
    if all(isinstance(item, str) for item in value):
        return tuple(value[::2])
    return tuple(item["question"] for item in value if isinstance(item, dict) and isinstance(item.get("question"), str))


def _mend_index(archive: Archive) -> None:
    """Write damaged vectors again after the answer, and say so in one line."""
    from bot.repair import READ_ONLY_INDEX, mend_index

    if archive.cannot_open_index:
        print(f"{READ_ONLY_INDEX}.", file=sys.stderr)
    trouble = archive.trouble
    if trouble is None:
        return
    if why := archive.why_not_here():
        print(why, file=sys.stderr)
        return
    _, outcome = mend_index(archive)
    if outcome:
        print(f"The search index could not be used ({trouble}); {outcome}.", file=sys.stderr)


def doctor(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Check everything and print what was found. Returns 1 if something is wrong."""
    from bot.admin.doctor import examine
    from bot.slack.doctor import check_slack

    findings = examine(settings, embedder or settings.embedder(), check_slack)
    if parsed.json:
        print(json_line([finding.as_json() for finding in findings]))
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what}: {finding.message}")
    return 0 if all(finding.ok for finding in findings) else 1


def mcp(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Answer over the Model Context Protocol until the client or a signal ends it."""
    from bot.mcp_server import serve

    serve(settings, embedder, parsed.port if parsed.http else None)
    return 0


def serve(parsed: argparse.Namespace, settings: Settings, embedder: Embedder | None) -> int:
    """Answer in Slack until a signal ends it."""
    import asyncio

    if settings.slack_bot_token is None or (settings.slack_app_token is None and settings.slack_signing_secret is None):
        missing = (
            "SLACK_BOT_TOKEN"
            if settings.slack_bot_token is None
            else "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)"
        )
        raise SettingsError(
            f"{missing} is not set, so there is no Slack to answer in. docs/use/slack.md says how to create the app. "
            'On the terminal: python -m bot ask "what did Macron say about the truce"; all commands: python -m '
            "bot --help"
        )
    from bot import telemetry
    from bot.slack.access import Allowed
    from bot.slack.bot import Rules
    from bot.slack.process import Tokens
    from bot.slack.process import serve as answer
    from bot.telemetry import begin
    from settings import ids

    slack = settings.slack
    tokens = Tokens(
        settings.slack_bot_token.get_secret_value(),
        settings.slack_app_token.get_secret_value() if settings.slack_app_token else None,
        settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None,
        str(settings.slack_api_url) if settings.slack_api_url else None,
        slack.host,
        slack.port,
    )
    rules = Rules(
        Allowed(ids(slack.teams), ids(slack.guests), ids(slack.shared_channels)),
        ids(slack.admins),
        slack.ask_a_person,
        slack.report_channel,
        slack.follow_ups,
        slack.per_user,
        slack.max_age_hours * 3_600,
        slack.lease_seconds,
        links_of(settings),
    )

    load = desk_loader(settings, embedder)
    telemetry.to_stderr(settings.log.format, settings.log.level)
    end = begin()
    try:
        asyncio.run(
            answer(
                tokens,
                load,
                settings.data_dir,
                rules,
                slack.workers,
                settings.database(),
                partial(_reading_room, settings),
            )
        )
    finally:
        end()
    return 0


@contextlib.asynccontextmanager
async def _reading_room(settings: Settings, bot: SlackBot) -> AsyncIterator[None]:
    """Serve the reading room and the health routes beside Slack, if a port is set."""
    if settings.web.port is None:
        yield
        return
    from bot.journal.journal import journal_at
    from bot.journal.stored_answer import answers
    from bot.slack.process import health_routes
    from web.app import app
    from web.server import listening

    journal = journal_at(settings.database(), settings.data_dir)
    with question_box(settings, bot.desk) as asking:
        checks = health_routes(bot)
        pages = app(settings.signed_links(), settings.open_catalog, answers(journal), checks, asking=asking)
        async with listening(pages, settings.web.host, settings.web.port):
            yield
