"""What a question asks for: its kind (what an answer must contain), its words, the speaker it names, its time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.question.times import Time, time_of
from index.search.search import Preference
from index.sentences import spans
from index.store.rows import Scope
from index.text import term_of, terms, words
from index.words import listed, marked, numbers, one_of

Kind = Literal[
    "said", "who", "when", "where", "number", "why", "yesno", "list", "compare", "happened", "topic", "other"
]
"""What a question asks for.

``said``      what somebody said (``Question.speaker``)
``who when where number why``  a name, a time, a place, a figure, a reason
``yesno``     whether something is so: "did China sign", "is the truce holding"
``list``      several things: "which countries signed", "what are the conditions", "name the members"
``compare``   how two differ or agree (``Question.sides``)
``happened``  a story: "what happened with the grain deal", "the latest on Gaza", "a timeline of the talks"
``topic``     a few words that ask nothing: "Pokrovsk", "minerals deal"
``other``     anything else: "what is ReArm Europe"
"""

_SAY = one_of(marked("verbs_of_speech", "asked"))
_TWO = r"(?P<{0}>.{{2,60}}?)\s+(?:and|with|to|from|versus|vs\.?)\s+(?:that\s+of\s+|those\s+of\s+)?(?P<{1}>.{{2,60}}?)"
_VIEWS = r"(?:views?|positions?|plans?|reactions?|statements?|proposals?)"
_ENDS = (
    r"(?:\s+(?:on|about|over|in|regarding|towards?|when|to|react\w*|respond\w*|see|view|handl\w+|deal)\b|\s*[?.]?\s*$)"
)
_COMPARE = re.compile(
    rf"\bhow\s+(?:do|does|did|is|are|was|were)\s+{_TWO.format('a1', 'a2')}\s+(?:{_VIEWS}\s+)?(?:differ\w*|"
    r"disagree\w*|compare[sd]?|contrast)\b"
    rf"|\bhow\s+(?:do|does|did)\s+(?P<f1>.{{2,60}}?)\s+(?:differ|compare)\s+(?:from|with|to)\s+(?P<f2>.{{2,60}}?){_ENDS}"
    rf"|\b(?:how\s+(?:do|does|did)|(?:on|over)\s+what\s+(?:do|did))\s+{_TWO.format('b1', 'b2')}\s+(?:agree|clash|"
    r"argue)\b"
    rf"|\b(?:differences?|disagreements?|contrasts?)\s+between\s+{_TWO.format('c1', 'c2')}{_ENDS}"
    rf"|^\W*(?:please\s+)?(?:compare|contrast)\s+(?:how\s+|what\s+)?(?:the\s+{_VIEWS}\s+of\s+)?"
    rf"{_TWO.format('d1', 'd2')}{_ENDS}"
    rf"|^\W*{_TWO.replace('and|with|to|from|', '').format('g1', 'g2')}\s+(?:on|about|over|regarding)\b"
    rf"|\bwhat\s+(?:separates|distinguishes|divides)\s+{_TWO.format('e1', 'e2')}{_ENDS}",
    re.I,
)
_HAPPENED = re.compile(
    r"(?:^|[,;]\s)\W*(?:and\s+|so\s+)?what(?:\s+has|\s+have|\s+had)?(?:(?:\s+(?:is|was)|['’]s)?\s+(?:happen\w*|going\s+on|becom\w+\s+of|became\s+of|(?:the\s+)?(?:latest|news)(?:\s+(?:of|on|about|from|with|in)\b|\W*$))"
    r"|(?:\s+is|['’]s)\s+new\b)"
    r"|\bhow\s+(?:did|has|have)\b.{2,60}\b(?:develop\w*|unfold\w*|evolve[ds]?|progress\w*)\b"
    r"|^\W*(?:(?:give|show|tell)\s+me\s+)?(?:the\s+|an?\s+|any\s+)?(?:timeline|chronology|(?:latest\s+|newest\s+)?(?:news|updates?|developments?)|latest)"
    r"(?:\s+(?:of|on|about|from|with|in)\b|\W*$)",
    re.I,
)
_NUMBER = re.compile(
    r"\bhow\s+(?:many|much|long|old|big|large|high|far|often|tall|fast|heavy|deep|strong)\b"
    r"|\bwhat\s+(?:(?:is|was|are|were)\s+the\s+)?(?:(?:total|final|current|official)\s+)*(?:percentage|share|number|proportion|magnitude|death\s+toll|toll|price|cost)\b",
    re.I,
)
_SMALL_NUMBERS = one_of(word for word, value in numbers().items() if 2 <= value <= 10)
_COUNT = rf"(?:{_SMALL_NUMBERS}|\d+|other|main|major|new|different)\s+"
_SEVERAL = (
    r"(?:(?!\w*(?:ss|us|is|news)\b|(?:happen|doe|wa|ha|say|make|cause|mean|u)s\b)[a-z-]{2,}s|people|men|women|"
    r"children|media)"
)
_LIST = re.compile(
    r"^\W*(?:and\s+)?(?:"
    r"(?:list|name|enumerate)\s+(?!of\b|one\b|is\b|was\b)\w|give\s+me\s+(?:a\s+list\s+of|all|some|the\s+names\s+of)\b"
    rf"|(?:(?:on|in|from|by|to|with|for|of)\s+)?(?:which|what)\s+(?:of\s+the\s+)?(?:{_COUNT})*{_SEVERAL}\s+(?!(?:the|an?|its?|this|his|her|their|to|for|that)\b)\w"
    rf"|what\s+(?:are|were)\s+(?:the|some|his|her|its|their|[\w.-]+['’]s?)\s+(?:\w+\s+){{0,2}}?{_SEVERAL}\b"
    rf"|who\s+(?:are|were)\s+(?:the|some\s+of\s+the|his|her|its|their)\s+(?:\w+\s+){{0,2}}?{_SEVERAL}\b)",
    re.I,
)
_YESNO = re.compile(
    r"^\W*(?:and\s+|but\s+|so\s+)?(?:is|are|was|were|am|did|does|do|has|have|had|can|could|will|would|should|shall|may|might|must)(?:n['’]t)?\s+(?!.*\bor\s+(?!not\b))\w",
    re.I,
)
# "Can you tell me who signed" asks who; "do you know whether China signed" asks whether.
POLITE = re.compile(
    r"^\W*(?:(?:can|could|would|will)\s+(?:you|someone|anybody|anyone)\s+(?:please\s+)?(?:tell|show|give|explain|say|find|list|name|remind)\b|(?:do|does|did)\s+(?:you|we|anyone|anybody)\s+know\b"
    r"|(?:please\s+)?tell\s+(?:me|us)\b|i(?:['’]d|\s+would)\s+like\s+to\s+know\b|i\s+want\s+to\s+know\b|please\b)(?:\s+(?:me|us))?[\s,:]*(?:to\s+(?:me|us)\s+)?",
    re.I,
)
_WHETHER = re.compile(r"^\W*(?:if|whether)\b", re.I)
_WH = (
    "who|whom|whose|what|when|where|which|why|how|is|are|was|were|did|does|do|has|have|had|can|could|will|would|list"
    "|name"
)
_ASKS = re.compile(rf"\?|\b(?:{_WH}|{_SAY})\b", re.I)
_TOPIC_WORDS = 4  # a question of so few words without a verb of asking is a topic

_OTHERS: dict[Kind, str] = {
    "when": r"^\W*(?:and\s+)?when\b|\b(?:what|which)\s+(?:day|date|month|year|time)\b|\b(?:since\s+)?when\s*\?*$",
    "who": (
        r"^\W*(?:and\s+)?(?:who|whom|whose|which\s+(?:minister|president|leader|politician|person|company|"
        r"country))\b|\bwhom?\s*\?*$"
    ),
    "where": r"^\W*(?:and\s+)?(?:where|in\s+(?:which|what)\s+(?:city|country|town|place))\b|\bwhere\s*\?*$",
    "why": r"^\W*(?:and\s+)?(?:why|how\s+come|what\s+(?:is|was)\s+the\s+reason|for\s+what\s+reason)\b"
    r"|\b(?:why|how\s+come)\s*\?*$",
}


def kind_of(question: str, text: str, speaker: bool) -> Kind:
    """Return the kind of a question; ``text`` is the same without its time words, ``speaker``: it asks for what
    somebody said.
    """
    if _COMPARE.search(text):
        return "compare"
    if speaker:
        return "said"
    plain = POLITE.sub("", text)
    if _HAPPENED.search(plain) or _HAPPENED.search(POLITE.sub("", question)):
        return "happened"
    if plain == text and len(words(text)) <= _TOPIC_WORDS and not _ASKS.search(text):
        return "topic"
    if _NUMBER.search(plain):
        return "number"
    for kind, pattern in _OTHERS.items():
        if re.search(pattern, plain, re.I):
            return "list" if kind == "who" and _LIST.search(plain) else kind
    if _LIST.search(plain):
        return "list"
    if _YESNO.search(plain) or (plain != text and _WHETHER.search(plain)):
        return "yesno"
    # "Tell me about the Bybit heist"
    return "topic" if plain != text and re.match(r"(?:more\s+)?(?:about|of|on)\b", plain, re.I) else "other"


def names_compared(text: str) -> tuple[str, ...]:
    """Return the folded last names of the two that a question compares, () if it compares none."""
    match = _COMPARE.search(text)
    if match is None:
        return ()
    found = [terms(re.split(r"['’]s?\b", part)[0]) for part in match.groups() if part]
    return tuple(side[-1] for side in found if side)


# Words of asking, not of the topic.
ASKING = frozenset(map(term_of, listed("stop_words", "asking")))
# "What was the crisis called" asks for no speaker's words, "what was Macron saying" does.
SAID = re.compile(
    rf"\bwhat(?:\s+(?:did|does|has|have|had|do)\s+(?P<who>.{{2,80}}?)\s+(?:been\s+)?(?:{_SAY})"
    r"|(?:\s+(?:is|was|were|are)|['’]s)\s+(?P<whom>.{2,80}?)\s+saying)\b",
    re.I,
)
_SAID_HOW = re.compile(
    r"\bhow\s+(?:did|does|has|have|do)\s+(?P<who>.{2,80}?)\s+(?:react|respond|answer|reply|describe|justify|explain|comment)\w*\b",
    re.I,
)
_ACCORDING = re.compile(
    r"\baccording\s+to\s+(?P<who>[^,?:]{2,60}?)(?=\s*[,?:]|\s*$|\s+(?:who|what|when|where|why|how|which|is|are|was|were|did|"
    r"does|do|has|have|had|will|would|can|could|should)\b)",
    re.I,
)
# "Macron said what about it", "what Macron said about it", "Macron's reaction to it", "the response of the EU to it"
_WORDS = r"(?:reactions?|responses?|repl(?:y|ies)|answers?|comments?|remarks?|statements?|words)"
_ON = r"(?:to|on|about|over|regarding)"
_BEFORE_WHO = (
    r"(?:^(?!what|how|who|when|where|why|did|does|do|is|was|were|has|have)|\b(?:what|how)\s+(?:is|was|were|are)\s+)"
)
_SAID_OTHERWISE = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"^\W*(?P<who>[^,?]{2,60}?)\s+(?:has\s+|have\s+|had\s+)?(?:said|says?|thinks?|thought|wrote|wants?)\s+what\b",
        r"\bwhat\s+(?P<who>(?!(?:is|was|are|were|be|it|if|about|to|else)\b)(?:[\w.’'-]+\s+){1,3}?)"
        rf"(?:said|says?|thinks?|thought|wrote)\b(?=\s+{_ON}\b|\s+after\b|\W*$)",
        rf"(?:{_BEFORE_WHO}|['’]s\s+)(?:the\s+)?(?P<who>[^,?]{{2,60}}?)['’]s?\s+{_WORDS}\s+{_ON}\b",
        rf"\b{_WORDS}\s+(?:of|from|by)\s+(?P<who>[^,?]{{2,60}}?)\s+(?:{_ON}|after)\b",
    )
)
_NOBODY = frozenset(map(term_of, listed("stop_words", "nobody")))
_TITLES = frozenset(marked("titles", "question"))


@dataclass(frozen=True, slots=True)
class Question:
    """A parsed question.

    ``asked`` is its last sentence; what stands before it is context. ``terms`` are folded search
    terms, the speaker's left out of ``topic``; ``compared`` are the last names of the two that it compares.
    """

    text: str
    asked: str
    search: str
    kind: Kind
    speaker: tuple[str, ...]
    terms: tuple[str, ...]
    topic: tuple[str, ...]
    compared: tuple[str, ...]
    names: frozenset[str]
    since: date | None
    until: date | None
    latest: bool
    year: bool
    strict: bool
    firm: bool
    untimed: str  # what is asked, without the days that it names
    named: tuple[date | None, date | None]  # the days that it names
    present: bool  # it asks how things are, or when something happened last

    def scope(self, since: date | None = None, until: date | None = None, publisher: str | None = None) -> Scope:
        """Return the bounds of the question, within those that its asker has set: no article outside counts."""
        return Scope(
            since or (self.since if self.strict else None), until or (self.until if self.strict else None), publisher
        )

    @property
    def preference(self) -> Preference:
        """Return what an answer should rather have: the time that the question names without bounds ("this week", "in
        2024"), and its speaker.
        """
        return Preference(
            None if self.strict else self.since, None if self.strict else self.until, self.firm, self.speaker
        )


def parse_question(text: str, today: date) -> Question:
    """Parse a question that was asked on a day."""
    return _question_of(text, time_of(text, today))


def parse_without_time(text: str) -> Question:
    """Parse a question whose time words are its topic: "where did they meet in June 2014", told by later articles."""
    return _question_of(text, Time(None, None, False, text))


def _question_of(text: str, time: Time) -> Question:
    speaker = _speaker(time.rest)
    found = tuple(term for term in dict.fromkeys(terms(time.rest)) if term not in ASKING)
    kind = kind_of(_last_sentence(text), _last_sentence(time.rest), bool(speaker))
    return Question(
        text=text,
        asked=_last_sentence(text),
        search=" ".join(text.split()),
        kind=kind,
        speaker=speaker,
        terms=found,
        topic=tuple(term for term in found if term not in speaker),
        compared=names_compared(time.rest),
        names=names_in(time.rest),
        since=time.since,
        until=time.until,
        latest=time.latest,
        year=time.year,
        strict=time.strict,
        firm=time.firm,
        untimed=_last_sentence(time.untimed),
        named=time.named,
        present=time.present or (kind == "when" and not (time.since or time.until or _ONCE.search(text))),
    )


# What happens but once: of what happens again and again, the last time is meant.
_ONCE = re.compile(
    r"\b(?:first|originally|born|founded|established|invented|introduced|created|built|discovered)\b", re.I
)


def _last_sentence(text: str) -> str:
    text = " ".join(text.split())
    start, end = (spans(text) or [(0, 0)])[-1]
    return text[start:end]


def _speaker(text: str) -> tuple[str, ...]:
    """Return the folded last name (or last word, for a body) of each one a question wants words of, () if it wants
    nobody's.
    """
    patterns = (SAID, _SAID_HOW, _ACCORDING, *_SAID_OTHERWISE)
    match = next((hit for pattern in patterns if (hit := pattern.search(text))), None)
    if match is None:
        return ()
    who = re.sub(r"'s\b|’s\b", "", match["who"] or match["whom"] if match.re is SAID else match["who"])
    who = re.split(r"\b(?:about|on|in|at|for|from|when|regarding|over)\b", who, flags=re.I)[0]
    # "What did Macron and Starmer say": the words of either.
    found = [_last_name(one) for one in re.split(r"\s+(?:and|or)\s+|,\s+", who)]
    # "people", "it", "the article", "a new report": nobody in particular.
    return tuple(dict.fromkeys(name for name in found if name and name not in _NOBODY))


def _last_name(who: str) -> str:
    # "the chief executive of Bybit" is known by his office, "the President of France" by his country.
    office, _, of = who.partition(" of ")
    found = [term_of(word) for word in words(office) if word.lower() not in _TITLES]
    # "the EU" alone is no title.
    found = found if any(found) else [term_of(word) for word in words(of or office)]
    return next((term for term in reversed(found) if term), "")


def names_in(text: str) -> frozenset[str]:
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
    return frozenset(term for term in named if term and term not in ASKING)
