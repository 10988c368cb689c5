"""What a follow-up may mean: another topic, another person, the one the answer names, or the answer itself."""

from __future__ import annotations

import pytest

from bot.question.follow_up import about_the_answer, named_in_answer, readings
from index.text import terms

ABOUT = [
    ("when was that?", "when"), ("And when did she say that", "when"), ("what day was it", "when"), ("when?", "when"),
    ("who said that?", "who"), ("says who?", "who"), ("According to whom?", "who"),
    ("where was that?", "where"), ("in which city", "where"),
    ("why?", "why"), ("But why not?", "why"), ("how come", "why"),
    ("what else?", "more"), ("ok, tell me more", "more"), ("Anything else?", "more"),
    ("and then?", "next"), ("So what happened next?", "next"),
    ("really?", "sure"), ("Are you sure?", "sure"),
]  # fmt: skip
OTHERS = [
    "when did the ferry sail?", "who did it?", "who else was aboard?", "where does the mayor live?",
    "why did the council close the pier?", "what else did the pilot carry?", "then why did it sink?", "", "?!",
]  # fmt: skip


@pytest.mark.parametrize(("question", "kind"), ABOUT)
def test_a_question_about_the_answer_is_recognised(question, kind):
    assert about_the_answer(question) == kind


@pytest.mark.parametrize("question", OTHERS)
def test_a_question_with_a_subject_of_its_own_is_not_about_the_answer(question):
    assert about_the_answer(question) is None


FIRST = [
    pytest.param(
        "Was the pier closed?", "What did Brandt say?", "What did Brandt say about pier closed", id="speaker-on-topic"
    ),
    pytest.param(
        "What did Brandt say about the toll?", "and about the ferry?", "What did Brandt say about the ferry", id="topic"
    ),
    pytest.param(
        "How tall is the Halden Tower?", "and the Selby Tower?", "How tall is the Selby Tower?", id="another-name"
    ),
    pytest.param(
        "What sank in the harbour of Quill?", "how many were hurt?", "how many were hurt — harbour Quill", id="few"
    ),
    pytest.param(
        "What sank in the harbour?",
        "what does the mayor of Aldmoor earn a year",
        "what does the mayor of Aldmoor earn a year",
        id="stands-alone",
    ),
]


@pytest.mark.parametrize(("before", "question", "first"), FIRST)
def test_the_likeliest_reading_comes_first(before, question, first):
    assert readings(question, [before])[0] == first


def test_a_word_that_may_be_a_person_or_a_topic_is_read_as_both():
    person, topic = readings("what about reyes", ["what did Brandt say about the toll"])
    assert person == "what did reyes say about the toll"
    assert topic == "what did Brandt say about reyes"


def test_questions_about_answers_leave_the_subject_of_the_thread():
    thread = ["Who sank the ferry Alba?", "when was that?"]
    assert {"ferri", "alba"} <= set(terms(readings("how many were hurt?", thread)[0]))


NAMED = [
    ("Who closed the pier?", "On Monday the harbour master, Tom Reyes, closed the pier.", "Tom Reyes"),
    ("Which firm built it?", "It was built by Norvik.", "Norvik"),
    ("When was the pier closed?", "Tom Reyes closed the pier on Monday.", ""),
    ("Who is Tom Reyes?", "Tom Reyes is the harbour master.", ""),
]


@pytest.mark.parametrize(("before", "sentence", "name"), NAMED)
def test_he_is_the_one_an_answer_names_if_that_was_asked(before, sentence, name):
    assert named_in_answer(before, sentence) == name
    if name:
        assert readings("what did he earn?", [before], name)[0] == f"what did {name} earn?"
