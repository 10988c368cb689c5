"""Title, author, publisher and date of a web page, from its JSON-LD, then its meta tags; not from its layout."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from index.dates import moment_of
from index.read.record import line_of, people, web_address
from index.read.text_metadata import Metadata

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_ARTICLE = re.compile(r"(?:article|posting|report|review)$", re.I)
_MEDIUM = re.compile(r"^(?:video|image|audio)", re.I)
_NO_PERSON = re.compile(r"https?:|www\.|[@(/_]|^\W*$", re.I)
_TITLE = ("og:title", "twitter:title", "dc.title", "citation_title", "parsely-title")
_PUBLISHER = ("og:site_name", "dc.publisher", "citation_journal_title", "publisher", "application-name")
_AUTHOR = (
    "author",
    "article:author",
    "og:author",
    "parsely-author",
    "dc.creator",
    "citation_author",
    "sailthru.author",
    "byl",
    "dcsext.author",
)
_PUBLISHED = (
    *(
        "article:published_time",
        "og:article:published_time",
        "datepublished",
        "date.available",
        "parsely-pub-date",
        "citation_publication_date",
    ),
    *(
        "dc.date.issued",
        "dc.date",
        "sailthru.date",
        "pubdate",
        "publishdate",
        "publication_date",
        "published",
        "published_at",
        "date",
        "date.created",
    ),
)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of itself; ``kind`` is "article", "listing" or "" where it does not say; ``body`` its text if
    JSON-LD holds it.
    """

    metadata: Metadata
    url: str | None
    language: str | None
    kind: str
    body: str


@dataclass(slots=True)
class _Tags:
    values: dict[str, list[str]] = field(default_factory=dict)

    def all(self, names: tuple[str, ...]) -> Iterator[str]:
        for name in names:
            yield from self.values.get(name, ())


def page_metadata(tree: HtmlElement, url: str | None = None) -> Page:
    """Read the head of a page that came from ``url``, if that is known."""
    tags = _tags(tree)
    nodes = list(_linked_data(tree))
    article = next((node for node in nodes if _is_article(node)), {})
    known = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    address = _address(tree, tags, article, url)
    publisher = _publisher(tags, _resolved(article.get("publisher"), known), address)
    title = _title(tree, tags, article, publisher)
    author = people(_resolved(article.get("author"), known) or _resolved(article.get("creator"), known))
    published, published_at = _published(tree, tags, article)
    body = article.get("articleBody")
    listed = any(
        re.search(r"^(?:CollectionPage|ItemList|SearchResultsPage)$", kind) for node in nodes for kind in _types(node)
    )
    said = " ".join(tags.values.get("og:type", ()))
    kind = "article" if article or "article" in said else "listing" if listed else ""
    metadata = Metadata(title, publisher, _people_only(author) or _tagged_author(tags), published, published_at)
    language = line_of(article.get("inLanguage")) or line_of(
        tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
    )
    return Page(metadata, address, language, kind, body if isinstance(body, str) else "")


def _tags(tree: HtmlElement) -> _Tags:
    tags = _Tags()
    for element in tree.iterfind(".//meta[@content]"):
        inside = (
            element.get("itemprop") is not None
            and element.getparent() is not None
            and element.getparent().tag != "head"
        )
        name = (
            (element.get("property") or element.get("name") or ("" if inside else element.get("itemprop")) or "")
            .strip()
            .lower()
        )
        value = line_of(element.get("content"))
        if name and value:
            tags.values.setdefault(name, []).append(value)
    return tags


