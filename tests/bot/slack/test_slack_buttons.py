"""What follows an answer: sharing it, asking on under it, asking a person, saying why it was bad, windows in time."""

from __future__ import annotations

import json
import time

import pytest
from newsroom import question
from slack_room import Scripted, answered, article, bot, draft, refused, run, single
from slack_server import ANNA, BELA, NEWS, SlackServer, seen

from bot.journal.journal import Journal
from bot.slack.bot import Rules
from bot.slack.messages.text import end_of
from bot.slack.queue import _not_too_often
from bot.slack.status import status_of

ABOUT_1 = question(1)


def scenario(play, archive, folder, rules=None, desk=None):
    async def whole() -> None:
        async with SlackServer() as slack:
            async with bot(slack, archive, folder, rules, desk) as room:
                await play(slack, room)
                await slack.quiet()
            assert slack.wrong == slack.refused() == slack.stuck() == []

    run(whole())


def of_bot(slack: SlackServer, channel: str) -> list[dict]:
    return [message for message in slack.messages[channel].values() if message.get("bot_id")]


def test_the_share_button_goes_when_it_was_pressed_and_people_ask_on_under_the_answer(archive, tmp_path):
    found = answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")])

    async def play(slack, room):
        slack.command(ANNA, NEWS, "When did the ship leave?")
        [private] = await slack.until(lambda: slack.whispers, "the private answer")
        assert "(Share to channel)" in seen(private["blocks"])
        slack.press(ANNA, "share", private)
        [shared] = await slack.until(lambda: of_bot(slack, NEWS), "the shared answer")
        replaced = await slack.until(
            lambda: [call for call in slack.made("response_url") if call.arguments.get("replace_original")], "the rest"
        )
        assert "Share to channel" not in json.dumps(replaced[0].arguments)
        assert "The ship left on Monday." in seen(replaced[0].arguments["blocks"])
        slack.say(BELA, NEWS, "Which ship left on Monday?", shared["ts"])
        await slack.until(lambda: len(slack.thread(shared["ts"])) == 1, "the answer below")

    scenario(play, archive, tmp_path, desk=Scripted(*[found] * 6))


def test_a_refused_ask_offers_a_person_and_feedback_and_asks_in_private(archive, tmp_path):
    async def play(slack, room):
        slack.may_ping |= {BELA}
        slack.command(ANNA, NEWS, "How many pandas live in the zoo?")
        [private] = await slack.until(lambda: slack.whispers, "the refusal")
        assert seen(private["blocks"]).splitlines() == ["The articles do not say.", "(Ask a person)"]
        assert private["blocks"][-1]["type"] == "context_actions"
        slack.press(ANNA, "ask_person", private)
        [asked] = await slack.until(lambda: of_bot(slack, f"D{BELA}"), "the person is asked")
        assert "pandas" in seen(asked["blocks"])
        await slack.until(lambda: len(slack.whispers) == 2, "a word")
        slack.press(ANNA, "ask_person", private)
        await slack.until(lambda: len(slack.whispers) == 3, "another word")
        assert [seen(one["blocks"]) for one in slack.whispers[1:]] == [
            "They have been asked.",
            "They have been asked already.",
        ]
        assert of_bot(slack, NEWS) == []
        assert len(of_bot(slack, f"D{BELA}")) == 1

    scenario(play, archive, tmp_path, Rules(ask_a_person=BELA), Scripted(refused("q")))


def test_a_group_is_not_offered_where_it_cannot_read_the_question(archive, tmp_path):
    async def play(slack, room):
        slack.command(ANNA, NEWS, "How many pandas live in the zoo?")
        [private] = await slack.until(lambda: slack.whispers, "the refusal")
        asked = slack.say(ANNA, f"D{ANNA}", "How many pandas live in the zoo?")
        [direct] = await slack.until(lambda: slack.seen(asked.ts, f"D{ANNA}"), "the refusal")
        assert "Ask a person" not in direct + seen(private["blocks"])

    scenario(play, archive, tmp_path, Rules(ask_a_person="S0DESK"), Scripted(refused("q")))


def test_the_window_that_asks_why_says_thanks(archive, tmp_path):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT_1)
        [message] = await slack.until(lambda: slack.thread(asked.ts), "the answer")
        slack.press(ANNA, "feedback", message, side="negative")
        [window] = await slack.until(lambda: slack.windows, "the window that asks why")
        sent = slack.submit(ANNA, window, reason="The harbour is another one")
        await slack.until(lambda: sent.acked, "the acknowledgement")
        assert sent.reply["response_action"] == "update"
        assert "Your reason is stored" in seen(sent.reply["view"]["blocks"])

    scenario(play, archive, tmp_path)


@pytest.mark.parametrize("kind", ["429", "500"])
def test_a_window_that_would_come_too_late_is_not_tried_and_the_person_is_told(archive, tmp_path, kind, monkeypatch):
    monkeypatch.setattr("bot.slack.web_api.api._TRIGGER_LIVES", 0.3)

    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT_1)
        [message] = await slack.until(lambda: slack.thread(asked.ts), "the answer")
        slack.fail(kind, "views.open", times=9, wait="5")
        slack.press(BELA, "passages", message)
        [told] = await slack.until(lambda: slack.whispers, "a word")
        assert (told["user"], seen(told["blocks"])) == (BELA, "That took too long for Slack. Please press again.")
        assert slack.windows == []
        slack.calls = [call for call in slack.calls if call.method != "views.open"]

    scenario(play, archive, tmp_path)


def test_a_very_long_message_is_read_from_its_end(archive, tmp_path):
    desk = single()

    async def play(slack, room):
        asked = slack.mention(ANNA, f"{'This is what the wire said about the harbour. ' * 80}When did the ship leave?")
        [shown] = await slack.until(lambda: slack.seen(asked.ts), "the answer")
        assert "The ship left on Monday." in shown
        [read] = {one.question for one in desk.asked if one.question.endswith("When did the ship leave?")}
        assert read.startswith("This is what the wire said")
        assert len(read) <= 2_000

    scenario(play, archive, tmp_path, desk=desk)


def test_the_end_of_a_text_begins_with_a_sentence_or_a_word():
    assert end_of("short", 10) == "short"
    assert end_of("One is here. Two is there. Why?", 22) == "Two is there. Why?"
    assert end_of("one two three four five", 12) == "four five"
    assert end_of("x" * 30, 10) == "x" * 10


def test_a_status_says_how_long_the_wait_is():
    assert status_of(0) == "is searching the articles…"
    assert status_of(1) == "has 1 question before yours"
    assert status_of(92) == "has 92 questions before yours, about 2 min"


@pytest.mark.parametrize("name", ["histories", "replies"])
def test_a_bot_that_is_started_again_at_once_reads_slack_no_faster(tmp_path, name, monkeypatch):
    monkeypatch.setattr("bot.slack.queue._MINUTE", 0.4)
    journal = Journal(tmp_path / "journal.sqlite3")
    journal.put_fact(name, json.dumps([(time.time(), 40)]))
    run(_not_too_often(journal, name, 10))
    # only what was called within the window is kept: the earlier calls have left it
    assert [calls for _, calls in json.loads(journal.fact(name) or "")] == [10]
    journal.close()
