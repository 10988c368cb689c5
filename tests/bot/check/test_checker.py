"""The checker: what is not word for word in the article is dropped with its whole sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check.checker import Draft, check
from index.articles import Article, Passage, Source

TEXT = (
    "The ferry stops in May.\n\n“We regret it,” the mayor  said.\nSome 2,000 people use it every week.\n\nThe bridge "
    "is far."
)
ARTICLE = Article.of(Source("aaaa", "Council stops the ferry"), TEXT)
OTHER = Article.of(Source("bbbb", "Another paper"), "The ferry stops in June.\n\nNobody regrets it.")


def passage(article: Article, start: int = 0, end: int | None = None) -> Passage:
    stop = len(article.text) if end is None else end
    return Passage(f"{article.source.id}:{start}-{stop}:k", article.source.id, start, stop, article.text[start:stop])


def draft(
    quote: str, text: str | None = None, window: Passage | None = None, shift: int = 0, article: Article = ARTICLE
) -> Draft:
    """A draft that quotes a piece of the article; ``text`` is what it claims, ``shift`` moves its place."""
    start = article.text.index(quote) + shift
    return Draft(quote if text is None else text, article, window or passage(article), start, start + len(quote))


HOLDS = [
    pytest.param(draft("The ferry stops in May."), id="word-for-word"),
    pytest.param(draft("“We regret it,” the mayor  said.", "“We regret it,” the mayor said."), id="folded-white-space"),
    pytest.param(draft("said.\nSome", "said. Some"), id="a-line-break-is-white-space"),
    pytest.param(draft("The ferry stops in May.", "  The ferry stops in May.\n"), id="outer-white-space"),
    pytest.param(
        draft("The ferry stops in May.\n\n“We regret it,” the mayor  said.", window=passage(ARTICLE, 0, 23)),
        id="begins-in-its-passage",
    ),
    pytest.param(draft("The bridge is far."), id="last-words-of-the-article"),
]

FAILS = [
    pytest.param(draft("The ferry stops in May.", "The ferry stops in June."), id="one-word-altered"),
    pytest.param(
        draft("Some 2,000 people use it every week.", "Some 2,500 people use it every week."), id="one-digit-altered"
    ),
    pytest.param(
        draft("“We regret it,” the mayor  said.", '"We regret it," the mayor said.'), id="other-quotation-marks"
    ),
    pytest.param(draft("The ferry stops in May.", "the ferry stops in May."), id="other-capital"),
    pytest.param(draft("The ferry stops in May.", "The ferry stops in May"), id="full-stop-lost"),
    pytest.param(draft("The ferry stops in May.", "The ferry may stop in May."), id="word-added"),
    pytest.param(draft("The ferry stops in May.", "The ferrystops in May."), id="words-run-together"),
    pytest.param(
        draft("The ferry stops in May.", "The ferry stops in May. The bridge is far."), id="two-places-joined"
    ),
    pytest.param(draft("The ferry stops in May.", "The ferry … in May."), id="words-left-out"),
    pytest.param(draft("The ferry stops in May.", ""), id="nothing-claimed"),
    pytest.param(draft("The ferry stops in May.", shift=1), id="place-shifted-right"),
    pytest.param(
        draft("“We regret it,” the mayor  said.", shift=-1, text="“We regret it,” the mayor said."),
        id="place-shifted-left",
    ),
    pytest.param(Draft("The ferry", ARTICLE, passage(ARTICLE), -9, 0), id="place-before-the-article"),
    pytest.param(Draft("far.", ARTICLE, passage(ARTICLE), len(TEXT) - 4, len(TEXT) + 9), id="place-beyond-the-article"),
    pytest.param(Draft("", ARTICLE, passage(ARTICLE), 5, 5), id="empty-place"),
    pytest.param(Draft("The ferry", ARTICLE, passage(ARTICLE), 9, 0), id="end-before-start"),
    pytest.param(Draft("\n\n", ARTICLE, passage(ARTICLE), 23, 25), id="only-white-space"),
    pytest.param(draft("The ferry stops in May.", window=passage(OTHER)), id="passage-of-another-article"),
    pytest.param(Draft("The ferry stops in May.", OTHER, passage(OTHER), 0, 23), id="words-of-another-article"),
    pytest.param(draft("The ferry stops in May.", window=passage(ARTICLE, 60)), id="outside-its-passage"),
    pytest.param(
        draft("The ferry stops in May.", window=Passage("aaaa:0-9:k", "aaaa", 0, 9, "The fairy")),
        id="passage-with-other-words",
    ),
    pytest.param(
        draft("The ferry stops in May.", window=Passage("aaaa:0-23:k", "cccc", 0, 23, TEXT[:23])),
        id="passage-under-another-name",
    ),
]


@pytest.mark.parametrize("good", HOLDS)
def test_a_draft_that_stands_in_the_article_becomes_a_citation(good):
    [sentence], [citation], dropped = check([good])
    assert dropped == ()
    assert sentence.text.split() == good.text.split()
    assert sentence.numbers == (citation.number,) == (1,)
    assert citation.quote == ARTICLE.text[citation.start : citation.end]
    assert citation.article is ARTICLE


@pytest.mark.parametrize("bad", FAILS)
def test_a_draft_that_does_not_is_dropped_with_its_sentence_and_a_reason(bad):
    sentences, citations, [dropped] = check([bad])
    assert (sentences, citations) == ((), ())
    assert dropped.text == bad.text
    assert len(dropped.reason.split()) >= 4


def test_citations_are_numbered_without_gaps_in_the_order_of_the_sentences():
    good = [
        draft("The bridge is far."),
        draft("The ferry stops in May."),
        draft("Some 2,000 people use it every week."),
    ]
    bad = draft("The ferry stops in May.", "The ferry stops in June.")
    sentences, citations, dropped = check([bad, good[0], bad, good[1], good[2], bad])
    assert [sentence.text for sentence in sentences] == [item.text for item in good]
    assert [sentence.numbers for sentence in sentences] == [(1,), (2,), (3,)]
    assert [citation.number for citation in citations] == [1, 2, 3]
    assert len(dropped) == 3


def test_nothing_drafted_is_nothing_cited():
    assert check([]) == ((), (), ())


def test_where_else_it_stood_is_passed_on():
    item = draft("The bridge is far.")
    _, [citation], _ = check([Draft(item.text, item.article, item.passage, item.start, item.end, ("Island Herald",))])
    assert citation.also_in == ("Island Herald",)


@given(st.integers(-5, len(TEXT) + 5), st.integers(-5, len(TEXT) + 5), st.text("The fryisopMa.\n", max_size=30))
def test_no_claim_passes_that_does_not_stand_at_its_place(start, end, claim):
    _, citations, _ = check([Draft(claim, ARTICLE, passage(ARTICLE), start, end)])
    for citation in citations:
        assert citation.quote == TEXT[start:end]
        assert "".join(citation.quote.split()) == "".join(claim.split()) != ""


@given(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)))
def test_every_true_quote_with_words_passes(one, other):
    start, end = sorted((one, other))
    _, citations, dropped = check([Draft(TEXT[start:end], ARTICLE, passage(ARTICLE), start, end)])
    assert bool(citations) == bool(TEXT[start:end].strip())
    assert len(citations) + len(dropped) == 1


EXCERPT = "The ferry stops in May.\n\n“We regret it,” the mayor  said.\nSome 2,000 people use it every week."


def excerpt(answering: str, shift: int = 0, text: str | None = None, speaker: str = "") -> Draft:
    """A draft of three sentences, of which one answers."""
    start = TEXT.index(answering) + shift
    whole = draft(EXCERPT, " ".join(EXCERPT.split()) if text is None else text)
    return replace(whole, answering=(start, start + len(answering)), speaker=speaker)


@pytest.mark.parametrize("text", [None, EXCERPT, f"  {EXCERPT}\n"])
@pytest.mark.parametrize(
    "answering",
    ["The ferry stops in May.", "“We regret it,” the mayor  said.", "Some 2,000 people use it every week."],
)
def test_the_sentence_that_answers_is_bold_whatever_the_white_space_around_it(answering, text):
    [sentence], [citation], _ = check([excerpt(answering, text=text)])
    assert citation.answering
    assert TEXT[slice(*citation.answering)] == answering
    assert sentence.bold
    assert sentence.text[slice(*sentence.bold)].split() == answering.split()
    assert citation.quote == EXCERPT


def test_paragraphs_of_an_excerpt_stand_on_lines_of_their_own():
    [sentence], _, _ = check([excerpt("Some 2,000 people use it every week.")])
    assert sentence.text.splitlines() == [
        "The ferry stops in May.",
        "“We regret it,” the mayor said.",
        "Some 2,000 people use it every week.",
    ]


def test_nothing_is_bold_where_every_excerpt_is_the_sentence_that_answers():
    alone = replace(draft("The bridge is far."), answering=(TEXT.index("The bridge"), len(TEXT)))
    [sentence], [citation], _ = check([alone])
    assert (sentence.bold, citation.answering) == (None, alone.answering)
    [sentence, other], _, _ = check([alone, excerpt("The ferry stops in May.")])
    assert (sentence.bold, other.bold) == ((0, 18), (0, 23))


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(excerpt("The bridge is far."), id="after-the-quote"),
        pytest.param(excerpt("The ferry stops in May.", shift=-1), id="begins-before-the-quote"),
        pytest.param(replace(excerpt("The ferry"), answering=(9, 3)), id="end-before-start"),
        pytest.param(replace(excerpt("The ferry"), answering=(23, 25)), id="only-white-space"),
        pytest.param(excerpt("The ferry stops in May.", speaker="Signe Vestergaard"), id="speaker-not-in-the-article"),
    ],
)
def test_an_excerpt_is_dropped_if_what_is_said_about_it_is_wrong(bad):
    sentences, citations, [dropped] = check([bad])
    assert (sentences, citations) == ((), ())
    assert len(dropped.reason.split()) >= 4


def test_the_speaker_that_an_excerpt_does_not_name_is_passed_on():
    _, [citation], _ = check([excerpt("The ferry stops in May.", speaker="the mayor said")])
    assert citation.speaker == "the mayor said"
