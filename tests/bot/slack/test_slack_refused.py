"""When Slack says no: an answer that may not be posted, and tokens that are refused while the bot runs."""

from __future__ import annotations

import pytest
from newsroom import question
from slack_room import Streaming, answered, article, bot, draft, run, single
from slack_server import ANNA, BELA, BOT, NEWS, SlackServer, seen

from bot.slack.process import readiness_checks

ABOUT_1 = question(1)
WORDS = [
    pytest.param("is_archived", "the channel is archived", id="archived"),
    pytest.param("restricted_action", "posting in the channel is restricted", id="restricted"),
    pytest.param("restricted_action_read_only_channel", "posting in the channel is restricted", id="read-only"),
    pytest.param("restricted_action_thread_locked", "the thread is locked", id="locked"),
    pytest.param("thread_locked", "the thread is locked", id="locked-by-its-old-word"),
    pytest.param("ekm_access_denied", "encryption keys", id="keys"),
    pytest.param("team_access_not_granted", "granted me access", id="team"),
    pytest.param("no_permission", "Slack does not let me", id="anything-else"),
]


@pytest.mark.parametrize("whispers", [True, False], ids=["whispered", "directly"])
@pytest.mark.parametrize(("word", "said"), WORDS)
def test_an_asker_whose_answer_may_not_be_posted_learns_why_once(archive, tmp_path, word, said, whispers):
    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=single()) as room:
            slack.closed[NEWS] = (word, whispers)
            asked = slack.mention(ANNA, ABOUT_1)
            await slack.until(
                lambda: (found := room.journal.by_key(f"{NEWS}:{asked.ts}")) and found.state == "failed", "the end"
            )
            await slack.quiet()
            direct = [message for message in slack.messages[f"D{ANNA}"].values() if message.get("bot_id")]
            [told] = slack.whispers if whispers else direct
            assert (len(slack.whispers), len(direct)) == (1, 0) if whispers else (0, 1)
            assert "I could not post my answer" in seen(told["blocks"])
            assert said in seen(told["blocks"])
            assert slack.thread(asked.ts) == []
            assert slack.stuck() == slack.wrong == []

    run(whole())


def test_an_asker_in_a_channel_that_the_bot_has_left_is_told_directly(archive, tmp_path):
    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=single()):
            slack.mention(ANNA, ABOUT_1)
            slack.members[NEWS].discard(BOT)
            [told] = await slack.until(
                lambda: [message for message in slack.messages[f"D{ANNA}"].values() if message.get("bot_id")], "a word"
            )
            assert seen(told["blocks"]).splitlines() == [
                ABOUT_1,
                "I could not post my answer: I am not in the channel. Invite me with /invite, or write to me directly.",
            ]
            await slack.quiet()
            assert slack.whispers == slack.wrong == []

    run(whole())


@pytest.mark.parametrize("word", ["token_revoked", "account_inactive", "invalid_auth"])
def test_questions_wait_in_the_journal_while_the_token_is_refused(archive, tmp_path, word, monkeypatch, caplog):
    monkeypatch.setattr("bot.slack.web_api.calls._FIRST_PAUSE", 0.1)
    monkeypatch.setattr("bot.slack.web_api.calls._LONGEST_PAUSE", 0.2)

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=single()) as room:
            check = readiness_checks(room)["slack"]
            assert (await check()).state == "ready"
            slack.refused_tokens[slack.bot_token] = word
            asked = [slack.mention(ANNA, ABOUT_1), slack.mention(BELA, ABOUT_1), slack.say(BELA, f"D{BELA}", ABOUT_1)]
            missed = slack.mention(ANNA, "where did the ship go?", deliver=False)
            await slack.until(lambda: all(one.acked for one in asked), "the acknowledgements")
            await slack.until(lambda: slack.made("auth.test")[2:], "the token is tried again")
            assert (await check()).state == "down"
            assert f"SLACK_BOT_TOKEN ({word})" in (await check()).message
            keys = [f"{NEWS}:{one.ts}" for one in asked[:2]] + [f"D{BELA}:{asked[2].ts}"]
            assert {room.journal.by_key(key).state for key in keys} == {"waiting"}
            before = len(slack.calls)
            await slack.until(lambda: len(slack.calls) > before, "another try")
            assert {call.method for call in slack.calls[before:]} == {"auth.test"}
            del slack.refused_tokens[slack.bot_token]
            await slack.until(
                lambda: all(map(slack.thread, (asked[0].ts, asked[1].ts, missed.ts))), "the answers in the channel"
            )
            await slack.until(lambda: slack.thread(asked[2].ts, f"D{BELA}"), "the direct answer")
            assert (await check()).state == "ready"
            await slack.quiet()
            assert [len(slack.thread(one.ts)) for one in (*asked[:2], missed)] == [1, 1, 1]
            assert slack.stuck() == slack.wrong == []

    run(whole())
    said = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert [record.levelname for record in said] == ["ERROR"]
    assert "SLACK_BOT_TOKEN" in said[0].getMessage()


