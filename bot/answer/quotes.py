"""The quotes answerer: picks the sentences that answer, verbatim, and puts them in an order that reads well.

No model writes anything; the same archive gives the same answer. Reports that disagree are shown side by side.

hits → sentences of their passages, headlines → scored → enough? → chosen → drafts with the context they need
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.answer.candidates import (
    LONGEST,
    Candidate,
    Place,
    can_answer,
    candidates_of,
    needs_before,
    weights_of,
    without,
)
from bot.answer.confidence import LEVELS, NEGATED, Level, Reader, confidence, decide, signs_of, what_is_missing
from bot.answer.headlines import headlines_of, said_in_text, with_headline
from bot.answer.scoring import NUMBER, TIME, WILL, best_first, score_by_meaning, score_by_words, sentence_vectors
from bot.answer.selection import good_enough, without_repeats
from bot.check.checker import Draft
from bot.question.parse import Question
from index.articles import Article, Hit
from index.model.embedder import Embedder, Vectors
from index.statements import acting_in, named_in
from index.text import term_of, words
from index.view import View

_MOST = 3  # reports shown side by side
_NEAR = 0.4  # how far below the best sentence one that disagrees may score
_ALIKE = 0.8  # share of the best one's coverage that it must have
_MEANT = 0.15  # how far below the best one's cosine to the question it may be
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_MARKS = re.compile(r"(?<=\d),(?=\d{3})")


@dataclass(frozen=True, slots=True)
class DisagreeingReports:
    """Sentences of different articles that disagree, by date (the undated last), and the line that introduces them."""

    sentences: tuple[Candidate, ...]
    lead: str


def disagreeing(candidates: Sequence[Candidate], question: Question) -> DisagreeingReports | None:
    """Return the best sentence and those of other articles that disagree with it on what is asked; None if none does.

    ``candidates`` are scored, best first. Two are about the same thing if their coverage and meaning are close; they
    disagree if their figures, their times, or yes and no, have nothing in common.
    """
    best = candidates[0]
    own = _value(best, question)
    if not own:
        return None
    kept: list[tuple[Candidate, frozenset[str]]] = [(best, own)]
    for other in candidates[1:]:
        if len(kept) == _MOST or other.score < best.score - _NEAR:
            break
        if other.coverage < _ALIKE * best.coverage or other.meaning < best.meaning - _MEANT:
            continue
        value = _value(other, question)
        if value and not any(value & found or one.hit.article is other.hit.article for one, found in kept):
            kept.append((other, value))
    if len(kept) < 2:
        return None
    newest = question.latest
    ordered = sorted(
        (one for one, _ in kept), key=lambda c: (c.hit.article.source.published or date.max, c.hit.article.source.id)
    )
    dated = {one.hit.article.source.published for one in ordered}
    if newest and None not in dated:
        ordered.reverse()
    several = len(dated) > 1 and None not in dated
    order = "" if not several else ", the newest first" if newest else ", the oldest first"
    return DisagreeingReports(tuple(ordered), f"Reports differ{order}:")


def _value(candidate: Candidate, question: Question) -> frozenset[str]:
    """Return what a sentence answers (its figures, times, or yes or no), to compare two by; empty if nothing."""
    asked = {term_of(word) or word.lower() for word in words(question.text)}
    text = _MARKS.sub("", candidate.text)
    new = [word for word in words(text) if (term_of(word) or word.lower()) not in asked]
    if question.kind == "number":
        return frozenset(
            word.lower() for word in new if NUMBER.fullmatch(word) or (word[0].isdigit() and not _YEAR.match(word))
        )
    if question.kind == "when":
        return frozenset(word.lower() for word in new if TIME.fullmatch(word) or word.isdigit())
    if question.kind == "yesno":
        return frozenset(["no" if NEGATED.search(candidate.text) else "yes"])
    return frozenset()


_WORDS = 70  # of an answer, unless one sentence has more
_WORDS_OTHERS = 76  # of an answer that another article adds to
_WORDS_MORE = 110  # of an answer on what somebody said, what happened, or how two differ
# "LONDON, March 2 (Meridian Wire) - ", "BRUSSELS -- "
_DATELINE = re.compile(
    r"[A-ZÀ-Þ][A-ZÀ-Þ .'’/-]{2,40}(?:,\s[\w\s.]{2,30}){0,2}\s?(?:\([^()]{2,40}\)\s?(?:--?|[–—])|--|[–—])\s+"
)
_LIST = re.compile(r"(?:They|These|Those|Among (?:them|those))\s(?:include|included|are|were)\b")
_GOES_ON = re.compile(r"(?:It|They|That|This|These)\b")


def drafts_of(chosen: Sequence[Candidate], question: Question, *, ordered: bool = False) -> tuple[Draft, ...]:
    """Return drafts of the chosen sentences (best first), as many as make an answer short enough; all of them, in
    order, if ``ordered``.
    """
    if ordered:
        return tuple(_drafted(c, question) for c in chosen)
    most = _WORDS_MORE if question.speaker or question.kind in ("happened", "topic", "compare") else _WORDS
    drafts = _shortened(_without_copies([_drafted(c, question) for c in chosen]), most)
    return tuple(_in_order_of_time(drafts) if question.kind in ("happened", "topic") else _in_reading_order(drafts))


def _drafted(candidate: Candidate, question: Question) -> Draft:
    """Quote a sentence with what it needs from before it to be understood, and the list that it announces."""
    article = candidate.hit.article
    if candidate.headline:
        title, (start, end) = candidate.text, (candidate.start, candidate.end)
        return Draft(title, article, candidate.hit.passage, start, end, headline=True)
    text = article.text
    found, start, end, index = candidate.around, candidate.start, candidate.end, candidate.position
    while index > 0 and candidate.position - index < 2 and needs_before(text[start : found[index][1]]):
        before = found[index - 1]
        if end - before[0] > LONGEST or not can_answer(text[before[0] : before[1]]):
            break
        start, index = before[0], index - 1
    after = found[candidate.position + 1] if candidate.position + 1 < len(found) else None
    if after and after[1] - start <= LONGEST and _belongs(text[start:end], text[after[0] : after[1]], question):
        end = after[1]
    dateline = _DATELINE.match(text, start, end)
    if dateline and dateline.end() < end:
        start = dateline.end()
    # One line as a person reads it; the quote keeps the article's own white space.
    return Draft(_line(article, start, end), article, candidate.hit.passage, start, end)


def _belongs(sentence: str, after: str, question: Question) -> bool:
    """Tell whether the next sentence completes this one: the list it announces, the figure that "it" stands at."""
    if sentence.endswith(":") or _LIST.match(after):
        return True
    return question.kind == "number" and _GOES_ON.match(after) is not None and re.search(r"\d", after) is not None


def _without_copies(drafts: Sequence[Draft]) -> list[Draft]:
    """Drop a draft whose words are those of another paper's draft: quoting what comes before can make them equal."""
    kept: list[Draft] = []
    for draft in drafts:
        own = " ".join(words(draft.text))
        if not any(
            other.article is not draft.article and _contains(own, " ".join(words(other.text))) for other in kept
        ):
            kept.append(draft)
    return kept


