"""Near-duplicates: the same report in several papers, edited and shortened.

article → sketch (its smallest shingle hashes, rows in the catalog) → articles that share some → compared → linked

A shingle is a run of five words.
Two reports of one event are not duplicates, and neither is the next day's report that repeats the background: a copy
begins as the other does. A copy that begins with other figures or names is a newer version, and both are shown.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice

import numpy as np
import numpy.typing as npt

from index.articles import Article
from index.store.catalog import Catalog
from index.store.transaction import Transaction
from index.text import term_of, words
from index.words import first_fields, rows

Hashes = npt.NDArray[np.uint64]

VERSION = "1"  # of the sketch: after a change the next ingest makes all sketches again
_SKETCH = 32  # hashes kept of an article
_SHINGLE = 5  # words
_OPENING_SHINGLE = 3
_OPENING_WORDS = 100
_SHORTEST = 20  # words: below this only equal texts are duplicates
_COMMON = 50  # a hash that so many articles share is furniture of a publisher and is not compared
_SHARED = 3  # hashes that two sketches have in common
_AT_ONCE = 500  # articles sketched in one transaction, of an older catalog
_CANDIDATES = 20  # compared with one article, those that share most first
# Tuned on the development half of evals/duplicates.jsonl; python -m evals duplicates reports both halves.
_CONTAINED = 0.6
_OPENING_SAME_DAY = 0.4
_OPENING = 0.55
_EDITED = 0.3
_OPENING_EDITED = 0.3
_NEAR = 0.9
_SAID = 0.7  # of a passage's shingles: a few changed words are no news

# Scripts written without spaces: every character counts as a word. (Korean has spaces.)
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*|[a-z]+")
_FIGURES = {word: value for word, value, *_ in rows("numbers", "words") if int(value) > 1}


# Capitalised inside a sentence. Not days and months: editors add and remove them ("on Tuesday", "March 4").
_NAME = re.compile(r"(?<=[a-zà-ÿ,;] )[A-ZÀ-Þ][^\W\d_]*[a-zà-ÿ][^\W\d_]*")
_BRACKETS = re.compile(r"\([^()]*\)")
_DAYS = frozenset(name.capitalize() for name in first_fields("calendar", "months", "weekdays"))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of an article: its words and its shingles, as hashes."""

    article: Article
    words: Hashes
    shingles: Hashes  # distinct, in order of their values

    @classmethod
    def of(cls, article: Article) -> Fingerprint:
        """Take the fingerprint of an article: half a millisecond for a thousand words."""
        words = _words(article.text)
        return cls(article, words, np.unique(_shingles(words, _SHINGLE)))

    @property
    def sketch(self) -> list[int]:
        """The smallest hashes, as signed integers: two texts share about as much of them as of all their hashes.

        Empty for a very short text.
        """
        return [int(value) for value in self.shingles[:_SKETCH].view(np.int64)] if len(self.words) >= _SHORTEST else []


def copied(one: Fingerprint, other: Fingerprint, cosine: Callable[[], float]) -> bool:
    """Tell whether two articles are one report, perhaps edited or shortened; the order of the two does not matter.

    ``cosine`` compares the vectors of their first passages. It is called only where the words do not decide: a copy
    that was edited much shares few shingles, and so do two reports that quote the same statement.
    """
    if one.article.digest == other.article.digest:
        return True
    share = contained(one, other) if min(len(one.words), len(other.words)) >= _SHORTEST else 0.0
    if share < _EDITED:
        return False
    opens, day = opening(one, other), one.article.source.published
    same_day = day is not None and day == other.article.source.published
    if share >= _CONTAINED:
        copy = opens >= (_OPENING_SAME_DAY if same_day else _OPENING)
    else:
        copy = same_day and opens >= _OPENING_EDITED and cosine() >= _NEAR
    return copy and not facts_differ(one.article.text, other.article.text)


def contained(one: Fingerprint, other: Fingerprint) -> float:
    """Return the share of the shorter text's shingles that the longer one has, 0 to 1."""
    shared = len(np.intersect1d(one.shingles, other.shingles, assume_unique=True))
    return shared / max(1, min(len(one.shingles), len(other.shingles)))


def opening(one: Fingerprint, other: Fingerprint) -> float:
    """Return the share of each article's beginning that the other has, 0 to 1; of the two shares the smaller.

    A follow-up that repeats the background, a round-up and a gallery hold much of another article, but do not begin as
    it does.
    """
    # A shortened copy may be shorter than the beginning of the other.
    length = min(_OPENING_WORDS, len(one.words), len(other.words))
    shares = [
        np.isin(_shingles(mine.words[:length], _OPENING_SHINGLE), _shingles(theirs.words, _OPENING_SHINGLE))
        for mine, theirs in ((one, other), (other, one))
    ]
    return float(min(share.mean() for share in shares)) if length >= _OPENING_SHINGLE else 0.0


