"""Sentences of a text, as spans that can be quoted.

line ── quotations and brackets (nothing is cut inside) ── marks that may end a sentence ── the words around a full stop

The language is not asked for: a paragraph may have two, and many texts do not tell theirs. The words before and behind
a full stop decide.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from index.full_stops import FINITE, LOOKAHEAD, PARTICLE, ends, may_be_short, word_before
from index.words import marked, one_of

Span = tuple[int, int]

_SMALL = "".join(char for char in map(chr, range(0x588)) if char.islower())
# These end a sentence with or without white space behind them: full-width stops, danda, and those of Urdu, Arabic,
# Armenian and Amharic.
FULL_STOPS = "。！？｡।॥۔؟։።፧"
_BOUNDARY = re.compile(
    rf"""[.!?…{FULL_STOPS}](?<![.!?…{FULL_STOPS}]{{2}})[.!?…{FULL_STOPS}]*+(?P<full>(?<=[{FULL_STOPS}]))?
        (?P<close>(?:["'”’‘»›)\]」』）】》]|[“«‹](?!\w)|[ \u00a0\u202f][»›](?!\w))*)
        (?P<note>(?:[ ]?\[(?:\d{{1,3}}|[a-z]|note[ ]\d+|citation[ ]needed)\])+|[¹²³⁴-⁹⁰*†‡]+
                |(?<=[^\W\d_]\.)\d{{1,2}}(?:,\d{{1,2}})*(?=[ ]))?
        (?(full)[ \t\u3000]*(?=[^\s、，,.;:!?…)\]%])
        |(?:[ \t\u00a0]+(?![–—-]\s[{_SMALL}])(?=[^{_SMALL}\s.,;:!?)\]%]|[.]{{3}}|[a-z]+[A-Z]
                          |(?:(?:{PARTICLE}[ -]){{1,2}}|d['’])[A-Z][\w-]+(?:,|[ ](?:\w+ed|will|{one_of(FINITE)})\b))
          |(?P<glued>(?=[^\W\d_{_SMALL}][{_SMALL}’']*[\s,?!]|[“„«‘][^\W_]))))""",
    re.VERBOSE,
)


def spans(text: str) -> list[Span]:
    """Return the sentences of a text in order, as (start, end) character offsets without outer white space.

    A line break always ends a sentence, so a heading never sticks to what follows. Nothing is split inside a
    quotation of up to 400 characters. Every visible character of the text lies in exactly one span.
    """
    found: list[Span] = []
    for line in _LINE.finditer(text):
        for start, end in _split(line.group()):
            found.append((line.start() + start, line.start() + end))
    return found


def may_go_on(sentence: str, known: int) -> bool:
    """Tell whether more text may divide a sentence or move its end; ``known``: how many characters stand behind it."""
    if known > LOOKAHEAD:
        return False
    stops = (match.start() for match in _FULL_STOP.finditer(sentence, max(0, len(sentence) + known - LOOKAHEAD)))
    return _QUOTED_END.search(sentence[-8:]) is not None or any(
        may_be_short(word_before(sentence, 0, stop)) for stop in stops
    )


_LINE = re.compile(r"[^\n]+")
_FULL_STOP = re.compile(r"[.](?![.\w])")
_QUOTED_END = re.compile(rf"[!?…{FULL_STOPS}][\"'”’“‘»«)」』）]+\s*\Z")


def _split(line: str) -> Iterator[Span]:
    quotes = _quotations(line)
    start = 0
    for match in _BOUNDARY.finditer(line):
        stop, end = match.start(), match.end("close")
        if quotes and (quote := _around(quotes, stop)):
            if end < quote[1] or _goes_on(line, start, quote, match):
                continue
        elif line[stop:end] == "." and not ends(line, start, stop):
            continue
        if match["glued"] is not None and (
            _DOMAIN.match(line, end) or not _GLUED.search(line[max(start, stop - 40) : stop])
        ):
            continue
        end = match.end("note") if match["note"] else end
        yield from _trimmed(line, start, end)
        start = end
    yield from _trimmed(line, start, len(line))


def _trimmed(line: str, start: int, end: int) -> Iterator[Span]:
    piece = line[start:end]
    stripped = piece.strip()
    if stripped:
        offset = start + len(piece) - len(piece.lstrip())
        yield offset, offset + len(stripped)


# What stands before a full stop without white space behind it: a word, a year or a closing mark, but no address.
_GLUED = re.compile(rf"(?:(?:\A|[\s(\[“„«\"'’-])[^\W\d_]*[{_SMALL}]|\s[^\s/@]*\d|[)”»%\"])\Z")
_DOMAIN = re.compile(r"(?:com|org|net|edu|gov|info|io|ai|co|de|uk|fr|es|it|nl|se|pl|eu)\b", re.I)

# What follows each mark that opens a quotation or a bracket, to its end; a longer one may be cut between sentences.
_OPENER = re.compile(r"""[“„«「『（‚”»"‘'(](?<!\w[”»"‘'(])""")
_PAIRS = {
    mark: re.compile(rest)
    for mark, rest in {
        "“": r"[^“”]{1,400}”",
        "„": r"[^“”„\"]{1,400}[“”\"]",
        "«": r"[^«»]{1,400}»",
        "»": r"(?=\S)[^«»]{1,400}[«»]",
        "”": r"(?=\S)[^“”]{1,400}”",
        '"': r'(?=\S)[^"]{1,400}(?:(?<![\s(\[—–/:-])"|"(?=\s|\Z))',
        "「": r"[^「」]{1,400}」",
        "『": r"[^『』]{1,400}』",
        "（": r"[^（）]{1,400}）",
        "(": r"[^()]{1,400}\)",
        "‚": r"[^‚‘]{1,400}‘",
        # The mark that closes a single quotation is an apostrophe as well: only punctuation before it tells.
        "‘": r"(?=[^\W\d_])[^‘]{1,400}?[.,!?…]’(?!\w)",
        "'": r"(?:'(?=\S)(?:[^']|'(?!')){1,400}?''|(?=[^\W\d_])(?:[^']|'(?=\w)){1,400}?[,.!?…]'(?![\w']))",
    }.items()
}


def _quotations(line: str) -> list[Span]:
    """Return what stands between matching marks of quotation, or in brackets, of up to 400 characters."""
    found: list[Span] = []
    opener = _OPENER.search(line)
    while opener:
        at = opener.start()
        rest = _PAIRS[line[at]].match(line, at + 1)
        if rest:
            found.append((at, rest.end()))
        opener = _OPENER.search(line, rest.end() if rest else at + 1)
    return found


def _around(quotes: list[Span], index: int) -> Span | None:
    """Return the quotation in which a character stands."""
    found = bisect_left(quotes, (index, 0)) - 1
    return quotes[found] if found >= 0 and index < quotes[found][1] else None


# Behind a quotation that opens a sentence: who speaks ("“Why?” Lund asked"), as 他说 and と言った do.
_SAYS = one_of((*marked("verbs_of_speech", "strong"), *marked("verbs_of_speech", "weak")))
_SPEAKER = re.compile(rf"(?:[^\W\d_{_SMALL}][\w’'.-]*\s){{1,4}}(?:{_SAYS})\b")
_BEHIND_WORDS = re.compile(r"[とはがをにのも的]|って|など|で[はも、]|から[、は]")
_SAID = re.compile(
    r"[^。！？，]{0,20}(?:言[いっ]|述べ|語っ|話し|叫ん|答え|尋ね|聞い)|[^。！？，,]{0,12}[说說道称稱表示指出强調调問问答喊叫]"
)


def _goes_on(line: str, start: int, quote: Span, match: re.Match[str]) -> bool:
    """Tell whether a sentence goes on behind a quotation that ends like a sentence."""
    if line[quote[0]] == "(" and line[match.start()] == ".":
        return not ends(line, quote[0] + 1, match.start())
    opens = not line[start : quote[0]].strip()
    after = line[match.end() : match.end() + LOOKAHEAD]
    if match["full"] is not None and not after[:1].isascii() and after[:1] > "\u3000":  # Chinese, Japanese
        return _BEHIND_WORDS.match(after) is not None or (opens and _SAID.match(after) is not None)
    if not opens or line[match.start()] in ".。।۔":
        return False
    return _SPEAKER.match(after) is not None or (after[:1].isalpha() and after[:1].lower() == after[:1].upper())
