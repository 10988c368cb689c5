"""Whether a claim denies what its window denies, and is no surer."""

from __future__ import annotations

from collections.abc import Sequence

from bot.check.alignment import Match
from bot.check.claim import Token
from bot.check.vocabulary import FACT, lemma, sureness
from index.words import rows

_CONDITIONS = ("if", "unless", "provid", "whether")
_SURER = "it is surer than the passage"
_DENYING = frozenset((lemma(first), lemma(second)) for first, second in rows("small_words", "denying"))


def _targets(tokens: Sequence[Token], *, bare: bool = False) -> dict[int, int]:
    """Return which content tokens are denied: each with the position of its negator.

    "Not only" denies nothing, unless ``bare``.
    """
    found: dict[int, int] = {}
    for n in range(len(tokens)):
        if not negates(tokens, n) or (not bare and _key(tokens, n + 1) in ("only", "just", "least")):
            continue
        content = _governed(tokens, n)
        for k in content[: 2 if content and tokens[content[0]].key.endswith(("li", "ly")) else 1]:
            found[k] = n
        if not content:
            before = [k for k in range(max(0, n - 3), n) if tokens[k].content]
            found |= {before[-1]: n} if before else {}
    return found


def negates(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a token denies what follows, alone or with the words behind it."""
    pair = (tokens[at].key, _key(tokens, at + 1))
    return tokens[at].negates or pair in _DENYING or (pair[0] == "littl" and _key(tokens, at - 1) != "a")


def _key(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].key if 0 <= at < len(tokens) else ""


def _governed(tokens: Sequence[Token], at: int) -> list[int]:
    """Return the content tokens that follow a token in its clause."""
    return [
        k
        for k in range(at + 1, min(len(tokens), at + 8))
        if tokens[k].content and tokens[k].clause == tokens[at].clause
    ]


def denying(match: Match) -> str:
    """Find a denial that is not the passage's."""
    mine, its = _targets(match.claim, bare=True), _targets(match.window)
    negators = {match.window[n].key for n in its.values()}
    for i, n in mine.items():
        key = match.claim[n].key
        if n in match.aligned or (match.claim[n].content and match.rows[n]):
            continue
        if not negators or (match.rows[i] and not any(j in its for j in match.rows[i])):
            return f"it denies what the passage does not deny ({key})"
    return ""


def undenied(match: Match) -> str:
    """Find a denial of the passage's that is left out: of a word of the claim, or of what a word that it leaves out
    introduces ("no sign that he was ready").
    """
    mine, its = _targets(match.claim, bare=True), _targets(match.window)
    claimed = {j: i for i, row in enumerate(match.rows) for j in row if match.claim[i].content}
    aligned = {j: i for i, j in match.aligned.items()}
    for j, n in its.items():
        if n in aligned:
            continue
        reached = [j] if j in claimed else [k for k in _governed(match.window, n) if aligned.get(k) is not None][:2]
        for k in reached:
            i = aligned.get(k, claimed[k])
            only = k in aligned or all(other in its for other in match.rows[i])
            denied = {match.claim[other].clause for other, by in mine.items() if by != i}
            if only and i not in mine and match.claim[i].clause not in denied:
                return "it leaves out a denial that stands in the passage"
    return ""


def surer(match: Match) -> str:
    """Find what the window states less surely than the claim, and the claim's clause nowhere makes less sure."""
    kept = set(match.aligned.values())

    def lost(i: int, step: int, place: int) -> bool:
        clause = [n for n, token in enumerate(match.claim) if token.clause == match.claim[i].clause]
        if place in kept:
            return False
        if match.window[place].key in _CONDITIONS:
            return not any(_is_condition(match.claim, n) for n in clause)
        # "A summit has been called for March": a plan may stand behind what is planned.
        return all(mine > step for n in clause if (mine := _step(match.claim, n)) == 1 or n < i)

    for i, j in match.aligned.items():
        if match.claim[i].kind == match.window[j].kind == "word":
            step, place = _strength(match.window, j)
            if step < FACT and lost(i, step, place):
                return _SURER
    for j, token in enumerate(match.window):
        step = sureness(token.key)
        if step == FACT or not (token.kind == "function" or step == 0):
            continue
        before = max(((k, i) for i, k in match.aligned.items() if j - 4 <= k < j), default=None)
        after = min(((k, i) for i, k in match.aligned.items() if j < k <= j + 4), default=None)
        if not before or not after or any(match.window[k].clause != token.clause for k in (before[0], after[0])):
            continue
        if lost(after[1], step, j):
            return _SURER
    return ""


def _step(tokens: Sequence[Token], at: int) -> int:
    """Return how sure a token makes what it goes with; "is to" is a plan."""
    return 1 if (tokens[at].key, _key(tokens, at + 1)) == ("be", "to") else sureness(tokens[at].key)


def _is_condition(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].key in _CONDITIONS or (tokens[at].key, _key(tokens, at + 1)) == ("in", "case")


def _strength(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """Return how sure a token is made by what stands before it in its clause, and the position of the word that does it
    (-1 if none).
    """
    least, place, between = FACT, -1, 0
    for k in range(at - 1, max(-1, at - 6), -1):
        token = tokens[k]
        if token.kind == "break":
            break
        step = sureness(token.key)
        if step < FACT:
            governs = token.kind == "function" or step == 0 or any(t.key in ("to", "of") for t in tokens[k + 1 : at])
            if governs and step < least:
                least, place = step, k
        if token.content:
            between += 1
            if between > 1:
                break
    for k in range(max(0, at - 12), at):
        if tokens[k].key in _CONDITIONS and tokens[k].clause == tokens[at].clause:
            return 0, k
    return least, place
