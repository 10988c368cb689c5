"""An answer as a person reads it on a terminal."""

from __future__ import annotations

import textwrap
from datetime import date

from bot.answers import Answer, Citation, NoAnswer, Sentence
from bot.desk import Reply
from index.articles import Hit, Source
from index.printable import printable, short_path

_REASONS = {
    "nothing_found": "The articles do not seem to be about that.",
    "not_supported": "The articles do not say.",
    "declined": "No answer can be given from the articles.",
}


def rendered(reply: Reply, width: int = 100) -> str:
    """Return a reply as text: the sentences with their numbers, then each citation with its quote."""
    result = reply.result
    if isinstance(result, NoAnswer):
        return _refusal(result, width)
    return f"{_wrapped(result.text, width, '')}\n\n{sources(reply, width)}"


def spoken(sentence: Sentence, width: int = 100) -> str:
    """Return one sentence of an answer with its numbers."""
    return _wrapped(f"{sentence.text} {''.join(f'[{number}]' for number in sentence.numbers)}", width, "")


def sources(reply: Reply, width: int = 100) -> str:
    """Return each citation of an answer with its quote, and what there is to note."""
    parts = [f"({reply.writing.note})", ""] if reply.writing and reply.writing.note else []
    for citation in reply.result.citations if isinstance(reply.result, Answer) else ():
        parts += [*_citation(citation, width), ""]
    return "\n".join(parts).rstrip()


def explained(reply: Reply, width: int = 100) -> str:
    """Return why the bot answered or refused, and the passages it looked at."""
    lines = [f"why: {reply.why}", f"time: {', '.join(f'{name} {spent} ms' for name, spent in reply.timings_ms.items())}", ""]
    for hit in reply.hits:
        lines.append(f"{hit.score:.3f} (dense {hit.dense:.3f}, keyword {hit.keyword:.2f})  {_named(hit.article.source)}")
        lines.append(textwrap.shorten(printable(hit.passage.text), width - 4, placeholder=" …"))
    return "\n".join(lines)


def day(value: date | None) -> str:
    """Return a date as people write it ("3 Mar 2025"), "undated" if there is none."""
    return f"{value.day} {value:%b %Y}" if value else "undated"


def _citation(citation: Citation, width: int) -> list[str]:
    source = citation.article.source
    lines = [f"[{citation.number}] {_named(source)}", _wrapped(citation.quote, width, "    │ ")]
    if citation.also_in:
        lines.append(f"    also in {printable(', '.join(citation.also_in))}")
    lines.append(f"    {printable(source.url or short_path(source.path))}")
    if source.url:
        lines.append(f"    {printable(short_path(source.path))}")
    return lines


def _refusal(result: NoAnswer, width: int) -> str:
    lines = [_REASONS[result.reason]]
    if result.nearest:
        lines += ["", "Closest passages, not an answer:"]
        for hit in result.nearest:
            lines += _nearest(hit, width)
    return "\n".join(lines)


def _nearest(hit: Hit, width: int) -> list[str]:
    return [f"  {_named(hit.article.source)}", "    " + textwrap.shorten(printable(hit.passage.text), width - 4, placeholder=" …")]


def _named(source: Source) -> str:
    return printable(", ".join(filter(None, [source.publisher, day(source.published)])) + f": {source.title}")


def _wrapped(text: str, width: int, indent: str) -> str:
    return textwrap.fill(printable(text), width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
