"""Finds who speaks in one sentence: the subject of its verb of speech, or the name after "according to"."""

from __future__ import annotations

import re
from typing import NamedTuple

from index.words import first_fields, listed, marked, one_of

_MONTHS, _WEEKDAYS = first_fields("calendar", "months"), first_fields("calendar", "weekdays")
_WEEKDAY = one_of(_WEEKDAYS)
_WORD = r"[^\W\d_][\w'’.-]*"
CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w'’.-]*"
_PARTICLE = r"(?:de|del|della|di|da|dos|van|von|der|den|ten|al|el|bin|ben|ibn|la|le|du|zu|y)"
NAME = re.compile(rf"{CAPITAL}(?:\s+(?:{_PARTICLE}\s+){{0,2}}{CAPITAL})*")
_LEADING = re.compile(
    r"\A(?:but|and|yet|so|then|still|now|later|indeed|meanwhile|however|also|even|though|although|while|when|as|after|before|since|because|if|"
    r"in\s+fact|for\s+example|at\s+the\s+same\s+time|similarly|earlier|instead|for\s+his\s+part|for\s+her\s+part)\b[\s,]*",
    re.I,
)
PRONOUN = re.compile(r"\A(?:he|she|they|it|er|sie|il|elle|ils)\Z", re.I)
# What may stand between a subject and its verb.
_TRAILING = re.compile(
    r"(?:\s+|,\s*)(?:now|still|has|have|had|also|later|then|previously|earlier|repeatedly|recently|already|again|since|once|simply|reportedly|publicly|formally|famously|"
    r"was\s+due\s+to|is\s+to|went\s+on\s+to|would|will|did|does|not|never|always|often|only|just|(?-i:(?!family|ally|rally|reply|supply|assembly|bully)[a-z]+ly)|"
    rf"(?:on\s+)?(?:{_WEEKDAY})|yesterday|today|last\s+\w+|this\s+\w+|late\s+last\s+\w+)\Z",
    re.I,
)
_PREPOSITION = re.compile(
    r"\s(?:of|to|for|at|from|in|with|by|on|about|against|near|than|who|whose|which|from|under|behind)\s", re.I
)
_OF_ANOTHER = re.compile(
    r"\b(?:aide|adviser|advisor|ally|allies|lawyer|lawyers|attorney|critic|critics|opponent|opponents|supporter|supporters|friend|wife|husband|brother|sister|"
    r"son|daughter|father|mother|rival|rivals|spokesman|spokeswoman|spokesperson)s?\b",
    re.I,
)
_SOME_OF = re.compile(
    r"\A(?:dozens|scores|hundreds|thousands|many|some|several|most|one|two|three|both|a\s+(?:number|group|team|majority))\s+of\s+(?:the\s+|its\s+|his\s+|her\s+)?",
    re.I,
)
_DOCUMENT_BY = re.compile(
    r"\A.{0,40}?\b(?:report|letter|statement|memo|study|book|article|post|tweet|message|e-?mail|note)\s+(?:by|from)\s+(?:the\s+)?(?P<who>.+)",
    re.I | re.S,
)
_ROLE = re.compile(r"(?i:the|a|an|his|her|its|their)\s+[a-z]")
_TITLED = re.compile(
    rf"\A[^,§]*?\s(?P<before>[a-zß-öø-ÿ][\w-]*)\s(?P<name>{CAPITAL}(?:\s+(?:{_PARTICLE}\s+){{0,2}}{CAPITAL})+)\Z"
)
_LINKING = frozenset(
    (
        "of to for at from in with by on about against near than under behind and or who whose which the a an his "
        "her their its de von van"
    ).split()
)
_CLAUSE = re.compile(r"[;:—–(]|§|\b(?:that|what|whether|which|because|and|but|while|as)\b|--")
_AFTER = re.compile(
    r"(?<!\bRep)(?<!\bSen)(?<!\bGov)(?<!\bDr)(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bGen)(?<!\bLt)(?<!\bSt)(?<!\b[A-Z])\.|[;:—–(§]|,|\b(?:that|was|is|had|has|were|would|will|could|should|in|on|at|to|as|after|when|while|who|but|of|during|from|for|about|last|this|via|am|im|vom|bei|nach|à|au)\b|--"
)
_DAY = re.compile(rf"\b(?:{_WEEKDAY})\b|\b(?:{one_of(_MONTHS)})\b", re.I)
NO_NAME = frozenset((*listed("stop_words", "no name"), *_MONTHS, *_WEEKDAYS))
_BODY = re.compile(
    rf"(?:Office|Bank|Ministry|Department|University|House|Centers?|Centre|Board|Council|Association|Institute|Court|Church|City|Agency|Organi[sz]ation|Committee|"
    rf"Bureau|Academy|Chamber|College|Federation|League|Union|Society|Fund|School|Conference|Secretary|Parliament)\s+(?:of|for|on)\s+(?:the\s+)?{NAME.pattern}\Z"
)
_LONGEST_ROLE = 8  # words


