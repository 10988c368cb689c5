"""What a message asks, as people type it in a chat: chat forms written out, courtesies and talk around a question taken
away, several questions parted.

message → chat forms in full → sentences → without what is talk → each question, behind the context that it needs
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from index.sentences import spans
from index.text import term_of, terms, words
from index.words import lines, listed, one_of, rows

MOST = 5  # questions of one message that are answered
_CONTEXT = 60  # words before a question that are kept: the model reads no more of a text than its first 256 tokens
_ROUNDS = 6  # courtesies in a row
_TAIL = 160  # characters from the end in which courtesies are looked for

_WH = r"(?:who|whom|whose|what|when|where|which|why|how)\b(?:['’](?:s|re|d|ll))?"
_AUXILIARY = (
    r"(?:is|are|was|were|did|does|do|has|have|had|can|could|will|would|should|may|might|must)(?:n['’]t|\s+not)?\b"
)
_ORDER = (
    r"(?:list|name|compare|tell|show|explain|describe|give|find|summari[sz]e|remind|any\s+(?:news|updates?|word))\b"
)
_LEADS = r"(?:(?:and|but|or|so|also|then|plus|on|in|at|from|by|to|for|with|since|until|of)\s+)?"
_ASKS = re.compile(rf"\W*{_LEADS}(?:{_WH}|{_ORDER})", re.I)
_ASKS_WHETHER = re.compile(rf"\W*(?:and\s+|but\s+|so\s+|or\s+)?{_AUXILIARY}\s+\w", re.I)
# "I" begins a clause, other than in "Artemis I".
_OF_PEOPLE = re.compile(
    r"(?:^|[,;:(–—-]|\b(?:and|but|so|as|because|since|that|if|what|when|which|figure|story|page))\W*i\b"
    r"|\bi['’](?:m|ve|d|ll)\b|\bi\s+(?:am|need|want|have|know|think|guess|wonder|saw|read|heard|mean)\b"
    r"|\b(?:my|me|mine|we|we['’]\w+|our|ours|you|your)\b",
    re.I,
)
_QUOTED = re.compile(r"[\"“”„«»]")
_AS_THEY = re.compile(r"\b(?:they|you|we|he|she|it)\s+please\W*$", re.I)
_GREETS = re.compile(r"\W*(?:hi|hiya|hey|heya|hello|hallo|yo|ok|okay|so|um|hm+|please|sorry|thanks|well)\b", re.I)
_MARK = r"[,:;.!?…()–—-]"
_NUMBERED = re.compile(r"(?:^|(?<=[\s,;:?]))\(?(?:\d|[a-e])[).]\s+(?=\w)", re.I)
_AND_ASKS = re.compile(rf"\s*[,;]?\s+(?:and|but|or|plus)\s+(?:also\s+)?(?={_WH})|\s*;\s*(?={_WH})", re.I)
_TWO_SIDES = re.compile(r"\b(?:between|compare|compared|differ\w*|difference|whether|know|said?|says?|about)\b", re.I)
_SHORTCODE = re.compile(r"(?<![\w:]):[a-z][a-z0-9_+'-]*:")
_REFERS = re.compile(
    r"\b(?:he|she|they|it|him|her|them|his|hers|their|its|that|this|these|those|there|ones?|both)\b", re.I
)


@cache
def _forms() -> tuple[dict[str, str], re.Pattern[str]]:
    full = dict(rows("chat_forms"))
    return full, re.compile(rf"(?<![\w'’/.-])(?:{one_of(map(re.escape, full))})(?![\w'’/]|[.-]\w)", re.I)


def written_out(text: str) -> str:
    """Return a text with its chat forms in full ("whats" → "what is"), without emoji."""
    text = "".join(char for char in _SHORTCODE.sub(" ", text) if ord(char) < 0x2190 or not _is_emoji(char))
    full, pattern = _forms()

    def replaced(match: re.Match[str]) -> str:
        form = match.group()
        known = full[form.lower()]
        if form == form.lower():
            return known
        # "US", "R", "ATM": in capitals these are names.
        return known[:1].upper() + known[1:] if len(form) > 2 and form[1:] == form[1:].lower() else form

    return " ".join(pattern.sub(replaced, text).split())


def _is_emoji(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk") or char in "\u200d\ufe0f\u20e3"


def _phrases(*parts: str) -> str:
    """Return a pattern for one of the phrases of some parts of the list, the longest first."""
    found = sorted((line for part in parts for line in lines("chatter", part)), key=len, reverse=True)
    patterns = (r"\s+".join(map(_word, line.split())) for line in found)
    return "|".join(pattern.replace("\\s+\x00", rf"(?:\s+(?!{_WH})[^\s?:;,]+){{0,5}}") for pattern in patterns)


def _word(word: str) -> str:
    if word == "*":
        return "\x00"
    return r"@?[\w.'’-]+" if word == "@" else re.escape(word)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of one opener, one polite phrase, one closer, and of a sentence that is no more than one."""
    openers = _phrases("openers")
    closers, marked = _phrases("closers"), _phrases("closers behind a mark")
    end = rf"(?:(?:^|\s|{_MARK})\s*(?:{closers})|(?:^|{_MARK})\s*(?:{marked}))\W*$"
    return (
        re.compile(rf"\W*(?:(?:{openers})(?!['’\w])|@[\w.-]+)(?P<gap>[\s{_MARK[1:]}+)", re.I),
        re.compile(rf"\W*(?:{_phrases('polite')})\b[\s,:–—-]*(?P<if>(?:if|whether|about)\b)?", re.I),
        re.compile(end, re.I),
        re.compile(rf"\W*(?:{openers}|{closers}|{marked})\W*", re.I),
    )


