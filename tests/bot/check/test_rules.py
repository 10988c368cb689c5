"""The guards, on one passage of our own: what no judge may confirm, and what a judge may decide."""

from __future__ import annotations

from datetime import date

import pytest
from hash_embedder import HashEmbedder

from bot.check.checker import SentenceChecker
from bot.check.judge import Judge
from index.articles import Article, Hit, Source
from index.text import passages_of

TEXT = (
    "The council has yet to approve the tunnel under the bay. Mayor Nils Berg declined to name a date, and ruled out a "
    "toll on the old bridge. Berg saw no sign that the company was ready to pay for the pumps. The union asked the "
    "owners on Monday to raise wages by 5 percent. The bishop had suggested a vote, but the mayor turned it down. "
    "Talks with the miners were held before the strike. The Tunnel Works Office (TWO) counted 40 leaks of 200. Lars "
    "Holm met Eva Strand."
)
ARTICLE = Article.of(Source("t", "A tunnel", "The Quay", published=date(2025, 3, 4), language="en"), TEXT)
PASSAGES = {"k1": Hit(passages_of(ARTICLE)[0], ARTICLE, 1.0, 1.0, 1.0)}
ALWAYS = Judge(lambda asked: [True] * len(asked))


def decided(sentence, judge=ALWAYS):
    checker = SentenceChecker(PASSAGES, HashEmbedder(), judge)
    [weighed] = checker.decide([checker.weigh(f"{sentence[:-1]} [k1].")])
    return checker, weighed


FALSE = [
    pytest.param("The council has approved the tunnel under the bay.", "denial", id="yet-to"),
    pytest.param("Mayor Nils Berg named a date.", "denial", id="declined-to"),
    pytest.param("Mayor Nils Berg had a toll on the old bridge.", "denial", id="ruled-out"),
    pytest.param("Berg saw that the company was ready to pay for the pumps.", "denial", id="no-sign"),
    pytest.param("The union did not ask the owners on Monday to raise wages by 5 percent.", "denies", id="not-added"),
    pytest.param("The union asked the owners on Monday to raise wages to 5 percent.", "opposite", id="by-becomes-to"),
    pytest.param("Talks with the miners were held after the strike.", "opposite", id="before-becomes-after"),
    pytest.param("The union asked the owners on Tuesday to raise wages by 5 percent.", "time", id="another-day"),
    pytest.param("Wages should rise by 7 percent, the union asked.", "number", id="number"),
    pytest.param("Wages should rise, the union asked on 5 March.", "date or time", id="day"),
    pytest.param("Wages should rise, the union told Ada Lind.", "name", id="name"),
    pytest.param("In Stavanger Ingrid Solheim will not have a toll.", "name", id="initials-of-small-words"),
]


@pytest.mark.parametrize(("sentence", "why"), FALSE)
def test_what_a_guard_finds_is_quoted_instead_whatever_the_judge_says(sentence, why):
    checker, weighed = decided(sentence)
    assert why in weighed.fault
    assert all(quote.text.strip("“”") in TEXT for quote in checker.quoted(weighed) or [])


TRUE = [
    pytest.param("Talks took place before the strike, with the miners.", id="order"),
    pytest.param("Wages should rise by 5 percent, the union asked on 3 March 2025.", id="a-day-that-follows"),
    pytest.param("A fifth of the 200 spots leak, TWO says.", id="a-share-and-initials"),
    pytest.param("The Quay writes that Berg will not have a toll on the old bridge.", id="publisher"),
]


@pytest.mark.parametrize("sentence", TRUE)
def test_a_judge_decides_what_the_article_knows(sentence):
    assert decided(sentence)[1].fault == ""
    assert decided(sentence, Judge(lambda asked: [False] * len(asked)))[1].fault


@pytest.mark.parametrize("sentence", [*TRUE, "The council has yet to approve a tunnel under the bay."])
def test_without_a_judge_only_what_stands_there_word_for_word_is_confirmed(sentence):
    assert "no judge" in decided(sentence, None)[1].fault
    assert decided("The council has yet to approve the tunnel under the bay.", None)[1].fault == ""


def test_a_judge_reads_what_a_sentence_rests_on():
    read = []

    def confirms(asked):
        read.extend((one.text, one.context, one.evidence) for one in asked)
        return [True] * len(asked)

    decided("Wages should rise by 5 percent, the union asked.", Judge(confirms))
    decided("The council has approved the tunnel under the bay.", Judge(confirms))
    [(text, context, evidence)] = read
    assert text == "Wages should rise by 5 percent, the union asked."
    assert "A tunnel (2025-03-04)" in context
    assert evidence == "The union asked the owners on Monday to raise wages by 5 percent."


def test_a_sentence_rests_on_a_quote_for_each_of_its_clauses():
    checker, weighed = decided("Talks with the miners were held after the strike, and the bishop suggested no vote.")
    assert [quote.text for quote in checker.quoted(weighed)] == [
        "“The bishop had suggested a vote, but the mayor turned it down.”",
        "“Talks with the miners were held before the strike.”",
    ]