def following(after: str) -> str:
    """Return the noun phrase right behind an inverted verb: "said the French president, Emmanuel Macron" gives the
    name.
    """
    phrase = _AFTER.split(after, maxsplit=1)[0]
    apposition = re.match(rf"\s*((?:the|a|an)\s[^,§]{{2,80}}),\s*({NAME.pattern})\s*(?:[,.]|\Z)", after)
    return _with_role(apposition[1], apposition[2]) if apposition else phrase


def subject(before: str) -> str | None:
    """Return the subject of a verb from what stands before it in the sentence."""
    text = before.rstrip()
    while trailing := _TRAILING.search(text):
        text = text[: trailing.start()].rstrip()
    parenthesis = text.endswith((",", "—", "–"))
    if parenthesis:  # "Macron, who was on his way to Rome, said", "Free, associate administrator for …, said"
        pieces = re.split(r"\s*[,—–]\s*", re.split(r"[;:§]", text.rstrip(",—– "))[-1])
        if (
            len(pieces) > 1
            and NAME.fullmatch(pieces[-1])
            and (_ROLE.match(pieces[-2]) or (pieces[-2][-1:].islower() and not NAME.fullmatch(pieces[-2].split()[-1])))
        ):
            return _with_role(pieces[-2], pieces[-1])  # "Macron's foreign minister, Jean-Noël Barrot, said"
        for piece in reversed(pieces[:-1] or pieces):
            who = noun_phrase(piece)
            if who and NAME.search(who):
                return who
        return None
    clause = _CLAUSE.split(text)
    # "Macron and Starmer said": what "and" joins is one subject, if both sides are names.
    pair = re.search(rf"({NAME.pattern})\s+and\s+({NAME.pattern})\Z", text)
    phrase = pair.group() if pair else clause[-1]
    return noun_phrase(re.split(r",\s*", phrase)[-1])


def noun_phrase(text: str) -> str | None:
    """Return the speaker that a noun phrase names: its name, else the phrase itself ("a protester", "health
    officials"), else None.
    """
    text = text.strip(" ,.§“”\"'’")
    while leading := _LEADING.match(text):
        text = text[leading.end() :].strip(" ,")
    if PRONOUN.match(text):
        return text
    text = re.sub(r"\A(?:in\s+)?what\s+", "", text)
    text = _SOME_OF.sub("", text)
    document = _DOCUMENT_BY.match(text)
    if document:
        text = document["who"]
    titled = _TITLED.match(text)
    if titled and titled["before"].lower() not in _LINKING:
        return titled["name"]  # "the chief of staff Andriy Yermak", but not "the mayor of New York"
    body = _BODY.search(text)
    if body:
        return text[body.start() :]
    inner = _PREPOSITION.search(f" {text} ")
    head = text[: max(0, inner.start() - 1)].strip() if inner else text
    if inner and not head:
        return None  # "after talks with Starmer"
    # "the captain of the ferry", "the president of France": whoever asks may name either.
    holder = re.match(
        rf"(?i:the\s+|a\s+|an\s+)?[a-z][\w'’ -]{{2,40}}\s+of\s+(?:the\s+)?{_WORD}(?:\s+{CAPITAL}){{0,3}}(?=\s|\Z)", text
    )
    if holder and not _OF_ANOTHER.search(head):
        return re.sub(r"\A(?:the|a|an)\s+", "", holder.group(), flags=re.I)
    pair = re.fullmatch(rf"({NAME.pattern})\s+and\s+({NAME.pattern})", head)
    if pair:
        return head
    names = [
        match
        for match in NAME.finditer(head)
        if match.group().lower() not in NO_NAME and not _DAY.fullmatch(match.group())
    ]
    if names and names[-1].end() == len(head):
        name = re.sub(r"\A.*['’]s?\s+", "", names[-1].group())  # "Bosnia's Defence Minister Sifet Podzic"
        first = name.split()[0]
        return name[len(first) :].strip() if first.lower() in NO_NAME and " " in name else name
    count = len(head.split())
    if not 1 <= count <= _LONGEST_ROLE or not re.fullmatch(
        rf"(?:{_WORD}|[\d,.-]+)(?:\s+(?:{_WORD}|&|[\d,.-]+))*", head
    ):
        return None
    if (
        names
        and re.search(r"['’]s?\b", names[-1].group() + head[names[-1].end() : names[-1].end() + 2])
        and _OF_ANOTHER.search(head)
    ):
        return None
    if _OF_ANOTHER.search(head) and names:
        return head[names[-1].end() :].strip() or None
    return re.sub(r"\A(?:the|a|an)\s+", "", head, flags=re.I)


