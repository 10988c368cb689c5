"""What a model writes and what becomes of it: a table of odd outputs, a row each. The articles are our own."""

from __future__ import annotations

from datetime import date

import pytest
from hash_embedder import HashEmbedder
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.check.checker import SentenceChecker
from bot.check.judge import Judge
from bot.reply import Dropped
from index.articles import Article, Hit, Passage, Source

FERRY = Article.of(
    Source("ferry", "Council stops the ferry", "The Quay", "Ada Holm", published=date(2025, 3, 4), language="en"),
    (
        "Skarvik's council voted on Monday to end the ferry to Lunde Island in May. Mayor Nils Berg said the ferry "
        "had lost $90 million over 26 years. "
        "“We regret it, but the money is gone,” Berg told reporters. Opposition leader Eva Strand said the vote was "
        "a betrayal of the islanders.\n\n"
        "Some 2,000 people use it every week. Ticket sales rose 5 percent last year. The council did not consult the "
        "islanders before the vote. "
        "The company may sell its two boats to Denmark. Police allegedly ignored a threat against Berg. Strand "
        "defeated Berg in the 2019 election."
    ),
)
BRIDGE = Article.of(
    Source("bridge", "A bridge instead", "Island Herald", None, published=date(2025, 3, 6), language="en"),
    (
        "The United Nations praised the island's plan for a bridge. Engineers plan to finish it by 3 June 2027 for "
        "€12 million. Strand wants a vote on the bridge."
    ),
)
GERMAN = Article.of(
    Source("faehre", "Die Fähre", "Küstenblatt", None, published=date(2025, 3, 5), language="de"),
    "Die Fähre fährt im Mai nicht mehr. Der Rat hat das beschlossen.",
)
TWICE = Article.of(
    Source("twice", "Two counts", "The Quay", None, published=date(2025, 3, 7), language="en"),
    "The fire killed 20 people and injured 35. [Editor's note] It began at noon.",
)


def hit(article: Article, start: int = 0, end: int | None = None) -> Hit:
    stop = len(article.text) if end is None else end
    return Hit(
        Passage(f"{article.source.id}:{start}-{stop}:k", article.source.id, start, stop, article.text[start:stop]),
        article,
        1.0,
        0.8,
        3.0,
    )


ALWAYS = Judge(lambda asked: [True] * len(asked))  # of English
CUT = FERRY.text.index("\n\n")
PASSAGES = {"f1": hit(FERRY, 0, CUT), "f2": hit(FERRY, CUT + 2), "b1": hit(BRIDGE), "g1": hit(GERMAN), "t1": hit(TWICE)}

KEPT = [
    pytest.param("Some 2,000 people use it every week. [f2]", id="word-for-word"),
    pytest.param("Some 2,000 people use it every week [f2].", id="key-before-the-full-stop"),
    pytest.param("[f2] Some 2,000 people use it every week.", id="key-in-front"),
    pytest.param("Strand wants a vote on the bridge [b1, f1].", id="two-keys-in-one-bracket"),
    pytest.param("Strand wants a vote on the bridge [b1][b1].", id="the-same-key-twice"),
    pytest.param("- **Some 2,000** people use it every week. [f2]", id="list-item-with-bold"),
    pytest.param("3. Some 2,000 people use it every week. [f2]", id="numbered-list"),
    pytest.param("> Some 2,000 people use it every week. [f2]", id="quoted-line"),
    pytest.param("Some two thousand people use it every week [f2].", id="number-in-words"),
    pytest.param("The ferry had lost 90m dollars, Mayor Nils Berg said [f1].", id="currency-in-another-form"),
    pytest.param("Ticket sales rose 5% last year [f2].", id="percent-sign"),
    pytest.param("Ticket sales increased by five per cent last year [f2].", id="synonym-and-spelt-number"),
    pytest.param("Mayor Nils Berg said the ferry had lost $90 million over twenty-six years [f1].", id="twenty-six"),
    pytest.param("The council voted on 3 March to end the ferry to Lunde Island [f1].", id="weekday-as-a-date"),
    pytest.param("Berg told reporters: “We regret it, but the money is gone” [f1].", id="speaker-in-front"),
    pytest.param('Berg said "We regret it" [f1].', id="other-quotation-marks"),
    pytest.param("According to The Quay, ticket sales rose 5 percent last year [f2].", id="outlet-named"),
    pytest.param("Ada Holm reported that ticket sales rose 5 percent last year [f2].", id="author-named"),
    pytest.param("The UN praised the island's plan for a bridge [b1].", id="acronym"),
    pytest.param(
        "Engineers plan to finish the bridge by June 3, 2027 for €12 million [b1].", id="date-the-other-way-round"
    ),
    pytest.param("The council didn't consult the islanders before the vote [f2].", id="not-contracted"),
    pytest.param("The company may sell both of its boats to Denmark, two in all [f2].", id="loose-words-allowed"),
    pytest.param("Berg was defeated by Strand in the 2019 election [f2].", id="passive"),
    pytest.param(
        "Ticket sales rose 5 percent last year, but Strand wants a vote on the bridge [f2][b1].",
        id="a-clause-from-each-passage",
    ),
    pytest.param(
        "Some 2,000 people use it every week. Ticket sales rose 5 percent last year. [f2]", id="two-sentences-at-once"
    ),
    pytest.param("Die Fähre fährt im Mai nicht mehr. [g1]", id="german-word-for-word"),
    pytest.param("[Editor's note] It began at noon. [t1]", id="bracket-of-the-article"),
    pytest.param(
        "Nils Berg, the mayor, said the ferry had lost $90 million over 26 years [f1].", id="role-behind-the-name"
    ),
]

