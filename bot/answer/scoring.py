"""How well a sentence answers: by meaning, rare words, who speaks, and what kind of thing it contains (a number, a
time, a reason, a name).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from anyascii import anyascii

from bot.answer.candidates import Candidate, coverage
from bot.question.parse import Question
from index.model.embedder import CoarseEmbedder, Embedder, Vectors
from index.model.reader import Reader
from index.text import term_of, terms, words
from index.words import first_fields, marked, numbers, one_of

_NUMBERS = one_of(
    [word for word, value in numbers().items() if value] + ["dozen", "half", "third", "quarter", "none", "no"]
)
_DAYS = one_of(first_fields("calendar", "months", "weekdays"))
NUMBER = re.compile(rf"\d|\b(?:{_NUMBERS})s?\b", re.I)
TIME = re.compile(
    rf"\b(?:1\d{{3}}s?|20\d\ds?|\d{{1,2}}:\d\d|\d{{1,2}}(?:st|nd|rd|th)|{_DAYS}|"
    r"today|yesterday|tomorrow|tonight|noon|midnight|(?:minute|hour|day|week|month|year|decade|century|centurie)s?|"
    r"morning|afternoon|evening|night|spring|summer|autumn|winter|easter|christmas|ago|era|bc|ad)\b",
    re.I,
)
_BECAUSE = re.compile(
    (
        r"\b(?:because|since|as|so that|in order to|due to|owing to|therefore|reason|to avoid|after|for fear|which "
        r"is why|would|hard|difficult)\b"
    ),
    re.I,
)
# "What does the coalition demand": what a body wants is often written without a verb of speech.
WILL = re.compile(
    r"\b(?:demand|propose|promise|offer|suggest|call\s+for|claim|want|plan|ask\s+for|expect|require)(?:s|d|ed)?\b", re.I
)
_WILLED = re.compile(
    r"\b(?:demand|want|insist|require|call(?:s|ed|ing)?\s+for|urg|propos|offer|pledg|promis|seek|press|push)\w*\b"
    r"|\b(?:must|should|ought|condition|ready\s+to|willing\s+to)\b",
    re.I,
)
_WHAT_IS = re.compile(
    r"\W*(?:what|who)\s+(?:is|are|was|were)\s+(?:the\s+|an?\s+)?(?P<what>\w[^?]{1,60}?)\s*\?*\s*\Z", re.I
)
_WHO_IS = re.compile(r"\W*who\s*(?:['’]s|is|are|was|were)\s+(?!the\b|an?\b)(?P<name>\w[^?]{1,40}?)\s*\?*\s*\Z", re.I)
_OFFICES = one_of(marked("titles", "claim"))
_DEFINED = 3  # terms of what is asked the meaning of; of more, something else is asked


def holds_what_is_asked(question: Question, sentence: str, asked: Collection[str]) -> bool:
    """Tell whether a sentence holds the kind of thing that is asked for, other than what the question says itself."""
    if question.kind in ("said", "other") and WILL.search(question.asked):
        return _WILLED.search(sentence) is not None
    if question.kind == "why":
        return _BECAUSE.search(sentence) is not None
    who = _WHO_IS.match(question.asked) if question.kind == "who" else None
    if who and term_of(words(who["name"])[-1]) in question.names:  # "who is X", not "who is the mayor"
        return _introduces(words(who["name"])[-1], sentence)
    found = words(sentence)
    new = [word for word in found if (term_of(word) or word.lower()) not in asked]
    if question.kind == "number":
        return NUMBER.search(" ".join(new)) is not None
    if question.kind == "when":
        return TIME.search(" ".join(new)) is not None
    if question.kind in ("who", "where", "list"):
        return any(word[:1].isupper() and term_of(word) and word != found[0] for word in new)
    return question.kind == "other" and _defines(question.asked, sentence)


def _introduces(name: str, sentence: str) -> bool:
    """Tell whether a sentence says who somebody is: "the chief, X", "President X", "X, who leads …", "X is a …"."""
    name = re.escape(name)
    return (
        re.search(
            rf"(?i:\b(?:{_OFFICES})s?)\b(?:\s+[^,.;:]{{1,40}})?,?\s+(?:[A-Z][\w.’'-]*\s+){{0,3}}{name}\b"
            rf"|\b{name},\s+(?:an?|the|who|whose|\d\d|[^\s,]+[’']s?|(?:{_OFFICES})s?)\b"
            rf"|\b{name}\s+(?:is|was|has\s+been|became)\s+(?:an?|the|one|now)\b",
            sentence,
        )
        is not None
    )


def _defines(asked: str, sentence: str) -> bool:
    """Tell whether a sentence says what something is ("X is a …", "X, the …", "known as X") that a question asks the
    meaning of.
    """
    match = _WHAT_IS.match(asked)
    if match is None or len(terms(match["what"])) > _DEFINED:
        return False
    name = re.escape(words(match["what"])[-1])
    return (
        re.search(
            rf"\b{name}\b[\"”’']*,?\s+(?:\([^()]*\)\s*)?(?:(?:is|are|was|were)\s+(?:an?|the|one|any|also)\b|means?\b|refers?\b|describes?\b)"
            rf"|\b{name}\b[\"”’']*,\s+(?:an?|the)\s|\b(?:known|referred\s+to)\s+as\s+[^,.;]{{0,30}}\b{name}\b|\b(?:called|named|dubbed)\s+[^,.;]{{0,30}}\b{name}\b",
            sentence,
            re.I,
        )
        is not None
    )


_NO_DAY, _REPEATS = 0.35, 0.35  # what is lost without a day where a time is asked for, and with no word of its own
_ON_TOPIC = 0.6  # share of the best coverage from which a sentence is on the topic: of these, one is the newest


def set_meaning(candidates: Sequence[Candidate], asked: Vectors, embedder: Embedder) -> None:
    """Set the cosine of a question to sentences; ``asked`` is the question's vector. Of sentences with one text, one is
    embedded, in the embedder's coarse form if it has one: of a hundred questions, one or two get another answer for it,
    and no figure falls (decision 12).
    """
    embed = embedder.embed_coarsely if isinstance(embedder, CoarseEmbedder) else embedder.embed
    texts = list(dict.fromkeys(candidate.text for candidate in candidates))
    cosines = dict(zip(texts, (embed(texts) @ asked).tolist(), strict=True))
    for candidate in candidates:
        candidate.meaning = cosines[candidate.text]


def score_by_words(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> None:
    """Score sentences: passage + 0.2 cov(s) + 0.3 cov(before+s+title) + 0.3 kind + 1.1 speaker."""
    asked = {term_of(word) or word.lower() for word in words(question.text)}
    best = max((c.coverage for c in candidates), default=0.0)
    days = [c.hit.article.source.published for c in candidates if c.coverage >= _ON_TOPIC * best]
    newest = max(filter(None, days), default=None)
    for candidate in candidates:
        published = candidate.hit.article.source.published
        candidate.fresh = _newer(question, max(0, (newest - published).days)) if newest and published else 0.0
        if not candidate.hit.dated:  # a time was asked for, and nothing tells whether this is of it
            candidate.fresh -= _NO_DAY
        candidate.score = (
            0.2 * candidate.coverage
            + 0.3 * coverage(candidate.near, weights)
            + 0.3 * holds_what_is_asked(question, candidate.text, asked)
            + 1.1 * candidate.has_speaker
            + candidate.hit.score
            + candidate.fresh
        )
        if candidate.terms <= asked:  # a quiz repeats the question
            candidate.score -= _REPEATS


def _newer(question: Question, days: int) -> float:
    """Return what a sentence gains that is so many days older than the newest: a preference, not a filter."""
    if question.latest or question.kind == "happened":
        return 0.5 / (1 + days / 7)
    named = question.since or question.until
    return (0.2 if question.present else 0.0 if named else 0.1) / (1 + days / 7)


_READ, _SPEAKS, _LEADS = 0.2, 1.4, 0.6  # beside the passage's score, which is at most 1
_HEADLINE = 0.1  # so much better than every sentence a headline must be,
STATES = 0.0  # and from this number of the reader on
_BESIDE = 5.0  # how far below the best sentence's number one beside it may be and still be shown with it
_LEAD = 300  # characters of an article that tell what happened


def score_by_reader(candidates: Sequence[Candidate], question: Question, reader: Reader) -> None:
    """Score sentences anew: 0.2 reader + 1.4 speaker + passage; the words they share with the question no longer count
    (docs/understand/answers.md).
    """
    wording = _as_written(question.asked, candidates)
    read = reader(wording, [(candidate.before, candidate.text) for candidate in candidates])
    for candidate, value in zip(candidates, read, strict=True):
        candidate.read = value
        candidate.score = (
            _READ * value
            + _SPEAKS * candidate.has_speaker
            + _LEADS * (question.kind == "happened" and candidate.start < _LEAD and not candidate.headline)
            - _HEADLINE * candidate.headline
            + candidate.hit.score
            + candidate.fresh
        )


def answers_beside(
    best: Candidate, candidates: Sequence[Candidate], question: Question, reader: Reader
) -> frozenset[int]:
    """Return the positions of the sentences before and after the best one that the reader takes for an answer nearly as
    much (docs/understand/answers.md).
    """
    if best.headline or best.read is None:
        return frozenset()
    article = best.hit.article.source.id
    read = {one.start: one.read for one in candidates if one.hit.article.source.id == article and not one.headline}
    starts = {at: best.around[at][0] for at in (best.position - 1, best.position + 1) if 0 <= at < len(best.around)}
    if unread := [at for at, start in starts.items() if start not in read]:
        wording = _as_written(question.asked, candidates)
        numbers = reader(wording, [(best.before_at(at), best.text_at(at)) for at in unread])
        read |= zip((starts[at] for at in unread), numbers, strict=True)
    least = best.read - _BESIDE
    return frozenset(at for at, start in starts.items() if (number := read[start]) is not None and number >= least)


def _as_written(question: str, candidates: Sequence[Candidate]) -> str:
    """Return a question with its names as the articles mostly spell them: Zelensky for Zelenskiy and Зеленський."""
    forms: dict[str, Counter[str]] = {}
    for word in (word for candidate in candidates for word in words(candidate.text)):
        forms.setdefault(_spelled(word), Counter())[re.sub(r"['’]s?\Z", "", word)] += 1
    for word in dict.fromkeys(words(question)):
        if word[:1].isupper() and (known := forms.get(_spelled(word))):
            question = question.replace(word, min(known, key=lambda form: (-known[form], form)))
    return question


def _spelled(word: str) -> str:
    """Return a word without what transliterations differ in, and without its possessive."""
    folded = re.sub(r"['’]s?\Z", "", anyascii(word)).lower()
    return re.sub(r"[ijy]+\Z", "", re.sub(r"[^a-z0-9]", "", folded))


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return sentences, best first."""
    return sorted(candidates, key=lambda c: (-c.score, c.hit.passage.id, c.start))
