"""The sentences of the passages that a model's sentence rests on: the answer quotes them where it is not confirmed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from bot.check.alignment import rows
from bot.check.evidence import Evidence, Window
from bot.check.quotations import holds, plain_words
from bot.check.tokens import tokenize
from index.model.embedder import Vectors
from index.sentences import Span

_LEAST = 0.8  # share of a sentence's content that stands in a quote, plus their cosine: with less it rests on nothing
_MORE = 0.2  # share of its content that a further quote must add
_MORE_WORDS = 2
_LEAST_WORDS = 3  # that a model must repeat of a passage
_LEAST_PART = 4  # words of a clause that may have a quote of its own
_CLAUSE = re.compile(r"[,;]\s+|\s+(?:and|but|while|then|where)\s+")
_MOST = 3  # quotes
_COMPARED = 12  # sentences whose meaning is compared: those that have most of the words


def named(rests: Sequence[tuple[Evidence, str]]) -> list[Window]:
    """Return the sentences of the passages that hold what a model says it rests on, word for word; none if they do not
    hold it.
    """
    found: list[Window] = []
    for evidence, said in rests:
        wanted = plain_words(said)
        if len(wanted) >= _LEAST_WORDS:
            found += [window for window in evidence.windows() if holds(plain_words(window.text), wanted)][:1]
    return list(dict.fromkeys(found))


def resting_on(text: str, cited: Sequence[Evidence], vectors_of: Callable[[Sequence[str]], Vectors]) -> list[Window]:
    """Return the sentences that have most of what a text says, in the order of the passages; none if it has no ground.

    A further one is taken where the text says what the others do not.
    """
    found: list[tuple[Window, set[int]]] = []
    for evidence in cited:
        claim = tokenize(text, evidence.lower)
        content = [i for i, token in enumerate(claim) if token.content]
        for window in (Window(evidence, number, number) for number in evidence.own):
            had = rows(claim, window.tokens, evidence.written)
            found.append((window, {i for i in content if had[i]}))
    if not text or not found:
        return []
    order = sorted(range(len(found)), key=lambda n: -len(found[n][1]))[:_COMPARED]
    windows, have = zip(*(found[n] for n in sorted(order)), strict=True)
    parts = [(0, len(text)), *_parts(text)]
    vectors = vectors_of([*(text[start:end] for start, end in parts), *(window.text for window in windows)])
    near = vectors[: len(parts)] @ vectors[len(parts) :].T
    chosen: list[int] = []
    for (start, end), nearness in zip(parts, near, strict=True):
        own = {i for i in content if start <= claim[i].start < end}
        scores = [len(has & own) / max(1, len(own)) + cosine for has, cosine in zip(have, nearness, strict=True)]
        best = scores.index(max(scores))
        if scores[best] >= _LEAST:
            chosen.append(best)
        elif not chosen:
            return []
    known = set().union(*(have[n] for n in chosen))
    more = max(range(len(windows)), key=lambda n: len(have[n] - known) + near[0][n])
    if len(have[more] - known) >= max(_MORE_WORDS, _MORE * len(content)):
        chosen.append(more)
    return [windows[n] for n in sorted(list(dict.fromkeys(chosen))[:_MOST])]


def _parts(text: str) -> list[Span]:
    """Return the clauses of a sentence that may rest on a sentence each."""
    found = list(pairwise([0, *(match.end() for match in _CLAUSE.finditer(text)), len(text)]))
    return [span for span in found if len(found) > 1 and len(text[slice(*span)].split()) >= _LEAST_PART]
