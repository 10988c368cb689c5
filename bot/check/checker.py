"""The checker: the only maker of citations.

It keeps a sentence if the articles support it, and otherwise drops it as a whole.

of the quotes answerer   check: the sentence is what stands at its position
of a language model      SentenceChecker: form and keys (claim.py) → windows of the cited passages (evidence.py) →
                         words (alignment.py, contradictions.py) → speakers → meaning (vectors, or an entailment model)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from bot.check.additions import added, missing
from bot.check.alignment import Match, align
from bot.check.claim import parse_claim, tokenize
from bot.check.contradictions import contrary
from bot.check.evidence import Evidence, Window, misattributed, without_outlet
from bot.check.facts import unknown
from bot.check.quotations import in_quotation_marks, no_address, unquoted, verbatim
from bot.check.resting import named, resting_on
from bot.reply import Citation, Dropped, Sentence
from index.articles import Article, Hit, Passage
from index.model.embedder import Embedder, Vectors
from index.sentences import Span, spans

Entails = Callable[[str, str], float]  # (premise, claim) -> how surely the one entails the other, 0 to 1

_COVERED_FIRST = 0.4  # what a window must cover to be asked of an entailment model
_JUDGED = 4  # passages that a judge reads for a sentence
_NEAR_VERBATIM = 0.85  # share of a claim in the window's order, from which no judge overrules the rules on words
_WINDOWS = 6  # tried for a sentence, best covered first
_MUCH = 0.5  # share of the window's words for a claim; a sentence with so many is one the claim is made from
_LEAST_CLAUSE = 3  # content words; what has fewer is not taken for a clause
_CLAUSES = re.compile(r"[;,]\s+(?:and|but|while|whereas|although|though|yet)\s+|;\s+|\s+(?:but|while|whereas)\s+")


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


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a sentence must reach: share of its words in the window, cosine, entailment.

    docs/understand/checker.md has the curves.
    """

    covered: float = 0.75
    near: float = 0.75
    entailed: float = 0.5


@dataclass(frozen=True, slots=True)
class Support:
    """How well the best window supports a claim: what is wrong, share of words covered, cosine (or entailment)."""

    fault: str
    window: Window | None
    covered: float = 0.0
    near: float = 0.0
    final: bool = False  # no other window can change it


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


