"""The headline as an answer: where no sentence of the text says what is asked, and the article's title does."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import cache

from bot.answer.candidates import LONGEST, Candidate
from index.articles import Hit, Source
from index.sentences import Span
from index.statements import statements
from index.text import is_clipped, length_in_words, terms
from index.words import lines, one_of

_LEAST = 4  # words of a title that states something


@cache
def _states_nothing() -> re.Pattern[str]:
    openings = "|".join(re.escape(line).replace(r"\*", r"[\w’'-]+") for line in lines("headlines", "openings"))
    labels, endings = (one_of(map(re.escape, lines("headlines", part))) for part in ("labels", "endings"))
    return re.compile(
        rf"\A\W*(?:(?!(?-i:WHO|IT)\b)(?:{openings})\b|(?:{labels})\s*[:|–—-])"
        rf"|(?:[:|–—-]\s+(?:{labels})|\b(?:{endings}))\W*\Z|[?？؟]",
        re.I,
    )


def headline(source: Source) -> Span | None:
    """Return the part of an article's title that states something, None if it asks, is clipped, or is a label."""
    title = source.title
    parts = [match.span() for match in re.finditer(r"[^|»]+", title)]
    start, end = max(parts, key=lambda part: part[1] - part[0], default=(0, 0))
    text = title[start:end]
    start, end = start + len(text) - len(text.lstrip()), start + len(text.rstrip())
    text = title[start:end]
    if length_in_words(text) < _LEAST or len(text) > LONGEST or is_clipped(text) or _states_nothing().search(text):
        return None
    return None if source.path.endswith(title) else (start, end)  # the name of a file


def headlines_of(hits: Sequence[Hit], speakers: Set[str]) -> list[Candidate]:
    """Return the headlines of the articles found, not yet scored: each once, with its best passage, and who of those
    asked about speaks in it.
    """
    found: dict[str, Candidate] = {}
    for hit in hits:
        source = hit.article.source
        span = headline(source) if source.id not in found else None
        if span is not None:
            text = source.title[slice(*span)]
            own = frozenset(terms(text))
            said = frozenset(key for one in statements([text]) for key in one.keys) if speakers else frozenset()
            found[source.id] = Candidate(hit, *span, text, own, own, said & speakers, [], 0, headline=True)
    return list(found.values())
