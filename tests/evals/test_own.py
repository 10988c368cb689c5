"""An admin's own questions, asked of an archive: what is expected, what is right, and the page to read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from newsroom import Newsroom

from evals.__main__ import main
from evals.data import DataError
from evals.own_questions import OwnQuestion, read_questions

ASKED = "What did the captain of ship{0} say about harbour{0}?"


def written(tmp_path, *rows):
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
    return file


def test_a_line_is_a_question_or_an_object_with_what_is_expected(tmp_path):
    file = written(
        tmp_path,
        "Who left the harbour?",
        "",
        {"id": "a", "question": "When?", "gold": ["on (?:Monday|Tuesday)"], "article": "ship.html"},
        {"question": "How many?", "answers": ["34 people"], "today": "2025-03-04", "thread": ["Who left?"]},
        {"question": "Why?", "answerable": False},
        {"question": "Where?", "sentences": []},
    )
    plain, when, many, why, where = read_questions(file)
    assert plain == OwnQuestion("1", "Who left the harbour?")
    assert (when.id, when.gold, when.article) == ("a", ("on (?:Monday|Tuesday)",), "ship.html")
    assert many.fits("All 34  people were saved.")
    assert not many.fits("All 134 people were saved.")
    assert (many.id, many.today.isoformat(), many.thread) == ("4", "2025-03-04", ("Who left?",))
    assert why.answerable is where.answerable is False


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "Who?"', "line 1: not a JSON object"),
        ('{"ask": "Who?"}', 'line 1: it has no "question"'),
        ('{"question": "Who?", "gold": ["("]}', "line 1: missing )"),
        ('{"question": "Who?", "gold": [1]}', '"gold" is a list of texts'),
        ('{"question": "Who?", "answerable": "no"}', '"answerable" is true or false'),
        ('{"question": "Who?", "answerable": false, "gold": ["a"]}', "cannot be unanswerable and have an answer"),
        ('{"question": "Who?", "today": "soon"}', "line 1: Invalid isoformat"),
        ('{"question": "Who?", "artcle": "a"}', 'no field "artcle"; did you mean article?'),
        ("", "holds no question"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(line, said, tmp_path):
    with pytest.raises(DataError) as wrong:
        read_questions(written(tmp_path, line))
    assert said in str(wrong.value)


def test_a_sentence_fits_what_is_shown_of_it_and_what_it_is_shown_in():
    asked = OwnQuestion("1", "Who?", sentences=("HARBOUR, March 3 - The captain of the ship left on Monday.",))
    assert asked.fits("The captain of the ship\nleft on Monday.")
    assert asked.fits("So it was. HARBOUR, March 3 - The captain of the ship left on Monday. He waved.")
    assert not asked.fits("on Monday.")
    assert replace(asked, sentences=()).fits("anything")


def test_questions_are_asked_of_the_archive_of_the_settings(newsroom: Newsroom, tmp_path, capsys):
    newsroom.fill(range(4))
    file = written(
        tmp_path,
        {"id": "right", "question": ASKED.format(1), "gold": ["order a1v1 sends"], "article": "00001.txt"},
        {"id": "wrong article", "question": ASKED.format(2), "article": "00003.txt"},
        {"id": "wrong words", "question": ASKED.format(3), "sentences": ["Nobody has ever said a thing like this."]},
        {"id": "no answer", "question": "What is the colour of the moon's umbrella?", "answerable": False},
        {"id": "gone", "question": ASKED.format(0), "article": "A story that <b>nobody</b> wrote"},
        ASKED.format(0),
    )
    assert main(["own", "--questions", str(file), "--json"], newsroom.embedder) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["id"]: each["verdict"] for each in found["questions"]} == {
        "right": "right",
        "wrong article": "wrong",
        "wrong words": "wrong",
        "no answer": "right",
        "gone": "wrong",
        "6": "answered",
    }
    assert found["not in the archive"] == ["A story that <b>nobody</b> wrote"]
    assert found["figures"]["with an expected answer"] == "4"
    assert found["figures"]["  right"] == "1 of 4 (25 %)"
    page = (tmp_path / "own-questions.html").read_text()
    assert "order a1v1 sends" in page
    assert "<b>nobody</b>" not in page
    assert page.index("<h2>wrong: 3</h2>") < page.index("<h2>right: 2</h2>")
    assert main(["own", "--questions", str(file), "--results", str(tmp_path / "out")], newsroom.embedder) == 0
    assert f"Every answer: {tmp_path / 'out' / 'own-questions.html'}" in capsys.readouterr().out


def test_what_own_cannot_do_is_said(newsroom: Newsroom, tmp_path, capsys):
    file = written(tmp_path, "Who left?")
    for arguments in (["own"], ["own", "--questions", "3"], ["own", "plan", "--questions", str(file)]):
        assert main(arguments) == 2
        assert "python -m evals own --questions FILE" in capsys.readouterr().err
    assert main(["plan", "--questions", str(file)]) == 2
    assert "Only own takes a file" in capsys.readouterr().err
    assert main(["own", "--questions", str(tmp_path / "none.txt")]) == 2
    assert main(["own", "--questions", str(file), "--answerer", "llm"]) == 2
    assert main(["own", "--questions", str(file)], newsroom.embedder) == 2
    assert "There is no archive" in capsys.readouterr().err
