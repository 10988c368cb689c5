"""Passages of an article: windows of whole sentences, sized for the embedding model."""

from __future__ import annotations

import re

from index.articles import Article, Passage, Source, digest_of
from index.text import Span, spans

# MiniLM reads 256 tokens; 128-200 tokens cut at sentences retrieved best, overlap brought nothing measurable.
SIZE = 150  # estimated tokens
_DENSE_SCRIPT = re.compile(r"[^\x00-\u024f\u2000-\u206f]")


def passages_of(article: Article) -> list[Passage]:
    """Return the windows of an article in order; together they hold every visible character of its text once."""
    heading = header(article.source)
    found = []
    for start, end in windows(article.text):
        text = article.text[start:end]
        key = embedding_key(heading, text)
        found.append(Passage(f"{article.source.id}:{start}-{end}:{key[:8]}", article.source.id, start, end, text))
    return found


def header(source: Source) -> str:
    """Return the line put before a passage when it is embedded: title, publisher and date where known."""
    about = ", ".join(part for part in (source.publisher, source.published and source.published.isoformat()) if part)
    return f"{source.title} ({about})" if about else source.title


def embedding_key(heading: str, text: str) -> str:
    """Return the digest under which the vector of a passage is kept."""
    return digest_of(f"{heading}\n{text}")


def windows(text: str, size: int = SIZE) -> list[Span]:
    """Cut a text into windows of whole sentences of about ``size`` tokens.

    A paragraph break is preferred as an edge once a window is two thirds full; a sentence longer than a window is
    cut at white space, or anywhere if it has none.
    """
    found: list[Span] = []
    start: int | None = None
    end, used = 0, 0
    for piece_start, piece_end in _pieces(text, size):
        cost = estimated_tokens(text[piece_start:piece_end])
        full = used + cost > size
        at_paragraph = start is not None and used > size * 2 // 3 and "\n" in text[end:piece_start]
        if start is not None and (full or at_paragraph):
            found.append((start, end))
            start, used = None, 0
        if start is None:
            start = piece_start
        end, used = piece_end, used + cost
    if start is not None:
        found.append((start, end))
    return found


def estimated_tokens(text: str) -> int:
    """Estimate word-piece tokens: four and a half Latin characters each, one a character of other scripts."""
    other = len(_DENSE_SCRIPT.findall(text))
    return round((len(text) - other) / 4.5) + other + 1


def _pieces(text: str, size: int) -> list[Span]:
    pieces: list[Span] = []
    for start, end in spans(text):
        if end - start <= size or estimated_tokens(text[start:end]) <= size:
            pieces.append((start, end))
        else:
            pieces.extend(_cut(text, start, end, size))
    return pieces


def _cut(text: str, start: int, end: int, size: int) -> list[Span]:
    pieces: list[Span] = []
    while start < end:
        stop = min(end, start + size * 4)
        if _DENSE_SCRIPT.search(text, start, stop):
            stop = min(end, start + size)
        if stop < end:
            space = text.rfind(" ", start + size // 2, stop)
            stop = space if space > start else stop
        pieces.append((start, stop))
        start = stop
        while start < end and text[start].isspace():
            start += 1
    return pieces
