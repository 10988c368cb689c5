"""Asking in Slack: every place where a team asks, against the project's own stand-in."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from newsroom import Newsroom, question, ships
from slack_room import Scripted, answered, article, bot, draft, refused, run
from slack_server import ANNA, BELA, BOT, ELSEWHERE, GUEST, NEWS, ROBOT, SECRET, SHARED, STRANGER, SlackServer, seen
from sqlalchemy import select

from bot.journal.tables import feedback
from bot.languages import refusal_in
from bot.slack.access import Allowed
from bot.slack.bot import Rules
from index.store import dialect

ABOUT_1, ABOUT_2 = question(1), question(2)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of five stories about ships."""
    return ships(tmp_path_factory.mktemp("slack"), 5)


def correct(slack: SlackServer) -> None:
    """What holds after every run: nothing wrong, nothing refused, no status left."""
    assert slack.wrong == []
    assert slack.refused() == []
    assert slack.stuck() == []
    assert not any(delivery.given_up for delivery in slack.deliveries)


def scenario(play, archive, folder, rules=None, desk=None):
    async def whole() -> None:
        async with SlackServer() as slack:
            async with bot(slack, archive, folder, rules, desk) as room:
                await play(slack, room)
                await slack.quiet()
            correct(slack)

    run(whole())


@pytest.mark.parametrize("channel", [NEWS, SECRET])
def test_a_mention_is_answered_once_in_its_thread(archive, tmp_path, channel):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT_1, channel)
        [shown] = await slack.until(lambda: slack.seen(asked.ts, channel), "the answer")
        assert "order a1v1 sends the vessel to harbour1." in shown
        assert "[1]" in shown
        assert "[1] no publisher, undated: A new voyage for ship1 begins" in shown
        assert "(Show passages)" in shown
        await slack.quiet()
        [message] = slack.thread(asked.ts, channel)
        assert "a1v1" in message["text"]
        assert asked.attempts == 1
        status = slack.made("assistant.threads.setStatus")[0]
        assert status.at < slack.made("chat.postMessage")[0].at
        assert status.arguments["status"]
        assert len(status.arguments["loading_messages"]) == 3

    scenario(play, archive, tmp_path)


def test_a_question_in_the_conversation_is_answered_in_its_thread_and_named(archive, tmp_path):
    async def play(slack, room):
        asked = slack.say(BELA, f"D{BELA}", ABOUT_2)
        [shown] = await slack.until(lambda: slack.seen(asked.ts, f"D{BELA}"), "the answer")
        assert "a2v1" in shown
        assert slack.titles[f"D{BELA}", asked.ts] == ABOUT_2
        further = slack.say(BELA, f"D{BELA}", "And the captain of ship3?", asked.ts)
        await slack.until(lambda: len(slack.thread(asked.ts, f"D{BELA}")) == 2, "the follow-up's answer")
        assert further.attempts == 1

    scenario(play, archive, tmp_path)


def test_a_follow_up_needs_no_mention_and_knows_what_was_asked_before(archive, tmp_path):
    desk = Scripted(answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")]))

    async def play(slack, room):
        asked = slack.mention(ANNA, "When did the ship leave?")
        await slack.until(lambda: slack.thread(asked.ts), "the answer")
        slack.say(ANNA, NEWS, "And where did it go?", asked.ts)
        await slack.until(lambda: len(slack.thread(asked.ts)) == 2, "the follow-up's answer")
        last = {request.thread for request in desk.asked if request.question == "And where did it go?"}
        assert last == {("When did the ship leave?",)}

    scenario(play, archive, tmp_path, desk=desk)


AMONG_PEOPLE = [
    pytest.param("Thanks!", id="thanks"),
    pytest.param("Can you send me the draft tomorrow?", id="to-a-person"),
    pytest.param("Shall we meet at three?", id="we"),
    pytest.param("I think that is wrong", id="opinion"),
    pytest.param(f"<@{BELA}> what does the ship carry?", id="names-somebody"),
    pytest.param("really?", id="echo"),
    pytest.param("Lunch?", id="lunch"),
    pytest.param("The captain told me so.", id="statement"),
]


@pytest.mark.parametrize("text", AMONG_PEOPLE)
def test_talk_between_people_in_its_thread_is_left_alone(archive, tmp_path, text):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT_1)
        await slack.until(lambda: slack.thread(asked.ts), "the answer")
        said = slack.say(ANNA, NEWS, text, asked.ts)
        await slack.until(lambda: said.acked, "the acknowledgement")
        await slack.quiet()
        assert len(slack.thread(asked.ts)) == 1
        assert [call for call in slack.calls if call.method != "users.info"][-1].method == "chat.postMessage"

    scenario(play, archive, tmp_path)


