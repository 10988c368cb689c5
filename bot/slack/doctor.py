"""What the doctor checks of Slack: tokens, scopes, and the events that have come."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import yaml

from bot.admin.doctor import Finding
from bot.journal.journal import Journal, journal_at
from bot.slack.listeners import EVENTS
from bot.slack.set_up import ADD_SCOPES, SCOPES, missing_scopes, wrong_tokens
from bot.slack.web_api.api import Api
from bot.slack.web_api.calls import SlackRefused, SlackUnreachable, client
from index.store.dialect import Database
from settings import Settings

MANIFEST = Path(__file__).resolve().parents[2] / "manifest.yaml"


def check_slack(settings: Settings) -> list[Finding]:
    """Check tokens, scopes and events, and return what was found. Changes nothing."""
    app, secret = settings.slack_app_token, settings.slack_signing_secret
    if settings.slack_bot_token is None:
        about = "not set up: SLACK_BOT_TOKEN is not set; docs/use/slack.md says how to create the app"
        if app or secret:
            about = "SLACK_BOT_TOKEN is not set. It is the Bot User OAuth Token (xoxb-…) from Install App."
        return [Finding("slack", not (app or secret), about)]
    return asyncio.run(
        _check(
            settings.slack_bot_token.get_secret_value(),
            app.get_secret_value() if app else None,
            secret.get_secret_value() if secret else None,
            str(settings.slack_api_url) if settings.slack_api_url else None,
            journal_at(settings.database(), settings.data_dir),
        )
    )


async def _check(
    bot_token: str, app_token: str | None, signing_secret: str | None, url: str | None, journal: Database
) -> list[Finding]:
    if wrong := wrong_tokens(bot_token, app_token, signing_secret):
        return [*(Finding("slack token", False, sentence) for sentence in wrong), _events(journal)]
    async with aiohttp.ClientSession() as session:
        api = Api(client(bot_token, url, session))
        found = await _token(api)
        if app_token:
            found.append(await _socket(api, app_token))
        elif signing_secret:
            about = "HTTP mode: SLACK_SIGNING_SECRET is set; whether it is right shows with the first request"
            found.append(Finding("slack connection", True, about))
        else:
            missing = (
                "neither SLACK_APP_TOKEN (Socket Mode) nor SLACK_SIGNING_SECRET (HTTP mode) is set. Both are under "
                "Basic Information."
            )
            found.append(Finding("slack connection", False, missing))
    return [*found, _events(journal)]


async def _token(api: Api) -> list[Finding]:
    try:
        scopes = await api.open(tries=3)
    except SlackRefused as error:
        wrong = (
            f"Slack refuses SLACK_BOT_TOKEN ({error.error}). Take the Bot User OAuth Token (xoxb-…) from Install App."
        )
        return [Finding("slack token", False, wrong)]
    except SlackUnreachable as error:
        wrong = f"Slack does not answer ({error}). Check the network, and SLACK_API_URL if it is set."
        return [Finding("slack token", False, wrong)]
    return [Finding("slack token", True, f"valid, team {api.team}, bot user {api.user}"), _scopes(scopes)]


def _scopes(granted: frozenset[str]) -> Finding:
    missing = [f"{scope} ({why})" for scope, why in missing_scopes(granted).items()]
    if missing:
        return Finding("slack scopes", False, f"missing: {', '.join(missing)}. {ADD_SCOPES}")
    return Finding("slack scopes", True, f"all {len(SCOPES)} are granted")


async def _socket(api: Api, app_token: str) -> Finding:
    try:
        await api.check_app_token(app_token)
    except SlackRefused as error:
        why = (
            "It needs the scope connections:write."
            if error.error == "missing_scope"
            else "Make one (xapp-…) under Basic Information → App-Level Tokens."
        )
        return Finding("slack connection", False, f"Slack refuses SLACK_APP_TOKEN ({error.error}). {why}")
    except SlackUnreachable as error:
        return Finding("slack connection", False, f"Slack does not answer ({error}).")
    return Finding("slack connection", True, "Socket Mode works")


def _events(place: Database) -> Finding:
    """Compare the manifest's events with the listeners', and say which have come: Slack does not list what it sends."""
    if MANIFEST.exists():
        wanted = set(yaml.safe_load(MANIFEST.read_text())["settings"]["event_subscriptions"]["bot_events"])
        if wanted != set(EVENTS):
            wrong = ", ".join(sorted(wanted ^ set(EVENTS)))
            what_to_do = "Restore manifest.yaml from the repository."
            return Finding("slack events", False, f"manifest.yaml and the listeners differ: {wrong}. {what_to_do}")
    if isinstance(place, Path) and not place.exists():
        return Finding("slack events", True, f"none so far; the app must subscribe to {', '.join(EVENTS)}")
    journal = Journal(place)
    try:
        last_events = journal.last_events()
    finally:
        journal.close()
    never = [name for name in EVENTS if name not in last_events]
    if never:
        what_to_do = "If you expected them, add them under Event Subscriptions and reinstall."
        return Finding("slack events", True, f"have not come yet: {', '.join(never)}. {what_to_do}")
    last = min(time.time() - at for at in last_events.values())
    return Finding("slack events", True, f"all {len(EVENTS)} kinds have come, the last {last / 3600:.0f} h ago")
