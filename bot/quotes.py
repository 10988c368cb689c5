"""The quotes answerer: picks the sentences that answer, verbatim. No model writes anything; the same archive gives the same answer.

hits → sentences of their passages → scored by meaning, rare words, speaker and kind → enough? → one to four, in reading order
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.checker import Draft
from bot.question import Question
from bot.refusal import LEVELS, Level, Signs, asks_the_opposite, confidence
from bot.speakers import is_bare_quote, speaks, stands_alone
from index.archive import View
from index.articles import Article, Hit
from index.embed import Embedder
from index.lines import is_prose
from index.sentences import Span, spans
from index.terms import term_of, terms, words

NAME = "quotes"
_PASSAGES = 6  # of the hits, that sentences are taken from
_PASSAGES_SAID = 12  # the same where somebody's words are asked for: he speaks in few of them
_SENTENCES = 80  # scored by words
_COMPARED = 12  # the best of them, compared by meaning too, which costs milliseconds each: with all 80 no answer was another (docs/speed.md)
_MOST = 4  # sentences of an answer
_WORDS = 70  # of an answer, unless one sentence has more
_WORDS_MORE = 110  # of one that tells what somebody said, what happened, or how two differ
_GATE = 0.35  # a sentence this far below the best one is not shown, and does not vouch for a name, a number or a speaker
_GATE_SHOWN = 0.9  # the same for showing one of the best one's own article
_LEAST_SHOWN = 0.15  # nor one that covers less of the question's weight
_GATE_SAID = 0.8  # the same for "what did X say about Y", where X speaks and Y is named: each such sentence answers
_REPEAT = 0.6  # share of common terms, of the shorter sentence, from which two say the same
_LONGEST = 700  # characters of one quote
_CONTEXT = 1_500  # characters before a passage that its reader has just read
_ABSENT = 0.25  # share of a question's weight that names which stand nowhere near may have
_FURTHER_DOWN = 10  # hits behind this one tell what similarity means in this collection

_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|dozen|half|third|quarter|none|no)s?\b",
    re.I,
)
_TIME = re.compile(
    r"\b(?:(?:19|20)\d\d|\d{1,2}:\d\d|january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|yesterday|tomorrow|noon|midnight|week|weeks|month|months|morning|evening|night|spring|summer|autumn|winter)\b",
    re.I,
)
# "LONDON, March 2 (Meridian Wire) - ", "BRUSSELS -- "
_DATELINE = re.compile(r"[A-ZÀ-Þ][A-ZÀ-Þ .'’/-]{2,40}(?:,\s[\w\s.]{2,30}){0,2}\s?(?:\([^()]{2,40}\)\s?(?:--?|[–—])|--|[–—])\s+")
_LIST = re.compile(r"(?:They|These|Those|Among (?:them|those))\s(?:include|included|are|were)\b")
_GOES_ON = re.compile(r"(?:It|They|That|This|These)\b")
_BECAUSE = re.compile(
    r"\b(?:because|since|as|so that|in order to|due to|owing to|therefore|reason|to avoid|after|for fear|which is why|would|hard|difficult)\b", re.I
)


@dataclass(slots=True)
class Candidate:
    """A sentence of a passage, with what speaks for it."""

    hit: Hit
    start: int
    end: int
    text: str
    terms: frozenset[str]  # of the sentence, and of the one before it where it needs that to be understood
    near: frozenset[str]  # those, the one before in any case, and the title
    spoken: bool
    around: list[Span]  # sentences of the article about here, in order
    position: int  # of this one among them
    score: float = 0.0
    meaning: float = 0.0
    coverage: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """What the answerer drafts, or why it drafts nothing, and how well the best sentence supports an answer."""

    drafts: tuple[Draft, ...]
    why: str
    confidence: float = 0.0


def choose(view: View, question: Question, hits: Sequence[Hit], embedder: Embedder, level: Level = "balanced") -> Choice:
    """Draft an answer from the hits of one view of the archive, or say why there is none."""
    if not hits:
        return Choice((), "no passage was found")
    if not question.terms:
        return Choice((), "the question names no topic")
    weights = _weights(view, question)
    top = list(hits[: _PASSAGES_SAID if question.speaker else _PASSAGES])
    candidates = [candidate for hit in top for candidate in _candidates(hit, question, weights)]
    if not candidates:
        return Choice((), "the passages found hold no full sentence")
    candidates.sort(key=lambda c: (-(c.coverage + c.hit.score), c.hit.passage.id, c.start))
    candidates = candidates[:_SENTENCES]
    _score(candidates, question, weights, embedder)
    candidates.sort(key=lambda c: (-c.score, c.hit.passage.id, c.start))
    best = candidates[0]
    signs = _signs(best, question, weights, hits)
    sure = confidence(signs)
    why_not = _mismatch(candidates, question, weights)
    if why_not:
        return Choice((), why_not, sure - 1)
    if sure < LEVELS[level]:
        return Choice((), f"what was found supports too little of the question (confidence {sure:.2f}, needed {LEVELS[level]})", sure)
    chosen = _distinct(_answering(candidates, question, weights))
    drafts = (_in_order_of_time if question.kind == "story" else _in_reading_order)(
        _short(_once([_draft(c, question) for c in chosen]), _WORDS_MORE if question.speaker or question.kind in ("story", "difference") else _WORDS)
    )
    return Choice(tuple(drafts), f"best sentence: meaning {best.meaning:.2f}, coverage {best.coverage:.2f}, confidence {sure:.2f}", sure)


def _weights(view: View, question: Question) -> dict[str, float]:
    """Return how much each term of the question tells: its inverse document frequency (Robertson and Spärck Jones 1976).

    A word that stands nowhere, and is no name, counts no more than the others do on average: in a small collection the asker's own
    words ("position", "take place") would outweigh what he asks about.
    """
    total = max(1, view.generation.passages if view.generation else 1)
    frequencies = view.snapshot.document_frequencies(question.terms)
    weights = {term: math.log(1 + (total - count + 0.5) / (count + 0.5)) for term, count in frequencies.items()}
    present = [weight for term, weight in weights.items() if frequencies[term]]
    usual = sum(present) / len(present) if present else math.inf
    return {term: weight if frequencies[term] or term in question.names else min(weight, usual) for term, weight in weights.items()}


def _sentences_around(hit: Hit) -> list[Span]:
    """Return the sentences of a passage and of the paragraphs before and behind it (a line break always ends a sentence)."""
    text, passage = hit.article.text, hit.passage
    start = text.rfind("\n", 0, max(0, passage.start - _CONTEXT)) + 1
    end = text.find("\n", passage.end + _LONGEST)
    return [(start + s, start + e) for s, e in spans(text[start : end if end >= 0 else len(text)])]


def _candidates(hit: Hit, question: Question, weights: Mapping[str, float]) -> list[Candidate]:
    text = hit.article.text
    found = _sentences_around(hit)
    sentences = [text[start:end] for start, end in found]
    title = frozenset(terms(hit.article.source.title))
    candidates = []
    for index, (start, end) in enumerate(found):
        if start < hit.passage.start or end > hit.passage.end or not _can_answer(sentences[index]):
            continue
        before = frozenset(terms(sentences[index - 1])) if index else frozenset()
        own = frozenset(terms(sentences[index]))
        if index and _needs_before(sentences[index]):
            own |= before
        spoken = bool(question.speaker) and speaks(question.speaker, sentences, index)
        if spoken:
            own |= set(question.speaker)
        candidates.append(Candidate(hit, start, end, sentences[index], own, own | before | title, spoken, found, index, coverage=_coverage(own, weights)))
    return candidates


def _can_answer(sentence: str) -> bool:
    return (len(sentence) <= _LONGEST and is_prose(sentence)) or (
        len(sentence) > 20 and re.search(r"[.!?…][\"'”’»)]*$", sentence) is not None and len(sentence) <= _LONGEST
    )


def _coverage(found: frozenset[str], weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in found) / total if total else 0.0


def _score(candidates: list[Candidate], question: Question, weights: Mapping[str, float], embedder: Embedder) -> None:
    """Score sentences: cos(q,s) + 0.7 cov(s) + 0.3 cov(before+s+title) + 0.3 kind + 0.3 speaker + passage (weights measured on four sets).

    Keeps the best few by all but the first, and adds that.
    """
    asked = {term_of(word) or word.lower() for word in words(question.text)}
    newest = max((c.hit.article.source.published for c in candidates if c.hit.article.source.published), default=None)
    for candidate in candidates:
        candidate.score = (
            0.7 * candidate.coverage
            + 0.3 * _coverage(candidate.near, weights)
            + 0.3 * _fits(question, candidate.text, asked)
            + 0.3 * candidate.spoken
            + candidate.hit.score
        )
        if candidate.terms <= asked:  # a heading or a quiz repeats the question
            candidate.score -= _GATE
        if not candidate.hit.dated:  # a time was asked for, and nothing tells whether this is of it
            candidate.score -= _GATE
        published = candidate.hit.article.source.published
        if question.latest and newest is not None:
            # A preference, not a filter: half a point for the newest, less by the day, none for the undated.
            candidate.score += 0.5 / (1 + (newest - published).days / 7) if published else 0.0
    candidates.sort(key=lambda c: (-c.score, c.hit.passage.id, c.start))
    del candidates[_COMPARED:]
    vectors = embedder.embed([question.asked, *(c.text for c in candidates)])
    for candidate, vector in zip(candidates, vectors[1:], strict=True):
        candidate.meaning = float(vector @ vectors[0])
        candidate.score += candidate.meaning


def _fits(question: Question, sentence: str, asked: Collection[str]) -> bool:
    """Tell whether a sentence holds the kind of thing that is asked for, other than what the question says itself."""
    if question.kind == "why":
        return _BECAUSE.search(sentence) is not None
    found = words(sentence)
    new = [word for word in found if (term_of(word) or word.lower()) not in asked]
    if question.kind == "number":
        return _NUMBER.search(" ".join(new)) is not None
    if question.kind == "when":
        return _TIME.search(" ".join(new)) is not None
    if question.kind in ("who", "where"):
        return any(word[:1].isupper() and term_of(word) and word != found[0] for word in new)
    return False


def _signs(best: Candidate, question: Question, weights: Mapping[str, float], hits: Sequence[Hit]) -> Signs:
    around = best.near | frozenset(terms(best.hit.passage.text))
    absent = sum(weights[term] for term in question.names if term in weights and term not in around) / sum(weights.values())
    further = [hit.dense for hit in hits[_FURTHER_DOWN:]]
    margin = hits[0].dense - sum(further) / len(further) if further else None
    opposite = asks_the_opposite(question.asked, best.text)
    return Signs(best.meaning, best.hit.dense, margin, best.coverage, _coverage(around, weights), absent, opposite)


def _mismatch(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> str:
    """Return what the question asks for and the best sentences lack, "" if nothing."""
    best = candidates[0]
    around = [c for c in candidates if c.score >= best.score - _GATE]
    context = best.near | frozenset(terms(_surroundings(best)))
    absent = [term for term in question.names if term not in context and not any(term in c.near for c in around)]
    share = sum(weights[term] for term in absent if term in weights) / sum(weights.values())
    # One missing name among many words of a long question may be there in other words ("Americans", "the US").
    if absent and (share > _ABSENT or set(absent) & set(question.speaker)):
        return f"a name the question asks about stands nowhere near the best sentence ({', '.join(sorted(absent))})"
    if question.speaker and not any(c.spoken for c in around):
        return "nobody by the name asked for is speaking in the sentences found"
    if question.kind == "number" and not any(_NUMBER.search(c.text) for c in around):
        return "a number is asked for and none stands in the sentences found"
    if question.speaker and question.topic:
        topic = {term: weight for term, weight in weights.items() if term in question.topic}
        if not any(_coverage(c.terms, topic) > 0 or c.meaning >= 0.55 for c in around if c.spoken):
            return "the one asked about says nothing on the topic"
    return ""


def _surroundings(candidate: Candidate) -> str:
    """Return the passage with what a reader has just read before it: a name stays in force for some paragraphs."""
    passage = candidate.hit.passage
    return candidate.hit.article.text[max(0, passage.start - _CONTEXT) : passage.end]


def _answering(candidates: Sequence[Candidate], question: Question, weights: Mapping[str, float]) -> list[Candidate]:
    """Return the sentences good enough to be shown, best first."""
    best = candidates[0]
    if question.speaker:
        topic = {term: weight for term, weight in weights.items() if term in question.topic}
        on_topic = [c for c in candidates if c.spoken and c.score >= best.score - _GATE_SAID and (not topic or _coverage(c.terms, topic) > 0.2)]
        if on_topic:
            return on_topic
    home = best.hit.article.source.id
    near = [
        c
        for c in candidates
        if c.score >= best.score - (_GATE_SHOWN if question.sides or c.hit.article.source.id == home else _GATE)
        and (c.coverage >= _LEAST_SHOWN or c is best)
        and (c.spoken or not question.speaker)
    ]
    near = near or [best]
    if question.sides:  # one sentence of each, before more of either
        first = [next((c for c in near if side in c.terms and not other & c.terms), None) for side, other in _against(question.sides)]
        return [*(c for c in first if c), *(c for c in near if not any(c is one for one in first))]
    if question.kind in ("number", "when"):
        asked = {term_of(word) or word.lower() for word in words(question.text)}
        lead = next((c for c in near if c.score >= best.score - _GATE and _fits(question, c.text, asked)), best)
        near = sorted(near, key=lambda c: c is not lead)
    return near


def _against(sides: Sequence[str]) -> list[tuple[str, frozenset[str]]]:
    return [(side, frozenset(sides) - {side}) for side in sides]


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Keep the best sentences that say different things."""
    chosen: list[Candidate] = []
    for candidate in candidates:
        if len(chosen) < _MOST and all(_common(kept, candidate) < _REPEAT for kept in chosen):
            chosen.append(candidate)
    return chosen


