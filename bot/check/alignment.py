"""Aligns the tokens of a claim with those of a window of an article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from bot.check.claim import Token
from bot.check.vocabulary import alike

_LONG_NAME = 6


@dataclass(slots=True)
class Match:
    """A claim, a window, and which of their tokens match."""

    claim: Sequence[Token]
    window: Sequence[Token]
    rows: list[dict[int, float]]  # for each claim token: the window tokens that match it, and how well
    aligned: dict[int, int] = field(default_factory=dict)  # claim token → window token, in the order of both

    @property
    def coverage(self) -> float:
        """The share of the claim's content that the window has."""
        content = [i for i, token in enumerate(self.claim) if token.content]
        return (
            sum(min(1.0, max(self.rows[i].values(), default=0.0)) for i in content) / len(content) if content else 0.0
        )

    @property
    def in_order(self) -> float:
        """The share of the claim's content that the window has in the same order."""
        content = [i for i, token in enumerate(self.claim) if token.content]
        return (
            sum(min(1.0, self.rows[i][self.aligned[i]]) for i in content if i in self.aligned) / len(content)
            if content
            else 0.0
        )


def align(claim: Sequence[Token], window: Sequence[Token], published: date | None) -> Match:
    """Align a claim with a window of an article that was published on a day."""
    by_key: dict[str, list[int]] = {}
    for j, token in enumerate(window):
        by_key.setdefault(token.key, []).append(j)
    rows = [
        _row(token, claim[i + 1] if i + 1 < len(claim) else None, window, by_key, published)
        for i, token in enumerate(claim)
    ]
    return Match(claim, window, rows, _best_matching(claim, window, rows))


def _row(
    token: Token, following: Token | None, window: Sequence[Token], by_key: dict[str, list[int]], published: date | None
) -> dict[int, float]:
    if token.kind == "break":
        return {}
    if token.figure:
        figure = token.figure
        found = {
            j: 1.0
            for j, other in enumerate(window)
            if other.figure and figure.same(other.figure) and figure.bound == other.figure.bound
        }
        if (
            not found and figure.value == 1 and not figure.unit and not figure.ordinal and following
        ):  # "one man", "a man"
            return {
                j: 0.9
                for key in ("a", "an", "singl")
                for j in by_key.get(key, ())
                if j + 1 < len(window) and window[j + 1].key == following.key
            }
        return found
    if token.day:
        return {j: 1.0 for j, other in enumerate(window) if other.day and token.day.same(other.day, published)}
    found = {j: 1.0 for j in by_key.get(token.key, ()) if window[j].kind not in ("figure", "day")}
    if not found and token.content:
        found = {
            j: 0.8 for key, places in by_key.items() for j in places if window[j].content and alike(token.key, key)
        }
    if not found and token.kind == "name":
        found = {
            j: 0.8 for j, other in enumerate(window) if other.kind == "name" and same_name(token.key, other.key)
        } or _acronym(token.key, window)
    return found


def same_name(one: str, other: str) -> bool:
    """Tell whether two names differ by an ending only ("Israel", "Israeli"), or long ones by a letter ("Luhansk")."""
    short, long = sorted((one, other), key=len)
    if len(short) == len(long) >= _LONG_NAME and sum(a != b for a, b in zip(one, other, strict=True)) == 1:
        return one[0] == other[0]
    return (
        len(short) >= 4
        and long.startswith(short[:-1] if short.endswith(("a", "o", "e")) else short)
        and long[len(short) - 1 :] in _endings(short)
    )


def _endings(short: str) -> frozenset[str]:
    last = short[-1]
    return frozenset(last + end for end in ("i", "n", "an", "ian", "ese", "ish", "s")) | frozenset(
        ("an", "ian", "ean", "ese", "ish")
    )


def _acronym(key: str, window: Sequence[Token]) -> dict[int, float]:
    """Find a name by its initials: "UN" for the United Nations, and the other way round."""
    for j, token in enumerate(window):
        if token.kind != "name":
            continue
        words = [token]
        while (
            len(words) < 5
            and j + len(words) < len(window)
            and window[j + len(words)].kind in ("name", "word")
            and len(words) < len(key)
        ):
            words.append(window[j + len(words)])
        if len(key) >= 2 and "".join(word.key[0] for word in words) == key:
            return {j: 0.9}
    return {}


def _best_matching(claim: Sequence[Token], window: Sequence[Token], rows: Sequence[dict[int, float]]) -> dict[int, int]:
    """Return the heaviest matching that keeps both orders (a longest common subsequence, content before function
    words).
    """
    n, m = len(claim), len(window)
    weight = [
        3.0 if token.kind == "name" else 2.0 if token.content else 1.0 if token.negates or token.polar else 0.4
        for token in claim
    ]
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        row, below, answers, own = best[i], best[i + 1], rows[i], weight[i]
        for j in range(m - 1, -1, -1):
            value = max(below[j], row[j + 1])
            if j in answers:
                value = max(value, below[j + 1] + own * answers[j])
            row[j] = value
    found: dict[int, int] = {}
    i = j = 0
    while i < n and j < m:
        if (
            j in rows[i]
            and abs(best[i][j] - (best[i + 1][j + 1] + weight[i] * rows[i][j])) < 1e-9
            and best[i][j] > max(best[i + 1][j], best[i][j + 1]) - 1e-9
        ):
            found[i] = j
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def gaps(match: Match) -> list[tuple[list[int], list[int]]]:
    """Return what stands between neighbouring aligned content tokens without being aligned: in claim and window."""
    anchors = [
        (-1, -1),
        *((i, j) for i, j in sorted(match.aligned.items()) if match.claim[i].content),
        (len(match.claim), len(match.window)),
    ]
    taken = set(match.aligned.values())
    found = []
    for (i, j), (to_i, to_j) in pairwise(anchors):
        mine = [k for k in range(i + 1, to_i) if match.claim[k].kind != "break" and k not in match.aligned]
        its = [k for k in range(j + 1, to_j) if match.window[k].kind != "break" and k not in taken]
        if j < 0:
            its = its[-4:]
        if to_j == len(match.window):
            its = its[:4]
        found.append((mine, its))
    return found
