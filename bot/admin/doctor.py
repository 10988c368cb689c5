"""The doctor: what could keep newsdesk from answering, checked one by one, each with what to do; with Slack's tokens,
scopes and events.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import yaml

from bot.journal.journal import Journal
from bot.slack import api as slack
from bot.slack.listeners import EVENTS
from index.archive import Archive
from index.errors import ArchiveError, NewsdeskError
from index.model.embedder import Embedder
from index.store.dialect import Database
from settings import Settings

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
    bot_token: str, app_token: str | None, signing_secret: str | None, url: str | None, journal: Database
) -> list[Told]:
    """Check tokens, scopes and events and return what was found. Changes nothing."""
    return asyncio.run(_check(bot_token, app_token, signing_secret, url, journal))


async def _check(
    bot_token: str, app_token: str | None, signing_secret: str | None, url: str | None, journal: Database
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


def _events(place: Database) -> Told:
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


_LEAST_FREE_MB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and what it told."""

    what: str
    ok: bool
    told: str

    def as_json(self) -> dict[str, Any]:
        """Return the finding as ``doctor --json`` prints it."""
        return asdict(self)


def examine(settings: Settings, embedder: Embedder) -> list[Finding]:
    """Check python, disk, model, catalog and index, and return what was found. Changes nothing."""
    findings = [
        _checked("settings", lambda: f"read; data folder {settings.data_dir.resolve()}"),
        _checked("python", _python),
        _checked("disk", lambda: _disk(settings)),
        _checked("model", lambda: _model(embedder)),
    ]
    findings.append(_checked("language model", lambda: _llm(settings)))
    findings += _slack(settings)
    try:
        archive = settings.archive()
    except NewsdeskError as error:
        return [*findings, Finding("catalog", False, str(error))]
    try:
        findings.append(_checked("catalog", lambda: _catalog(archive)))
        findings.append(_checked("archive's model", lambda: _same_model(archive, embedder)))
        findings.append(_checked("index", lambda: _index(archive)))
    finally:
        archive.close()
    return findings


def _checked(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, check())
    except NewsdeskError as error:
        return Finding(what, False, str(error))


def _slack(settings: Settings) -> list[Finding]:
    if settings.slack_bot_token is None:
        return [
            Finding("slack", True, "not set up: SLACK_BOT_TOKEN is not set; docs/slack.md tells how to create the app")
        ]

    app, secret = settings.slack_app_token, settings.slack_signing_secret
    found = check_slack(
        settings.slack_bot_token.get_secret_value(),
        app.get_secret_value() if app else None,
        secret.get_secret_value() if secret else None,
        str(settings.slack_api_url) if settings.slack_api_url else None,
        settings.database() or settings.data_dir / "journal.sqlite3",
    )
    return [Finding(what, ok, told) for what, ok, told in found]


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"


def _disk(settings: Settings) -> str:
    folder = next(
        parent for parent in [settings.data_dir.resolve(), *settings.data_dir.resolve().parents] if parent.exists()
    )
    free = shutil.disk_usage(folder).free // 2**20
    if free < _LEAST_FREE_MB:
        raise ArchiveError(
            f"{free} MB free for {settings.data_dir}; at least {_LEAST_FREE_MB} MB are wanted. Free some space "
            "or move NEWSDESK_DATA_DIR."
        )
    return f"{free:,} MB free"


def _model(embedder: Embedder) -> str:
    vector = embedder.embed(["a sentence to try the model"])[0]
    if abs(float(np.linalg.norm(vector)) - 1) > 1e-3:
        raise ArchiveError(
            f"{embedder.identity} does not give unit vectors. Choose another model in NEWSDESK_MODEL__NAME."
        )
    runtime = getattr(embedder, "runtime", None)
    return f"{embedder.identity} loads and gives vectors of {len(vector)} numbers" + (
        f", computed by {runtime}" if runtime else ""
    )


def _llm(settings: Settings) -> str:
    if not settings.llm.model:
        return "not set: answers are quotes, nothing is sent anywhere; docs/llm.md tells how to set one"
    from bot.write.desk import prompts
    from bot.write.llm import Llm

    prompts()
    return Llm(settings.llm).check(settings.llm.seconds)


def _catalog(archive: Archive) -> str:
    with archive.catalog.snapshot() as snapshot:
        faults = snapshot.check()
        counts = snapshot.counts()
    if faults:
        raise ArchiveError(
            f"{archive.catalog.where} is damaged ({'; '.join(faults)}). Restore it from a backup, or move it "
            "away and ingest the articles again."
        )
    if not counts["articles"]:
        raise ArchiveError("The archive is empty. Put articles in: python ingest.py FOLDER")
    return f"{archive.catalog.engine_name()}, sound: {counts['articles']} articles, {counts['passages']} passages"


def _same_model(archive: Archive, embedder: Embedder) -> str:
    archive.check_model(embedder.identity)
    return f"embedded by {embedder.identity}"


def _index(archive: Archive) -> str:
    if why := archive.why_not_here():
        raise ArchiveError(why)
    trouble = archive.check()
    if trouble:
        raise ArchiveError(f"{trouble} Run: python -m bot rebuild")
    return "agrees with the catalog, passage by passage"
