"""Questions made by rules from news articles: what somebody said, who did something, when, where, how many."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from random import Random
from typing import Any

from evals.reader.items import Item
from evals.reader.wording import names_in
from index.sentences import spans
from index.speech import NAME
from index.statements import statements
from index.text import is_prose, terms
from index.words import first_fields, lines, listed, one_of

_DAY = one_of(day.capitalize() for day in first_fields("calendar", "weekdays"))
_MONTH = one_of(month.capitalize() for month in first_fields("calendar", "months"))
_TIME = re.compile(
    rf"\s(?:on (?:{_DAY})|(?:on |in )?(?:{_MONTH})(?: \d{{1,2}})?(?:,? (?:19|20)\d\d)?|in (?:19|20)\d\d|(?:{_DAY}))\b"
)
_PLACE = re.compile(r"\s(?:in|at|near) (?:the )?(?P<name>[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){0,3})(?=[\s,.;]|\Z)")
_COUNT = re.compile(
    r"(?P<number>\b(?:\d{1,3}(?:,\d{3})+|\d+|two|three|four|five|six|seven|eight|nine|ten|dozens of|hundreds of)) "
    r"(?P<what>(?:[a-z]+ )?[a-z]{3,}s|people) (?P<verb>were|are|have|had|was|died|fled|voted|attended)\b"
    r"(?P<rest>[^,.;]{3,70})"
)
# After a name: "Macron signed the order", "The city council approved a plan".
_DID = re.compile(
    r"\A(?P<who>(?:The |A )?[^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,4}?) (?P<verb>[a-z]{3,}ed|[a-z]+) (?P<rest>[^;:\"“”]{8,})"
)
_PHRASE = re.compile(
    r"\b(?:the|this|that|his|her|their|its|our|a|an|of|on|about|over|for)\s+(?P<what>[a-z]{4,}(?:\s[a-z]{4,})?)(?=[\s,.;\"”])"
)
_ASKS = re.compile(
    r"\A(?:who|what|when|where|why|how|which|is|are|was|were|did|does|do|can|will|should|has|have)\b", re.I
)
_SAID_FORMS = (
    "What did {who} say about {what}?",
    "What does {who} think of {what}?",
    "what {who} said on {what}",
    "How did {who} comment on {what}?",
    "{who} on {what}",
)
_NOBODY = re.compile(
    r"\b(?:The|News|Post|Times|Department|Police|Jr|Sr|Office|Press|Company|Today|TODAY|Inc|Court|House)\b"
)
_IS = re.compile(
    r"\A(?P<who>[^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,3}?) (?P<verb>is|was|has|will|can) (?P<rest>[^;:\"“”]{8,90})"
)
_BE = re.compile(r"(?:is|are|was|were|has|have|had|will|can|could|would)\Z")
_AROUND = 5  # sentences before and behind one that count as its paragraph
_SMALL = frozenset(
    (*listed("small_words", "function"), *listed("stop_words", "topic"), *listed("stop_words", "asking"))
)


@cache
def _bases() -> dict[str, str]:
    """Return the base form of irregular verbs by their other forms."""
    return {form: line.split()[0] for line in lines("irregular_forms") for form in line.split()[1:]}


def base_of(verb: str) -> str:
    """Return the base form of a verb in the past ("announced": "announce"), by rules that err at times."""
    if verb in _bases():
        return _bases()[verb]
    stem = verb[:-2]
    if verb.endswith("ied"):
        return f"{verb[:-3]}y"
    if re.search(r"([bdgmnprt])\1\Z", stem):
        return stem[:-1]
    if (
        re.search(r"(?:[^aeiour]l|[^aeo][aiou]r|[cvuz]|[^s]s|[^n]g|[aou]t|[^eaou][aiou][dkmn])\Z", stem)
        and len(stem) > 2
    ):
        return f"{stem}e"
    return stem


def items_of(article: Mapping[str, Any], draw: Random) -> Iterator[Item]:
    """Yield questions with the sentence of an article that answers each, and the sentences about it."""
    text = article["text"]
    lines_ = [(start, text[start:end]) for start, end in spans(text)]
    sentences = [sentence for _, sentence in lines_]
    prose = [is_prose(sentence) and len(sentence) < 500 for sentence in sentences]
    headings = _headings(sentences, prose)
    speakers: dict[int, list[str]] = {}
    for statement in statements(sentences):
        speakers.setdefault(statement.index, []).append(statement.speaker)
    known = sorted({who for found in speakers.values() for who in found if _is_person(who)})
    for index, sentence in enumerate(sentences):
        if not prose[index] or not 40 < len(sentence) < 400:
            continue
        found: list[tuple[str, str, tuple[str, ...], frozenset[str]]] = []
        who = next((who for who in speakers.get(index, []) if _is_person(who)), None)
        if who:
            found += _said(sentence, who, [other for other in known if other != who], draw)
        if not speakers.get(index):
            found += _did(sentence)
        if found:
            question, answer, wrong, topic = draw.choice(found)
            yield _item(article, sentences, prose, headings, index, question, answer, wrong, topic, speakers)
    for index, sentence in enumerate(sentences[:-1]):
        asks = sentence.endswith("?") and len(sentence) < 110 and _ASKS.match(sentence)
        if asks and "\n" in text[lines_[index][0] + len(sentence) : lines_[index + 1][0]] and prose[index + 1]:
            after = index + 1
            if set(terms(sentence)) & set(terms(sentences[after])) and len(sentence.split()) > 3:
                unclear = frozenset(range(after, after + 5))
                yield _item(
                    article, sentences, prose, headings, after, sentence, "", (), frozenset(), speakers, unclear
                )


def _item(
    article: Mapping[str, Any],
    sentences: Sequence[str],
    prose: Sequence[bool],
    headings: Sequence[str],
    index: int,
    question: str,
    answer: str,
    wrong: tuple[str, ...],
    topic: frozenset[str],
    speakers: Mapping[int, Sequence[str]],
    unclear: frozenset[int] = frozenset(),
) -> Item:
    """Make an item of a sentence and the prose about it.

    Sentences that name the topic, or in which the same person goes on, may answer as well: they are unclear.
    """
    near = [at for at in range(max(0, index - _AROUND), min(len(sentences), index + _AROUND + 1)) if prose[at]]
    own = set(speakers.get(index, ()))
    doubtful = {
        near.index(at)
        for at in near
        if at != index
        and (
            at in unclear
            or (topic and topic & set(terms(sentences[at])))
            or (abs(at - index) == 1 and own & set(speakers.get(at, ())))
            or (answer and answer in sentences[at] and not topic)
        )
    }
    return Item(
        "news",
        str(article["id"]),
        question,
        tuple(sentences[at] for at in near),
        near.index(index),
        title=article.get("title") or "",
        date=article.get("date") or "",
        heading=headings[index],
        answer=answer,
        wrong=wrong,
        unclear=frozenset(doubtful),
    )


def _headings(sentences: Sequence[str], prose: Sequence[bool]) -> list[str]:
    found, here, since = [], "", 0
    for sentence, reads in zip(sentences, prose, strict=True):
        since += 1
        if not reads and 8 < len(sentence) < 90:
            here, since = sentence, 0
        found.append(here if reads and since <= 8 else "")
    return found


def _is_person(who: str) -> bool:
    return 2 <= len(who.split()) <= 3 and NAME.fullmatch(who) is not None and _NOBODY.search(who) is None


def _said(
    sentence: str, who: str, others: Sequence[str], draw: Random
) -> list[tuple[str, str, tuple[str, ...], frozenset[str]]]:
    """Ask what a speaker said about something that the sentence names; wrong: the same of another speaker."""
    phrases = [
        match["what"]
        for match in _PHRASE.finditer(sentence)
        if not set(match["what"].split()) & _SMALL and set(terms(match["what"]))
    ]
    own = set(terms(who))
    phrases += [name for name in names_in(sentence) if not own & set(terms(name)) and terms(name)]
    if not phrases:
        return []
    what = draw.choice(phrases)
    form = draw.choice(_SAID_FORMS)
    short = who.split()[-1] if draw.random() < 0.5 else who
    wrong = []
    apart = [other for other in others if not own & set(terms(other)) and other.split()[-1] not in sentence]
    if apart:
        other = draw.choice(apart)
        wrong.append(form.format(who=other.split()[-1] if short != who else other, what=what))
    return [(form.format(who=short, what=what), "", tuple(wrong), frozenset(terms(what)))]


def _did(sentence: str) -> list[tuple[str, str, tuple[str, ...], frozenset[str]]]:
    """Ask who did something, when, where, whether, or how many there were."""
    found: list[tuple[str, str]] = []
    match = _COUNT.search(sentence)
    if match:
        found.append((f"How many {match['what']} {match['verb']}{match['rest']}?", match["number"]))
    match = _DID.match(sentence)
    if match and (match["verb"].endswith("ed") or match["verb"] in _bases()) and not _BE.match(match["verb"]):
        verb, who = match["verb"], match["who"]
        named = NAME.fullmatch(who) is not None and names_in(who) != []
        rest = re.split(r",|\.\s|\.\Z|\s(?:which|who|while|after|because|but)\s", match["rest"])[0].strip()
        if 2 <= len(rest.split()) <= 14 and (named or re.match(r"(?:The|A) [a-z]", who)):
            subject = who if named else who[0].lower() + who[1:]
            base = base_of(verb)
            if named and len(who.split()) > 1:
                found.append((f"Who {verb} {rest}?", who))
            time, place = _TIME.search(f" {rest}"), _PLACE.search(f" {rest}")
            if time:
                found.append((f"When did {subject} {base} {_without(rest, time)}?", time.group().strip()))
            if place and place["name"] not in subject:
                found.append((f"Where did {subject} {base} {_without(rest, place)}?", place["name"]))
            if not time and not place:
                found.append((f"Did {subject} {base} {rest}?", ""))
    match = _IS.match(sentence)
    if match and NAME.fullmatch(match["who"]):
        rest = re.split(r",|\.\s|\.\Z", match["rest"])[0].strip()
        found.append((f"{match['verb'].capitalize()} {match['who']} {rest}?", ""))
    return [(_spaced(question), answer, (), frozenset()) for question, answer in found if len(question.split()) > 4]


def _without(rest: str, match: re.Match[str]) -> str:
    text = f" {rest}"
    return text[: match.start()] + text[match.end() :]


def _spaced(question: str) -> str:
    return re.sub(r"\s+(?=\?)", "", " ".join(question.split()))
