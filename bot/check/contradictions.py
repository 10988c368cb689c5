"""Finds where a claim contradicts a window of the article it cites, or says more than the window.

A claim passes if no number, time or name is replaced, the same things are denied, nothing is more certain, subject and
object are not exchanged, and each number counts the same thing as in the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from bot.check.alignment import Match, gaps
from bot.check.claim import Token
from bot.check.vocabulary import FACT, alike, lemma, opposed, sureness
from index.words import marked

_PRONOUNS = frozenset("he she they it his her their its him them this that these those the".split())
_SYMMETRIC = frozenset(
    "meet talk discuss agre agree negoti marri marry share speak speech differ join togeth border resembl and".split()
)
_SPEECH = frozenset(map(lemma, marked("verbs_of_speech", "reports")))
_RETOLD = 0.6  # share of a claim in the window's order: from it on, an opposite anywhere counts
_SHORT_GAP = 3  # content words in the place of which others may stand


@dataclass(frozen=True, slots=True)
class Around:
    """What the article says of a window besides its words: the day of publication, names before it and in its passage,
    pairs of names.
    """

    published: date | None = None
    before: frozenset[str] = frozenset()  # names in the title and the sentences just before
    near: frozenset[str] = frozenset()  # names in the passage
    pairs: frozenset[tuple[str, str]] = frozenset()  # names that stand side by side in the article


def contrary(match: Match, *, part: bool = False) -> str:
    """Return how the claim contradicts the window, "" if its words show no contradiction.

    ``part``: the window is one of several sentences that the claim may be made from; another may hold what it denies.
    """
    checks = (
        (_replaced, _undenied, _surer, _turned, _misattached)
        if part
        else (_replaced, _denying, _undenied, _surer, _turned, _misattached)
    )
    return next((found for check in checks if (found := check(match))), "")


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
            if _rivals(match, its):
                return False
            refers = any(match.window[j].key in _PRONOUNS for j in its)
            return (refers and key in around.before) or (not its and key in around.near)
    return False


def _rivals(match: Match, its: Sequence[int]) -> list[int]:
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


def _replaced(match: Match) -> str:
    """Find another number, name, time or an opposite in the place of what the article has."""
    for mine, its in gaps(match):
        for i in mine:
            token = match.claim[i]
            others = [match.window[j] for j in its]
            if token.kind in ("figure", "day") and any(other.kind == token.kind for other in others):
                return "another number or time stands in its place"
            if token.kind == "name" and len([j for j in its if match.window[j].content]) <= _SHORT_GAP + 2:
                rivals = [j for j in _rivals(match, its) if not alike(token.key, match.window[j].key)]
                if (
                    rivals
                    and not _moved(match, i, its)
                    and not any(_after_by(match.window, j) != _after_by(match.claim, i) for j in rivals)
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


def _moved(match: Match, i: int, its: Sequence[int]) -> bool:
    """Tell whether names of a list only changed their order: each stands elsewhere in the other text."""
    elsewhere = bool(match.rows[i])
    claimed = {token.key for token in match.claim}
    return (
        elsewhere
        and all(match.window[j].key in claimed for j in its if match.window[j].kind == "name")
        and _list_like(match, i)
    )


def _list_like(match: Match, i: int) -> bool:
    near = [match.claim[k].key for k in (i - 1, i + 1) if 0 <= k < len(match.claim)]
    return bool({"and", ",", "or"} & set(near))


def _after_by(tokens: Sequence[Token], at: int) -> bool:
    return any(token.key == "by" for token in tokens[max(0, at - 3) : at])


def _targets(tokens: Sequence[Token], *, bare: bool = False) -> dict[int, int]:
    """Return which content tokens are denied: each with the position of its negator.

    "Not only" denies nothing, unless ``bare``.
    """
    found: dict[int, int] = {}
    for n, token in enumerate(tokens):
        if not token.negates or (not bare and n + 1 < len(tokens) and tokens[n + 1].key in ("only", "just", "least")):
            continue
        content = [
            k for k in range(n + 1, min(len(tokens), n + 7)) if tokens[k].content and tokens[k].clause == token.clause
        ]
        for k in content[: 2 if content and tokens[content[0]].key.endswith(("li", "ly")) else 1]:
            found[k] = n
        if not content:
            before = [k for k in range(max(0, n - 3), n) if tokens[k].content]
            found |= {before[-1]: n} if before else {}
    return found


def _denying(match: Match) -> str:
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


def _undenied(match: Match) -> str:
    """Find a denial of the passage's that is left out."""
    mine, its = _targets(match.claim, bare=True), _targets(match.window)
    for j, n in its.items():
        answering = [i for i in range(len(match.claim)) if j in match.rows[i] and match.claim[i].content]
        if not answering or n in match.aligned.values():
            continue
        i = next((i for i in answering if match.aligned.get(i) == j), answering[0])
        only = match.aligned.get(i) == j or all(k in its for k in match.rows[i])
        clause = match.claim[i].clause
        if only and i not in mine and not any(match.claim[m].clause == clause for m in mine.values()):
            return "it leaves out a denial that stands in the passage"
    return ""


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
        if tokens[k].key in ("if", "unless") and tokens[k].clause == tokens[at].clause:
            return 0, k
    return least, place


