"""What kind of thing a sentence holds: a number, a time, a reason, a name."""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.question import Question
from index.terms import term_of, words

NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen|half|third|quarter|none|no)s?\b",
    re.I,
)
_TIME = re.compile(
    r"\b(?:(?:19|20)\d\d|\d{1,2}:\d\d|january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|yesterday|tomorrow|noon|midnight|week|weeks|month|months|morning|evening|night|spring|summer|autumn|winter)\b",
    re.I,
)
_BECAUSE = re.compile(
    r"\b(?:because|since|as|so that|in order to|due to|owing to|therefore|reason|to avoid|after|for fear|which is why|would|hard|difficult)\b", re.I
)


def fits(question: Question, sentence: str, asked: Collection[str]) -> bool:
    """Tell whether a sentence holds the kind of thing that is asked for, other than what the question says itself."""
    if question.kind == "why":
        return _BECAUSE.search(sentence) is not None
    found = words(sentence)
    new = [word for word in found if (term_of(word) or word.lower()) not in asked]
    if question.kind == "number":
        return NUMBER.search(" ".join(new)) is not None
    if question.kind == "when":
        return _TIME.search(" ".join(new)) is not None
    if question.kind in ("who", "where", "list"):
        return any(word[:1].isupper() and term_of(word) and word != found[0] for word in new)
    return False
