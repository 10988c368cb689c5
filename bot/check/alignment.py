"""Aligns the tokens of a claim with those of a window of an article."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.check.tokens import Token
from bot.check.vocabulary import alike, small_words
from index.times import Written

ALIKE = 0.7  # share of a claim in the window's order, from which a changed word can be told from a rewording
_LONG_NAME = 6
_ENDINGS, _MORE_ENDINGS = "an ian ean ese ish".split(), "i n an ian ese ish s".split()
_AT_AN_END = 4  # tokens of a window before the first, and behind the last, that the claim has


@dataclass(frozen=True, slots=True)
class Match:
    """A claim, a window, and which of their tokens match."""

    claim: Sequence[Token]
    window: Sequence[Token]
    rows: Sequence[dict[int, float]]  # for each claim token: the window tokens that match it, and how well
    aligned: dict[int, int]  # claim token → window token, in the order of both

    def in_order(self, without: Container[str] = ()) -> float:
        """Return the share of the claim's content, ``without`` some words, that the window has in the same order."""
        content = [i for i, token in enumerate(self.claim) if token.content and token.key not in without]
        return sum(self.rows[i][self.aligned[i]] for i in content if i in self.aligned) / max(1, len(content))

    @property
    def gaps(self) -> list[tuple[list[int], list[int]]]:
        """What stands between neighbouring aligned content tokens without being aligned: in claim and window."""
        anchors = [(i, j) for i, j in sorted(self.aligned.items()) if self.claim[i].content]
        taken = set(self.aligned.values())
        found = []
        for (i, j), (to_i, to_j) in pairwise([(-1, -1), *anchors, (len(self.claim), len(self.window))]):
            mine = [k for k in range(i + 1, to_i) if self.claim[k].kind != "break" and k not in self.aligned]
            its = [k for k in range(j + 1, to_j) if self.window[k].kind != "break" and k not in taken]
            its = its[-_AT_AN_END:] if j < 0 else its
            found.append((mine, its[:_AT_AN_END] if to_j == len(self.window) else its))
        return found


def align(claim: Sequence[Token], window: Sequence[Token], written: Written) -> Match:
    """Align a claim with a window of an article."""
    found = rows(claim, window, written)
    return Match(claim, window, found, _best_matching(claim, window, found))


def rows(claim: Sequence[Token], window: Sequence[Token], written: Written) -> list[dict[int, float]]:
    """Return for each token of a claim the tokens of a window that match it, and how well."""
    return [_row(token, window, written) if token.kind != "break" else {} for token in claim]


def _row(token: Token, window: Sequence[Token], written: Written) -> dict[int, float]:
    if (figure := token.figure) is not None:
        return {j: 1.0 for j, other in enumerate(window) if other.figure and figure.same(other.figure)}
    if (day := token.day) is not None:
        return {j: 1.0 for j, other in enumerate(window) if other.day and day.same(other.day, written)}
    words = [(j, other) for j, other in enumerate(window) if other.kind not in ("figure", "day")]
    found = {j: 1.0 for j, other in words if other.key == token.key}
    if not found and token.content:
        found = {j: 0.8 for j, other in words if other.content and alike(token.key, other.key)}
    if not found and token.kind == "name":
        names = [j for j, other in words if other.kind == "name"]
        letters, most = [other.key[0] for other in window], len(token.key)
        found = {j: 0.9 for j in names if most > 1 and "".join(letters[j : j + most]) == token.key}
        found = found or {j: 0.8 for j in names if same_name(token.key, window[j].key)}
    return found


def same_name(one: str, other: str) -> bool:
    """Tell whether two names differ by an ending only ("Israel", "Israeli"), or long ones by a letter ("Luhansk")."""
    short, long = sorted((one, other), key=len)
    if len(short) == len(long) >= _LONG_NAME and sum(a != b for a, b in zip(one, other, strict=True)) == 1:
        return one[0] == other[0]
    endings = {*_ENDINGS, *(short[-1:] + end for end in _MORE_ENDINGS)}
    stem = short[:-1] if short.endswith(("a", "o", "e")) else short
    return len(short) >= 4 and long.startswith(stem) and long[len(short) - 1 :] in endings


def _best_matching(claim: Sequence[Token], window: Sequence[Token], rows: Sequence[dict[int, float]]) -> dict[int, int]:
    """Return the heaviest matching that keeps both orders; content counts more than function words."""
    n, m = len(claim), len(window)
    negating = small_words("negators")
    weight = [3.0 if one.kind == "name" else 2.0 if one.content else 0.4 + 0.6 * (one.key in negating) for one in claim]
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        row, below, answers = best[i], best[i + 1], rows[i]
        for j in range(m - 1, -1, -1):
            row[j] = max(below[j], row[j + 1])
            if j in answers:
                row[j] = max(row[j], below[j + 1] + weight[i] * answers[j])
    found: dict[int, int] = {}
    i = j = 0
    while i < n and j < m:
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            found[i] = j
            i, j = i + 1, j + 1
    return found
