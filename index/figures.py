"""Numbers in a text, in one normal form.

"26" is "twenty-six" and "$90 billion" is "90bn dollars", but "half" is not "50 %".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from index.words import one_of, rows

_WORDS = rows("numbers", "words", 4)
_VALUES = {word: int(value) for word, value, *_ in _WORDS}
_ORDINAL = {ordinal: int(value) for _, value, ordinal, _ in _WORDS if ordinal}
_FRACTION = {part: int(value) for _, value, _, part in _WORDS if part}
_SCALE = {form: float(value) for word, value, short in rows("numbers", "scales", 3) for form in (word, *short.split())}
_CURRENCY, _MEASURE = (
    {name: sign for sign, names in rows("units", part) for name in names.split(" / ")}
    for part in ("currencies", "measures")
)
_SIGNED_ONLY = {"real", "won", "rand"}  # names of currencies that are words as well: they need their sign

_WORD = one_of(_VALUES)
_ORDINALS = one_of(_ORDINAL)
_PARTS = one_of(part for part in _FRACTION if part != "half")
_BIG = one_of(word for word, *_ in rows("numbers", "scales"))
_SCALES = one_of(form for form in _SCALE if form != "hundred")
_SIGN = r"(?:US|CA|AU|HK|NZ|C|A|S|R)?\$|[€£¥₽₹₩₴₺]|(?:USD|EUR|GBP|JPY|CHF|CNY|RMB)(?=\s?\d)"
_DIGITS = r"\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
_SPELT = rf"(?:(?:{_WORD})(?:[\s-]+(?:and\s+)?(?:{_WORD}|{_BIG}))*|(?:a|an)\s+(?:{_BIG}))"
_FIGURE = re.compile(
    rf"(?P<sign>{_SIGN})?\s?(?<![\w.])(?P<digits>{_DIGITS})"
    rf"(?:(?P<ordinal>st|nd|rd|th)\b|\s?-?(?P<scale>{_SCALES})s?\b(?!\s?/))?"
    r"|\b(?P<dozen>(?:a|one|half\s+a|two|three|four|five)\s+dozen)\b"
    rf"|\b(?P<spelt>{_SPELT})(?:(?:-|\s(?=halves|thirds|quarters|[a-z]+ths))(?P<last>{_ORDINALS}|halves|(?:{_PARTS})s))?\b"
    rf"|\b(?P<rank>{_ORDINALS})\b"
    rf"|\b(?P<part>half|(?:a|one)[\s-](?:half|{_PARTS})|three[\s-]quarters)\b",
    re.I,
)
_RANGE = re.compile(r"\s?(?:-|–|—|to|and|or)\s?\Z", re.I)
_UNIT = re.compile(
    r"[\s-]{0,3}(?:(?:US|American|Australian|Canadian|Hong Kong|Swiss|Russian|Indian|square|cubic)\s)?"
    r"(%|°[CF]|per\s?cent\b|percentage[\s-]points?\b|basis\spoints?\b|km/h\b|[^\W\d_]+)",
    re.I,
)
_MORE = re.compile(
    r"\b(?:more\s+than|over|at\s+least|above|upwards\s+of|exceeding|no\s+(?:fewer|less)\s+than|in\s+excess\s+of)\s*\Z",
    re.I,
)
_LESS = re.compile(
    r"\b(?:less\s+than|fewer\s+than|under|below|at\s+most|up\s+to|no\s+more\s+than|as\s+(?:many|much)\s+as)\s*\Z", re.I
)
_NO_FIGURE = re.compile(
    r"\A\s+(?:of\s+(?:the|his|her|its|their|our|my)|another|day|by\s+one|thing)\b", re.I
)  # "one of the"
_PRONOUN = re.compile(
    r"\b(?:no|any|every|each|some|this|that|which|the|another|last|next)[\s-]\Z", re.I
)  # "no one", "the one"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number: its value, its unit ("" if none: a currency, a share or a measure), its position with sign and unit,
    how it is written without them, and whether it is a bound (">", "<") or an ordinal.
    """

    value: float
    unit: str
    start: int
    end: int
    written: str
    bound: str = ""
    ordinal: bool = False

    def same(self, other: Figure) -> bool:
        """Tell whether two figures say the same; "first" is not "one", 5 % not 5."""
        return (
            (self.ordinal, self.bound) == (other.ordinal, other.bound)
            and abs(self.value - other.value) <= 1e-9 * abs(other.value)
            and _units_agree(self.unit, other.unit)
        )