def test_another_persons_follow_up_is_answered_from_the_articles_or_not_at_all(archive, tmp_path):
    found = answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")])
    desk = Scripted(*[found] * 6)

    async def play(slack, room):
        asked = slack.mention(ANNA, "When did the ship leave?")
        await slack.until(lambda: slack.thread(asked.ts), "the answer")
        desk.replies = [refused("q")]
        unknown = slack.say(BELA, NEWS, "How many cats are on the ship?", asked.ts)
        await slack.until(
            lambda: any(request.question.startswith("How many cats") for request in desk.asked), "the search"
        )
        await slack.quiet()
        assert len(slack.thread(asked.ts)) == 1
        assert ("assistant.threads.setStatus", unknown.ts) not in [
            (call.method, call.arguments.get("thread_ts")) for call in slack.calls
        ]
        desk.replies = [found]
        slack.say(BELA, NEWS, "Where did the ship go?", asked.ts)
        await slack.until(lambda: len(slack.thread(asked.ts)) == 2, "the answer to the other person")

    scenario(play, archive, tmp_path, desk=desk)


def test_the_asker_too_is_left_alone_and_gains_no_rights_by_a_remark(archive, tmp_path):
    found = answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")])
    desk = Scripted(*[found] * 6)

    async def play(slack, room):
        asked = slack.mention(ANNA, "When did the ship leave?")
        await slack.until(lambda: slack.thread(asked.ts), "the answer")
        posts = len(slack.made("chat.postMessage"))
        for user, text in [
            (ANNA, "What time is the standup?"),  # the desk answers by the thread's topic; its own words are not there
            (BELA, "Who has the login?"),
            (BELA, "When did it leave?"),  # of the answer, but no longer directly below it
            (ANNA, "Is that all?"),
        ]:
            said = slack.say(user, NEWS, text, asked.ts)
            key = f"{NEWS}:{said.ts}"
            await slack.until(lambda key=key: (one := room.journal.by_key(key)) and one.state == "left", text)
        assert len(slack.made("chat.postMessage")) == posts
        assert [call.arguments["thread_ts"] for call in slack.made("assistant.threads.setStatus")] == [asked.ts]
        said = slack.say(BELA, NEWS, "Which ship left on Monday?", asked.ts)
        await slack.until(lambda: len(slack.thread(asked.ts)) == 2, "the answer to its own words")
        slack.edit(NEWS, said.ts, "Did the printer leave on Tuesday?")
        await slack.until(lambda: len(slack.thread(asked.ts)) == 1, "a remark takes the answer's place")
        slack.edit(NEWS, said.ts, f"<@{BOT}> did the printer leave on Tuesday?")
        await slack.until(lambda: len(slack.thread(asked.ts)) == 2, "a mention asks")

    scenario(play, archive, tmp_path, desk=desk)


def test_a_short_question_directly_below_an_answer_is_about_it(archive, tmp_path):
    found = answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")])

    async def play(slack, room):
        asked = slack.mention(ANNA, "When did the ship leave?")
        await slack.until(lambda: slack.thread(asked.ts), "the answer")
        slack.say(BELA, NEWS, "And when was that?", asked.ts)
        await slack.until(lambda: len(slack.thread(asked.ts)) == 2, "the follow-up's answer")

    scenario(play, archive, tmp_path, desk=Scripted(*[found] * 6))


