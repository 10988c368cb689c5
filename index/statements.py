"""Who says what in an article, and what its acronyms stand for: found once, when the article is added.

sentence → subject of its verb of speech, or "according to" whom, or whoever spoke before (he said, a bare quotation) →
full name
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.articles import Article, StoredStatement
from index.sentences import spans
from index.speech import NAME, NO_NAME, PRONOUN, Speech, opens_with, outside_quotes, speeches
from index.text import term_of, terms

_SHORT = r"[A-Z](?:[A-Z0-9&]|\.(?=[A-Z])){1,7}"
_BRACKETED = re.compile(rf"(?<=\s)\(\s*(?:the\s+)?(?P<short>{_SHORT})s?\.?\s*\)")
_BEFORE = re.compile(r"(?:[\w'’.&-]+\s+){1,10}\Z")
_TURNED = re.compile(
    rf"(?<![\w.])(?P<short>{_SHORT})\.?(?:\s+\((?:the\s+)?|,\s+(?:or\s+)?the\s+)(?P<after>(?:[\w'’.&-]+\s*){{1,10}})"
)
_SMALL = frozenset("of the and for in on to de del la le du des der die das von für et und y a an at by with".split())
_FAR = 120  # characters: what a name has at most
_PASSED_OVER = (
    2  # words that are not small, in the middle or at the end: "Centers for Disease Control and Prevention (CDC)"
)


def acronyms(text: str) -> frozenset[tuple[str, str]]:
    """Return what the acronyms of a text stand for, as pairs of search terms: ("eu", "european union")."""
    found = set()
    for match in _BRACKETED.finditer(text):
        before = _BEFORE.search(text[max(0, match.start() - _FAR) : match.start()])
        given = before.group().split() if before else []
        # The shortest phrase that fits: what stands before it is not of the name.
        for start in range(len(given) - 1, -1, -1):
            if _fits(match["short"], given[start:]):
                found.add(_pair(match["short"], given[start:]))
                break
    for match in _TURNED.finditer(text):
        given = match["after"].split()
        for end in range(1, len(given) + 1):
            if _fits(match["short"], given[:end], whole=True):
                found.add(_pair(match["short"], given[:end]))
                break
    return frozenset(pair for pair in found if pair[0] and " " in pair[1])


def _pair(short: str, phrase: list[str]) -> tuple[str, str]:
    return term_of(short), " ".join(terms(" ".join(phrase)))


def _fits(short: str, phrase: list[str], whole: bool = False) -> bool:
    """Tell whether the letters of an acronym begin the words of a phrase, in order; ``whole``: no word may be passed
    over.
    """
    letters = [letter.lower() for letter in short if letter.isalnum()]
    words = [word.lower() for part in phrase for word in part.strip(".'’").split("-")]
    if not letters or not words or words[0] in _SMALL or not phrase[0][:1].isupper() or not phrase[-1][:1].isupper():
        return False
    return words[0][:1] == letters[0] and _matches(letters[1:], words[1:], 0 if whole else _PASSED_OVER)


def _matches(letters: list[str], words: list[str], spare: int) -> bool:
    if not words:
        return not letters
    if letters and words[0][:1] == letters[0] and _matches(letters[1:], words[1:], spare):
        return True
    if words[0] in _SMALL:
        return _matches(letters, words[1:], spare)
    return spare > 0 and len(letters) < len(words) and _matches(letters, words[1:], spare - 1)


_OPENS = re.compile(r"\A\s*(?:[\"“„«]|[»”](?=\w)|''|‘‘|[‘'](?=\w))")
_MARKS = re.compile(r"[\"“„«”»]")
_GERMAN = re.compile(r"„[^“”„]*[“”]|»(?=\S)[^«»]*«")
_GOES_ON = re.compile(r"(?:that|this|it|these|those)\b", re.I)  # "That makes it “somewhat unpredictable”."
_OUTLET = re.compile(
    r"\b(?:Times|Post|News|Now|Journal|Guardian|Telegraph|Mail|Reuters|Bloomberg|Press|Wire|Department|Ministry|Office|Agency|Council|Bank|Company|Inc|Corp|"
    r"Group|University|Service|Commission|Committee|Party|Government|House|Union|Court|Institute|Association|Twitter|Google|Facebook|Microsoft|Apple)\Z"
)
_BEGINNING = 60  # characters of a sentence in which whoever acts in it is named
_BEHIND = re.compile(r"\b(?:of|to|with|by|for|from|against|about|on|in|at|between|and|than)\s+(?:the\s+)?\Z", re.I)
_LONGEST_OPEN = 5  # sentences a quotation may run on before its closing mark was forgotten


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence in which somebody speaks.

    ``index`` is its number, ``speaker`` as fully as the article names him, ``carried`` if from another sentence;
    ``verb`` what he does ("said", "according to"), None for a quotation without one.
    """

    index: int
    speaker: str
    carried: bool
    verb: str | None = None

    @property
    def keys(self) -> frozenset[str]:
        """Folded terms by which a question can mean this speaker."""
        return frozenset(terms(self.speaker))


