"""A follow-up is made a question that can be searched alone, or is recognised as one about the answer just given.

What it leaves out comes from the questions before it, and whom "he" means also from the answer before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal

from bot.question.parse import ASKING, SAID, names_in
from index.speech import NAME, NO_NAME
from index.text import term_of, terms, words
from index.words import listed, one_of, rows

About = Literal["who", "more", "next", "sure", "when", "where", "why"]
"""What a follow-up asks of the answer just given: its speaker, more, how it goes on, whether it is so, its day, its
place, its reason.
"""
_ABOUT: tuple[About, ...] = ("who", "more", "next", "sure", "when", "where", "why")
_OPEN = ("when", "where", "why")  # words that ask for nothing more may follow these
_OPENERS = re.compile(rf"\A\W*(?:(?:{one_of(listed('follow_ups', 'openers'))})\b\W*)+", re.I)
_LIGHT = frozenset(listed("follow_ups", "light"))

_REFERS = re.compile(
    r"\b(?:he|she|they|him|her|them|his|hers|their|theirs|it|its|that|this|these|those|ones?|others?|both|such)\b", re.I
)
_PERSONAL = re.compile(r"\b(?:he|she|they|him|her|them)\b", re.I)
_WHO = re.compile(
    r"\W*(?:and\s+)?(?:in\s+|for\s+|by\s+)?(?:who|whose|which|what\s+(?:company|country|bank|party))\b", re.I
)
_DEFINITE = re.compile(r"\bthe\s+\w", re.I)
_OF = re.compile(r"\b(?:about|of|for|with|on|in|to|between|from)\s+(?P<what>.+)$", re.I)
_ON = re.compile(r"\b(?:about|on|regarding)\b", re.I)
# "and about the sea", "what about Meloni", "and Tusk?"
_SWAP = re.compile(
    r"\W*(?:and\s+|but\s+|or\s+)?(?P<how>what\s+about|how\s+about|about|on|with|for|and)\s+(?P<new>\S.{1,80}?)[\s?!.]*",
    re.I,
)
_ASKS = re.compile(
    r"(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|did|does|do|has|have|had|then)\b", re.I
)
_POSSESSIVE = re.compile(r"(?:his|her|their|its|this|that)\b", re.I)
_ARTICLE = re.compile(r"(?:the|an?)\s+", re.I)
_NEW_TOPIC = re.compile(
    r"\W*(?:and\s+|so\s+)?(?:(?:what|who)(?:\s+(?:is|are|was|were)|['’]s)\s|(?:tell\s+me|describe|explain)\b)", re.I
)
_FEW = 2  # terms of its own: a follow-up with no more is not taken to stand alone


@cache
def _forms() -> dict[About, re.Pattern[str]]:
    return {
        kind: re.compile(one_of(re.escape(form) for row in rows("follow_ups", kind) for form in row if form) + r"\b")
        for kind in _ABOUT
    }


def about_the_answer(question: str) -> About | None:
    """Return what a follow-up asks of the answer just given, None if it asks for something else."""
    for text in (question, _OPENERS.sub("", question)):
        plain = " ".join(words(text.lower()))
        for kind, forms in _forms().items():
            match = forms.match(plain)
            rest = plain[match.end() :].split() if match else [""]
            if not rest or (match and kind in _OPEN and _LIGHT.issuperset(rest)):
                return kind
    return None


def complete_follow_up(question: str, thread: Sequence[str]) -> str:
    """Return a question that can be searched alone: a follow-up without words of its own gets those of the questions
    before.

    ``thread`` holds the earlier questions of the conversation, oldest first.
    """
    return readings(question, thread)[0]


def readings(question: str, thread: Sequence[str], meant: str = "") -> tuple[str, ...]:
    """Return what a follow-up may mean, as questions that can be searched alone, the likeliest first.

    ``meant`` is whom the answer before it names, where that was asked for.
    """
    earlier = ""
    for item in thread:
        if terms(item) and not (earlier and about_the_answer(item)):
            earlier = _readings(item, earlier)[0]
    return tuple(dict.fromkeys(_readings(question, earlier, meant)))


def _readings(question: str, earlier: str, meant: str = "") -> tuple[str, ...]:
    if not earlier:
        return (question,)
    swap = _SWAP.fullmatch(question)
    if swap and not _ASKS.match(swap["new"]):
        return _swapped(question, swap["how"].lower(), swap["new"], earlier)
    own = [term for term in terms(question) if term not in ASKING]
    if not own:
        return (f"{earlier.rstrip(' ?')} {question}",)
    said, speaks = SAID.search(earlier), SAID.search(question)
    subject = _subject(earlier)
    if speaks and speaks["who"] and not question[speaks.end() :].strip(" ?.!"):
        asked = question.rstrip(" ?.!")
        topic = subject if said else " ".join(_content(earlier))
        if not _REFERS.fullmatch(speaks["who"]):
            return (f"{asked} about {topic}", question) if topic else (question,)
    full, missing = question, " ".join(_content(earlier)) if said else subject
    if meant and _REFERS.search(question):
        full = _PERSONAL.sub(meant, question, count=1)
        missing = missing if full == question else ""
        missing = ", ".join(filter(None, (meant, missing))) if full == question else ""
    full = f"{full.rstrip(' ?')} — {missing}" if missing else full
    if names_in(question) and not (_PERSONAL.search(question) and len(own) <= _FEW):
        return (question, full) if len(own) <= _FEW else (question,)
    if _REFERS.search(question):
        return (full,)
    is_new = _NEW_TOPIC.match(question) and not _DEFINITE.search(question)
    if is_new or set(own) & set(terms(subject)):
        return (question, full)
    return (full, question) if len(own) <= _FEW else (question, full)


def _swapped(question: str, how: str, new: str, earlier: str) -> tuple[str, ...]:
    """Return the question before with another topic or another person in it."""
    if _POSSESSIVE.match(new):
        return (f"{question.rstrip(' ?')} — {earlier}",)
    said = SAID.search(earlier)
    if said:
        topic = f"{_ON.split(earlier, maxsplit=1)[0].rstrip(' ?')} about {new}"
        place = "who" if said["who"] else "whom"
        person = earlier[: said.start(place)] + new + earlier[said.end(place) :]
        return (topic, person) if how in ("about", "on") or _ARTICLE.match(new) else (person, topic)
    missing = _subject(earlier)
    added = f"{question.rstrip(' ?')} — {missing}" if missing else question
    named = [match for match in NAME.finditer(earlier) if match.group().lower() not in NO_NAME]
    if len(named) == 1 and re.search(r"[^\W\d_a-z]", new):
        start, end = named[0].span()
        return (earlier[:start] + _ARTICLE.sub("", new, count=1) + earlier[end:],)
    return (added, question)


def _content(question: str) -> list[str]:
    return [word for word in words(question) if term_of(word) and term_of(word) not in ASKING]


def _subject(question: str) -> str:
    """Return the words that a question is about: those behind its last part's first preposition, or all that are not of
    asking.
    """
    carried = question.rpartition(" — ")[2]
    behind = _OF.search(carried)
    for part in (behind["what"], carried) if behind else (carried,):
        found = _content(part)
        if found:
            named = names_in(carried) - set(terms(part))
            return " ".join([*(word for word in _content(carried) if term_of(word) in named), *found])
    return ""


def named_in_answer(earlier: str, sentence: str) -> str:
    """Return whom a sentence names that answers a question for a person or a body, "" if none was asked for."""
    if not _WHO.match(earlier):
        return ""
    asked = set(terms(earlier))
    found = [name for name in _names_of(sentence) if not asked & set(terms(name))]
    return next((name for name in found if " " in name), found[0] if found else "")


def _names_of(text: str) -> Iterable[str]:
    for match in NAME.finditer(text):
        found = [word.strip(".,") for word in re.sub(r"\A\S+['’]s\s+|['’]s\Z", "", match.group()).split()]
        while found and found[0].lower() in NO_NAME:
            del found[0]
        if found and found[-1].lower() not in NO_NAME:
            yield " ".join(found)
