"""What a cited passage offers as evidence: its sentences as tokens, and runs of one to three of them (windows)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.check.tokens import Token, tokenize
from bot.check.vocabulary import lemma
from index.articles import Hit
from index.sentences import Span, spans
from index.statements import Statement, statements
from index.times import Written

_CONTEXT = 1_500  # characters before a passage that its reader has just read
_LONGEST_WINDOW = 3  # sentences
SENTENCE = 1_000  # clauses that are numbered for a sentence
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring sentences of a passage, by their first and last number in the evidence."""

    evidence: Evidence
    first: int
    last: int

    @property
    def span(self) -> Span:
        """Its position in the article."""
        return self.evidence.sentences[self.first][0], self.evidence.sentences[self.last][1]

    @property
    def text(self) -> str:
        """Its words."""
        return self.evidence.hit.article.text[slice(*self.span)]

    @property
    def tokens(self) -> list[Token]:
        """Its tokens; clauses of different sentences are different."""
        return [token for number in range(self.first, self.last + 1) for token in self.evidence.tokens(number)]

    def overlaps(self, other: Window) -> bool:
        """Tell whether it shares a sentence with another."""
        return self.evidence is other.evidence and self.first <= other.last and other.first <= self.last


class Evidence:
    """A cited passage, parsed once."""

    def __init__(self, hit: Hit) -> None:
        self.hit = hit
        text, passage = hit.article.text, hit.passage
        start = text.rfind("\n", 0, max(0, passage.start - _CONTEXT)) + 1
        end = text.find("\n", passage.end)
        self.sentences: list[Span] = [(start + s, start + e) for s, e in spans(text[start : end if end >= 0 else None])]
        self._tokens: dict[int, list[Token]] = {}

    @cached_property
    def lower(self) -> frozenset[str]:
        """Words that the article writes small somewhere: with a capital they open a sentence."""
        return frozenset(word for word in _WORD.findall(self.hit.article.text) if word.islower())

    @cached_property
    def statements(self) -> list[Statement]:
        """Who speaks in which sentence."""
        return statements([self.hit.article.text[start:end] for start, end in self.sentences])

    @cached_property
    def words(self) -> frozenset[str]:
        """The lemmas of all words of the article, its title, author and publisher."""
        source = self.hit.article.source
        texts = (self.hit.article.text, source.title, source.author or "", source.publisher or "")
        return frozenset(lemma(word) for text in texts for word in _WORD.findall(text))

    @cached_property
    def facts(self) -> list[Token]:
        """The numbers and times of the passage and the title."""
        title = tokenize(self.hit.article.source.title, self.lower)
        own = [token for number in self.own for token in self.tokens(number)]
        return [token for token in (*title, *own) if token.kind in ("figure", "day")]

    @cached_property
    def written(self) -> Written:
        """The day of its publication, and the years that it names."""
        published = self.hit.article.source.published
        named = {int(year) for year in re.findall(r"\b(?:1[5-9]|20)\d\d\b", self.hit.article.text)}
        return Written(published, frozenset(named | ({published.year} if published else set())))

    @cached_property
    def own(self) -> list[int]:
        """The sentences that lie in the passage itself, at least in part."""
        passage = self.hit.passage
        return [n for n, (start, end) in enumerate(self.sentences) if end > passage.start and start < passage.end]

    def tokens(self, number: int) -> list[Token]:
        """Return the tokens of a sentence."""
        if number not in self._tokens:
            text = self.hit.article.text[slice(*self.sentences[number])]
            self._tokens[number] = tokenize(text, self.lower, clause=SENTENCE * number)
        return self._tokens[number]

    def windows(self) -> Iterator[Window]:
        """Yield every run of one to three neighbouring sentences of the passage."""
        for length in range(1, _LONGEST_WINDOW + 1):
            for first, last in zip(self.own, self.own[length - 1 :], strict=False):
                yield Window(self, first, last)