def test_a_streamed_answer_waits_too_while_the_token_is_refused(archive, tmp_path, monkeypatch):
    monkeypatch.setattr("bot.slack.web_api.calls._FIRST_PAUSE", 0.1)
    quotes = ["The ship left on Monday.", "Nobody waved."]
    source = article(" ".join(quotes))
    desk = Streaming(answered("q", [draft(source, quote) for quote in quotes], "llm"))

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=desk) as room:
            asked = slack.mention(ANNA, ABOUT_1)
            key = f"{NEWS}:{asked.ts}"
            await slack.until(lambda: desk.asked, "the model is asked")
            slack.refused_tokens[slack.bot_token] = "token_revoked"
            for _ in range(8):
                desk.may.release()
            await slack.until(lambda: room.journal.by_key(key).state == "waiting", "the question waits")
            del slack.refused_tokens[slack.bot_token]
            await slack.until(lambda: room.journal.by_key(key).state == "answered", "the answer")
            await slack.quiet()
            assert len(slack.thread(asked.ts)) == 1
            assert slack.stuck() == slack.wrong == []

    run(whole())


def test_a_refused_app_token_is_said_once_and_the_socket_comes_back(archive, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("bot.slack.web_api.calls._FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.slack.web_api.calls._LONGEST_PAUSE", 0.1)
    monkeypatch.setattr("bot.slack.process._PING", 0.1)

    async def whole() -> None:
        async with (
            SlackServer(retries=(0.2, 0.5, 1, 2, 4, 8)) as slack,
            bot(slack, archive, tmp_path, desk=single()) as room,
        ):
            check = readiness_checks(room)["slack"]
            slack.refused_tokens[slack.app_token] = "invalid_auth"
            await slack.drop("close")
            tries = len(slack.made("apps.connections.open"))
            await slack.until(lambda: len(slack.made("apps.connections.open")) > tries, "a try")
            await slack.until(lambda: room.api.trouble, "the trouble is known")
            assert "SLACK_APP_TOKEN" in (await check()).message
            del slack.refused_tokens[slack.app_token]
            asked = slack.mention(ANNA, ABOUT_1)
            await slack.until(lambda: slack.thread(asked.ts), "the answer")
            assert room.api.trouble == ""

    run(whole())
    said = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert ["SLACK_APP_TOKEN" in record.getMessage() for record in said] == [True]


def test_an_answer_to_ask_comes_directly_when_its_address_has_run_out(archive, tmp_path):
    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=single()) as room:
            slack.replies_expired = True
            slack.command(ANNA, NEWS, ABOUT_1)
            [told] = await slack.until(
                lambda: [message for message in slack.messages[f"D{ANNA}"].values() if message.get("bot_id")], "it"
            )
            assert "The ship left on Monday." in seen(told["blocks"])
            await slack.until(lambda: not room.queue.count_running(), "the end")
            assert slack.wrong == []

    run(whole())