def test_follow_ups_can_be_switched_off(archive, tmp_path):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT_1)
        await slack.until(lambda: slack.thread(asked.ts), "the answer")
        said = slack.say(ANNA, NEWS, ABOUT_2, asked.ts)
        await slack.until(lambda: said.acked, "the acknowledgement")
        await slack.quiet()
        assert len(slack.thread(asked.ts)) == 1

    scenario(play, archive, tmp_path, Rules(follow_ups=False))


def test_a_bare_mention_in_a_thread_answers_the_last_question_there(archive, tmp_path):
    async def play(slack, room):
        root = slack.say(ANNA, NEWS, "Good morning everybody").ts
        slack.say(BELA, NEWS, ABOUT_2, root)
        slack.say(ANNA, NEWS, "no idea", root)
        slack.mention(ANNA, "", thread=root)
        [shown] = await slack.until(lambda: slack.seen(root), "the answer")
        assert "a2v1" in shown

    scenario(play, archive, tmp_path)


@pytest.mark.parametrize("text", ["", "hello", "Hi there!", ":wave:", "???", "good morning", "help", "who are you?"])
def test_an_empty_or_greeting_mention_gets_a_hint_without_a_search(archive, tmp_path, text):
    desk = Scripted(refused("q"))

    async def play(slack, room):
        await slack.until(lambda: len(desk.asked) >= 5, "the examples were tried")
        before = len(desk.asked)
        asked = slack.mention(ANNA, text)
        [shown] = await slack.until(lambda: slack.seen(asked.ts), "the hint")
        assert shown.startswith("Ask me something about the 5 articles I know, and I answer with quotes from them.")
        assert len(desk.asked) == before

    scenario(play, archive, tmp_path, desk=desk)


@pytest.mark.parametrize("text", ["thanks!", "great, ta", "that helped"])
def test_thanks_and_a_copy_get_no_word(archive, tmp_path, text):
    desk = Scripted(refused("q"))

    async def play(slack, room):
        await slack.until(lambda: len(desk.asked) >= 5, "the examples were tried")
        before = len(slack.calls)
        told = [
            slack.mention(ANNA, text),
            slack.say(BELA, f"D{BELA}", text),
            slack.say(ANNA, NEWS, f"cc <@{BOT}>"),
            slack.say(ANNA, NEWS, f"<@{BELA}> fyi <@{BOT}>"),
        ]
        await slack.until(lambda: all(one.acked for one in told), "the acknowledgements")
        await slack.quiet()
        assert slack.calls[before:] == []

    scenario(play, archive, tmp_path, Rules(ask_a_person=BELA), desk)


def test_whoever_names_the_bot_in_passing_learns_once_how_to_ask(archive, tmp_path):
    async def play(slack, room):
        for text in (f"I asked <@{BOT}> yesterday about the launch", f"<@{BOT}> <https://a.example/story>"):
            said = slack.say(ANNA, NEWS, text)
            await slack.until(
                lambda said=said: (one := room.journal.by_key(f"{NEWS}:{said.ts}")) and one.state == "left", "the end"
            )
            assert slack.thread(said.ts) == []
        [told] = slack.whispers
        assert seen(told["blocks"]) == "If you want to ask me something, write the question after my name."
        assert slack.made("assistant.threads.setStatus") == []

    scenario(play, archive, tmp_path)


