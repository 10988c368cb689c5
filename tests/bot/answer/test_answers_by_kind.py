"""What is shown depends on what is asked: both sides, a second paper, the newest."""

from __future__ import annotations

from datetime import date

import pytest
from small_archive import ingested

from bot.answer.desk import Desk, Request
from bot.reply import Answer
from index.model.reader import OWN, reader_of
from index.model.runtime import Model

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
    (
        "dam",
        "2025-03-06",
        "The Quay",
        "The Orrin dam leaked for a week. Engineer Lotte Maurer said the Orrin dam was safe after the repair. "
        "Farmer Pavel Kreutz said he would sell his land. The valley is flooded.",
    ),
    ("pier-2", "2025-03-07", "Harbour Post", "The council closed the Selby pier, a notice at the gate said."),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    lines = [
        {"id": id_, "title": f"From {source}", "date": day, "source": source, "text": text}
        for id_, day, source, text in ARTICLES
    ]
    with ingested(folder, lines, Model()) as archive:
        yield Desk(archive, Model(), reader=reader_of(OWN))


def asked(desk, question):
    return desk.ask(Request(question, date(2025, 3, 31)))


def days(result):
    return [citation.article.source.published.isoformat() for citation in result.citations]


def test_another_paper_that_gives_another_number_is_shown_beside_the_first(desk):
    result = asked(desk, "How many workers did the fire at the Halden mill injure?").result
    assert isinstance(result, Answer)
    assert sorted(days(result)) == ["2025-03-01", "2025-03-03"]  # "now" was not asked: either may come first
    assert result.lead == ""


def test_the_words_of_one_are_not_followed_by_those_of_another(desk):
    result = asked(desk, "What did Lotte Maurer say about the Orrin dam?").result
    assert isinstance(result, Answer)
    [citation] = result.citations
    assert "was safe" in citation.quote
    assert "leaked for a week" not in citation.quote  # it does not answer
    assert "Kreutz" not in citation.quote


def test_where_now_is_asked_the_newest_comes_first(desk):
    result = asked(desk, "How many workers has the fire at the Halden mill injured so far?").result
    assert isinstance(result, Answer)
    assert days(result)[0] == "2025-03-03"


def test_two_who_are_compared_are_each_heard_in_the_order_of_the_question(desk):
    result = asked(desk, "How do Brandt and Reyes differ on the bridge toll?").result
    assert isinstance(result, Answer)
    assert [citation.article.source.publisher for citation in result.citations] == ["The Quay", "Harbour Post"]
    assert result.lead == ""


@pytest.mark.parametrize(
    ("question", "why"),
    [
        pytest.param("How do Brandt and Macron differ on the bridge toll?", "", id="one-side-missing"),
        pytest.param("What did Ilse Brandt say about limits on Aldmoor's fleet?", "", id="another-topic"),
        pytest.param("Did Reyes resign?", "", id="nothing-of-the-kind"),
    ],
)
def test_what_is_not_told_is_refused(desk, question, why):
    reply = asked(desk, question)
    assert not isinstance(reply.result, Answer)
    assert why in reply.why