def _surer(match: Match) -> str:
    kept = set(match.aligned.values())
    for i, j in match.aligned.items():
        if match.claim[i].kind != "word" or match.window[j].kind != "word":
            continue
        (mine, _), (its, place) = _strength(match.claim, i), _strength(match.window, j)
        if mine > its and place not in kept:
            return "it is surer than the passage"
    for j, token in enumerate(match.window):
        step = sureness(token.key)
        if step == FACT or j in kept or not (token.kind == "function" or step == 0):
            continue
        before = max(((i, k) for i, k in match.aligned.items() if j - 4 <= k < j), default=None)
        after = min(((i, k) for i, k in match.aligned.items() if j < k <= j + 4), default=None)
        if not before or not after or any(match.window[k].clause != token.clause for k in (before[1], after[1])):
            continue
        if all(sureness(match.claim[i].key) > step for i in range(before[0], after[0])):
            return "it is surer than the passage"
    return ""


def _turned(match: Match) -> str:
    """Find who does what to whom exchanged: the same verb with its two sides the other way round."""
    for i, token in enumerate(match.claim):
        if token.kind != "word" or not match.rows[i] or token.key in _SYMMETRIC or token.key in _SPEECH:
            continue
        left, right = _side(match.claim, i, -1), _side(match.claim, i, 1)
        verdicts = []
        for j in match.rows[i] if left and right else ():
            to_left, to_right = _side(match.window, j, -1), _side(match.window, j, 1)
            crossed = _meets(match, left, to_right) and _meets(match, right, to_left)
            straight = _meets(match, left, to_left) and _meets(match, right, to_right)
            if crossed != straight:
                verdicts.append(straight == (_by(match.claim, i) == _by(match.window, j)))
        if verdicts and not any(verdicts):
            return "who does what to whom is turned round"
    return ""


def _meets(match: Match, mine: Sequence[int], its: Sequence[int]) -> bool:
    return any(j in match.rows[i] for i in mine for j in its)


def _side(tokens: Sequence[Token], at: int, step: int) -> list[int]:
    """Return the nearest name (all its words) on one side of a token in its clause, else the content word next to
    it.
    """
    nearest: list[int] = []
    for k in range(at + step, at + 7 * step, step):
        if not 0 <= k < len(tokens) or tokens[k].clause != tokens[at].clause or tokens[k].key in ("and", "but", "or"):
            break
        if tokens[k].kind == "name":
            found = [k]
            while 0 <= found[-1] + step < len(tokens) and tokens[found[-1] + step].kind == "name":
                found.append(found[-1] + step)
            return found
        if tokens[k].kind == "word" and not nearest and abs(k - at) <= 3:
            nearest = [k]
    return nearest


def _by(tokens: Sequence[Token], at: int) -> bool:
    return any(
        token.key == "by" and following.kind in ("name", "word", "function")
        for token, following in pairwise(tokens[at + 1 : at + 5])
    )


def _misattached(match: Match) -> str:
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
