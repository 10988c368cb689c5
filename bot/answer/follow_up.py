"""A follow-up is made a question that can be searched alone: what it leaves out comes from the questions before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.answer.question import ASKING, SAID, names_in
from index.text import term_of, terms, words

_REFERS = re.compile(
    r"\b(?:he|she|they|him|her|them|his|hers|their|theirs|it|its|that|this|these|those|ones?|others?|both|such)\b", re.I
)
_DEFINITE = re.compile(r"\bthe\s+\w", re.I)
_OF = re.compile(r"\b(?:about|of|for|with|on|in|to|between|from)\s+(?P<what>.+)$", re.I)


def complete_follow_up(question: str, thread: Sequence[str]) -> str:
    """Return a question that can be searched alone: a follow-up without words of its own gets those of the questions
    before.

    ``thread`` holds the earlier questions of the conversation, oldest first.
    """
    earlier = ""
    for item in [*thread, question]:
        earlier = _completed(item, earlier) if terms(item) or item is question else earlier
    return earlier


def _completed(question: str, earlier: str) -> str:
    if not earlier:
        return question
    swap = re.match(
        r"\s*(?:and|but|or)?,?\s*(?:what|how)?\s*(?:about|and|with|for)\s+(?P<new>.{2,80}?)\s*\?*\s*$", question, re.I
    )
    bare = re.match(r"\s*and\s+(?P<new>\S+(?:\s+\S+)?)\s*\?*\s*$", question, re.I)
    said, new = SAID.search(earlier), swap or bare
    if new and re.match(r"(?:his|her|their|its|this|that)\b", new["new"], re.I):
        return f"{question.rstrip(' ?')} — {earlier}"
    if new and said and re.match(r"(?:the|an?)\b", new["new"], re.I):  # another topic, the same speaker
        asked = re.split(r"\b(?:about|on|regarding)\b", earlier, maxsplit=1)[0].rstrip(" ?")
        return f"{asked} about {new['new']}"
    if new and said:
        place = "who" if said["who"] else "whom"
        return earlier[: said.start(place)] + new["new"] + earlier[said.end(place) :]
    own = [term for term in terms(question) if term not in ASKING]
    if not own:
        return f"{earlier.rstrip(' ?')} {question}"
    if names_in(question) or not (
        _REFERS.search(question) or len(own) <= (2 if _DEFINITE.search(question) else int(len(words(question)) <= 2))
    ):
        return question
    missing = earlier if said else _subject(earlier)
    return f"{question.rstrip(' ?')} — {missing}" if missing else question


def _subject(question: str) -> str:
    """Return the words that a question is about: those behind its last part's first preposition, or all that are not of
    asking.
    """
    carried = question.rpartition(" — ")[2]
    behind = _OF.search(carried)
    for part in (behind["what"], carried) if behind else (carried,):
        found = [word for word in words(part) if term_of(word) and term_of(word) not in ASKING]
        if found:
            return " ".join(found)
    return ""
