"""Lines that recur in the articles of one publisher: furniture of no known form.

A line is cut once several different stories of its publisher have it. Wire stories and running coverage also repeat
whole paragraphs, and those belong to the article. So prose is counted only if it is about the outlet's own work (and,
between other paragraphs, addresses the reader), and no line is counted that shares its article's topic.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from index.articles import Source
from index.text import BULLET, is_prose, length_in_words

REASON = "recurs in the publisher's articles"

STORIES = 3  # a line in so many different stories is furniture
_FIRST, _LAST = 3, 6  # lines at the two ends of an article, where furniture stands
_SHORTEST = 5  # words
_LONGEST = 400  # characters
_MOST = 20  # lines counted of one article
_MOST_LOST = 0.3  # of an article's characters
_SHARED = 0.34  # of a line's longer words that the rest of its article has: above, it belongs to the story
_WORD = re.compile(r"\w+")
_READER = re.compile(
    r"\b(?:you|your|our\sreaders|us|ihr|ihre[nrm]?|sie|vous|votre|vos|usted|ustedes|tu|voi|vostr[oaie])\b", re.I
)
# Words about an outlet's own work, its people and how to reach them.
_PAGE = re.compile(
    r"\b(?:story|stories|article|publish\w+|sign\sup|you\sneed\sto\sknow|quiz|reports?|reporters?|reporting|journalis\w+|editors?|newsrooms?|newsletters?|subscri\w+|updated|version|follow|contribut\w+|reached|podcast|app"
    r"|artikel|redaktion|aktualisiert|abonn\w+|rédaction|artículo|redacción|articolo|redazione)\b|\bhere[.!:]?$|@\w|\b\w+\.(?:com|org|net|eu|news|de|fr|example)\b",
    re.I,
)
_QUOTED = re.compile(r"[\"“”„«»‘]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an article that would be furniture if it recurred.

    ``position`` counts paragraphs of the article with all its lines.
    """

    position: int
    digest: int
    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What an article adds to its publisher's count: its lines, and two digests.

    Each copy of a story shares one of the two.
    """

    publisher: str
    title: int
    longest: int
    lines: tuple[Line, ...]


def counted(source: Source, paragraphs: Sequence[str]) -> Counted:
    """Return what an article adds to its publisher's count; none of its lines is cut yet."""
    longest = max(paragraphs, key=len, default="")
    return Counted(
        publisher_key(source), _digest(_folded(source.title)), _digest(_folded(longest)), tuple(candidates(paragraphs))
    )


def without(paragraphs: Sequence[str], counts: Counted, known: Collection[int]) -> tuple[list[str], Counted]:
    """Return an article's paragraphs without the lines whose digests are known as furniture, and its count with those
    marked as cut.

    An article that would lose much of its text, or all of its prose, keeps every line.
    """
    gone = {line.position for line in counts.lines if line.digest in known}
    kept = [paragraph for position, paragraph in enumerate(paragraphs) if position not in gone]
    if sum(len(paragraphs[position]) for position in gone) > _MOST_LOST * sum(map(len, paragraphs)) or not any(
        map(is_prose, kept)
    ):
        gone, kept = set(), list(paragraphs)
    return kept, replace(counts, lines=tuple(replace(line, cut=line.position in gone) for line in counts.lines))


def whole(paragraphs: Sequence[str], cut: Sequence[tuple[int, str]]) -> list[str]:
    """Return an article's paragraphs with the lines, each (position, line), that ``without`` removed."""
    found = list(paragraphs)
    for position, line in sorted(cut):
        found.insert(position, line)
    return found


def publisher_key(source: Source) -> str:
    """Return the key of an article's publisher: its name, else the host of its URL, else the folder of its file."""
    if source.publisher:
        return _folded(source.publisher).removeprefix("the ")
    host = (urlsplit(source.url or "").hostname or "").removeprefix("www.")
    return host or source.path.split("#")[0].rpartition("/")[0]


def candidates(paragraphs: Sequence[str]) -> list[Line]:
    """Return the lines of a cleaned article that count as furniture if they recur, at most twenty."""
    # Lines of furniture often share words with each other, so the topic is taken from the story's own prose.
    story = {
        word for text in paragraphs if is_prose(text) and not _speaks_of_the_page(text) for word in _long_words(text)
    }
    found = []
    for position, text in enumerate(paragraphs):
        at_an_end = position < _FIRST or position >= len(paragraphs) - _LAST
        if len(text) <= _LONGEST and _may_be_furniture(text, at_an_end, story):
            found.append(Line(position, _digest(_folded(text)), text))
    # Lines at the two ends matter most; of a long list in the middle only some are kept.
    return sorted(
        sorted(found, key=lambda line: min(line.position, len(paragraphs) - line.position))[:_MOST],
        key=lambda line: line.position,
    )


def _may_be_furniture(text: str, at_an_end: bool, story: set[str]) -> bool:
    # A short label is a subheading, a verdict, a line of a table: it may recur and be the article's all the same.
    if length_in_words(text) < _SHORTEST or BULLET.match(text) or text[0].isdigit() or _QUOTED.search(text):
        return False
    words = _long_words(text)
    if len(words & story) > _SHARED * len(words):
        return False
    # The article itself may address the reader (advice), so that alone is not enough inside of it.
    return not is_prose(text) or (_PAGE.search(text) is not None and (at_an_end or _READER.search(text) is not None))


def _speaks_of_the_page(text: str) -> bool:
    return _PAGE.search(text) is not None or _READER.search(text) is not None


def _long_words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if len(word) >= 5}


def _folded(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _digest(text: str) -> int:
    """Return 63 bits of a digest: they fit into SQLite's integer."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1
