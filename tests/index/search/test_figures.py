"""A figure is found in whatever form the articles write it."""

from __future__ import annotations

import pytest

from index.search.figures import figures_in, other_figures

SAME = [
    ("1,500,000", "1.5 million"),
    ("1.5m", "1,500,000"),
    ("1.5 million", "1.5mn"),
    ("2bn", "two billion"),
    ("two billion", "2bn"),
    ("90", "ninety"),
    ("ninety", "90"),
    ("ninety-two", "92"),
    ("92", "ninety-two"),
    ("45,000", "45 000"),
    ("90k", "90,000"),
    ("45 000", "45,000"),
    ("a dozen", "twelve"),
]


@pytest.mark.parametrize(("asked", "written"), SAME)
def test_a_figure_has_other_forms(asked, written):
    ((found, others),) = figures_in(f"who paid {asked} for it?")
    assert (found, written in others) == (asked, True)


@pytest.mark.parametrize("text", ["in 1999", "two ministers", "5G", "AK-47", "G20", "no figure", "version 1.2.3"])
def test_what_is_no_figure_or_a_small_one_has_none(text):
    assert figures_in(text) == []


def test_forms_are_search_terms():
    assert "15 million" in other_figures("who lost 1,500,000 kronor")
    assert other_figures("who won in 2024") == []
