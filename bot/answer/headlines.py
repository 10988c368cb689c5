"""The headline as an answer: where no sentence of the text says what is asked, and the article's title does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from bot.answer.candidates import CONTEXT, LONGEST, Candidate, coverage
from bot.answer.scoring import holds_what_is_asked
from bot.check.numbers import figures
from bot.check.vocabulary import alike, lemma, opposed
from bot.question.parse import Question
from index.articles import Hit, Source
from index.sentences import Span
from index.statements import statements
from index.text import is_clipped, length_in_words, term_of, terms, words
from index.words import lines, listed, one_of

_LEAST = 4  # words of a title that states something
_SAYS_SO = 0.6  # share of what a title adds to the question that a sentence has which says the same
_BETTER = 0.2  # how far above the best sentence a title must score
_LACKS = 0.15  # share of the question's weight that a title may lack
_HOW = re.compile(r"\bhow\s+(?P<measure>old|long|far|tall|deep|wide|heavy)\b", re.I)
_LENGTHS, _TIMES = (
    frozenset("km mile m foot inch yard cm mm".split()),
    frozenset("s min h day week month year decade century".split()),
)
_UNITS = {"old": _TIMES, "long": _TIMES | _LENGTHS, "heavy": frozenset("kg g t lb oz".split())}
_BECAUSE = re.compile(  # as headlines put it
    r"\b(?:over|amid|following|on\s+(?:fears|suspicion)|forc(?:es?|ed)|caus(?:es?|ed)|prompt(?:s|ed)?|leads?\s+to)\b",
    re.I,
)
_SORT = re.compile(r"\b(?:which|what|how)\s+(?P<sort>\w+)", re.I)  # "which animal": the answer names one
_AGE = re.compile(r"\b(?:aged?|at)\s+\d|\byear-old\b|,\s\d{1,3}(?:,|$)", re.I)
_LASTED = re.compile(r"\b(?:after|for)\s+(?:\S+\s+){1,3}?(?:minute|hour|day|week|month|year|decade)s?\b", re.I)
_WHO = re.compile(r"\A\W*(?:and\s+)?who\s+(?:has\s+|have\s+|had\s+|will\s+)?(?P<verb>\w+)\s+(?P<next>\w+)", re.I)
_PREPOSITIONS = frozenset("in at on of for from to with by as during after before against".split())


@cache
def _states_nothing() -> re.Pattern[str]:
    openings = "|".join(re.escape(line).replace(r"\*", r"[\w’'-]+") for line in lines("headlines", "openings"))
    labels, endings = (one_of(map(re.escape, lines("headlines", part))) for part in ("labels", "endings"))
    return re.compile(
        rf"\A\W*(?:(?!(?-i:WHO|IT)\b)(?:{openings})\b|(?:{labels})\s*[:|–—-])"
        rf"|(?:[:|–—-]\s+(?:{labels})|\b(?:{endings}))\W*\Z|[?？؟]",
        re.I,
    )


@cache
def _asked_about() -> frozenset[str]:
    return frozenset(map(term_of, listed("headlines", "asked about")))


def headline(source: Source) -> Span | None:
    """Return the part of an article's title that states something, None if it asks, is clipped, or is a label."""
    title = source.title
    parts = [match.span() for match in re.finditer(r"[^|»]+", title)]
    start, end = max(parts, key=lambda part: part[1] - part[0], default=(0, 0))
    text = title[start:end]
    start, end = start + len(text) - len(text.lstrip()), start + len(text.rstrip())
    text = title[start:end]
    if length_in_words(text) < _LEAST or len(text) > LONGEST or is_clipped(text) or _states_nothing().search(text):
        return None
    return None if source.path.endswith(title) else (start, end)  # the name of a file


def headlines_of(hits: Sequence[Hit], question: Question, weights: Mapping[str, float]) -> list[Candidate]:
    """Return the headlines of the articles found that answer, not yet scored: each once, with its best passage."""
    if question.kind in ("topic", "compare"):
        return []
    sort = _SORT.search(question.asked)
    not_needed = _asked_about() | {term_of(sort["sort"]) if sort else ""}
    found: dict[str, Candidate] = {}
    seen: set[str] = set()
    for hit in hits:
        source = hit.article.source
        span = headline(source) if source.id not in seen else None
        seen.add(source.id)
        if span is None:
            continue
        text = source.title[slice(*span)]
        covered = _covered(hit, text, question)
        if covered is None or coverage(covered | not_needed, weights) < 1 - _LACKS:
            continue
        if not _holds_what_is_asked(question, text, covered):
            continue
        speakers = _speakers(text) & frozenset(question.speaker)
        own = frozenset(terms(text)) | covered
        share = coverage(own, weights)
        found[source.id] = Candidate(hit, *span, text, own, own, speakers, [], 0, coverage=share, headline=True)
    return list(found.values())


