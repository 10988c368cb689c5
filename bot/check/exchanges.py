"""Whether a claim exchanges what belongs together in its window: who and whom, numbers, neighbours, from and to."""

from __future__ import annotations

from collections.abc import Sequence

from bot.check.alignment import Match
from bot.check.claim import Token
from bot.check.vocabulary import lemma
from index.words import marked

_SYMMETRIC = frozenset(
    "meet talk discuss agre agree negoti marri marry share speak speech differ join togeth border resembl and".split()
)
_SPEECH = frozenset(map(lemma, marked("verbs_of_speech", "reports")))
_TURNED = (
    {"from", "to"},
    {"by", "to"},
    {"befor", "after"},
    {"befor", "onc"},
    {"until", "from"},
    {"with", "without"},
    {"for", "against"},
)
_PREPOSITIONS = frozenset[str]().union(*_TURNED)


def turned(match: Match) -> str:
    """Find who does what to whom exchanged: the same verb with its two neighbours the other way round."""
    for i, token in enumerate(match.claim):
        if token.kind != "word" or token.key in _SYMMETRIC or token.key in _SPEECH:
            continue
        left, right = _beside(match.claim, i, -1), _beside(match.claim, i, 1)
        if left is None or right is None or not {match.claim[k].kind for k in (left, right)} <= {"name", "word"}:
            continue
        straight: list[bool] = []
        for j in match.rows[i]:
            before, behind = _beside(match.window, j, -1), _beside(match.window, j, 1)
            crossed = behind in match.rows[left] and before in match.rows[right]
            if crossed != (before in match.rows[left] and behind in match.rows[right]):
                straight.append(crossed == (_by(match.claim, i) != _by(match.window, j)))
        if straight and not any(straight):
            return "who does what to whom is turned round"
    return ""


def _by(tokens: Sequence[Token], at: int) -> bool:
    near = zip(tokens[at + 1 : at + 5], tokens[at + 2 :], strict=False)
    return any(token.key == "by" and following.kind in ("name", "word", "function") for token, following in near)


def misattached(match: Match) -> str:
    """Find numbers of one window exchanged: what stands beside a number stands nearer to another one there."""
    places = [j for j, token in enumerate(match.window) if token.figure]
    if len(places) < 2:
        return ""
    for i, token in enumerate(match.claim):
        if not token.figure or not match.rows[i]:
            continue
        beside = [
            k
            for k in (_next(match.claim, i, 1), _next(match.claim, i, -1))
            if k is not None and match.rows[k] and match.claim[k].kind in ("word", "name")
        ]
        wrong = 0
        for k in beside:
            near = min(((abs(p - j), p) for j in match.rows[k] for p in places), default=(99, -1))
            own = min((abs(p - j) for j in match.rows[k] for p in match.rows[i]), default=99)
            wrong += own > near[0] + 1 and own > 3
        if beside and wrong == len(beside):
            return "a number stands with something else in the passage"
    return ""


def _next(tokens: Sequence[Token], at: int, step: int) -> int | None:
    for k in range(at + step, at + 4 * step, step):
        if not 0 <= k < len(tokens) or tokens[k].kind == "break":
            return None
        if tokens[k].content:
            return k
    return None


def led(match: Match) -> str:
    """Find a preposition turned round: "to" the same word for "from" it, "before" for "after" or "once"."""
    for i, j in match.aligned.items():
        if not match.claim[i].content:
            continue
        mine, its = _leading(match.claim, i), _leading(match.window, j)
        if mine != its and any({mine, its} <= group for group in _TURNED):
            return f"it has {mine} where the passage has {its}"
    return ""


def _leading(tokens: Sequence[Token], at: int) -> str:
    """Return the preposition that leads a word: with at most two small words or adjectives between."""
    for k in range(at - 1, max(-1, at - 4), -1):
        if tokens[k].kind == "break" or tokens[k].figure or tokens[k].day:
            return ""
        if tokens[k].key in _PREPOSITIONS:
            return tokens[k].key
    return ""


def exchanged(match: Match) -> str:
    """Find two neighbours exchanged: "the mayor asked and the bishop refused" where the bishop asked."""
    own = {i: min(row) for i, row in enumerate(match.rows) if row and match.claim[i].kind == "word"}
    for step in (-1, 1):
        beside = {i: (_beside(match.claim, i, step), _beside(match.window, j, step)) for i, j in own.items()}
        pairs = [(a, b) for a, b in beside.values() if a is not None and b is not None and b not in match.rows[a]]
        for a, b in pairs:
            if any(b in match.rows[other] and there in match.rows[a] for other, there in pairs):
                return "what belongs to two names or things is exchanged"
    return ""


def _beside(tokens: Sequence[Token], at: int, step: int) -> int | None:
    """Return the content token next to one, of a name the last word."""
    near = range(at + step, at + 5 * step, step)
    found = next((k for k in near if 0 <= k < len(tokens) and tokens[k].content), None)
    while found is not None and found + 1 < len(tokens) and tokens[found].kind == tokens[found + 1].kind == "name":
        found += 1
    return found