def without_courtesies(sentence: str) -> str:
    """Return a sentence without what stands before and behind its question: greetings, thanks, whom it is for."""
    opener, polite, closer, talk = _patterns()
    if talk.fullmatch(sentence):
        return ""
    for _ in range(_ROUNDS):
        match = closer.search(sentence, max(0, len(sentence) - _TAIL))
        if (
            match is None
            or not sentence[: match.start()].strip(" ,;:-–—()")
            or _AS_THEY.search(sentence, 0, match.end())
        ):
            break
        mark = match.group()[0] if match.group()[0] in "?!.…" else ""
        asks = "?" if "?" in match.group()[1:] and not mark else ""  # "who owns it please?"
        sentence = sentence[: match.start()].rstrip(" ,;:-–—(") + mark + asks
    sentence = sentence[_end_of_openers(sentence, opener) :]
    if match := polite.match(sentence):
        rest = sentence[match.end() :].strip()
        if match["if"] and match["if"].lower() != "about":
            return f"do you know whether {rest}"
        if rest.strip(" ?") and (match["if"] or _asks(rest)):
            return f"tell me about {rest}" if match["if"] else f"do you know {rest}"
    return sentence


def _end_of_openers(sentence: str, opener: re.Pattern[str]) -> int:
    """Return where the courtesies before a question end: a mark follows them, or a question begins behind them."""
    end = at = 0
    for _ in range(_ROUNDS):
        match = opener.match(sentence, at)
        if match is None:
            break
        at = match.end()
        rest = sentence[at:]
        if not rest.strip(" ?!."):
            break
        if (
            match["gap"].strip()
            or _ASKS.match(rest)
            or _patterns()[1].match(rest)
            or (_GREETS.match(sentence) and (rest[0].islower() or _ASKS_WHETHER.match(rest)))
        ):
            end = at
    return end


def _asks(sentence: str, *, marks: bool = False) -> bool:
    """Tell whether a sentence asks; ``marks``: the message uses question marks, so "Will Smith left." does not."""
    if sentence.rstrip(" \"'”’)!.").endswith("?") or _ASKS.match(sentence):
        return True
    return bool(_ASKS_WHETHER.match(sentence)) and (not marks or sentence[:1].islower())


