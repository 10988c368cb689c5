"""An answer as a person reads it on a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from bot.answer.desk import Reply
from bot.answer.quotes import NAME as QUOTES
from bot.reply import (
    Answer,
    Citation,
    Links,
    NoAnswer,
    Sentence,
    lists_articles,
    marks_of,
    speaker_of,
)
from index.articles import Source
from index.dates import day_text
from index.text import printable, short_path

# Terminals that are known to open links; others may print them as rubbish.
_TERMINALS = {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "WarpTerminal"}
_TERMS = {"xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour"}
_SIGNS = ("WT_SESSION", "KONSOLE_VERSION", "DOMTERM")


@dataclass(frozen=True, slots=True)
class Style:
    """How a terminal shows an answer: ``width`` in characters, ``bold`` whether it shows bold text, ``hyperlinks``
    whether it opens links.
    """

    width: int = 100
    bold: bool = False
    hyperlinks: bool = False


def style_of(stream: TextIO, environment: Mapping[str, str], columns: int) -> Style:
    """Return the style for a stream: plain text unless it is a terminal."""
    bold = stream.isatty() and environment.get("TERM") != "dumb"
    return Style(max(40, min(100, columns)), bold, opens_links(stream, environment))


def answer_text(reply: Reply, style: Style = Style(), links: Links | None = None) -> str:
    """Return a reply as text: the sentences with their numbers, then the source of each number.

    Quotes of an answer that a model wrote stand under their sources. Where links do not open, a link into the reading
    room stands in the text.
    """
    result, links = reply.result, links or Links()
    if isinstance(result, NoAnswer):
        return _no_answer(result, style, links)
    shown = []
    for sentence in () if _is_list(result) else result.sentences:
        speaker = speaker_of(sentence, result.citations)
        above = f"{printable(sentence.asked)}\n" * bool(sentence.asked) + f"{printable(speaker)}:\n" * bool(speaker)
        shown.append(above + sentence_text(sentence, style, "│ " if result.answerer == QUOTES else ""))
    between = "\n\n" if any("\n" in text for text in shown) else "\n"
    lead = f"{printable(result.lead)}\n" if result.lead else ""
    text = f"{between.join(shown)}\n\n" if shown else ""
    return f"{lead}{text}{sources(reply, style, links)}"


def sentence_text(sentence: Sentence, style: Style = Style(), indent: str = "") -> str:
    """Return one sentence of an answer with its numbers."""
    numbers = "".join(f"[{number}]" for number in sentence.numbers)
    start, end = sentence.bold or (0, 0)
    parts = [sentence.text[:start], sentence.text[start:end], f"{sentence.text[end:]} {numbers}"]
    before, bold, after = ("\n".join(map(printable, part.split("\n"))) for part in parts)
    return _emphasised(f"{before}{_BOLD}{bold}{_PLAIN}{after}" if bold else after, style, indent)


def sources(reply: Reply, style: Style = Style(), links: Links | None = None) -> str:
    """Return the source of each citation of an answer, and the note for the reader."""
    parts = [f"({reply.writing.note})", ""] if reply.writing and reply.writing.note else []
    if isinstance(reply.result, Answer):
        for citation in reply.result.citations:
            parts += _citation(citation, reply.result, style, links or Links())
            parts += [] if _is_list(reply.result) else [""]
    return "\n".join(parts).rstrip()


def _is_list(answer: Answer) -> bool:
    return answer.answerer == QUOTES and lists_articles(answer.lead, answer.citations)


def explanation(reply: Reply, width: int) -> str:
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


def _citation(citation: Citation, answer: Answer, style: Style, links: Links) -> list[str]:
    link = links.cited(citation, answer.citations)
    head = f"[{citation.number}] {_source(citation, listed=_is_list(answer))}"
    lines = [_leading_to(link, head, style)]
    if answer.answerer != QUOTES:
        lines.append(_wrapped(printable(citation.quote), style.width, "    │ "))
    if citation.also_in:
        lines.append(f"    also in {printable(', '.join(citation.also_in))}")
    if link and links.room and lines[0] == head:
        lines.append(f"    {link}")
    source = citation.article.source
    lines.append(f"    {printable(source.url or short_path(source.path))}")
    if source.url:
        lines.append(f"    {printable(short_path(source.path))}")
    return lines


def _no_answer(result: NoAnswer, style: Style, links: Links) -> str:
    if result.closest is None:
        return result.message
    closest = result.closest
    start, end = closest.answering or (closest.start, closest.end)
    sentence = closest.article.part(start, end, headline=closest.headline)
    speaker = f"{printable(closest.speaker)}: " if closest.speaker else ""
    line = f"{result.message} {speaker}{_BOLD}“{printable(' '.join(sentence.split()))}”{_PLAIN} {_source(closest)}"
    source, link = closest.article.source, links.cited(closest, ())
    place = printable((link if links.room else source.url) or short_path(source.path))
    return f"{_emphasised(line, style)}\n    {_leading_to(link, place, style)}"


def _leading_to(link: str | None, text: str, style: Style) -> str:
    """Return a text as a link, if the terminal opens links."""
    opens = style.hyperlinks and link is not None and link.isascii() and link.isprintable()
    return f"\x1b]8;;{link}\x1b\\{text}\x1b]8;;\x1b\\" if opens else text


def _source(citation: Citation, *, listed: bool = False) -> str:
    source = citation.article.source
    marks = marks_of(headline=citation.headline and not listed, teaser=source.teaser)
    return _named(source, timed=listed) + (f" ({', '.join(marks)})" if marks else "")


def _named(source: Source, *, timed: bool = False) -> str:
    day, time = day_text(source.published, source.date_source), (source.published_at or "")[11:16] if timed else ""
    return printable(", ".join(filter(None, [source.publisher, day, time])) + f": {source.title}")


def _wrapped(text: str, width: int, indent: str) -> str:
    wrapping = textwrap.TextWrapper(
        width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(wrapping.fill(line) for line in text.split("\n"))


# Where bold begins and ends, until lines are wrapped; no text to be shown has such characters.
_BOLD, _PLAIN = "\x02", "\x03"


def _emphasised(text: str, style: Style, indent: str = "") -> str:
    """Return a text in lines, with what stands between the two signs in bold if the terminal shows that."""
    if not style.bold:
        return _wrapped(text.replace(_BOLD, "").replace(_PLAIN, ""), style.width, indent)
    lines, inside = [], False
    for line in _wrapped(text, style.width, indent).split("\n"):
        shown = _BOLD * inside + line[len(indent) :]
        inside = shown.rfind(_BOLD) > shown.rfind(_PLAIN)
        shown += _PLAIN * inside  # each line by itself, so that no indent is bold
        lines.append(indent + shown.replace(_BOLD, "\x1b[1m").replace(_PLAIN, "\x1b[0m"))
    return "\n".join(lines)
