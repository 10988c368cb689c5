"""The Bolt app: its listeners, in one list, and what happens to everything else."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.faults import told
from bot.slack.bot import Room
from bot.slack.listeners import asked, command, feedback, home_opened, passages, person, shortcut, stopped

log = logging.getLogger("newsdesk.slack")

LISTENERS = (asked, home_opened, stopped, command, shortcut, feedback, passages, person)
EVENTS = (
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "app_home_opened",
    "agent_session_stopped",
)  # manifest.yaml has the same


def app(room: Room, web: Any, signing_secret: str | None = None) -> AsyncApp:
    """Return the app. With a signing secret requests over HTTP are checked, and none is taken twice."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        """Tell Bolt who we are: it would ask Slack before the first event, and leave the event unacknowledged if that
        fails.
        """
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=web.token,
            bot_id=room.api.bot,
            bot_user_id=room.api.user,
        )

    logging.getLogger("slack_bolt").setLevel(
        logging.ERROR
    )  # it warns of a token in the environment, and prints events it does not know
    bolt = AsyncApp(
        client=web,
        authorize=authorize,
        signing_secret=signing_secret,
        request_verification_enabled=signing_secret is not None,
        logger=logging.getLogger("slack_bolt"),
    )

    @bolt.middleware
    async def fresh(req: Any, next: Callable[[], Awaitable[None]]) -> BoltResponse | None:  # noqa: A002  Bolt's name
        if room.reception.closing and req.body.get("type") == "event_callback":
            return BoltResponse(status=503)  # not acknowledged: Slack gives it to another process, or to the next
        signature = req.headers.get("x-slack-signature", [""])[0]
        # Slack's own repetition of an event may carry the same signature; it does no harm, the journal knows the event.
        again = req.headers.get("x-slack-retry-num", [""])[0][:2] if req.body.get("type") == "event_callback" else ""
        if req.mode == "http" and not room.journal.first(f"signature:{signature}:{again}"):
            return BoltResponse(status=401, body='{"error": "this request was taken before"}')
        await next()
        return None

    for listener in LISTENERS:
        listener.register(bolt, room)

    @bolt.event(re.compile(".*"))
    async def other() -> None:
        """Acknowledged, so that Slack does not send it again."""

    @bolt.error
    async def failed(error: Exception) -> None:
        log.error("a listener failed error=%s", told(error))

    return bolt