def _linked_data(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """Yield the objects of a page's JSON-LD, outer ones before those inside them."""
    for script in tree.iterfind(".//script[@type]"):
        text = script.text or ""
        if "ld+json" not in script.get("type", "").lower() or len(text) > 5_000_000:
            continue
        text = re.sub(r"^\s*(?:<!--|//\s*<!\[CDATA\[)|(?:-->|//\s*\]\]>)\s*$", "", text)
        try:
            level = [json.loads(text, strict=False)]
        except (ValueError, RecursionError):
            continue
        for _depth in range(6):
            below: list[Any] = []
            for item in level:
                if isinstance(item, list):
                    below += item
                elif isinstance(item, dict):
                    yield item
                    below += [
                        value
                        for name, value in item.items()
                        if isinstance(value, (dict, list)) and (name in ("@graph", "mainEntity", "author", "publisher"))
                    ]
            level = below[:10_000]


def _types(node: dict[str, Any]) -> list[str]:
    kind = node.get("@type")
    return [item for item in (kind if isinstance(kind, list) else [kind]) if isinstance(item, str)]


def _is_article(node: dict[str, Any]) -> bool:
    kinds = _types(node)
    return (
        any(_ARTICLE.search(kind) for kind in kinds)
        and not any(_MEDIUM.match(kind) for kind in kinds)
        and ("headline" in node or "datePublished" in node)
    )


def _resolved(value: Any, known: dict[str, dict[str, Any]]) -> Any:
    """Replace a reference {"@id": …} by the object it names."""
    if isinstance(value, list):
        return [_resolved(item, known) for item in value[:50]]
    if isinstance(value, dict) and "name" not in value:
        return known.get(str(value.get("@id")))
    return value


def _address(tree: HtmlElement, tags: _Tags, article: dict[str, Any], url: str | None) -> str | None:
    canonical = next(
        (
            link.get("href")
            for link in tree.iterfind(".//link[@rel][@href]")
            if link.get("rel", "").lower() == "canonical"
        ),
        None,
    )
    page = article.get("mainEntityOfPage")
    candidates = [
        canonical,
        *tags.all(("og:url",)),
        page.get("@id") if isinstance(page, dict) else page,
        article.get("url"),
        url,
    ]
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.strip():
            try:
                found = web_address(urljoin(url or "", candidate.strip()))
                if found and urlsplit(found).hostname and (urlsplit(found).path.strip("/") or candidate == url):
                    return found
            except ValueError:
                continue
    return None


def _publisher(tags: _Tags, linked: Any, address: str | None) -> str | None:
    """Return the site's name; only a page without any is named by the host of its address."""
    names = [name for name in tags.all(_PUBLISHER) if not _NO_PERSON.match(name) and "://" not in name]
    organisation = people(linked)
    if names:
        # "nationalpost" and "National Post" are one name; the one with spaces or capitals is for readers.
        same = [name for name in (names[0], organisation) if name and _letters(name) == _letters(names[0])]
        return max(same, key=lambda name: (name.count(" "), sum(char.isupper() for char in name) > 0))
    host = urlsplit(address).hostname if address else None
    return organisation or (host.removeprefix("www.") if host else None)


def _letters(name: str) -> str:
    return re.sub(r"\W+", "", name.casefold()).removeprefix("the")


def _title(tree: HtmlElement, tags: _Tags, article: dict[str, Any], publisher: str | None) -> str | None:
    """Return the page's one heading, else the title of its JSON-LD, of its meta tags, of its <title>."""
    headings = [line_of(heading.text_content()) for heading in tree.iterfind(".//h1")]
    titles = [line_of(element.text_content()) for element in tree.iterfind(".//head/title")][:1]
    social = list(tags.all(_TITLE))[:1]
    seen = (
        [heading for heading in headings if heading and 3 <= len(heading.split()) <= 40] if len(headings) == 1 else []
    )
    stated = [*seen, line_of(_unescaped(article.get("headline"))), *social, *titles, *headings[:1]]
    known = [_without_publisher(title, publisher) for title in stated if title]
    return next((title for title in known if _letters(title) != _letters(publisher or "-")), None)


def _unescaped(value: Any) -> Any:
    import html

    return html.unescape(value) if isinstance(value, str) else value


def _without_publisher(title: str, publisher: str | None) -> str:
    """Return a title without " | Publisher" or " - Publisher" at its end."""
    title, names = title.strip(), {_letters(publisher or "")} - {""}
    while match := re.match(r"^(?P<rest>.{10,})\s(?:[|–—·•»:-]|::)\s(?P<last>[^|–—·•»]{2,60})$", title):
        last = _letters(re.sub(r"\.(?:com|org|net|co\.uk|ca|de|fr)\b", "", match["last"].strip()))
        if not any(last == name or (len(last) > 4 and (last in name or name in last)) for name in names):
            break
        title = match["rest"].strip()
    return title


def _people_only(names: str | None) -> str | None:
    return ", ".join(name for name in (names or "").split(", ") if name and not _NO_PERSON.search(name)) or None


def _tagged_author(tags: _Tags) -> str | None:
    for name in _AUTHOR:
        found = [
            value
            for value in tags.values.get(name, ())
            if not _NO_PERSON.search(value) and (" " in value or len(tags.values[name]) == 1)
        ]
        if name in ("dc.creator", "citation_author"):  # "Holm, Ines"
            found = [" ".join(reversed(value.split(", "))) if value.count(", ") == 1 else value for value in found]
        if found:
            return people(found)
    return None


def _published(tree: HtmlElement, tags: _Tags, article: dict[str, Any]) -> tuple[Any, str | None]:
    """Return when the page says it was published; of equal moments, the one with the publisher's own offset."""
    marked = [e.get("datetime") or e.get("content") for e in tree.iterfind(".//*[@itemprop='datePublished']")]
    times = [e.get("datetime") for e in tree.iterfind(".//time[@pubdate]")]
    found = [moment_of(value) for value in (article.get("datePublished"), *tags.all(_PUBLISHED), *marked, *times)]
    found = [
        item
        for item in found
        if item[0]
        and item[0].year >= 1900
        and item[0] <= datetime.now(UTC).date().replace(year=datetime.now(UTC).year + 1)
    ]
    if not found:
        return None, None
    best = found[0]
    for item in found[1:]:
        if not item[1]:
            continue
        if best[1] is None and item[0] == best[0]:
            best = item  # the same day, with its hour
        elif (
            best[1]
            and best[1].endswith("+00:00")
            and datetime.fromisoformat(item[1]) == datetime.fromisoformat(best[1])
        ):
            best = item
    return best
