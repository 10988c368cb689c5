"""What a claim says that its window does not: names, numbers, times, and words that decide whether it is true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.check.alignment import Match, gaps
from bot.check.contradictions import rivals
from bot.check.vocabulary import decisive_words

_PRONOUNS = frozenset("he she they it his her their its him them this that these those the".split())


@dataclass(frozen=True, slots=True)
class Around:
    """What the article says of a window besides its words: the day of publication, names before it, pairs of
    names.
    """

    published: date | None = None
    before: frozenset[str] = frozenset()  # names in the title and the sentences just before
    pairs: frozenset[tuple[str, str]] = frozenset()  # names that stand side by side in the article


def missing(match: Match, around: Around) -> str:
    """Return what of the claim (number, time, name) the window lacks, "" if none; another may have it."""
    for i, token in enumerate(match.claim):
        if match.rows[i]:
            continue
        if token.figure and not (token.figure.value == 1 and not token.figure.unit):
            return "a number in it does not stand in the passage"
        if token.day:
            return "a date or time in it does not stand in the passage"
        if token.kind == "name" and not _meant(match, i, around):
            return "a name in it does not stand in the passage"
    return ""


def _meant(match: Match, i: int, around: Around) -> bool:
    """Tell whether a name that the window lacks is whom its "he" or "the minister" means, or a fuller form of a name in
    it.
    """
    key, claim = match.claim[i].key, match.claim
    beside = [claim[k].key for k in (i - 1, i + 1) if 0 <= k < len(claim) and claim[k].kind == "name"]
    if any((key, other) in around.pairs or (other, key) in around.pairs for other in beside) and any(
        match.rows[k] or claim[k].key in around.before
        for k in (i - 1, i + 1)
        if 0 <= k < len(claim) and claim[k].kind == "name"
    ):
        return True
    for mine, its in gaps(match):
        if i in mine:
            if rivals(match, its):
                return False
            refers = any(match.window[j].key in _PRONOUNS for j in its)
            return refers and key in around.before
    return False


def added(match: Match) -> str:
    """Return what a claim says that decides its truth and that the window's main sentences do not, "" if nothing."""
    main = main_sentences(match)
    for i, token in enumerate(match.claim):
        counted = token.key == "all" and i > 0 and match.claim[i - 1].key in ("in", "at", "of")  # "two in all"
        if token.key not in decisive_words() or counted:
            continue
        there = [match.window[j] for j in match.rows[i] if match.window[j].clause // 1_000 in main]
        if not any(other.key == token.key or other.key in decisive_words() for other in there):
            return f"the passage does not say it ({token.key})"
    return ""


def main_sentences(match: Match) -> set[int]:
    """Return the numbers of the sentences of a window that hold most of what is matched."""
    count: dict[int, int] = {}
    for i, j in match.aligned.items():
        if match.claim[i].content:
            number = match.window[j].clause // 1_000
            count[number] = count.get(number, 0) + 1
    return {number for number, matched in count.items() if matched >= 0.5 * max(count.values())}