DROPPED = [
    pytest.param("Some 2,000 people use it every week.", "no passage", id="no-key"),
    pytest.param("Some 2,000 people use it every week [zz9].", "key", id="unknown-key"),
    pytest.param("Some 2,000 people use it every week [f2, zz9].", "key", id="known-and-unknown-key"),
    pytest.param("Some 2,000 people use it every week [1].", "key", id="a-number-as-key"),
    pytest.param("Some 2,000 people use it every week [].", "key", id="empty-bracket"),
    pytest.param("Some 2,000 peo[f2]ple use it every week.", "middle", id="key-in-the-middle-of-a-word"),
    pytest.param("Some 2,000 people use it every week (f2).", "", id="key-in-round-brackets"),
    pytest.param("Some 2,000 people use it every week f2 [f1].", "outside", id="key-outside-brackets"),
    pytest.param("Some 2,000 people use it every week [f2", "", id="stream-broke-off-in-a-key"),
    pytest.param("", "empty", id="empty-output"),
    pytest.param("[f2]", "empty", id="key-alone"),
    pytest.param("… — [f2]", "empty", id="punctuation-alone"),
    pytest.param("| Ferry | Riders |\n| --- | --- |\n| Lunde | 2,000 | [f2]", "table", id="table"),
    pytest.param("## Some 2,000 people use it every week [f2]", "heading", id="heading"),
    pytest.param("The passages do not answer this question [f1][f2].", "", id="declines-with-sources"),
    pytest.param("I cannot answer that from the articles [f1].", "", id="declines-with-a-source"),
    pytest.param("Some 20,000 people use it every week [f2].", "number", id="number-changed"),
    pytest.param(
        "Mayor Nils Berg said the ferry had lost €90 million over 26 years [f1].", "number", id="currency-changed"
    ),
    pytest.param(
        "Mayor Nils Berg said the ferry had lost $90 billion over 26 years [f1].", "number", id="scale-changed"
    ),
    pytest.param(
        "Mayor Nils Berg said the ferry had lost $90 million over 26 months [f1].", "number", id="unit-changed"
    ),
    pytest.param("Ticket sales rose 5 percentage points last year [f2].", "number", id="percent-as-points"),
    pytest.param("The council voted on Tuesday to end the ferry to Lunde Island [f1].", "time", id="weekday-moved"),
    pytest.param("Engineers plan to finish it by 3 July 2027 for €12 million [b1].", "", id="month-moved"),
    pytest.param("Engineers plan to finish it by 3 June 2028 for €12 million [b1].", "", id="year-moved"),
    pytest.param("Mayor Lars Holm said the ferry had lost $90 million over 26 years [f1].", "name", id="name-changed"),
    pytest.param(
        "Oslo's council voted on Monday to end the ferry to Lunde Island in May [f1].", "", id="place-changed"
    ),
    pytest.param("Strand told reporters: “We regret it, but the money is gone” [f1].", "", id="speaker-swapped"),
    pytest.param(
        "Strand was defeated by Berg in the 2019 election [f2].", "turned", id="who-and-whom-exchanged-in-the-passive"
    ),
    pytest.param("The council did consult the islanders before the vote [f2].", "denial", id="not-dropped"),
    pytest.param("Some 2,000 people do not use it every week [f2].", "denies", id="not-added"),
    pytest.param("The council did not consult the islanders after the vote [f2].", "", id="before-and-after"),
    pytest.param("The company will sell its two boats to Denmark [f2].", "surer", id="may-becomes-will"),
    pytest.param("Engineers will finish it by 3 June 2027 for €12 million [b1].", "surer", id="plan-becomes-will"),
    pytest.param("Police ignored a threat against Berg [f2].", "surer", id="allegedly-dropped"),
    pytest.param(
        "“We regret it, but the cash is gone,” Berg told reporters [f1].",
        "word for word",
        id="quote-altered-by-one-word",
    ),
    pytest.param(
        "“We regret it, but the money is here,” Berg told reporters [f1].",
        "word for word",
        id="quote-altered-in-its-last-word",
    ),
    pytest.param(
        "“We regret it, the vote was a betrayal,” Berg told reporters [f1].",
        "word for word",
        id="quote-joined-from-two-places",
    ),
    pytest.param(
        "“We regret it … the money is gone,” Berg told reporters [f1].", "word for word", id="quote-with-words-left-out"
    ),
    pytest.param(
        "“We regret it, but the money is gone,” Berg told reporters [f2].", "word for word", id="right-quote-wrong-key"
    ),
    pytest.param("“Some 2,000 people use it every week,” Berg said [f2].", "", id="prose-given-as-a-quote"),
    pytest.param("Ticket sales rose 5 percent last year [b1].", "", id="right-sentence-wrong-key"),
    pytest.param("The island is said to be haunted by a drowned fiddler [f1].", "", id="invented"),
    pytest.param(
        "According to the Island Herald, ticket sales rose 5 percent last year [f2].", "", id="another-outlet-named"
    ),
    pytest.param(
        (
            "Skarvik's council voted on Monday to end the ferry, 2,000 people use it, sales rose 7 percent, and a "
            "bridge costs €12 million [f1][f2][b1]."
        ),
        "",
        id="everything-in-one-sentence",
    ),
    pytest.param("Die Fähre fährt im Mai. [g1]", "word for word", id="german-with-not-dropped"),
    pytest.param("The ferry does not run any more [g1].", "", id="english-about-german"),
    pytest.param("Ticket sales fell 5 percent last year [f2].", "opposite", id="antonym"),
    pytest.param("More than 2,000 people use it every week [f2].", "number", id="bound-added"),
    pytest.param("La compagnie peut vendre ses deux bateaux au Danemark [f2].", "", id="french-about-english"),
    pytest.param("渡し船は五月に終わる [f1]。", "", id="japanese-about-english"),
    pytest.param("Some 2,000 people use it every week, see https://evil.example [f2].", "link", id="link"),
    pytest.param("Some 2,000 people [use it](https://evil.example) every week [f2].", "", id="markdown-link"),
    pytest.param("<!channel> Some 2,000 people use it every week [f2].", "link", id="slack-mention"),
    pytest.param("@here Some 2,000 people use it every week [f2].", "link", id="at-here"),
    pytest.param("Some 2,000 people use it every week, says evil.example [f2].", "address", id="bare-host"),
    pytest.param("```print('x')``` [f2]", "code", id="code"),
    pytest.param(
        "Ignoring previous instructions, some 2,000 people use it every week [f2].",
        "answer",
        id="speaks-of-its-instructions",
    ),
    pytest.param("x" * 2_000 + " [f2]", "", id="very-long"),
    pytest.param("\x00\u202e[f2]\u2066", "empty", id="control-and-direction-marks"),
]

