"""Articles on the web: pages by address, and the entries of feeds, as records for a run.

ask (only if changed) → article → which article is it? → record        feed → entries not in yet → their pages
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit, urlunsplit

from index.articles import article_id, digest_of
from index.dates import moment_of
from index.errors import PageError, StopRequested, UnreadableError
from index.read.record import Failure, Record, completed, with_metadata
from index.read.stores import is_store
from index.read.text_metadata import Metadata
from index.store.catalog import Catalog
from index.store.rows import FetchRecord

if TYPE_CHECKING:
    from index.read.feeds import Entry
    from index.read.web import Fetched, Known, Web

_AT_ONCE = 200  # pages of a feed in one run; the next run fetches the others
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.I)
# Only parameters that say how a reader came, none that may name the page ("id", "ref", "source", "cid").
_TRACKER = re.compile(
    r"^(?:utm_\w+|at_(?:medium|campaign|custom\w*)|(?:fb|g|dc|ms|y|tw|tt)cl(?:k)?id|igshid|mc_[ce]id|ocid|cmpid|xtor|smid|ns_\w+)=",
    re.I,
)
_SAME_HOST = re.compile(r"^(?:www|m|mobile|amp)\.")
_CANONICAL = re.compile(r"<link\b[^>]{0,1000}\brel\s*=\s*[\"']?canonical\b[^>]{0,1000}>", re.I)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.I)


@dataclass(frozen=True, slots=True)
class Page:
    """An article as it was read from the web; ``fetch`` is to be kept once the article is in."""

    key: str
    record: Record
    fetch: FetchRecord


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A page whose article is in the archive unchanged."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A page, named by its address, whose article is in the archive and which is no longer on the web."""

    url: str
    key: str
    failure: Failure


Found = Page | Unchanged | Withdrawn | FetchRecord | Failure


def is_address(path: str) -> bool:
    """Tell whether a path of the command line is an address of the web (or of something newsdesk will refuse)."""
    return _ADDRESS.match(path) is not None and not is_store(path)


def read_pages(
    web: Web,
    catalog: Catalog | None,
    addresses: Sequence[str],
    feeds: Sequence[str],
    force: bool = False,
    publisher: str | None = None,
) -> Iterator[Found]:
    """Yield what is new at some addresses and in some feeds, what is unchanged, and what failed.

    ``force`` yields the articles of unchanged pages too. ``publisher`` is that of pages that name none. Ends early when
    the run is asked to stop.
    """
    reader = _Reader(web, catalog, force, publisher)
    try:
        for address in addresses:
            yield from reader.page(address)
        for feed in feeds:
            yield from reader.feed(feed)
    except StopRequested:
        return