def figures(text: str) -> list[Figure]:
    """Return the numbers of a sentence in order. A unit in front of or behind the last of a range is that of both."""
    found: list[Figure] = []
    for match in _FIGURE.finditer(text):
        figure = _figure(match, text)
        if figure is None:
            continue
        if found and _RANGE.fullmatch(text[found[-1].end : figure.start]):
            found[-1] = _shared(found[-1], figure)
            if not figure.unit and found[-1].unit in _CURRENCY.values():
                figure = replace(figure, unit=found[-1].unit)
        found.append(figure)
    return found


def _figure(match: re.Match[str], text: str) -> Figure | None:
    start, end, ordinal, sign = match.start(), match.end(), False, ""
    first = match.start("digits") if match["digits"] else start
    if match["digits"]:
        start = match.start("sign") if match["sign"] else first
        value = float(re.sub(r"[^\d.]", "", match["digits"])) * _SCALE.get((match["scale"] or "").lower(), 1.0)
        ordinal = match["ordinal"] is not None
        sign = _CURRENCY.get((match["sign"] or "").lower().strip(), "")
        if (
            (match["scale"] or "").lower() == "m"
            and not sign
            and match["scale"] == "m"
            and text[end - 2 : end - 1] in " -"
        ):
            value /= 1e6  # "100 m" is a length
            end = match.end("digits")
    elif match["spelt"]:
        value = _spelt(match["spelt"].lower())
        if match["last"]:
            value, ordinal = _with_last(value, match["last"].lower())
        elif _is_pronoun(match["spelt"].lower(), text[: match.start()], text[end:]):
            return None
    elif match["rank"]:
        if match["rank"].lower() == "second" and re.search(r"\b(?:a|per|each|every)\s\Z", text[: match.start()], re.I):
            return None
        value, ordinal = float(_ORDINAL[match["rank"].lower()]), True
    elif match["part"]:
        word = re.split(r"[\s-]", match["part"].lower())[-1].removesuffix("s")
        value = (3.0 if match["part"].lower().startswith("three") else 1.0) / _FRACTION[word]
    else:
        head = match["dozen"].lower().split()
        value = 12.0 * (0.5 if head[0] == "half" else 1.0 if head[0] in ("a", "one") else _VALUES[head[0]])
    before = text[max(0, start - 24) : start]
    bound = ">" if _MORE.search(before) else "<" if _LESS.search(before) else ""
    written = text[first:end]
    unit, end = (sign, end) if sign else _unit(text, end)
    return Figure(value, unit, start, end, written, bound, ordinal)


def _unit(text: str, end: int) -> tuple[str, int]:
    """Return the unit right behind a number and where it ends, ("", end) if there is none."""
    match = _UNIT.match(text, end)
    if not match:
        return "", end
    word = " ".join(match[1].lower().split())
    for form in (word, word.removesuffix("s")):
        if form in _CURRENCY and form not in _SIGNED_ONLY:
            return _CURRENCY[form], match.end()
        if form in _MEASURE:
            # A length of time stays a word of its own as well: "three-year-old", "10 days".
            return _MEASURE[form], match.end() if form in ("%", "percent", "per cent", "pc") or "point" in form else end
    return "", end


def _spelt(words: str) -> float:
    total, current = 0.0, 0.0
    for word in re.split(r"[\s-]+", words):
        if word in ("a", "an"):
            current = 1.0
        elif word in _VALUES:
            current += _VALUES[word]
        elif word == "hundred":
            current = max(1.0, current) * 100
        elif word in _SCALE:
            total, current = total + max(1.0, current) * _SCALE[word], 0.0
    return total + current


def _with_last(value: float, last: str) -> tuple[float, bool]:
    """Return a number whose last word is an ordinal ("twenty-sixth") or a part ("two-thirds")."""
    if last.endswith("s") and last != "s":
        return value / _FRACTION[{"halves": "half"}.get(last, last.removesuffix("s"))], False
    if value < 20 and last in _FRACTION:
        return value / _FRACTION[last], False
    return value + _ORDINAL[last], True


def _is_pronoun(word: str, before: str, after: str) -> bool:
    return word == "one" and bool(
        _PRONOUN.search(before)
        or _NO_FIGURE.match(after)
        or re.match(r"\s*(?:[.,;:!?”\"]|who|that|which|can|must|should)", after)
    )


def _shared(first: Figure, last: Figure) -> Figure:
    """Return the first figure of a range with the scale and unit that stand behind the last: "$10-15 million"."""
    value = first.value
    for scale in (1e12, 1e9, 1e6, 1e3):
        if last.value >= scale and value < 1_000 <= last.value and last.value / scale < 1_000:
            value *= scale
            break
    return replace(first, value=value, unit=first.unit or last.unit)


def _units_agree(one: str, other: str) -> bool:
    return one == other or {one, other} <= {"h", ""} or {one, other} in ({"°", "°c"}, {"°", "°f"})
