"""Whether what was found answers at all: how sure that is, and from where on a bot that is set cautious, balanced or
eager answers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from index.terms import term_of, words

Level = Literal["cautious", "balanced", "eager"]

# Confidence from which a question is answered.
LEVELS: dict[Level, float] = {"cautious": 0.5, "balanced": 0.35, "eager": 0.2}

NEGATED = re.compile(
    r"\b(?:not|never|no|without|none|unlike|except|cannot|neither|nobody|nothing|nor|fails?|failed|refus\w+|least"
    r"|fewest|lack\w*)\b|n['’]t\b",
    re.I,
)
# Words of which a question may hold one where the article holds the other: then it asks for the opposite of what is
# said.
_OPPOSITES = """before after|first last|most least|more fewer|more less|increase decrease|increased decreased|rise fall
rose fell|win lose|won lost|high low
higher lower|highest lowest|largest smallest|larger smaller|big small|bigger smaller|best worst|better worse
north south|northern southern|east west
eastern western|early late|earlier later|earliest latest|oldest youngest|older younger|old new|maximum minimum
support oppose|supported opposed
accept reject|accepted rejected|agree disagree|agreed disagreed|allow forbid|allowed banned|buy sell|bought sold
begin end|began ended|start stop
started stopped|open close|opened closed|inside outside|internal external|male female|men women|man woman|father mother
husband wife|brother sister
son daughter|major minor|majority minority|public private|legal illegal|possible impossible|common rare|strong weak
fast slow|faster slower|rich poor
easy difficult|longest shortest|above below|import export|offensive defensive|attack defend|positive negative
include exclude|success failure
succeed fail|create destroy|built demolished|enemy ally|arrived left|borrow lend|gain loss|gained lost|hot cold|wet dry
same different|known unknown
official unofficial|guilty innocent|approved rejected|raised cut|raised lowered|raise cut|hired fired|born died"""


def _pairs() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in re.split(r"[|\n]", _OPPOSITES):
        one, other = (term_of(word) or word for word in pair.split())
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


_OPPOSITE_OF = _pairs()


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells whether the best sentence answers.

    ``meaning`` and ``passage`` are the cosines of the question to the sentence and to its passage, ``margin`` by how
    much the best passage's is above those further down the same ranking (None if it is short): that is what a
    collection's own statistics are. ``coverage`` and ``around`` are the shares of the question's weight (its terms'
    rarity in the collection) in the sentence and in its passage, ``absent`` the share of names that stand in neither.
    ``opposite``: the question is negated, or turned round, where the sentence is not.
    """

    meaning: float
    passage: float
    margin: float | None
    coverage: float
    around: float
    absent: float
    opposite: bool


# A logistic regression on the dev halves of four data sets that count alike: docs/answers.md has its figures and what
# was left out.
_BIAS = -4.35
_MEANING, _PASSAGE, _MARGIN, _COVERAGE, _AROUND, _ABSENT, _OPPOSITE = 3.2, 1.6, 2.4, 1.3, 0.9, -2.3, -2.4
_USUAL_MARGIN = 0.2


def confidence(signs: Signs) -> float:
    """Return how sure it is that the question is answered, between 0 and 1."""
    margin = _USUAL_MARGIN if signs.margin is None else signs.margin
    total = _BIAS + _MEANING * signs.meaning + _PASSAGE * signs.passage + _MARGIN * margin
    total += _COVERAGE * signs.coverage + _AROUND * signs.around + _ABSENT * signs.absent + _OPPOSITE * signs.opposite
    return 1 / (1 + math.exp(-total))


def asks_the_opposite(question: str, sentence: str) -> bool:
    """Tell whether a question is negated where the sentence is not, or holds the opposite of one of its words."""
    if NEGATED.search(question) and not NEGATED.search(sentence):
        return True
    asked, said = _tokens(question), _tokens(sentence)
    return any(
        token not in said and _OPPOSITE_OF[token] & said and not _OPPOSITE_OF[token] & asked
        for token in asked
        if token in _OPPOSITE_OF
    )


def _tokens(text: str) -> set[str]:
    return {term_of(word) or word.lower() for word in words(text)}
