"""Which blocks of a page are its article: what extraction chooses, and what it loses of that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from index.clean.furniture import form_of
from index.read.html.blocks import Block, chosen
from index.text import is_prose, is_sentence, length_in_words

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BESIDE = frozenset("aside button dialog fieldset figcaption figure footer form nav td th tr".split())
_FURNITURE = (
    r"caption|credit|author|byline|biogra|social|share|sharing|comment|newsletter|cookie|consent|promo|sponsor|related"
    r"|recommend|breadcrumb|menu|navi|banner|subscri|modal|popup|player|\btags?\b|\bads?\b|advert|copyright"
    r"|disclaimer|sidebar|footer"
)
_FURNITURE_CLASS = re.compile(rf"{_FURNITURE}|teaser|info-?box|\babout|legal", re.I)
_BESIDE_CLASS = re.compile(rf"{_FURNITURE}|paywall|widget|image|photo|picture|gallery|video", re.I)
# Why a block is left out: by its element, or by the class or id of an element around it.
_REASONS = [
    ("menu", {"nav", "menu", "header"}, r"\bnav|navi|menu|breadcrumb|toolbar"),
    ("caption", {"figure", "figcaption"}, r"caption|credit|gallery"),
    ("readers' comments", set(), r"comment|disqus|kommentar"),
    (
        "other stories",
        set(),
        r"related|recommend|teaser|popular|most-?read|trending|more-|latest|outbrain|taboola|promo",
    ),
    ("sign-up", set(), r"newsletter|subscri|paywall|sign-?up|login|register"),
    ("cookie notice", set(), r"cookie|consent|gdpr"),
    ("share buttons", set(), r"share|sharing|social|follow"),
    ("byline", {"address"}, r"author|byline|dateline|timestamp|\bmeta"),
    ("advertisement", set(), r"\bads?\b|\bad-|advert|sponsor|banner"),
    ("tags", set(), r"\btags?\b|tag-|topics|keywords"),
    ("form", {"form", "button", "label", "select", "fieldset", "dialog"}, r"\bform|modal|popup|overlay"),
    ("footer", {"footer"}, r"footer|copyright|imprint"),
    ("beside the article", {"aside"}, r"sidebar|widget|aside"),
]
_BY_CLASS = [(reason, tags, re.compile(pattern, re.I)) for reason, tags, pattern in _REASONS]
_FEWEST, _LONGEST, _LISTED = 4, 200, 200  # words and characters of a line, lines that are listed as left out
_TIME, _TIME_WORDS = re.compile(r"\b\d{1,2}[:.h]\d\d\b"), 10
_POSTS = 3  # of a live blog, at least
_PARAGRAPHS = 2  # of a part of the article, at least
_REACH = 30  # blocks between the headline and the first paragraph


def article_of(extracted: str, blocks: Sequence[Block], title: str | None) -> list[int]:
    """Return the numbers of the blocks that are the article, in order."""
    kept = set(chosen(extracted, blocks))
    kept |= _standfirst(blocks, kept, title)
    kept |= _between(blocks, kept)
    kept |= _other_parts(blocks, kept)
    kept |= _above(blocks, kept)
    return sorted(kept)


def _standfirst(blocks: Sequence[Block], kept: set[int], title: str | None) -> set[int]:
    """Return the blocks between the headline and the first paragraph that read like a story."""
    first = next((number for number in sorted(kept) if is_prose(blocks[number].text)), None)
    if first is None:
        return set()
    headline = next(
        (
            number
            for number in range(first - 1, max(-1, first - _REACH), -1)
            if blocks[number].holder.tag == "h1" or blocks[number].text == title
        ),
        None,
    )
    if headline is None:
        return set()
    return {
        number
        for number in range(headline + 1, first)
        if number not in kept and _reads_like_a_story(blocks[number], blocks[headline])
    }


def _between(blocks: Sequence[Block], kept: set[int]) -> set[int]:
    """Return the blocks between paragraphs of the article, in the same element, that read like a story."""
    found: set[int] = set()
    last: dict[HtmlElement | None, int] = {}
    for number in sorted(kept):
        container = _container(blocks[number])
        if not is_prose(blocks[number].text):
            continue
        if container in last:
            found |= {
                other
                for other in range(last[container] + 1, number)
                if other not in kept and _container(blocks[other]) is container and _is_story(blocks[other])
            }
        last[container] = number
    return found


def _other_parts(blocks: Sequence[Block], kept: set[int]) -> set[int]:
    """Return the blocks of parts of the article that stand in elements of their own.

    Such an element holds paragraphs and little else. It is in an element that holds a quarter of the article, or beside
    it and of the same class, or beside it in an ``<article>``.
    """
    weights: Counter[HtmlElement] = Counter()
    for number in kept:
        container = _container(blocks[number])
        if container is not None and is_prose(blocks[number].text):
            weights[container] += blocks[number].words
    main = {container for container, words in weights.items() if words * 4 >= weights.total()}
    alike = {(element.getparent(), element.tag, element.get("class")) for element in main}
    around = main | {
        parent for element in main if (parent := element.getparent()) is not None and parent.tag == "article"
    }
    known: dict[HtmlElement, HtmlElement | None] = {}
    parts: dict[HtmlElement, list[int]] = {}
    for number, block in enumerate(blocks):
        if number not in kept and _is_story(block):
            part = _part(block.holder, around, alike, known)
            if part is not None:
                parts.setdefault(part, []).append(number)
    parts = {part: numbers for part, numbers in parts.items() if len(numbers) >= _PARAGRAPHS}
    words: Counter[HtmlElement] = Counter()
    for block in blocks if parts else ():
        part = next((each for each in (block.holder, *block.holder.iterancestors()) if each in parts), None)
        if part is not None:
            words[part] += block.words
    return {
        number
        for part, numbers in parts.items()
        if sum(blocks[each].words for each in numbers) >= 0.8 * words[part]
        for number in numbers
    }


def _part(
    element: HtmlElement | None,
    around: set[HtmlElement],
    alike: set[tuple[Any, ...]],
    known: dict[HtmlElement, HtmlElement | None],
) -> HtmlElement | None:
    """Return the element of a part that holds an element, None if furniture holds it, or no part."""
    passed: list[HtmlElement] = []
    found: HtmlElement | None = None
    while element is not None:
        if element in known:
            found = known[element]
            break
        passed.append(element)
        parent = element.getparent()
        if parent is not None and (parent, element.tag, element.get("class")) in alike:
            found = element
        elif _FURNITURE_CLASS.search(f"{element.get('class')} {element.get('id')}") or element.tag in _BESIDE:
            break
        elif parent in around:
            found = element
        if found is not None or element in around:
            break
        element = parent
    known.update(dict.fromkeys(passed, found))
    return found


def _above(blocks: Sequence[Block], kept: set[int]) -> set[int]:
    """Return the headings right above paragraphs of the article, and the times of the posts of a live blog."""
    found: set[int] = set()
    times: set[int] = set()
    below: Block | None = None  # the paragraph or heading of the article right below
    for number in range(len(blocks) - 1, -1, -1):
        block = blocks[number]
        if number in kept:
            below = block if block.heading or is_prose(block.text) else None
        elif below is None:
            continue
        elif block.heading and not block.linked and _container(block) is _container(below) and not form_of(block.text):
            found.add(number)
            below = block
        elif block.words <= _TIME_WORDS and _TIME.search(block.text) and not is_prose(block.text):
            times.add(number)
            below = None
        else:
            below = None
    return found | times if len(times) >= _POSTS else found


def _container(block: Block) -> HtmlElement | None:
    """Return the element whose paragraphs stand beside a block; those beside a list are those beside its items."""
    parent = block.holder.getparent()
    return parent.getparent() if block.holder.tag in ("li", "dd") and parent is not None else parent


def _is_story(block: Block) -> bool:
    """Tell whether a block reads like a paragraph of a story."""
    return (
        length_in_words(block.text) >= 6
        and block.linked * 3 <= len(block.text)
        and block.holder.tag not in _BESIDE
        and is_sentence(block.text)
        and not form_of(block.text)
    )


def _reads_like_a_story(block: Block, inside: Block) -> bool:
    if block.linked * 3 > len(block.text) or form_of(block.text):
        return False
    words = length_in_words(block.text)
    if not (words >= 15 or (words >= 6 and is_sentence(block.text))):
        return False
    around = set(inside.holder.iterancestors())
    return not any(
        _is_beside(element) for element in (block.holder, *block.holder.iterancestors()) if element not in around
    )


def _is_beside(element: HtmlElement) -> bool:
    return element.tag in _BESIDE or bool(_BESIDE_CLASS.search(f"{element.get('class')} {element.get('id')}"))


def left_out(blocks: Sequence[Block], kept: Sequence[int]) -> tuple[tuple[str, str, int], ...]:
    """Return the lines of a page that are not of its article: (line, reason, number of the article's lines before)."""
    article = set(kept)
    reasons: dict[HtmlElement, str] = {}
    found: list[tuple[str, str, int]] = []
    lines = more = 0
    for number, block in enumerate(blocks):
        if number in article:
            lines += block.text.count("\n") + 1
        elif block.words >= _FEWEST and len(found) < _LISTED:
            reason = _reason(block.holder, reasons) or ("links" if block.linked * 2 > len(block.text) else "")
            found.append((_shortened(block.text), reason or "beside the article", lines))
        else:
            more += block.words >= _FEWEST
    return (*found, (f"{more:,} more lines", "beside the article", lines)) if more else tuple(found)


def _reason(element: HtmlElement | None, known: dict[HtmlElement, str]) -> str:
    """Return why what is in an element is left out, by the nearest of it and the elements around it that says so."""
    passed = []
    reason = ""
    while element is not None and not reason and element not in known:
        passed.append(element)
        named = f"{element.get('class', '')} {element.get('id', '')}"
        if element.tag not in ("body", "html"):
            reason = next((name for name, tags, words in _BY_CLASS if element.tag in tags or words.search(named)), "")
        element = element.getparent()
    if element is not None and not reason:
        reason = known[element]
    known.update(dict.fromkeys(passed, reason))
    return reason


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
