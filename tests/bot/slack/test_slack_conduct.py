"""Conduct in Slack: one question gets one answer, whatever is repeated, lost, refused, dropped or killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from newsroom import DRIVER, ROOT, question
from slack_room import bot, run, single
from slack_server import ANNA, BELA, BOT, NEWS, SECRET, TEAM, SlackServer

from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal, journal_at
from bot.journal.processes import Owner
from bot.slack.bot import Rules
from bot.slack.process import Tokens, serve
from deploy.copy_archive import copy_catalog
from index.archive import Archive
from index.errors import SettingsError
from index.store.catalog import exists

ABOUT_1 = question(1)


# --- repeated, twinned, shared ---


@pytest.mark.both
def test_a_question_delivered_four_times_through_two_processes_gets_one_answer(archive, tmp_path):
    async def whole() -> None:
        async with (
            SlackServer() as slack,
            bot(slack, archive, tmp_path, desk=single()),
            bot(slack, archive, tmp_path, desk=single()),
        ):
            await slack.until(lambda: len(slack.sockets) == 2, "both are connected")
            asked = slack.mention(ANNA, ABOUT_1)
            told = [
                delivery
                for delivery in slack.deliveries
                if delivery.payload["event"]["type"] in ("app_mention", "message")
            ]
            assert len(told) == 2
            for _ in range(3):
                for delivery in told:
                    slack.again(delivery)
            await slack.until(lambda: slack.thread(asked.ts), "the answer")
            await slack.quiet()
            assert len(slack.thread(asked.ts)) == 1
            assert len(slack.made("chat.postMessage")) == 1
            assert slack.wrong == []

    run(whole())


@pytest.mark.parametrize("how", ["close", "fin", "rst", "freeze"])
def test_a_question_asked_when_the_socket_drops_is_answered_once(archive, tmp_path, how, monkeypatch):
    monkeypatch.setattr("bot.slack.process._PING", 0.2)

    async def whole() -> None:
        async with (
            SlackServer(patience=1.0, retries=(0.2, 0.5, 1, 2, 4, 8)) as slack,
            bot(slack, archive, tmp_path, desk=single()),
        ):
            earlier = slack.mention(ANNA, ABOUT_1)
            await slack.drop(how)
            asked = slack.mention(BELA, ABOUT_1)
            await slack.until(lambda: slack.thread(asked.ts) and slack.thread(earlier.ts), "the answers")
            await slack.until(lambda: asked.acked, "the acknowledgement")
            await slack.quiet()
            assert len(slack.thread(asked.ts)) == len(slack.thread(earlier.ts)) == 1
            assert [
                fault for fault in slack.wrong if "acknowledged after" not in fault
            ] == []  # what the lost socket carried came again

    run(whole())


# --- Slack in trouble ---


@pytest.mark.parametrize("kind", ["429", "500", "html", "lost", "cut"])
@pytest.mark.parametrize(
    "method", ["chat.postMessage", "chat.update", "chat.delete", "assistant.threads.setStatus", "users.info"]
)
def test_a_method_that_fails_is_repeated_and_nothing_is_posted_twice(archive, tmp_path, kind, method):
    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=single()) as room:
            fault = slack.fail(kind, method, times=2, wait="0.2")
            asked = slack.mention(ANNA, ABOUT_1)
            await slack.until(lambda: slack.thread(asked.ts), "the answer")
            await slack.until(lambda: room.journal.by_key(f"{NEWS}:{asked.ts}").state == "answered", "the end")
            slack.edit(NEWS, asked.ts, f"<@{BOT}> another question about ships")
            await slack.until(
                lambda: slack.made("chat.update") and room.journal.by_key(f"{NEWS}:{asked.ts}").state == "answered",
                "the new answer",
            )
            assert len(slack.thread(asked.ts)) == 1
            slack.delete(NEWS, asked.ts)
            await slack.until(lambda: room.journal.by_key(f"{NEWS}:{asked.ts}").state == "removed", "the removal")
            assert slack.thread(asked.ts) == []
            await slack.quiet()
            assert fault.times < 2
            assert [fault for fault in slack.wrong if "posted twice" in fault] == []
            assert slack.stuck() == []

    run(whole())


def test_a_channel_that_is_closed_to_us_ends_the_question_quietly(archive, tmp_path):
    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=single()) as room:
            asked = slack.mention(ANNA, ABOUT_1)
            slack.members[NEWS].discard(BOT)
            await slack.until(
                lambda: (found := room.journal.by_key(f"{NEWS}:{asked.ts}")) and found.state == "failed", "the end"
            )

    run(whole())


# --- many at once ---


def test_more_questions_than_hands_wait_their_turn_visibly(archive, tmp_path):
    desk = single()

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, Rules(per_user=1), desk) as room:
            await slack.until(lambda: desk.asked, "the desk is there")
            await slack.quiet()
            desk.open.clear()
            for number in range(14):
                slack.people[f"U{number:03}X"] = {"id": f"U{number:03}X", "team_id": TEAM}
            places = [(f"U{number:03}X", NEWS if number % 2 else SECRET) for number in range(14)] + [
                (ANNA, NEWS),
                (ANNA, SECRET),
            ]
            slack.members[NEWS] |= {user for user, _ in places}
            everyone = [(channel, slack.mention(user, ABOUT_1, channel)) for user, channel in places]
            await slack.until(
                lambda: all((channel, one.ts) in slack.statuses for channel, one in everyone), "a sign for everyone"
            )
            shown = list(slack.statuses.values())
            assert shown.count("is searching the articles…") >= 8
            assert any(status.endswith("before yours") for status in shown)
            desk.open.set()
            await slack.until(lambda: all(slack.thread(one.ts, channel) for channel, one in everyone), "every answer")
            assert all(len(slack.thread(one.ts, channel)) == 1 for channel, one in everyone)
            await slack.quiet()
            assert slack.stuck() == []
            assert slack.wrong == []  # five in five seconds is what a channel takes
            assert room.journal.waiting(room.owner.name) == []

    run(whole())


def test_one_person_with_many_questions_does_not_keep_others_waiting(archive, tmp_path):
    desk = single()

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, Rules(per_user=1), desk):
            await slack.until(lambda: desk.asked, "the desk is there")
            await slack.quiet()
            desk.open.clear()
            many = [slack.mention(ANNA, ABOUT_1, SECRET) for _ in range(60)]
            await slack.until(lambda: all(one.acked for one in many), "the acknowledgements")
            before = len(desk.asked)
            slack.mention(BELA, "where is the other ship?")
            await slack.until(
                lambda: any(request.question.startswith("where is") for request in desk.asked[before - 1 :]),
                "the other person's turn",
            )
            desk.open.set()

    run(whole())


# --- the end of the process ---


@pytest.mark.both
def test_running_answers_are_finished_and_waiting_ones_left_to_the_next_process(archive, tmp_path):
    desk = single()

    async def whole() -> None:
        async with SlackServer() as slack:
            async with bot(slack, archive, tmp_path, Rules(per_user=1), desk) as room:
                await slack.until(lambda: desk.asked, "the desk is there")
                await slack.quiet()
                desk.open.clear()
                before = len(desk.asked)
                first, second = slack.mention(ANNA, ABOUT_1), slack.mention(ANNA, "and ship 2, where did it go?")
                await slack.until(
                    lambda: len(desk.asked) > before and len(room.journal.waiting(room.owner.name)) == 1,
                    "one in hand, one waiting",
                )
                asyncio.get_running_loop().call_later(0.3, desk.open.set)
            assert len(slack.thread(first.ts)) + len(slack.thread(second.ts)) == 1
            assert slack.stuck() == []
            async with bot(slack, archive, tmp_path, desk=single()):
                await slack.until(
                    lambda: slack.thread(first.ts) and slack.thread(second.ts), "the answer of the next process"
                )
                await slack.quiet()
            assert len(slack.thread(first.ts)) == len(slack.thread(second.ts)) == 1
            assert slack.wrong == []

    run(whole())


def test_the_queue_ends_when_it_is_cancelled_just_as_a_question_wakes_it(archive, tmp_path):
    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path) as one:
            for ticks in range(8):  # turns of the event loop between the waking and the end
                queue = asyncio.create_task(one.queue.run())
                await slack.until(lambda: one.desk.trouble is None, "the desk is there")
                await slack.quiet()
                one.queue.wake()
                for _ in range(ticks):
                    await asyncio.sleep(0)
                queue.cancel()
                ended, _ = await asyncio.wait({queue}, timeout=5)
                assert ended, ticks

    run(whole())


def test_an_event_that_comes_while_the_process_ends_is_left_to_the_next(archive, tmp_path):
    async def whole() -> None:
        async with SlackServer(patience=0.3, retries=(0.2, 0.5, 1, 2, 4)) as slack:
            async with bot(slack, archive, tmp_path, desk=single()) as room:
                room.queue.closing = True
                asked = slack.mention(ANNA, ABOUT_1)
                await slack.until(lambda: asked.attempts, "the delivery")
                assert room.journal.by_key(f"{NEWS}:{asked.ts}") is None
            async with bot(slack, archive, tmp_path, desk=single()):
                await slack.until(lambda: slack.thread(asked.ts), "the answer")
                await slack.until(lambda: asked.acked, "the acknowledgement")
                await slack.quiet()
            assert len(slack.thread(asked.ts)) == 1

    run(whole())


@pytest.mark.parametrize("where", ["bot.desk_threads.archive_versions", "bot.slack.messages.blocks.answer"])
def test_an_error_of_our_own_ends_in_an_apology(archive, tmp_path, where, monkeypatch):
    real = {
        "bot.desk_threads.archive_versions": None,
        "bot.slack.messages.blocks.answer": __import__("bot.slack.messages.blocks", fromlist=["answer"]).answer,
    }[where]
    calls = []

    def broken(*given, **more):
        calls.append(1)
        if len(calls) == 1 or real is None:
            raise KeyError("harbour")
        return real(*given, **more)

    monkeypatch.setattr(where, broken)

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path, desk=single()):
            asked = slack.mention(ANNA, ABOUT_1)
            [shown] = await slack.until(lambda: slack.seen(asked.ts), "the apology")
            assert shown.startswith("Sorry")
            assert "harbour" not in shown

    run(whole())


def environment(slack: SlackServer, archive: Path, folder: Path) -> dict[str, str]:
    """A data folder of its own for the journal, over the archive of the module; where the settings name a database,
    over a copy in it.
    """
    database = os.environ.get("NEWSDESK_CATALOG__URL")
    if database and not exists(database):
        with contextlib.closing(Archive(archive)) as opened:
            copy_catalog(opened.catalog, database)
    for entry in archive.iterdir():
        target = folder / entry.name
        if not target.exists() and entry.name not in ("bots",) and not entry.name.startswith("journal"):
            target.symlink_to(entry)
    tokens = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.url,
        "NEWSDESK_DATA_DIR": str(folder),
    }
    return {**os.environ, **tokens, "PYTHONPATH": f"{ROOT}{os.pathsep}{DRIVER.parent}"}


def started(slack: SlackServer, archive: Path, folder: Path, log: Any = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(DRIVER), "bot"], env=environment(slack, archive, folder), cwd=folder, stderr=log
    )


# A method and whether the process dies when Slack has heard of the call or when it has carried it out.
MOMENTS = [
    ("users.info", "before"),
    ("users.info", "after"),
    ("assistant.threads.setStatus", "before"),
    ("assistant.threads.setStatus", "after"),
    ("chat.postMessage", "before"),
    ("chat.postMessage", "after"),
]


@pytest.mark.both
@pytest.mark.slow
@pytest.mark.timeout(280)
def test_a_process_killed_at_any_moment_leaves_one_answer_to_the_next(archive, tmp_path, database):
    """One process after another is killed (SIGKILL) in the middle of a question; the one after it answers, once."""

    async def whole() -> None:
        async with SlackServer(retries=(0.1, 0.3, 1, 2, 4)) as slack:
            folder = tmp_path / "data"
            asked = []
            process = started(slack, archive, folder)
            for method, when in MOMENTS:
                await slack.until(lambda: slack.sockets, "the bot connects")

                def kill(called: str, at: str, method: str = method, when: str = when, process: Any = process) -> None:
                    if (called, at) == (method, when):
                        slack.on_call = None
                        process.kill()

                await slack.until(lambda: all(slack.thread(one.ts) for one in asked), "the answers so far")
                await slack.quiet(0.2)
                slack.on_call = kill
                asked.append(slack.mention(ANNA if len(asked) % 2 else BELA, ABOUT_1))
                await slack.until(lambda process=process: process.poll() is not None, f"killed at {method} {when}")
                process = started(slack, archive, folder)
            journal = Journal(journal_at(database, folder))
            await slack.until(
                lambda: all((kept := journal.by_key(f"{NEWS}:{one.ts}")) and kept.state == "answered" for one in asked),
                "every answer",
            )
            journal.close()
            await slack.quiet()
            assert [len(slack.thread(one.ts)) for one in asked] == [1] * len(asked)
            # What a dead process did not acknowledge comes again, and nobody knows how fast the one before had posted.
            excused = ("acknowledged after", "calls in 5 s")
            assert [fault for fault in slack.wrong if not any(words in fault for words in excused)] == []
            assert slack.stuck() == []
            process.send_signal(signal.SIGTERM)
            await slack.until(lambda: process.poll() is not None, "the end")
            assert process.returncode == 0

    asyncio.run(asyncio.wait_for(whole(), 270))  # seven processes start one after another


@pytest.mark.slow
def test_the_log_of_a_process_holds_no_words_of_a_question_and_it_ends_with_0(archive, tmp_path):
    async def whole() -> None:
        async with SlackServer() as slack:
            with (tmp_path / "log").open("wb") as log:
                process = started(slack, archive, tmp_path / "data", log)
                await slack.until(lambda: slack.sockets, "the bot connects")
                asked = [
                    slack.mention(ANNA, "Where is the xylophone of harbour1?"),
                    slack.say(BELA, f"D{BELA}", "a xylophone?"),
                    slack.mention(BELA, "hi xylophone <!channel>"),
                ]
                command = slack.command(ANNA, NEWS, "a xylophone in harbour2")
                slack.tell(
                    {"type": "app_home_opened", "user": ANNA, "channel": f"D{ANNA}", "tab": "xylophone"},
                    "app_home_opened",
                )
                await slack.until(lambda: command.acked and slack.whispers, "the private answer")
                await slack.until(
                    lambda: slack.thread(asked[0].ts) and slack.thread(asked[1].ts, f"D{BELA}"), "the answers"
                )
                process.send_signal(signal.SIGTERM)
                await slack.until(lambda: process.poll() is not None, "the end")
            assert process.returncode == 0
            told = (tmp_path / "log").read_text()
            assert "heard question=" in told
            for word in ("xylophone", "harbour", slack.bot_token, slack.app_token):
                assert word not in told

    run(whole())


@pytest.mark.parametrize(("name", "value"), [("SLACK_BOT_TOKEN", "xoxb-wrong"), ("SLACK_APP_TOKEN", "xapp-wrong")])
def test_a_token_that_slack_refuses_ends_the_process_with_its_name(archive, tmp_path, name, value):
    async def whole() -> None:
        async with SlackServer() as slack:
            tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, name: value}
            with pytest.raises(SettingsError, match=f"{name} .invalid_auth."):
                await serve(
                    Tokens(tokens["SLACK_BOT_TOKEN"], tokens["SLACK_APP_TOKEN"], url=slack.url),
                    lambda: (single(), Archive(archive)),
                    tmp_path,
                    Rules(),
                    1,
                )

    run(whole())


# --- what was missed ---


@pytest.mark.both
def test_what_was_asked_while_nobody_was_up_is_answered_once_unless_too_old(archive, tmp_path, database):
    async def whole() -> None:
        async with SlackServer() as slack:
            async with bot(slack, archive, tmp_path, desk=single()) as room:
                known = slack.mention(ANNA, ABOUT_1)
                await slack.until(lambda: slack.thread(known.ts), "the answer")
                await slack.until(lambda: room.journal.by_key(f"{NEWS}:{known.ts}").state == "answered", "the end")
            journal = Journal(journal_at(database, tmp_path))
            journal.put_fact("last_seen", str(time.time() - 3 * 86_400))
            journal.close()
            old = f"{int(time.time()) - 86_400}.000001"
            slack.messages[NEWS][old] = {
                "type": "message",
                "ts": old,
                "user": ANNA,
                "text": f"<@{BOT}> {ABOUT_1}",
                "team": TEAM,
            }
            missed = slack.mention(BELA, ABOUT_1, deliver=False)
            direct = slack.say(BELA, f"D{BELA}", ABOUT_1, deliver=False)
            follow_up = slack.say(ANNA, NEWS, "Where did the ship go?", known.ts, deliver=False)
            chat = slack.say(ANNA, NEWS, "nice weather", deliver=False)
            changed = slack.messages[NEWS][known.ts]
            changed |= {"text": f"<@{BOT}> another question", "edited": {"ts": slack._ts()}}
            async with bot(slack, archive, tmp_path, desk=single()):
                await slack.until(
                    lambda: (
                        slack.thread(missed.ts)
                        and slack.thread(direct.ts, f"D{BELA}")
                        and len(slack.thread(known.ts)) == 2
                    ),
                    "the answers",
                )
                await slack.quiet()
            assert [len(slack.thread(ts)) for ts in (known.ts, missed.ts, old, chat.ts)] == [2, 1, 0, 0]
            assert follow_up.ts > known.ts
            assert len(slack.made("chat.update")) == 1  # the question that was edited meanwhile
            async with bot(slack, archive, tmp_path, desk=single()):
                await slack.quiet(1)
            assert [len(slack.thread(ts)) for ts in (known.ts, missed.ts)] == [2, 1]
            assert slack.wrong == []

    run(whole())


@pytest.mark.both
def test_ask_is_answered_privately_also_by_the_process_after_the_one_that_died(archive, tmp_path, database):
    async def whole() -> None:
        async with SlackServer() as slack:
            journal = Journal(journal_at(database, tmp_path))
            mine = journal.claim(
                JournalEntry(
                    "command:1",
                    "command",
                    NEWS,
                    "1",
                    "",
                    ANNA,
                    ABOUT_1,
                    reply_url=f"{slack.origin}/reply/{NEWS}/{ANNA}",
                ),
                "dead",
            )
            assert mine
            journal.start(mine.id, "dead")
            journal.close()
            async with bot(slack, archive, tmp_path, desk=single()) as room:
                [private] = await slack.until(lambda: slack.whispers, "the private answer")
                await slack.until(lambda: room.journal.by_id(mine.id).state == "answered", "the end")
                assert room.journal.by_id(mine.id).reply_url == ""
            assert private["user"] == ANNA
            assert not [message for message in slack.messages[NEWS].values() if message.get("bot_id")]

    run(whole())


def test_a_first_start_answers_nothing_of_the_past(archive, tmp_path):
    async def whole() -> None:
        async with SlackServer() as slack:
            before = slack.mention(ANNA, ABOUT_1, deliver=False)
            async with bot(slack, archive, tmp_path, desk=single()) as room:
                await slack.until(lambda: room.journal.fact("last_seen"), "the start")
                await slack.quiet()
            assert slack.thread(before.ts) == []

    run(whole())


# --- over HTTP ---


def test_http_mode_takes_signed_requests_once_and_no_others(archive, tmp_path, unused_port):
    async def whole() -> None:
        endpoint = f"http://127.0.0.1:{unused_port}/slack/events"
        async with (
            SlackServer(endpoint=endpoint) as slack,
            bot(slack, archive, tmp_path, desk=single(), port=unused_port),
        ):
            asked = slack.mention(ANNA, ABOUT_1)
            await slack.until(lambda: slack.thread(asked.ts), "the answer")
            challenge = {"type": "url_verification", "challenge": "c" * 20, "token": "x"}
            assert await slack.post(challenge) == (200, '{"challenge": "' + "c" * 20 + '"}')
            fresh = {**asked.payload, "event_id": "Ev-other", "event": {**asked.payload["event"], "ts": "1.1"}}
            assert (await slack.post(fresh, secret="another"))[0] == 401
            assert (await slack.post(fresh, age=301))[0] == 401
            headers = slack.signed(json.dumps(fresh), slack.signing_secret)
            assert (await slack.post(fresh, headers=headers))[0] == 200
            assert (await slack.post(fresh, headers=headers))[0] == 401  # the same request again
            assert (await slack.post(fresh, headers={**headers, "X-Slack-Retry-Num": "1"}))[
                0
            ] == 200  # Slack's repetition of an event
            await slack.quiet()
            assert slack.wrong == []

    run(whole())


# --- the journal ---


@pytest.mark.both
def test_a_question_is_claimed_by_one_of_many(tmp_path, database):
    first, second = Journal(journal_at(database, tmp_path)), Journal(journal_at(database, tmp_path))
    asked = JournalEntry("C1:1.1", "mention", "C1", "1.1", "1.1", "U1", "q")
    assert first.claim(asked, "a", "Ev1")
    assert second.claim(asked, "b", "Ev2") is None
    assert second.claim(JournalEntry("C1:1.2", "mention", "C1", "1.2", "1.2", "U1", "q"), "b", "Ev1") is None
    assert [one.key for one in first.waiting("a")] == ["C1:1.1"]
    assert second.waiting("b") == []


@pytest.mark.both
def test_an_owner_lives_until_its_process_ends(tmp_path):
    here = Owner(tmp_path)
    other = Owner(tmp_path)
    assert here.is_alive(other.name)
    other.close()
    assert not here.is_alive(other.name)
    code = "import os; from pathlib import Path; from bot.journal.processes import Owner; "
    code += f"print(Owner(Path({str(tmp_path)!r})).name, flush=True); os.kill(os.getpid(), 9)"
    name = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    assert name
    assert (tmp_path / "bots" / f"{name}.lock").exists()
    assert not here.is_alive(name)
    here.close()


@pytest.mark.both
def test_questions_of_a_dead_process_change_hands_and_those_of_a_living_one_do_not(tmp_path, database):
    journal = Journal(journal_at(database, tmp_path))
    for number in range(3):
        journal.claim(JournalEntry(f"C1:1.{number}", "mention", "C1", f"1.{number}", f"1.{number}", "U1", "q"), "dead")
    in_hand = journal.start(journal.waiting("dead")[0].id, "dead")
    assert in_hand
    assert journal.other_owners("me") == {"dead"}
    assert [one.id for one in journal.take_over("dead", "me")] == [in_hand.id]
    assert len(journal.waiting("me")) == 3
    assert journal.other_owners("me") == set()
    assert not journal.is_current(in_hand)
    assert not journal.finish(in_hand, "answered")
    assert journal.start(in_hand.id, "dead") is None
    again = journal.start(in_hand.id, "me")
    assert again
    assert not journal.finish(in_hand, "answered")
    assert journal.finish(again, "answered")
