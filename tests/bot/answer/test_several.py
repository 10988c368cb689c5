"""Several questions in one message: each is answered or refused on its own, in one reply."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hash_embedder import HashEmbedder
from small_archive import ingested

from bot.answer.desk import Desk, Request
from bot.journal.stored_answer import StoredAnswer, stored_answer
from bot.reply import Answer, NoAnswer
from bot.slack.messages import blocks
from bot.terminal import answer_text

TODAY = date(2025, 3, 12)
ARTICLES = [
    "The regatta of Aldmoor was won by the Alma on Sunday.",
    "Mayor Ilse Brandt said the bridge toll was fair to people who walk.",
    "Harbour master Tom Reyes said the bridge toll would ruin the fishermen.",
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    lines = [
        {"id": f"a{n}", "title": f"Report {n}", "date": "2025-03-01", "source": "The Quay", "text": text}
        for n, text in enumerate(ARTICLES)
    ]
    with ingested(folder, lines, HashEmbedder()) as archive:
        yield Desk(archive, HashEmbedder(), level="eager")


def test_each_question_has_its_answer_under_it(desk):
    message = "What did Brandt say about the bridge toll? And who won the regatta of Aldmoor?"
    reply = desk.ask(Request(message, TODAY))
    result = reply.result
    assert isinstance(result, Answer)
    assert (result.question, result.lead) == (message, "")
    (first, one), (second, other) = [(said.asked, said.text) for said in result.sentences if said.asked]
    assert (first, ARTICLES[1] in one) == ("What did Brandt say about the bridge toll?", True)
    assert (second, ARTICLES[0] in other) == ("who won the regatta of Aldmoor?", True)
    assert [citation.number for citation in result.citations] == list(range(1, len(result.citations) + 1))
    numbers = [number for sentence in result.sentences for number in sentence.numbers]
    assert sorted(set(numbers)) == [citation.number for citation in result.citations]
    assert f"who won the regatta of Aldmoor? {other}" in reply.as_json()["text"]
    shown = answer_text(reply)
    assert shown.index("What did Brandt say") < shown.index("fair to people") < shown.index("who won the regatta")
    stored = StoredAnswer.from_json(stored_answer(reply).as_json())
    assert [said.asked for said in stored.said] == [said.asked for said in result.sentences]
    assert "who won the regatta of Aldmoor?" in json.dumps(blocks.answer(stored, "q")[0].blocks)


def test_a_question_without_an_answer_is_named_and_the_other_answered(desk):
    result = desk.ask(Request("Who won the regatta of Aldmoor and what do penguins eat?", TODAY)).result
    assert isinstance(result, Answer)
    assert result.lead == "Found nothing on “what do penguins eat”."
    assert ARTICLES[0] in result.sentences[0].text


def test_where_none_has_an_answer_the_message_is_refused_once(desk):
    result = desk.ask(Request("What do penguins eat? And where do zebras sleep?", TODAY)).result
    assert isinstance(result, NoAnswer)


def test_a_second_question_may_lean_on_the_first(desk):
    result = desk.ask(Request("What did Brandt say about the bridge toll? and Reyes?", TODAY)).result
    assert isinstance(result, Answer)
    assert any("ruin the fishermen" in sentence.text for sentence in result.sentences)


def test_one_question_has_no_heading(desk):
    result = desk.ask(Request("hey all, who won the regatta of Aldmoor? thanks!", TODAY)).result
    assert isinstance(result, Answer)
    assert [sentence.asked for sentence in result.sentences if sentence.asked] == []


def test_one_excerpt_that_answers_two_questions_stands_once(desk):
    result = desk.ask(Request("Who won the regatta of Aldmoor? When was the regatta of Aldmoor won?", TODAY)).result
    assert isinstance(result, Answer)
    assert [said.asked for said in result.sentences if ARTICLES[0] in said.text] == [
        "Who won the regatta of Aldmoor? / When was the regatta of Aldmoor won?"
    ]
