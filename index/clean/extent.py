"""Finds where the article begins and ends in a page: the run of lines with most prose and least of anything else.

Each line has a value, in words: a sentence counts its length, a label or a headline is negative, the heading of a list
of other stories most of all. The article is the run with the greatest sum (maximum subarray, one pass). So a subheading
between paragraphs changes nothing, while a list of teasers, each with a headline and a label, has a negative sum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.text import BULLET, is_clipped, is_prose, is_sentence, is_unspaced, length_in_words

_WORD = re.compile(r"\w{5,}")  # shorter words say little about the topic, in any language
_ANY_WORD = re.compile(r"\w+")
_TERMS = 6
_HEADLINE_TERMS = 3
_SHARE = 0.5
_SURROUNDED = 2  # lines of known furniture before or after the article, without which that part is not cut
_PARAGRAPH = 30  # words; a paragraph as long above the article was always its first
_TRUSTED = 0.6  # the share of a page's sentences that its article must hold; measured: never below 0.89
# In words. Measured on the pages of evals/clean.py that were set apart for it.
_LONGEST = 60
_UNENDED = 4  # a long line without a full stop: a standfirst, a caption or a teaser
_CLIPPED = -6
_HEADLINE = -12
_LABEL = -6
_ITEM = -4
_FURNITURE = -1
_BOUNDARY = -40
_BOUNDARIES = {"list of other stories", "readers' comments"}


def extent(lines: Sequence[str], reasons: Sequence[str]) -> tuple[int, int] | None:
    """Return the indexes of the article's first and last line, None if no line reads like prose.

    ``reasons`` names the furniture that each line is, or "". If the beginning or the end of the page has no known
    furniture it belongs to the article, up to the last line that reads like prose: a list, a poem or a table is no
    furniture. If no run of lines holds most of the sentences, all of the page is the article.
    """
    readable = [
        index
        for index, (line, reason) in enumerate(zip(lines, reasons, strict=True))
        if line and not reason and (is_prose(line) or BULLET.match(line))
    ]
    prose = [index for index in readable if is_prose(lines[index])]
    words = [0] * len(lines)
    for index in prose:
        words[index] = length_in_words(lines[index]) if is_sentence(lines[index]) else 0
    best = _densest(lines, reasons, words)
    if best is None or _covered(words, best) < _TRUSTED * sum(words):
        return (prose[0], prose[-1]) if prose else None
    first, last = best
    # A clipped line, or a list that the last sentence announces, still belongs to the article.
    for index in range(last + 1, len(lines)):
        if lines[index] and (
            reasons[index]
            or not (is_prose(lines[index]) or (BULLET.match(lines[index]) and lines[best[1]].endswith(":")))
        ):
            break
        last = index if lines[index] else last
    if sum(map(bool, reasons[:first])) < _SURROUNDED:
        first = prose[0]
    if sum(map(bool, reasons[last + 1 :])) < _SURROUNDED:
        last = readable[-1]
    return first, last


def _densest(lines: Sequence[str], reasons: Sequence[str], words: Sequence[int]) -> tuple[int, int] | None:
    half = sum(words) / 2
    best, span, total, start, before = 0, None, 0, 0, 0
    for index, (line, reason) in enumerate(zip(lines, reasons, strict=True)):
        worth = _worth(line, reason, before >= half)
        before += words[index]
        if total <= 0:
            total, start = 0, index
        total += worth
        if worth > 0 and total > best:
            best, span = total, (start, index)
    return span


def _covered(words: Sequence[int], span: tuple[int, int]) -> int:
    return sum(words[span[0] : span[1] + 1])


def also_of_the_article(lines: Sequence[str], reasons: Sequence[str], span: tuple[int, int]) -> set[int]:
    """Return the indexes of lines outside the article's extent that belong to it, because they share its words.

    Before it: a first paragraph or a standfirst that a box or a byline separates from the rest. After it: paragraphs
    that follow one another.
    """
    first, last = span
    vocabulary = {
        term
        for index in range(first, last + 1)
        if not reasons[index] and is_prose(lines[index])
        for term in _terms(lines[index])
    }
    found: set[int] = set()
    headline = False
    for index in range(first):
        if not lines[index] or reasons[index]:
            continue
        same = _shares(lines[index], vocabulary)
        paragraph = is_sentence(lines[index]) and length_in_words(lines[index]) >= _PARAGRAPH
        if paragraph or (same and (is_prose(lines[index]) or headline)):
            found.add(index)
        headline = not is_prose(lines[index]) and _shares(lines[index], vocabulary, _HEADLINE_TERMS)
    run: list[int] = []
    for index in range(last + 1, len(lines)):
        if not lines[index]:
            continue
        if not reasons[index] and is_sentence(lines[index]) and _shares(lines[index], vocabulary):
            run.append(index)
            found.update(run if len(run) > 1 else [])
        else:
            run = []
    return found


def _shares(line: str, vocabulary: set[str], least: int = _TERMS) -> bool:
    terms = _terms(line)
    return len(terms) >= least and len(terms & vocabulary) >= _SHARE * len(terms) and not BULLET.match(line)


def _terms(line: str) -> set[str]:
    words = _WORD.findall(line.casefold())
    if not is_unspaced(line):
        return set(words)
    return {word[at : at + 2] for word in _ANY_WORD.findall(line) for at in range(len(word) - 1)}


def _worth(line: str, reason: str, late: bool) -> int:
    if not line:
        return 0
    if reason:
        return _BOUNDARY if late and reason in _BOUNDARIES else _FURNITURE
    words = length_in_words(line)
    if is_sentence(line):
        return min(words, _LONGEST)
    if is_prose(line):
        return _CLIPPED if is_clipped(line) else _UNENDED
    if BULLET.match(line):
        return _ITEM
    return _HEADLINE if words >= 5 else _LABEL
