"""Questions as people type them: what is written about them is right, and the figures count what they say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hash_embedder import HashEmbedder

from bot.answer.desk import Desk
from bot.reply import Answer, NoAnswer
from evals import desk
from evals.archives import archive_of
from evals.asking import Asked, ask_all
from evals.data import DataSet, Query
from evals.memory import Remembering
from evals.own import own
from evals.report import save
from index.sentences import spans

STORY = (
    "The ferry Alba sank on Monday. It lay in the harbour of Quill.\n\n"
    "The captain of the Alba said that the pumps of the ferry had failed.\n\n"
    "The harbour master of Quill closed the harbour."
)


@pytest.fixture
def asked(tmp_path) -> Asked:
    """A question and its answer: one excerpt of two sentences."""
    article = {"id": "a", "title": "A ferry sinks", "date": "2025-03-01", "source": "The Quay", "text": STORY}
    query = Query("q", "What happened to the ferry Alba?", True, gold=("pumps",), relevant=("ferry",))
    data = DataSet("ferry", (article,), (query,))
    embedder = Remembering(HashEmbedder(), tmp_path / "vectors.sqlite3")
    with archive_of(data, embedder, tmp_path / "cache") as archive:
        item = ask_all(Desk(archive, embedder), data.queries)[0]
    assert item.answer
    start, end = STORY.index("The ferry"), STORY.index("\n\n")
    return answering(item, start, end)


def answering(item: Asked, start: int, end: int, sentence: tuple[int, int] | None = None) -> Asked:
    """The same reply with one citation: an excerpt, and where in it the sentence that answers stands."""
    assert item.answer
    first = item.answer.citations[0]
    cited = replace(first, quote=STORY[start:end], start=start, end=end, answering=sentence, headline=False)
    result = replace(item.answer, citations=(cited,))
    return Asked(item.query, replace(item.reply, result=result))


def asking(item: Asked, **changes) -> Asked:
    return Asked(replace(item.query, **changes), item.reply)


def refused(item: Asked, *, closest: bool) -> Asked:
    assert isinstance(item.reply.result, Answer)
    near = item.reply.result.citations[0] if closest else None
    return Asked(item.query, replace(item.reply, result=NoAnswer("?", "not_supported", closest=near)))


def test_every_pattern_stands_in_a_sentence_and_every_kind_is_there():
    articles = own().articles
    lines = [article["title"] for article in articles]
    lines += [article["text"][start:end] for article in articles for start, end in spans(article["text"])]
    questions = desk.questions()
    missing = [
        (query.id, pattern)
        for query in questions
        for pattern in (*query.gold, *query.relevant, *query.parts)
        if not any(desk.matches(line, [pattern]) for line in lines)
    ]
    assert missing == []
    kinds = Counter(query.kind for query in questions)
    assert kinds["followup"] >= 14
    assert kinds["un-miss"] >= 12
    assert sum(count for kind, count in kinds.items() if kind.startswith("un-")) >= 26
    assert all(bool(query.gold) == query.answerable == (not query.kind.startswith("un-")) for query in questions)
    assert len({query.id for query in questions}) == len(questions) >= 80
    halves = Counter(desk.half_of(query) for query in questions)
    assert min(halves["dev"], halves["blind"]) > len(questions) / 3


def test_the_sentence_that_answers_decides(asked):
    start, end = STORY.index("The captain"), STORY.index("The harbour master")
    lay = STORY.index("It lay"), STORY.index("\n\n")
    assert desk.verdict(asked) == "wrong"
    assert desk.verdict(asking(asked, gold=("sank",))) == "right"  # no sentence is marked: the whole excerpt
    marked = answering(asked, 0, lay[1], lay)
    assert desk.verdict(asking(marked, gold=("sank",))) == "in the excerpt"
    assert desk.verdict(asking(marked, gold=("lay in the harbour",))) == "right"
    assert desk.verdict(answering(asked, start, end)) == "right"
    assert desk.verdict(asking(asked, gold=(), answerable=False)) == "wrong"
    assert desk.verdict(refused(asked, closest=True)) == "unsure"
    assert desk.verdict(refused(asked, closest=False)) == "refused"


def test_the_figures_are_of_newsdesk_and_of_the_best_passage(asked):
    right = asking(asked, gold=("sank",), thread=("What is new?",), parts=("sank", "pumps"))
    unsure = refused(asking(asked, gold=("sank",)), closest=True)
    no = refused(asking(asked, gold=(), answerable=False, kind="un-miss"), closest=False)
    shown = asking(asked, gold=(), answerable=False, kind="un-off")
    result = desk.measured([right, unsure, asked, no, shown])
    figures = result["figures"]["both"]
    mine = {name: value["mean"] for name, value in figures["newsdesk"].items() if isinstance(value, dict)}
    assert (
        mine["first right"] == mine["in the first excerpt"] == mine["shown anywhere"] == pytest.approx(1 / 3, abs=0.001)
    )
    assert mine["unsure of answerable"] == pytest.approx(1 / 3, abs=0.001)
    assert mine["closest right, of the unsure"] == mine["threads right"] == mine["answered of un-off"] == 1
    assert mine["answered of unanswerable"] == 0.5
    assert mine["answered of un-miss"] == mine["every part"] == mine["refused of answerable"] == 0
    assert mine["sentences to the point"] == 0.5  # "It lay in the harbour of Quill" is not
    assert figures["newsdesk"]["AUC of right against wrong"] == 0.5
    passage = {name: value["mean"] for name, value in figures["top passage"].items() if isinstance(value, dict)}
    assert passage["in the first excerpt"] == passage["among the passages found"] == 1
    assert result["kinds"]["un-miss"]["both"] == "1 of 1"
    assert sum(group["answers"] for group in result["reliability"]) == 3


def test_the_page_of_results_plots_how_reliable_the_confidence_is(asked, tmp_path):
    other = asking(asked, id="other", gold=("sank",))
    assert {desk.half_of(item.query) for item in (asked, other)} == {"dev", "blind"}
    path = save({"eval": "desk", "data": "ferry", **desk.measured([asked, other])}, tmp_path)
    shown = (tmp_path / "report.html").read_text()
    assert "<circle" in shown
    assert "top passage" in shown
    assert "pumps" not in path.read_text() + shown
