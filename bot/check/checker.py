"""The checker: the only maker of citations.

of the quotes answerer   check: the sentence is what stands at its position
of a language model      SentenceChecker: guards (what can be counted) and a judge (a reading model) must both agree;
                         else the sentences of the passages that it rests on take its place
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.check.alignment import ALIKE, Match, align
from bot.check.claim import parse_claim
from bot.check.contradictions import contrary
from bot.check.evidence import Evidence, Window
from bot.check.facts import unknown
from bot.check.judge import Judge, Weighed
from bot.check.quotations import in_quotation_marks, no_address, unquoted, verbatim
from bot.check.resting import named, resting_on
from bot.check.speakers import misattributed, without_outlet
from bot.check.tokens import tokenize
from bot.reply import Citation, Dropped, Sentence
from index.articles import Article, Hit, Passage
from index.model.embedder import Embedder, Vectors
from index.sentences import Span, spans

_TRIED = 6  # windows of a passage that are aligned with a sentence: those that have most of its words
_NEARLY = 0.85  # share of a sentence in a window's order from which the judge need not be so sure
_LONGER = 0.3  # what each further sentence of a window must add
_OTHER_LETTERS = re.compile(r"[^\W\d_\u0000-\u024f]{4}")  # of another script
_NO_JUDGE = "no judge is set, and it does not stand in the passage word for word"
_NOT_JUDGED = "the judge does not find it in the passages"
_FOREIGN = "in a language other than English only what stands there word for word can be checked"


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence or excerpt that an answerer proposes; ``answering`` and ``speaker`` are those of a citation."""

    text: str
    article: Article
    passage: Passage
    start: int
    end: int
    also_in: tuple[str, ...] = ()
    headline: bool = False
    answering: Span | None = None
    speaker: str = ""

    @property
    def answer(self) -> str:
        """The sentence that answers; the whole quote, if none stands out."""
        return self.article.part(*(self.answering or (self.start, self.end)), headline=self.headline)


def check(drafts: Sequence[Draft]) -> tuple[tuple[Sentence, ...], tuple[Citation, ...], tuple[Dropped, ...]]:
    """Return the sentences that hold, numbered from 1 in order, their citations, and what was dropped.

    A draft holds if its text is, white space aside, what stands at its position in its article, and that is not empty
    and overlaps its passage, or is of the headline. A draft that fails takes its whole sentence with it. Each paragraph
    or item of a list that is quoted is a line of the sentence's text.
    """
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    dropped: list[Dropped] = []
    for draft in drafts:
        if fault := _fault(draft):
            dropped.append(Dropped(draft.text, fault))
            continue
        number = len(citations) + 1
        article, span = draft.article, (draft.start, draft.end)
        quote = article.part(*span, headline=draft.headline)
        citation = Citation(number, article, draft.passage, quote, *span, draft.also_in, draft.headline)
        citations.append(replace(citation, answering=draft.answering, speaker=draft.speaker))
        text = "\n".join(" ".join(line.split()) for line in quote.splitlines() if line.strip())
        sentences.append(Sentence(text, (number,), _bold(draft, quote, text)))
    if all(sentence.bold in (None, (0, len(sentence.text))) for sentence in sentences):  # nothing to stand out from
        sentences = [replace(sentence, bold=None) for sentence in sentences]
    return tuple(sentences), tuple(citations), tuple(dropped)


def _bold(draft: Draft, quote: str, text: str) -> Span | None:
    """Return where the sentence that answers stands in a text that is the quote but for white space."""
    if draft.answering is None:
        return None
    own = (at for at, letter in enumerate(quote, draft.start) if not letter.isspace())
    shown = (at for at, letter in enumerate(text) if not letter.isspace())
    inside = [there for here, there in zip(own, shown, strict=True) if here in range(*draft.answering)]
    return inside[0], inside[-1] + 1


