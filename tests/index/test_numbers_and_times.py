"""Numbers and days in normal forms: what counts as the same, and what does not."""

from __future__ import annotations

from datetime import date

import pytest

from index.figures import figures
from index.times import Written, days

WRITTEN = Written(date(2025, 3, 4))  # a Tuesday

SAME_NUMBER = [
    ("26 ships", "twenty-six ships"),
    ("$90 billion", "90bn dollars"),
    ("$90 billion", "US$90bn"),
    ("5 percent", "5%"),
    ("5 per cent", "five percent"),
    ("2,000 people", "two thousand people"),
    ("a dozen boats", "12 boats"),
    ("half a dozen boats", "six boats"),
    ("the 26th ferry", "the twenty-sixth ferry"),
    ("$1.5m", "1.5 million dollars"),
    ("a million people", "1,000,000 people"),
    ("two-thirds of them", "two thirds of them"),
    ("$10-15 million", "$10 million"),
    ("between 10 and 15 million euros", "€10 million"),
    ("three quarters", "three-quarters"),
]
OTHER_NUMBER = [
    ("26 ships", "62 ships"),
    ("$90 billion", "€90 billion"),
    ("$90 billion", "$90 million"),
    ("5 percent", "5 percentage points"),
    ("5%", "5"),
    ("the first ship", "one ship"),
    ("10 km", "10 miles"),
    ("half", "a third"),
    ("3 weeks", "3 months"),
    ("£19", "19"),
]
SAME_DAY = [
    ("on 3 March", "on Monday"),
    ("March 3, 2025", "yesterday"),
    ("3 March", "March 3"),
    ("Monday", "yesterday"),
    ("March 2025", "March 3"),
    ("in 2025", "3 March"),
    ("in February", "last month"),
    ("in 2024", "last year"),
    ("at 10.30 pm", "at 22:30"),
    ("in the 1990s", "the 1990s"),
]
OTHER_DAY = [
    ("on 4 March", "on Monday"),
    ("Tuesday", "Monday"),
    ("March 3, 2024", "March 3"),
    ("in March", "in May"),
    ("on 13 March", "on 3 March"),
    ("Saturday, 3 March", "Monday, 3 March"),
    ("yesterday", "on Monday"),
    ("at 10 am", "at 10 pm"),
    ("on 3 March", "in March"),
]


@pytest.mark.parametrize(("one", "other"), SAME_NUMBER)
def test_a_number_in_another_form_is_the_same(one, other):
    assert figures(one)[0].same(figures(other)[0])


@pytest.mark.parametrize(("one", "other"), OTHER_NUMBER)
def test_another_number_or_unit_is_not(one, other):
    assert not figures(one)[0].same(figures(other)[0])


@pytest.mark.parametrize(
    "text", ["no one came", "one of the men", "one another", "this one", "the ship, which one can see"]
)
def test_one_is_no_number_everywhere(text):
    assert figures(text) == []


@pytest.mark.parametrize(("claim", "told"), SAME_DAY)
def test_a_day_that_follows_from_the_day_of_writing_is_the_same(claim, told):
    assert days(claim)[0].same(days(told)[0], WRITTEN)


@pytest.mark.parametrize(("claim", "told"), OTHER_DAY)
def test_another_day_is_not(claim, told):
    assert not days(claim)[0].same(days(told)[0], WRITTEN)


def test_a_day_that_needs_the_day_of_writing_is_not_guessed_without_it():
    assert not days("on 3 March")[0].same(days("on Monday")[0], Written(None))


def test_a_day_may_be_of_a_year_that_the_article_names():
    named, told = days("on 27 July 2020")[0], days("on 27 July")[0]
    assert named.same(told, Written(date(2025, 3, 4), (2020, 2025)))
    assert not named.same(told, Written(date(2025, 3, 4), (2025,)))


@pytest.mark.parametrize("text", ["He may leave.", "They march on.", "May Lind sings."])
def test_a_word_that_looks_like_a_month_is_none(text):
    assert days(text) == []
