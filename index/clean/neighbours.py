"""Furniture that is known by the lines around it: link cards, lists of other stories, captions, bylines, comments.

Each step writes into ``reasons``, which is parallel to the lines, why a line is cut.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from index.clean.byline import bylines
from index.clean.furniture import heads_comments, heads_link_list, heads_thread
from index.text import BULLET, is_prose, is_sentence, length_in_words

_WORD = re.compile(r"\w+")
_ABOUT = re.compile(r"^(?:about|über|à\spropos\sde?)\s+(?P<who>.{1,60}?):?$", re.I)
_BYLINE_WORDS = 4  # a longer line under a byline is a heading or text
_CONTENTS = re.compile(r"(?:table\sof\s)?contents:?|in\sthis\s(?:article|essay|story):?|inhalt:?|sommaire:?", re.I)
_DOMAIN = re.compile(r"\b[a-z0-9-]+\.(?:com|org|net|eu|news|co\.uk|de|fr|info|io|example|tv|int)\b", re.I)
_PREFIX = re.compile(r"([^|]{8,60}?)\s\|\s")
# What a subscription offers, as its box lists it.
_OFFER = re.compile(
    r"\b(?:unlimited|exclusive|access|account|newsletters?|subscri\w+|e-?paper|e-?edition|app|crosswords?|puzzles?|podcasts?|comments|events|members?|ad-?free"
    r"|stories|articles|journalism|inbox)\b",
    re.I,
)
_NAME = re.compile(r"(?i:by\s+)?([A-ZÀ-Þ][\w.’'-]+(?:\s+[A-ZÀ-Þ][\w.’'-]+){1,3})\b")
_TRADE = re.compile(
    r"\b(?:reporter|journalist|correspondent|editor|columnist|writer|producer|author|critic|blogger|contributor|covers|writes|reports|redakteur(?:in)?"
    r"|korrespondent(?:in)?|journalistin|journaliste|autor(?:in)?|periodista|redactora?)\b",
    re.I,
)
# What an outlet asks of its readers, or says of itself, under an article.
_APPEAL = re.compile(
    r"(?=.*\b(?:you|your)\b)(?=.*\b(?:we|us|our)\b)(?=.*\b(?:journalism|newsroom|our\sreaders|subscri\w+|member(?:s|ship)?|donat\w+|newsletters?|news\soutlet|this\sstory"
    r"|your\scommunit(?:y|ies)|support\sus)\b)[^\"“„«]*$"
    r"|[^\"“„«]*\b(?:follows|subscribes\sto|abides\sby|adheres\sto)\b[^\"“„«]{0,60}\bcode\sof\s(?:ethics|conduct|practice)\b[^\"“„«]*$",
    re.I,
)


def cut_blocks(lines: list[str], reasons: list[str], publisher: str | None) -> None:
    """Cut the furniture that comes in blocks, anywhere in the page."""
    _cut_preview_cards(lines, reasons)
    _cut_link_lists(lines, reasons)
    cut_prefixed_links(lines, reasons)
    _cut_contents(lines, reasons)
    _cut_captions(lines, reasons)
    _cut_bylines(lines, reasons)
    _cut_sign_up_boxes(lines, reasons)
    _cut_tail(lines, reasons, publisher)
    _cut_self_description(lines, reasons, publisher)


def folded_words(line: str) -> str:
    """Return the words of a line alone, in lower case."""
    return " ".join(_WORD.findall(line.casefold()))


def _cut_preview_cards(lines: list[str], reasons: list[str]) -> None:
    """Cut an embedded link card: "Website preview", a headline, a clipped sentence, a bare domain."""
    for index, line in enumerate(lines):
        if folded_words(line) != "website preview":
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
            # A headline may end in a question mark; a line that ends like a statement, or a long one, ends the list.
            if is_prose(line) and not BULLET.match(line) and (not line.endswith("?") or length_in_words(line) > 40):
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
    """Cut a line that is right above a picture credit more than once: pages repeat a picture's caption."""
    above = [line for line, after in zip(lines, reasons[1:], strict=False) if line and after == "caption"]
    captions = {line for line, count in Counter(above).items() if count > 1}
    for index, line in enumerate(lines):
        if line in captions and not reasons[index]:
            reasons[index] = "caption"


