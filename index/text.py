"""Texts and their parts: search terms, lines, passages.

text ── sentences (index/sentences.py) ── passages (windows of whole sentences, sized for the embedding model)
     └─ terms (folded, stemmed words, the same for articles and questions)
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from pathlib import Path

import Stemmer
from anyascii import anyascii

from index.articles import Article, Passage, Source, digest_of
from index.sentences import FULL_STOPS, Span, spans
from index.words import listed

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_OWN = threading.local()  # a stemmer keeps the word it works on in itself, and a bot answers several questions at once

_LONGEST = 64  # characters; what is longer is no word

STOP_WORDS = frozenset(listed("stop_words", "topic"))


def words(text: str) -> list[str]:
    """Return the words of a text in order, as written ("U.S", "Macron's" and "2,000" stay whole or split at the
    comma).
    """
    return _WORD.findall(text)


def terms(text: str) -> list[str]:
    """Return the search terms of a text in order, stop words left out, repeats kept."""
    return [term for word in _WORD.findall(text) if (term := term_of(word))]


@lru_cache(maxsize=200_000)
def term_of(word: str) -> str:
    """Return the term for one word, "" for a stop word.

    Script and diacritics are folded to ASCII, the possessive and a verb cut short go ("he'd", "Macron'll"; "doesn't" is
    a stop word), English endings are stemmed, and the endings in which transliterations differ become one: Zelensky,
    Zelenskyy, Zelenskiy and Зеленський are ``zelenski``.
    """
    folded = anyascii(word[:_LONGEST]).lower().replace("’", "'")
    folded = re.sub(r"'(?:s|d|ll|ve|re|m)?$|^[a-z]+n't$", "", folded)
    return term_of_folded(re.sub(r"[^a-z0-9]", "", folded))


def term_of_folded(folded: str) -> str:
    """Return the term for one word that has only the letters a to z and digits, "" for a stop word."""
    if not folded or folded in STOP_WORDS:
        return ""
    stem = stemmed(folded)
    if len(stem) > 5:
        stem = re.sub(r"(?:iy|yy|yi|ij|yj|ii|y)$", "i", stem)
    return stem


def stemmed(word: str) -> str:
    """Return a lower-case word without its English endings (Snowball's English stemmer)."""
    if not hasattr(_OWN, "stemmer"):
        _OWN.stemmer = Stemmer.Stemmer("english", 0)  # what it returns is kept by who asks
    stem: str = _OWN.stemmer.stemWord(word)
    return stem


BULLET = re.compile(r"^(?:[*•·▪◦‣+^–—-]+|>{1,3}|[»«]|\d{1,2}[.)]|o(?=\s[A-Z\d]))\s+")
_LINES_WORD = re.compile(r"\w+")
# A line of prose ends with a full stop or its like; quotation marks, brackets and emoji may follow.
_NO_END = rf"[^\w.!?…:;{FULL_STOPS}]*$"
_END = re.compile(rf"""[.!?…:;{FULL_STOPS}]{_NO_END}|["”»]$""")
_FULL_STOP = re.compile(rf"""(?:(?<!\.\.)[.!?{FULL_STOPS}]|[.!?]["”’'»)\]]){_NO_END}|[^.…]["”»]$""")
_CLIPPED = re.compile(r"(?:…|\.\.\.)\W*$")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")  # Thai, Japanese, Chinese
# "WeatherSportPolitics": links whose spaces were lost when the page was saved.
_GLUED = re.compile(r"[^\W\d_A-Z]{2}[A-Z][^\W\d_]")


def is_prose(line: str) -> bool:
    """Tell whether a line reads like a sentence rather than like a label, a heading or a link."""
    return _shape(line)[0]


def is_sentence(line: str) -> bool:
    """Tell whether a line reads like prose and ends as a sentence does: not clipped ("…"), not without an end."""
    return _shape(line)[0] and not is_clipped(line) and _FULL_STOP.search(line[-60:]) is not None


def is_clipped(line: str) -> bool:
    """Tell whether a line breaks off ("…")."""
    return _CLIPPED.search(line[-20:]) is not None


def length_in_words(line: str) -> int:
    """Return how many words a line has; where words are not parted by spaces, half its characters."""
    return _shape(line)[1]


def is_unspaced(line: str) -> bool:
    """Tell whether a line is in a script that puts no spaces between words."""
    return not line.isascii() and len(_UNSPACED.findall(line)) * 2 > len(line)


@lru_cache(maxsize=4_096)  # every step asks again of the same lines
def _shape(line: str) -> tuple[bool, int]:
    if is_unspaced(line):
        return len(line) >= 12, len(line) // 2
    count = len(_LINES_WORD.findall(line))
    return (count >= 6 and _END.search(line[-60:]) is not None) or (
        count >= 25 and len(_GLUED.findall(line)) * 8 < count
    ), count


_UNPRINTABLE = {
    ord(char): None for char in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
} | dict.fromkeys((*range(32), *range(127, 160)), " ")


def printable(text: str) -> str:
    """Return a text fit for one line of a terminal: no control characters, no marks that reverse what stands around
    them.
    """
    return text.translate(_UNPRINTABLE).encode("utf-8", "replace").decode("utf-8")


def short_path(path: str) -> str:
    """Return a path relative to the current folder if it lies in it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path


# MiniLM reads 256 tokens; 128-200 tokens cut at sentences retrieved best, overlap brought nothing measurable.
SIZE = 150  # estimated tokens
_DENSE_SCRIPT = re.compile(r"[^\x00-\u024f\u2000-\u206f]")


def passages_of(article: Article) -> list[Passage]:
    """Return the windows of an article in order; together they hold every visible character of its text once."""
    heading = header(article.source)
    found = []
    for start, end in windows(article.text):
        text = article.text[start:end]
        key = embedding_key(heading, text)
        found.append(Passage(f"{article.source.id}:{start}-{end}:{key[:8]}", article.source.id, start, end, text))
    return found


def header(source: Source) -> str:
    """Return the line put before a passage when it is embedded: title, publisher and date where known."""
    about = ", ".join(part for part in (source.publisher, source.published and source.published.isoformat()) if part)
    return f"{source.title} ({about})" if about else source.title


def embedding_key(heading: str, text: str) -> str:
    """Return the digest under which the vector of a passage is kept."""
    return digest_of(f"{heading}\n{text}")


def windows(text: str) -> list[Span]:
    """Cut a text into windows of whole sentences of about ``SIZE`` tokens.

    A paragraph break is preferred as an edge once a window is two thirds full; a sentence longer than a window is
    cut at white space, or anywhere if it has none.
    """
    found: list[Span] = []
    start: int | None = None
    end, used = 0, 0
    for piece_start, piece_end in _pieces(text):
        cost = estimated_tokens(text[piece_start:piece_end])
        full = used + cost > SIZE
        at_paragraph = start is not None and used > SIZE * 2 // 3 and "\n" in text[end:piece_start]
        if start is not None and (full or at_paragraph):
            found.append((start, end))
            start, used = None, 0
        if start is None:
            start = piece_start
        end, used = piece_end, used + cost
    if start is not None:
        found.append((start, end))
    return found


def estimated_tokens(text: str) -> int:
    """Estimate word-piece tokens: four and a half Latin characters each, one a character of other scripts."""
    other = len(_DENSE_SCRIPT.findall(text))
    return round((len(text) - other) / 4.5) + other + 1


def _pieces(text: str) -> list[Span]:
    pieces: list[Span] = []
    for start, end in spans(text):
        if end - start <= SIZE or estimated_tokens(text[start:end]) <= SIZE:
            pieces.append((start, end))
        else:
            pieces.extend(_cut(text, start, end))
    return pieces


def _cut(text: str, start: int, end: int) -> list[Span]:
    pieces: list[Span] = []
    while start < end:
        stop = min(end, start + SIZE * 4)
        if _DENSE_SCRIPT.search(text, start, stop):
            stop = min(end, start + SIZE)
        if stop < end:
            space = text.rfind(" ", start + SIZE // 2, stop)
            stop = space if space > start else stop
        pieces.append((start, stop))
        start = stop
        while start < end and text[start].isspace():
            start += 1
    return pieces
