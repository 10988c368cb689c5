"""The manifest asks for what the listeners use, no more; the doctor names what is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml
from slack_room import Scripted, refused
from slack_server import MANIFEST, SlackServer

from bot.desk_threads import DeskThreads
from bot.journal.journal import Journal
from bot.slack.bot import Rules, SlackBot
from bot.slack.doctor import _check
from bot.slack.listeners import EVENTS
from bot.slack.process import app
from bot.slack.set_up import SCOPES
from bot.slack.web_api.api import Api
from bot.slack.web_api.calls import client

MADE = yaml.safe_load(MANIFEST.read_text())


def test_scopes_and_events_are_those_of_the_listeners():
    assert set(MADE["oauth_config"]["scopes"]["bot"]) == set(SCOPES)
    assert set(MADE["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)


def test_every_event_command_shortcut_and_window_has_a_listener(tmp_path):
    async def registered() -> set[str]:
        room = SlackBot(
            Api(client("xoxb-1", "http://127.0.0.1:1/")),
            DeskThreads(lambda: (Scripted(refused("q")), None), 1),
            tmp_path,
            Rules(),
        )
        bolt = app(room, client("xoxb-1", "http://127.0.0.1:1/"))
        names = {listener.ack_function.__name__ for listener in bolt._async_listeners}
        await room.close()
        return names

    found = asyncio.run(registered())
    assert found >= set(
        (
            "mention message_sent tab_opened stop_pressed ask share shortcut_chosen window_submitted vote_given "
            "reason_given show_passages ask_person status example acknowledge"
        ).split()
    )


def test_the_manifest_keeps_slacks_limits():
    assert "assistant_view" not in MADE["features"]
    assert len(MADE["features"]["agent_view"]["agent_description"]) <= 300
    assert len(MADE["display_information"]["name"]) <= 35
    assert len(MADE["display_information"]["description"]) <= 140
    assert [command["command"] for command in MADE["features"]["slash_commands"]] == ["/ask"]
    assert [shortcut["callback_id"] for shortcut in MADE["features"]["shortcuts"]] == ["ask_about"]


def checked(slack: SlackServer, journal: Path, **tokens: str | None) -> dict[str, tuple[bool, str]]:
    given = {"bot_token": slack.bot_token, "app_token": slack.app_token, "signing_secret": None, **tokens}

    async def whole() -> dict[str, tuple[bool, str]]:
        async with slack:
            return {
                finding.what: (finding.ok, finding.message)
                for finding in await _check(
                    given["bot_token"], given["app_token"], given["signing_secret"], slack.url, journal
                )
            }

    return asyncio.run(whole())


def test_the_doctor_finds_nothing_wrong_with_a_good_set_up(tmp_path):
    found = checked(SlackServer(), tmp_path / "j.sqlite3")
    assert all(ok for ok, _ in found.values()), found
    assert "app_mention" in found["slack events"][1]


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_the_doctor_names_a_scope_that_is_missing_and_what_fails_without_it(tmp_path, scope):
    slack = SlackServer()
    slack.scopes.discard(scope)
    ok, told = checked(slack, tmp_path / "j.sqlite3")["slack scopes"]
    assert not ok
    assert f"{scope} ({SCOPES[scope]})" in told


@pytest.mark.parametrize(
    ("tokens", "what", "named"),
    [
        ({"bot_token": "xoxb-wrong"}, "slack token", "SLACK_BOT_TOKEN (invalid_auth)"),
        ({"app_token": "xapp-wrong"}, "slack connection", "SLACK_APP_TOKEN (invalid_auth)"),
        ({"app_token": None}, "slack connection", "SLACK_SIGNING_SECRET"),
    ],
)
def test_the_doctor_names_a_token_that_is_wrong(tmp_path, tokens, what, named):
    ok, told = checked(SlackServer(), tmp_path / "j.sqlite3", **tokens)[what]
    assert not ok
    assert named in told
    assert "xoxb-wrong" not in told


def test_the_doctor_tells_which_events_never_came(tmp_path):
    journal = Journal(tmp_path / "j.sqlite3")
    for name in EVENTS:
        if name != "message.groups":
            journal.note_event(name)
    journal.close()
    ok, told = checked(SlackServer(), tmp_path / "j.sqlite3")["slack events"]
    assert ok
    assert "have not come yet: message.groups." in told