class _Reader:
    def __init__(self, web: Web, catalog: Catalog | None, force: bool, publisher: str | None) -> None:
        self._web, self._catalog, self._force, self._publisher = web, catalog, force, publisher
        self._asked: set[str] = set()
        self._read: dict[str, tuple[str, str | None, str]] = {}  # this run's articles by key: address, title, digest

    def page(self, address: str) -> Iterator[Found]:
        """Read a page that was named by its address."""
        from index.read.web import checked, shown

        url, known = _without_fragment(address), None
        if url in self._asked:
            return
        self._asked.add(url)
        try:
            checked(url)
            known = self._known(url, page=True)
            yield from self._fetched(url, known, Metadata(publisher=self._publisher))
        except UnreadableError as error:
            failure = Failure(shown(address), str(error))
            gone = isinstance(error, PageError) and error.gone
            yield Withdrawn(url, known.key, failure) if known and known.key and gone else failure

    def feed(self, address: str) -> Iterator[Found]:
        """Read a feed, and the pages of those of its entries that are not in the archive."""
        from index.read.feeds import keys_of, read_feed
        from index.read.web import checked, media_type, shown

        url = _without_fragment(address)
        try:
            checked(url)
            known = self._known(url, page=False)
            fetched = self._web.get(url, _conditions(known))
            read = fetched or _as_fetched(known)  # an unchanged feed may still list pages that failed last time
            feed = read_feed(read.body, read.url, media_type(read.content_type)[1])
        except UnreadableError as error:
            yield Failure(shown(address), str(error))
            return
        entries: dict[str, Entry] = {}
        for key, entry in keys_of(feed.entries, url):  # of two with one link, the newer
            entries.setdefault(key, entry)
        named = [link for link in entries if link not in self._asked]
        there = set() if self._force else self._there(named)
        waiting = [link for link in named if link not in there]
        yield from (Unchanged() for link in named if link in there)
        for link in waiting[:_AT_ONCE]:
            self._asked.add(link)
            yield from self._entry(link, entries[link], self._publisher or feed.title)
        if len(waiting) > _AT_ONCE:
            yield Failure(
                shown(address),
                (
                    f"has {len(waiting)} entries that are not in; the newest {_AT_ONCE} were tried, run again for "
                    "the others"
                ),
            )
        if fetched:
            yield _record_of(url, None, fetched)

    def _entry(self, link: str, entry: Entry, publisher: str | None) -> Iterator[Found]:
        from index.read.web import shown

        said = Metadata(entry.title, publisher, entry.author, *moment_of(entry.published))
        try:
            if entry.link is None:
                raise PageError("the feed's entry has no link to a page and not the whole article", lasting=True)
            if link != entry.link:
                raise PageError("the feed's entry has no page of its own", lasting=True)
            yield from self._fetched(link, self._known(link, page=True), said)
        except UnreadableError as error:
            # The next run may get the page; if it never will, the text in the feed replaces it.
            page = self._from_feed(link, entry, said) if not isinstance(error, PageError) or error.lasting else None
            yield page or Failure(shown(link), str(error))

    def _fetched(self, url: str, known: FetchRecord | None, said: Metadata) -> Iterator[Found]:
        """Read a page; ``said`` is what the feed or an earlier run says about its article. Raises UnreadableError."""
        fetched = self._web.get(url, _conditions(known))
        if fetched is None:
            if not self._force:
                yield Unchanged()
                return
            fetched = _as_fetched(known)
        if _path(fetched.url) == "/" != _path(url):
            raise PageError(
                "it now leads to the front page of the site: the page has probably gone; check the address",
                lasting=True,
                status=404,
            )
        if known and known.key and known.digest == digest_of(fetched.body) and not self._force:
            yield _record_of(url, known.key, fetched)
            yield Unchanged()
            return
        record = _filled(_filled(_article(url, fetched, self._web.limits.bytes), said), self._remembered(known))
        key, address = self._identity(url, fetched, record, known)
        read = self._read.get(key)
        self._read[key] = (url, record.metadata.title, record.digest)
        if read and read[2] == record.digest:  # by another way to the same page
            yield _record_of(url, key, fetched)
            yield Unchanged()
        else:
            yield Page(key, replace(record, url=address), _record_of(url, key, fetched))

    def _from_feed(self, link: str, entry: Entry, said: Metadata) -> Page | None:
        """Return an entry's article if the feed holds all of it, not only a summary."""
        from index.read.html.page import read_html
        from index.read.web import Fetched

        if not entry.is_whole:
            return None
        title = html.escape(entry.title or "")
        body = f"<html><head><title>{title}</title></head><body><article>{entry.content}</article></body></html>"
        fetched = Fetched(link, body.encode("utf-8", "replace"), "text/html; charset=utf-8", None, None)
        try:
            record = read_html(link, fetched.body, url=entry.link, charset="utf-8")
        except UnreadableError:
            return None
        key = identity(link) if link == entry.link else link
        return Page(key, _filled(replace(record, url=entry.link), said), _record_of(link, key, fetched))

    def _identity(self, url: str, fetched: Fetched, record: Record, known: FetchRecord | None) -> tuple[str, str]:
        """Return the key that a page's article gets its id from, and the page's best address.

        That is the address it calls canonical, unless another article is there already: some sites call every page the
        front page.
        """
        own, canonical = fetched.url, _canonical(fetched)
        for address in filter(None, (canonical, own)):
            holder = self._holder(identity(address))
            if holder is None or holder[0] == url or holder[1] == record.metadata.title:
                # An article keeps its id, whatever canonical address its page names later.
                return known.key if known and known.key and holder is None else identity(address), address
        return identity(own), own

    def _holder(self, key: str) -> tuple[str, str | None] | None:
        """Return the address and title of the article that a key stands for, None if there is none yet."""
        if key in self._read:
            return self._read[key][:2]
        if self._catalog is None:
            return None
        with self._catalog.snapshot() as snapshot:
            stored = snapshot.article(article_id(key))
        return (stored.article.source.path, stored.article.source.title) if stored else None

    def _known(self, url: str, page: bool) -> FetchRecord | None:
        """Return a page or a feed as it was last fetched, if its article is still in the archive."""
        if self._catalog is None:
            return None
        with self._catalog.snapshot() as snapshot:
            known = snapshot.fetch(url)
            if known is None or page != (known.key is not None):
                return None
            lost = known.key and snapshot.original_digest(article_id(known.key)) is None
        return None if lost else known

    def _remembered(self, known: FetchRecord | None) -> Metadata:
        """Return what the archive knows about a page's article, perhaps from the feed that named it."""
        if self._catalog is None or known is None or known.key is None:
            return Metadata()
        with self._catalog.snapshot() as snapshot:
            stored = snapshot.article(article_id(known.key))
        source = stored.article.source if stored else None
        return (
            Metadata(None, source.publisher, source.author, source.published, source.published_at, source.date_source)
            if source
            else Metadata()
        )

    def _there(self, urls: Sequence[str]) -> set[str]:
        if self._catalog is None:
            return set()
        with self._catalog.snapshot() as snapshot:
            return {
                url
                for url, key in snapshot.fetched(urls).items()
                if snapshot.original_digest(article_id(key)) is not None
            }


