"""What kind of thing a sentence holds: a number, a time, a reason, a name."""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.answer.question import Question
from index.terms import term_of, terms, words

NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen|half|third|quarter|none|no)s?\b",
    re.I,
)
TIME = re.compile(
    r"\b(?:1\d{3}s?|20\d\ds?|\d{1,2}:\d\d|\d{1,2}(?:st|nd|rd|th)|january|february|march|april|may|june|july|august|september|october|november|december|monday|"
    r"tuesday|wednesday|thursday|friday|saturday|sunday|today|yesterday|tomorrow|tonight|noon|midnight|(?:minute|hour|day|week|month|year|decade|century|centurie)s?|"
    r"morning|afternoon|evening|night|spring|summer|autumn|winter|easter|christmas|ago|era|bc|ad)\b",
    re.I,
)
_BECAUSE = re.compile(
    (
        r"\b(?:because|since|as|so that|in order to|due to|owing to|therefore|reason|to avoid|after|for fear|which "
        r"is why|would|hard|difficult)\b"
    ),
    re.I,
)
# "What does the coalition demand": a body's will is often told without a verb of speech.
WILL = re.compile(
    r"\b(?:demand|propose|promise|offer|suggest|call\s+for|claim|want|plan|ask\s+for|expect|require)(?:s|d|ed)?\b", re.I
)
_WILLED = re.compile(
    r"\b(?:demand|want|insist|require|call(?:s|ed|ing)?\s+for|urg|propos|offer|pledg|promis|seek|press|push)\w*\b"
    r"|\b(?:must|should|ought|condition|ready\s+to|willing\s+to)\b",
    re.I,
)
_WHAT_IS = re.compile(
    r"\W*(?:what|who)\s+(?:is|are|was|were)\s+(?:the\s+|an?\s+)?(?P<what>\w[^?]{1,60}?)\s*\?*\s*\Z", re.I
)
_DEFINED = 3  # terms of what is asked the meaning of; of more, something else is asked


def fits(question: Question, sentence: str, asked: Collection[str]) -> bool:
    """Tell whether a sentence holds the kind of thing that is asked for, other than what the question says itself."""
    if question.kind in ("said", "other") and WILL.search(question.asked):
        return _WILLED.search(sentence) is not None
    if question.kind == "why":
        return _BECAUSE.search(sentence) is not None
    found = words(sentence)
    new = [word for word in found if (term_of(word) or word.lower()) not in asked]
    if question.kind == "number":
        return NUMBER.search(" ".join(new)) is not None
    if question.kind == "when":
        return TIME.search(" ".join(new)) is not None
    if question.kind in ("who", "where", "list"):
        return any(word[:1].isupper() and term_of(word) and word != found[0] for word in new)
    return question.kind == "other" and _defines(question.asked, sentence)


def _defines(asked: str, sentence: str) -> bool:
    """Tell whether a sentence says what something is ("X is a …", "X, the …", "known as X") that a question asks the
    meaning of.
    """
    match = _WHAT_IS.match(asked)
    if match is None or len(terms(match["what"])) > _DEFINED:
        return False
    name = re.escape(words(match["what"])[-1])
    return (
        re.search(
            rf"\b{name}\b[\"”’']*,?\s+(?:\([^()]*\)\s*)?(?:(?:is|are|was|were)\s+(?:an?|the|one|any|also)\b|means?\b|refers?\b|describes?\b)"
            rf"|\b{name}\b[\"”’']*,\s+(?:an?|the)\s|\b(?:known|referred\s+to)\s+as\s+[^,.;]{{0,30}}\b{name}\b|\b(?:called|named|dubbed)\s+[^,.;]{{0,30}}\b{name}\b",
            sentence,
            re.I,
        )
        is not None
    )