def test_ask_answers_one_person_who_may_share_it(archive, tmp_path):
    async def play(slack, room):
        for channel in (NEWS, ELSEWHERE):
            asked = slack.command(ANNA, channel, ABOUT_1)
            await slack.until(lambda asked=asked: asked.acked, "the acknowledgement")
            assert "Searching" in asked.reply["text"]
            [private] = await slack.until(
                lambda channel=channel: [w for w in slack.whispers if w["channel"] == channel], "the private answer"
            )
            assert "a1v1" in seen(private["blocks"])
            assert not slack.thread("", channel)
            assert not [m for m in slack.messages[channel].values() if m.get("bot_id")]
            for _ in range(2):  # a second press does nothing
                pressed = slack.press(ANNA, "share", private, channel)
                await slack.until(lambda pressed=pressed: pressed.acked, "the acknowledgement")
            [shared] = await slack.until(
                lambda channel=channel: [m for m in slack.messages[channel].values() if m.get("bot_id")],
                "the shared answer",
            )
            assert ABOUT_1 in seen(shared["blocks"])
            assert "a1v1" in seen(shared["blocks"])

    scenario(play, archive, tmp_path)


def test_ask_without_words_says_how(archive, tmp_path):
    async def play(slack, room):
        asked = slack.command(ANNA, NEWS, "  ")
        await slack.until(lambda: asked.acked, "the acknowledgement")
        assert "/ask" in asked.reply["text"]

    scenario(play, archive, tmp_path)


@pytest.mark.parametrize("channel", [NEWS, ELSEWHERE])
def test_the_shortcut_asks_what_a_message_says(archive, tmp_path, channel):
    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, archive, tmp_path):
            root = slack.say(BELA, channel, f"Does anybody know: {ABOUT_2}", deliver=False).ts
            slack.shortcut(ANNA, channel, root)
            [window] = await slack.until(lambda: slack.windows, "the window")
            assert window["blocks"][0]["element"]["initial_value"].endswith(ABOUT_2)
            submitted = slack.submit(ANNA, window, question=ABOUT_2)
            place = (root, NEWS) if channel == NEWS else ("", f"D{ANNA}")  # where we are not, the answer comes directly
            [shown] = await slack.until(
                lambda: (
                    slack.seen(*place)
                    if place[0]
                    else [seen(m["blocks"]) for m in slack.messages[place[1]].values() if m.get("bot_id")]
                ),
                "the answer",
            )
            assert "a2v1" in shown
            assert submitted.acked
            await slack.quiet()
            assert slack.wrong == []
            assert slack.stuck() == []

    run(whole())


def test_an_answer_that_is_unsure_shows_what_is_near_and_offers_a_person(archive, tmp_path):
    near = article("The ship left on Monday.", published=None)
    desk = Scripted(refused("How many waved at the ship?", [near], draft(near, "The ship left on Monday.")))

    async def play(slack, room):
        slack.may_ping |= {BELA}
        asked = slack.mention(ANNA, "How many pandas live in the zoo?")
        [shown] = await slack.until(lambda: slack.seen(asked.ts), "the refusal")
        assert shown.splitlines() == [
            "I found no sentence that says so. Closest: “The ship left on Monday.” Harbour Courier, undated: "
            "A headline",
            "(Show closest passages) (Ask a person)",
        ]
        [message] = slack.thread(asked.ts)
        slack.press(BELA, "passages", message)
        [window] = await slack.until(lambda: slack.windows, "the passages")
        assert "The ship left on Monday." in seen(window["blocks"])
        for _ in range(2):
            slack.press(ANNA, "ask_person", message)
        await slack.until(lambda: len(slack.thread(asked.ts)) == 2, "the person is asked")
        await slack.quiet()
        assert len(slack.thread(asked.ts)) == 2
        assert f"<@{BELA}>" in slack.seen(asked.ts)[1]

    scenario(play, archive, tmp_path, Rules(ask_a_person=BELA), desk)


def test_a_question_in_a_language_without_articles_is_refused_in_it(archive, tmp_path):
    async def play(slack, room):
        for question_asked, line in [
            ("Wie viele Pandas leben in dem Zoo?", "Dazu finde ich nichts: Die Artikel sind in anderen"),
            ("How many pandas live in the zoo?", "The articles do not say."),
        ]:
            asked = slack.mention(ANNA, question_asked)
            [shown] = await slack.until(lambda asked=asked: slack.seen(asked.ts), "the refusal")
            assert shown.startswith(line)
            assert len(shown.splitlines()) == 1

    scenario(play, archive, tmp_path, desk=Refusing())


