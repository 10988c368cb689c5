"""The rules on words, on one passage of our own: what changes the sense of a sentence, and what a judge may decide."""

from __future__ import annotations

from datetime import date

import pytest
from hash_embedder import HashEmbedder

from bot.check.checker import Bounds, SentenceChecker
from index.articles import Article, Hit, Source
from index.text import passages_of

TEXT = (
    "The council has yet to approve the tunnel under the bay. Mayor Nils Berg declined to name a date, and ruled out a "
    "toll on the old bridge. Berg saw no sign that the company was ready to pay for the pumps. The union asked the "
    "owners on Monday to raise wages by 5 percent. The bishop had suggested a vote, but the mayor turned it down. "
    "Talks with the miners were held before the strike. The Tunnel Works Office (TWO) counted 40 leaks of 200."
)
ARTICLE = Article.of(Source("t", "A tunnel", "The Quay", published=date(2025, 3, 4), language="en"), TEXT)
PASSAGES = {"k1": Hit(passages_of(ARTICLE)[0], ARTICLE, 1.0, 1.0, 1.0)}

FALSE = [
    pytest.param("The council has approved the tunnel under the bay.", id="yet-to"),
    pytest.param("Mayor Nils Berg named a date for the old bridge.", id="declined-to"),
    pytest.param("Mayor Nils Berg named a toll on the old bridge.", id="ruled-out"),
    pytest.param("Berg saw that the company was ready to pay for the pumps.", id="no-sign"),
    pytest.param("The owners agreed on Monday to raise wages by 5 percent.", id="asked-becomes-agreed"),
    pytest.param("The union asked the owners on Monday to raise wages to 5 percent.", id="by-becomes-to"),
    pytest.param("The mayor had suggested a vote, but the bishop turned it down.", id="neighbours-exchanged"),
    pytest.param("Talks with the miners were held after the strike.", id="before-becomes-after"),
    pytest.param("The union alone asked the owners on Monday to raise wages by 5 percent.", id="alone"),
    pytest.param("The union asked the owners on Tuesday to raise wages by 5 percent.", id="another-day"),
]


@pytest.mark.parametrize("sentence", FALSE)
def test_what_changes_the_sense_is_quoted_instead(sentence):
    checker = SentenceChecker(PASSAGES, HashEmbedder(), bounds=Bounds(near=0.0))
    weighed = checker.weigh(f"{sentence[:-1]} [k1].")
    assert weighed.fault
    [quote] = checker.quoted(weighed)
    assert quote.text.strip("“”") in TEXT


TRUE = [
    pytest.param("Talks took place before the strike, with the miners.", id="order"),
    pytest.param("Wages should rise by 5 percent, the union asked on 3 March 2025.", id="a-day-that-follows"),
    pytest.param("A fifth of the 200 spots leak, TWO says.", id="a-share-and-initials"),
    pytest.param("The Quay writes that Berg will not have a toll.", id="publisher"),
]


@pytest.mark.parametrize("sentence", TRUE)
def test_a_judge_may_confirm_what_the_article_knows(sentence):
    checker = SentenceChecker(PASSAGES, HashEmbedder(), judged=True)
    assert checker.weigh(f"{sentence[:-1]} [k1].").fault == ""


UNKNOWN = [
    pytest.param("Wages should rise by 7 percent, the union asked.", "number", id="number"),
    pytest.param("Wages should rise, the union asked on 5 March.", "date or time", id="day"),
    pytest.param("Wages should rise, the union told Lars Holm.", "name", id="name"),
    pytest.param("Talks with the miners were held after the strike.", "opposite", id="near-the-passages-words"),
]


@pytest.mark.parametrize(("sentence", "what"), UNKNOWN)
def test_no_judge_may_confirm_what_can_be_counted(sentence, what):
    checker = SentenceChecker(PASSAGES, HashEmbedder(), judged=True)
    assert what in checker.weigh(f"{sentence[:-1]} [k1].").fault


def test_a_sentence_rests_on_a_quote_for_each_of_its_clauses():
    checker = SentenceChecker(PASSAGES, HashEmbedder())
    weighed = checker.weigh("Talks with the miners were held after the strike, and the bishop suggested no vote [k1].")
    assert [quote.text for quote in checker.quoted(weighed)] == [
        "“The bishop had suggested a vote, but the mayor turned it down.”",
        "“Talks with the miners were held before the strike.”",
    ]
