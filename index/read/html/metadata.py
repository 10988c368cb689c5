"""Title, author, publisher and date of a web page: from its JSON-LD, its meta tags, else from what it shows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from index.read.html.authors import authors_in, authors_shown, is_house
from index.read.html.blocks import blocks_of
from index.read.html.json_text import own_text
from index.read.html.layout import heading_of, lines_near
from index.read.html.linked_data import headline_of, is_article, letters, objects, own_article, resolved, types
from index.read.html.published import published
from index.read.html.teaser import not_free
from index.read.record import line_of, people, web_address
from index.read.text_metadata import Metadata

if TYPE_CHECKING:
    from lxml.html import HtmlElement

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
    "article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "shareaholic:article_published_time",
    "citation_publication_date",
    "sailthru.date",
    "article.published",
    "article:published_date",
    "article:publicationdate",
    "article_date_original",
    "bt:pubdate",
    "cxenseparse:recs:publishtime",
    "dcsext.articlefirstpublished",
    "mediator_published_time",
    "og:publish_date",
    "originalpublicationdate",
    "rnews:datepublished",
    "vr:published_time",
)
_NOTED = (  # also for the day of a change, of an export, of what the article is about
    "og:article:published_time",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date",
    "dc.date.created",
    "dc.date.publication",
    "dc.created",
    "dcterms.date",
    "dcterms.created",
    "date.available",
    "pubdate",
    "og:pubdate",
    "article:post_date",
    "citation_date",
    "publishdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "published",
    "published_at",
    "published_time",
    "published_date",
    "published-date",
    "publish_time",
    "date_published",
    "date",
    "date.created",
    "created",
)
_CHANGED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified", "revised")


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of itself; ``kind`` is "article", "listing" or "" where it does not say; ``body`` its text if
    JSON-LD holds it. Its article is ``paid``, and has so many words (``counted``, 0: not said).
    """

    metadata: Metadata
    url: str | None
    language: str | None
    kind: str
    body: str
    paid: bool
    counted: int


@dataclass(slots=True)
class _Tags:
    values: dict[str, list[str]] = field(default_factory=dict)

    def all(self, names: tuple[str, ...]) -> Iterator[str]:
        for name in names:
            yield from self.values.get(name, ())


def page_metadata(tree: HtmlElement, url: str | None = None) -> Page:
    """Read the head of a page that came from ``url``, if that is known; what it does not say, from what it shows."""
    tags = _tags(tree)
    nodes = objects(tree)
    addresses = [_canonical(tree), *tags.all(("og:url",)), url]
    headings = [*tree.iterfind(".//h1"), *tree.iterfind(".//head/title")]
    titles = [*tags.all(_TITLE), *(line_of(heading.text_content()) for heading in headings[:20])]
    article = own_article(nodes, addresses, titles)
    known = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    address = _address([*addresses[:-1], article.get("mainEntityOfPage"), article.get("url"), url], url)
    publisher = _publisher(tags, resolved(article.get("publisher"), known), address)
    title = _title(tree, tags, article, publisher)
    language = line_of(article.get("inLanguage")) or line_of(
        tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
    )
    lines = cache(lambda: lines_near(tree, heading_of(tree, title)))
    authors = (
        authors_in(resolved(article.get("author"), known), publisher)
        or authors_in(resolved(article.get("creator"), known), publisher)
        or _tagged_authors(tags, publisher)
    )
    if all(is_house(name, publisher, address) for name in authors):
        authors = authors_shown(lines(), publisher) or authors
    marked = tree.xpath("//*[@itemprop='datePublished'] | //time[@pubdate]")
    dated = published(
        tree,
        (article.get("datePublished"), *tags.all(_PUBLISHED), *(e.get("datetime") or e.get("content") for e in marked)),
        (*(node.get("datePublished") for node in nodes if "WebPage" in types(node)), *tags.all(_NOTED)),
        (article.get("dateModified"), *tags.all(_CHANGED)),
        address,
        lines,
        language,
    )
    listed = any(
        re.search(r"^(?:CollectionPage|ItemList|SearchResultsPage)$", kind) for node in nodes for kind in types(node)
    )
    said = " ".join(tags.values.get("og:type", ()))
    kind = "article" if article or "article" in said else "listing" if listed else ""
    metadata = Metadata(title, publisher, ", ".join(authors) or None)
    if dated:
        metadata = replace(metadata, published=dated.day, published_at=dated.moment, date_source=dated.source)
    paid = not_free((node for node in nodes if node is article or not is_article(node)), tree)
    counted = re.fullmatch(r"\d{1,6}", str(article.get("wordCount")))
    return Page(metadata, address, language, kind, own_text(article), paid, int(counted[0]) if counted else 0)


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


def _canonical(tree: HtmlElement) -> str | None:
    links = tree.iterfind(".//link[@rel][@href]")
    return next((link.get("href") for link in links if link.get("rel", "").lower() == "canonical"), None)


def _address(candidates: Iterable[Any], url: str | None) -> str | None:
    for candidate in candidates:
        named = candidate.get("@id") if isinstance(candidate, dict) else candidate
        if isinstance(named, str) and named.strip():
            try:
                found = web_address(urljoin(url or "", named.strip()))
                if found and urlsplit(found).hostname and (urlsplit(found).path.strip("/") or named == url):
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
        same = [name for name in (names[0], organisation) if name and letters(name) == letters(names[0])]
        return max(same, key=lambda name: (name.count(" "), sum(char.isupper() for char in name) > 0))
    host = urlsplit(address).hostname if address else None
    return organisation or (host.removeprefix("www.") if host else None)


def _title(tree: HtmlElement, tags: _Tags, article: dict[str, Any], publisher: str | None) -> str | None:
    """Return the page's one heading, else the title of its JSON-LD, of its meta tags, of its <title>."""
    headings = [line_of(" ".join(block.text for block in blocks_of(heading))) for heading in tree.iterfind(".//h1")]
    titles = [line_of(element.text_content()) for element in tree.iterfind(".//head/title")][:1]
    social = list(tags.all(_TITLE))[:1]
    seen = (
        [heading for heading in headings if heading and 3 <= len(heading.split()) <= 40] if len(headings) == 1 else []
    )
    stated = [*seen, line_of(headline_of(article)), *social, *titles, *headings[:1]]
    known = [_without_publisher(html.unescape(title), publisher) for title in stated if title]
    return next((title for title in known if letters(title) != letters(publisher or "-")), None)


def _without_publisher(title: str, publisher: str | None) -> str:
    """Return a title without " | Publisher" or " - Publisher" at its end."""
    title, names = title.strip(), {letters(publisher or "")} - {""}
    while match := re.match(r"^(?P<rest>.{10,})\s(?:[|–—·•»:-]|::)\s(?P<last>[^|–—·•»]{2,60})$", title):
        last = letters(re.sub(r"\.(?:com|org|net|co\.uk|ca|de|fr)\b", "", match["last"].strip()))
        if not any(last == name or (len(last) > 4 and (last in name or name in last)) for name in names):
            break
        title = match["rest"].strip()
    return title


def _tagged_authors(tags: _Tags, publisher: str | None) -> list[str]:
    for name in _AUTHOR:
        values = tags.values.get(name, [])
        if name in ("dc.creator", "citation_author"):  # "Holm, Ines"
            values = [" ".join(reversed(value.split(", "))) if value.count(", ") == 1 else value for value in values]
        if found := authors_in(values, publisher):
            return found
    return []
