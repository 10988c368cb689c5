"""The checker: the only maker of citations. What an answerer drafted is kept if it stands in the articles, else dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answers import Citation, Dropped, Sentence
from index.articles import Article, Passage


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
