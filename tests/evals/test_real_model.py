"""The sample articles, embedded by the real model and asked about as people do."""

from __future__ import annotations

import contextlib
import html
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samples import SAMPLES

import ingest
from bot.__main__ import main as bot_main
from bot.answer.desk import Desk
from evals import answer, desk, languages, refuse, retrieve, threads
from evals.archives import archive_of
from evals.asking import Asked, ask_all
from evals.data import squashed as folded
from evals.memory import Remembering
from evals.own import own
from evals.report import RESULTS
from index.model.reader import OWN, reader_of
from index.model.runtime import Model
from settings import load

pytestmark = [pytest.mark.slow, pytest.mark.chroma]

TRUCE = "what did Macron say about the truce"
SPELLINGS = ["Zelensky", "Zelenskyy", "Zelenskiy", "Зеленський"]
ABOUT_ZELENSKY = ["What did {} say about a ceasefire?", "what did {} say about the truce"]


@pytest.fixture(scope="session")
def embedder(tmp_path_factory) -> Remembering:
    """The real model, asked for each text once: many questions look at the same sentences."""
    return Remembering(Model(), tmp_path_factory.mktemp("vectors") / "vectors.sqlite3")


@pytest.fixture(scope="session")
def replies(tmp_path_factory, embedder) -> dict[str, dict[str, Any]]:
    """The replies of the real commands, by question."""
    folder = tmp_path_factory.mktemp("real")
    questions = [TRUCE, *(form.format(name) for form in ABOUT_ZELENSKY for name in SPELLINGS)]
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setenv("NEWSDESK_DATA_DIR", str(folder / "archive"))
        patch.setenv("NEWSDESK_ANSWERS__READER", "own")
        patch.chdir(folder)
        assert ingest.main([str(SAMPLES), "--json"], embedder=embedder) == 0
        patch.setattr(sys, "stdin", io.StringIO("\n".join(json.dumps(question) for question in questions)))
        assert bot_main(["ask", "--jsonl", "-", "--today", "2025-05-01"], embedder=embedder) == 0
    found = [json.loads(line) for line in said.getvalue().splitlines()[1:]]
    return dict(zip(questions, found, strict=True))


@pytest.fixture(scope="session")
def answerer(tmp_path_factory, embedder) -> Iterator[Desk]:
    """The desk on the sample articles."""
    with archive_of(own(), embedder, tmp_path_factory.mktemp("own")) as archive:
        yield Desk(archive, embedder, reader=reader_of(OWN))


@pytest.fixture(scope="session")
def asked(answerer) -> list[Asked]:
    """Our own questions and what the desk replies to them."""
    return ask_all(answerer, own().queries)


@pytest.fixture(scope="session")
def figures(asked, embedder, tmp_path_factory) -> dict[str, dict[str, Any]]:
    """What our own questions measure today, by eval."""
    found = retrieve.measured(own(), embedder, tmp_path_factory.mktemp("retrieved"), baselines=False)["figures"][
        "both"
    ]["newsdesk"]
    return {"answer": answer.figures_of(asked)["both"], "refuse": refuse.figures_of(asked)["both"], "retrieve": found}


def squashed(text: str) -> str:
    return "".join(text.split())


