"""Questions in other words: changed so that a sentence no longer answers them, or typed casually."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from random import Random

from index.speech import NAME, NO_NAME
from index.text import terms
from index.words import first_fields, groups, listed

_MONTHS = [month.capitalize() for month in first_fields("calendar", "months")]
_WEEKDAYS = [day.capitalize() for day in first_fields("calendar", "weekdays")]
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_NUMBER = re.compile(r"(?<![\w.,-])\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w-])")
_SPELT = "two three four five six seven eight nine ten eleven twelve".split()
_ASKING = re.compile(
    r"\A(?:who|what|when|where|why|how|which|whose|whom|did|does|do|is|are|was|were|has|have|had|can|could)\b", re.I
)
_SMALL = frozenset(listed("small_words", "function"))


def names_in(text: str) -> list[str]:
    """Return the names in a text in order, without the word that opens a question or a sentence."""
    found = []
    for match in NAME.finditer(text):
        words = match.group().removesuffix("'s").removesuffix("’s").split()
        while words and (words[0].lower() in NO_NAME or _ASKING.match(words[0])):
            words = words[1:]
        opens = match.start() < 2 and len(words) == 1  # any word has a capital there
        if words and not opens and len(words[0]) > 1 and words[0].lower() not in _SMALL and "I’" not in words[0]:
            found.append(" ".join(words).rstrip(".,"))
    return list(dict.fromkeys(found))


Change = Callable[[str, str, Sequence[str], Random], str | None]
"""Makes a question that a sentence does not answer from one that it answers, given names from elsewhere.

Only what the sentence says is changed: of anything else it cannot tell.
"""


def other_name(question: str, sentence: str, elsewhere: Sequence[str], draw: Random) -> str | None:
    """Put a name from elsewhere in the place of one that the question and the sentence share."""
    own = set(terms(f"{question} {sentence}"))
    shared = [name for name in names_in(question) if set(terms(name)) & set(terms(sentence))]
    if not shared:
        return None
    name = draw.choice(shared)
    others = [other for other in elsewhere if not own & set(terms(other)) and terms(other)]
    alike = [other for other in others if len(other.split()) == len(name.split())] or others
    return question.replace(name, draw.choice(alike), 1) if alike else None


def other_number(question: str, sentence: str, _: Sequence[str], draw: Random) -> str | None:
    """Put another number in the place of one; years are times, not numbers."""
    found = [
        match
        for match in _NUMBER.finditer(question)
        if match.group() in sentence and not _YEAR.fullmatch(match.group())
    ]
    if found:
        match = draw.choice(found)
        value = float(match.group().replace(",", ""))
        new = value * draw.choice([2, 3, 10]) + draw.choice([0, 1, 5]) if value else 7
        text = f"{new:,.0f}" if "." not in match.group() else f"{new:.1f}"
        return None if text in sentence else question[: match.start()] + text + question[match.end() :]
    spelt = [word for word in _SPELT if re.search(rf"\b{word}\b", question) and word in sentence.lower()]
    if not spelt:
        return None
    word = draw.choice(spelt)
    new_word = draw.choice([other for other in _SPELT if not re.search(rf"\b{other}\b", f"{question} {sentence}")])
    return re.sub(rf"\b{word}\b", new_word, question, count=1)


def other_time(question: str, sentence: str, _: Sequence[str], draw: Random) -> str | None:
    """Put another year, month or day of the week in the place of one."""
    year = _YEAR.search(question)
    if year and year.group() in sentence:
        new = str(int(year.group()) + draw.choice([-12, -5, -3, -2, -1, 1, 2, 3, 5]))
        return None if new in sentence else question[: year.start()] + new + question[year.end() :]
    for listed_names in (_MONTHS, _WEEKDAYS):
        for name in listed_names:
            if re.search(rf"\b{name}\b", question) and name in sentence:
                others = [other for other in listed_names if other not in question and other not in sentence]
                return re.sub(rf"\b{name}\b", draw.choice(others), question, count=1)
    return None


@cache
def _opposites() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for (left,), (right,) in groups("opposites", "questions"):
        found[left] = (*found.get(left, ()), right)
        found[right] = (*found.get(right, ()), left)
    return found


def opposite(question: str, sentence: str, _: Sequence[str], draw: Random) -> str | None:
    """Put the opposite of a word in its place: "the largest" for "the smallest"."""
    said = set(re.findall(r"\w+", sentence.lower()))
    found = [
        match for match in re.finditer(r"[a-z]+", question) if match.group() in _opposites() and match.group() in said
    ]
    others = [(match, other) for match in found for other in _opposites()[match.group()] if other not in said]
    if not others:
        return None
    match, other = draw.choice(others)
    return question[: match.start()] + other + question[match.end() :]


CHANGES: dict[str, Change] = {"name": other_name, "number": other_number, "time": other_time, "opposite": opposite}


def changed(question: str, sentence: str, elsewhere: Sequence[str], draw: Random) -> tuple[str, str] | None:
    """Return a question that the sentence no longer answers and which kind of change made it, None if none fits.

    The rare kinds come first, so that names do not crowd them out.
    """
    for kind in ("opposite", "time", "number", "name"):
        made = CHANGES[kind](question, sentence, elsewhere, draw)
        if made and made != question:
            return made, kind
    return None


_SHORTER = [
    (r"\bwhat is\b", "whats"),
    (r"\bwho is\b", "whos"),
    (r"\bgoing to\b", "gonna"),
    (r"\bdo not\b", "dont"),
    (r"\bdid not\b", "didnt"),
    (r"\bbecause\b", "bc"),
    (r"\byou\b", "u"),
    (r"\bpeople\b", "ppl"),
    (r"\band\b", "&"),
]
_DROPPED = re.compile(r"\b(?:the|a|an|did|does|do|of|in|was|were|is|are)\s+", re.I)


def casual(question: str, draw: Random) -> str:
    """Return a question as somebody types it in a hurry: lower case, words left out, short forms, a slip."""
    text = question.rstrip(" ?.!") if draw.random() < 0.8 else question
    if draw.random() < 0.85:
        text = text.lower()
    if draw.random() < 0.4:
        for form, short in _SHORTER:
            text = re.sub(form, short, text, count=1, flags=re.I)
    if draw.random() < 0.45:
        text = _DROPPED.sub(lambda match: "" if draw.random() < 0.5 else match.group(), text)
    if draw.random() < 0.3:
        text = _slip(text, draw)
    return text.strip() or question


def _slip(text: str, draw: Random) -> str:
    """Exchange, drop or double one letter inside a long word."""
    long = list(re.finditer(r"[A-Za-z]{5,}", text))
    if not long:
        return text
    match = draw.choice(long)
    at = draw.randrange(match.start() + 1, match.end() - 1)
    kind = draw.randrange(3)
    middle = text[at + 1] + text[at] if kind == 0 else "" if kind == 1 else text[at] * 2
    return text[:at] + middle + text[at + (2 if kind == 0 else 1) :]
