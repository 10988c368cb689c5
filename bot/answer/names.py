"""Names in a question that is typed without capitals: words that the passages found write with one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.question.parse import ASKING, Question
from index.articles import Hit
from index.text import term_of, words

_SHARE = 0.9  # of its occurrences inside sentences that a name has a capital in
_INSIDE = re.compile(r"(?<=[^\W\d_][ ,])[^\W\d_][\w'’-]*")  # words inside a sentence, not at its beginning


def with_names(question: Question, hits: Sequence[Hit]) -> Question:
    """Return a question with its names known, if it has no capitals itself: "macron" where the articles have
    "Macron".
    """
    wanted = frozenset(term_of(word) for word in words(question.asked) if word.islower() and len(word) > 2)
    wanted = (wanted & frozenset(question.terms)) - ASKING
    if question.names or not wanted:
        return question
    capital, small = dict.fromkeys(wanted, 0), dict.fromkeys(wanted, 0)
    for hit in hits:
        for word in _INSIDE.findall(hit.passage.text):
            if (term := term_of(word)) in wanted:
                (capital if word[0].isupper() else small)[term] += 1
    names = frozenset(
        term for term in wanted if capital[term] and capital[term] >= _SHARE * (capital[term] + small[term])
    )
    return replace(question, names=names)