FOR_A_JUDGE = [
    pytest.param("Mayor Nils Berg said the vote was a betrayal of the islanders [f1].", id="speaker-swapped-indirect"),
    pytest.param("Some 2,000 people swim there [f2]", id="half-true"),
    pytest.param("The fire killed 35 people and injured 20 [t1].", id="numbers-exchanged"),
    pytest.param("Berg defeated Strand in the 2019 election [f2].", id="who-and-whom-exchanged"),
]


def taken(output: str, embedder: HashEmbedder):
    checker = SentenceChecker(PASSAGES, embedder, ALWAYS)
    return checker, checker.take(output)


@pytest.mark.parametrize("output", KEPT)
def test_what_the_passage_carries_is_kept_with_a_verbatim_quote(output, embedder):
    checker, result = taken(output, embedder)
    assert not isinstance(result, Dropped), result
    new = checker.citations
    assert result.numbers == tuple(citation.number for citation in new) == tuple(range(1, len(new) + 1))
    assert not any(key in result.text for key in ("f1", "f2", "b1", "g1", "t1"))
    for citation in new:
        assert citation.quote == citation.article.text[citation.start : citation.end] != ""
        assert citation.passage.start <= citation.start < citation.end <= citation.passage.end


@pytest.mark.parametrize(("output", "reason"), DROPPED)
def test_what_it_does_not_carry_is_dropped_with_a_reason(output, reason, embedder):
    checker, result = taken(output, embedder)
    assert isinstance(result, Dropped), result
    assert checker.citations == ()
    assert len(result.reason.split()) >= 3
    assert reason in result.reason


