"""Cleaned text of an article: page furniture out, every sentence of the article kept, verbatim.

Nothing is rewritten: the cleaned text is made of lines of the original (HTML entities read, tags and white space
folded), so a quote from it stands in the original.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass

from index.extent import also_of_the_article, extent
from index.furniture import form_of, heads_comments, heads_link_list
from index.lines import BULLET, is_prose

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
# Control characters cannot be shown or stored safely (a terminal obeys them), so they end a line.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_WORD = re.compile(r"\w+")

_ABOUT = re.compile(r"^(?:about|über|à\spropos\sde?)\s+(?P<who>.{1,60}?):?$", re.I)
_BYLINE = re.compile(
    r"^(?:(?i:by|von|par|text:)\s+[A-ZÀ-Þ][\w.'’-]+(?:\s+[\w.'’&-]+){1,8}|\d{1,2}\.?\s\w+\s(?:19|20)\d\d\b.{0,30}|\w+\s\d{1,2},\s(?:19|20)\d\d\b.{0,30})$"
)
_CONTENTS = re.compile(r"(?:table\sof\s)?contents:?|in\sthis\s(?:article|essay|story):?|inhalt:?|sommaire:?", re.I)
_DOMAIN = re.compile(r"\b[a-z0-9-]+\.(?:com|org|net|eu|news|co\.uk|de|fr|info|io|example|tv|int)\b", re.I)


@dataclass(frozen=True, slots=True)
class Cut:
    """A line that was left out, and why."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The text of an article, paragraphs parted by an empty line, and what was cut from the original."""

    text: str
    cut: tuple[Cut, ...]


def lines_of(raw: str) -> list[str]:
    """Return the visible lines of a text: HTML read, control characters gone, white space folded, "" for an empty line."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    if "<" in text:
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
    """Return a text without scripts, styles and comments; one that is never closed stays, in linear time."""
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


def clean(raw: str, title: str = "", publisher: str | None = None) -> Cleaned:
    """Return the article inside a text dump.

    ``title`` and ``publisher``, where known, let the repeated headline and the outlet's description of itself be cut.
    A text without any recognisable sentence is kept whole: losing a sentence is worse than keeping a line of furniture.
    """
    lines = _unwrapped(lines_of(raw))
    reasons = _reasons(lines, title, publisher)
    kept = [line for line, reason in zip(lines, reasons, strict=True) if line and not reason]
    cut = tuple(Cut(line, reason) for line, reason in zip(lines, reasons, strict=True) if line and reason)
    return Cleaned("\n\n".join(kept), cut)


def _unwrapped(lines: list[str]) -> list[str]:
    """Join the lines of hard-wrapped paragraphs (60-100 columns), as e-mail and old archives have them."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    inner = [line for block in blocks if len(block) > 2 for line in block[:-1]]
    wrapped = sum(50 <= len(line) <= 100 and not BULLET.match(line) for line in inner)
    if len(inner) < 3 or wrapped < 0.8 * len(inner):
        return lines
    joined: list[str] = []
    for block in blocks:
        # A wrapped line breaks because the next word did not fit; a line that had room ends a paragraph.
        width = max((len(line) for line in block), default=0)
        current: list[str] = []
        for line in block:
            if current and (len(current[-1]) + 1 + len(line.split(" ", 1)[0]) <= width or BULLET.match(line)):
                joined += [" ".join(current), ""]
                current = []
            current.append(line)
        joined += [" ".join(current), ""]
    return joined


def _reasons(lines: list[str], title: str, publisher: str | None) -> list[str]:
    """Return, for each line, why it is cut, "" where it stays."""
    reasons = [_form(line) for line in lines]
    _cut_preview_cards(lines, reasons)
    _cut_link_lists(lines, reasons)
    _cut_contents(lines, reasons)
    _cut_captions(lines, reasons)
    _cut_bylines(lines, reasons)
    _cut_tail(lines, reasons, publisher)
    _cut_self_description(lines, reasons, publisher)
    span = extent(lines, reasons)
    if span is None:
        return reasons
    first, last = span
    outside = also_of_the_article(lines, reasons, span)
    seen: dict[str, int] = {}
    counts = Counter(lines)
    folded_title = _folded(title)
    for index, line in enumerate(lines):
        if not line or reasons[index]:
            continue
        folded = _folded(line)
        if folded_title and folded == folded_title:
            reasons[index] = "title"
        elif index < first and index not in outside:
            reasons[index] = "before the article"
        elif index > last and index not in outside:
            reasons[index] = "after the article"
        elif folded in seen and len(line) > 40:
            earlier = seen[folded]
            # A standfirst repeats a sentence of the body, where it has its context.
            victim, keeper = (earlier, index) if earlier == first else (index, earlier)
            reasons[victim] = "repeated"
            seen[folded] = keeper
        elif not is_prose(line) and counts[line] > 1:
            reasons[index] = "repeated label"
        else:
            seen[folded] = index
    return reasons


