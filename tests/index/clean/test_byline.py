"""Bylines: who wrote an article, for which outlet and when; they are read and not quoted."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.clean.byline import byline_of
from index.clean.clean import clean
from index.read.text_metadata import from_text

DAY = date(2025, 3, 9)
BYLINES = [
    pytest.param("By Jonna Falk, Harbour Courier, 9 March 2025", "Jonna Falk", "Harbour Courier", DAY, id="by"),
    pytest.param("By Jonna Falk, March 9, 2025", "Jonna Falk", None, DAY, id="comma-in-the-date"),
    pytest.param("By JONNA FALK", "JONNA FALK", None, None, id="capitals"),
    pytest.param("By Jonna Falk and Ida Moe", "Jonna Falk, Ida Moe", None, None, id="two-authors"),
    pytest.param("By Jonna Falk, Political Editor", "Jonna Falk", None, None, id="role"),
    pytest.param("By Jonna Falk in Leith, 9 March 2025, 10:15", "Jonna Falk", None, DAY, id="place-and-time"),
    pytest.param("By Jonna Falk for the Harbour Courier", "Jonna Falk", "Harbour Courier", None, id="for"),
    pytest.param(
        "By Jonna Falk | Published March 9, 2025 at 10:15 a.m. | Updated March 10, 2025",
        "Jonna Falk",
        None,
        DAY,
        id="published-and-updated",
    ),
    pytest.param(
        "By Jonna Falk · Harbour Courier · Mar 9, 2025 · 5 min read", "Jonna Falk", "Harbour Courier", DAY, id="minutes"
    ),
    pytest.param(
        "Jonna Falk, Harbour Courier (09.03.2025)", "Jonna Falk", "Harbour Courier", DAY, id="date-in-brackets"
    ),
    pytest.param("Published 9 March 2025 by Jonna Falk", "Jonna Falk", None, DAY, id="published-by"),
    pytest.param("Jonna Falk | 9 March 2025 | Harbour Courier", "Jonna Falk", "Harbour Courier", DAY, id="bars"),
    pytest.param(
        "Harbour Courier | Jonna Falk | 9 March 2025", "Jonna Falk", "Harbour Courier", DAY, id="outlet-first"
    ),
    pytest.param("Jonna Falk, Harbour Courier, 9 March 2025", "Jonna Falk", "Harbour Courier", DAY, id="commas"),
    pytest.param("Harbour Courier, 9 March 2025", None, "Harbour Courier", DAY, id="outlet-and-date"),
    pytest.param("9 March 2025 – Harbour Courier", None, "Harbour Courier", DAY, id="date-and-outlet"),
    pytest.param("Leith, 9 March 2025 (Harbour Wire)", None, "Harbour Wire", DAY, id="dateline-of-an-agency"),
    pytest.param("Jonna Falk, Ida Moe, 9 March 2025", None, None, DAY, id="nobody-says-which-is-which"),
    pytest.param("9 March 2025", None, None, DAY, id="date-alone"),
    pytest.param("Von Jonna Falk, Hafenkurier, 9. März 2025", "Jonna Falk", "Hafenkurier", DAY, id="german"),
    pytest.param("Text: Jonna Falk, Foto: Ida Moe", "Jonna Falk", None, None, id="german-text-and-picture"),
    pytest.param("Par Jonna Falk, Le Courrier, 9 mars 2025", "Jonna Falk", "Le Courrier", DAY, id="french"),
    pytest.param("Por Jonna Falk, El Correo, 9 de marzo de 2025", "Jonna Falk", "El Correo", DAY, id="spanish"),
    pytest.param("Di Jonna Falk, Il Corriere, 9 marzo 2025", "Jonna Falk", "Il Corriere", DAY, id="italian"),
    pytest.param("Door Jonna Falk, Het Dagblad, 9 maart 2025", "Jonna Falk", "Het Dagblad", DAY, id="dutch"),
    pytest.param("Av Jonna Falk, Leiths Tidende, 9. mars 2025", "Jonna Falk", "Leiths Tidende", DAY, id="norwegian"),
    pytest.param("Автор: Йонна Фальк, Вісті, 9 березня 2025", "Йонна Фальк", "Вісті", DAY, id="ukrainian"),
]
BODY = (
    "The ferry between the islands will stop running in May, the council decided on Monday after a debate.\n\n"
    "Some 2,000 people use it every week, and the nearest bridge is 40 kilometres away from the old harbour."
)


@pytest.mark.parametrize(("line", "author", "publisher", "published"), BYLINES)
def test_a_byline_says_who_where_and_when(line, author, publisher, published):
    byline = byline_of(line)
    assert byline
    assert (byline.author, byline.publisher, byline.published) == (author, publisher, published)


@pytest.mark.parametrize("between", ["\n", "\n\n"])
@pytest.mark.parametrize(("line", "author", "publisher", "published"), BYLINES)
def test_a_text_with_a_byline_is_quoted_without_it(line, author, publisher, published, between):
    raw = f"Council stops the island ferry\n{line}{between}{BODY}"
    known = from_text(raw)
    assert (known.title, known.published) == ("Council stops the island ferry", published)
    assert known.author == author
    assert known.publisher == publisher
    assert clean(raw, known.title or "", known.publisher).text == BODY


@pytest.mark.parametrize(
    "line",
    [
        "Von Neumann",
        "By the old harbour",
        "By Friday 9 May 2025 the ferry must have",
        "On 14 June 2025 the council met and the ferry was then",
        "Von der Leyen besucht Leith",
        "Por primera vez en Leith",
        "By 9 March 2025, the council had decided that the ferry would go.",
        "Ferry to stop on 9 March 2025",
        "Jonna Falk",
        "",
    ],
)
def test_a_heading_or_a_piece_of_a_sentence_is_no_byline(line):
    assert byline_of(line) is None


def test_a_byline_as_wide_as_a_wrapped_text_is_not_joined_with_it():
    byline = "By Jonna Falk and Ida Moe in Leith, Harbour Courier, 9 March 2025"
    raw = f"""\
Council stops the ferry of all of the islands from the end of May
{byline}
The ferry between the islands will stop running in May, the council
decided on Monday after a debate of four hours in the town hall. The
mayor said that she would look for money from the ministry. Some 2,000
people use it every week, and the nearest bridge is 40 kilometres off.
"""
    known = from_text(raw)
    text = clean(raw, known.title or "", known.publisher).text
    assert known.author == "Jonna Falk, Ida Moe"
    assert text.startswith("The ferry between the islands will stop running in May, the council decided on Monday")


def test_the_days_of_a_timeline_stay():
    days = [
        f"{day} March 2025\nOn this day boat number {day} went to the old harbour for the last time."
        for day in range(2, 8)
    ]
    text = clean("\n".join([BODY, *days])).text
    assert all(f"{day} March 2025" in text for day in range(2, 8))


@given(st.text(alphabet="By Jonna,|9Mrch205:.–", max_size=200))
def test_no_line_breaks_it(line):
    byline_of(line)