def _common(one: Candidate, other: Candidate) -> float:
    """Return the share of the shorter sentence's terms that two have in common, 0 if their numbers differ."""
    mine, theirs = frozenset(terms(one.text)), frozenset(terms(other.text))
    if not mine or not theirs or {t for t in mine if t.isdigit()} != {t for t in theirs if t.isdigit()}:
        return float(one.text == other.text)
    return len(mine & theirs) / min(len(mine), len(theirs))


def _draft(candidate: Candidate, question: Question) -> Draft:
    """Quote a sentence with as much before it as it needs to be understood, and the list it announces."""
    article = candidate.hit.article
    text = article.text
    found, start, end, index = candidate.around, candidate.start, candidate.end, candidate.position
    while index > 0 and candidate.position - index < 2 and _needs_before(text[start : found[index][1]]):
        before = found[index - 1]
        if end - before[0] > _LONGEST or not _can_answer(text[before[0] : before[1]]):
            break
        start, index = before[0], index - 1
    after = found[candidate.position + 1] if candidate.position + 1 < len(found) else None
    if after and after[1] - start <= _LONGEST and _belongs(text[start:end], text[after[0] : after[1]], question):
        end = after[1]
    dateline = _DATELINE.match(text, start, end)
    if dateline and dateline.end() < end:
        start = dateline.end()
    # One line as a person reads it; the quote keeps the article's own white space.
    return Draft(_line(article, start, end), article, candidate.hit.passage, start, end)