def _covered(hit: Hit, text: str, question: Question) -> frozenset[str] | None:
    """Return the terms of a question that a headline has, in these words or others; None if it says the opposite.

    A name may stand in the passage instead, or in what its reader has just read.
    """
    own, said = frozenset(terms(text)), [lemma(word) for word in words(text)]
    passage = hit.passage
    near = frozenset(terms(hit.article.text[max(0, passage.start - CONTEXT) : passage.end]))
    found = set()
    for word in words(question.text):
        term, meant = term_of(word), lemma(word)
        if term not in question.terms:
            continue
        if (
            term in own
            or (term in question.names and term in near)
            or any(alike(meant, other) or other.removeprefix("re") == meant for other in said)
        ):
            found.add(term)
        elif any(opposed(meant, other) for other in said):
            if question.kind != "yesno":
                return None
            found.add(term)  # which is the answer
    return frozenset(found)


def _holds_what_is_asked(question: Question, text: str, covered: frozenset[str]) -> bool:
    """Tell whether a headline holds what is asked for, or, where no kind of thing is asked for, says something new."""
    asked = {term_of(word) or word.lower() for word in words(question.text)} | covered
    if question.kind == "yesno":
        return True
    if question.kind == "who" and (who := _WHO.match(question.asked)):
        return _names_who(who["verb"], who["next"], text, covered)
    if question.kind == "number" and (how := _HOW.search(question.asked)):
        units = _UNITS.get(how["measure"].lower(), _LENGTHS)
        of_age = how["measure"].lower() == "old" and _AGE.search(text) is not None
        return of_age or any(figure.unit in units for figure in figures(text))
    if question.kind == "when":
        return holds_what_is_asked(question, _LASTED.sub("", text), asked)
    if question.kind == "why":
        return _BECAUSE.search(text) is not None or holds_what_is_asked(question, _LASTED.sub("", text), asked)
    if question.kind in ("number", "where"):
        return holds_what_is_asked(question, text, asked)
    return any(term not in asked for term in terms(text))


def _names_who(verb: str, after: str, text: str, covered: frozenset[str]) -> bool:
    """Tell whether a headline names who did something: before its verb, or behind "by"."""
    found = words(text)
    at = next((n for n, word in enumerate(found) if alike(lemma(word), lemma(verb))), None)
    if at is None:
        return any(word[:1].isupper() and term_of(word) and term_of(word) not in covered for word in found)
    by = next((n for n in range(at + 1, len(found)) if found[n].lower() == "by"), None)
    before = {term_of(word) for word in (found[by + 1 :] if by else found[:at])} - {""}
    thing = term_of(after) if after.lower() not in _PREPOSITIONS else ""
    return bool(before - covered) and (not thing or thing not in before)


def _speakers(text: str) -> frozenset[str]:
    """Return the terms by which those who speak in a headline can be meant; "Holm: We stay" is said by Holm."""
    keys = frozenset(key for statement in statements([text]) for key in statement.keys)
    before, colon, _ = text.partition(": ")
    return keys | frozenset(terms(before)) if colon and len(before.split()) <= _LEAST else keys


def with_headline(
    candidates: Sequence[Candidate], headlines: Sequence[Candidate], question: Question
) -> list[Candidate]:
    """Put a headline before scored sentences if it answers clearly better than all of them and none says the same."""
    best = candidates[0].score if candidates else 0.0
    new = [one for one in headlines if one.score > best + _BETTER and not said_in_text(one, candidates, question)]
    return [*new[:1], *candidates]


def said_in_text(one: Candidate, candidates: Sequence[Candidate], question: Question) -> bool:
    """Tell whether a sentence says what a headline adds to the question."""
    asked = {term_of(word) or word.lower() for word in words(question.text)}
    added = one.terms - asked or one.terms
    numbers = {term for term in added if term.isdigit()}
    return any(numbers <= c.terms and len(added & c.terms) >= _SAYS_SO * len(added) for c in candidates)
