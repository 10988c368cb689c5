"""A teaser, from a saved page to the places where it is said that there is only a teaser."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hash_embedder import HashEmbedder
from saved import html

from bot.answer.desk import Desk, Request
from bot.journal.stored_answer import StoredAnswer, stored_answer
from bot.slack.messages.blocks import answer as slack_answer
from index.archive import Archive
from index.clean.clean import Cleaned, Cut
from index.clean.offers import without_offer

DAY = date(2025, 3, 31)
QUESTION = "Who opposed the sale of the lighthouse of Holmvik?"
HEAD = (
    '<title>Holmvik sells its lighthouse</title><script type="application/ld+json">{"@type": "NewsArticle", '
    '"headline": "Holmvik sells its lighthouse", "datePublished": "2025-03-03", "isAccessibleForFree": %s}</script>'
)
BEGIN = [
    "The sale of the lighthouse of Holmvik was opposed by the museum and its director Runa Falk, who spoke on Monday.",
    "Three other bidders had wanted to turn the tower into a hotel, but their plans were thrown out when the",
]
OFFER = "<h3>Subscribe to continue reading</h3><p>Get all stories for 1 euro a week.</p>"
REST = [
    "Three other bidders had wanted to turn the tower into a hotel, but their plans were thrown out in spring.",
    *(f"In the year {year} the tower was painted anew by pupils of the island school, and the county paid for the "
      "lamp, the ropes, the stairs and the windows, as the books in the parish hall show."
      for year in range(1970, 1990)),
]  # fmt: skip


@pytest.fixture
def teaser(tmp_path, put):
    folder = tmp_path / "news"
    folder.mkdir()
    page = html(HEAD % "false", "", BEGIN).replace("</article>", f"{OFFER}</article>")
    (folder / "holmvik.html").write_text(page)
    assert put(folder).code == 0
    return folder / "holmvik.html"


def test_show_and_status_say_so_and_the_offer_is_no_text(teaser, bot):
    shown = bot("show", teaser)
    assert "teaser only" in shown.out
    values = bot("show", teaser, "--json").json
    assert values["teaser"] is True
    assert values["text"].endswith("thrown out when the")
    assert {"Subscribe to continue reading", "Get all stories for 1 euro a week."} <= {
        item["line"] for item in values["cut"]
    }
    assert "1 articles, 1 passages, from 1 files; 1 teaser of articles behind a paywall" in bot("status").out
    assert bot("status", "--json").json["teasers"] == 1


def test_it_is_said_beside_the_citation(teaser, bot, tmp_path):
    assert "Holmvik sells its lighthouse (teaser only)" in bot("ask", QUESTION).out
    [cited, *_] = bot("ask", QUESTION, "--json").json["citations"]
    assert cited["teaser"] is True
    archive = Archive(tmp_path / "archive")
    reply = Desk(archive, HashEmbedder(), level="eager").ask(Request(QUESTION, DAY))
    archive.close()
    stored = StoredAnswer.from_json(stored_answer(reply).as_json())
    [message] = slack_answer(stored, "x")
    assert "(teaser only)" in message.text
    assert " (teaser only)" in json.dumps(message.blocks)


def test_an_answer_that_an_older_newsdesk_stored_is_read(teaser, tmp_path):
    archive = Archive(tmp_path / "archive")
    values = json.loads(
        stored_answer(Desk(archive, HashEmbedder(), level="eager").ask(Request(QUESTION, DAY))).as_json()
    )
    archive.close()
    for cited in values["cited"]:
        del cited["headline"], cited["origin"]["teaser"]
    assert StoredAnswer.from_json(json.dumps(values)).cited[0].marks == ()


def test_the_whole_page_that_a_subscriber_saves_later_takes_its_place(teaser, put, bot):
    teaser.write_text(html(HEAD % "false", "", [BEGIN[0], *REST]))
    assert put(teaser.parent).code == 0
    assert bot("show", teaser, "--json").json["teaser"] is False
    assert "teaser" not in bot("status").out


@pytest.mark.parametrize(
    ("behind", "teaser"),
    [
        ("You have read 2 of your 3 free articles this month.\nContinue reading with a day pass", True),
        ("Jetzt weiterlesen mit Plus", True),
        ("Home | Sport | Weather", False),
        ("Home | Sport | Weather\nSign up to our newsletter", False),
    ],
)
def test_a_page_saved_as_text_may_have_one_too(behind, teaser, tmp_path, put, bot):
    (tmp_path / "page.txt").write_text("\n\n".join(["Holmvik sells its lighthouse", *BEGIN, behind]))
    assert put(tmp_path / "page.txt").code == 0
    assert bot("show", tmp_path / "page.txt", "--json").json["teaser"] is teaser


@pytest.mark.parametrize(
    ("text", "cut", "kept"),
    [
        pytest.param("One.\n\nSubscribe to continue reading\n\n1 euro a week", (), "One.", id="in the text"),
        pytest.param("One.\n\n1 euro a week", (("Subscribe to continue reading", 6),), "One.", id="cut before"),
        pytest.param("One.\n\nTwo.", (("Already a subscriber? Log in", 0),), "One.\n\nTwo.", id="at the top"),
        pytest.param("One.\n\nTwo.", (), "One.\n\nTwo.", id="none"),
        pytest.param(
            "One.\n\nSubscribe to continue reading\n\n" + "much more text " * 60,
            (),
            "One.\n\nSubscribe to continue reading\n\n" + "much more text " * 60,
            id="in the middle",
        ),
    ],
)
def test_an_offer_is_cut_with_what_is_behind_it(text, cut, kept):
    cleaned = without_offer(Cleaned(text, tuple(Cut(line, "sign-up", at) for line, at in cut)))
    assert cleaned.text == kept
    assert all(each.at <= len(kept) + 2 for each in cleaned.cut)
