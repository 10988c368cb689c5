"""The stop button of a conversation."""

from __future__ import annotations

from typing import Any

from bot.slack.bot import Room


def register(app: Any, room: Room) -> None:
    """Listen to the stop button."""

    @app.event("agent_session_stopped")
    async def stopped(event: dict[str, Any]) -> None:
        room.noticed("agent_session_stopped")
        await room.reception.stop(event["channel"], event["thread_ts"])
