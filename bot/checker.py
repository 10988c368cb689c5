"""The checker: the only maker of citations. What an answerer drafted is kept if it stands in the articles, else dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.answers import Citation, Dropped, Sentence
from index.articles import Article, Hit, Passage
from index.embed import Embedder

Entails = Callable[[str, str], float]  # (premise, claim) -> how surely the one entails the other, 0 to 1


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


class SentenceChecker:
    """Checks the sentences of one answer as a model writes them; what it lets through can stay."""

    def __init__(self, passages: Mapping[str, Hit], embedder: Embedder, question: str = "", entails: Entails | None = None) -> None:
        """Check against passages, by the keys under which the model saw them."""
        self._passages = passages
        self._embedder = embedder
        self._question = question
        self._entails = entails
        self._citations: list[Citation] = []

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations so far, numbered from 1."""
        return tuple(self._citations)

    def take(self, sentence: str) -> tuple[Sentence, tuple[Citation, ...]] | Dropped:
        """Return a complete sentence of the model's without its keys, and the citations that are new with it, or why it is dropped."""
        keys = re.findall(r"\[([^\[\]]*)\]", sentence)
        text = " ".join(re.sub(r"\s*\[[^\[\]]*\]", "", sentence).split())
        if not keys or not text:
            return Dropped(text, "the sentence has no key of a passage")
        drafts = []
        for key in keys:
            hit = self._passages.get(key)
            if hit is None:
                return Dropped(text, "the sentence has a key that no passage has")
            found = re.search(r"\s+".join(map(re.escape, text.split())), hit.passage.text)
            if found:
                start = hit.passage.start
                drafts.append(Draft(text, hit.article, hit.passage, start + found.start(), start + found.end()))
        _, citations, _ = check(drafts)
        if not citations:
            return Dropped(text, "the sentence does not stand in the passage it names")
        new = tuple(Citation(len(self._citations) + c.number, c.article, c.passage, c.quote, c.start, c.end) for c in citations)
        self._citations += new
        return Sentence(text, tuple(citation.number for citation in new)), new


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
