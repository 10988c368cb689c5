"""Who is speaking in a sentence, as far as its words and the sentences before it tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from index.terms import term_of, words

_VERB = (
    r"(?:said|says|saying|told|tells|added|adds|stated|states|announced|claimed|wrote|writes|posted|tweeted|warned|warns|argued|argues|insisted|insists|stressed|noted|"
    r"declared|explained|explains|asked|replied|answered|called|calls|demanded|proposed|suggested|acknowledged|confirmed|denied|rejected|reiterated|urged|vowed|pledged|promised|"
    r"criticised|criticized|praised|hailed|described|believes|thinks|hopes|conceded|admitted|remarked|recalled|underlined|concluded|continued|ruled|rules|advocated|commented|responded|maintained|repeated|listed|agreed|offered|floated|"
    r"sagte|sagt|erklärte|betonte|teilte|forderte|warnte|schrieb|déclaré|dit|affirmé|expliqué|ajouté)"
)
_SPEECH = re.compile(rf"\b{_VERB}\b", re.I)
_PRONOUN_SPEECH = re.compile(rf"\b(?:he|she|they)\s+(?:has\s+|have\s+|had\s+|also\s+|later\s+|then\s+)*{_VERB}\b|\b{_VERB}\s+(?:he|she|they)\b", re.I)
_ACCORDING = re.compile(r"\b(?:according\s+to|in\s+the\s+words\s+of|words\s+of)\b", re.I)
_TYPEWRITER = re.compile(r"(?<!\w)''|''(?!\w)")
_QUOTED = re.compile(r"[\"“„«][^\"“”„«»]*[\"”“»]?")
_STARTS_LOOSE = re.compile(
    r"^[\"“„«'‘]?\s*(?:He|She|They|It|His|Her|Their|Its|This|That|These|Those|But\s+he|But\s+she|And\s+he|The\s+(?:president|minister|chancellor|leader|two|pair))\b"
)
_OPENS_QUOTE = re.compile(r"^\s*(?:[\"“„«]|''|‘‘)")
_PASSIVE = re.compile(r"\b(?:was|were|is|are|been|be|being)\s+(?:\w+ly\s+)?$", re.I)
_INVERTED = re.compile(
    r"said|says|wrote|added|warned|explained|insisted|noted|declared|argued|replied|stated|sagte|sagt|erklärte|betonte|schrieb|dit|affirmé", re.I
)
_CLAUSE_END = re.compile(r"[.;:\"“„]|\b(?:that|was|is|had|has|were|would|will|could|should|in|on|at|to|as|after|when|while|who|but)\b")
_OBJECT = re.compile(r"\b(?:to|for|about|with|unlike|by|from|against|than|on)\s+(?:the\s+)?(?:[a-z]+\s+){0,2}(?:[A-ZÀ-Þ][\w'’-]*\s+){0,3}$")
_REACH_BEFORE = 90  # characters between a name and the verb it is the subject of
_REACH_AFTER = 70


def speaks(speaker: Collection[str], sentences: Sequence[str], index: int) -> bool:
    """Tell whether someone, named by folded terms, is the one who speaks in a sentence of an article.

    He is if he stands as the subject of a verb of speech or after "according to"; "he said" and bare quotations go to whoever spoke,
    or was the first one named, in the two sentences before.
    """
    sentence = sentences[index]
    if _named_as_speaker(speaker, sentence):
        return True
    other = _has_named_speaker(sentence)
    carried = _PRONOUN_SPEECH.search(_outside_quotes(sentence)) is not None or (_OPENS_QUOTE.match(sentence) is not None and not other)
    if not carried or other:
        return False
    for back in (index - 1, index - 2):
        if back < 0:
            return False
        before = sentences[back]
        if _named_as_speaker(speaker, before):
            return True
        if _has_named_speaker(before):
            return False
        # "Kaja Kallas went further.": whoever a sentence opens with is the one who goes on speaking.
        opening = words(_outside_quotes(before))[:12]
        if _mentions(speaker, " ".join(opening)):
            return True
        if any(word[:1].isupper() and len(word) > 2 and term_of(word) for word in opening):
            return False
    return False


def stands_alone(sentence: str) -> bool:
    """Tell whether a sentence can be understood without the one before it."""
    if _STARTS_LOOSE.match(sentence):
        return False
    return not (_PRONOUN_SPEECH.search(_outside_quotes(sentence)) and not _has_named_speaker(sentence))


def is_bare_quote(sentence: str) -> bool:
    """Tell whether a sentence is a quotation without anyone named as its speaker."""
    return _OPENS_QUOTE.match(sentence) is not None and not _has_named_speaker(sentence)


def _named_as_speaker(speaker: Collection[str], sentence: str) -> bool:
    outside = _outside_quotes(sentence)
    for match in _SPEECH.finditer(outside):
        before = outside[max(0, match.start() - _REACH_BEFORE) : match.start()]
        if _PASSIVE.search(before):
            continue
        clause = re.split(r"[;:]|\b(?:that|whether|which)\b", before)[-1]
        if _mentions(speaker, clause) and _is_subject(speaker, clause):
            return True
        # "…, said the French president, Emmanuel Macron": the verb stands behind a comma or a quotation, the name right behind it.
        if _INVERTED.fullmatch(match.group()) and (not before.strip() or before.rstrip().endswith((",", "!", "?"))):
            phrase = _CLAUSE_END.split(outside[match.end() : match.end() + _REACH_AFTER])[0]
            if _mentions(speaker, phrase):
                return True
    accord = _ACCORDING.search(outside)
    return accord is not None and _mentions(speaker, re.split(r"[,;:.]", outside[accord.end() : accord.end() + 80])[0])


def _is_subject(speaker: Collection[str], clause: str) -> bool:
    """Tell whether a name in the clause before a verb of speech can be its subject.

    Not after a preposition ("an adviser to Macron said"), nor if another name follows ("Macron's aide Jean Dupont said").
    """
    places = [place for place in re.finditer(r"[^\W_]+(?:['’.-][^\W_]+)*", clause) if _mentions(speaker, place.group())]
    return any(not _OBJECT.search(clause[: place.start()]) and not _other_name_follows(place.group(), clause[place.end() :]) for place in places)


def _other_name_follows(name: str, rest: str) -> bool:
    if re.match(r"\s*(?:,|and\b|with\b|alongside\b|or\b)", rest) and not name.endswith(("'s", "’s")):
        # "Macron and Starmer said", "Macron, who met Putin, said", but not "Unlike Macron, Starmer said"
        return re.match(r"\s*,\s*(?:[A-ZÀ-Þ][\w'’-]+\s*){1,3}$", rest) is not None
    later = [word for word in words(rest) if word[:1].isupper()]
    return len(later) > (0 if name.endswith(("'s", "’s")) else 2)


def _has_named_speaker(sentence: str) -> bool:
    """Tell whether some name is the subject of a verb of speech in a sentence."""
    outside = _outside_quotes(sentence)
    name = r"[A-ZÀ-Þ][\w'’.-]+"
    plain = re.sub(r"\b(?:He|She|They|It|But|And|The|A|In|On|At|Then|Later|His|Her|Their|When|After|As)\b", lambda m: m.group().lower(), outside)
    return (
        re.search(rf"\b{name}(?:,[^,]{{1,60}},)?\s+(?:\w+\s+){{0,3}}?{_VERB}\b", plain) is not None
        or (re.search(rf"\b{_VERB}\s+(?:the\s+)?(?:[\w'’-]+,?\s+){{0,5}}?{name}", plain) is not None and _PRONOUN_SPEECH.search(outside) is None)
        or _ACCORDING.search(outside) is not None
    )


def _outside_quotes(sentence: str) -> str:
    # Two apostrophes are a typewriter's quotation mark, or one apostrophe escaped twice ("Spain''s").
    return _QUOTED.sub(" ", _TYPEWRITER.sub('"', sentence))


def _mentions(speaker: Collection[str], text: str) -> bool:
    return any(term_of(word) in speaker for word in words(text))
