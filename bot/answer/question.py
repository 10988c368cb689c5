"""What a question asks for: its kind, its words, the speaker it names, its time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.answer.kinds import SAY, Kind, kind_of, sides_of
from bot.answer.question_time import Time, time_of
from index.search.search import Wish
from index.store.rows import Scope
from index.terms import term_of, terms, words

# Words of asking, not of the topic.
_ASKING = frozenset(
    term_of(word)
    for word in """
        want wants give show find list name describe explain happen happened happens latest news update many much
        long often old article mention comment remark statement view opinion stance position attitude place think
        thought believe use call one kind sort way thing made make get got go went gave take took come came
    """.split()
)
# "What was the crisis called" asks for no speaker's words, "what was Macron saying" does.
_SAID = re.compile(
    rf"\bwhat\s+(?:(?:did|does|has|have|had|do)\s+(?P<who>.{{2,80}}?)\s+(?:been\s+)?(?:{SAY})|(?:is|was|were|are)\s+(?P<whom>.{{2,80}}?)\s+saying)\b",
    re.I,
)
_SAID_HOW = re.compile(
    r"\bhow\s+(?:did|does|has|have|do)\s+(?P<who>.{2,80}?)\s+(?:react|respond|answer|reply|describe|justify|explain|comment)\w*\b",
    re.I,
)
_ACCORDING = re.compile(r"\baccording\s+to\s+(?P<who>[^,?]{2,60})", re.I)
_REFERS = re.compile(
    r"\b(?:he|she|they|him|her|them|his|hers|their|theirs|it|its|that|this|these|those|ones?|others?|both|such)\b", re.I
)
_DEFINITE = re.compile(r"\bthe\s+\w", re.I)
_OF = re.compile(r"\b(?:about|of|for|with|on|in|to|between|from)\s+(?P<what>.+)$", re.I)
_NOBODY = frozenset(
    term_of(word)
    for word in """
        article people report paper newspaper source sources statistics data study studies survey poll census
        research researchers analysis figures experts officials news media witnesses
    """.split()
)
_TITLES = frozenset(
    """
        president prime minister chancellor foreign defence defense secretary state general king queen pope leader
        chief spokesman spokeswoman spokesperson commissioner senator mr mrs ms dr us uk eu french german russian
        ukrainian british american polish italian chinese european former new head of the mayor governor judge
    """.split()
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart.

    ``asked`` is its last sentence: what stands before that tells what it is about. ``kind`` is one of those in
    bot/kinds.py. ``terms`` are folded search terms, the speaker's left out of ``topic``; ``sides`` are the last names
    of the two that it compares.
    """

    text: str
    asked: str
    search: str
    kind: Kind
    speaker: tuple[str, ...]
    terms: tuple[str, ...]
    topic: tuple[str, ...]
    sides: tuple[str, ...]
    names: frozenset[str]
    since: date | None
    until: date | None
    latest: bool
    year: bool
    strict: bool
    firm: bool

    def scope(self, since: date | None = None, until: date | None = None, publisher: str | None = None) -> Scope:
        """Return what the question is about, within what its asker has set: articles outside do not count at all."""
        return Scope(
            since or (self.since if self.strict else None), until or (self.until if self.strict else None), publisher
        )

    @property
    def wish(self) -> Wish:
        """Return what an answer should rather have: the time that the question names without bounds ("this week", "in
        2024"), and its speaker.
        """
        return Wish(None if self.strict else self.since, None if self.strict else self.until, self.firm, self.speaker)


def understood(text: str, today: date) -> Question:
    """Take a question apart, relative to a day."""
    return _understood(text, time_of(text, today))


def timeless(text: str) -> Question:
    """Take a question apart whose time words are topic: "where did they meet in June 2014", asked of what was written
    later.
    """
    return _understood(text, Time(None, None, False, text))


def _understood(text: str, time: Time) -> Question:
    speaker = _speaker(time.rest)
    found = tuple(term for term in dict.fromkeys(terms(time.rest)) if term not in _ASKING)
    return Question(
        text=text,
        asked=_last_sentence(text),
        search=" ".join(text.split()),
        kind=kind_of(_last_sentence(text), _last_sentence(time.rest), bool(speaker)),
        speaker=speaker,
        terms=found,
        topic=tuple(term for term in found if term not in speaker),
        sides=sides_of(time.rest),
        names=_names(time.rest),
        since=time.since,
        until=time.until,
        latest=time.latest,
        year=time.year,
        strict=time.strict,
        firm=time.firm,
    )


def _last_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s+(?=\S)", text.strip())[-1]


def standalone(question: str, thread: Sequence[str]) -> str:
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
    said, new = _SAID.search(earlier), swap or bare
    if new and re.match(r"(?:his|her|their|its|this|that)\b", new["new"], re.I):
        return f"{question.rstrip(' ?')} — {earlier}"
    if new and said and re.match(r"(?:the|an?)\b", new["new"], re.I):  # another topic, the same speaker
        asked = re.split(r"\b(?:about|on|regarding)\b", earlier, maxsplit=1)[0].rstrip(" ?")
        return f"{asked} about {new['new']}"
    if new and said:
        place = "who" if said["who"] else "whom"
        return earlier[: said.start(place)] + new["new"] + earlier[said.end(place) :]
    own = [term for term in terms(question) if term not in _ASKING]
    if not own:
        return f"{earlier.rstrip(' ?')} {question}"
    if _names(question) or not (
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
        found = [word for word in words(part) if term_of(word) and term_of(word) not in _ASKING]
        if found:
            return " ".join(found)
    return ""


def _speaker(text: str) -> tuple[str, ...]:
    """Return the folded last name (or last word, for a body) of each one a question wants words of, () if it wants
    nobody's.
    """
    match = _SAID.search(text) or _SAID_HOW.search(text) or _ACCORDING.search(text)
    if match is None:
        return ()
    who = re.sub(r"'s\b|’s\b", "", match["who"] or match["whom"] if match.re is _SAID else match["who"])
    who = re.split(r"\b(?:about|on|in|at|for|from|when|regarding|over)\b", who, flags=re.I)[0]
    # "What did Macron and Starmer say": the words of either.
    found = [_last_name(one) for one in re.split(r"\s+(?:and|or)\s+|,\s+", who)]
    # "people", "it", "the article", "a new report": nobody in particular.
    return tuple(dict.fromkeys(name for name in found if name and name not in _NOBODY))


def _last_name(who: str) -> str:
    # "the chief executive of Bybit" is known by his office, "the President of France" by his country.
    office, _, of = who.partition(" of ")
    found = [term_of(word) for word in words(office) if word.lower() not in _TITLES] or [
        term_of(word) for word in words(of)
    ]
    return next((term for term in reversed(found) if term), "")


def _names(text: str) -> frozenset[str]:
    """Return the terms that a question writes like names: capitals inside a sentence that is not all capitals, or
    digits.
    """
    found = words(text)
    capitals = [word for word in found[1:] if word[:1].isupper()]
    shouting = len(capitals) > 0.8 * max(1, len(found) - 1) and len(found) > 3
    named = {term_of(word) for word in found if any(char.isdigit() for char in word)}
    if not shouting:
        named |= {term_of(word) for word in capitals}
        if found and found[0][:1].isupper() and len(found) <= 2:
            named.add(term_of(found[0]))
    return frozenset(term for term in named if term and term not in _ASKING)
