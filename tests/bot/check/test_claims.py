"""Words in normal forms, and what is no part of a sentence that a model wrote."""

from __future__ import annotations

import pytest

from bot.check.claim import parse_claim
from bot.check.vocabulary import alike, lemma, opposed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rose", "increased"),
        ("bought", "acquired"),
        ("French", "France"),
        ("said", "stated"),
        ("Zelensky", "Zelenskyy"),
    ],
)
def test_forms_and_synonyms_are_alike(one, other):
    assert alike(lemma(one), lemma(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rose", "fell"),
        ("before", "after"),
        ("legal", "illegal"),
        ("won", "lost"),
        ("more", "fewer"),
        ("north", "south"),
    ],
)
def test_opposites_are_opposed_and_not_alike(one, other):
    assert opposed(lemma(one), lemma(other))
    assert not alike(lemma(one), lemma(other))


def test_keys_and_markdown_are_taken_off():
    claim = parse_claim("- The **ferry** stops in May [p7f2] [q1].", {"p7f2", "q1"})
    assert (claim.text, claim.keys, claim.fault) == ("The ferry stops in May.", ("p7f2", "q1"), "")


def test_a_bracket_of_the_article_is_text():
    claim = parse_claim("“We [the council] regret it,” she said [a].", {"a"}, {"the council"})
    assert (claim.keys, claim.fault) == (("a",), "")
    assert "[the council]" in claim.text
