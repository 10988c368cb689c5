"""The other forms of a figure in a question: 1,500,000, 1.5m, 1.5 million; 90, ninety."""

from __future__ import annotations

import re

from index.figures import figures
from index.text import terms
from index.words import numbers, rows

_LEAST = 10  # "two" is everywhere
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_JOINED, _GOES_ON = re.compile(r"[\w.,-]\Z"), re.compile(r"\w|[.,]\d")  # "AK-47", "version 1.2"


def figures_in(text: str) -> list[tuple[str, list[str]]]:
    """Return the figures of a text from ten up, each as it is written and in its other forms; years are none."""
    found = []
    for figure in figures(text):
        start = text.index(figure.written, figure.start)
        alone = not _JOINED.search(text[:start]) and not _GOES_ON.match(text, start + len(figure.written))
        if _LEAST <= figure.value < 1e15 and not figure.ordinal and alone and not _YEAR.match(figure.written):
            forms = [form for form in _forms(figure.value) if form != figure.written.lower()]
            found.append((figure.written, forms))
    return found


def _forms(value: float) -> list[str]:
    forms, word_of = [], {number: word for word, number in numbers().items()}
    if value == int(value):
        plain = int(value)
        forms += [f"{plain:,}", str(plain), f"{plain:,}".replace(",", " ")]
        tens, ones = divmod(plain, 10)
        if plain in word_of:
            forms.append(word_of[plain])
        elif plain < 100:
            forms += [f"{word_of[10 * tens]}-{word_of[ones]}", f"{word_of[10 * tens]} {word_of[ones]}"]
    for word, scale, abbreviations in rows("numbers", "scales", fields=3):
        count = f"{value / float(scale):.10g}"
        if float(scale) >= 1_000 and 1 <= float(count) < 1_000 and len(count) <= 5:
            forms += [f"{count} {word}", *(f"{count}{short}" for short in abbreviations.split())]
            forms += [f"{word_of[int(count)]} {word}"] if len(count) == 1 else []
    return list(dict.fromkeys(forms))


def other_figures(question: str) -> list[str]:
    """Return the figures of a question in their other forms, as search terms with one space between."""
    forms = (form for _, others in figures_in(question) for form in others)
    return list(dict.fromkeys(" ".join(terms(form)) for form in forms if terms(form)))