def originals(path: str) -> str:
    """A file as it was saved, with its markup read but nothing left out, without white space."""
    text = (SAMPLES / Path(path.split("#")[0]).name).read_text(encoding="utf-8-sig")
    if path.split("#")[0].endswith(".jsonl"):
        text = "\n".join(json.loads(line)["text"] for line in text.splitlines())
    if path.endswith(".md"):
        text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text).replace("*", "")
    return squashed(html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", text)))


def test_what_macron_said_about_the_truce_is_answered_from_articles_in_which_he_speaks_on_it(replies):
    reply = replies[TRUCE]
    assert reply["outcome"] == "answered"
    assert 1 <= len(reply["citations"]) <= 2
    speaking = {
        "london-summit-truce.txt",
        "macron-truce-questions.txt",
        "one-month-truce-plan.txt",
        "brussels-summit.txt",
        "ceasefires-since-minsk.txt",
    }
    assert {Path(citation["path"]).name for citation in reply["citations"]} <= speaking
    assert all(
        "Macron" in citation["quote"] + citation["speaker"] or "French president" in citation["quote"]
        for citation in reply["citations"]
    )
    assert any("truce" in citation["quote"] for citation in reply["citations"])


def test_every_quote_stands_word_for_word_in_the_file_it_came_from(replies, asked):
    citations = [
        citation
        for reply in [*replies.values(), *(item.reply.as_json() for item in asked)]
        for citation in reply["citations"]
    ]
    assert len(citations) > 80
    assert [
        citation["quote"] for citation in citations if squashed(citation["quote"]) not in originals(citation["path"])
    ] == []


def test_every_sentence_of_an_answer_is_followed_by_its_number(replies, asked):
    for reply in [*replies.values(), *(item.reply.as_json() for item in asked)]:
        assert re.findall(r"\[(\d+)\]", reply["text"]) == [str(citation["number"]) for citation in reply["citations"]]
        assert reply["text"] == "" or reply["text"].endswith("]")


@pytest.mark.parametrize("form", ABOUT_ZELENSKY)
def test_a_name_is_found_in_every_spelling(form, replies):
    # Which of several good sentences comes first may differ: the spelling changes the question's vector a little.
    for name in SPELLINGS:
        citations = replies[form.format(name)]["citations"]
        assert any("Zelensk" in item["quote"] + item["speaker"] for item in citations), name


BETTER_UP = [
    ("answer", "gold sentence first"), ("answer", "gold sentence cited"), ("answer", "gold sentences cited (recall)"),
    ("answer", "verbatim"),
    ("refuse", "refused of the unanswerable"), ("refuse", "AUC of confidence"), ("refuse", "F1"),
    ("retrieve", "hit@1"), ("retrieve", "hit@5"), ("retrieve", "ndcg@10"),
]  # fmt: skip
BETTER_DOWN = [("refuse", "refused of the answerable"), ("answer", "words (median)")]


def stored(eval_: str, figure: str) -> float:
    """A figure as it was when the results were committed (python -m evals retrieve answer refuse --set own)."""
    figures = json.loads((RESULTS / f"{eval_}-own.json").read_text())["figures"]["both"]
    return value(figures["newsdesk"] if eval_ == "retrieve" else figures, figure)


def value(figures: dict[str, Any], figure: str) -> float:
    return figures[figure]["mean"] if isinstance(figures[figure], dict) else figures[figure]


@pytest.mark.parametrize(("eval_", "figure"), BETTER_UP)
def test_no_figure_of_our_own_questions_falls(eval_, figure, figures):
    assert value(figures[eval_], figure) >= stored(eval_, figure)


@pytest.mark.parametrize(("eval_", "figure"), BETTER_DOWN)
def test_no_figure_that_should_be_low_rises(eval_, figure, figures):
    assert value(figures[eval_], figure) <= stored(eval_, figure)


# Questions as people type them (python -m evals desk), both halves. Each bound is one question worse than what was
# measured; whoever improves a figure moves its bound.
AT_LEAST = {
    "first right": 0.571,
    "in the first excerpt": 0.619,
    "shown anywhere": 0.626,
    "sentences to the point": 0.63,
    "threads right": 0.611,
}
AT_MOST = {"answered of unanswerable": 0.206, "words (median)": 60}


def test_answers_to_questions_as_people_type_them_get_no_worse(answerer):
    figures = desk.measured(ask_all(answerer, desk.questions()))["figures"]["both"]["newsdesk"]
    assert [(name, value(figures, name)) for name, least in AT_LEAST.items() if value(figures, name) < least] == []
    assert [(name, value(figures, name)) for name, most in AT_MOST.items() if value(figures, name) > most] == []


# Threads of our own (python -m evals followup --set own), both halves, bounded alike.
THREADS = {"right": 0.794, "repeats": 0.0}


def test_follow_ups_get_no_worse_answers(answerer):
    figures = threads.measured(answerer)["figures"]["both"]
    assert value(figures, "right") >= THREADS["right"]
    assert value(figures, "repeats") <= THREADS["repeats"]


def test_questions_in_other_languages_get_no_worse_answers(embedder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = languages.measure(load(), embedder)
    none = found.pop("none")
    total = sum(found.values(), Counter())
    assert total["answered, right"] >= 36
    assert total["answered, right"] + total["unsure, right"] >= 43
    assert total["answered, wrong"] <= 8
    assert none["answered"] <= 5


def test_every_gold_sentence_stands_in_an_article():
    texts = [folded(article["text"]) for article in own().articles]
    missing = [
        (query.id, sentence)
        for query in own().queries
        for sentence in query.evidence
        if not any(folded(sentence) in text for text in texts)
    ]
    assert missing == []
    assert len({query.id for query in own().queries}) == len(own().queries) >= 80
