"""What acronyms stand for, as the articles themselves say it: "the European Union (EU)", "the IMF (International
Monetary Fund)".

The letters must be the first ones of the words, in order; small words may be passed over (Schwartz and Hearst 2003
allow letters inside words too, which takes "Macron (EM)" and the like).
"""

from __future__ import annotations

import re

from index.terms import term_of, terms

_SHORT = r"[A-Z](?:[A-Z0-9&]|\.(?=[A-Z])){1,7}"
_BRACKETED = re.compile(rf"(?<=\s)\(\s*(?:the\s+)?(?P<short>{_SHORT})s?\.?\s*\)")
_BEFORE = re.compile(r"(?:[\w'’.&-]+\s+){1,10}\Z")
_TURNED = re.compile(
    rf"(?<![\w.])(?P<short>{_SHORT})\.?(?:\s+\((?:the\s+)?|,\s+(?:or\s+)?the\s+)(?P<after>(?:[\w'’.&-]+\s*){{1,10}})"
)
_SMALL = frozenset("of the and for in on to de del la le du des der die das von für et und y a an at by with".split())
_FAR = 120  # characters: what a name has at most
_PASSED_OVER = (
    2  # words that are not small, in the middle or at the end: "Centers for Disease Control and Prevention (CDC)"
)


def acronyms(text: str) -> frozenset[tuple[str, str]]:
    """Return what the acronyms of a text stand for, as pairs of search terms: ("eu", "european union")."""
    found = set()
    for match in _BRACKETED.finditer(text):
        before = _BEFORE.search(text[max(0, match.start() - _FAR) : match.start()])
        given = before.group().split() if before else []
        # The shortest phrase that fits: what stands before it is not of the name.
        for start in range(len(given) - 1, -1, -1):
            if _fits(match["short"], given[start:]):
                found.add(_pair(match["short"], given[start:]))
                break
    for match in _TURNED.finditer(text):
        given = match["after"].split()
        for end in range(1, len(given) + 1):
            if _fits(match["short"], given[:end], whole=True):
                found.add(_pair(match["short"], given[:end]))
                break
    return frozenset(pair for pair in found if pair[0] and " " in pair[1])


def _pair(short: str, phrase: list[str]) -> tuple[str, str]:
    return term_of(short), " ".join(terms(" ".join(phrase)))


def _fits(short: str, phrase: list[str], whole: bool = False) -> bool:
    """Tell whether the letters of an acronym begin the words of a phrase, in order; ``whole``: no word may be passed
    over.
    """
    letters = [letter.lower() for letter in short if letter.isalnum()]
    words = [word.lower() for part in phrase for word in part.strip(".'’").split("-")]
    if not letters or not words or words[0] in _SMALL or not phrase[0][:1].isupper() or not phrase[-1][:1].isupper():
        return False
    return words[0][:1] == letters[0] and _matches(letters[1:], words[1:], 0 if whole else _PASSED_OVER)


def _matches(letters: list[str], words: list[str], spare: int) -> bool:
    if not words:
        return not letters
    if letters and words[0][:1] == letters[0] and _matches(letters[1:], words[1:], spare):
        return True
    if words[0] in _SMALL:
        return _matches(letters, words[1:], spare)
    return spare > 0 and len(letters) < len(words) and _matches(letters, words[1:], spare - 1)
