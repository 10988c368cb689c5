"""The checker: the only maker of citations. What an answerer drafted is kept if it stands in the articles, else dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.answers import Citation, Dropped, Sentence
from index.articles import Article, Hit, Passage
from index.embed import Embedder
from index.sentences import spans
from index.terms import terms

Entails = Callable[[Sequence[tuple[str, str]]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence that an answerer proposes, with the place in an article it claims to come from."""

    text: str
    article: Article
    passage: Passage
    start: int
    end: int
    also_in: tuple[str, ...] = ()


def check(drafts: Sequence[Draft]) -> tuple[tuple[Sentence, ...], tuple[Citation, ...], tuple[Dropped, ...]]:
    """Return the sentences that hold, numbered from 1 in order, their citations, and what was dropped.

    A draft holds if its text is, white space aside, what stands at its place in its article, and that place is not empty and lies in
    or beside its passage. A draft that fails takes its whole sentence with it.
    """
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    dropped: list[Dropped] = []
    for draft in drafts:
        fault = _fault(draft)
        if fault:
            dropped.append(Dropped(draft.text, fault))
            continue
        number = len(citations) + 1
        quote = draft.article.text[draft.start : draft.end]
        citations.append(Citation(number, draft.article, draft.passage, quote, draft.start, draft.end, draft.also_in))
        sentences.append(Sentence(draft.text, (number,)))
    return tuple(sentences), tuple(citations), tuple(dropped)


def _fault(draft: Draft) -> str:
    text, passage = draft.article.text, draft.passage
    if not 0 <= draft.start < draft.end <= len(text):
        return "the quoted place lies outside the article"
    quote = text[draft.start : draft.end]
    if not quote.strip():
        return "the quote is empty"
    if quote.split() != draft.text.split():
        return "the sentence is not what the article says"
    if text[passage.start : passage.end] != passage.text or passage.article_id != draft.article.source.id:
        return "the passage does not belong to the article"
    if draft.end <= passage.start or draft.start >= passage.end:
        return "the quote lies outside the passage that was found"
    return ""


class SentenceChecker:
    """STAND-IN, to be replaced whole: keeps a sentence whose keys are known and whose quoted words stand in a passage it cites."""

    def __init__(self, passages: Mapping[str, Hit], embedder: Embedder, question: str = "", entails: Entails | None = None) -> None:  # noqa: ARG002
        self._passages = passages
        self._citations: list[Citation] = []

    def take(self, sentence: str) -> tuple[Sentence, tuple[Citation, ...]] | Dropped:
        """Check one sentence of model output, its keys in square brackets."""
        keys = re.findall(r"\[([^\[\]]*)\]", sentence)
        text = re.sub(r"\s+([.!?,;])", r"\1", " ".join(re.sub(r"\s*\[[^\[\]]*\]", "", sentence).split()))
        if not keys:
            return Dropped(text, "no key")
        if any(key not in self._passages for key in keys):
            return Dropped(text, "unknown key")
        hits = [self._passages[key] for key in dict.fromkeys(keys)]
        quotes = re.findall(r'[“"]([^“”"]+)[”"]', text)
        if any(not any(quote.rstrip(".,") in " ".join(hit.passage.text.split()) for hit in hits) for quote in quotes):
            return Dropped(text, "quote is not verbatim")
        wanted = set(terms(text))
        new, numbers = [], []
        for hit in hits:
            places = [(hit.passage.start + a, hit.passage.start + b) for a, b in spans(hit.passage.text)]
            start, end = max(places, key=lambda place: len(wanted & set(terms(hit.article.text[place[0] : place[1]]))))
            known = next((c for c in self._citations if (c.article.source.id, c.start, c.end) == (hit.article.source.id, start, end)), None)
            if known is None:
                known = Citation(len(self._citations) + 1, hit.article, hit.passage, hit.article.text[start:end], start, end)
                self._citations.append(known)
                new.append(known)
            numbers.append(known.number)
        return Sentence(text, tuple(dict.fromkeys(numbers))), tuple(new)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every citation so far."""
        return tuple(self._citations)
