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
_QUOTED = re.compile(r"[\"“„«][^\"“”„«»]*[\"”“»]?")
_STARTS_LOOSE = re.compile(
    r"^[\"“„«'‘]?\s*(?:He|She|They|It|His|Her|Their|Its|This|That|These|Those|But\s+he|But\s+she|And\s+he|The\s+(?:president|minister|chancellor|leader|two|pair))\b"
)
_OPENS_QUOTE = re.compile(r"^\s*(?:[\"“„«]|''|‘‘)")
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
        clause = re.split(r"[;:]|\b(?:that|whether|which)\b", before)[-1]
        if _mentions(speaker, clause) and not _mentions_later_name(speaker, clause):
            return True
        after = outside[match.end() : match.end() + _REACH_AFTER]
        # "…, said the French president, Emmanuel Macron", but not "he told Macron" nor "said Macron was wrong"
        inverted = re.match(r"\s+(?:the\s+|a\s+)?(?:[\w'’.-]+,?\s+){0,6}?(?P<name>[A-ZÀ-Þ][\w'’-]+)", after)
        if match.group().lower() in ("said", "says", "wrote", "added", "warned", "sagte", "dit") and inverted and _mentions(speaker, inverted.group()):
            rest = after[inverted.end() :]
            if _quote_before(sentence) and not re.match(r"\s+(?:was|is|had|has|were|would|will|could|should)\b", rest):
                return True
    accord = _ACCORDING.search(outside)
    return accord is not None and _mentions(speaker, outside[accord.end() : accord.end() + 80])


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
    return _QUOTED.sub(" ", sentence.replace("''", '"'))


def _quote_before(sentence: str) -> bool:
    return re.search(r"[\"”“»’'],?\s", sentence) is not None


def _mentions(speaker: Collection[str], text: str) -> bool:
    return any(term_of(word) in speaker for word in words(text))


def _mentions_later_name(speaker: Collection[str], clause: str) -> bool:
    """Tell whether another name stands between the speaker's and the verb, outside of commas: "Macron's aide Jean Dupont said"."""
    found = words(clause)
    last = max(i for i, word in enumerate(found) if term_of(word) in speaker)
    between = found[last + 1 :]
    possessive = found[last].endswith(("'s", "’s"))
    if re.search(r"\b(?:and|with|alongside|including)\b", " ".join(between)):
        return False
    later = [word for word in between if word[:1].isupper()]
    return (possessive and len(later) > 0) or len(later) > 2
