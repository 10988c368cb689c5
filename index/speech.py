"""Who speaks in one sentence by its own words: the subjects of its verbs of speech, and whom it goes by ("according
to").
"""

from __future__ import annotations

import re
from typing import NamedTuple

from index.subjects import CAPITAL, NAME, each, following, noun_phrase, opens_with, subject

# Whoever is the subject of one of these speaks. Those that may mean a deed as well count only with words of speech: see
# _reports.
_STRONG = (
    "said|says|told|tells|added|adds|stated|states|announced|announces|wrote|writes|posted|tweeted|warned|warns|argued|argues|insisted|insists|stressed|"
    "noted|notes|declared|explained|explains|replied|answered|acknowledged|confirmed|confirms|denied|reiterated|vowed|pledged|promised|conceded|admitted|"
    "remarked|recalled|underlined|concluded|commented|responded|claimed|claims|asserted|contended|contends|cautioned|joked|testified|"
    "predicted|predicts|tweets|reported|reports|estimates|estimated|reckons|"
    "sagte|sagt|erklärte|betonte|schrieb|warnte|forderte|déclaré|dit|affirmé|expliqué|ajouté"
)
_WEAK = (
    "called|calls|described|describes|demanded|demands|proposed|suggested|suggests|rejected|urged|urges|criticised|criticized|praised|hailed|believes|believed|"
    "thinks|thought|hopes|hoped|maintained|maintains|repeated|listed|agreed|offered|floated|asked|asks|ruled|rules|advocated|revealed|requested|requests|"
    "continued|emphasised|emphasized|mentioned|apologised|apologized|accused|charged|dismissed|condemned|welcomed|defended|denounced|mocked|blamed|thanked|quipped|lamented|teilte"
)
# of several: "experts say"
_PLAIN = (
    "say|tell|write|warn|argue|claim|note|add|insist|stress|explain|believe|think|hope|estimate|predict|report|admit"
    "|deny|contend"
)
# "Bragg sued, calling it unconstitutional"
_DOING = (
    r"saying|adding|warning|calling(?!\s+(?:for|on|off|up))|thanking|writing|noting|insisting|arguing|telling|"
    r"stressing|claiming|urging|accusing|describing"
)
_VERB = re.compile(
    rf"(?<![\w-])(?:{_STRONG}|{_WEAK}|{_PLAIN}|{_DOING}|Said)\b"
)  # "States" and "so-called" are no verbs
_IS_PLAIN = re.compile(rf"(?:{_PLAIN})\Z", re.I)
_IS_DOING = re.compile(rf"(?:{_DOING})\Z", re.I)
_DEED = re.compile(r"(?:hopes|hoped|agreed|offered|promised|pledged|vowed|continued|believed|thought)\s+to\b")
_GIVEN = re.compile(
    r"(?:announced|announces|reported|proposed|posted|requested|demanded|listed|suggested|called|described)\Z"
)  # "a change announced on Thursday"
_NO_SUBJECT = re.compile(r"\b(?:to|can|could|would|will|may|might|must|should|shall|not|let|help|\w+n[’']t)\s*\Z", re.I)
_IS_WEAK = re.compile(rf"(?:{_WEAK})\Z", re.I)
_REPORTED = re.compile(r"\W{0,3}(?:[\w-]+\s+){0,8}?(?:that|whether|for|on|to|as)\b|.{0,120}§", re.S)
_ACCORDING = re.compile(r"\b(?:according\s+to|in\s+the\s+words\s+of)\s+", re.I)
_NOT_SPEAKERS = re.compile(
    (
        r"\b(?:data|recording|figures|law|plan|reports|documents?|footage|poll|study|survey|schedule|press release|"
        r"release|assessment|lawsuit)\b"
    ),
    re.I,
)
_PASSIVE = re.compile(
    r"\b(?:was|were|is|are|been|be|being|gets?|got)(?:\s+(?:\w+ly|first|also|then|later|once|not|being))?\s*\Z", re.I
)
_CONDITION = re.compile(r"(?:\A|[,;]\s*)(?:but\s+|and\s+)?(?:if|unless)\s[^,;]*\Z", re.I)
_INVERTED = re.compile(
    r"(?:said|says|wrote|writes|added|adds|warned|explained|insisted|noted|declared|argued|replied|stated|reported|reports|predicted|estimates|tweeted|sagte|sagt|erklärte|betonte|schrieb|dit|affirmé)\Z",
    re.I,
)
# A quotation without an end goes to the end of the sentence where it begins it or follows a comma or colon; elsewhere
# the mark is a slip.
_QUOTE = re.compile(
    r"„[^“”„]*[“”]|«[^«»]*»|“[^“”\"]*[”\"]|\"[^\"”]*[\"”]|(?:\A\s*|(?<=[:,]\s))[\"“„«][^\"“”„«»]*\Z|[\"“”„«»]"
)
_TYPEWRITER = re.compile(
    r"(?<!\w)''|''(?!\w)"
)  # two apostrophes are a quotation mark, or one that was escaped twice ("Spain''s")
_PLURAL = re.compile(r"(?:s|people|men|women|police|they|we|both|some|many|others)\Z|\band\b", re.I)
_BEGINS_NAME = re.compile(
    rf"\s*(?!(?:late|early|last)\b)(?:[a-z-]+\s+){{0,3}}(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day){CAPITAL}"
)
_BEGINS_ROLE = re.compile(r"\s*(?:the|a|an|one|his|her|their|its|der|die|das|le|la)\s")
_NOBODY = frozenset(
    "nothing nobody none we i you one who which that this these those what his her their its my our your there".split()
)


