"""Passages: windows that hold an article's text, each character once, under ids that last."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import article, records

from index.articles import Article, Source
from index.text import SIZE, estimated_tokens, header, passages_of, windows


def made(text: str, title: str = "A title", key: str = "0123456789abcdef") -> Article:
    return Article.of(Source(key, title), text)


def assert_windows_hold_the_text_once(text: str, found: list[tuple[int, int]]) -> None:
    covered = [index for start, end in found for index in range(start, end)]
    assert covered == sorted(set(covered))
    assert {index for index, char in enumerate(text) if not char.isspace()} <= set(covered)


@pytest.mark.parametrize("name", records())
def test_every_passage_of_a_sample_article_is_a_window_on_its_text(name):
    whole = article(name)
    found = passages_of(whole)
    assert found
    assert all(whole.text[passage.start : passage.end] == passage.text for passage in found)
    assert_windows_hold_the_text_once(whole.text, [(passage.start, passage.end) for passage in found])


WORDS = st.sampled_from(
    [
        "The",
        "ship",
        "left",
        "harbour.",
        "“We",
        "stay,”",
        "said",
        "U.S.",
        "会谈在周一开始。",
        "Зеленський",
        "a" * 700,
        "—",
        "!",
        "\n",
        "\n\n",
        "…",
    ]
)
TEXTS = st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=300).map(" ".join))


@given(TEXTS)
def test_every_passage_of_any_text_is_a_window_on_it(text):
    whole = made(text)
    found = passages_of(whole)
    assert all(whole.text[passage.start : passage.end] == passage.text for passage in found)
    assert_windows_hold_the_text_once(text, [(passage.start, passage.end) for passage in found])


@given(TEXTS)
def test_no_window_has_outer_white_space_or_is_empty(text):
    for start, end in windows(text):
        assert text[start:end]
        assert text[start:end] == text[start:end].strip()


@given(st.lists(WORDS, max_size=400).map(lambda words: " ".join(" ".join(words).split())))
def test_no_window_is_much_longer_than_the_model_reads(text):
    for start, end in windows(text):
        assert estimated_tokens(text[start:end]) <= SIZE * 1.1


def test_a_sentence_longer_than_a_window_is_cut_at_white_space():
    text = " ".join(["harbour"] * 1_000)
    found = windows(text)
    assert len(found) > 5
    assert all(set(text[start:end].split()) == {"harbour"} for start, end in found)


def test_a_word_longer_than_a_window_is_cut_and_nothing_of_it_is_lost():
    text = "x" * 5_000
    found = windows(text)
    assert len(found) > 5
    assert "".join(text[start:end] for start, end in found) == text


def test_a_paragraph_break_is_preferred_where_a_window_is_nearly_full():
    paragraph = " ".join(["The ship left the harbour at dawn with grain and timber on board."] * 8)
    text = f"{paragraph}\n\n{paragraph}"
    assert (0, len(paragraph)) in windows(text)


def test_ids_are_unique_even_where_paragraphs_repeat():
    whole = made("\n\n".join(["The ship left the harbour at dawn. " * 12] * 5))
    ids = [passage.id for passage in passages_of(whole)]
    assert len(ids) >= 5
    assert len(set(ids)) == len(ids)


def test_ids_are_the_same_whenever_the_same_article_is_split():
    text = "The ship left the harbour at dawn. " * 60
    assert passages_of(made(text)) == passages_of(made(text))


def test_an_id_names_the_article_and_the_place():
    for passage in passages_of(made("The ship left the harbour at dawn. " * 60)):
        assert passage.id.startswith(f"0123456789abcdef:{passage.start}-{passage.end}:")
        assert passage.article_id == "0123456789abcdef"


def test_an_id_changes_with_the_words_of_its_passage_and_only_then():
    paragraphs = [f"Paragraph {number}. " + "The ship left the harbour at dawn. " * 14 for number in range(3)]
    before = passages_of(made("\n\n".join(paragraphs)))
    after = passages_of(made("\n\n".join([*paragraphs[:2], paragraphs[2].replace("dawn", "dusk")])))
    same = [old.id == new.id for old, new in zip(before, after, strict=True)]
    texts = [old.text == new.text for old, new in zip(before, after, strict=True)]
    assert same == texts
    assert True in same
    assert False in same


def test_the_same_text_under_another_title_gets_other_ids():
    text = "The ship left the harbour at dawn."
    [one], [other] = passages_of(made(text, "Dawn")), passages_of(made(text, "Dusk"))
    assert one.id != other.id


HEADERS = [
    pytest.param(Source("1", "A title"), "A title", id="title-alone"),
    pytest.param(Source("1", "A title", "Harbour Courier"), "A title (Harbour Courier)", id="with-publisher"),
    pytest.param(Source("1", "A title", published=date(2025, 3, 7)), "A title (2025-03-07)", id="with-date"),
    pytest.param(
        Source("1", "A title", "Harbour Courier", published=date(2025, 3, 7)),
        "A title (Harbour Courier, 2025-03-07)",
        id="with-both",
    ),
]


@pytest.mark.parametrize(("source", "expected"), HEADERS)
def test_the_header_says_what_is_known_of_the_source(source, expected):
    assert header(source) == expected