def _form(line: str) -> str:
    if not line:
        return ""
    return form_of(line) or ("" if any(char.isalnum() for char in line) else "no words")


def _folded(line: str) -> str:
    return " ".join(_WORD.findall(line.casefold()))


def _cut_preview_cards(lines: list[str], reasons: list[str]) -> None:
    """Cut an embedded link card: "Website preview", a headline, a clipped sentence, a bare domain."""
    for index, line in enumerate(lines):
        if _folded(line) != "website preview":
            continue
        block = [i for i in range(index + 1, min(index + 9, len(lines))) if lines[i]][:4]
        ends = [i for i in block if _DOMAIN.fullmatch(lines[i])]
        for i in block:
            if ends and i <= ends[0]:
                reasons[i] = "link card"


def _cut_link_lists(lines: list[str], reasons: list[str]) -> None:
    """Cut the headlines under "Related stories", "Most read" and their like, up to the next line of prose."""
    inside = False
    for index, line in enumerate(lines):
        if not line:
            continue
        if heads_link_list(line):
            inside = True
            reasons[index] = reasons[index] or "furniture"
        elif inside and not reasons[index]:
            # A headline may end in a question mark; only a line that ends like a statement ends the list.
            if is_prose(line) and not line.endswith("?") and not BULLET.match(line):
                inside = False
            else:
                reasons[index] = "link list"


def _cut_contents(lines: list[str], reasons: list[str]) -> None:
    """Cut a table of contents: the numbered or bulleted labels right under "Contents"."""
    inside = False
    for index, line in enumerate(lines):
        if _CONTENTS.fullmatch(line):
            inside = True
        elif line and inside:
            inside = BULLET.match(line) is not None and not is_prose(line)
        if inside and line:
            reasons[index] = reasons[index] or "contents"


def _cut_captions(lines: list[str], reasons: list[str]) -> None:
    """Cut a line that stands right above a picture credit more than once: the picture's caption, as pages repeat it."""
    above = [line for line, after in zip(lines, reasons[1:], strict=False) if line and after == "caption"]
    captions = {line for line, count in Counter(above).items() if count > 1}
    for index, line in enumerate(lines):
        if line in captions and not reasons[index]:
            reasons[index] = "caption"


def _cut_bylines(lines: list[str], reasons: list[str]) -> None:
    """Cut the block of short lines around a byline near the top ("By …", "Paris correspondent", the date), and boxes inside sign-ups."""
    kept = [index for index, line in enumerate(lines) if line and not reasons[index]]
    for at, index in enumerate(kept[:40]):
        if not _BYLINE.match(lines[index]) or is_prose(lines[index]):
            continue
        for other in kept[at : at + 4]:
            if is_prose(lines[other]):
                break
            reasons[other] = "byline"
    visible = [index for index, line in enumerate(lines) if line]
    for before, index, after in zip(visible, visible[1:], visible[2:], strict=False):
        if reasons[before] == reasons[after] == "sign-up" and not reasons[index]:
            reasons[index] = "sign-up"


def _cut_tail(lines: list[str], reasons: list[str], publisher: str | None) -> None:
    """Cut readers' comments and the outlet's description of itself, where they follow at least half of the prose."""
    prose = [len(line) if line and not reason and is_prose(line) else 0 for line, reason in zip(lines, reasons, strict=True)]
    total, before = sum(prose), 0
    for index, line in enumerate(lines):
        reason = _tail_marker(line, publisher) if line else ""
        if reason and before >= 0.5 * total:
            for rest in range(index, len(lines)):
                if lines[rest] and not reasons[rest]:
                    reasons[rest] = reason
            return
        before += prose[index]


def _cut_self_description(lines: list[str], reasons: list[str], publisher: str | None) -> None:
    """Cut what the outlet says of itself under the article: the last lines, if they open with its name and follow furniture."""
    name = _folded(publisher or "").removeprefix("the ")
    kept = [index for index, line in enumerate(lines) if line and not reasons[index]]
    while name and kept:
        index = kept.pop()
        after = any(reasons[i] for i in range(kept[-1] + 1 if kept else 0, index))
        if not (_folded(lines[index]).removeprefix("the ").startswith(name) and (after or any(reasons[index + 1 :]))):
            return
        reasons[index] = "about the outlet"


def _tail_marker(line: str, publisher: str | None) -> str:
    if heads_comments(line):
        return "readers' comments"
    about = _ABOUT.match(line)
    if about is None or is_prose(line):
        return ""
    who = _folded(about["who"]).removeprefix("the ")
    own = who in {"us", "author", "this site", "uns", "nous"} or _DOMAIN.search(about["who"]) is not None
    return "about the outlet" if own or (publisher and who == _folded(publisher).removeprefix("the ")) else ""
