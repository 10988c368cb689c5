# ruff: noqa: E501
"""Questions for the articles of a time: what is in today, what happened yesterday, any news on something."""

from __future__ import annotations

from datetime import date

import pytest
from hash_embedder import HashEmbedder
from small_archive import ingested

from bot.answer.desk import Desk, Request
from bot.answer.news_list import topic_of_list
from bot.question.parse import parse_question
from bot.reply import Answer

TODAY = date(2025, 3, 12)
EVERYTHING = [
    "What happened yesterday?", "what's new", "what is new today", "any news?", "what's in today", "what did we get this week", "what happened on 8 March 2025?", "today's headlines", "headlines", "news",
    "what's happening", "what is going on today", "latest news", "show me yesterday's articles", "list articles from last week", "what came in this morning?", "which stories came in today", "what did I miss",
    "catch me up", "what do we have from yesterday", "what's the latest?", "what is new since Monday?", "what was in the papers yesterday", "top stories this week", "what's the news", "newest articles",
    "morning briefing", "any new articles", "give me the headlines of 3 March", "what were the top stories last week", "has anything happened since Monday",
]  # fmt: skip


@pytest.mark.parametrize("question", EVERYTHING)
def test_a_question_for_all_articles_of_a_time(question):
    assert topic_of_list(parse_question(question, TODAY)) == ""


ON_A_TOPIC = [("any news on the pier", "the pier"), ("latest news on Selby?", "Selby"), ("any updates on the toll", "the toll"), ("what do we have on the mill fire", "the mill fire"), ("news from Halden", "Halden"), ("anything new on the toll?", "the toll")]  # fmt: skip


@pytest.mark.parametrize(("question", "topic"), ON_A_TOPIC)
def test_a_question_for_the_articles_on_a_topic(question, topic):
    assert topic_of_list(parse_question(question, TODAY)) == topic


TOLD = [
    "what happened to the pier", "what's the latest on the mayor", "what's new with the ferry", "what happened this week in Selby", "what is in the deal", "what are the latest figures", "what is new york",
    "news corp shares", "timeline of the talks", "what did we learn about the ferry", "who owns the pier", "What happened in the mill?", "what is the news about",
]  # fmt: skip


@pytest.mark.parametrize("question", TOLD)
def test_a_question_that_wants_to_be_told(question):
    assert topic_of_list(parse_question(question, TODAY)) is None


DAYS = [
    ("what happened yesterday", (date(2025, 3, 11), date(2025, 3, 11))), ("what's in today", (TODAY, TODAY)), ("what happened on 8 March", (date(2025, 3, 8), date(2025, 3, 8))),
    ("what happened in February", (date(2025, 2, 1), date(2025, 2, 28))), ("what is new since Monday", (date(2025, 3, 10), None)), ("articles from last week", (date(2025, 3, 3), date(2025, 3, 9))), ("any news", (None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("question", "named"), DAYS)
def test_the_days_that_are_named_have_no_weeks_behind_them(question, named):
    assert parse_question(question, TODAY).named == named


ARTICLES = [
    (
        f"n{n}",
        f"2025-03-{1 + n // 4:02}",
        f"The council meets for the {n}th time",
        f"The council met again and spoke about pier number {n}.",
    )
    for n in range(24)
]
ARTICLES += [
    ("toll-old", "2025-02-03", "Toll on the bridge is planned", "The council plans a toll on the bridge, its clerk said on Monday."),
    ("toll-new", "2025-03-09", "Toll on the bridge begins", "The toll on the bridge was taken for the first time on Sunday."),
    ("toll-copy", "2025-03-09", "Toll on the bridge begins", "On Sunday the toll on the bridge was taken for the first time, and boats were full."),
    ("passing", "2025-03-10", "The harbour is dredged", "Dredging begins this week, and the bridge toll pays for it."),
    ("later", "2025-03-20", "What nobody knows yet", "This story was published after the day of the question."),
    ("undated", None, "A story without a day", "Nobody knows when this was published."),
]  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("days")
    lines = [
        {"id": id_, "title": title, "date": day, "source": "The Quay", "text": text}
        for id_, day, title, text in ARTICLES
    ]
    with ingested(folder, lines, HashEmbedder()) as archive:
        yield Desk(archive, HashEmbedder())


def listed(desk, question, **bounds):
    result = desk.ask(Request(question, TODAY, **bounds)).result
    assert isinstance(result, Answer)
    assert all(citation.headline and citation.quote == citation.article.source.title for citation in result.citations)
    return result.lead, [sentence.text for sentence in result.sentences]


def test_the_articles_of_a_day_are_listed_by_their_headlines(desk):
    lead, titles = listed(desk, "What happened on 4 March?")
    assert lead == "4 articles of 4 March 2025:"
    assert sorted(titles) == [f"The council meets for the {n}th time" for n in range(12, 16)]


def test_the_newest_come_first_and_ten_are_shown(desk):
    lead, titles = listed(desk, "what did we get since 2 March")
    assert lead == "The newest 10 of 23 articles from 2 March 2025 to 12 March 2025:"
    assert (titles[:2], len(titles)) == (["The harbour is dredged", "Toll on the bridge begins"], 10)
    assert len(set(titles)) == 10


def test_no_later_and_no_undated_article_is_new(desk):
    lead, titles = listed(desk, "what's new?")
    assert lead == "The newest articles:"
    assert not {"What nobody knows yet", "A story without a day"} & set(titles)


def test_a_day_without_articles_is_said_with_the_newest_day_before(desk):
    lead, titles = listed(desk, "what happened yesterday?")
    assert lead == "There is no article of 11 March 2025. The newest before that are of 10 March 2025:"
    assert titles == ["The harbour is dredged"]
    assert listed(desk, "what happened in 2019?")[0].endswith("The newest are of 10 March 2025:")


def test_articles_on_a_topic_are_listed(desk):
    assert listed(desk, "any news on the bridge toll?") == (
        "Articles on the bridge toll, the newest first:",
        ["Toll on the bridge begins", "Toll on the bridge is planned"],
    )
    assert not isinstance(desk.ask(Request("any news on penguins", TODAY)).result, Answer)


def test_the_bounds_of_the_asker_count(desk):
    assert listed(desk, "any news", since=date(2025, 3, 1), until=date(2025, 3, 1))[0] == "4 articles of 1 March 2025:"
