"""The other form of a name in a question: the full name for an acronym, or the acronym for a full name.

The pairs come from the articles of the archive ("the European Union (EU)") and, for well-known ones, from a list in
index/words. "WHO" is not "who": an acronym counts only in capitals, and in a question that is not all capitals; in one
without any capitals it counts as it stands. "US" and "UK" are in half of all reports and do not help to find any
(measured).
"""

from __future__ import annotations

from functools import cache

from index.store.snapshot import Snapshot
from index.text import term_of, terms, words
from index.words import rows

_LONGEST = 8  # search terms of a name
_SHOUTING = 0.8  # share of words in capitals from which none of them is an acronym


@cache
def _known() -> dict[str, str]:
    return {short.upper(): " ".join(terms(long)) for short, long in rows("acronyms")}


def other_names(snapshot: Snapshot, question: str) -> dict[str, str]:
    """Return the other form of the names in a question, as search terms with one space between: {"imf": "intern
    monetari fund"} or the reverse.
    """
    written = words(question)
    capitals = [word.replace(".", "") for word in written if sum(char.isupper() for char in word) > 1]
    if len(capitals) > _SHOUTING * len(written):
        capitals = []
    if question.islower():  # "who" and "it" are stop words
        capitals = [word.replace(".", "").upper() for word in written if term_of(word)]
    folded = {word: term_of(word) for word in dict.fromkeys(capitals)}
    said = snapshot.long_forms(term for term in folded.values() if term)
    found = {}
    for word, term in folded.items():
        long = said.get(term, [""])[0] or _known().get(word, "")
        if long:
            found[term or word.lower()] = long
    asked = terms(question)
    phrases = {
        " ".join(asked[start:end])
        for start in range(len(asked))
        for end in range(start + 2, min(len(asked), start + _LONGEST) + 1)
    }
    shorts = {long: term_of(short) for short, long in _known().items() if long in phrases and term_of(short)}
    return found | shorts | snapshot.short_forms(phrases)
