"""Finds the other publishers that print a quote word for word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from index.articles import Article, Hit
from index.store.snapshot import Snapshot

_TWINS = 20  # equal texts that are read: a page that a publisher shows in place of every article has thousands
_QUOTES = str.maketrans("“”„«»‘’‚‹›", '"""""' + "'" * 5)
_BETWEEN = re.compile(r"[\s\"'“”„«»‘’‚‹›]+")  # what may differ between a quote and its copy
_SHORT = 3  # letters; words so short stand everywhere


def other_publishers(
    snapshot: Snapshot, quoted: Sequence[tuple[Article, str]], hits: Sequence[Hit]
) -> list[tuple[str, ...]]:
    """Return for each quote of an article the names of the other publishers that print it word for word, oldest first.

    Its article's duplicates and everything that was found are looked at; white space and the form of quotation marks
    aside, the whole quote must stand there. An article without a publisher is named by its title.
    """
    if not quoted:
        return []
    found = {hit.article.source.id: hit.article for hit in hits}
    copies = snapshot.duplicates([article.source.id for article, _ in quoted])
    wanted = {other for known in copies.values() for other in known}
    for article, _ in quoted:
        wanted.update(snapshot.twins(article.digest, article.source.id)[:_TWINS])
    near = {**found, **snapshot.articles(sorted(wanted - found.keys()))}
    ordered = sorted(near.values(), key=lambda article: (article.source.published or date.max, article.source.id))
    return [_publishers_of(article, quote, ordered) for article, quote in quoted]


def _publishers_of(quoted: Article, quote: str, articles: Sequence[Article]) -> tuple[str, ...]:
    plain, own = _plain(quote), quoted.source
    # Words are compared first: normalising a whole article costs a millisecond, and hardly any has all the words.
    words = [word for word in _BETWEEN.split(quote) if len(word) > _SHORT]
    holding = (
        article for article in articles if article.source.id != own.id and all(word in article.text for word in words)
    )
    places = (article.source.publisher or article.source.title for article in holding if plain in _plain(article.text))
    return tuple(dict.fromkeys(place for place in places if place != own.publisher))


def _plain(text: str) -> str:
    return " ".join(text.translate(_QUOTES).split())
