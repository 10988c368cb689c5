"""Words of a question that no article has, and what was probably meant: the archive's own word that is nearest.

Tried are all words at an edit distance of one, and those at two of the slips that people make most (a letter doubled or
not, two changed places, a vowel for another). Each is looked up in the index. So the time depends on the length of the
word, not on the size of the archive.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.languages import language_of
from bot.question.parse import ASKING, Question
from index.model.embedder import KnowsWords
from index.search.candidates import by_words
from index.store.rows import ANYTHING
from index.text import term_of, term_of_folded, words
from index.view import View
from index.words import first_fields, listed

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = "aeiouy"
_SHORT = 4  # letters: in a word so short only a slip is mended
_TWO_SLIPS = 6  # letters from which two slips are mended
_LONGEST = 20
_MOST = 3  # words of a question that are looked at
_TRIED = 4  # of the nearest terms, and passages in which one is looked for
# Words of asking and of time; a slip in one is mended without a word.
_USUAL = frozenset(
    (
        *listed("stop_words", "asking"),
        *first_fields("calendar", "months", "weekdays"),
        *("yesterday", "today", "tomorrow", "tonight", "people", "because", "according", "compare"),
    )
)
_WORD = re.compile(r"[a-z]+")


def corrections(view: View, question: Question, embedder: object) -> dict[str, str]:
    """Return the words of a question that are probably misspelt, each with the word that the articles have instead.

    What the embedder's vocabulary has is no slip: "the pope" is not "the pipe", whatever the articles are about. So
    nothing is corrected where it has none, nor in a question that is not English.
    """
    if not isinstance(embedder, KnowsWords) or language_of(question.text) not in (None, "en"):
        return {}
    written = (re.sub(r"['’]s?$", "", word) for word in words(question.text))
    asked = {word: term for word in written if (term := term_of(word)) in question.terms}
    known = view.document_frequencies(asked.values())
    unknown = [word for word, term in asked.items() if not known[term] and term not in ASKING and _may_be(word)]
    found = {}
    for word in unknown[:_MOST]:
        if not embedder.knows(word) and (better := _nearest(view, word.lower())):
            found[word] = better
    return found


def applied(text: str, found: dict[str, str]) -> str:
    """Return a text with its misspelt words replaced."""
    for wrong, right in found.items():
        text = re.sub(rf"(?<![\w'’]){re.escape(wrong)}(?!\w)", right, text)
    return text


def said_of(found: dict[str, str]) -> str:
    """Return the line that says for which words an answer is, "" if none was misspelt."""
    shown = [f"“{right}” (not “{wrong}”)" for wrong, right in found.items() if right not in _USUAL]
    return f"For {', '.join(shown)}:" if shown else ""


def _may_be(word: str) -> bool:
    """Tell whether a word is one: "ReArm" and "OAPEC" are spelt as somebody wanted it."""
    return _SHORT <= len(word) <= _LONGEST and _WORD.fullmatch(word[0].lower() + word[1:]) is not None


def _nearest(view: View, word: str) -> str | None:
    """Return the nearest word that the articles have, as they write it, of equally near ones the most frequent; None if
    none is near.
    """
    once = dict.fromkeys(slips(word))
    costs = dict.fromkeys(once, 1)
    if len(word) == _SHORT:
        costs = {other: 1 for other in once if sorted(other) == sorted(word) or len(other) != len(word)}
    for other in edits(word):
        if len(word) > _SHORT or len(other) > len(word):
            costs.setdefault(other, 2)
    if len(word) >= _TWO_SLIPS:
        for one in once:
            for other in slips(one):
                costs.setdefault(other, 3)
    if usual := next((other for other in costs if other in _USUAL), None):
        return usual
    cost_of: dict[str, int] = {}
    for other, cost in costs.items():
        if term := term_of_folded(other):
            cost_of[term] = min(cost, cost_of.get(term, cost))
    count = view.known_terms(cost_of)
    for term in sorted(count, key=lambda one: (cost_of[one], -count[one], one))[:_TRIED]:
        for form, _ in _forms(view, term).most_common():
            if costs.get(form.lower()):
                return form
    return None


def _forms(view: View, term: str) -> Counter[str]:
    """Return the words that stand for a term in some passages, and how often; in small letters where one is so."""
    outlines = view.snapshot.outlines([id_ for id_, _ in by_words(view, [term]).best(_TRIED, ANYTHING)])
    articles = view.snapshot.articles(sorted({outline.article_id for outline in outlines.values()}))
    found = Counter[str]()
    for outline in outlines.values():
        article = articles[outline.article_id]
        text = f"{article.text[outline.start : outline.end]} {article.source.title}"
        found.update(re.sub(r"['’]s$", "", word) for word in words(text) if term_of(word) == term)
    return Counter({form: count for form, count in found.items() if form.islower() or form.lower() not in found})


def slips(word: str) -> Iterator[str]:
    """Yield a word with one slip of the most usual kinds: two letters changed places, one doubled or not, another
    vowel.
    """
    for at in range(len(word)):
        before, letter, after = word[:at], word[at], word[at + 1 :]
        if after and letter != after[0]:
            yield before + after[0] + letter + after[1:]
        if letter == after[:1]:
            yield before + after
        elif at:
            yield before + letter + letter + after
        if letter in _VOWELS and at:
            yield from (before + vowel + after for vowel in _VOWELS if vowel != letter)


def edits(word: str) -> Iterator[str]:
    """Yield a word with one letter behind the first left out, replaced or added; its ending is not touched: that makes
    another form of it, or another word.
    """
    for at in range(1, len(word) + 1):
        before, after = word[:at], word[at:]
        yield from (before + letter + after for letter in _LETTERS)
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in _LETTERS)
