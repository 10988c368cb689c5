"""Answers that grow in Slack while a model writes, and what becomes of them when a stream breaks off."""

from __future__ import annotations

from typing import Any

import pytest
from newsroom import question
from slack_room import Streaming, answered, article, bot, draft, run, single
from slack_server import ANNA, BOT, NEWS, SlackServer

from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal, journal_at

ABOUT_1 = question(1)


def reply(count: int, letters: int = 60) -> Any:
    sentences = [f"Sentence {number} says {'x' * letters}." for number in range(count)]
    source = article("\n".join(sentences))
    return answered("q", [draft(source, sentence) for sentence in sentences], "llm")


@pytest.fixture
def quick_flush(monkeypatch):
    monkeypatch.setattr("bot.slack.streaming._FLUSH", 0.0)


@pytest.mark.usefixtures("quick_flush")
def test_a_streamed_answer_grows_sentence_by_sentence_and_ends_with_its_sources(archive, tmp_path):
    desk = Streaming(reply(3))

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=desk) as room:
            asked = slack.mention(ANNA, ABOUT_1)
            for number in range(3):
                desk.may.release()
                await slack.until(
                    lambda number=number: (
                        slack.thread(asked.ts) and f"Sentence {number}" in slack.thread(asked.ts)[0]["text"]
                    ),
                    "the next sentence",
                )
                assert slack.thread(asked.ts)[0]["streaming_state"] == "in_progress" or number == 2
            await slack.until(
                lambda: slack.thread(asked.ts)[0]["streaming_state"] == "completed", "the end of the stream"
            )
            await slack.until(lambda: room.journal.by_key(f"{NEWS}:{asked.ts}").state == "answered", "the end")
            [shown] = slack.seen(asked.ts)
            assert "[3] Harbour Courier, 3 Mar 2025: A headline" in shown
            assert slack.refused() == slack.wrong == slack.stuck() == []

    run(whole())


@pytest.mark.usefixtures("quick_flush")
def test_a_long_streamed_answer_goes_on_in_a_new_message(archive, tmp_path):
    desk = Streaming(reply(30, 600))

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=desk) as room:
            desk.may.release(100)
            asked = slack.mention(ANNA, ABOUT_1)
            await slack.until(
                lambda: (found := room.journal.by_key(f"{NEWS}:{asked.ts}")) and found.state == "answered", "the end"
            )
            shown = "\n".join(slack.seen(asked.ts))
            assert len(slack.thread(asked.ts)) >= 3
            assert all(f"Sentence {number} says {'x' * 600}." in shown for number in range(30))
            assert "[30] Harbour Courier" in shown
            assert not any(message.get("streaming_state") == "in_progress" for message in slack.thread(asked.ts))
            assert slack.refused() == slack.wrong == slack.stuck() == []

    run(whole())


@pytest.mark.usefixtures("quick_flush")
@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
@pytest.mark.parametrize("kind", ["429", "500", "html", "lost", "cut"])
def test_a_stream_that_breaks_off_becomes_one_whole_plain_answer(archive, tmp_path, method, kind):
    desk = Streaming(reply(3))

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=desk) as room:
            slack.fail(kind, method)
            desk.may.release(3)
            asked = slack.mention(ANNA, ABOUT_1)
            await slack.until(
                lambda: (found := room.journal.by_key(f"{NEWS}:{asked.ts}")) and found.state == "answered", "the end"
            )
            [shown] = slack.seen(asked.ts)
            assert all(f"Sentence {number}" in shown for number in range(3))
            assert "[3] Harbour Courier" in shown
            assert slack.thread(asked.ts)[0].get("streaming_state") != "in_progress"
            assert slack.wrong == slack.stuck() == []

    run(whole())


@pytest.mark.usefixtures("quick_flush")
def test_the_stop_button_stops_the_stream_and_the_work(archive, tmp_path):
    desk = Streaming(reply(5))

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=desk) as room:
            desk.may.release()
            asked = slack.say(ANNA, f"D{ANNA}", ABOUT_1)
            await slack.until(lambda: slack.thread(asked.ts, f"D{ANNA}"), "the first sentence")
            slack.stop(ANNA, f"D{ANNA}", asked.ts)
            await slack.until(lambda: room.journal.by_key(f"D{ANNA}:{asked.ts}").state == "stopped", "the stop")
            desk.may.release(5)
            await slack.until(desk.closed.is_set, "the work ends")
            await slack.quiet()
            [message] = slack.thread(asked.ts, f"D{ANNA}")
            assert "Sentence 4" not in message["text"]
            assert slack.wrong == slack.stuck() == []

    run(whole())


@pytest.mark.both
@pytest.mark.usefixtures("quick_flush")
def test_a_half_streamed_answer_of_a_dead_process_is_made_whole(archive, tmp_path, database):
    async def whole() -> None:
        async with SlackServer() as slack:
            asked = slack.mention(ANNA, ABOUT_1, deliver=False)
            half = slack._store(
                NEWS,
                {"user": BOT, "bot_id": "B0BOT", "text": "Sentence 0", "blocks": [], "streaming_state": "in_progress"},
                asked.ts,
            )
            orphan = slack._store(
                NEWS,
                {"user": BOT, "bot_id": "B0BOT", "text": "Sent", "blocks": [], "streaming_state": "in_progress"},
                asked.ts,
            )
            journal = Journal(journal_at(database, tmp_path))
            mine = journal.claim(
                JournalEntry(f"{NEWS}:{asked.ts}", "mention", NEWS, asked.ts, asked.ts, ANNA, ABOUT_1), "dead"
            )
            assert mine
            journal.start(mine.id, "dead")
            journal.note_messages(mine.id, [half["ts"]])
            journal.close()
            async with bot(slack, archive, tmp_path, desk=single()) as room:
                await slack.until(lambda: room.journal.by_id(mine.id).state == "answered", "the end")
            [message] = slack.thread(asked.ts)
            assert message["ts"] == half["ts"] != orphan["ts"]
            assert "The ship left on Monday. [1]" in slack.seen(asked.ts)[0]
            assert slack.wrong == slack.stuck() == []

    run(whole())