def _once(drafts: Sequence[Draft]) -> list[Draft]:
    """Keep the better of two drafts where one paper's words hold the other's: quoting what comes before can make twins of them."""
    kept: list[Draft] = []
    for draft in drafts:
        own = " ".join(words(draft.text))
        if not any(other.article is not draft.article and _holds(own, " ".join(words(other.text))) for other in kept):
            kept.append(draft)
    return kept


def _holds(one: str, other: str) -> bool:
    return f" {one} " in f" {other} " or f" {other} " in f" {one} "


def _belongs(sentence: str, after: str, question: Question) -> bool:
    """Tell whether the next sentence completes this one: the list it announces, the figure that "it" stands at."""
    if sentence.endswith(":") or _LIST.match(after):
        return True
    return question.kind == "number" and _GOES_ON.match(after) is not None and re.search(r"\d", after) is not None


def _needs_before(sentence: str) -> bool:
    return not stands_alone(sentence) or is_bare_quote(sentence)


def _short(drafts: Sequence[Draft], most: int) -> list[Draft]:
    """Keep the best draft, and of the others, best first, as many as make up to ``most`` words."""
    kept, used = list(drafts[:1]), sum(len(draft.text.split()) for draft in drafts[:1])
    for draft in drafts[1:]:
        length = len(draft.text.split())
        if used + length <= most:
            kept.append(draft)
            used += length
    return kept


def _in_order_of_time(drafts: list[Draft]) -> list[Draft]:
    """Tell a story from its beginning: by date, what is undated last, and by place within an article."""
    return _in_reading_order(sorted(drafts, key=lambda d: (d.article.source.published or date.max, d.article.source.id, d.start)))


def _in_reading_order(drafts: list[Draft]) -> list[Draft]:
    """Put the best draft first, the others by article and by place within; join what overlaps."""
    rank: dict[str, int] = {}
    for draft in drafts:
        rank.setdefault(draft.article.source.id, len(rank))
    ordered = drafts[:1] + sorted(drafts[1:], key=lambda d: (rank[d.article.source.id], d.start))
    joined: list[Draft] = []
    for draft in ordered:
        twin = next((k for k, d in enumerate(joined) if d.article is draft.article and draft.start <= d.end and d.start <= draft.end), None)
        if twin is None:
            joined.append(draft)
            continue
        other = joined[twin]
        start, end = min(other.start, draft.start), max(other.end, draft.end)
        joined[twin] = Draft(_line(other.article, start, end), other.article, other.passage, start, end)
    return joined


def _line(article: Article, start: int, end: int) -> str:
    return " ".join(article.text[start:end].split())