def _contains(one: str, other: str) -> bool:
    return f" {one} " in f" {other} " or f" {other} " in f" {one} "


def _shortened(drafts: Sequence[Draft], most: int) -> list[Draft]:
    """Keep the best draft, and of the others, best first, as many as fit into ``most`` words; one of another article
    may be a little longer.
    """
    kept, used = list(drafts[:1]), sum(len(draft.text.split()) for draft in drafts[:1])
    for draft in drafts[1:]:
        length = len(draft.text.split())
        another = not any(one.article is draft.article for one in kept)
        if used + length <= (max(most, _WORDS_OTHERS) if another else most):
            kept.append(draft)
            used += length
    return kept


def _in_order_of_time(drafts: list[Draft]) -> list[Draft]:
    """Order drafts by date, the undated last, and by position within an article."""
    return _in_reading_order(
        sorted(
            drafts,
            key=lambda d: (d.article.source.published or date.max, d.article.source.id, not d.headline, d.start),
        )
    )


def _in_reading_order(drafts: list[Draft]) -> list[Draft]:
    """Put the best draft first, the others by article and by position within it; join those that overlap."""
    rank: dict[str, int] = {}
    for draft in drafts:
        rank.setdefault(draft.article.source.id, len(rank))
    ordered = drafts[:1] + sorted(drafts[1:], key=lambda d: (rank[d.article.source.id], not d.headline, d.start))
    joined: list[Draft] = []
    for draft in ordered:
        twin = next(
            (
                k
                for k, d in enumerate(joined)
                if d.article is draft.article
                and d.headline == draft.headline
                and draft.start <= d.end
                and d.start <= draft.end
            ),
            None,
        )
        if twin is None:
            joined.append(draft)
            continue
        other = joined[twin]
        start, end = min(other.start, draft.start), max(other.end, draft.end)
        joined[twin] = Draft(_line(other.article, start, end), other.article, other.passage, start, end)
    return joined