class Refusing(Scripted):
    """A desk that knows nothing, and says so in German to who asks in German."""

    def __init__(self):
        super().__init__(refused("q"))

    def ask(self, request):
        reply = refused(request.question)
        lead = refusal_in("de", Counter(en=1)) if request.question.startswith("Wie") else ""
        return replace(reply, result=replace(reply.result, lead=lead))


def test_a_channel_can_be_asked_instead_of_a_person(archive, tmp_path):
    async def play(slack, room):
        asked = slack.mention(ANNA, "How many pandas live in the zoo?")
        [message] = await slack.until(lambda: slack.thread(asked.ts), "the refusal")
        slack.press(ANNA, "ask_person", message)
        [posted] = await slack.until(
            lambda: [m for m in slack.messages[SECRET].values() if m.get("bot_id")], "the channel is asked"
        )
        assert "pandas" in seen(posted["blocks"])

    scenario(play, archive, tmp_path, Rules(ask_a_person=SECRET), Scripted(refused("q")))


def test_passages_are_shown_with_the_quote_in_bold(archive, tmp_path):
    text = "The harbour was full. The ship left on Monday. Nobody waved."
    desk = Scripted(answered("q", [draft(article(text), "The ship left on Monday.")]))

    async def play(slack, room):
        asked = slack.mention(ANNA, "When did the ship leave?")
        [message] = await slack.until(lambda: slack.thread(asked.ts), "the answer")
        slack.press(BELA, "passages", message)
        [window] = await slack.until(lambda: slack.windows, "the window")
        [quote] = [
            element
            for block in window["blocks"]
            for element in block.get("elements", [])
            if element["type"] == "rich_text_quote"
        ]
        assert "".join(part["text"] for part in quote["elements"]) == text
        assert [part["text"] for part in quote["elements"] if part.get("style", {}).get("bold")] == [
            "The ship left on Monday."
        ]

    scenario(play, archive, tmp_path, desk=desk)


def kept_votes(journal):
    with dialect.reading(journal._engine) as connection:
        return connection.execute(select(feedback)).all()


def test_feedback_is_kept_with_what_was_rated_and_why(archive, tmp_path):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT_1)
        [message] = await slack.until(lambda: slack.thread(asked.ts), "the answer")
        slack.press(BELA, "feedback", message, side="positive")
        await slack.until(lambda: slack.whispers, "thanks")
        slack.press(ANNA, "feedback", message, side="negative")
        [window] = await slack.until(lambda: slack.windows, "the window that asks why")
        slack.submit(ANNA, window, reason="The harbour is another one")
        await slack.until(lambda: any(vote.reason for vote in kept_votes(room.journal)), "the reason")
        votes = {vote.user: vote for vote in kept_votes(room.journal)}
        assert {user: vote.vote for user, vote in votes.items()} == {BELA: "up", ANNA: "down"}
        assert votes[ANNA].reason == "The harbour is another one"
        assert votes[ANNA].text == ABOUT_1
        kept = json.loads(votes[ANNA].answer)
        assert kept["cited"][0]["origin"]["digest"]
        assert kept["versions"]["generation"] == "1"
        assert kept["versions"]["model"] == "hash-256"

    scenario(play, archive, tmp_path)


def test_an_edited_question_is_answered_again_in_place(archive, tmp_path):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT_1)
        [message] = await slack.until(lambda: slack.thread(asked.ts), "the answer")
        slack.edit(NEWS, asked.ts, f"<@{BOT}> {ABOUT_2}")
        await slack.until(lambda: "a2v1" in slack.seen(asked.ts)[0], "the new answer")
        await slack.quiet()
        assert [m["ts"] for m in slack.thread(asked.ts)] == [message["ts"]]
        changed = len(slack.made("chat.update"))
        slack.edit(NEWS, asked.ts)  # a link preview
        slack.edit(NEWS, asked.ts, f"<@{BOT}>  {ABOUT_2} ")  # nothing but spaces
        await slack.quiet()
        assert len(slack.made("chat.update")) == changed

    scenario(play, archive, tmp_path)


