"""The sentences of the passages that a model's sentence rests on: the answer quotes them where it is not confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.check.alignment import align
from bot.check.claim import tokenize
from bot.check.evidence import Evidence, Window
from bot.check.quotations import holds, plain_words
from index.model.embedder import Vectors

_LEAST = 0.8  # share of a sentence's content that stands in a quote, plus their cosine: with less it rests on nothing
_MORE = 0.2  # share of its content that a further quote must add
_MORE_WORDS = 2
_LEAST_WORDS = 3  # that a model must repeat of a passage
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
    content: list[int] = []
    for evidence in cited:
        claim = tokenize(text, evidence.lower)
        content = [i for i, token in enumerate(claim) if token.content]
        for number in evidence.own:
            window = Window(evidence, number, number)
            match = align(claim, window.tokens, evidence.hit.article.source.published)
            found.append((window, {i for i in content if match.rows[i]}))
    if not text or not found:
        return []
    order = sorted(range(len(found)), key=lambda n: -len(found[n][1]))[:_COMPARED]
    windows, had = zip(*(found[n] for n in sorted(order)), strict=True)
    vectors = vectors_of([text, *(window.text for window in windows)])
    near = vectors[1:] @ vectors[0]
    total = max(1, len(content))
    best = max(range(len(windows)), key=lambda n: len(had[n]) / total + near[n])
    if len(had[best]) / total + near[best] < _LEAST:
        return []
    chosen = [best]
    while len(chosen) < _MOST:
        known = set().union(*(had[n] for n in chosen))
        more = max(range(len(windows)), key=lambda n: len(had[n] - known) / total + 0.2 * near[n])
        new = had[more] - known
        if len(new) < max(_MORE_WORDS, _MORE * total):
            break
        chosen.append(more)
    return [windows[n] for n in sorted(chosen)]
