"""``python -m bot ask`` as people and machines use it, with an embedder that hashes words."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import ASKED, UNKNOWN

ANSWER_FIELDS = {"question", "outcome", "reason", "text", "answerer", "citations", "dropped", "nearest", "timings_ms"}
CITATION_FIELDS = {
    "number",
    "article_id",
    "title",
    "publisher",
    "author",
    "published",
    "date_source",
    "url",
    "path",
    "quote",
    "start",
    "end",
    "answering",
    "speaker",
    "also_in",
    "link",
}
HIT_FIELDS = {"article_id", "start", "end", "text", "score", "dense", "keyword"}


def test_an_answer_has_the_promised_fields(bot, sample_archive):
    done = bot("ask", ASKED, "--json")
    assert done.code == 0
    found = done.json
    assert found.keys() >= ANSWER_FIELDS
    assert (found["question"], found["outcome"], found["reason"], found["answerer"]) == (
        ASKED,
        "answered",
        None,
        "quotes",
    )
    assert found["nearest"] == []
    assert found["citations"]
    assert all(citation.keys() >= CITATION_FIELDS for citation in found["citations"])
    assert found["timings_ms"].keys() >= {"search", "answer", "check", "total"}
    assert all(isinstance(value, int) for value in found["timings_ms"].values())


def test_every_number_in_the_text_is_a_citation_and_every_citation_a_number(bot, sample_archive):
    found = bot("ask", ASKED, "--json").json
    numbers = [citation["number"] for citation in found["citations"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(f"[{number}]" in found["text"] for number in numbers)


def test_every_quote_stands_at_its_place_in_the_article(bot, sample_archive):
    for citation in bot("ask", ASKED, "--json").json["citations"]:
        text = bot("show", citation["article_id"], "--json").json["text"]
        assert text[citation["start"] : citation["end"]] == citation["quote"]


@pytest.mark.parametrize("question", [ASKED, "what did Starmer say about history"])
def test_the_same_words_from_two_papers_are_quoted_once(question, bot, sample_archive):
    found = bot("ask", question, "--json").json
    quotes = ["".join(char for char in citation["quote"] if char.isalnum()) for citation in found["citations"]]
    assert quotes
    assert [one for one in quotes if sum(one in other for other in quotes) > 1] == []


def test_a_refusal_has_the_same_fields_and_no_sources(bot, sample_archive):
    done = bot("ask", UNKNOWN, "--json")
    assert done.code == 0
    found = done.json
    assert found.keys() >= ANSWER_FIELDS
    assert found["outcome"] == "refused"
    assert found["reason"] in ("nothing_found", "not_supported", "declined")
    assert (found["text"], found["citations"], found["answerer"]) == ("", [], None)
    assert found["nearest"] == []


def test_an_answer_for_people_shows_numbers_quotes_and_sources(bot, sample_archive):
    found = bot("ask", ASKED, "--json").json
    done = bot("ask", ASKED)
    assert done.code == 0
    for citation in found["citations"]:
        assert f"[{citation['number']}]" in done.out
        assert citation["title"] in done.out
        assert Path(citation["path"]).name in done.out
        assert "".join(citation["quote"].split()) in "".join(done.out.replace("│", "").split())


def test_a_refusal_for_people_shows_no_number(bot, sample_archive):
    done = bot("ask", UNKNOWN)
    assert done.code == 0
    assert "[1]" not in done.out
    assert "The articles do not" in done.out


def test_the_same_question_gets_the_same_answer(bot, sample_archive):
    def answer() -> dict[str, Any]:
        return {name: value for name, value in bot("ask", ASKED, "--json").json.items() if name != "timings_ms"}

    assert answer() == answer()


@pytest.mark.parametrize("question", [ASKED, UNKNOWN], ids=["answered", "refused"])
def test_explain_shows_at_least_twenty_hits_and_why(question, bot, sample_archive):
    found = bot("ask", question, "--json", "--explain").json
    assert len(found["hits"]) >= 20
    assert all(hit.keys() >= HIT_FIELDS for hit in found["hits"])
    assert found["why"]
    for hit in found["hits"][:5]:
        text = bot("show", hit["article_id"], "--json").json["text"]
        assert text[hit["start"] : hit["end"]] == hit["text"]


def test_explain_for_people_says_why(bot, sample_archive):
    assert "why: " in bot("ask", ASKED, "--explain").out


SCOPES = [
    pytest.param(["--since", "2025-03-04"], ("2025-03-04", "9999"), "", id="since"),
    pytest.param(["--until", "2025-03-03"], ("", "2025-03-03"), "", id="until"),
    pytest.param(["--since", "2025-03-04", "--until", "2025-03-07"], ("2025-03-04", "2025-03-07"), "", id="both"),
    pytest.param(["--publisher", "Nordlys Daily"], ("", "9999"), "Nordlys Daily", id="publisher"),
    pytest.param(["--publisher", "nordlys"], ("", "9999"), "Nordlys Daily", id="part-of-a-name-in-lower-case"),
]


@pytest.mark.parametrize(("scope", "days", "publisher"), SCOPES)
def test_only_articles_in_the_scope_are_found(scope, days, publisher, bot, sample_archive):
    def allowed(item: dict[str, Any]) -> bool:
        in_time = item["published"] is None or days[0] <= item["published"] <= days[1]
        return in_time and (not publisher or item["publisher"] == publisher)

    articles = {item["id"]: item for item in bot("articles", "--json").lines}
    found = bot("ask", ASKED, "--json", "--explain", *scope).json
    assert found["hits"]
    assert all(allowed(articles[hit["article_id"]]) for hit in found["hits"])
    assert all(allowed(citation) for citation in found["citations"])
    assert not all(allowed(item) for item in articles.values())


def test_dated_articles_come_before_undated_ones_where_a_time_is_asked_for(bot, sample_archive):
    articles = {item["id"]: item for item in bot("articles", "--json").lines}
    hits = bot("ask", "how much ether was stolen from Bybit", "--json", "--explain", "--since", "2025-02-01").json[
        "hits"
    ]
    dated = [articles[hit["article_id"]]["published"] is not None for hit in hits]
    assert dated == sorted(dated, reverse=True)


TIMES = [
    pytest.param("last week", "2025-03-03", "2025-03-09", False, id="in-passing"),
    pytest.param("since 5 March", "2025-03-05", "2025-12-31", True, id="a-bound"),
]


@pytest.mark.parametrize(("time", "since", "until", "limits"), TIMES)
def test_words_of_time_are_relative_to_the_given_day(bot, sample_archive, time, since, until, limits):
    articles = {item["id"]: item for item in bot("articles", "--json").lines}
    found = bot("ask", f"{ASKED} {time}", "--json", "--explain", "--today", "2025-03-11").json
    days = [articles[hit["article_id"]]["published"] for hit in found["hits"]]
    assert since <= days[0] <= until
    assert (
        all(since <= day <= until for day in days if day) == limits
    )  # what is of no such time comes behind, unless a bound is set


def test_a_publisher_nobody_has_is_refused_politely(bot, sample_archive):
    found = bot("ask", ASKED, "--json", "--publisher", "No Such Paper").json
    assert (found["outcome"], found["reason"], found["nearest"]) == ("refused", "nothing_found", [])


BAD_QUESTIONS = [
    pytest.param([""], "empty", id="empty"),
    pytest.param([" \n\t "], "empty", id="white-space"),
    pytest.param(["why " * 2_500], "characters", id="ten-thousand-characters"),
    pytest.param([], "--jsonl", id="none"),
    pytest.param(["why", "--jsonl", "file"], "--jsonl", id="two-ways-at-once"),
    pytest.param(["why", "--since", "2025-13-01"], "2025-13-01", id="no-such-month"),
    pytest.param(["why", "--until", "yesterday"], "yesterday", id="no-day"),
    pytest.param(["--jsonl", "nowhere.jsonl"], "nowhere.jsonl", id="no-such-file"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD_QUESTIONS)
def test_a_question_that_cannot_be_asked_is_exit_code_2_with_what_to_do(arguments, named, bot, sample_archive):
    done = bot("ask", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert named in done.err
    assert "Traceback" not in done.err


ODD_QUESTIONS = [
    pytest.param("?", id="only-a-mark"),
    pytest.param("🚢🚢🚢", id="emoji"),
    pytest.param('"; DROP TABLE articles; --', id="sql"),
    pytest.param('truce OR "unclosed NEAR( * :', id="search-syntax"),
    pytest.param("the of and", id="only-stop-words"),
    pytest.param("what did Macron\x00\x1b[31m say", id="control-characters"),
    pytest.param("was sagte Macron über die Waffenruhe", id="german"),
    pytest.param("Что сказал Зеленский о перемирии?", id="russian"),
    pytest.param("truce " * 300, id="one-word-three-hundred-times"),
    pytest.param("caf\udce9 truce", id="bytes-that-are-no-text"),
]


@pytest.mark.parametrize("question", ODD_QUESTIONS)
def test_an_odd_question_is_answered_or_refused(question, bot, sample_archive):
    done = bot("ask", question, "--json")
    assert done.code == 0
    assert done.json["outcome"] in ("answered", "unsure", "refused")


@pytest.mark.parametrize(
    "question",
    ["what did Macron\x00\x1b[31m say", "caf\udce9 truce"],
    ids=["control-characters", "bytes-that-are-no-text"],
)
def test_an_odd_question_does_nothing_to_the_terminal(question, bot, sample_archive):
    done = bot("ask", question, "--explain")
    assert done.code == 0
    assert "\x1b" not in done.out
    assert "\x00" not in done.out


# many questions


def test_many_questions_are_answered_in_order_under_their_ids(bot, sample_archive, tmp_path, embedder):
    lines = [
        json.dumps(ASKED),
        json.dumps({"id": "b", "question": UNKNOWN}),
        "",
        json.dumps({"id": 7, "question": "how much was stolen from Bybit", "today": "2025-03-20"}),
        json.dumps({"question": "who represented Ukraine at the talks in Jeddah"}),
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(lines))
    done = bot("ask", "--jsonl", tmp_path / "questions.jsonl")
    assert done.code == 0
    assert [item["id"] for item in done.lines] == [None, "b", 7, None]
    assert all(item.keys() >= {*ANSWER_FIELDS, "id"} for item in done.lines)
    assert [item["question"].split()[0] for item in done.lines] == ["what", "How", "how", "who"]


BAD_LINES = [
    pytest.param("not json", None, id="not-json"),
    pytest.param("5", None, id="number"),
    pytest.param("[]", None, id="list"),
    pytest.param('{"id": "x"}', "x", id="no-question"),
    pytest.param('{"id": "x", "question": 5}', "x", id="question-is-a-number"),
    pytest.param('{"id": "x", "question": ""}', "x", id="empty-question"),
    pytest.param('{"id": "x", "question": "why", "today": "soon"}', "x", id="today-is-no-day"),
    pytest.param('{"id": "x", "question": "why", "today": 5}', "x", id="today-is-a-number"),
    pytest.param(json.dumps({"id": "x", "question": "why " * 2_500}), "x", id="too-long"),
]


@pytest.mark.parametrize(("line", "id_"), BAD_LINES)
def test_a_bad_line_gets_an_error_and_the_others_an_answer(line, id_, bot, sample_archive, tmp_path):
    good = json.dumps({"id": "good", "question": ASKED})
    (tmp_path / "questions.jsonl").write_text(f"{good}\n{line}\n{good}\n")
    done = bot("ask", "--jsonl", tmp_path / "questions.jsonl")
    assert done.code == 2
    assert [item.get("outcome") for item in done.lines] == ["answered", None, "answered"]
    assert "line 2" in done.lines[1]["error"]
    assert done.lines[1]["id"] == id_


def test_a_file_of_questions_in_windows_form_is_read(bot, sample_archive, tmp_path):
    (tmp_path / "questions.jsonl").write_bytes(
        b"\xef\xbb\xbf" + json.dumps({"id": 1, "question": ASKED}).encode() + b"\r\n"
    )
    done = bot("ask", "--jsonl", tmp_path / "questions.jsonl")
    assert [item.get("outcome") for item in done.lines] == ["answered"]
    assert done.code == 0


def test_questions_come_from_standard_input(bot, sample_archive, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(ASKED) + "\n"))
    done = bot("ask", "--jsonl", "-")
    assert (done.code, done.json["outcome"]) == (0, "answered")


THREADS = [
    pytest.param(
        ["what did Macron say about the truce", "He said it would last a month. [1]"],
        id="questions-and-answers-in-turn",
    ),
    pytest.param(
        [{"question": "what did Macron say about the truce", "answer": "He said it would last a month."}], id="pairs"
    ),
]


@pytest.mark.parametrize("thread", THREADS)
def test_a_follow_up_is_answered_as_the_question_it_stands_for(thread, bot, sample_archive, tmp_path):
    lines = [{"question": "and Pollard?", "thread": thread}, {"question": "what did Pollard say about the truce"}]
    (tmp_path / "questions.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    follow_up, whole = bot("ask", "--jsonl", tmp_path / "questions.jsonl").lines
    assert follow_up["question"] == "and Pollard?"
    assert [(item["path"], item["start"]) for item in follow_up["citations"]] == [
        (item["path"], item["start"]) for item in whole["citations"]
    ]
    assert whole["citations"]


def test_a_thread_can_be_given_on_the_command_line(bot, sample_archive):
    follow_up = bot("ask", "and Pollard?", "--thread", "what did Macron say about the truce", "--json").json
    whole = bot("ask", "what did Pollard say about the truce", "--json").json
    assert whole["citations"]
    assert follow_up["citations"] == whole["citations"]


@pytest.mark.parametrize("thread", ["text", 5, {}, [5], [[]], [None, {"question": 5}], []], ids=repr)
def test_a_thread_of_another_shape_is_passed_over(thread, bot, sample_archive, tmp_path):
    (tmp_path / "questions.jsonl").write_text(json.dumps({"question": ASKED, "thread": thread}))
    assert bot("ask", "--jsonl", tmp_path / "questions.jsonl").json["outcome"] == "answered"