def test_a_question_edited_while_it_is_looked_up_gets_the_answer_to_its_new_text(archive, tmp_path):
    first, second = (
        answered("q", [draft(article(f"Ship {n} left on Monday."), f"Ship {n} left on Monday.")]) for n in (1, 2)
    )
    desk = Scripted(first)

    async def play(slack, room):
        await slack.until(lambda: len(desk.asked) >= 4, "the examples were tried")
        await slack.quiet()
        desk.open.clear()
        before = len(desk.asked)
        asked = slack.mention(ANNA, "When did ship 1 leave?")
        await slack.until(lambda: len(desk.asked) > before, "the search")
        slack.edit(NEWS, asked.ts, f"<@{BOT}> When did ship 2 leave?")
        await slack.until(lambda: room.journal.by_key(f"{NEWS}:{asked.ts}").revision == 2, "the edit")
        desk.replies = [first] * before + [first, second]
        desk.open.set()
        await slack.until(lambda: slack.thread(asked.ts), "the answer")
        await slack.quiet()
        [shown] = slack.seen(asked.ts)
        assert "Ship 2" in shown

    scenario(play, archive, tmp_path, desk=desk)


@pytest.mark.parametrize("when", ["answered", "working"])
def test_a_deleted_question_takes_its_answer_with_it(archive, tmp_path, when):
    desk = Scripted(answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")]))

    async def whole() -> None:
        async with SlackServer() as slack:
            async with bot(slack, archive, tmp_path, desk=desk) as room:
                await slack.until(lambda: len(desk.asked) >= 4, "the examples were tried")
                await slack.quiet()
                before = len(desk.asked)
                if when == "working":
                    desk.open.clear()
                asked = slack.mention(ANNA, "When did the ship leave?")
                await slack.until(
                    lambda: len(desk.asked) > before if when == "working" else slack.thread(asked.ts), "the work"
                )
                slack.delete(NEWS, asked.ts)
                await slack.until(
                    lambda: room.journal.by_key(f"{NEWS}:{asked.ts}").state.startswith("remov"), "the deletion"
                )
                desk.open.set()
                await slack.until(lambda: room.journal.by_key(f"{NEWS}:{asked.ts}").state == "removed", "the removal")
                await slack.quiet()
                assert slack.thread(asked.ts) == []
                assert room.journal.by_key(f"{NEWS}:{asked.ts}").text == ""
            assert slack.wrong == []

    run(whole())


def test_home_tells_about_the_archive_and_how_to_ask_and_admins_see_more(archive, tmp_path):
    async def play(slack, room):
        asked = slack.mention(BELA, ABOUT_1)
        [message] = await slack.until(lambda: slack.thread(asked.ts), "the answer")
        slack.press(BELA, "feedback", message, side="negative")
        await slack.until(lambda: slack.windows, "the window that asks why")
        for user in (ANNA, BELA, GUEST):
            slack.open_home(user)
        await slack.until(lambda: {ANNA, BELA} <= slack.homes.keys(), "the Home tabs")
        await slack.quiet()
        assert GUEST not in slack.homes
        shown = seen(slack.homes[BELA]["blocks"])
        assert "5 articles can be asked about." in shown
        assert re.search(r"Last ingest: \d\d \w{3} 20\d\d \d\d:\d\d UTC, 5 added", shown)
        assert shown.count("What did the captain of ship") == 3
        assert "For admins" not in shown
        assert {"For admins", ABOUT_1} <= set(seen(slack.homes[ANNA]["blocks"]).splitlines())
        slack.click(ANNA, "status", slack.homes[ANNA]["blocks"])
        await slack.until(lambda: len(slack.windows) == 2, "the status")
        assert "5 articles" in seen(slack.windows[1]["blocks"])
        slack.click(BELA, "example_0", slack.homes[BELA]["blocks"])
        await slack.until(
            lambda: len([m for m in slack.messages[f"D{BELA}"].values() if m.get("bot_id")]) == 2,
            "the example's answer",
        )

    scenario(play, archive, tmp_path, Rules(admins=frozenset({ANNA})))


def test_the_agent_view_suggests_questions_that_the_archive_answers(archive, tmp_path):
    async def play(slack, room):
        slack.open_home(ANNA, "messages")
        prompts = await slack.until(lambda: slack.prompts.get(f"D{ANNA}"), "the prompts")
        assert len(prompts) == 4
        asked = slack.say(ANNA, f"D{ANNA}", prompts[0]["message"])
        [shown] = await slack.until(lambda: slack.seen(asked.ts, f"D{ANNA}"), "the answer")
        assert "(Show passages)" in shown

    scenario(play, archive, tmp_path)


def test_the_stop_button_ends_the_work_and_its_status(archive, tmp_path):
    desk = Scripted(answered("q", [draft(article("The ship left on Monday."), "The ship left on Monday.")]))

    async def play(slack, room):
        await slack.until(lambda: len(desk.asked) >= 4, "the examples were tried")
        await slack.quiet()
        before = len(desk.asked)
        desk.open.clear()
        asked = slack.say(ANNA, f"D{ANNA}", "When did the ship leave?")
        await slack.until(lambda: len(desk.asked) > before, "the search")
        slack.stop(ANNA, f"D{ANNA}", asked.ts)
        await slack.until(lambda: slack.made("agents.sessions.setStatus"), "the session rests")
        desk.open.set()
        await slack.quiet()
        assert slack.thread(asked.ts, f"D{ANNA}") == []

    scenario(play, archive, tmp_path, desk=desk)


PEOPLE = [
    pytest.param(GUEST, NEWS, Rules(), False, id="guest"),
    pytest.param(GUEST, NEWS, Rules(Allowed(guests=frozenset({GUEST}))), True, id="guest-allowed"),
    pytest.param(STRANGER, SHARED, Rules(), False, id="stranger"),
    pytest.param(
        STRANGER, SHARED, Rules(Allowed(teams=frozenset({"T0OTHER"}))), False, id="stranger-in-a-shared-channel"
    ),
    pytest.param(
        STRANGER,
        SHARED,
        Rules(Allowed(teams=frozenset({"T0OTHER"}), shared_channels=frozenset({SHARED}))),
        True,
        id="all-allowed",
    ),
    pytest.param(ANNA, SHARED, Rules(), False, id="member-in-a-shared-channel"),
    pytest.param(ANNA, SHARED, Rules(Allowed(shared_channels=frozenset({"*"}))), True, id="shared-channel-allowed"),
    pytest.param(ANNA, NEWS, Rules(), True, id="member"),
]


@pytest.mark.parametrize(("user", "channel", "rules", "welcome"), PEOPLE)
def test_people_get_answers_only_where_the_settings_allow_it_and_a_refusal_once(
    archive, tmp_path, user, channel, rules, welcome
):
    async def play(slack, room):
        asked = [slack.mention(user, ABOUT_1, channel) for _ in range(2)]
        if welcome:
            await slack.until(lambda: all(slack.thread(one.ts, channel) for one in asked), "the answers")
        else:
            [told] = await slack.until(lambda: slack.whispers, "the refusal")
            assert told["user"] == user
            await slack.quiet()
            assert len(slack.whispers) == 1
            assert not any(slack.thread(one.ts, channel) for one in asked)

    scenario(play, archive, tmp_path, rules)


def test_bots_are_not_answered(archive, tmp_path):
    async def play(slack, room):
        told = [
            slack.mention(ROBOT, ABOUT_1),
            slack.mention(ROBOT, ABOUT_1, bot_id="B0OTHER"),
            slack.say(BELA, NEWS, "x", subtype="channel_join"),
        ]
        await slack.until(lambda: all(one.acked for one in told), "the acknowledgements")
        await slack.quiet()
        assert not any(slack.thread(one.ts) for one in told)
        assert slack.whispers == []

    scenario(play, archive, tmp_path)


def test_an_event_nobody_listens_to_is_acknowledged_all_the_same(archive, tmp_path):
    async def play(slack, room):
        slack.events |= {"reaction_added", "assistant_thread_started"}
        for name in ("reaction_added", "assistant_thread_started"):
            told = slack.tell({"type": name, "user": ANNA, "item": {}, "event_ts": "1.1"}, name)
            await slack.until(lambda told=told: told.acked, "the acknowledgement")
            assert told.attempts == 1

    scenario(play, archive, tmp_path)


def test_an_ingest_that_changed_something_is_reported_once(archive, tmp_path, monkeypatch):
    own = Newsroom(tmp_path / "own")
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(own.archive))
    own.write(1, 1)
    own.ingest()
    monkeypatch.setattr("bot.slack.bot._REPORT_EVERY", 0.05)

    async def play(slack, room):
        await slack.until(lambda: room.journal.fact("reported_run") == "1", "the earlier ingest is passed over")
        own.write(2, 1)
        own.ingest()
        own.ingest()  # changes nothing
        posted = await slack.until(lambda: [m for m in slack.messages[NEWS].values() if m.get("bot_id")], "the report")
        await slack.until(lambda: room.journal.fact("reported_run") == "3", "all ingests are seen")
        assert seen(posted[0]["blocks"]).startswith("Ingest: run 2")
        assert len([m for m in slack.messages[NEWS].values() if m.get("bot_id")]) == 1

    scenario(play, own.archive, tmp_path, Rules(report_channel=NEWS))


