"""JSON-LD of a page: its objects, also those of a damaged script, and the one that tells of the page's own article."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from lxml.html import HtmlElement

Node = dict[str, Any]

_ARTICLE = re.compile(r"(?:article|posting|report|review)$", re.I)
_MEDIUM = re.compile(r"^(?:video|image|audio)", re.I)
_WRAPPING = re.compile(r"<!--|-->|/\*|\*/|<!\[CDATA\[|\]\]>|^[ \t]*//[^\n]*$", re.M)
_INSIDE = ("@graph", "mainEntity", "author", "publisher", "hasPart", "itemListElement", "item")


def objects(tree: HtmlElement) -> list[Node]:
    """Return the objects of a page's JSON-LD, outer ones before those inside them."""
    found: list[Node] = []
    for script in tree.iterfind(".//script[@type]"):
        text = script.text or ""
        if "ld+json" not in script.get("type", "").lower() or len(text) > 5_000_000:
            continue
        level = _parsed(text)
        for _depth in range(6):
            below: list[Any] = []
            for item in level:
                if isinstance(item, list):
                    below += item
                elif isinstance(item, dict):
                    found.append(item)
                    below += [item[name] for name in _INSIDE if isinstance(item.get(name), (dict, list))]
            level = below[:10_000]
    return found


def _parsed(text: str) -> list[Any]:
    """Return the values of a script; where it is no JSON, those that can be read once usual mistakes are mended."""
    try:
        return [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        pass
    mended = _WRAPPING.sub(" ", text)
    if '"' not in mended:
        mended = html.unescape(mended)
    mended = re.sub(r",(?=\s*[}\]])", "", mended)
    mended = re.sub(r"\\(?![\"\\/bfnrtu])", "", mended)
    return list(_one_by_one(mended))


def _one_by_one(text: str) -> Iterator[Any]:
    """Yield the values that stand one after another in a text, up to the first that is no JSON."""
    decoder = json.JSONDecoder(strict=False)
    at = re.compile(r"[\[{]")
    start = at.search(text)
    while start:
        try:
            value, end = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            return
        yield value
        start = at.search(text, end)


def types(node: Node) -> list[str]:
    """Return the names of an object's types."""
    kind = node.get("@type")
    return [item for item in (kind if isinstance(kind, list) else [kind]) if isinstance(item, str)]


def resolved(value: Any, known: dict[str, Node]) -> Any:
    """Replace a reference {"@id": …} by the object it names."""
    if isinstance(value, list):
        return [resolved(item, known) for item in value[:50]]
    if isinstance(value, dict) and "name" not in value and "@id" in value:
        return known.get(str(value["@id"]), value if len(value) > 1 else None)
    return value


def own_article(nodes: Iterable[Node], addresses: Iterable[str | None], titles: Iterable[str | None]) -> Node:
    """Return the object that tells of the page's own article: by its address, by its headline, else the first.

    One that names another page of the site, or a headline without the words of the page's, is of another article.
    """
    articles = [node for node in nodes if is_article(node)]
    here = {_key(address) for address in addresses if address} - {""}
    known = [title for title in titles if title]
    names = [name for name in map(letters, known) if len(name) > 8]
    for node in articles:
        if here & _addresses(node, here):
            return node
    for node in articles:
        headline = letters(headline_of(node))
        if len(headline) > 8 and any(headline in name or name in headline for name in names):
            return node
    words = set().union(*map(_words, known))
    return next((node for node in articles if not _is_of_another(node, here, words)), {})


def is_article(node: Node) -> bool:
    """Tell whether an object is of an article."""
    kinds = types(node)
    return (
        any(_ARTICLE.search(kind) for kind in kinds)
        and not any(_MEDIUM.match(kind) for kind in kinds)
        and ("headline" in node or "datePublished" in node)
    )


def _is_of_another(node: Node, here: set[str], words: set[str]) -> bool:
    own = _words(headline_of(node))
    shared = len(own & words) / len(own) if own and words else 1.0
    site = {address.split("/")[0] for address in here}
    elsewhere = any(address.split("/")[0] in site for address in _addresses(node, here))
    return elsewhere if not own else shared < (0.5 if elsewhere else 0.25)


def _addresses(node: Node, here: Iterable[str]) -> set[str]:
    """Return the pages that an object says it is of, as keys to compare."""
    page = node.get("mainEntityOfPage")
    named = [node.get("url"), node.get("@id")]
    named += [page.get("@id"), page.get("url")] if isinstance(page, dict) else [page]
    site = next(iter(here), "").split("/")[0]
    return {_key(name, site) for name in named if isinstance(name, str) and name[:1] != "#"} - {""}


def _key(address: str, site: str = "") -> str:
    """Return what two addresses of one page have in common; "" for the front page of a site."""
    try:
        parts = urlsplit(urljoin(f"https://{site}/", address.strip()[:2_000]))
    except ValueError:
        return ""
    host = re.sub(r"^(?:www|m|amp|mobile)\.", "", (parts.hostname or "").lower())
    path = parts.path.rstrip("/").removesuffix("/amp")
    rest = path or (f"/?{parts.query}" if "=" in parts.query else "")
    return f"{host}{rest}" if host and rest else ""


def headline_of(node: Node) -> str:
    """Return the headline of an object without entities, "" if it has none."""
    headline = node.get("headline")
    return html.unescape(headline)[:1_000] if isinstance(headline, str) else ""


def letters(text: str) -> str:
    """Return the letters and digits of a text, without case, to compare it with another."""
    return re.sub(r"\W+", "", text.casefold())


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3}
