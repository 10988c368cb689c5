"""Questions to try, made of who speaks in an article and of what: never of its headline, whose grammar is its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from index.archive import Archive
from index.articles import Article, Source, StoredStatement
from index.words import first_fields, listed, marked

_WORD = r"[^\W\d_a-zß-öø-ÿ][\w’'-]*\w"
_NAME = re.compile(rf"{_WORD}(?: {_WORD}){{0,2}}")
_PERSON = re.compile(rf"{_WORD}(?: (?:{_WORD}|von|van|der|den|de|del|di|da|al|bin|ibn|la|le)){{0,3}} {_WORD}")
_ROLE = re.compile(r"[a-z-]+(?: [a-z-]+)? of (?:the )?[\w-]+")
# "French", "European": no thing that anybody speaks of.
_OF_A_COUNTRY = re.compile(r".*(?:an|ans|ish|ese|ic|ch|i|ists?)", re.I)
_CAPITALS = frozenset(
    word.lower()
    for word in (
        *first_fields("calendar", "months", "weekdays"),
        *marked("titles", "question"),
        *listed("stop_words", "nobody"),
    )
)
_LONGEST = 40  # characters of a name
_CANDIDATES = 12
_STARTS = re.compile(r"(?:^|[.!?:”\"»]\s+|\n)\W*$")


def example_questions(archive: Archive) -> tuple[int, list[str]]:
    """Return the number of the published generation, and questions about its newest articles."""
    with archive.catalog.snapshot() as snapshot:
        generation = snapshot.generation()
        ids = [source.id for source in _newest([source for source, _ in snapshot.sources()])]
        articles, statements = snapshot.articles(ids), snapshot.statements_of(ids)
    of_each = (examples(articles[id_], statements.get(id_, [])) for id_ in ids if id_ in articles)
    asked = sorted(mixed(of_each), key=lambda question: " about " not in question)
    return generation.number if generation else 0, asked[:_CANDIDATES]


def _newest(sources: list[Source]) -> list[Source]:
    """Return the newest articles in English, one of each title."""
    found: dict[str, Source] = {}
    for source in sorted(sources, key=lambda source: (source.published or date.min, source.title), reverse=True):
        if source.language in (None, "en"):
            found.setdefault(source.title.lower(), source)
        if len(found) == _CANDIDATES:
            break
    return list(found.values())


def examples(article: Article, statements: Sequence[StoredStatement]) -> list[str]:
    """Return questions on an article: what its people said, first on what they spoke of; none if it names nobody."""
    named = Counter(_names_in(article.text))
    with_subject: dict[str, None] = {}
    without: dict[str, None] = {}
    for statement in statements:
        speaker = _speaker(statement.speaker, article)
        if not speaker:
            continue
        without[f"What did {speaker} say?"] = None
        own = set(speaker.lower().split())
        spoken_of = _names_in(article.text[statement.start : statement.end])
        others = [name for name in spoken_of if not own & set(name.lower().split())]
        subject = max(others, key=lambda name: named[name], default="")
        if subject and named[subject] > 1:
            with_subject[f"What did {speaker} say about {_with_article(subject, article.text)}?"] = None
    return [*with_subject, *without]


def mixed(of_each: Iterable[list[str]]) -> Iterator[str]:
    """Yield the first question on each article, then the second on each, and so on; none twice."""
    lists, seen = [list(one) for one in of_each], set[str]()
    for place in range(max(map(len, lists), default=0)):
        for one in lists:
            if place < len(one) and one[place].lower() not in seen:
                seen.add(one[place].lower())
                yield one[place]


def _speaker(name: str, article: Article) -> str:
    """Return how a question names a speaker, "" if the name is not sure to be one."""
    name = name.rpartition(", ")[2]
    if len(name) > _LONGEST:
        return ""
    if _ROLE.fullmatch(name) and re.search(rf"\bthe {re.escape(name)}\b", article.text, re.I):
        return "" if _OF_A_COUNTRY.fullmatch(name.split()[-1]) else f"the {name}"
    words = name.split()
    while len(words) > 2 and _is_title(words[0].lower()):
        words = words[1:]  # "French President Emmanuel Macron"
    name = " ".join(words)
    if name == article.source.author or not _PERSON.fullmatch(name) or _CAPITALS & set(name.lower().split()):
        return ""
    places = (match.start() for match in re.finditer(rf"\b{re.escape(name)}\b", article.text))
    return _with_article(name, article.text) if any(not _starts(article.text, place) for place in places) else ""


def _is_title(word: str) -> bool:
    return word.rpartition("-")[2] in _CAPITALS or _OF_A_COUNTRY.fullmatch(word) is not None


def _names_in(text: str) -> Iterator[str]:
    """Yield what is written like a name inside the sentences of a text."""
    for match in _NAME.finditer(text):
        name = re.sub(r"['’]s$", "", match[0])
        words = name.lower().split()
        if not (
            _starts(text, match.start())
            or _CAPITALS & set(words)
            or _OF_A_COUNTRY.fullmatch(words[-1])
            or len(name) < 2
        ):
            yield name


def _starts(text: str, place: int) -> bool:
    return _STARTS.search(text[max(0, place - 5) : place]) is not None or place == 0


def _with_article(name: str, text: str) -> str:
    """Return a name as the text mostly writes it: "the Kremlin", "Paris"."""
    whole = len(re.findall(rf"\b{re.escape(name)}\b", text))
    return f"the {name}" if 2 * len(re.findall(rf"\bthe {re.escape(name)}\b", text, re.I)) >= whole > 0 else name
