"""An answer as a person reads it on a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TextIO

from bot.answer.desk import Reply
from bot.reply import Answer, Citation, Links, NoAnswer, Sentence, marks_of
from index.articles import Hit, Source
from index.dates import day_text
from index.text import printable, short_path

_REASONS = {
    "nothing_found": "The articles do not seem to be about that.",
    "not_supported": "The articles do not say.",
    "said_above": "The articles say no more on that than the answer above.",
    "declined": "No answer can be given from the articles.",
}

# Terminals that are known to open links; others may print them as rubbish.
_TERMINALS = {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "WarpTerminal"}
_TERMS = {"xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour"}
_SIGNS = ("WT_SESSION", "KONSOLE_VERSION", "DOMTERM")


def answer_text(reply: Reply, width: int = 100, links: Links | None = None, *, hyperlinks: bool = False) -> str:
    """Return a reply as text: the sentences with their numbers, then each citation with its quote.

    With ``hyperlinks`` the head of a citation is a link that a terminal opens; else a link into the reading room stands
    in the text.
    """
    result = reply.result
    if isinstance(result, NoAnswer):
        return _refusal(result, width)
    lead = f"{result.lead}\n" if result.lead else ""
    return f"{lead}{_wrapped(result.text, width, '')}\n\n{sources(reply, width, links, hyperlinks=hyperlinks)}"


def sentence_text(sentence: Sentence, width: int = 100) -> str:
    """Return one sentence of an answer with its numbers."""
    return _wrapped(f"{sentence.text} {''.join(f'[{number}]' for number in sentence.numbers)}", width, "")


def sources(reply: Reply, width: int = 100, links: Links | None = None, *, hyperlinks: bool = False) -> str:
    """Return each citation of an answer with its quote, and the note for the reader."""
    parts = [f"({reply.writing.note})", ""] if reply.writing and reply.writing.note else []
    among = reply.result.citations if isinstance(reply.result, Answer) else ()
    for citation in among:
        parts += [*_citation(citation, among, width, links or Links(), hyperlinks), ""]
    return "\n".join(parts).rstrip()


def explanation(reply: Reply, width: int = 100) -> str:
    """Return why the bot answered or refused, and the passages it looked at."""
    lines = [
        f"why: {reply.why}",
        f"time: {', '.join(f'{name} {spent} ms' for name, spent in reply.timings_ms.items())}",
        "",
    ]
    for hit in reply.hits:
        lines.append(
            f"{hit.score:.3f} (dense {hit.dense:.3f}, keyword {hit.keyword:.2f})  {_named(hit.article.source)}"
        )
        lines.append(textwrap.shorten(printable(hit.passage.text), width - 4, placeholder=" …"))
    return "\n".join(lines)


def opens_links(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether a stream is a terminal that opens links in its text (OSC 8).

    ``FORCE_HYPERLINK=1`` or ``0`` decides.
    """
    if environment.get("FORCE_HYPERLINK"):
        return environment["FORCE_HYPERLINK"] != "0"
    vte = environment.get("VTE_VERSION", "")
    return stream.isatty() and bool(
        environment.get("TERM_PROGRAM") in _TERMINALS
        or environment.get("TERM") in _TERMS
        or any(environment.get(name) for name in _SIGNS)
        or (vte.isdecimal() and int(vte) >= 5_000)
    )


def _citation(citation: Citation, among: Sequence[Citation], width: int, links: Links, hyperlinks: bool) -> list[str]:
    source = citation.article.source
    marks = marks_of(headline=citation.headline, teaser=source.teaser)
    head = f"[{citation.number}] {_named(source)}" + (f" ({', '.join(marks)})" if marks else "")
    link = links.cited(citation, among)
    opens = hyperlinks and link is not None and link.isascii() and link.isprintable()
    lines = [f"\x1b]8;;{link}\x1b\\{head}\x1b]8;;\x1b\\" if opens else head, _wrapped(citation.quote, width, "    │ ")]
    if citation.also_in:
        lines.append(f"    also in {printable(', '.join(citation.also_in))}")
    if link and links.room and not opens:
        lines.append(f"    {link}")
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
    return [
        f"  {_named(hit.article.source)}",
        "    " + textwrap.shorten(printable(hit.passage.text), width - 4, placeholder=" …"),
    ]


def _named(source: Source) -> str:
    day = day_text(source.published, source.date_source)
    return printable(", ".join(filter(None, [source.publisher, day])) + f": {source.title}")


def _wrapped(text: str, width: int, indent: str) -> str:
    return textwrap.fill(
        printable(text),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
