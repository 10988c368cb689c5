# ruff: noqa: E501
"""Misspelt words of a question are taken for the archive's nearest ones, and the answer says so."""

from __future__ import annotations

from datetime import date

import pytest
from hash_embedder import HashEmbedder
from small_archive import ingested

from bot.answer.desk import Desk, Request
from bot.question.parse import parse_question
from bot.question.spelling import applied, corrections
from bot.question.wording import with_names
from bot.reply import Answer
from index.search.search import search
from index.text import term_of

TODAY = date(2025, 3, 12)
ARTICLES = [
    "Mayor Ilse Brandtner said the lighthouse would be sold to the harbour company in spring.", "The ferry terminal at Aldmoor was damaged by the storm, and the tariffs on timber were raised.",
    "The goat of Selby won the regatta, and Dahl said that the government had visited the embassy.", "Dahl leads the harbour company since May.",
    "The theatre lost 1.5 million kronor, its director said.", "In Oltby ninety houses burned down on Friday.", "The museum lost 300 kronor, and 12 houses were sold.",
]  # fmt: skip


class WithVocabulary(HashEmbedder):
    """Knows some words, as the vocabulary of a model does."""

    def knows(self, word: str) -> bool:
        return word.lower() in {"fairy", "thermal", "boat", "goal", "hello"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spelling")
    lines = [
        {"id": f"a{n}", "title": f"Report {n}", "date": "2025-03-01", "source": "The Quay", "text": text}
        for n, text in enumerate(ARTICLES)
    ]
    with ingested(folder, lines, HashEmbedder()) as archive:
        yield archive


SLIPS = [
    ("termnal", "terminal"), ("feery", "ferry"), ("strom", "storm"), ("gaot", "goat"), ("Dhal", "Dahl"), ("brandtnr", "Brandtner"), ("Brandttner", "Brandtner"), ("tarrifs", "tariffs"),
    ("happend", "happened"), ("yesturday", "yesterday"), ("visted", "visited"), ("embasy", "embassy"), ("goverment", "government"), ("lighthuose", "lighthouse"), ("regata", "regatta"), ("habour", "harbour"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "meant"), SLIPS)
@pytest.mark.parametrize("in_memory", [False, True])
def test_a_slip_is_taken_for_the_word_that_the_articles_have(archive, typed, meant, in_memory):
    if in_memory:
        archive.catch_up()
    found = archive.read(
        lambda view: corrections(view, parse_question(f"what about the {typed}", TODAY), WithVocabulary())
    )
    assert found == {typed: meant}


LEFT = [
    "fairy",
    "thermal",
    "boat",
    "Selby",
    "ferry",
    "ferries",
    "oat",
    "goa",
    "1500",
    "APT38",
    "FERYR1",
    "ReAm",
    "xylophone",
    "what",
    "latest",
]


@pytest.mark.parametrize("word", LEFT)
def test_other_words_are_left_alone(archive, word):
    assert (
        archive.read(lambda view: corrections(view, parse_question(f"what about the {word}", TODAY), WithVocabulary()))
        == {}
    )


def test_a_word_is_replaced_as_a_whole():
    assert applied("strom, stroma and the strom", {"strom": "storm"}) == "storm, stroma and the storm"


def test_the_answer_says_for_which_word_it_is(archive):
    desk = Desk(archive, WithVocabulary(), level="eager")
    result = desk.ask(Request("what did brandtnr say about the lighthuose", TODAY)).result
    assert isinstance(result, Answer)
    assert result.lead == "For “Brandtner” (not “brandtnr”), “lighthouse” (not “lighthuose”):"
    assert result.question == "what did brandtnr say about the lighthuose"
    plain = desk.ask(Request("what did Brandtner say about the lighthouse", TODAY)).result
    assert isinstance(plain, Answer)
    assert (plain.lead, plain.sentences) == ("", result.sentences)


def test_a_name_without_a_capital_is_known_from_the_articles(archive):
    asked = parse_question("what did brandtner say in oslo about the lighthouse and the boat in selby", TODAY)
    embedder = HashEmbedder()
    hits = search(archive, embedder, asked.search)
    known = archive.read(lambda view: with_names(view, asked, hits, WithVocabulary()))
    assert known.names == {term_of("Brandtner"), term_of("Selby"), term_of("Oslo")}
    capitals = parse_question("what did Brandtner say about the lighthouse in selby", TODAY)
    assert archive.read(lambda view: with_names(view, capitals, hits, WithVocabulary())).names == capitals.names


FIGURES = ["who lost 1,500,000 kronor", "who lost 1.5m kronor", "did 90 houses burn", "did ninety houses burn"]


@pytest.mark.parametrize("question", FIGURES)
def test_a_figure_is_found_in_the_form_of_the_articles(archive, question):
    result = Desk(archive, WithVocabulary(), level="eager").ask(Request(question, TODAY)).result
    assert isinstance(result, Answer)
    assert result.citations[0].article.text == (ARTICLES[4] if "lost" in question else ARTICLES[5])
