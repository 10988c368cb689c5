"""What the doctor asks of Slack: tokens, scopes, events; each finding names what is missing and where to add it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import yaml

from bot.journal.journal import Journal
from bot.slack import api as slack
from bot.slack.app import EVENTS
from index.store.dialect import Place

MANIFEST = Path(__file__).resolve().parents[2] / "manifest.yaml"

# scope: what does not work without it
SCOPES = {
    "app_mentions:read": "mentions (event app_mention)",
    "assistant:write": "suggested prompts and the stop button (event agent_session_stopped)",
    "channels:history": "follow-ups, edits and what was missed in public channels (event message.channels)",
    "channels:read": "finding what was missed in public channels",
    "chat:write": "every answer",
    "commands": "/ask and the shortcut",
    "groups:history": "follow-ups, edits and what was missed in private channels (event message.groups)",
    "groups:read": "finding what was missed in private channels",
    "im:history": "direct messages (event message.im)",
    "im:read": "finding missed direct messages",
    "im:write": "the examples of the Home tab",
    "users:read": "telling members from guests: without it nobody is answered",
}

Told = tuple[str, bool, str]  # what, ok, sentence


def check_slack(
    bot_token: str, app_token: str | None, signing_secret: str | None, url: str | None, journal: Place
) -> list[Told]:
    """Check tokens, scopes and events and return what was found. Changes nothing."""
    return asyncio.run(_check(bot_token, app_token, signing_secret, url, journal))


async def _check(
    bot_token: str, app_token: str | None, signing_secret: str | None, url: str | None, journal: Place
) -> list[Told]:
    found: list[Told] = []
    async with aiohttp.ClientSession() as session:
        api = slack.Api(slack.client(bot_token, url, session))
        try:
            scopes = await api.open(tries=3)
        except slack.Refused as error:
            found.append(
                (
                    "slack token",
                    False,
                    (
                        f"Slack refuses SLACK_BOT_TOKEN ({error.error}). Take the Bot User OAuth Token (xoxb-…) from "
                        "Install App."
                    ),
                )
            )
        except slack.Unreachable as error:
            found.append(
                (
                    "slack token",
                    False,
                    f"Slack does not answer ({error}). Check the network, and SLACK_API_URL if it is set.",
                )
            )
        else:
            found += [("slack token", True, f"valid, team {api.team}, bot user {api.user}"), _scopes(scopes)]
        if app_token:
            found.append(await _socket(api, app_token))
        elif signing_secret:
            found.append(
                (
                    "slack connection",
                    True,
                    "HTTP mode: SLACK_SIGNING_SECRET is set; whether it is right shows with the first request",
                )
            )
        else:
            told = (
                "neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP mode) is set. Both are under "
                "Basic Information."
            )
            found.append(("slack connection", False, told))
    return [*found, _events(journal)]


def _scopes(granted: frozenset[str]) -> Told:
    missing = [f"{scope} ({why})" for scope, why in SCOPES.items() if scope not in granted]
    if missing:
        return (
            "slack scopes",
            False,
            (
                f"missing: {', '.join(missing)}. Add them under OAuth & Permissions, or paste manifest.yaml under "
                "App Manifest, and reinstall."
            ),
        )
    return "slack scopes", True, f"all {len(SCOPES)} are granted"


async def _socket(api: slack.Api, app_token: str) -> Told:
    try:
        await api.socket(app_token)
    except slack.Refused as error:
        why = (
            "It needs the scope connections:write."
            if error.error == "missing_scope"
            else "Make one (xapp-…) under Basic Information → App-Level Tokens."
        )
        return "slack connection", False, f"Slack refuses SLACK_APP_TOKEN ({error.error}). {why}"
    except slack.Unreachable as error:
        return "slack connection", False, f"Slack does not answer ({error})."
    return "slack connection", True, "Socket Mode works"


def _events(place: Place) -> Told:
    """Slack does not tell which events an app gets; the manifest and what has come so far do."""
    if MANIFEST.exists():
        asked = set(yaml.safe_load(MANIFEST.read_text())["settings"]["event_subscriptions"]["bot_events"])
        if asked != set(EVENTS):
            wrong = ", ".join(sorted(asked ^ set(EVENTS)))
            return (
                "slack events",
                False,
                f"manifest.yaml and the listeners differ: {wrong}. Restore manifest.yaml from the repository.",
            )
    if isinstance(place, Path) and not place.exists():
        return "slack events", True, f"none so far; the app must subscribe to {', '.join(EVENTS)}"
    journal = Journal(place)
    try:
        heard = journal.heard()
    finally:
        journal.close()
    never = [name for name in EVENTS if name not in heard]
    if not never:
        last = min(time.time() - at for at in heard.values())
        return "slack events", True, f"all {len(EVENTS)} kinds have come, the last {last / 3600:.0f} h ago"
    return (
        "slack events",
        True,
        (
            f"have not come yet: {', '.join(never)}. If you expected them, add them under Event Subscriptions and "
            "reinstall."
        ),
    )