def test_an_error_shows_no_internals_and_the_log_no_text(archive, tmp_path, caplog):
    class Broken(Scripted):
        def ask(self, request):
            raise RuntimeError(f"secret {request.question} /etc/passwd")

    async def play(slack, room):
        asked = slack.mention(ANNA, "When did the xylophone leave?")
        [shown] = await slack.until(lambda: slack.seen(asked.ts), "the apology")
        assert shown.startswith("Sorry, I could not look into the articles")
        assert "xylophone" not in shown
        assert "RuntimeError" not in shown

    with caplog.at_level("DEBUG"):
        scenario(play, archive, tmp_path, desk=Broken(refused("q")))
    assert not [
        record
        for record in caplog.records
        if record.name.startswith("newsdesk")
        and ("xylophone" in record.getMessage() or "passwd" in str(record.exc_info))
    ]


def test_without_an_archive_the_asker_learns_what_is_missing(tmp_path):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT_1)
        [shown] = await slack.until(lambda: slack.seen(asked.ts), "the apology")
        assert shown == "There are no articles yet. An admin puts them in with: python ingest.py FOLDER"
        slack.open_home(ANNA)
        await slack.until(lambda: ANNA in slack.homes, "the Home tab")
        assert "There are no articles yet." in seen(slack.homes[ANNA]["blocks"])

    scenario(play, tmp_path / "nothing", tmp_path)


def test_the_journal_forgets_nothing_it_was_not_told_to(archive, tmp_path):
    async def play(slack, room):
        asked = slack.mention(ANNA, ABOUT_1)
        await slack.until(lambda: slack.thread(asked.ts), "the answer")
        await slack.until(lambda: room.journal.by_key(f"{NEWS}:{asked.ts}").state == "answered", "the end")
        kept = room.journal.by_key(f"{NEWS}:{asked.ts}")
        assert kept.messages == (slack.thread(asked.ts)[0]["ts"],)
        assert json.loads(kept.answer)["question"] == ABOUT_1
        with contextlib.suppress(AssertionError):
            assert room.journal.last_events().keys() >= {"app_mention", "message.channels"}

    scenario(play, archive, tmp_path)