def _line(article: Article, start: int, end: int) -> str:
    return " ".join(article.text[start:end].split())


NAME = "quotes"
_PASSAGES = 6  # hits from which sentences are taken
_PASSAGES_SAID = 12  # hits where somebody's words are asked for: he speaks in few of them
_HEADLINES = 2
# the best by words are compared by meaning too, which costs milliseconds each (docs/understand/speed.md)
_COMPARED = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """What the answerer drafts, or why it drafts nothing, and how well the best sentence supports an answer.

    ``closest`` is shown where nothing is drafted: the sentence that comes closest to an answer.
    """

    drafts: tuple[Draft, ...]
    why: str
    confidence: float = 0.0
    lead: str = ""  # a line of the bot's own, before the sentences
    closest: Draft | None = None


def choose(
    view: View,
    question: Question,
    asked: Vectors,
    hits: Sequence[Hit],
    embedder: Embedder,
    level: Level = "balanced",
    reader: Reader | None = None,
    shown: Collection[Place] = (),
) -> Choice:
    """Draft an answer from the hits of one view of the archive, or say why there is none; ``asked`` is the vector of
    ``question.asked``. No sentence within a ``shown`` place is taken.
    """
    if not hits:
        return Choice((), "no passage was found")
    if not question.terms:
        return Choice((), "the question names no topic")
    weights = weights_of(view, question)
    most = _PASSAGES_SAID if question.speaker or question.compared else _PASSAGES
    candidates = without(shown, candidates_of(view, hits[:most], question, weights))
    headlines = without(shown, headlines_of(hits[:most], question, weights))
    if not candidates and not headlines:
        return Choice((), "the passages found hold no full sentence")
    _take_named_for_speakers(candidates, question)
    score_by_words([*candidates, *headlines], question, weights)
    candidates, headlines = best_first(candidates)[:_COMPARED], best_first(headlines)[:_HEADLINES]
    compared = [*candidates, *headlines]
    score_by_meaning(compared, asked, sentence_vectors(embedder, compared))
    candidates, headlines = best_first(candidates), best_first(headlines)

    def chosen(among: Sequence[Candidate]) -> Choice:
        return _chosen(among, question, weights, hits, level, reader)

    first = with_headline(candidates, headlines, question)
    choice = chosen(first) if first else Choice((), "the passages found hold no full sentence")
    unsaid = [one for one in headlines if not said_in_text(one, candidates, question)]
    if choice.drafts or not unsaid or first[0].headline:
        return choice
    instead = chosen([*unsaid[:1], *candidates])
    return instead if instead.drafts else choice


def _chosen(
    candidates: Sequence[Candidate],
    question: Question,
    weights: Mapping[str, float],
    hits: Sequence[Hit],
    level: Level,
    reader: Reader | None,
) -> Choice:
    """Draft an answer from scored candidates, the best first, or say why there is none."""
    best = candidates[0]
    sure = max(confidence(signs) for signs in signs_of(candidates, question, weights, hits))
    if reader is not None:
        sure = decide(reader, question, best, sure, LEVELS[level])
    why_not = what_is_missing(candidates, question, weights)
    if why_not:
        return Choice((), why_not, sure - 1)
    if sure < LEVELS[level]:
        return Choice(
            (),
            f"what was found supports too little of the question (confidence {sure:.2f}, needed {LEVELS[level]})",
            sure,
        )
    why = f"best sentence: meaning {best.meaning:.2f}, coverage {best.coverage:.2f}, confidence {sure:.2f}"
    reports = disagreeing(candidates, question)
    if reports:
        return Choice(drafts_of(reports.sentences, question, ordered=True), why, sure, reports.lead)
    return Choice(drafts_of(without_repeats(good_enough(candidates, question, weights)), question), why, sure)


def _take_named_for_speakers(candidates: Sequence[Candidate], question: Question) -> None:
    """If no one asked about speaks, take sentences on what they did ("Meloni repeated her doubts") as theirs; all that
    name them, where the question is what they want.
    """
    if not question.speaker or any(c.speakers for c in candidates):
        return
    wanted, wants = frozenset(question.speaker), WILL.search(question.asked) is not None
    for candidate in candidates:
        if wants or not any(named_in(candidate.text)):
            candidate.speakers = wanted & (candidate.terms if wants else acting_in(candidate.text))
