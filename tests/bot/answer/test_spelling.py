# ruff: noqa: E501
"""Misspelt words of a question are taken for the archive's nearest ones, and the answer says so."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hash_embedder import HashEmbedder

import ingest
from bot.answer.desk import Desk, Request
from bot.answer.spelling import applied, corrections
from bot.question.parse import parse_question
from bot.reply import Answer
from index.archive import Archive

TODAY = date(2025, 3, 12)
ARTICLES = [
    "Mayor Ilse Brandtner said the lighthouse would be sold to the harbour company in spring.", "The ferry terminal at Aldmoor was damaged by the storm, and the tariffs on timber were raised.",
    "The goat of Selby won the regatta, and Dahl said that the government had visited the embassy.", "Dahl leads the harbour company since May.",
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
    (folder / "news.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NEWSDESK_DATA_DIR", str(folder / "data"))
        assert ingest.main([str(folder / "news.jsonl"), "--json"], embedder=HashEmbedder()) == 0
    archive = Archive(folder / "data")
    yield archive
    archive.close()


SLIPS = [
    ("termnal", "terminal"), ("feery", "ferry"), ("strom", "storm"), ("gaot", "goat"), ("Dhal", "Dahl"), ("brandtnr", "Brandtner"), ("Brandttner", "Brandtner"), ("tarrifs", "tariffs"),
    ("visted", "visited"), ("embasy", "embassy"), ("goverment", "government"), ("lighthuose", "lighthouse"), ("regata", "regatta"), ("habour", "harbour"),
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
