"""Times in questions, seen from Thursday, 20 March 2025."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.question.times import time_of

TODAY = date(2025, 3, 20)


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# Reports on a month or day follow for a while, so "in" and "on" reach further: 31 days behind a month or year, 14
# behind a day.
TIMES = [
    pytest.param("what happened today", "2025-03-20", "2025-03-20", id="today"),
    pytest.param("what happened yesterday", "2025-03-19", "2025-03-20", id="yesterday"),
    pytest.param("what did Macron say last week", "2025-03-10", "2025-03-16", id="last-week"),
    pytest.param("what did Macron say this week", "2025-03-13", "2025-03-20", id="this-week"),
    pytest.param("what did Macron say this month", "2025-03-01", "2025-03-20", id="this-month"),
    pytest.param("what did Macron say last month", "2025-02-01", "2025-02-28", id="last-month"),
    pytest.param("what did Macron say this year", "2025-01-01", "2025-03-20", id="this-year"),
    pytest.param("what did Macron say last year", "2024-01-01", "2024-12-31", id="last-year"),
    pytest.param("how much have prices risen over the past year", "2024-03-19", "2025-03-20", id="past-year"),
    pytest.param("who will run for president in 2026", None, None, id="a-year-to-come"),
    pytest.param("what happened in the past three days", "2025-03-17", "2025-03-20", id="past-three-days"),
    pytest.param("what happened in the last 10 days", "2025-03-10", "2025-03-20", id="last-ten-days"),
    pytest.param("what happened over the last two weeks", "2025-03-06", "2025-03-20", id="last-two-weeks"),
    pytest.param("what has changed since Monday", "2025-03-17", None, id="since-monday"),
    pytest.param("what has changed since Thursday", "2025-03-13", None, id="since-the-same-weekday"),
    pytest.param("what has changed since yesterday", "2025-03-19", None, id="since-yesterday"),
    pytest.param("what has changed since last week", "2025-03-10", None, id="since-last-week"),
    pytest.param("what has changed since March 3", "2025-03-03", None, id="since-a-day"),
    pytest.param("what has changed since 2022", "2022-01-01", None, id="since-a-year"),
    pytest.param("what has changed since February", "2025-02-01", None, id="since-a-month"),
    pytest.param("what happened in August", "2024-08-01", "2024-10-01", id="in-a-month-to-come-is-last-year"),
    pytest.param("what happened in February", "2025-02-01", "2025-03-31", id="in-a-month-gone-by"),
    pytest.param("what happened in March", "2025-03-01", "2025-05-01", id="in-the-month-we-have"),
    pytest.param("what happened in March 2025", "2025-03-01", "2025-05-01", id="in-a-month-of-a-year"),
    pytest.param("what happened in March 2024", "2024-03-01", "2024-05-01", id="in-a-month-of-another-year"),
    pytest.param("what happened in May", "2024-05-01", "2024-07-01", id="in-may"),
    pytest.param("what happened in 2024", "2024-01-01", "2025-01-31", id="in-a-year"),
    pytest.param("what happened on 3 March 2025", "2025-03-03", "2025-03-17", id="on-a-day"),
    pytest.param("what happened on March 3rd, 2025", "2025-03-03", "2025-03-17", id="on-a-day-american"),
    pytest.param("what happened on 2025-03-03", "2025-03-03", "2025-03-17", id="on-an-iso-day"),
    pytest.param("what happened on 3 March", "2025-03-03", "2025-03-17", id="on-a-day-of-this-year"),
    pytest.param("what happened on 5 December", "2024-12-05", "2024-12-19", id="on-a-day-of-last-year"),
    pytest.param("what happened on Tuesday", "2025-03-18", "2025-04-01", id="on-a-weekday"),
    pytest.param("what was said before 3 March 2025", None, "2025-03-02", id="before-a-day"),
    pytest.param("what was said before March", None, "2025-02-28", id="before-a-month"),
    pytest.param("what was said until 3 March 2025", None, "2025-03-03", id="until-a-day"),
    pytest.param("what was said by 3 March 2025", None, "2025-03-03", id="by-a-day"),
    pytest.param("what was said after 3 March 2025", "2025-03-04", None, id="after-a-day"),
    pytest.param("what was said after February", "2025-03-01", None, id="after-a-month"),
    pytest.param(
        "what was said since 1 March 2025 and before 10 March 2025", "2025-03-01", "2025-03-09", id="two-bounds"
    ),
    pytest.param("What did Macron say LAST WEEK?", "2025-03-10", "2025-03-16", id="in-capitals"),
    pytest.param("what happened on 31 February 2025", None, None, id="no-such-day"),
]


@pytest.mark.parametrize(("question", "since", "until"), TIMES)
def test_a_time_in_a_question_becomes_days(question, since, until):
    found = time_of(question, TODAY)
    assert (found.since, found.until) == (day(since), day(until))
    assert not found.latest


TIMELESS = [
    pytest.param("what did Macron say about the truce", id="plain"),
    pytest.param("what may Macron say about the truce", id="may-is-a-verb"),
    pytest.param("may Ukraine join the union", id="may-opens-the-question"),
    pytest.param("how long may a truce last in theory", id="may-in-the-middle"),
    pytest.param("who will march through Paris", id="march-is-a-verb"),
    pytest.param("why did the workers march on the ministry", id="march-on"),
    pytest.param("what did May say about Brexit", id="may-is-a-person"),
    pytest.param("who won the second round", id="second"),
    pytest.param("how many seats do they hold", id="number"),
    pytest.param("what is Monday.com", id="monday-is-a-firm"),
    pytest.param("who is the latter", id="latter-is-not-latest"),
    pytest.param("how many died in 300 villages", id="small-number"),
    pytest.param("what is the 800 billion euro plan", id="money"),
    pytest.param("", id="empty"),
]


@pytest.mark.parametrize("question", TIMELESS)
def test_a_question_without_a_time_is_left_alone(question):
    found = time_of(question, TODAY)
    assert (found.since, found.until, found.latest) == (None, None, False)
    assert found.rest == question


LATEST = [
    "what is the latest death toll",
    "what is the most recent figure",
    "newest poll on Merz",
    "how many are missing so far",
    "what is Macron currently planning",
    "how many people have died as of now",
]


@pytest.mark.parametrize("question", LATEST)
def test_latest_prefers_what_is_new_and_leaves_nothing_out(question):
    found = time_of(question, TODAY)
    assert found.latest
    assert (found.since, found.until) == (None, None)


RESTS = [
    pytest.param(
        "what did Macron say about the truce last week", "what did Macron say about the truce", id="last-week"
    ),
    pytest.param(
        "what did Macron say since Monday about the truce", "what did Macron say about the truce", id="since-monday"
    ),
    pytest.param(
        "what did Merz say in February 2025 about the debt brake",
        "what did Merz say about the debt brake",
        id="in-a-month",
    ),
    pytest.param("what is the latest death toll", "what is the death toll", id="latest"),
    pytest.param("what happened on 3 March 2025 in London", "what happened in London", id="on-a-day"),
]


@pytest.mark.parametrize(("question", "rest"), RESTS)
def test_the_words_of_time_are_no_part_of_the_topic(question, rest):
    assert time_of(question, TODAY).rest == rest


EDGES = [
    pytest.param("last month", date(2025, 1, 1), date(2024, 12, 1), date(2024, 12, 31), id="last-month-in-january"),
    pytest.param(
        "what happened in December", date(2025, 1, 1), date(2024, 12, 1), date(2025, 1, 31), id="december-in-january"
    ),
    pytest.param("last week", date(2025, 1, 1), date(2024, 12, 23), date(2024, 12, 29), id="last-week-over-new-year"),
    pytest.param("yesterday", date(2024, 3, 1), date(2024, 2, 29), date(2024, 3, 1), id="yesterday-was-a-leap-day"),
    pytest.param(
        "what happened on 29 February",
        date(2025, 3, 20),
        date(2024, 2, 29),
        date(2024, 3, 14),
        id="leap-day-of-last-year",
    ),
    pytest.param("last week", date(2025, 3, 17), date(2025, 3, 10), date(2025, 3, 16), id="last-week-on-a-monday"),
    pytest.param("last week", date(2025, 3, 23), date(2025, 3, 10), date(2025, 3, 16), id="last-week-on-a-sunday"),
]


@pytest.mark.parametrize(("question", "today", "since", "until"), EDGES)
def test_the_edges_of_years_months_and_weeks(question, today, since, until):
    found = time_of(question, today)
    assert (found.since, found.until) == (since, until)


WORDS = st.sampled_from(
    (
        "what since before in on the last past 3 March May Monday 2025 2025-03-03 31 February week weeks days 999 "
        "yesterday latest , ?"
    ).split()
)


@given(st.lists(WORDS, max_size=12).map(" ".join), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_no_question_whatever_breaks_the_reading(question, today):
    found = time_of(question, today)
    assert len(found.rest) <= len(question)


FIRMNESS = [
    pytest.param("what happened this week", False, False, id="in-passing"),
    pytest.param("what did Macron say in March", False, False, id="a-month"),
    pytest.param("what did Macron say on Monday", False, False, id="a-day-of-the-week"),
    pytest.param("what did Merz say in February 2025", False, True, id="a-month-of-a-year"),
    pytest.param("what happened on 3 March 2025", False, True, id="a-date"),
    pytest.param("what was built in 2024", False, True, id="a-year"),
    pytest.param("what did Macron say since Monday", True, False, id="since"),
    pytest.param("what did Merz say before March 2025", True, True, id="before"),
    pytest.param("what happened after 3 March 2025", True, True, id="after"),
]


@pytest.mark.parametrize(("question", "strict", "firm"), FIRMNESS)
def test_a_bound_limits_and_all_other_times_are_preferred(question, strict, firm):
    found = time_of(question, TODAY)
    assert (found.strict, found.firm) == (strict, firm)