@dataclass(frozen=True, slots=True)
class Weighed:
    """A sentence of a model's: as it would be shown, why it is not ("" if it is confirmed), and what it cites."""

    text: str
    fault: str
    cited: tuple[Evidence, ...] = ()
    supports: tuple[Support, ...] = ()
    rests: tuple[Window, ...] = ()  # what the model names as its evidence, where that stands there

    @property
    def evidence(self) -> str:
        """What a judge reads beside it: the cited passages, each under its publisher, day and title."""
        return "\n\n".join(evidence.described for evidence in self.cited[:_JUDGED])

    @property
    def verbatim(self) -> bool:
        """Whether it stands in a passage word for word."""
        return bool(self.supports) and all(support.near == 1.0 for support in self.supports)


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

    def __init__(
        self,
        passages: Mapping[str, Hit],
        embedder: Embedder,
        entails: Entails | None = None,
        bounds: Bounds | None = None,
        *,
        judged: bool = False,
    ) -> None:
        """Check against passages, by the keys under which the model saw them; ``entails`` takes the place of the
        embedder where it is given.

        ``judged``: the caller has a judge of its own, so only what can be looked up or contradicts the passage is a
        fault here.
        """
        self._judged = judged
        self._bounds = bounds or Bounds()
        self._evidence = {key: Evidence(hit) for key, hit in passages.items()}
        self._printed = frozenset(
            inside for hit in passages.values() for inside in re.findall(r"\[([^\[\]]*)\]", hit.passage.text)
        )
        self._embedder = embedder
        self._entails = entails
        self._vectors: dict[str, Vectors] = {}
        self._citations: list[Citation] = []
        self._quoted: set[tuple[str, Span]] = set()  # the sentences shown as quotations, by article

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations so far, numbered from 1."""
        return tuple(self._citations)

    def take(self, sentence: str) -> tuple[Sentence, tuple[Citation, ...]] | Dropped:
        """Return a complete sentence of the model's without its keys, and the citations that are new with it, or why it
        is not shown.
        """
        weighed = self.weigh(sentence)
        if weighed.fault:
            return Dropped(weighed.text, weighed.fault)
        before = len(self._citations)
        return self.confirm(weighed), tuple(self._citations[before:])

    def weigh(self, sentence: str) -> Weighed:
        """Return a sentence of the model's without its keys, and how well the passages support each of its parts."""
        claim = parse_claim(sentence, self._evidence, self._printed)
        cited = tuple(self._evidence[key] for key in claim.keys or self._evidence)
        fault = claim.fault or unquoted(claim.quoted, cited) or no_address(claim.text, cited)
        if self._judged and not fault:
            fault = unknown(without_outlet(claim.text, [each.hit.article.source for each in cited]).text, cited)
        supports = () if fault else tuple(self._supports(claim.text, cited))
        rests = named([(self._evidence[key], words) for key, words in claim.rests])
        return Weighed(
            claim.text,
            fault or next((each.fault for each in supports if each.fault), ""),
            cited,
            supports,
            tuple(rests),
        )

    def confirm(self, weighed: Weighed) -> Sentence:
        """Return a sentence in the model's words, with the quotes that support it."""
        windows: Iterable[Window] = (support.window for support in weighed.supports if support.window)
        if self._judged and not weighed.verbatim:
            windows = self._resting(weighed)
        return Sentence(weighed.text, tuple(dict.fromkeys(self._cite(window) for window in windows)))

    def quoted(self, weighed: Weighed) -> list[Sentence] | None:
        """Return the sentences of the passages that a sentence rests on, as quotations, without those that were shown
        already; None if it rests on nothing.
        """
        windows = self._resting(weighed)
        found = []
        for window in windows:
            at = (window.evidence.hit.article.source.id, window.span)
            if at not in self._quoted:
                self._quoted.add(at)
                found.append(Sentence(in_quotation_marks(window.text), (self._cite(window),)))
        return found if windows else None

    def _resting(self, weighed: Weighed) -> list[Window]:
        """Return the sentences that a sentence rests on: those that the model names, and what it says beside them."""
        own = resting_on(weighed.text, weighed.cited, self._vectors_of)
        return [*weighed.rests, *(window for window in own if not _overlap([window, *weighed.rests]))]

    def _supports(self, text: str, cited: Sequence[Evidence]) -> list[Support]:
        """Return how well each sentence of a text is supported; where one is not, each of its clauses."""
        found: list[Support] = []
        for start, end in spans(text):
            whole = self._support(text[start:end], cited)
            parts = _clauses(text[start:end]) if whole.fault else []
            carried: list[Support] = []
            for part in parts if len(parts) > 1 else []:
                speaker_named = any(support.window and support.window.speakers for support in carried)
                carried.append(self._support(part, cited, speaker_named=speaker_named))
                if carried[-1].fault:
                    break
            # Clauses of one sentence of the article are one statement: taken apart, each could find its words in the
            # other.
            apart = not whole.final or not _overlap([support.window for support in carried if support.window])
            found += carried if carried and not carried[-1].fault and apart else [whole]
        return found

    def _support(self, text: str, cited: Sequence[Evidence], *, speaker_named: bool = False) -> Support:
        """Return the support of the best window for a claim."""
        rest = without_outlet(text, [evidence.hit.article.source for evidence in cited])
        same = verbatim(rest.text, cited)
        if same:
            return Support("", same, 1.0, 1.0)
        foreign = any((each.hit.article.source.language or "en") != "en" for each in cited) or _foreign(rest.text)
        if foreign and not self._judged:
            return Support("in a language other than English only what stands there word for word can be checked", None)
        matches = _best_windows(rest.text, cited)
        if not matches:
            return Support("the passage it names has no sentence", None)
        first: Support | None = None
        for window, match in matches:
            support = self._weighed(rest.text, window, match, speaker_named or rest.loosely)
            if not support.fault:
                return support
            first = first or support
            if support.final:
                return support
        assert first is not None
        return first

    def _weighed(self, text: str, window: Window, match: Match, speaker_named: bool) -> Support:
        covered = match.coverage
        if self._judged:
            wrong = match.in_order >= _NEAR_VERBATIM and (
                contrary(match)
                or _contrary_inside(window, match)
                or misattributed(text, match, window, speaker_named=speaker_named)
            )
            return Support(wrong or "", window, covered, final=bool(wrong))
        if covered < (_COVERED_FIRST if self._entails else self._bounds.covered):
            return Support("too little of what it says stands in the passage", window, covered)
        if why_not := contrary(match) or _contrary_inside(window, match):
            return Support(why_not, window, covered, final=True)
        if why_not := missing(match, window.around) or added(match):
            return Support(why_not, window, covered)
        if why_not := misattributed(text, match, window, speaker_named=speaker_named):
            return Support(why_not, window, covered, final=True)
        if self._entails is not None:
            near = self._entails(window.evidence.hit.passage.text, text)
            return Support(
                "" if near >= self._bounds.entailed else "its meaning does not follow from the passage",
                window,
                covered,
                near,
            )
        mine, its = self._vectors_of([text, window.text])
        near = float(mine @ its)
        return Support(
            "" if near >= self._bounds.near else "its meaning is too far from the passage", window, covered, near
        )

    def _vectors_of(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors |= zip(new, self._embedder.embed(new), strict=True)
        return np.stack([self._vectors[text] for text in texts])

    def _cite(self, window: Window) -> int:
        """Return the number of the citation of a window, made if there is none yet."""
        (start, end), hit = window.span, window.evidence.hit
        for citation in self._citations:
            if citation.article.source.id == hit.article.source.id and (citation.start, citation.end) == (start, end):
                return citation.number
        number = len(self._citations) + 1
        self._citations.append(Citation(number, hit.article, hit.passage, hit.article.text[start:end], start, end))
        return number


def _best_windows(text: str, cited: Iterable[Evidence]) -> list[tuple[Window, Match]]:
    """Return the windows that have most of a claim, each with its match; of equal ones the shorter."""
    found = []
    for evidence in cited:
        claim = tokenize(text, evidence.lower)
        keys = {token.key for token in claim if token.content}
        rough = [
            (len(keys & {token.key for token in window.tokens}) - 0.3 * (window.last - window.first), window)
            for window in evidence.windows()
        ]
        rough.sort(key=lambda pair: -pair[0])
        for _, window in rough[:_WINDOWS]:
            match = align(claim, window.tokens, evidence.hit.article.source.published)
            found.append(
                (0.5 * match.in_order + 0.7 * match.coverage - 0.1 * (window.last - window.first), window, match)
            )
    found.sort(key=lambda triple: -triple[0])
    return [(window, match) for _, window, match in found[:_WINDOWS]]


def _overlap(windows: Sequence[Window]) -> bool:
    return any(
        one.evidence is other.evidence and one.first <= other.last and other.first <= one.last
        for one, other in combinations(windows, 2)
    )


def _contrary_inside(window: Window, match: Match) -> str:
    """Return how a claim contradicts one sentence of a window, "" if it does not: the others must not lend it a name or
    number.
    """
    if window.first == window.last:
        return ""
    evidence = window.evidence
    singles = [Window(evidence, number, number) for number in range(window.first, window.last + 1)]
    matches = [align(match.claim, single.tokens, evidence.hit.article.source.published) for single in singles]
    much = [own for own in matches if own.in_order >= _MUCH * match.in_order]
    return next((wrong for own in much if (wrong := contrary(own, part=True))), "")


def _clauses(text: str) -> list[str]:
    """Split a sentence where one statement is joined to another; what would be too short to be one stays."""
    parts: list[str] = []
    at = 0
    for match in _CLAUSES.finditer(text):
        part = text[at : match.start()]
        rest = text[match.end() :]
        if min(sum(token.content for token in tokenize(piece)) for piece in (part, rest)) < _LEAST_CLAUSE or part.count(
            "“"
        ) != part.count("”"):
            continue
        parts.append(part)
        at = match.end()
    return [*parts, text[at:]]


def _foreign(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return sum(ord(char) > 0x24F for char in letters) > 0.3 * len(letters)


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
