"""What a cited passage can vouch for: its sentences as tokens, the names around them, and who speaks in which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from bot.check.contradictions import Around
from bot.check.wording import Token, worded
from index.articles import Hit
from index.statements import Statement, statements
from index.text import Span, spans

_CONTEXT = 1_500  # characters before a passage that its reader has just read
_BEFORE = 2  # sentences before a window in which "he" may be named
_LONGEST_WINDOW = 3  # sentences
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring sentences of a passage, by their first and last number in the evidence."""

    evidence: Evidence
    first: int
    last: int

    @property
    def place(self) -> Span:
        """Where it stands in the article."""
        return self.evidence.sentences[self.first][0], self.evidence.sentences[self.last][1]

    @property
    def text(self) -> str:
        """Its words."""
        start, end = self.place
        return self.evidence.hit.article.text[start:end]

    @property
    def tokens(self) -> list[Token]:
        """Its tokens; clauses of different sentences are different."""
        return [token for number in range(self.first, self.last + 1) for token in self.evidence.tokens(number)]

    @property
    def speakers(self) -> list[Statement]:
        """Who speaks in it."""
        return [statement for statement in self.evidence.statements if self.first <= statement.index <= self.last]

    @property
    def around(self) -> Around:
        """What its article says besides."""
        evidence = self.evidence
        before = [
            token for number in range(max(0, self.first - _BEFORE), self.first) for token in evidence.tokens(number)
        ]
        carried = [
            word for statement in self.speakers if statement.carried for word in _names(worded(statement.speaker))
        ]
        names = frozenset([*_names(before), *_names(evidence.title), *carried])
        return Around(evidence.hit.article.source.published, names, evidence.near, evidence.pairs)


class Evidence:
    """A cited passage, read once."""

    def __init__(self, hit: Hit) -> None:
        self.hit = hit
        text, passage = hit.article.text, hit.passage
        start = text.rfind("\n", 0, max(0, passage.start - _CONTEXT)) + 1
        end = (
            passage.end
            if passage.end >= len(text) or text[passage.end : passage.end + 1] == "\n"
            else _line_end(text, passage.end)
        )
        self.sentences: list[Span] = [(start + s, start + e) for s, e in spans(text[start:end])]
        self._tokens: dict[int, list[Token]] = {}

    @cached_property
    def lower(self) -> frozenset[str]:
        """Words that the article writes small somewhere: with a capital they open a sentence."""
        return frozenset(word for word in _WORD.findall(self.hit.article.text) if word.islower())

    @cached_property
    def title(self) -> list[Token]:
        """The tokens of the title."""
        return worded(self.hit.article.source.title, self.lower)

    @cached_property
    def statements(self) -> list[Statement]:
        """Who speaks in which sentence."""
        text = self.hit.article.text
        return statements([text[start:end] for start, end in self.sentences])

    @cached_property
    def near(self) -> frozenset[str]:
        """Names in the passage and the title."""
        return frozenset([*_names(self.title), *(name for number in self.own for name in _names(self.tokens(number)))])

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Names that stand side by side in the article: first and last names."""
        tokens = [*self.title, *(token for number in range(len(self.sentences)) for token in self.tokens(number))]
        return frozenset((a.key, b.key) for a, b in pairwise(tokens) if a.kind == b.kind == "name")

    @cached_property
    def own(self) -> list[int]:
        """The sentences that lie in the passage itself, at least in part."""
        passage = self.hit.passage
        return [n for n, (start, end) in enumerate(self.sentences) if end > passage.start and start < passage.end]

    def tokens(self, number: int) -> list[Token]:
        """Return the tokens of a sentence."""
        if number not in self._tokens:
            start, end = self.sentences[number]
            self._tokens[number] = [
                Token(t.key, t.kind, t.start, t.end, t.clause + 1_000 * number, t.figure, t.day)
                for t in worded(self.hit.article.text[start:end], self.lower)
            ]
        return self._tokens[number]

    def windows(self) -> Iterator[Window]:
        """Yield every run of one to three neighbouring sentences of the passage."""
        for length in range(1, _LONGEST_WINDOW + 1):
            for first, last in zip(self.own, self.own[length - 1 :], strict=False):
                yield Window(self, first, last)


def _names(tokens: Sequence[Token]) -> list[str]:
    return [token.key for token in tokens if token.kind == "name"]


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
