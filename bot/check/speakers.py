"""Who speaks: the outlet that a sentence names as its source, and whether a claim gives words to the person who said
them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from bot.check.alignment import Match
from bot.check.evidence import SENTENCE, Window
from bot.check.vocabulary import alike, lemma, small_words
from index.articles import Source
from index.figures import figures
from index.statements import Statement, named_in
from index.times import days
from index.words import marked, one_of

_VERB = rf"(?:{one_of(marked('verbs_of_speech', 'outlet'))}|has\s+reported)"
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
_SPOKEN = 0.75  # share of a claim, its speaker aside, in the window's order, from which its speaker is compared
_FAR = 40  # tokens between a speaker and the verb
_MAY_SPEAK = {lemma(verb) for mark in ("speaks", "strong", "weak") for verb in marked("verbs_of_speech", mark)}


def without_outlet(text: str, sources: Sequence[Source]) -> str:
    """Return a sentence without the outlet, author or "the article" that it names as its source, if a cited passage is
    from there.
    """
    for match in filter(None, (form.match(text) for form in (_FIRST, _LAST, _BRACKET, _OPENS))):
        groups = match.groupdict()
        who = (groups.get("who") or groups.get("by") or "").strip()
        if any(_is(who, groups.get("day"), source) for source in sources):
            rest = match["rest"].strip()
            return rest if rest[-1:] in '.!?”"' else rest + "."
    return text


def _is(who: str, day: str | None, source: Source) -> bool:
    dated = [source.published in one.exactly(source.published) for one in days(day or "")]
    if day and not (dated and all(dated)):
        return False
    if _GENERIC.match(who):
        return True
    mine, theirs = _keys(who), [_keys(name) for name in (source.publisher, source.author) if name]
    return bool(mine) and any(mine <= keys or (keys and keys <= mine) for keys in theirs)


def _keys(name: str) -> set[str]:
    return {key for word in re.findall(r"[\w’']+", name) if (key := lemma(word)) not in small_words("function")}


def misattributed(text: str, match: Match, window: Window) -> str:
    """Return how what a claim says of who speaks differs from the article, "" if it does not, or nobody can tell."""
    names, _ = named_in(text)
    share, quotes = match.in_order(without=set().union(*map(_keys, names))), "“" in text or '"' in text
    count = Counter(match.window[j].clause // SENTENCE for i, j in match.aligned.items() if match.claim[i].content)
    main = {number for number, matched in count.items() if matched >= 0.5 * max(count.values())}  # those it is made of
    speakers = [statement for statement in window.evidence.statements if statement.index in main]
    if (share >= _SPOKEN or quotes) and not all(_speaks(name, match, speakers, quotes) for name in names):
        return "the passage does not give these words to whom the sentence names"
    return ""


def _speaks(name: str, match: Match, speakers: Iterable[Statement], quotes: bool) -> bool:
    wanted = _keys(name)
    if figures(name) and name.lower() == name:  # "twenty-one states" is no speech
        return True
    if any(alike(one, other) for one in wanted for speaker in speakers for other in _keys(speaker.speaker)):
        return True
    # Else, of no quotation, the name must go with the same verb, and no other name stand nearer to it.
    places = [j for i, j in match.aligned.items() if match.claim[i].key in wanted]
    verbs = [j for i, j in match.aligned.items() if match.claim[i].key in _MAY_SPEAK]
    return not quotes and any(
        abs(verb - place) <= _FAR and all(match.window[k].kind != "name" for k in range(max(place + 1, verb - 3), verb))
        for place in places
        for verb in verbs
    )
