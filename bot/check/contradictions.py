"""Finds where a claim contradicts a window of the article it cites.

A claim passes if no number, time or name is replaced, the same things are denied, nothing is more certain, and nothing
is exchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.check.alignment import Match, gaps
from bot.check.denials import denying, surer, undenied
from bot.check.exchanges import exchanged, led, misattached, turned
from bot.check.vocabulary import alike, opposed

_RETOLD = 0.6  # share of a claim in the window's order: from it on, an opposite anywhere counts
_SHORT_GAP = 5  # content words in the place of which a name may stand


def contrary(match: Match, *, part: bool = False) -> str:
    """Return how the claim contradicts the window, "" if its words show no contradiction.

    ``part``: the window is one of several sentences that the claim may be made from; another may hold what it denies.
    """
    checks = (
        (_replaced, undenied, surer, turned, misattached, led, exchanged)
        if part
        else (_replaced, denying, undenied, surer, turned, misattached, led, exchanged)
    )
    return next((found for check in checks if (found := check(match))), "")


def _replaced(match: Match) -> str:
    """Find another number, name, time or an opposite in the place of what the article has."""
    for mine, its in gaps(match):
        for i in mine:
            token = match.claim[i]
            others = [match.window[j] for j in its]
            if token.kind in ("figure", "day") and any(other.kind == token.kind for other in others):
                return "another number or time stands in its place"
            if (
                token.kind == "name"
                and len([j for j in its if match.window[j].content]) <= _SHORT_GAP
                and not _reordered(match, i, its)
                and any(not alike(token.key, match.window[j].key) for j in rivals(match, its))
            ):
                return "another name stands in its place"
            if any(opposed(token.key, other.key) for other in others):
                return "it says the opposite of a word in the passage"
    taken, near = set(match.aligned.values()), match.in_order >= _RETOLD
    for i, token in enumerate(match.claim):
        if (
            token.kind in ("figure", "day")
            and i not in match.aligned
            and match.rows[i]
            and taken.issuperset(match.rows[i])
        ):
            return "a number or time stands in it more often than in the passage"
        if (
            near
            and token.content
            and not match.rows[i]
            and any(opposed(token.key, other.key) for other in match.window)
        ):
            return "it says the opposite of a word in the passage"
    return ""


def rivals(match: Match, its: Sequence[int]) -> list[int]:
    """Return the names of a gap that the claim leaves out; "French" in "the French president" is none where the
    president is left out too.
    """
    taken = set(match.aligned.values())

    def modifies(j: int) -> bool:
        after = j + 1
        return (
            after < len(match.window)
            and match.window[after].kind == "word"
            and 0 <= match.window[after].start - match.window[j].end <= 1
            and after not in taken
        )

    return [j for j in its if match.window[j].kind == "name" and not modifies(j)]


def _reordered(match: Match, i: int, its: Sequence[int]) -> bool:
    """Tell whether names of a list only changed their order: each stands elsewhere in the other text."""
    claimed = {token.key for token in match.claim}
    near = {match.claim[k].key for k in (i - 1, i + 1) if 0 <= k < len(match.claim)}
    elsewhere = all(match.window[j].key in claimed for j in its if match.window[j].kind == "name")
    return bool(match.rows[i]) and elsewhere and bool({"and", ",", "or"} & near)
