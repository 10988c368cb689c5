"""Search terms: the spellings of one word become one, those of different words stay apart."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text import STOP_WORDS, stemmed, term_of, terms, words

SAME = [
    pytest.param(
        ["Zelensky", "Zelenskyy", "Zelenskiy", "Zelenskyi", "Зеленський", "Зеленский", "ZELENSKY", "zelensky"],
        id="zelensky",
    ),
    pytest.param(["Zelensky", "Zelensky's", "Zelensky’s", "Zelenskyy’s"], id="zelensky-possessive"),
    pytest.param(["Macron", "Macron's", "Macron’s", "MACRON", "macron"], id="macron-possessive"),
    pytest.param(["Starmer", "Starmers'"], id="plural-possessive"),
    pytest.param(["Macron", "Macron'll", "Macron’d", "macron've"], id="verb-cut-short"),
    pytest.param(["Orbán", "Orban", "ORBÁN"], id="orban"),
    pytest.param(["Erdoğan", "Erdogan"], id="erdogan"),
    pytest.param(["Müller", "Muller"], id="umlaut"),
    pytest.param(["Łódź", "Lodz"], id="polish"),
    pytest.param(["Gdańsk", "Gdansk"], id="gdansk"),
    pytest.param(["São", "Sao"], id="tilde"),
    pytest.param(["café", "cafe\u0301", "cafe"], id="composed-and-decomposed"),
    pytest.param(["Putin", "Путин", "Putin's"], id="putin"),
    pytest.param(["Kyiv", "Kyiv’s", "KYIV"], id="kyiv"),
    pytest.param(["Yermak", "Yermak's"], id="yermak"),
    pytest.param(["ceasefire", "ceasefires", "Ceasefire"], id="plural"),
    pytest.param(["negotiate", "negotiated", "negotiating"], id="verb-forms"),
    pytest.param(["attack", "attacks", "attacked"], id="attacks"),
]


@pytest.mark.parametrize("spellings", SAME)
def test_the_spellings_of_one_word_are_one_term(spellings):
    assert len({term_of(word) for word in spellings}) == 1
    assert term_of(spellings[0]) != ""


APART = [
    pytest.param(["Iran", "Iraq"], id="iran-iraq"),
    pytest.param(["Austria", "Australia"], id="austria-australia"),
    pytest.param(["Niger", "Nigeria"], id="niger-nigeria"),
    pytest.param(["Slovakia", "Slovenia"], id="slovakia-slovenia"),
    pytest.param(["Latvia", "Lithuania", "Libya"], id="baltics"),
    pytest.param(["Mali", "Malawi", "Malta"], id="mali-malawi"),
    pytest.param(["Guinea", "Guyana", "Ghana"], id="guinea-guyana"),
    pytest.param(["Hungary", "hungry"], id="hungary-hungry"),
    pytest.param(["Sudan", "Sedan"], id="sudan-sedan"),
    pytest.param(["Macron", "Micron", "macro"], id="macron-micron"),
    pytest.param(["Putin", "put"], id="putin-put"),
    pytest.param(["Merz", "mercy", "March"], id="merz-mercy"),
    pytest.param(["Trump", "trumpet"], id="trump-trumpet"),
    pytest.param(["Zelensky", "Yanukovych", "Yermak"], id="ukrainians"),
    pytest.param(["2024", "2025"], id="years"),
    pytest.param(["universe", "university"], id="universe-university"),
    pytest.param(["policy", "police"], id="policy-police"),
]


@pytest.mark.parametrize("different", APART)
def test_different_words_stay_apart(different):
    assert [pair for pair in combinations(different, 2) if term_of(pair[0]) == term_of(pair[1])] == []


def test_the_words_of_a_text_come_as_written():
    assert words("Macron’s U.S. visit cost 3.5 million, he said.") == [
        "Macron’s",
        "U.S",
        "visit",
        "cost",
        "3.5",
        "million",
        "he",
        "said",
    ]


def test_terms_come_in_order_with_repeats_and_without_stop_words():
    assert terms("The truce is a truce, and the ferry is late.") == [
        term_of("truce"),
        term_of("truce"),
        term_of("ferry"),
        term_of("late"),
    ]


@pytest.mark.parametrize(
    "word", ["the", "The", "was", "WHAT", "said", "he'd", "they’ll", "What'd", "we've", "doesn't", "won’t"]
)
def test_stop_words_are_no_terms(word):
    assert term_of(word) == ""


@pytest.mark.parametrize("word", ["not-a-word!", "—", "…", "’", "'s", "🚢🚢", ""])
def test_marks_alone_make_no_broken_term(word):
    assert term_of(word) == term_of(word).strip()
    assert " " not in term_of(word)


def test_no_stop_word_is_a_name_of_a_month_or_country():
    assert STOP_WORDS.isdisjoint("march may mali iran iraq chad china france germany russia ukraine".split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("北京", 1), ("الهدنة", 1), ("перемир’я", 1), ("kyiv-2025", 2)],
    ids=["chinese", "arabic", "ukrainian", "hyphen"],
)
def test_words_of_any_script_become_terms(text, expected):
    assert len(terms(text)) == expected


@given(st.text())
def test_every_term_is_plain_lower_case_ascii(text):
    for term in terms(text):
        assert term.isascii()
        assert term == term.lower()
        assert term.isalnum()


@given(st.text(max_size=50))
def test_a_term_is_the_same_in_capitals(text):
    assert terms(text.casefold()) == terms(text.casefold().upper().casefold())


def test_questions_that_are_answered_at_once_do_not_mix_their_words():
    endings = [
        "negotiating",
        "relational",
        "hopefulness",
        "sensibilities",
        "generously",
        "occurrences",
        "communities",
        "vietnamization",
        "electricity",
    ]
    made = [f"{beginning}{ending}" for beginning in ("", "re", "over", "counter", "inter") for ending in endings]
    alone = [stemmed(word) for word in made]
    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            together = list(threads.map(lambda _: [stemmed(word) for word in made], range(40)))
    finally:
        sys.setswitchinterval(often)
    assert all(found == alone for found in together)