def questions_in(message: str) -> tuple[str, ...]:
    """Return the questions of a message, each with the sentences around it that it needs, written out; at least one."""
    text = written_out(message)
    found: list[tuple[bool, str]] = []
    for sentence in _sentences(message):
        for part in _parts(without_courtesies(sentence).strip()):
            found.append((_asks(part, marks="?" in text), part))
    asked = [part for asks, part in found if asks and not _is_talk(part, asks=True)]
    if not asked:
        said = [part for _, part in found if not _patterns()[3].fullmatch(part)]
        return (" ".join(said) or text or message,)
    context = [part for asks, part in found if not asks and not _is_talk(part, asks=False)]
    if len(asked) == 1 and found[-1][1] == asked[0] and len(context) + 1 == len(found):
        whole = " ".join(part for _, part in found)
        if "".join(whole.split()) == "".join(text.split()) and len(whole.split()) <= _CONTEXT:
            return (text,)
    return tuple(_with_context(part, context) for part in asked)


def _sentences(message: str) -> list[str]:
    """Return the sentences of a message, written out; a line and a question mark end one."""
    found = []
    for line in message.splitlines():
        text = written_out(line)
        for start, end in spans(text):
            found += re.split(r"(?<=\?)\s+", text[start:end])
    # "Who won? And who was sent off?": "and" ties it to no earlier message.
    return [
        *found[:1],
        *(re.sub(rf"^(?:and|but|also|plus)\s+(?={_WH}\s+\w+\s+\w)", "", each, flags=re.I) for each in found[1:]),
    ]


def _is_talk(sentence: str, *, asks: bool) -> bool:
    """Tell whether a sentence speaks of the people who ask and not of the news."""
    if _patterns()[3].fullmatch(sentence) or not words(sentence):
        return True
    if asks:
        return bool(_OF_PEOPLE.search(sentence)) and not terms(sentence)
    return bool(_OF_PEOPLE.search(sentence)) and not _QUOTED.search(sentence)


def _parts(sentence: str) -> list[str]:
    """Return the questions that one sentence joins: "(1) who … (2) what …", "when does … and how many …"."""
    marks = list(_NUMBERED.finditer(sentence))
    if len(marks) > 1:
        edges = [*(mark.end() for mark in marks), len(sentence)]
        ends = [*(mark.start() for mark in marks[1:]), len(sentence)]
        return [re.sub(r"[\s,;]+(?:and)?\s*$", "", sentence[a:b]) for a, b in zip(edges, ends, strict=False)]
    if marks and not sentence[: marks[0].start()].strip() and _asks(sentence[marks[0].end() :]):
        sentence = sentence[marks[0].end() :]
    parts, at = [], 0
    for match in _AND_ASKS.finditer(sentence):
        before, after = sentence[at : match.start()], sentence[match.end() :]
        if _asks(before) and _own(before) and _own(after) and not _TWO_SIDES.search(before):
            parts.append(before)
            at = match.end()
    rest = sentence[at:]
    talk, mark, asked = rest.partition(":")
    if mark and _OF_PEOPLE.search(talk) and not _ASKS.match(talk) and _asks(asked.strip()):
        rest = asked.strip()  # "For the front page I need a figure: how many …"
    return [*parts, rest]


def _own(part: str) -> bool:
    return any(term_of(word) and word.lower() not in _asking() for word in words(part))


@cache
def _asking() -> frozenset[str]:
    return frozenset(listed("stop_words", "asking"))


def _with_context(question: str, context: list[str]) -> str:
    """Put before a question what else the message says, as far as the model reads it; nothing, where that is long and
    the question does not need it.
    """
    kept: list[str] = []
    room = _CONTEXT
    needed = len(terms(question)) < 3 or bool(_REFERS.search(question))
    if not needed and sum(len(part.split()) for part in context) > room:
        return question
    for part in reversed(context):
        room -= len(part.split())
        if room < 0:
            break
        kept.insert(0, part)
    return " ".join([*kept, question])
