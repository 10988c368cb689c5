"""Judges: who tells whether the articles say what a sentence says, where the guards have found nothing against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.check.evidence import Evidence, Window
from index.model.reader import context_of


@dataclass(frozen=True, slots=True)
class Weighed:
    """A sentence of a model's as it would be shown, what is against it ("" if nothing), and what it rests on."""

    text: str
    fault: str
    cited: tuple[Evidence, ...] = ()
    rests: tuple[Window, ...] = ()  # the sentences of the passages that it rests on
    verbatim: bool = False  # it stands in a passage word for word
    near: bool = False  # it stands there nearly word for word
    said: str = ""  # it without the outlet that it names as its source
    foreign: bool = False  # it, or an article it cites, is not in English: the guards know little of it

    @property
    def settled(self) -> bool:
        """Whether no judge needs to be asked."""
        return bool(self.fault) or self.verbatim

    @property
    def evidence(self) -> str:
        """The sentences that it rests on."""
        return " ".join(window.text for window in self.rests)

    @property
    def context(self) -> str:
        """What stands before its evidence: title, day, and the sentence before."""
        if not self.rests:
            return ""
        window = self.rests[0]
        source, number = window.evidence.hit.article.source, window.first - 1
        before = Window(window.evidence, number, number).text if number >= 0 else ""
        return context_of(source.title, source.published.isoformat() if source.published else "", "", before)


@dataclass(frozen=True, slots=True)
class Judge:
    """Tells of sentences whether the articles say them; ``at_once``: of each as it comes, not of all together."""

    confirms: Callable[[Sequence[Weighed]], Sequence[bool]]
    at_once: bool = True
    every_language: bool = False  # not English only