def statements(sentences: Sequence[str]) -> list[Statement]:
    """Return who speaks in which of the sentences of an article, in order; a sentence may have two speakers.

    A speaker is the subject of a verb of speech ("Macron said", "said the minister") or whom the sentence goes by
    ("according to"). "He said" and quotations without a speaker go to whoever spoke just before, else, "he said" only,
    to the one the sentence before opens with.
    """
    found: list[Statement] = []
    full: dict[str, str] = {}  # last name → full name, as first given
    last: tuple[int, str] | None = None  # who spoke last, and in which sentence
    person: tuple[int, str] | None = None  # the same for persons only: whom "he" can mean
    opening: tuple[int, str] | None = None  # whom the latest sentence that names anyone opens with
    quoted = 0  # how many sentences a quotation has been open
    for index, sentence in enumerate(sentences):
        outside = outside_quotes(sentence)
        _remember(outside, full)
        own = [Speech(_fullest(who, full), verb) for who, verb in speeches(outside)]
        named = {who: verb for who, verb in reversed(own) if not PRONOUN.match(who)}  # of two verbs, the first
        if named:
            named = {who: named[who] for who, _ in own if who in named}
            found += [Statement(index, who, False, verb) for who, verb in named.items()]
            last = (index, next(iter(named)))
            person = last if _may_be_he(last[1], full) else person
        else:
            he = any(re.match(r"(?:he|she|er|sie|il|elle)\Z", who, re.I) for who, _ in own)
            carrier = _carried_from(
                index, sentence, outside, bool(own), 0 < quoted <= _LONGEST_OPEN, person if he else last, opening
            )
            if carrier:
                found.append(Statement(index, carrier, True, own[0].verb if own else None))
                last = (index, carrier)
                person = last if _may_be_he(carrier, full) else person
        first = opens_with(outside)
        if first and not own:
            opening = (index, _fullest(first, full))
        quoted = quoted + 1 if _still_open(sentence, quoted > 0) else 0
    return found


def named_in(sentence: str) -> tuple[list[str], list[str]]:
    """Return the speakers that a sentence itself names, and the pronouns that speak in it."""
    found = [who for who, _ in speeches(outside_quotes(sentence))]
    return [who for who in found if not PRONOUN.match(who)], [who for who in found if PRONOUN.match(who)]


def acting_in(sentence: str) -> frozenset[str]:
    """Return the terms of the names near the beginning of a sentence, but for those behind a preposition: what it tells
    is likely what one of them did.
    """
    outside = outside_quotes(sentence)
    names = [match for match in NAME.finditer(outside) if match.start() < _BEGINNING]
    return frozenset(
        term for match in names if not _BEHIND.search(outside, 0, match.start()) for term in terms(match.group())
    )


def _carried_from(
    index: int,
    sentence: str,
    outside: str,
    pronoun: bool,
    quoted: bool,
    last: tuple[int, str] | None,
    opening: tuple[int, str] | None,
) -> str | None:
    """Return who speaks in a sentence that names no speaker itself, None if nobody does or nothing tells."""
    if pronoun:
        if opening and index - opening[0] <= 2 and (last is None or opening[0] > last[0]):
            return opening[1]
        return last[1] if last and index - last[0] <= 3 else None
    if last is None or index - last[0] != 1:
        # "Kallas went further. “We need a new leader.”" is hers; two sentences on it may be anyone's.
        bare = _OPENS.match(sentence) and len(outside.replace("§", "").split()) <= 3
        return (
            opening[1]
            if bare and opening and index - opening[0] == 1 and (last is None or opening[0] > last[0])
            else None
        )
    if "§" in outside and _GOES_ON.match(outside):
        return last[1]
    if quoted or (_OPENS.match(sentence) and len(outside.replace("§", "").split()) <= 6):
        return last[1]
    return None


def _may_be_he(who: str, full: dict[str, str]) -> bool:
    """Tell whether a speaker may be a person: a name, but no acronym and no body or outlet known by its last word."""
    who = who.rpartition(", ")[2]
    return not _OUTLET.search(who) and (who in full.values() or (NAME.fullmatch(who) is not None and not who.isupper()))


def _remember(outside: str, full: dict[str, str]) -> None:
    for match in NAME.finditer(outside):
        parts = match.group().split()
        if len(parts) >= 2 and parts[0].lower() not in NO_NAME and not match.group().endswith(("'s", "’s")):
            full.setdefault(parts[-1].strip(".,"), " ".join(parts[-4:]))


def _fullest(who: str, full: dict[str, str]) -> str:
    """Return a speaker by the full name that the article has given before."""
    return full.get(who, who) if " " not in who else who


def _still_open(sentence: str, before: bool) -> bool:
    """Tell whether a quotation is open at the end of a sentence."""
    rest = _GERMAN.sub("„”", sentence)
    opened = before
    for match in _MARKS.finditer(rest):
        mark, behind = match.group(), rest[match.end() : match.end() + 1]
        goes_on = behind not in ",.;:!?)" and not behind.isspace()  # "", too, is in every string
        if mark == '"':
            opened = not opened
        elif mark == "«":  # opens French quotations, with a space behind it, and closes German ones
            opened = goes_on or (behind.isspace() and not opened)
        elif mark in "„“»":
            opened = mark == "„" or goes_on
        else:
            opened = False
    return opened


VERSION = "3"  # of the rules: when it changes, the next run reads every article again


@dataclass(frozen=True, slots=True)
class Reading:
    """What an article tells: its statements in order, and its acronyms as pairs of search terms ("imf", "intern
    monetari fund").
    """

    statements: tuple[StoredStatement, ...] = ()
    acronyms: frozenset[tuple[str, str]] = frozenset()


def reading_of(article: Article) -> Reading:
    """Read an article."""
    text, id_ = article.text, article.source.id
    places = spans(text)
    found = statements([text[start:end] for start, end in places])
    said = tuple(StoredStatement(id_, *places[each.index], each.speaker, each.verb, each.carried) for each in found)
    return Reading(said, acronyms(text))