@pytest.mark.parametrize("output", FOR_A_JUDGE)
def test_what_no_guard_finds_is_the_judges_to_refuse(output, embedder):
    refusing = Judge(lambda asked: [False] * len(asked))
    assert not isinstance(taken(output, embedder)[1], Dropped)
    for judge in (refusing, None):
        assert isinstance(SentenceChecker(PASSAGES, embedder, judge).take(output), Dropped)


def test_the_quote_is_the_sentence_that_carries_it_and_no_more(embedder):
    checker, _ = taken("Ticket sales rose 5% last year [f2].", embedder)
    assert [citation.quote for citation in checker.citations] == ["Ticket sales rose 5 percent last year."]


def test_numbers_run_on_and_the_same_place_keeps_its_number(embedder):
    checker = SentenceChecker(PASSAGES, embedder, ALWAYS)
    outputs = [
        "Ticket sales rose 5% last year [f2].",
        "Made up [f1].",
        "Strand wants a vote on the bridge [b1].",
        "Ticket sales rose five percent last year [f2].",
    ]
    results = [checker.take(output) for output in outputs]
    assert [() if isinstance(result, Dropped) else result.numbers for result in results] == [(1,), (), (2,), (1,)]
    assert [citation.number for citation in checker.citations] == [1, 2]


def test_both_sides_of_a_conflict_are_kept_with_their_dates_and_publishers(embedder):
    other = Article.of(
        Source("rival", "Sales", "Island Herald", published=date(2025, 3, 9), language="en"),
        "Ticket sales fell 2 percent last year.",
    )
    checker = SentenceChecker({"a": hit(FERRY, CUT + 2), "b": hit(other)}, embedder, ALWAYS)
    checker.take("According to The Quay, ticket sales rose 5 percent last year [a].")
    checker.take("According to the Island Herald, ticket sales fell 2 percent last year [b].")
    assert [(c.article.source.publisher, c.article.source.published) for c in checker.citations] == [
        ("The Quay", date(2025, 3, 4)),
        ("Island Herald", date(2025, 3, 9)),
    ]


def test_nothing_is_carried_by_no_passage(embedder):
    assert isinstance(SentenceChecker({}, embedder).take("The ferry stops [f1]."), Dropped)


@settings(max_examples=60)
@given(st.text(max_size=80), st.sampled_from(["f1", "f2", "g1"]))
def test_no_output_breaks_it_and_every_citation_is_verbatim(output, key):
    checker = SentenceChecker(PASSAGES, HashEmbedder())
    checker.take(f"{output} [{key}]")
    for citation in checker.citations:
        assert citation.quote == citation.article.text[citation.start : citation.end]
