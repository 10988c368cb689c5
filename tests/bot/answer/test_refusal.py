"""What makes an answer sure enough, and what never does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answer.confidence import LEVELS, NEAR, Signs, asks_the_opposite, confidence

SIGNS = Signs(read=2.0, meaning=0.6, passage=0.6, coverage=0.6, around=0.8, opposite=False)

OPPOSITES = [
    pytest.param("Who did not sign the declaration?", "China and India signed.", True, id="not"),
    pytest.param("Which states never abstained?", "Bavaria voted in favour.", True, id="never"),
    pytest.param("Who didn’t sign?", "Two guests did not.", False, id="both-negated"),
    pytest.param("Which country has the least debt?", "Austria has the most debt of all.", True, id="least"),
    pytest.param("What happened after the vote?", "The leaders met before the vote.", True, id="after-before"),
    pytest.param("Which bank lowered its rate?", "The bank raised its rate.", True, id="lowered-raised"),
    pytest.param("Did rates rise or fall?", "Rates fall this month.", False, id="the-question-names-both"),
    pytest.param("Who won the election?", "Merz won; Scholz lost.", False, id="the-sentence-names-both"),
    pytest.param("Who won the election?", "The Union won the election.", False, id="plain"),
]


@pytest.mark.parametrize(("question", "sentence", "expected"), OPPOSITES)
def test_a_question_that_asks_the_opposite_is_seen(question, sentence, expected):
    assert asks_the_opposite(question, sentence) == expected


@pytest.mark.parametrize(
    "worse",
    [
        {"meaning": 0.3},
        {"passage": 0.3},
        {"read": -2.0},
        {"around": 0.3},
        {"opposite": True},
    ],
    ids=lambda worse: next(iter(worse)),
)
def test_each_sign_counts_in_its_direction(worse):
    assert confidence(replace(SIGNS, **worse)) < confidence(SIGNS)


def test_a_good_find_is_answered_at_every_level_and_a_stray_one_at_none():
    assert confidence(SIGNS) > max(LEVELS.values())
    assert confidence(Signs(-4.0, 0.2, 0.2, 0.1, 0.2, False)) < min(NEAR.values())


def test_without_a_reader_the_other_signs_decide():
    assert confidence(replace(SIGNS, read=None)) > max(LEVELS.values())
    assert confidence(Signs(None, 0.0, 0.2, 0.1, 0.1, False)) < min(NEAR.values())


def test_the_levels_are_in_order():
    assert LEVELS["eager"] < LEVELS["balanced"] < LEVELS["cautious"]
    assert all(NEAR[level] < LEVELS[level] for level in LEVELS)