def _with_role(role: str, name: str) -> str:
    """Return a speaker by role and name, so that either finds him; a role that names another ("Macron's foreign
    minister") is left out.
    """
    role = re.sub(r"\A(?:the|a|an|his|her|its|their)\s+", "", role.strip(" §"), flags=re.I)
    return name if re.search(r"['’]s?\s", role) or len(role.split()) > _LONGEST_ROLE else f"{role}, {name}"


def each(who: str) -> list[str]:
    """Return the speakers that one subject names: "Macron and Starmer" are two."""
    parts = re.split(r"\s+and\s+", who)
    return parts if len(parts) == 2 and all(NAME.fullmatch(part) for part in parts) else [who]


def opens_with(outside: str) -> str | None:
    """Return the name a sentence opens with, as its subject."""
    text = outside.strip(" §")
    while leading := _LEADING.match(text):
        text = text[leading.end() :].strip(" ,")
    holder = re.match(rf"(?i:the|a|an|his|her|its)\s[^,.;§]{{2,80}},\s({NAME.pattern}),\s", text)
    if holder:
        return holder[1]  # "The Union's foreign policy chief, Kaja Kallas, went furthest."
    name = NAME.match(text)
    if (
        name
        and name.group().split()[0].lower() not in NO_NAME
        and not re.match(r"['’]s\b", text[name.end() :])
        and not name.group().endswith(("'s", "’s"))
    ):
        return name.group()
    return None


# Whoever is the subject of one of these speaks. Those that may mean a deed as well count only with words of speech: see
# _reports.
_STRONG, _WEAK, _PLAIN = (one_of(marked("verbs_of_speech", mark)) for mark in ("strong", "weak", "plural"))
# "Bragg sued, calling it unconstitutional", but not "calling for a truce"
_DOING = rf"(?:{one_of(marked('verbs_of_speech', 'doing'))})(?!(?<=calling)\s+(?:for|on|off|up))"
_VERB = re.compile(
    rf"(?<![\w-])(?:{_STRONG}|{_WEAK}|{_PLAIN}|{_DOING}|Said)\b"
)  # "States" and "so-called" are no verbs
_IS_PLAIN = re.compile(rf"(?:{_PLAIN})\Z", re.I)
_IS_DOING = re.compile(rf"(?:{_DOING})\Z", re.I)
_DEED = re.compile(r"(?:hopes|hoped|agreed|offered|promised|pledged|vowed|continued|believed|thought)\s+to\b")
_GIVEN = re.compile(rf"(?:{one_of(marked('verbs_of_speech', 'thing'))})\Z")  # "a change announced on Thursday"
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
_TEXT_ITSELF = re.compile(r"\b(?:version|caption|headline|graphic|fassung)s?\b", re.I)  # "an earlier version said"
_HAS = re.compile(r"\b(?:a|ont|avait)(?:(?:-t)?-(?P<who>ils?|elles?))?\s*\Z")
_PASSIVE = re.compile(
    r"\b(?:was|were|is|are|been|be|being|gets?|got)(?:\s+(?:\w+ly|first|also|then|later|once|not|being))?\s*\Z", re.I
)
_CONDITION = re.compile(r"(?:\A|[,;]\s*)(?:but\s+|and\s+)?(?:if|unless)\s[^,;]*\Z", re.I)
_INVERTED = re.compile(rf"(?:{one_of(marked('verbs_of_speech', 'inverted'))})\Z", re.I)
# A quotation without an end goes to the end of the sentence where it begins it or follows a comma or colon; elsewhere
# the mark is a slip.
_QUOTE = re.compile(
    r"„[^“”„\"]*[“”\"]|»(?=\w)[^«»]*«|«[^«»]*»|(?<!\w)”(?=\w)[^“”]*”|“[^“”\"]*[”\"]|\"[^\"”]*[\"”]|(?:\A\s*|(?<=[:,]\s))[\"“„«][^\"“”„«»]*\Z|[\"“”„«»]"
)
_TYPEWRITER = re.compile(
    r"(?<!\w)''|''(?!\w)"
)  # two apostrophes are a quotation mark, or one that was escaped twice ("Spain''s")
_PLURAL = re.compile(r"(?:s|people|men|women|police|they|we|both|some|many|others)\Z|\band\b", re.I)
_BEGINS_NAME = re.compile(rf"\s*(?!(?:late|early|last)\b)(?:[a-z-]+,?\s+){{0,4}}(?!(?:{_WEEKDAY.title()})){CAPITAL}")
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
        if verb.endswith("é") or verb == "dit":
            before = _HAS.sub(lambda has: has["who"] or "", before)  # "« … », a déclaré Macron"
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
    if who.lower() in _NOBODY or (_TEXT_ITSELF.search(who) and not NAME.search(who)):
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