def _cut_bylines(lines: list[str], reasons: list[str]) -> None:
    """Cut the bylines near the top and the short lines under each ("Paris correspondent", the time)."""
    kept = [index for index, line in enumerate(lines) if line and not reasons[index]]
    for at in bylines([lines[index] for index in kept[:40]]):
        reasons[kept[at]] = "byline"
        for other in kept[at + 1 : at + 4]:
            if is_prose(lines[other]) or length_in_words(lines[other]) > _BYLINE_WORDS:
                break
            reasons[other] = "byline"


def _cut_tail(lines: list[str], reasons: list[str], publisher: str | None) -> None:
    """Cut readers' comments and the outlet's description of itself, where they follow at least half of the prose, or
    some prose if the line can be nothing else.
    """
    prose = [
        len(line) if line and not reason and is_prose(line) else 0 for line, reason in zip(lines, reasons, strict=True)
    ]
    total, before = sum(prose), 0
    for index, line in enumerate(lines):
        reason = _tail_marker(line, publisher) if line else ""
        if reason and before >= (100 if heads_thread(line) else 0.5 * total):
            for rest in range(index, len(lines)):
                if lines[rest] and not reasons[rest]:
                    reasons[rest] = reason
            return
        before += prose[index]


def _cut_self_description(lines: list[str], reasons: list[str], publisher: str | None) -> None:
    """Cut what the outlet says of itself under the article: the last lines, if they open with its name and follow
    furniture.
    """
    name = folded_words(publisher or "").removeprefix("the ")
    kept = [index for index, line in enumerate(lines) if line and not reasons[index]]
    while name and kept:
        index = kept.pop()
        after = any(reasons[i] for i in range(kept[-1] + 1 if kept else 0, index))
        if not (folded_words(lines[index]).removeprefix("the ").startswith(name) and after):
            return
        reasons[index] = "about the outlet"


def _tail_marker(line: str, publisher: str | None) -> str:
    if heads_comments(line) or heads_thread(line):
        return "readers' comments"
    about = _ABOUT.match(line)
    if about is None or is_prose(line):
        return ""
    who = folded_words(about["who"]).removeprefix("the ")
    own = who in {"us", "author", "this site", "uns", "nous"} or _DOMAIN.search(about["who"]) is not None
    return "about the outlet" if own or (publisher and who == folded_words(publisher).removeprefix("the ")) else ""


def cut_prefixed_links(lines: list[str], reasons: list[str]) -> None:
    """Cut headlines of other stories that share their first words ("READ IN FULL | …"), in whatever language."""
    found = {
        index: match[1]
        for index, line in enumerate(lines)
        if line and not reasons[index] and not is_sentence(line) and (match := _PREFIX.match(line))
    }
    counts = Counter(found.values())
    for index, prefix in found.items():
        if counts[prefix] > 1:
            reasons[index] = "link to another story"


def _cut_sign_up_boxes(lines: list[str], reasons: list[str]) -> None:
    """Cut what a sign-up offers: the bullets under it, and single labels between two of its lines."""
    visible = [index for index, line in enumerate(lines) if line]
    for before, index in pairwise(visible):
        if (
            reasons[before] == "sign-up"
            and not reasons[index]
            and BULLET.match(lines[index])
            and _OFFER.search(lines[index])
        ):
            reasons[index] = "sign-up"
    for before, index, after in zip(visible, visible[1:], visible[2:], strict=False):
        if reasons[before] == reasons[after] == "sign-up" and not reasons[index]:
            reasons[index] = "sign-up"


def cut_closing(lines: list[str], reasons: list[str], span: tuple[int, int]) -> None:
    """Cut what follows the article's own last sentence: who its author is, an appeal to the reader, a word about the
    outlet.
    """
    first, last = span
    names = {
        match[1]
        for index, line in enumerate(lines)
        if not is_prose(line) and (index < first or reasons[index]) and (match := _NAME.match(line))
    }
    names |= {match[1] for index, line in enumerate(lines[:last]) if (match := _NAME.fullmatch(BULLET.sub("", line)))}
    kept = [index for index in range(first, last + 1) if lines[index] and not reasons[index]]
    for index in reversed(kept[max(1, len(kept) - 4) :]):
        name = _NAME.match(lines[index])
        if (
            name
            and not name[0].lower().startswith("by ")
            and any(name[1].startswith(known) for known in names)
            and _TRADE.search(lines[index][:300])
        ):
            reasons[index] = "about the author"
        elif _APPEAL.match(lines[index]):
            reasons[index] = "about the outlet"
        elif is_prose(lines[index]):
            return
