"""What makes an answer sure enough, and what never does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answer.confidence import LEVELS, NEAR, Signs, confidence

SIGNS = Signs(read=2.0, meaning=0.6, passage=0.6, coverage=0.6, around=0.8)


@pytest.mark.parametrize(
    "worse",
    [
        {"read": -2.0},
        {"around": 0.3},
        {"read": None, "meaning": 0.3},
        {"read": None, "coverage": 0.3},
        {"read": None, "passage": 0.3},
    ],
    ids=str,
)
def test_each_sign_counts_in_its_direction(worse):
    best = SIGNS if worse.get("read", 0) is not None else replace(SIGNS, read=None)
    assert confidence(replace(SIGNS, **worse)) < confidence(best)


def test_a_good_find_is_answered_at_every_level_and_a_stray_one_at_none():
    assert confidence(SIGNS) > max(LEVELS.values())
    assert confidence(Signs(-4.0, 0.2, 0.2, 0.1, 0.2)) < min(NEAR.values())


def test_without_a_reader_the_other_signs_decide():
    assert confidence(replace(SIGNS, read=None)) > max(LEVELS.values())
    assert confidence(Signs(None, 0.0, 0.2, 0.1, 0.1)) < min(NEAR.values())


def test_the_levels_are_in_order():
    assert LEVELS["eager"] < LEVELS["balanced"] < LEVELS["cautious"]
    assert all(NEAR[level] < LEVELS[level] for level in LEVELS)
