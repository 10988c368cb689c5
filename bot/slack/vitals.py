"""Whether the bot is ready to answer in Slack: the archive, the model, the socket; and what it counts.

Plugged into web/health.py.
"""

from __future__ import annotations

from starlette.routing import Route

from bot.slack import metrics
from bot.slack.bot import Room
from web.health import ArchiveFigures, Check, Part, archive_checks, routes


def vitals(room: Room) -> list[Route]:
    """Return the routes /healthz, /readyz and /metrics of a bot that runs."""
    return routes(checks(room), metrics.registry(ArchiveFigures(lambda: room.brain.archive)))


def checks(room: Room) -> dict[str, Check]:
    """Return what must be ready for an answer in Slack."""

    async def model() -> Part:
        if room.brain.trouble is None:
            return Part("ready", "is loaded")
        return Part(
            "down",
            "is loading"
            if room.brain.trouble == "is loading"
            else "could not be loaded, and is tried again; the log tells why",
        )

    async def slack() -> Part:
        if not room.api.user:
            return Part("down", "has not been reached yet")
        if room.connected is None:
            return Part("ready", "comes to us over HTTP")
        return (
            Part("ready", "the socket is open")
            if await room.connected()
            else Part("down", "the socket is not open; it is opened again as soon as it can be")
        )

    return {**archive_checks(lambda: room.brain.archive), "model": model, "slack": slack}
