"""Where a question is about now, or about something that happens again and again, the newest article answers."""

from __future__ import annotations

from datetime import date

import pytest
from hash_embedder import HashEmbedder
from small_archive import ingested

from bot.answer.desk import Desk, Request
from bot.answer.scoring import holds_what_is_asked
from bot.question.parse import parse_question
from bot.reply import Answer

TODAY = date(2025, 3, 12)
ARTICLES = [
    ("2023-05-02", "Ilse Brandt is the mayor of Selby, the council said on Tuesday."),
    ("2025-02-20", "Tom Reyes is the mayor of Selby, the council said on Thursday."),
    ("2024-03-03", "The Aldmoor regatta was won by the Alma on Sunday, 3 March 2024."),
    ("2025-03-02", "The Aldmoor regatta was won by the Perle on Sunday, 2 March 2025."),
    ("2025-01-05", "The storm left 40 people missing in Oltby, the police said."),
    ("2025-01-09", "The storm left 12 people missing in Oltby, the police said."),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("newest")
    lines = [
        {"id": f"a{n}", "title": f"Report {n}", "date": day, "source": "The Quay", "text": text}
        for n, (day, text) in enumerate(ARTICLES)
    ]
    with ingested(folder, lines, HashEmbedder()) as archive:
        yield Desk(archive, HashEmbedder(), level="eager")


NEWEST = [
    ("who is the mayor of selby", "Reyes"),
    ("who is the mayor of Selby now?", "Reyes"),
    ("who's currently mayor of Selby", "Reyes"),
    ("when did they hold the Aldmoor regatta?", "2025"),
    ("when was the Aldmoor regatta won", "2025"),
    ("who won the Aldmoor regatta", "Perle"),
    ("how many people are still missing in Oltby", "12 people"),
    ("how many people are missing in Oltby?", "12 people"),
]


@pytest.mark.parametrize(("question", "said"), NEWEST)
def test_the_newest_that_answers_comes_first(desk, question, said):
    result = desk.ask(Request(question, TODAY)).result
    assert isinstance(result, Answer)
    assert said in result.citations[0].quote


def test_a_year_that_is_named_counts_more(desk):
    result = desk.ask(Request("when was the Aldmoor regatta won in 2024", TODAY)).result
    assert isinstance(result, Answer)
    assert "2024" in result.citations[0].quote


NOW = ["what is the toll now", "is the pier still closed", "how many are missing so far", "who is currently mayor"]
PRESENT = ["who is the mayor", "what's the toll", "is the pier closed", "has he resigned", "when did the pier close"]
PAST = [
    "who was the mayor",
    "what did Brandt say",
    "did the pier close",
    "when did the pier close in 2023",
    "when was it first built",
]


@pytest.mark.parametrize("question", NOW)
def test_words_for_now(question):
    assert parse_question(question, TODAY).latest


@pytest.mark.parametrize("question", PRESENT)
def test_the_present_tense(question):
    assert (parse_question(question, TODAY).present, parse_question(question, TODAY).latest) == (True, False)


@pytest.mark.parametrize("question", PAST)
def test_the_past(question):
    assert not parse_question(question, TODAY).present


INTRODUCES = [
    ("The chief of the harbour, Tom Reyes, left.", True),
    ("President Tom Reyes left.", True),
    ("Tom Reyes, who leads the council, left.", True),
    ("Tom Reyes, Selby's mayor, left.", True),
    ("Tom Reyes is the mayor of Selby.", True),
    ("She asked Tom Reyes about the toll.", False),
    ("The mayor left. Then she asked Tom Reyes.", False),
]


@pytest.mark.parametrize(("sentence", "introduces"), INTRODUCES)
def test_who_somebody_is_is_said_by_a_sentence_that_introduces_him(sentence, introduces):
    question = parse_question("who is Tom Reyes?", TODAY)
    assert holds_what_is_asked(question, sentence, {"tom", "rey", "who", "is"}) is introduces
