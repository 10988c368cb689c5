"""Whose words a sentence says it gives, and whether the article gives them to the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.check.alignment import Match
from bot.check.evidence import Window
from bot.check.numbers import figures
from bot.check.times import days
from bot.check.vocabulary import FUNCTIONS, alike, lemma
from index.articles import Source
from index.statements import Statement, named_in

_VERB = r"(?:reports?|reported|writes?|wrote|says?|said|notes?|noted|states?|stated|has\s+reported)"
_ON = r"(?:,?\s+(?:on|in)\s+(?P<day>[^,]{3,24}?))?"
_FIRST = re.compile(
    rf"\A(?:According\s+to|As\s+reported\s+by|As)\s+(?P<who>[^,]{{2,70}}?)(?:\s+{_VERB})?{_ON},\s+(?P<rest>.+)\Z",
    re.I | re.S,
)
_OPENS = re.compile(rf"\A(?P<who>[^,“\"]{{2,70}}?)\s+{_VERB}{_ON}\s+(?:that\s+)?(?P<rest>.+)\Z", re.I | re.S)
_LAST = re.compile(
    rf"\A(?P<rest>.+?),\s+(?:according\s+to\s+(?P<who>[^,]{{2,70}}?)|(?P<by>[^,]{{2,70}}?)\s+{_VERB}){_ON}[.]?\Z",
    re.I | re.S,
)
_BRACKET = re.compile(r"\A(?P<rest>.+?)\s*\((?P<who>[^(),]{2,70})(?:,\s*(?P<day>[^()]{3,24}))?\)\s*[.]?\Z", re.S)
_GENERIC = re.compile(
    r"(?:(?:the|these|this|an?|one|another)\s+)?(?:news\s+)?(?:articles?|reports?|passages?|papers?|newspapers?|sources?|pieces?|stor(?:y|ies)|outlets?|wire)\Z",
    re.I,
)
_FAR = 40  # tokens between a speaker and the verb
_SPEAKS = frozenset(
    map(
        lemma,
        (
            "say tell state announce warn argue insist write explain claim accord add call describe think believe "
            "deny confirm"
        ).split(),
    )
)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence without the words that name the outlet it comes from."""

    text: str
    loosely: bool = False  # as what "the report" says: somebody speaks, whoever it is


def told_by(text: str, sources: Sequence[Source]) -> Told:
    """Part a sentence from the outlet, author or "the article" it is ascribed to, if that is where a cited passage
    stands.
    """
    for form in (_FIRST, _LAST, _BRACKET, _OPENS):
        match = form.match(text)
        if not match:
            continue
        groups = match.groupdict()
        who = groups.get("who") or groups.get("by") or ""
        if any(_is(who, groups.get("day"), source) for source in sources):
            rest = match["rest"].strip()
            return Told(rest if rest[-1:] in '.!?”"' else rest + ".", _GENERIC.match(who.strip()) is not None)
    return Told(text)


def _is(who: str, day: str | None, source: Source) -> bool:
    if day:
        found = days(day)
        if (
            not found
            or source.published is None
            or any(source.published not in one.exactly(source.published) for one in found)
        ):
            return False
    if _GENERIC.match(who.strip()):
        return True
    mine = _keys(who)
    return bool(mine) and any(
        mine <= _keys(name) or (_keys(name) and _keys(name) <= mine)
        for name in (source.publisher, source.author)
        if name
    )


def says(text: str) -> bool:
    """Tell whether a text gives somebody's words."""
    return any(lemma(word) in _SPEAKS for word in re.findall(r"[\w’']+", text))


def _keys(name: str) -> set[str]:
    return {key for word in re.findall(r"\w+", name) if (key := lemma(word)) not in FUNCTIONS}


def misattributed(text: str, match: Match, window: Window, *, spoken: bool = False) -> str:
    """Return how what a claim says of who speaks differs from the article, "" if it does not.

    ``spoken``: the sentence named a speaker before.
    """
    names, pronouns = named_in(text)
    carrying = _carrying(match)
    speakers = [statement for statement in window.speakers if statement.index in carrying]
    for name in names:
        if not _speaks(name, match, speakers):
            return "the passage does not give these words to whom the sentence names"
    if names or pronouns or spoken or any(token.key in _SPEAKS for token in match.claim) or "“" in text or '"' in text:
        return ""
    if carrying and all(any(statement.index == number for statement in speakers) for number in carrying):
        return "it states as a fact what the passage gives as somebody's words"
    return ""


def _speaks(name: str, match: Match, speakers: Sequence[Statement]) -> bool:
    words = [lemma(word) for word in re.findall(r"[\w’']+", name)]
    wanted = [word for word in words if word not in FUNCTIONS][-1:] or words[-1:]
    if figures(name) and name.lower() == name:  # "twenty-one states" is no speech
        return True
    if speakers:
        theirs = {lemma(word) for statement in speakers for word in re.findall(r"[\w’']+", statement.speaker)}
        return any(alike(one, other) for one in wanted for other in theirs) or (
            not {lemma(w) for w in words}.isdisjoint(theirs) and len(words) > 1
        )
    # Nobody was found to speak there: the name must go with the same verb, and no other name stand nearer to it.
    places = [j for i, j in match.aligned.items() if match.claim[i].key in wanted]
    verbs = [j for i, j in match.aligned.items() if match.claim[i].key in _SPEAKS]
    return any(
        abs(verb - place) <= _FAR and all(match.told[k].kind != "name" for k in range(max(place + 1, verb - 3), verb))
        for place in places
        for verb in verbs
    )


def _carrying(match: Match) -> set[int]:
    """Return the sentences of a window, by number, that most of what is matched stands in."""
    count: dict[int, int] = {}
    for i, j in match.aligned.items():
        if match.claim[i].content:
            number = match.told[j].clause // 1_000
            count[number] = count.get(number, 0) + 1
    return {number for number, matched in count.items() if matched >= 0.5 * max(count.values())} if count else set()
