"""The kind of a question: what an answer to it must hold."""

from __future__ import annotations

import re
from typing import Literal

from index.terms import terms, words

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

SAY = "|".join(
    """
        say said saying says tell told think thinks thought state stated announce announced claim claimed write
        wrote post posted tweet tweeted warn warned respond responded react reacted answer answered comment
        commented call called demand demanded promise promised propose proposed argue argued suggest suggested
        describe described explain explained
    """.split()
)
_TWO = r"(?P<{0}>.{{2,60}}?)\s+(?:and|with|to|from|versus|vs\.?)\s+(?:that\s+of\s+|those\s+of\s+)?(?P<{1}>.{{2,60}}?)"
_VIEWS = r"(?:views?|positions?|plans?|reactions?|statements?|proposals?)"
_ENDS = r"(?:\s+(?:on|about|over|in|regarding|towards?|when)\b|\s*[?.]?\s*$)"
_COMPARE = re.compile(
    rf"\bhow\s+(?:do|does|did|is|are|was|were)\s+{_TWO.format('a1', 'a2')}\s+(?:{_VIEWS}\s+)?(?:differ\w*|"
    r"disagree\w*|compare[sd]?|contrast)\b"
    rf"|\bhow\s+(?:do|does|did)\s+(?P<f1>.{{2,60}}?)\s+(?:differ|compare)\s+(?:from|with|to)\s+(?P<f2>.{{2,60}}?){_ENDS}"
    rf"|\b(?:how\s+(?:do|does|did)|(?:on|over)\s+what\s+(?:do|did))\s+{_TWO.format('b1', 'b2')}\s+(?:agree|clash|"
    r"argue)\b"
    rf"|\b(?:differences?|disagreements?|contrasts?)\s+between\s+{_TWO.format('c1', 'c2')}{_ENDS}"
    rf"|^\W*(?:please\s+)?(?:compare|contrast)\s+(?:the\s+{_VIEWS}\s+of\s+)?{_TWO.format('d1', 'd2')}{_ENDS}"
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
_COUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|\d+|other|main|major|new|different)\s+"
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
_POLITE = re.compile(
    r"^\W*(?:(?:can|could|would|will)\s+(?:you|someone|anybody|anyone)\s+(?:please\s+)?(?:tell|show|give|explain|say|find|list|name|remind)\b|(?:do|does|did)\s+(?:you|we|anyone|anybody)\s+know\b"
    r"|(?:please\s+)?tell\s+(?:me|us)\b|i(?:['’]d|\s+would)\s+like\s+to\s+know\b|i\s+want\s+to\s+know\b|please\b)(?:\s+(?:me|us))?[\s,:]*(?:to\s+(?:me|us)\s+)?",
    re.I,
)
_WHETHER = re.compile(r"^\W*(?:if|whether)\b", re.I)
_WH = (
    "who|whom|whose|what|when|where|which|why|how|is|are|was|were|did|does|do|has|have|had|can|could|will|would|list"
    "|name"
)
_ASKS = re.compile(rf"\?|\b(?:{_WH}|{SAY})\b", re.I)
_TOPIC_WORDS = 4  # a question of so few words without a verb of asking is a topic

_OTHERS: dict[Kind, str] = {
    "when": r"^\W*(?:and\s+)?when\b|\b(?:what|which)\s+(?:day|date|month|year|time)\b|\bwhen\s*\?*$",
    "who": (
        r"^\W*(?:and\s+)?(?:who|whom|whose|which\s+(?:minister|president|leader|politician|person|company|"
        r"country))\b|\bwhom?\s*\?*$"
    ),
    "where": r"^\W*(?:and\s+)?(?:where|in\s+(?:which|what)\s+(?:city|country|town|place))\b|\bwhere\s*\?*$",
    "why": r"^\W*(?:and\s+)?(?:why|how\s+come|what\s+(?:is|was)\s+the\s+reason|for\s+what\s+reason)\b",
}


def kind_of(question: str, text: str, speaker: bool) -> Kind:
    """Return the kind of a question; ``text`` is the same without its time words, ``speaker``: it asks for what
    somebody said.
    """
    if _COMPARE.search(text):
        return "compare"
    if speaker:
        return "said"
    plain = _POLITE.sub("", text)
    if _HAPPENED.search(plain) or _HAPPENED.search(_POLITE.sub("", question)):
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


def sides_of(text: str) -> tuple[str, ...]:
    """Return the folded last names of the two that a question compares, () if it compares none."""
    match = _COMPARE.search(text)
    if match is None:
        return ()
    found = [terms(re.split(r"['’]s?\b", part)[0]) for part in match.groups() if part]
    return tuple(side[-1] for side in found if side)
