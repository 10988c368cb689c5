# ruff: noqa: E501
"""What a message asks: chat forms, courtesies around a question, several questions in one message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.question.chatter import questions_in, written_out

ASKED = "who owns the lighthouse"

AROUND = [
    "Who owns the lighthouse?", "who owns the lighthouse", "Who owns the lighthouse? Thanks!", "Who owns the lighthouse? Many thanks in advance.",
    "Who owns the lighthouse? 🙏🏽", "⚓ who owns the lighthouse?", "Who owns the lighthouse? :pray: :wave:", "who owns the lighthouse, please?", "who owns the lighthouse pls",
    "Who owns the lighthouse? cc @erik", "Who owns the lighthouse? fyi @erik and @mona", "Who owns the lighthouse? Asking for Mona.", "who owns the lighthouse, asking for a friend",
    "Who owns the lighthouse? I need this by noon.", "who owns the lighthouse - need it by 5pm, cheers", "Who owns the lighthouse? It's for the Sunday edition.",
    "who owns the lighthouse i need this for monday", "Who owns the lighthouse? We go to print in an hour.", "Who owns the lighthouse? No rush.", "Who owns the lighthouse? 😀😀 thx",
    "Hi! Who owns the lighthouse?", "hey team, quick one: who owns the lighthouse?", "hey all quick question who owns the lighthouse", "Good morning everyone, who owns the lighthouse?",
    "sorry to bother you, who owns the lighthouse", "ok so who owns the lighthouse", "@mona who owns the lighthouse", "Thanks! Who owns the lighthouse?", "asking for Mona: who owns the lighthouse?",
    "I am on deadline. Who owns the lighthouse?", "I'm writing a piece about the coast for Saturday. Who owns the lighthouse?", "For tomorrow's page two I need a name: who owns the lighthouse?",
    "hi team need this by noon, who owns the lighthouse? thx 🙏 cc @erik", "sorry if dumb q but who owns the lighthouse", "who owns the lighthouse, anyone?",
    "Can anyone help me? Who owns the lighthouse?", "Hope you are well. Who owns the lighthouse? Let me know!",
]  # fmt: skip


@pytest.mark.parametrize("message", AROUND)
def test_what_stands_around_a_question_is_no_part_of_it(message):
    (question,) = questions_in(message)
    assert question.rstrip("?. ").lower() == ASKED


POLITE = ["any idea who owns the lighthouse", "Does anyone know who owns the lighthouse?", "I was wondering who owns the lighthouse", "could you please check who owns the lighthouse", "my editor wants to know who owns the lighthouse?"]  # fmt: skip


@pytest.mark.parametrize("message", POLITE)
def test_a_polite_question_becomes_one_that_the_parser_knows(message):
    assert questions_in(message)[0].rstrip("?") == f"do you know {ASKED}"


def test_whether_stays_a_question_of_yes_or_no():
    assert questions_in("just wondering if Norway signed?") == ("do you know whether Norway signed?",)


KEPT = [
    "Who survived thanks to the lifeboat?", "Which of the ferries is best?", "Why is the mayor asking for money?", "May they vote as they please?", "What did the minister say about us?",
    "Help is on the way?", "Great Belt bridge toll", "First officer of the Alma", "Team Norway results", "Will Hansen left the board. Why?", "NASA's Artemis I was late this week. Where was it headed?",
    "The ferry ran aground on Monday. How many were on board?", "lighthouse", "Rehn?", "Toys R Us store", "US birth rate", "R. Hansen trial", "¿Quién es el dueño del faro?",
]  # fmt: skip


@pytest.mark.parametrize("message", KEPT)
def test_words_of_the_question_stay(message):
    assert questions_in(message) == (message,)


FORMS = [
    ("whats the avg rent", "what's the average rent"), ("y r ppl leaving", "why are people leaving"), ("wat did the govt say abt it", "what did the government say about it"),
    ("how did u get in w/o a key", "how did you get in without a key"), ("shes gonna resign", "she's going to resign"), ("didnt they sign", "didn't they sign"), ("Whos the mayor", "Who's the mayor"),
    ("it's theirs", "it's theirs"), ("US ATM maker", "US ATM maker"), ("toys r us", "toys r us"), ("20 °C at 10:30:15", "20 °C at 10:30:15"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "full"), FORMS)
def test_chat_forms_are_written_out(typed, full):
    assert written_out(typed) == full


SEVERAL = [
    ("Who won the regatta? And who was second?", ["Who won the regatta?", "who was second?"]),
    ("when does the pier close and how many people lose their jobs", ["when does the pier close", "how many people lose their jobs"]),
    ("Please tell me (1) who the mayor is, (2) what the toll is and (3) who voted against it.", ["who the mayor is", "what the toll is", "who voted against it."]),
    ("hi, two things: who won the regatta, and who was second", ["who won the regatta", "who was second"]),
    ("1. who won the regatta? 2. where was it held?", ["who won the regatta?", "where was it held?"]),
    ("hi all\nwho won the regatta\nwhere was it held\nthanks", ["who won the regatta", "where was it held"]),
    ("what did Reyes say about the toll? and Brandt?", ["what did Reyes say about the toll?", "and Brandt?"]),
    ("How many voted for closing and how many against?", ["How many voted for closing and how many against?"]),
    ("what happened and when", ["what happened and when"]),
    ("What did Reyes say about who pays and when it opens?", ["What did Reyes say about who pays and when it opens?"]),
    ("What is the difference between what Reyes said and what Brandt said?", ["What is the difference between what Reyes said and what Brandt said?"]),
    ("Who owns the pier? The one in Selby.", ["The one in Selby. Who owns the pier?"]),
]  # fmt: skip


@pytest.mark.parametrize(("message", "questions"), SEVERAL)
def test_each_question_of_a_message_stands_alone(message, questions):
    assert list(questions_in(message)) == questions


def test_a_long_preface_is_left_out_where_the_question_does_not_need_it():
    preface = "The council met on Tuesday in the old town hall with most of its members. " * 20
    assert questions_in(f"{preface}How many passengers did the Aldmoor ferry carry last winter?") == (
        "How many passengers did the Aldmoor ferry carry last winter?",
    )
    assert questions_in(f"{preface}Who left?")[0].endswith("members. Who left?")


@given(st.text(max_size=300))
def test_every_message_has_a_question(message):
    assert len(questions_in(message)) >= 1


@pytest.mark.parametrize(
    "again", ["thanks ", "i need this ", "hey ", "and who x ", "(1) ", "cc ", "? ", "for a ", "who "]
)
def test_a_hostile_message_ends_soon(again):
    questions_in((again * 2_000)[:2_000])
