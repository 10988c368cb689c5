# ruff: noqa: E501
"""What the bot says at its start: wrong tokens, missing scopes, Slack out of reach, a wrong signing secret."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from newsroom import question
from slack_room import bot, run, single
from slack_server import ANNA, SlackServer

from bot.slack.bot import Rules
from bot.slack.doctor import check_slack
from bot.slack.process import Tokens, serve
from bot.slack.set_up import wrong_tokens
from index.archive import Archive
from index.errors import SettingsError
from settings import load

WRONG = [
    pytest.param("xapp-1", "xoxb-2", None, ["SLACK_BOT_TOKEN is an app-level token", "SLACK_APP_TOKEN is a bot's token"], id="swapped"),
    pytest.param("xoxp-1", "xapp-2", None, ["SLACK_BOT_TOKEN is a person's token"], id="of-a-person"),
    pytest.param('"xoxb-1"', "xapp-2", None, ["SLACK_BOT_TOKEN has quotes or blanks"], id="quotes"),
    pytest.param("xoxb-1", " xapp-2", None, ["SLACK_APP_TOKEN has quotes or blanks"], id="a-blank"),
    pytest.param("xoxb-1", None, "xapp-2", ["SLACK_SIGNING_SECRET is an app-level token"], id="as-secret"),
    pytest.param("xoxb-1", "xapp-2", None, [], id="right"),
    pytest.param("xoxe.xoxb-1-abc", None, "0123abcd", [], id="right-rotated"),
]  # fmt: skip


@pytest.mark.parametrize(("bot_token", "app_token", "secret", "said"), WRONG)
def test_a_token_that_cannot_be_right_is_named(bot_token, app_token, secret, said):
    found = wrong_tokens(bot_token, app_token, secret)
    assert len(found) == len(said)
    for sentence, start in zip(found, said, strict=True):
        assert sentence.startswith(start)
        assert bot_token.strip(' "') not in sentence


def started(slack: SlackServer, archive: Path, folder: Path, bot_token: str = "") -> asyncio.Task[None]:
    tokens = Tokens(bot_token or slack.bot_token, slack.app_token, url=slack.url)
    return asyncio.ensure_future(serve(tokens, lambda: (single(), Archive(archive)), folder, Rules(), 1))


def test_swapped_tokens_end_the_start_without_a_call(archive, tmp_path):
    async def whole() -> None:
        async with SlackServer() as slack:
            with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN is an app-level token"):
                await started(slack, archive, tmp_path, slack.app_token)
            assert slack.calls == []

    run(whole())


@pytest.mark.parametrize("scope", ["chat:write", "users:read"])
def test_without_a_needed_scope_the_bot_does_not_start(archive, tmp_path, scope):
    async def whole() -> None:
        async with SlackServer() as slack:
            slack.scopes.discard(scope)
            with pytest.raises(SettingsError, match=f"lacks the scope {scope} .*reinstall"):
                await started(slack, archive, tmp_path)

    run(whole())


def test_each_other_missing_scope_is_said_in_one_line(archive, tmp_path, caplog):
    async def whole() -> None:
        async with SlackServer() as slack:
            slack.scopes -= {"commands", "im:write"}
            async with bot(slack, archive, tmp_path, desk=single()):
                asked = slack.mention(ANNA, question(1))
                await slack.until(lambda: slack.thread(asked.ts), "the answer")

    run(whole())
    said = [record.getMessage() for record in caplog.records if "lacks the scope" in record.getMessage()]
    assert said == [
        "the Slack app lacks the scope commands; without it there is no: /ask and the shortcut",
        "the Slack app lacks the scope im:write; without it there is no: the examples of the Home tab",
    ]


def test_slack_out_of_reach_is_said_after_the_first_failure_and_once(archive, tmp_path, caplog):
    async def whole() -> None:
        async with SlackServer() as slack:
            slack.fail("cut", "auth.test", times=3)
            async with bot(slack, archive, tmp_path, desk=single()):
                asked = slack.mention(ANNA, question(1))
                await slack.until(lambda: slack.thread(asked.ts), "the answer")

    run(whole())
    said = [record for record in caplog.records if "slack cannot be reached, still trying" in record.getMessage()]
    assert len(said) == 1


def test_a_wrong_signing_secret_is_said_once_a_minute(archive, tmp_path, unused_port, caplog):
    async def whole() -> None:
        endpoint = f"http://127.0.0.1:{unused_port}/slack/events"
        async with (
            SlackServer(endpoint=endpoint) as slack,
            bot(slack, archive, tmp_path, desk=single(), port=unused_port),
        ):
            body = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}}
            for _ in range(3):
                assert (await slack.post(body, secret="another"))[0] == 401
            headers = slack.signed(json.dumps(body), slack.signing_secret)
            assert (await slack.post(body, headers=headers))[0] == 200
            assert (await slack.post(body, headers=headers))[0] == 401  # the same request again: no wrong secret

    run(whole())
    said = [record.getMessage() for record in caplog.records if "wrong signature" in record.getMessage()]
    assert said == ["a request has a wrong signature; if it came from Slack, SLACK_SIGNING_SECRET is wrong"]


@pytest.mark.parametrize(
    ("given", "well"),
    [({}, True), ({"SLACK_APP_TOKEN": "xapp-1"}, False), ({"SLACK_SIGNING_SECRET": "abc"}, False)],
    ids=["none", "app-token-alone", "secret-alone"],
)
def test_the_doctor_is_not_content_with_one_token_of_two(monkeypatch, given, well):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    [found] = check_slack(load())
    assert found.ok is well
    assert "SLACK_BOT_TOKEN is not set" in found.message
