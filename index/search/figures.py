"""The other forms of a figure in a question: 1,500,000, 1.5m, 1.5 million; 90, ninety."""

from __future__ import annotations

import re
from functools import cache

from index.text import terms
from index.words import numbers, one_of, rows

_LEAST = 10  # "two" is everywhere
_YEAR = re.compile(r"(?:19|20)\d\d\Z")


@cache
def _scales() -> dict[str, float]:
    """Return what the words of scale and their abbreviations stand for."""
    found: dict[str, float] = {}
    for word, value, abbreviations in rows("numbers", "scales", fields=3):
        found |= dict.fromkeys((word, *abbreviations.split()), float(value))
    return found


@cache
def _pattern() -> re.Pattern[str]:
    words = one_of(word for word, value in numbers().items() if value < 100)
    return re.compile(
        r"(?<![\w.,-])(?:(?P<digits>\d{1,3}(?:[,\u00a0\u202f ]\d{3})+|\d+(?:\.\d+)?)"
        rf"|(?P<words>(?:{words})(?:-(?:{words}))?))"
        rf"(?:\s?(?P<scale>{one_of(_scales())}))?(?![\w]|[.,]\d)",
        re.I,
    )


def figures_in(text: str) -> list[tuple[str, list[str]]]:
    """Return the figures of a text from ten up, each as it is written and in its other forms; years are none."""
    found = []
    for match in _pattern().finditer(text):
        if match["digits"]:
            value = float(re.sub(r"[^\d.]", "", match["digits"]))
        else:
            value = float(sum(numbers()[word] for word in match["words"].lower().split("-")))
        value *= _scales()[match["scale"].lower()] if match["scale"] else 1
        if _LEAST <= value < 1e15 and not _YEAR.match(match.group()):
            found.append((match.group(), [form for form in _forms(value) if form != match.group().lower()]))
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
