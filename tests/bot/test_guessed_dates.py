"""An article whose date is guessed: it answers as any other, and every place that shows its day says "about"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from saved import html

from bot.journal.stored_answer import Origin
from bot.slack.messages.blocks import origin_line

STORY = [
    "The mill master Rut Alm said that the mill of Osterby would stop grinding in spring.",
    "She said the river had carried too little water for three summers, and the wheel stood still for weeks.",
    "The council of Osterby wants to keep the building as a museum and pay for its roof.",
]
QUESTION = "What did Rut Alm say about the mill of Osterby?"
SHOWN = "<h1>Mill of Osterby stops grinding</h1><time>7 October 2024</time>"


@pytest.fixture
def page(put, tmp_path) -> Path:
    (tmp_path / "page.html").write_text(html(body=SHOWN, story=STORY), encoding="utf-8")
    assert put(tmp_path / "page.html").code == 0
    return tmp_path / "page.html"


def test_an_answer_says_about_when(page, bot):
    found = bot("ask", QUESTION, "--json").json["citations"][0]
    assert (found["published"], found["date_source"]) == ("2024-10-07", "layout")
    assert "about 7 Oct 2024: Mill of Osterby" in bot("ask", QUESTION).out


def test_the_lists_of_articles_say_about_when(page, bot):
    assert "about 7 Oct 2024" in bot("articles").out
    assert bot("articles", "--json").json["date_source"] == "layout"
    assert "about 2024-10-07, from what the page shows" in bot("show", page).out
    assert bot("show", page, "--json").json["date_source"] == "layout"


def test_the_day_counts_as_any_other(page, bot, monkeypatch):
    monkeypatch.setenv("NEWSDESK_ANSWERS__REFUSAL", "eager")
    monkeypatch.setenv("NEWSDESK_ANSWERS__READER", "off")  # vectors of hashed words say too little for it
    assert bot("ask", f"{QUESTION[:-1]} in October 2024?", "--json").json["citations"]


def test_an_answer_in_slack_says_about_when():
    origin = Origin("a1", "d", "Mill of Osterby stops", "Osterby Herald", "2024-10-07", None, "modified")
    assert origin_line(origin)[0]["text"] == "Osterby Herald, about 7 Oct 2024: "
    assert origin_line(replace(origin, date_source=None))[0]["text"] == "Osterby Herald, 7 Oct 2024: "
    assert origin.day == date(2024, 10, 7)
