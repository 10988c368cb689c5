"""Who may ask: members of the workspace; guests, other teams and shared channels where the settings name them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

from bot.slack.web_api.api import Api
from bot.slack.web_api.calls import SlackRefused, SlackUnreachable, TokenRefused

_REMEMBERED = 600.0  # seconds that a lookup of a person is used
_MOST = 5_000  # people remembered

Verdict = Literal["welcome", "bot", "guest", "external", "shared", "unknown"]

REFUSALS = {
    "guest": "Sorry, I answer members of this workspace; guests have to be allowed by an admin.",
    "external": "Sorry, I answer members of this workspace only.",
    "shared": "This channel is shared with another organisation, so I do not answer in it. "
    "Write to me directly instead.",
    "unknown": "Sorry, I could not check whether you may ask. Try again in a few minutes.",
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """Whom the settings allow besides members of the workspace: ids, or "*" for all."""

    teams: frozenset[str] = frozenset()
    guests: frozenset[str] = frozenset()
    shared_channels: frozenset[str] = frozenset()


class Access:
    """Decides who is answered, and where."""

    def __init__(self, api: Api, allowed: Allowed) -> None:
        self._api = api
        self._allowed = allowed
        self._people: dict[str, tuple[float, dict[str, Any]]] = {}

    async def verdict(self, user: str, channel: str = "", team: str = "", shared: bool = False) -> Verdict:
        """Return whether a person may ask in a channel, or why not.

        ``team`` is the person's team as the event names it. Somebody who cannot be looked up may not ask. Raises
        TokenRefused.
        """
        try:
            person = await self._person(user)
        except TokenRefused:
            raise
        except SlackRefused as error:
            return "external" if error.error in ("user_not_found", "user_not_visible") else "unknown"
        except SlackUnreachable:
            return "unknown"
        if person.get("is_bot") or person.get("deleted") or user == "USLACKBOT":
            return "bot"
        own = {self._api.team, *filter(None, [self._api.organisation]), *self._allowed.teams}
        theirs = {str(person.get("team_id") or ""), *filter(None, [team])}
        foreign = bool(person.get("is_stranger")) or not theirs <= own
        if foreign and "*" not in self._allowed.teams and not (theirs & self._allowed.teams):
            return "external"
        guest = person.get("is_restricted") or person.get("is_ultra_restricted")
        if guest and not {user, "*"} & self._allowed.guests:
            return "guest"
        if shared and not {channel, "*"} & self._allowed.shared_channels:
            return "shared"
        return "welcome"

    async def _person(self, user: str) -> dict[str, Any]:
        now = time.monotonic()
        known = self._people.get(user)
        if known and now - known[0] < _REMEMBERED:
            return known[1]
        person = await self._api.user_info(user)
        if len(self._people) >= _MOST:
            self._people.clear()
        self._people[user] = (now, person)
        return person
