"""What is shown depends on what is asked: both sides, reports that differ, a time where a time is asked for."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hash_embedder import HashEmbedder

import ingest
from bot.answer.candidates import Candidate
from bot.answer.confidence import decide
from bot.answer.desk import Desk, Request
from bot.question.parse import parse_question
from bot.reply import Answer
from bot.terminal import answer_text
from index.archive import Archive
from index.articles import Article, Hit, Passage, Source

ARTICLES = [
    ("fire-1", "2025-03-01", "The Quay", "The fire at the Halden mill injured twelve workers, the fire chief said."),
    (
        "fire-2",
        "2025-03-03",
        "Harbour Post",
        "The fire at the Halden mill injured nineteen workers, the hospital said.",
    ),
    ("toll-1", "2025-03-02", "The Quay", "Mayor Ilse Brandt said the bridge toll was fair to people who walk."),
    ("toll-2", "2025-03-02", "Harbour Post", "Harbour master Tom Reyes said the bridge toll would ruin the fishermen."),
    ("toll-3", "2025-03-04", "Harbour Post", "Brandt and Reyes said the bridge toll had been discussed for a year."),
    (
        "ferry",
        "2025-03-05",
        "The Quay",
        "The ferry to Aldmoor will join the regional timetable, but the operator gave no details.",
    ),
    ("pier", "2025-03-05", "The Quay", "The council did not close the Selby pier, its clerk said."),
    ("pier-2", "2025-03-07", "Harbour Post", "The council closed the Selby pier, a notice at the gate said."),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    lines = [
        {"id": id_, "title": f"From {source}", "date": day, "source": source, "text": text}
        for id_, day, source, text in ARTICLES
    ]
    (folder / "news.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NEWSDESK_DATA_DIR", str(folder / "data"))
        assert ingest.main([str(folder / "news.jsonl"), "--json"], embedder=HashEmbedder()) == 0
    archive = Archive(folder / "data")
    yield Desk(archive, HashEmbedder(), level="eager")
    archive.close()


def asked(desk, question):
    return desk.ask(Request(question, date(2025, 3, 31)))


def days(result):
    return [citation.article.source.published.isoformat() for citation in result.citations]


@pytest.mark.parametrize(
    ("question", "order", "lead"),
    [
        pytest.param(
            "How many workers did the fire at the Halden mill injure?",
            ["2025-03-01", "2025-03-03"],
            "Reports differ, the oldest first:",
            id="oldest",
        ),
        pytest.param(
            "How many workers has the fire at the Halden mill injured so far?",
            ["2025-03-03", "2025-03-01"],
            "Reports differ, the newest first:",
            id="latest",
        ),
        pytest.param(
            "Did the council close the Selby pier?",
            ["2025-03-05", "2025-03-07"],
            "Reports differ, the oldest first:",
            id="denied",
        ),
    ],
)
def test_reports_that_differ_stand_side_by_side_in_the_order_of_their_dates(desk, question, order, lead):
    reply = asked(desk, question)
    assert isinstance(reply.result, Answer), reply.why
    assert days(reply.result) == order
    assert reply.result.lead == reply.as_json()["lead"] == lead
    assert answer_text(reply).startswith(lead)
    assert lead not in reply.result.text


def test_two_who_are_compared_are_each_heard_in_the_order_of_the_question(desk):
    result = asked(desk, "How do Brandt and Reyes differ on the bridge toll?").result
    assert isinstance(result, Answer)
    assert [citation.article.source.publisher for citation in result.citations] == ["The Quay", "Harbour Post"]
    assert result.lead == ""


@pytest.mark.parametrize(
    ("question", "why"),
    [
        pytest.param(
            "When will the ferry to Aldmoor join the regional timetable?", "a time is asked for", id="no-time"
        ),
        pytest.param("How do Brandt and Macron differ on the bridge toll?", "", id="one-side-missing"),
        pytest.param("What did Ilse Brandt say about limits on Aldmoor's fleet?", "", id="another-topic"),
        pytest.param("Did Reyes resign?", "", id="nothing-of-the-kind"),
    ],
)
def test_what_is_not_told_is_refused(desk, question, why):
    reply = asked(desk, question)
    assert not isinstance(reply.result, Answer)
    assert why in reply.why


def test_a_reader_decides_only_what_is_near_the_level():
    text = "The pier was closed. The gate is shut."
    article = Article.of(Source("a", "A title"), text)
    hit = Hit(Passage("a:0", "a", 0, len(text), text), article, 1.0, 0.5, 1.0)
    best = Candidate(
        hit, 21, len(text), text[21:], frozenset(), frozenset(), frozenset(), [(0, 20), (21, len(text))], 1
    )
    question = parse_question("Is the gate shut?", date(2025, 3, 31))
    read = []

    def reader(question, texts):
        read.append((question, list(texts)))
        return [2.2, -1.4]

    assert decide(reader, question, best, 0.9, 0.35) == 0.9
    assert decide(reader, question, best, 0.1, 0.35) == 0.1
    assert read == []
    assert decide(reader, question, best, 0.3, 0.35) > 0.35
    assert read == [("Is the gate shut?", [("", text), ("", text)])]
    assert decide(lambda question, texts: [-0.4, -2.2], question, best, 0.4, 0.35) < 0.35
