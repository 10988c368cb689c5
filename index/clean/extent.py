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
_STANDFIRST = 20  # lines below the headline in which prose is the article's
_SURROUNDED = 2  # lines of known furniture before or after the article, without which that part is not cut
_PARAGRAPH = 30  # words; a paragraph as long above the article was always its first
_EARLIER = 0.15  # of the greatest sum; an earlier run with as much is where the article begins: comments may be longer
_TRUSTED = 0.6  # the share of a page's sentences that its article must hold; else all of the page is kept
# In words. Measured on the pages of evals/clean.py that were set apart for it.
_LONGEST = 60
_UNENDED = 4  # a line of prose without a full stop: a standfirst, a caption or a teaser
_LONG = 40  # from this length a line without a full stop is a paragraph all the same
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
    words = [
        length_in_words(line) if line and not reason and is_sentence(line) else 0
        for line, reason in zip(lines, reasons, strict=True)
    ]
    half, before = sum(words) / 2, 0
    values = []
    for line, reason, count in zip(lines, reasons, words, strict=True):
        values.append(_worth(line, reason, before >= half))
        before += count
    runs = _runs(values)
    greatest, _, end = max(runs, key=lambda run: run[0], default=(0, 0, 0))
    first = next((run[1] for run in runs if run[0] >= _EARLIER * greatest), 0)
    last = end
    if not runs or sum(words[first : last + 1]) < _TRUSTED * sum(words):
        return (prose[0], prose[-1]) if prose else None
    # A clipped line, or a list that the last sentence announces, still belongs to the article.
    for index in range(last + 1, len(lines)):
        if lines[index] and (
            reasons[index] or not (is_prose(lines[index]) or (BULLET.match(lines[index]) and lines[end].endswith(":")))
        ):
            break
        last = index if lines[index] else last
    if sum(map(bool, reasons[:first])) < _SURROUNDED:
        first = prose[0]
    if sum(map(bool, reasons[last + 1 :])) < _SURROUNDED:
        last = readable[-1]
    return first, last


def _runs(values: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return the runs with the greatest sums, one for each stretch whose sum stays positive, as (sum, first, last)."""
    runs: list[tuple[int, int, int]] = []
    total, start = 0, -1
    for index, value in enumerate(values):
        if total <= 0 < value:
            total, start = 0, index
            runs.append((0, index, index))
        total += value
        if value > 0 and total > runs[-1][0]:
            runs[-1] = (total, start, index)
    return runs


def also_of_the_article(
    lines: Sequence[str], reasons: Sequence[str], span: tuple[int, int], headline: int | None
) -> set[int]:
    """Return the indexes of lines outside the article's extent that belong to it.

    Before it: prose not far below the line with the headline, and a first paragraph or a standfirst that shares the
    article's words. After it: paragraphs that follow one another and share its words.
    """
    first, last = span
    vocabulary = {
        term
        for index in range(first, last + 1)
        if not reasons[index] and is_prose(lines[index])
        for term in _terms(lines[index])
    }
    open_lines = [index for index in range(first) if lines[index] and not reasons[index]]
    below = [index for index in open_lines if headline is not None and index > headline][:_STANDFIRST]
    found = {index for index in below if is_prose(lines[index])}
    after_headline = False
    for index in open_lines:
        same = _shares(lines[index], vocabulary)
        paragraph = is_sentence(lines[index]) and length_in_words(lines[index]) >= _PARAGRAPH
        if paragraph or (same and (is_prose(lines[index]) or after_headline)):
            found.add(index)
        after_headline = not is_prose(lines[index]) and _shares(lines[index], vocabulary, _HEADLINE_TERMS)
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
    if is_sentence(line) or (is_prose(line) and words >= _LONG and not is_clipped(line)):
        return min(words, _LONGEST)
    if is_prose(line):
        return _CLIPPED if is_clipped(line) else _UNENDED
    if BULLET.match(line):
        return _ITEM
    return _HEADLINE if words >= 5 else _LABEL
