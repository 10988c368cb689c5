"""How a claim that runs like a window of the article differs from it: another number, time or name, an opposite, a
denial, more certainty.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.check.alignment import Match
from bot.check.tokens import Token
from bot.check.vocabulary import FACT, alike, lemma, opposed, small_words, sureness
from index.words import rows

_CONDITIONS = ("if", "unless", "provid", "whether")
_CONDITION = -1  # below every step of certainty
_DENYING = frozenset((lemma(first), lemma(second)) for first, second in rows("small_words", "denying"))
_FAR = 7  # tokens behind a word of denial or doubt that it can govern


def contrary(match: Match) -> str:
    """Return how the claim contradicts the window, "" if its words show no contradiction."""
    return _exchanged(match) or _turned(match) or _denial(match) or _surer(match)


def _exchanged(match: Match) -> str:
    """Find another number, time or name, or an opposite, in place of the article's, or a number too often."""
    taken, counted = set(match.aligned.values()), ("figure", "day")
    for mine, its in match.gaps:
        theirs, rivals = [match.window[j] for j in its], [match.window[j].key for j in its if _is_rival(match, j)]
        for i in mine:
            token, there = match.claim[i], match.rows[i]
            if token.kind in counted and any(other.kind in counted for other in theirs):
                return "another number or time stands in its place"
            if token.kind in counted and there and taken.issuperset(there):
                return "a number or time stands in it more often than in the passage"
            another = token.kind == "name" and not all(alike(token.key, rival) for rival in rivals)
            if another and not _reordered(match, i, rivals):
                return "another name stands in its place"
            others = match.window if token.content and not there else theirs
            if any(opposed(token.key, other.key) for other in others):
                return "it says the opposite of a word in the passage"
    return ""


def _turned(match: Match) -> str:
    """Find a passive for an active in the same order: "Strand was defeated by Berg" where Strand defeated him."""
    back = {j: i for i, j in match.aligned.items()}
    for tokens, places in ((match.claim, match.aligned), (match.window, back)):
        for k in (k for k, token in enumerate(tokens[:-1]) if token.key == "by" and tokens[k + 1].kind == "name"):
            if k not in places and places.get(k - 1, -2) + 1 == places.get(k + 1):
                return "who does what to whom is turned round"
    return ""


def _is_rival(match: Match, j: int) -> bool:
    """Tell whether a word that the claim leaves out is a name, but for "French" where the president is left out too."""
    token, after = match.window[j], match.window[j + 1] if j + 1 < len(match.window) else None
    modifies = after and after.kind == "word" and after.start - token.end in (0, 1)
    return token.kind == "name" and not (modifies and j + 1 not in match.aligned.values())


def _reordered(match: Match, i: int, rivals: Sequence[str]) -> bool:
    """Tell whether names of a list only changed their order: each stands elsewhere in the other text."""
    listed = {"and", ",", "or"} & {_key(match.claim, i - 1), _key(match.claim, i + 1)}
    return bool(match.rows[i] and listed) and {token.key for token in match.claim}.issuperset(rivals)


def _denial(match: Match) -> str:
    """Find a denial that is not the passage's, or one of the passage's that is left out."""
    kept = set(match.aligned.values())
    mine = [i for i in range(len(match.claim)) if _negates(match.claim, i) and i not in match.aligned]
    mine = [i for i in mine if not (match.claim[i].content and match.rows[i])]
    its = [j for j in range(len(match.window)) if _negates(match.window, j) and j not in kept]
    its = [j for j in its if not kept.isdisjoint(_governed(match.window, j)[:2])]
    if mine and not its:
        return f"it denies what the passage does not deny ({match.claim[mine[0]].key})"
    only = any(token.key == "onli" and i not in match.aligned for i, token in enumerate(match.claim))  # "nothing but"
    return "it leaves out a denial that stands in the passage" if its and not mine and not only else ""


def _negates(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a token denies what follows, alone or with the words behind it; "not only" denies nothing."""
    key, following = tokens[at].key, _key(tokens, at + 1)
    little = key == "littl" and _key(tokens, at - 1) != "a"
    return (key in small_words("negators") or little or (key, following) in _DENYING) and following not in (
        "only",
        "just",
        "least",
    )


def _governed(tokens: Sequence[Token], at: int) -> list[int]:
    """Return the content tokens that follow a token in its clause; if none does, the one before it."""
    near = [k for k in range(max(0, at - 3), min(len(tokens), at + 1 + _FAR)) if tokens[k].content and k != at]
    return [k for k in near if k > at and tokens[k].clause == tokens[at].clause] or [k for k in near if k < at][-1:]


def _surer(match: Match) -> str:
    """Find what the window states less surely than the claim, which has no other word of doubt in its place."""
    kept = set(match.aligned.values())
    own = min((_step(match.claim, i) for i in range(len(match.claim)) if i not in match.aligned), default=FACT)
    for j in range(len(match.window)):
        step, behind = _step(match.window, j), {_key(match.window, j + n) for n in (1, 2, 3)}
        leads = match.window[j].kind == "function" or step < 1 or not behind.isdisjoint(("to", "of", "for"))
        if j not in kept and step < own and leads and not kept.isdisjoint(_governed(match.window, j)[:1]):
            return "it is surer than the passage"
    return ""


def _step(tokens: Sequence[Token], at: int) -> int:
    """Return how sure a token makes what it goes with; "is to" is a plan."""
    key, following = tokens[at].key, _key(tokens, at + 1)
    if tokens[at].kind == "day":  # "in May"
        return FACT
    if key in _CONDITIONS or (key, following) == ("in", "case"):
        return _CONDITION
    return 1 if (key, following) == ("be", "to") else sureness(key)


def _key(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].key if 0 <= at < len(tokens) else ""
