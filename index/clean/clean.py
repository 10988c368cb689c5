"""Cleans the text of an article: page furniture is removed, every sentence of the article is kept verbatim.

Nothing is rewritten: the cleaned text consists of lines of the original, without tags, with entities decoded and white
space folded. So a quote from it is in the original.
"""

from __future__ import annotations

import html
import re
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from index.clean.byline import byline_of, bylines
from index.clean.extent import also_of_the_article, extent
from index.clean.furniture import form_of
from index.clean.neighbours import cut_blocks, cut_closing, cut_prefixed_links, folded_words
from index.text import BULLET, is_prose

_BLOCK_TAG = re.compile(
    r"</?(?:p|br|hr|div|section|article|header|footer|nav|aside|main|ul|ol|li|h[1-6]|table|tr|td|th|tbody|thead|figure"
    r"|figcaption|blockquote|pre|form|iframe|title|body|html|head)\b[^<>]{0,2000}>",
    re.I,
)
_INLINE_TAG = re.compile(
    r"</?(?:a|b|i|u|s|em|strong|span|small|sup|sub|font|img|picture|source|mark|q|cite|abbr|time|button|input|label|svg|path"
    r"|meta|link|noscript|wbr|code|del|ins|amp-[a-z-]+)\b[^<>]{0,2000}>",
    re.I,
)
_HIDDEN = re.compile(r"<(?:(script|style|template)\b[^<>]{0,2000}>|!--)", re.I)
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{2,6}|#x[0-9a-f]{2,5});", re.I)
# Control characters are unsafe to show or store (a terminal obeys them), so each ends a line.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class Cut:
    """A line that was removed, and why; it was before the character ``at`` of the cleaned text (None: not known)."""

    line: str
    reason: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The text of an article, with an empty line between paragraphs, and the lines that were cut."""

    text: str
    cut: tuple[Cut, ...]


def lines_of(raw: str, *, tags: bool = True) -> list[str]:
    """Return the visible lines of a text, without control characters and without HTML, white space folded.

    ``tags=False`` says that it has no HTML: a "<" is a sign like any other.
    """
    text = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    if tags and "<" in text:
        text = _without_hidden(text)
        text = _BLOCK_TAG.sub("\n", text)
        text = _INLINE_TAG.sub("", text)
    if "&" in text:
        # Twice: pages are often escaped once more when they are saved ("&amp;nbsp;").
        for _ in range(2):
            text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    text = _CONTROL.sub("\n", text)
    return [_SPACES.sub(" ", line).strip() for line in text.split("\n")]


def _without_hidden(text: str) -> str:
    """Return a text without scripts, styles and comments; those that are never closed stay. Takes linear time."""
    lower = text.lower()
    if len(lower) != len(text):  # a letter whose lower case is two characters; the offsets must agree
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    kept, at = [], 0
    unclosed: set[str] = set()
    while match := _HIDDEN.search(text, at):
        closer = f"</{match[1].lower()}" if match[1] else "-->"
        end = -1 if closer in unclosed else lower.find(closer, match.end())
        if end < 0:
            unclosed.add(closer)
            kept += [text[at : match.end()]]
            at = match.end()
            continue
        kept += [text[at : match.start()], "\n"]
        at = end + len(closer)
        if match[1]:
            at = max(at, text.find(">", at, at + 200) + 1)
    return "".join([*kept, text[at:]])


def clean(
    raw: str,
    title: str = "",
    publisher: str | None = None,
    *,
    extracted: bool = False,
    left_out: Sequence[tuple[str, str, int]] = (),
) -> Cleaned:
    """Return the article inside a text dump.

    With ``title`` and ``publisher``, the repeated headline and the outlet's description of itself are cut as well.
    ``extracted`` says that the text was taken out of a page's own markup or of a document, which know better where
    the article and its paragraphs begin and end: only lines are cut that are furniture by their own words.
    ``left_out`` are the lines that were left out of the page then: (line, reason, number of lines of the text
    before it). A text without any recognisable sentence is kept whole: losing a sentence is worse than keeping a
    line of furniture.
    """
    lines = lines_of(raw, tags=False) if extracted else unwrapped(lines_of(raw))
    reasons = _reasons_by_words(lines, title) if extracted else _reasons(lines, title, publisher)
    kept: list[str] = []
    cut: list[Cut] = []
    at = 0  # where the next paragraph begins
    before = deque(left_out)
    for number, (line, reason) in enumerate(zip(lines, reasons, strict=True)):
        while before and before[0][2] <= number:
            cut.append(Cut(*before.popleft()[:2], at))
        if line and reason:
            cut.append(Cut(line, reason, at))
        elif line:
            kept.append(line)
            at += len(line) + 2
    cut += [Cut(line, reason, at) for line, reason, _ in before]
    return Cleaned("\n\n".join(kept), tuple(cut))


def unwrapped(lines: list[str]) -> list[str]:
    """Join the lines of paragraphs that were wrapped at 60 to 100 columns, as in e-mail and old archives."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    inner = [line for block in blocks if len(block) > 2 for line in _below_short(block)[:-1]]
    wrapped = sum(50 <= len(line) <= 100 and not BULLET.match(line) for line in inner)
    if len(inner) < 3 or wrapped < 0.8 * len(inner):
        return lines
    joined: list[str] = []
    for block in blocks:
        # A wrapped line breaks because the next word did not fit; a line that had room ends a paragraph. A byline is
        # a paragraph by itself, also one that is as wide as the text.
        width = max((len(line) for line in block), default=0)
        current: list[str] = []
        for line in block:
            if current and (
                len(current[-1]) + 1 + len(line.split(" ", 1)[0]) <= width
                or BULLET.match(line)
                or byline_of(line)
                or byline_of(current[-1])
            ):
                joined += [" ".join(current), ""]
                current = []
            current.append(line)
        joined += [" ".join(current), ""]
    return joined