class SentenceChecker:
    """Checks the sentences of one answer as a model writes them, so that what is shown never has to be taken back."""

    def __init__(self, passages: Mapping[str, Hit], embedder: Embedder, judge: Judge | None = None) -> None:
        """Check against passages, by the keys under which the model saw them. Without a judge only what stands there
        word for word is confirmed.
        """
        self._evidence = {key: Evidence(hit) for key, hit in passages.items()}
        texts = "\n\n".join(hit.passage.text for hit in passages.values())
        self._printed = frozenset(re.findall(r"\[([^\[\]]*)\]", texts))
        self._embedder, self.judge = embedder, judge
        self._vectors: dict[str, Vectors] = {}
        self._citations: list[Citation] = []
        self._quoted: set[tuple[str, Span]] = set()  # the sentences shown as quotations, by article

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations so far, numbered from 1."""
        return tuple(self._citations)

    def take(self, sentence: str) -> Sentence | Dropped:
        """Return a complete sentence of the model's without its keys, or why it is not confirmed."""
        [weighed] = self.decide([self.weigh(sentence)])
        return Dropped(weighed.text, weighed.fault) if weighed.fault else self.confirm(weighed)

    def weigh(self, sentence: str) -> Weighed:
        """Return a sentence of the model's without its keys, what the guards have against it, and what it rests on."""
        claim = parse_claim(sentence, self._evidence, self._printed)
        cited = tuple(self._evidence[key] for key in claim.keys or self._evidence)
        sources = [evidence.hit.article.source for evidence in cited]
        known = without_outlet(claim.text, sources)
        fault = claim.fault or unquoted(claim.quoted, cited) or no_address(claim.text, cited) or unknown(known, cited)
        foreign = any((source.language or "en") != "en" for source in sources) or _OTHER_LETTERS.search(claim.text)
        near, in_windows, same, rests = True, True, True, list[Window]()
        for start, end in spans(claim.text) if not fault else ():
            said = without_outlet(claim.text[start:end], sources)
            if window := verbatim(said, cited):
                rests.append(window)
                continue
            same, (window, match) = False, _nearest(said, cited)
            share = match.in_order() if match else 0.0
            alike, near = share >= ALIKE, near and share >= _NEARLY
            in_windows = in_windows and alike
            if window and match:
                rests.append(window)
                fault = fault or (contrary(match) if alike else "") or misattributed(said, match, window)
        if fault or not in_windows:
            rests = named([(self._evidence[key], words) for key, words in claim.rests])
            more = resting_on(claim.text, cited, self._vectors_of)
            rests += [window for window in more if not any(window.overlaps(other) for other in rests)]
        return Weighed(
            claim.text, fault, cited, tuple(rests), not fault and same, not fault and near, known, bool(foreign)
        )

    def decide(self, sentences: Sequence[Weighed]) -> list[Weighed]:
        """Return sentences with what the judge has against them; it is asked of those that need it, together."""
        judge, faults = self.judge, {id(one): one.fault for one in sentences}
        asked = []
        for one in (one for one in sentences if not one.settled):
            if one.foreign and not (judge and judge.every_language):
                faults[id(one)] = _FOREIGN
            elif judge is None:
                faults[id(one)] = _NO_JUDGE
            else:
                faults[id(one)] = _NOT_JUDGED
                asked += [one] if one.rests else []
        if judge and asked:
            faults |= {id(one): "" for one, yes in zip(asked, judge.confirms(asked), strict=True) if yes}
        return [replace(one, fault=faults[id(one)]) for one in sentences]

    def confirm(self, weighed: Weighed) -> Sentence:
        """Return a sentence in the model's words, with the quotes that support it."""
        return Sentence(weighed.text, tuple(dict.fromkeys(self._cite(window) for window in weighed.rests)))

    def quoted(self, weighed: Weighed) -> list[Sentence] | None:
        """Return the sentences of the passages that a sentence rests on, as quotations, without those that were shown
        already; None if it rests on nothing.
        """
        found = []
        for window in weighed.rests:
            at = (window.evidence.hit.article.source.id, window.span)
            if at not in self._quoted:
                self._quoted.add(at)
                found.append(Sentence(in_quotation_marks(window.text), (self._cite(window),)))
        return found if weighed.rests else None

    def _vectors_of(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors |= zip(new, self._embedder.embed(new), strict=True)
        return np.stack([self._vectors[text] for text in texts])

    def _cite(self, window: Window) -> int:
        """Return the number of the citation of a window, made if there is none yet."""
        hit, number = window.evidence.hit, len(self._citations) + 1
        for known in self._citations:
            if known.article.source.id == hit.article.source.id and (known.start, known.end) == window.span:
                return known.number
        self._citations.append(Citation(number, hit.article, hit.passage, window.text, *window.span))
        return number


def _nearest(text: str, cited: Sequence[Evidence]) -> tuple[Window, Match] | tuple[None, None]:
    """Return the window that has most of a claim in its order, with the match; of equal ones the shorter."""
    found = []
    for evidence in cited:
        claim = tokenize(text, evidence.lower)
        keys = {token.key for token in claim if token.content}
        shared = [(window, len(keys & {token.key for token in window.tokens})) for window in evidence.windows()]
        shared.sort(key=lambda pair: -pair[1] + 0.3 * (pair[0].last - pair[0].first))
        for window, _ in shared[:_TRIED]:
            match = align(claim, window.tokens, evidence.written)
            found.append((match.in_order() - _LONGER * (window.last - window.first), window, match))
    return max(found, key=lambda triple: triple[0])[1:] if found else (None, None)


def _fault(draft: Draft) -> str:
    article, passage = draft.article, draft.passage
    if not 0 <= draft.start < draft.end <= len(article.source.title if draft.headline else article.text):
        return "the quoted place lies outside the article"
    quote = article.part(draft.start, draft.end, headline=draft.headline)
    if not quote.strip():
        return "the quote is empty"
    if quote.split() != draft.text.split():
        return "the sentence is not what the article says"
    if article.text[passage.start : passage.end] != passage.text or passage.article_id != article.source.id:
        return "the passage does not belong to the article"
    if not draft.headline and (draft.end <= passage.start or draft.start >= passage.end):
        return "the quote lies outside the passage that was found"
    start, end = draft.answering or (draft.start, draft.end)
    if not draft.start <= start < end <= draft.end or not article.part(start, end, headline=draft.headline).strip():
        return "the sentence that answers lies outside the quote"
    if draft.speaker and " ".join(draft.speaker.split()) not in " ".join(article.text.split()):
        return "the article does not name the speaker"
    return ""
