"""Bots on many machines: who lives by the database's clock, what is taken over, and what a process that was only slow
may still do.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from newsroom import Newsroom, question
from slack_room import Scripted, answered, article, bot, draft, run
from slack_server import ANNA, NEWS, SlackServer

from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal


def asked(number: int) -> JournalEntry:
    return JournalEntry(f"C1:1.{number}", "mention", "C1", f"1.{number}", f"1.{number}", "U1", "q")


def test_a_lease_keeps_questions_until_it_runs_out_and_then_every_word_of_the_former_owner_is_refused(
    database: str,
) -> None:
    journal, other = Journal(database), Journal(database)
    journal.leases.renew("slow", 600)
    mine = journal.claim(asked(1), "slow")
    assert mine
    started = journal.start(mine.id, "slow")
    assert started
    assert other.leases.is_alive("slow")
    assert other.take_over("slow", "next") == []
    assert journal.is_current(started)

    journal.leases.renew("slow", 0)
    assert not other.leases.is_alive("slow")
    assert [one.id for one in other.take_over("slow", "next")] == [mine.id]
    assert journal.take_over("slow", "third") == []
    journal.leases.renew("slow", 600)
    assert not journal.is_current(started)
    assert not journal.finish(started, "answered", "{}")
    assert not journal.note_messages(mine.id, ["1.9"], "slow")
    journal.put_back(mine.id, "slow")
    [waiting] = other.waiting("next")
    assert (waiting.id, waiting.messages, waiting.attempts) == (mine.id, (), 1)
    journal.close()
    other.close()


def test_windows_are_counted_for_all_processes_together(database: str) -> None:
    one, other = Journal(database), Journal(database)
    assert other.leases.turns_left("chat.postMessage C1", 5, 60) == 5
    turns = [(one, other)[number % 2].leases.take_turn("chat.postMessage C1", 5, 60) for number in range(7)]
    assert [wait == 0 for wait, _ in turns] == [True] * 5 + [False] * 2
    assert other.leases.turns_left("chat.postMessage C1", 5, 60) == 0
    assert all(0 < wait <= 60 for wait, _ in turns[5:])
    assert other.leases.take_turn("chat.postMessage C2", 5, 60)[0] == 0
    assert one.leases.take_turn("chat.postMessage C1", 5, 1e-6)[0] == 0  # the window has passed
    one.close()
    other.close()


@pytest.fixture
def archive(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive in files, whatever the journal is in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NEWSDESK_CATALOG__URL")
        newsroom.write(1, 1)
        newsroom.ingest()
    monkeypatch.setattr("bot.slack.queue._WATCH", 0.2)
    return newsroom.archive


def test_a_process_that_was_taken_for_dead_posts_nothing_when_it_wakes(
    database: str, archive: Path, tmp_path: Path
) -> None:
    desks = [
        Scripted(answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")]))
        for _ in range(2)
    ]

    async def whole() -> None:
        async with (
            SlackServer() as slack,
            bot(slack, archive, tmp_path / "here", desk=desks[0]) as here,
            bot(slack, archive, tmp_path / "there", desk=desks[1]) as there,
        ):
            await slack.until(lambda: all(desk.asked for desk in desks), "both desks are there")
            await slack.quiet()
            for desk in desks:
                desk.open.clear()
            mention = slack.mention(ANNA, question(1))
            key = f"{NEWS}:{mention.ts}"
            found = await slack.until(
                lambda: (one := here.journal.by_key(key)) and one.state == "working" and one, "one has it in hand"
            )
            slow, next_ = (here, there) if found.owner == here.owner.name else (there, here)
            slow_desk, next_desk = (desks[0], desks[1]) if slow is here else (desks[1], desks[0])
            await slack.until(lambda: len(slow_desk.asked) > 1, "it is asked")
            slow.owner._ended.set()  # it renews no more, as if it were frozen
            slow.journal.leases.renew(slow.owner.name, 0)
            next_desk.open.set()
            await slack.until(lambda: slack.thread(mention.ts), "the answer of the other")
            await slack.until(lambda: next_.journal.by_key(key).state == "answered", "the end")
            slow_desk.open.set()
            await slack.until(lambda: not slow.queue._running, "the slow one is done")
            await slack.quiet()
            assert len(slack.thread(mention.ts)) == 1
            assert len(slack.made("chat.postMessage")) == 1
            assert next_.journal.by_key(key).owner == next_.owner.name
            assert slack.wrong == slack.stuck() == []

    run(whole())


def test_a_process_that_ended_in_good_order_leaves_what_waits_to_the_next_at_once(
    database: str, archive: Path, tmp_path: Path
) -> None:
    desk = Scripted(answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")]))

    async def whole() -> None:
        async with SlackServer() as slack:
            async with bot(slack, archive, tmp_path / "old", desk=desk) as old:
                await slack.until(lambda: desk.asked, "the desk is there")
                old.queue._per_user = 0  # nobody has a turn
                mention = slack.mention(ANNA, question(1))
                await slack.until(lambda: old.journal.by_key(f"{NEWS}:{mention.ts}"), "the claim")
            async with bot(slack, archive, tmp_path / "new", desk=desk):
                await slack.until(lambda: slack.thread(mention.ts), "the answer of the next")
            assert len(slack.thread(mention.ts)) == 1

    run(whole())