def _below_short(block: list[str]) -> list[str]:
    """Return a block without the headline and the byline that it may begin with."""
    return block[next((at for at, line in enumerate(block[:3]) if len(line) >= 50), 0) :]


def _reasons_by_words(lines: list[str], title: str) -> list[str]:
    """Return for each line of an extracted text why its own words make it furniture, or "" if it stays."""
    reasons = [_form(line) for line in lines]
    cut_prefixed_links(lines, reasons)
    folded_title = folded_words(title)
    seen: set[str] = set()
    above = set(bylines(lines))
    for index, line in enumerate(lines):
        folded = folded_words(line)
        if not line or reasons[index]:
            continue
        if folded_title and folded == folded_title:
            reasons[index] = "title"
        elif index in above and not seen:
            reasons[index] = "byline"
        elif folded in seen:
            reasons[index] = "repeated"
        elif is_prose(line):
            seen.add(folded)
    return reasons


def _reasons(lines: list[str], title: str, publisher: str | None) -> list[str]:
    """Return for each line why it is cut, or "" if it stays."""
    reasons = [_form(line) for line in lines]
    cut_blocks(lines, reasons, publisher)
    span = extent(lines, reasons)
    if span is None:
        return reasons
    first, last = span
    folded_title = folded_words(title)
    headlines = [at for at in range(first) if folded_title and folded_words(lines[at]) == folded_title]
    outside = also_of_the_article(lines, reasons, span, headlines[-1] if headlines else None)
    cut_closing(lines, reasons, span)
    seen: dict[str, int] = {}
    counts = Counter(lines)
    for index, line in enumerate(lines):
        if not line or reasons[index]:
            continue
        folded = folded_words(line)
        if folded_title and folded == folded_title and not (is_prose(line) and line[-1] in ".!"):
            reasons[index] = "title"
        elif index < first and index not in outside:
            reasons[index] = "before the article"
        elif index > last and index not in outside:
            reasons[index] = "after the article"
        elif folded in seen and len(line) > 40:
            earlier = seen[folded]
            # A standfirst repeats a sentence of the body; the one in the body is kept, where its context is.
            victim, keeper = (earlier, index) if earlier == first else (index, earlier)
            reasons[victim] = "repeated"
            seen[folded] = keeper
        elif not is_prose(line) and counts[line] > 1 and not line.endswith((":", "?")):
            reasons[index] = "repeated label"
        else:
            seen[folded] = index
    return reasons


def _form(line: str) -> str:
    if not line:
        return ""
    return form_of(line) or ("" if any(char.isalnum() for char in line) else "no words")