class Speech(NamedTuple):
    """One who speaks in a sentence, as written there (a pronoun too), and the verb he does it with, in lower case."""

    speaker: str
    verb: str


def speeches(outside: str) -> list[Speech]:
    """Return who speaks in a sentence by its own words; its quotations are left out (``outside_quotes``)."""
    found: list[Speech] = []
    for match in _VERB.finditer(outside):
        verb, before = match.group(), outside[max(0, match.start() - 240) : match.start()]
        after = outside[match.end() : match.end() + 160]
        if _PASSIVE.search(before) or _CONDITION.search(before) or not _reports(verb, before, after):
            continue
        if _IS_PLAIN.match(verb) and _NO_SUBJECT.search(before):
            continue
        if _IS_DOING.match(verb):
            first = opens_with(outside) if before.rstrip().endswith(",") else None
            found += [Speech(first, verb.lower())] if first and not found else []
            continue
        who = _inverted(verb, before, after) or subject(before)
        if who and _may_speak(who, verb, before, after):
            found += [Speech(one, verb.lower()) for one in each(who)]
    accord = _ACCORDING.search(outside)
    if accord:
        phrase = re.split(
            r"[,;:.](?=\s|\Z)|\b(?:who|which|that|seen|heard)\b", outside[accord.end() : accord.end() + 120]
        )[0]
        by = re.search(r"\b(?:data|figures|report|study|estimates?)\b.*?\b(?:by|from)\s+(.*)", phrase)
        if by:
            phrase = by[1]
        who = noun_phrase(phrase)
        found += (
            [Speech(who, " ".join(accord.group().lower().split()))] if who and not _NOT_SPEAKERS.search(who) else []
        )
    return found


def _inverted(verb: str, before: str, after: str) -> str | None:
    """Return the subject that stands behind its verb: "…, said Mike Zoeller"."""
    if not _INVERTED.match(verb) or (before.strip() and not before.rstrip().endswith((",", "§", "!", "?"))):
        return None
    phrase = following(after)
    # "“…,” said the minister", but "Macron, on his way to Rome, said the truce would last"
    if _BEGINS_NAME.match(phrase) or (_BEGINS_ROLE.match(phrase) and not re.search(r"[^§],\Z", before.rstrip())):
        return noun_phrase(phrase)
    return None


def _reports(verb: str, before: str, after: str) -> bool:
    """Tell whether a verb that may mean a deed as well introduces words: "called it a start", not "called Paris"."""
    if _DEED.match(verb + after):
        return False
    if not _IS_WEAK.match(verb):
        return True
    return "§" in before[-40:] or _REPORTED.match(after) is not None


def _may_speak(who: str, verb: str, before: str, after: str) -> bool:
    """Tell whether the subject found can be one who speaks with this verb."""
    if who.lower() in _NOBODY:
        return False
    if _IS_PLAIN.match(verb) and not (_PLURAL.search(who) or re.search(r"\b(?:did|does)\s*\Z", before)):
        return False
    # "A change announced Thursday will …" is no speaker; "the agency announced that", "the agency announced “…”" is
    # one.
    return (
        bool(NAME.search(who))
        or not _GIVEN.match(verb)
        or "§" in before[-4:]
        or re.match(r"\s+(?:that|it|they|he|she|§)|(?:\s+(?:on\s+)?\w+day)?\W*\Z", after) is not None
    )


def outside_quotes(sentence: str) -> str:
    """Return a sentence with every quotation replaced by one sign."""
    return _QUOTE.sub(lambda found: "§" if len(found.group()) > 1 else " ", _TYPEWRITER.sub('"', sentence))
