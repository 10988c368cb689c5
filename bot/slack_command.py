"""python -m bot: the Slack bot, with the reading room beside it."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from bot.wiring import answering_desk, links_of, llm_of, quotes_desk
from index.errors import SettingsError
from settings import Settings

if TYPE_CHECKING:
    from bot.slack.bot import Room
    from bot.slack.desk_threads import Asks
    from index.archive import Archive
    from index.model.embedder import Embedder


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
            f"{missing} is not set, so there is no Slack to answer in. docs/slack.md tells how to create the app. "
            'On the terminal: python -m bot ask "what did Macron say about the truce"; all commands: python -m '
            "bot --help"
        )
    from bot import telemetry, traces
    from bot.answer.desk import Request
    from bot.slack.access import Allowed
    from bot.slack.bot import Rules
    from bot.slack.process import Access
    from bot.slack.process import serve as answer
    from settings import ids

    slack = settings.slack
    access = Access(
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

    llm = llm_of(settings)

    def load() -> tuple[Asks, Archive]:
        archive = settings.archive()
        try:
            model = embedder or settings.embedder()
            desk = quotes_desk(archive, settings, model)
            desk.ask(Request("a question that loads the model and opens the index", date.today()))
            return answering_desk(desk, llm, settings, model), archive
        except BaseException:
            archive.close()
            raise

    telemetry.to_stderr(settings.log.format, settings.log.level)
    end = traces.begin()
    try:
        asyncio.run(
            answer(
                access,
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
async def _reading_room(settings: Settings, room: Room) -> AsyncIterator[None]:
    """Serve the reading room, and how the bot is, beside Slack, if its port is set."""
    if settings.web.port is None:
        yield
        return
    from bot.journal.journal import journal_at
    from bot.slack.answer_pages import answers
    from bot.slack.vitals import vitals
    from web.app import app
    from web.serving import listening

    journal = journal_at(settings.database(), settings.data_dir)
    pages = app(settings.signed_links(), settings.open_catalog, answers(journal), vitals(room))
    async with listening(pages, settings.web.host, settings.web.port):
        yield