def facts_differ(one: str, other: str) -> bool:
    """Tell whether each text begins with figures, or each with names, that the other does not have anywhere.

    Then one is a newer version, or both follow one template about two things, and both are worth showing.
    """
    figures_differ = figures(_start(one)) - figures(other) and figures(_start(other)) - figures(one)
    return bool(figures_differ or (_names(_start(one)) - _terms(other) and _names(_start(other)) - _terms(one)))


def figures(text: str) -> set[str]:
    """Return the numbers in a text: "1,000" as 1000, "twenty" as 20; "one" does not count as a number."""
    found = _FIGURE.findall(text.casefold())
    return {
        word.replace(",", "") if word[0].isdigit() else _FIGURES[word]
        for word in found
        if word[0].isdigit() or word in _FIGURES
    }


def says(text: str, passage: str) -> bool:
    """Tell whether a text says what a passage says: nearly all its words in their order, and every figure."""
    one, other = (_shingles(_words(each), _SHINGLE) for each in (passage, text))
    return len(one) > 0 and float(np.isin(one, other).mean()) >= _SAID and figures(passage) <= figures(text)


def link(transaction: Transaction, articles: Sequence[Article]) -> None:
    """Store the sketches of articles that were just added, and link each to its duplicates in the catalog."""
    known = {article.source.id: Fingerprint.of(article) for article in articles}
    model = transaction.fact("model") or ""

    def cosine(one: Fingerprint, other: Fingerprint) -> float:
        vectors = transaction.first_vectors(model, [one.article.source.id, other.article.source.id])
        return float(vectors[0] @ vectors[1]) if len(vectors) == 2 else 0.0

    transaction.put_sketches({id_: fingerprint.sketch for id_, fingerprint in known.items()})
    for id_, fingerprint in known.items():
        found = transaction.sharing(
            fingerprint.sketch, fingerprint.article.digest, common=_COMMON, shared=_SHARED, limit=_CANDIDATES
        )
        stored = transaction.articles([other for other in found if other not in known])
        near = [known[other] if other in known else Fingerprint.of(stored[other]) for other in found]
        copies = [
            other.article.source.id for other in near if copied(fingerprint, other, partial(cosine, fingerprint, other))
        ]
        transaction.put_duplicates(id_, copies)


def link_all(catalog: Catalog, stopped: Callable[[], bool] = lambda: False) -> int:
    """Sketch and link the articles that an older newsdesk added; return how many there were.

    The caller holds the writer's lock. The next run continues one that was killed or stopped.
    """
    count = 0
    with catalog.snapshot() as snapshot:
        version, _, last = (snapshot.fact("sketches") or "").partition(":")
    if version == VERSION and not last:
        return count
    while not stopped():
        with catalog.transaction() as transaction:
            if version != VERSION:
                transaction.forget_sketches()
                version, last = VERSION, ""
            ids = transaction.ids_after(last, _AT_ONCE)
            link(transaction, list(transaction.articles(ids).values()))
            last = ids[-1] if ids else ""
            transaction.put_fact("sketches", f"{VERSION}:{last}" if ids else VERSION)
        count += len(ids)
        if not ids:
            break
    return count


def _names(text: str) -> set[str]:
    """Return the names in a text as search terms, without days and datelines (capitals, an agency in brackets)."""
    return {term_of(word) for word in _NAME.findall(_BRACKETS.sub(" ", text)) if word not in _DAYS}


def _terms(text: str) -> set[str]:
    return {term_of(word) for word in words(text)}


def _words(text: str) -> Hashes:
    found = _WORD.findall(text.casefold())
    return np.fromiter(map(_hash, found), np.uint64, len(found))


@lru_cache(maxsize=200_000)
def _hash(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def _start(text: str) -> str:
    last = deque(islice(_WORD.finditer(text), _OPENING_WORDS), maxlen=1)
    return text[: last[0].end()] if last else ""


def _shingles(words: Hashes, size: int) -> Hashes:
    """Return one hash for every run of ``size`` words, in order."""
    count = max(0, len(words) - size + 1)
    found = np.zeros(count, np.uint64)
    for offset in range(size if count else 0):
        found = found * np.uint64(0x100000001B3) + words[offset : offset + count]
    # Mixed as MurmurHash3 does at its end: else the smallest hashes would be those of certain words, no random sample.
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        found = (found ^ (found >> np.uint64(33))) * np.uint64(factor)
    return found ^ (found >> np.uint64(33))