def identity(url: str) -> str:
    """Return an address without what may differ for one page: scheme, default port, fragment, tracking parameters."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    query = "&".join(item for item in parts.query.split("&") if not _TRACKER.match(item))
    return urlunsplit(("https", host + port, parts.path or "/", query, ""))


def _canonical(fetched: Fetched) -> str | None:
    """Return the address that a page calls its own, if it is one of the same site."""
    tag = _CANONICAL.search(fetched.body[:300_000].decode("utf-8", "replace"))
    href = _HREF.search(tag[0]) if tag else None
    if not href:
        return None
    try:
        address = urljoin(fetched.url, html.unescape(href[1] or href[2] or href[3] or "").strip())
        parts, own = urlsplit(address), urlsplit(fetched.url)
        same = [_SAME_HOST.sub("", part.hostname or "") for part in (parts, own)]
        fits = (
            same[0] == same[1] and parts.scheme in ("http", "https") and parts.port == own.port and not parts.username
        )
    except ValueError:
        return None
    # A site that names its front page as canonical is wrong.
    return _without_fragment(address) if fits and (_path(address) != "/" or _path(fetched.url) == "/") else None


def _article(url: str, fetched: Fetched, limit: int) -> Record:
    """Return the article on a page; ``limit`` bounds what a document unpacks to, in bytes.

    Raises UnreadableError if there is none in it.
    """
    from index.read.documents.docx import read_docx
    from index.read.documents.pdf import read_pdf
    from index.read.html.page import read_html
    from index.read.text_files import read_text
    from index.read.web import media_type

    kind, charset = media_type(fetched.content_type)
    if kind in ("text/html", "application/xhtml+xml"):
        return read_html(url, fetched.body, url=fetched.url, charset=charset)
    if kind == "text/plain":
        if not fetched.body.strip():
            raise PageError("the page is empty; run again later")
        return completed(read_text(url, fetched.body))
    if kind == "application/pdf":
        return completed(read_pdf(url, fetched.body))
    if kind == "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
        return completed(read_docx(url, fetched.body, limit))
    if kind in (
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/xml",
        "text/xml",
    ):
        raise PageError(
            f"is not a page but perhaps a feed ({kind}); if it is one: python ingest.py --feed ADDRESS", lasting=True
        )
    raise PageError(
        f"is not a page but {kind}; save it, and ingest the file if it is of a type newsdesk reads", lasting=True
    )


def _filled(record: Record, said: Metadata) -> Record:
    """Complete the record of a page, with a digest of the article alone: the page's bytes differ at each visit."""
    record = with_metadata(record, said)
    return replace(record, digest=digest_of(f"{record.metadata}\n{record.language}\n{record.text}"))


def _record_of(url: str, key: str | None, fetched: Fetched) -> FetchRecord:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return FetchRecord(
        url,
        key,
        fetched.url,
        fetched.etag,
        fetched.last_modified,
        fetched.content_type,
        digest_of(fetched.body),
        now,
        fetched.body,
    )


def _conditions(known: FetchRecord | None) -> Known | None:
    from index.read.web import Known

    return (
        Known(known.final_url, known.etag, known.last_modified)
        if known and (known.etag or known.last_modified)
        else None
    )


def _as_fetched(known: FetchRecord | None) -> Fetched:
    from index.read.web import Fetched

    assert known is not None  # only what is known can be unchanged
    return Fetched(known.final_url, known.body, known.content_type, known.etag, known.last_modified)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + ("?" if parts.query else "")


def _without_fragment(address: str) -> str:
    return address.strip().partition("#")[0]
