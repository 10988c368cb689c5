"""A question in a language that no article has: asked again by its names, answered or refused in its language."""

from __future__ import annotations

from datetime import date

import pytest
from hash_embedder import HashEmbedder
from small_archive import ingested

from bot.answer.desk import Desk, Request
from bot.languages import articles_are_in, languages
from bot.question.other_language import by_its_names
from bot.reply import Answer
from bot.terminal import answer_text

TODAY = date(2025, 3, 12)
ARTICLES = [
    "Ilse Brandt is the mayor of Selby and has led the council of the town for nine years, its clerk said on Monday.",
    "Tom Reyes told reporters that the terminal of the ferry would be closed before the summer, and that he was sorry.",
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("languages")
    lines = [
        {"id": f"a{n}", "title": f"Report {n}", "date": "2025-03-01", "source": "The Quay", "text": text}
        for n, text in enumerate(ARTICLES)
    ]
    with ingested(folder, lines, HashEmbedder()) as archive:
        yield archive


READ = [
    ("es", "¿Quién es Ilse Brandt?", "who is Ilse Brandt", True),
    ("de", "Wer ist die Ilse Brandt?", "who is Ilse Brandt", True),
    ("fr", "Qui est Ilse Brandt ?", "who is Ilse Brandt", True),
    ("es", "¿Qué dijo Tom Reyes sobre la terminal?", "what did Tom Reyes say about terminal", True),
    ("de", "Was sagte Tom Reyes über die Fähre?", "what did Tom Reyes say", False),
    ("uk", "Що сказав Reyes про паром?", "what did Reyes say", False),
    ("it", "Quanti voti ha preso Brandt?", "how many Brandt", False),
    ("es", "¿Cuántas personas murieron en Oslo?", "", False),
]


@pytest.mark.parametrize(("code", "question", "read", "whole"), READ)
def test_a_question_is_read_by_its_names(archive, code, question, read, whole):
    assert archive.read(lambda view: by_its_names(view, question, code)) == (read, whole)


def test_every_language_says_in_which_the_articles_are():
    for code in languages():
        assert "English" in articles_are_in(code, ["en", "en"])


def test_who_somebody_is_is_answered(archive):
    result = Desk(archive, HashEmbedder(), level="eager").ask(Request("¿Quién es Ilse Brandt?", TODAY)).result
    assert isinstance(result, Answer)
    assert (result.lead, result.citations[0].article.text) == ("Los artículos están en English.", ARTICLES[0])


def test_what_is_read_in_part_is_never_sure(archive):
    reply = Desk(archive, HashEmbedder(), level="eager").ask(Request("Was sagte Tom Reyes über die Fähre?", TODAY))
    assert reply.result.outcome != "answered"
    assert "Die Artikel sind in anderen Sprachen (English)" in answer_text(reply)
