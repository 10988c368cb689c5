"""Feeds and pages in the archive: which article a page is, what is fetched again, what stays when pages go."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from datetime import date
from pathlib import Path

import pytest
from hash_embedder import HashEmbedder
from web_server import Reply, page_of, site, visitor

import ingest
from index.archive import Archive, Prepared
from index.articles import article_id
from index.errors import UnreadableError
from index.ingest.changes import Gone, Options, changes
from index.ingest.report import Progress, Report, Step
from index.ingest.run import plan, run
from index.read.feeds import plain, read_feed
from index.read.pages import identity
from index.store.rows import FetchRecord

URL = "https://news.example/feed.xml"
RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom">
 <channel><title>Nordlys &amp;amp; Co</title><link>https://news.example/</link>
 <atom:link rel="self" href="https://news.example/feed.xml"/>{items}</channel></rss>"""


def rss(*items: str) -> bytes:
    return RSS.format(items="".join(f"<item>{item}</item>" for item in items)).encode()


def entry(link: str, day: int = 3, extra: str = "") -> str:
    return (
        f"<title>About {link}</title><link>{link}</link><guid>{link}</guid><pubDate>{day:02} Mar 2025 23:30:00 "
        f"-0500</pubDate>{extra}"
    )


# --- what a feed says

ATOM = b"""\
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.example/atom/"><title type="text">Fjord</title>
<entry><title type="html">A &lt;i&gt;great&lt;/i&gt; day</title><link rel="self" href="self"/><link href="story/1"/>
<id>tag:1</id>
<author><name>Ann Lee</name></author>
<updated>2025-03-05T10:00:00Z</updated><published>2025-03-04T23:30:00-05:00</published>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One.</p></div></content></entry>
<entry><title>Second</title><link href="/2"/><updated>2025-03-06T10:00:00Z</updated>
<summary>short</summary></entry></feed>"""
RDF = b"""\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Old</title></channel>
<item rdf:about="https://news.example/1"><title>One</title><link>https://news.example/1</link>
<dc:creator>Bo Dahl</dc:creator><dc:date>2025-03-04</dc:date></item></rdf:RDF>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Fjord",
        "items": [
            {
                "id": "1",
                "url": "/1",
                "title": "One",
                "content_html": "<p>All",
                "date_published": "2025-03-04T23:30:00-05:00",
                "authors": [{"name": "Ann Lee"}],
            },
            {"id": "https://news.example/2", "content_text": "a < b", "author": {"name": "Bo"}},
            7,
        ],
    }
).encode()


def test_rss():
    media = (
        "<media:title>no</media:title><dc:creator>Ann &amp;amp; Bo</dc:creator><content:encoded><![CDATA[<p>All of "
        "it & more</p>]]></content:encoded>"
    )
    feed = read_feed(rss(media + entry("/1"), entry("/2", 4)), URL)
    assert feed.title == "Nordlys & Co"
    assert [item.link for item in feed.entries] == ["https://news.example/2", "https://news.example/1"]
    first = feed.entries[1]
    assert (first.title, first.author, first.content) == ("About /1", "Ann & Bo", "<p>All of it & more</p>")
    assert str(first.published) == "2025-03-03 23:30:00-05:00"


def test_atom():
    second, first = read_feed(ATOM, URL).entries
    assert first.link == "https://news.example/atom/story/1"
    assert (first.title, first.author, first.id) == ("A great day", "Ann Lee", "tag:1")
    assert str(first.published) == "2025-03-04 23:30:00-05:00"
    assert "<p>One.</p>" in str(first.content)
    assert (second.link, second.content) == ("https://news.example/2", None)


def test_rss_1_and_json_feed():
    [one] = read_feed(RDF, URL).entries
    assert (one.link, one.title, one.author) == ("https://news.example/1", "One", "Bo Dahl")
    assert str(one.published) == "2025-03-04 00:00:00"
    feed = read_feed(JSON, URL)
    assert [(item.link, item.title, item.author, item.content) for item in feed.entries] == [
        ("https://news.example/1", "One", "Ann Lee", "<p>All"),
        ("https://news.example/2", None, "Bo", "a &lt; b"),
    ]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("AT&amp;T <b>wins</b>", "AT&T wins"),
        ("Caf&amp;eacute; &lt;em&gt;closes&lt;/em&gt;", "Café closes"),
        ("3 < 5 and 6 > 2", "3 < 5 and 6 > 2"),
        ("two\nlines\x07", "two lines"),
        ("<script>x</script>", "x"),
        ("  ", None),
    ],
)
def test_titles_are_plain_text(said, shown):
    assert plain(said) == shown


def test_a_feed_that_is_not_well_formed_is_mended():
    raw = b'\n<?xml version="1.0"?><rss><channel><title>Q&A&nbsp;Daily</title><item><title><![CDATA[R&D &nbsp; <b>up</b>]]></title><link>https://a.example/?x=1&y=2</link></item><item>'
    feed = read_feed(raw, URL)
    assert feed.title == "Q&A Daily"
    assert (feed.entries[0].title, feed.entries[0].link) == ("R&D up", "https://a.example/?x=1&y=2")


def test_an_emoji_in_two_halves_costs_no_entry():
    raw = rss(entry("/1", 3, "<title>A &#55357;&#56832; day</title>"))
    assert read_feed(raw.replace(b"<title>About /1</title>", b""), URL).entries[0].title == "A day"


@pytest.mark.parametrize("charset", [None, "utf-8", "no-such-charset"])
def test_the_feed_knows_its_encoding_best(charset):
    raw = '<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><title>Aftenpostén</title></channel></rss>'.encode(
        "latin-1"
    )
    assert read_feed(raw, URL, charset).title == "Aftenpostén"
    assert (
        read_feed("<rss><channel><title>Ørn</title></channel></rss>".encode("latin-1"), URL, "iso-8859-1").title
        == "Ørn"
    )


BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>"
)
HOSTILE = [
    pytest.param(
        BOMB + b"<rss><channel><item><title>&j;</title><link>https://a.example/1</link></item></channel></rss>",
        id="entities",
    ),
    pytest.param(
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&f;</title>'
        b"<link>https://a.example/1</link></item></channel></rss>",
        id="file",
    ),
    pytest.param(
        b"<rss><channel><item><title "
        + b" ".join(b'a%d="1"' % n for n in range(50_000))
        + b">x</title></item></channel></rss>",
        id="attributes",
    ),
    pytest.param(b"<rss>" + b"<a>" * 100_000, id="depth"),
    pytest.param(b"<rss><channel><item><title>" + b"<" * 1_000_000, id="brackets"),
    pytest.param(b"<rss><channel><item><title>" + b"&" * 300_000, id="ampersands"),
    pytest.param(b"<rss><channel>" + b"<![CDATA[" * 100_000, id="cdata"),
    pytest.param(rss(*(entry(f"/{n}") for n in range(30_000))), id="entries"),
    pytest.param(b"\xff\xfe" + b"\x00" * 1_000, id="nulls"),
    pytest.param(b'{"items": ' + b"[" * 100_000, id="json-depth"),
    pytest.param(
        b"<rss><channel><item><title>\xed\xa0\x80 & &#xd800;</title></item></channel></rss>", id="half-characters"
    ),
    pytest.param(
        b'<rss xml:base="//["><channel><item xml:base="http://[">' + entry("/1").encode() + b"</item></channel></rss>",
        id="base",
    ),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("raw", HOSTILE)
def test_a_hostile_feed_costs_little_and_tells_nothing(raw):
    try:
        feed = read_feed(raw, URL)
    except UnreadableError:
        return
    assert len(feed.entries) <= 10_000
    assert all(len(item.title or "") <= 1_000 and "root:" not in (item.title or "") for item in feed.entries)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "mailto:a@b.example",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://[",
        "http://a.example:99999/",
        "http://",
        "",
    ],
)
def test_a_link_that_is_no_page_is_none(link):
    assert (
        read_feed(rss(f"<title>x</title><link>{link}</link><guid isPermaLink='false'>7</guid>"), URL).entries[0].link
        is None
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is not a feed"),
        (b"<html><body>hello", "is not a feed"),
        (
            b'<html><head><link rel="alternate" type="application/rss+xml" href="/rss?a=1&amp;b=2"></head>',
            "its feed seems to be https://news.example/rss?a=1&b=2",
        ),
        (b'{"a": 1}', "is JSON but not a JSON Feed"),
        (b"{", "is not a feed"),
        (b"\x89PNG\r\n", "is not a feed"),
    ],
)
def test_what_is_no_feed_is_told(raw, said):
    with pytest.raises(UnreadableError) as caught:
        read_feed(raw, URL)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://Example.org:80/a?utm_source=x&id=4&fbclid=9#top", "https://example.org/a?id=4"),
        ("https://example.org", "http://example.org/"),
        ("https://example.org./a?at_medium=RSS", "https://example.org/a"),
    ],
)
def test_two_ways_to_one_page_are_one_identity(one, other):
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/s?id=1", "https://a.example/s?id=2"),
        ("https://a.example/s?cid=1", "https://a.example/s?cid=2"),
        ("https://a.example:8443/", "https://a.example/"),
    ],
)
def test_what_may_name_a_page_stays_in_its_identity(one, other):
    assert identity(one) != identity(other)


# --- in the archive


class Steps(Progress):
    def __init__(self) -> None:
        self.taken: list[Step] = []

    def step(self, step: Step) -> None:
        self.taken.append(step)


class Paper:
    """A site and an archive that takes its pages in."""

    def __init__(self, web, newsroom):
        self.web, self.newsroom = web, newsroom

    def run(self, *paths: str, feeds=(), visit=None, **options) -> Report:
        """Take pages into the catalog, real in all but Chroma, whose part knows nothing of the web."""
        archive = Archive(self.newsroom.archive, create=True)
        report, steps = Report(), Steps()
        try:
            found = list(changes(archive, self.options(*paths, feeds=feeds, visit=visit, **options), report, steps))
            with archive.catalog.transaction() as transaction:
                for change in found:
                    if isinstance(change, Prepared):
                        transaction.put_article(change.article, change.file, change.original_digest, change.cut, [])
                    elif isinstance(change, FetchRecord):
                        transaction.put_fetch(change)
                    elif isinstance(change, Gone):
                        report.removed += len(change.ids)
                        transaction.remove_articles(change.ids)
                        transaction.remove_file(change.file or "")
        finally:
            archive.close()
        report.added, report.updated = (
            sum(step.action == action for step in steps.taken) for action in ("add", "update")
        )
        report.failed = len(report.failures)
        return report

    def publish(self, *paths: str, feeds=(), **options) -> Report:
        """The whole run, Chroma and all."""
        archive = Archive(self.newsroom.archive, create=True)
        try:
            return run(archive, self.newsroom.embedder, self.options(*paths, feeds=feeds, **options), Progress())
        finally:
            archive.close()

    def options(self, *paths: str, feeds=(), visit=None, **options) -> Options:
        given = [path if "://" in path or Path(path).exists() else self.web.url + path for path in paths]
        return Options(given, feeds=[self.web.url + feed for feed in feeds], web=visit or visitor(), **options)

    def plan(self, *paths: str, feeds=()):
        archive = Archive(self.newsroom.archive) if self.newsroom.archive.exists() else None
        try:
            return plan(archive, self.options(*paths, feeds=feeds))
        finally:
            if archive:
                archive.close()

    def sources(self) -> dict[str, object]:
        archive = Archive(self.newsroom.archive)
        try:
            with archive.catalog.snapshot() as snapshot:
                return {source.path.removeprefix(self.web.url): source for source, _ in snapshot.sources()}
        finally:
            archive.close()

    def text(self, path: str) -> str:
        archive = Archive(self.newsroom.archive)
        try:
            with archive.catalog.snapshot() as snapshot:
                stored = snapshot.article(self.sources()[path].id)
                assert stored
                return stored.article.text
        finally:
            archive.close()

    def fetch(self, path: str):
        archive = Archive(self.newsroom.archive)
        try:
            with archive.catalog.snapshot() as snapshot:
                return snapshot.fetch(self.web.url + path)
        finally:
            archive.close()

    def feed(self, *items: str, path: str = "/feed", **headers: str) -> None:
        self.web.pages[path] = Reply(rss(*items), kind="application/rss+xml", headers=headers)


@pytest.fixture
def paper(newsroom):
    with site() as server:
        yield Paper(server, newsroom)


def counts(report) -> tuple[int, int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.removed, report.failed


def reasons(report) -> str:
    return "\n".join(f"{failure.path}: {failure.reason}" for failure in report.failures)


def test_a_page_is_put_in_and_an_unchanged_one_is_not_even_sent(paper):
    paper.web.story("/a", "grain", ETag='"1"')
    assert counts(paper.publish("/a")) == (1, 0, 0, 0, 0)
    source = paper.sources()["/a"]
    assert (source.title, source.url) == ("Title of grain", f"{paper.web.url}/a")
    assert counts(paper.publish("/a")) == (0, 0, 1, 0, 0)
    assert paper.web.asked[-1][1]["if-none-match"] == '"1"'
    paper.web.story("/a", "salt", ETag='"2"')
    assert counts(paper.publish("/a")) == (0, 1, 0, 0, 0)
    assert "salt" in paper.text("/a")
    assert "grain" not in paper.text("/a")
    paper.newsroom.assert_index_agrees()


def test_a_page_that_differs_only_around_its_article_is_unchanged(paper):
    paper.web.story("/a", "grain")
    paper.run("/a")
    paper.web.story("/a", "grain", head="<meta name=nonce content=8273>")
    assert counts(paper.run("/a")) == (0, 0, 1, 0, 0)
    assert b"8273" in paper.fetch("/a").body


def test_the_page_as_it_came_is_kept(paper):
    paper.web.story("/a", "grain", ETag='"1"')
    paper.run("/a")
    kept = paper.fetch("/a")
    assert kept.body == page_of("grain", "Title of grain").encode()
    assert (kept.etag, kept.final_url) == ('"1"', f"{paper.web.url}/a")


def test_force_reads_an_unchanged_page_again(paper):
    paper.web.story("/a", "grain", ETag='"1"')
    paper.run("/a")
    assert counts(paper.run("/a", force=True)) == (0, 1, 0, 0, 0)
    assert "grain" in paper.text("/a")


def test_every_way_to_a_page_is_one_article(paper):
    link = f'<link rel="canonical" href="{paper.web.url}/story">'
    paper.web.story("/story", "grain", head=link)
    paper.web.story("/story?utm_source=rss", "grain", head=link)
    paper.web.story("/amp/story", "grain", head='<link href="/story" rel="canonical"/>')
    paper.web.pages["/old"] = Reply(status=301, headers={"Location": "/story"})
    assert counts(paper.run("/amp/story", "/old", "/story?utm_source=rss", "/story", "/story#part")) == (1, 0, 3, 0, 0)
    [source] = paper.sources().values()
    assert source.url == f"{paper.web.url}/story"
    assert counts(paper.run("/story", "/amp/story")) == (0, 0, 2, 0, 0)


def test_a_dry_run_says_the_same_and_changes_nothing(paper):
    paper.web.story("/story", "grain")
    paper.web.pages["/old"] = Reply(status=301, headers={"Location": "/story"})
    steps, report = paper.plan("/old", "/story", "/none")
    assert [(step.action, step.title) for step in steps] == [("add", "Title of grain")]
    assert counts(report) == (1, 0, 1, 0, 1)
    assert not paper.newsroom.archive.exists()


@pytest.mark.parametrize(
    "head",
    [
        '<link rel="canonical" href="/">',
        '<link rel=canonical href="/news">',
        '<link rel="canonical" href="https://other.example/x">',
    ],
)
def test_pages_that_all_claim_to_be_one_stay_articles_of_their_own(paper, head):
    for words in ("grain", "salt", "copper"):
        paper.web.story(f"/{words}", words, head=head)
    assert counts(paper.run("/grain", "/salt", "/copper")) == (3, 0, 0, 0, 0)
    assert counts(paper.run("/grain", "/salt", "/copper")) == (0, 0, 3, 0, 0)
    for words in ("grain", "salt", "copper"):
        paper.web.story(f"/{words}", f"more {words}", title=f"New title {words}", head=head)
    assert counts(paper.run("/grain", "/salt", "/copper")) == (0, 3, 0, 0, 0)
    assert sorted(source.title for source in paper.sources().values()) == [
        "New title copper",
        "New title grain",
        "New title salt",
    ]


def test_an_article_keeps_its_id_when_its_page_gets_a_canonical_address(paper):
    paper.web.story("/a", "grain")
    paper.run("/a")
    before = paper.sources()["/a"].id
    paper.web.story("/a", "salt", head='<link rel="canonical" href="/b">')
    assert counts(paper.run("/a")) == (0, 1, 0, 0, 0)
    assert paper.sources()["/a"].id == before


def test_a_page_that_has_gone_stays_in_until_prune_names_it(paper):
    paper.web.story("/a", "grain")
    paper.web.story("/b", "salt")
    paper.publish("/a", "/b")
    del paper.web.pages["/a"]
    report = paper.run("/a", "/b")
    assert counts(report) == (0, 0, 1, 0, 1)
    assert "Its article stays in; to remove it, run again with --prune" in reasons(report)
    assert counts(paper.run("/b", prune=True)) == (0, 0, 1, 0, 0)
    assert counts(paper.publish("/a", prune=True)) == (0, 0, 0, 1, 0)
    assert list(paper.sources()) == ["/b"]
    assert paper.fetch("/a") is None
    paper.newsroom.assert_index_agrees()
    assert "Its article" not in reasons(paper.run("/a", prune=True))


def test_a_page_that_now_leads_to_the_front_page_does_not_become_the_front_page(paper):
    paper.web.story("/a", "grain")
    paper.run("/a")
    paper.web.pages["/a"] = Reply(status=302, headers={"Location": "/"})
    paper.web.story("/", "weather")
    report = paper.run("/a")
    assert "front page" in reasons(report)
    assert "grain" in paper.text("/a")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b"\x89PNG", kind="image/png"), "is not a page but image/png; save it"),
        (Reply(b"PK", kind="application/zip"), "is not a page but application/zip"),
        (Reply(rss(), kind="application/rss+xml"), "--feed"),
        (Reply(b"  ", kind="text/plain"), "empty"),
        (Reply(b"<html><body></body></html>"), "article text"),
    ],
)
def test_what_holds_no_article_is_told_and_tried_again(paper, reply, said):
    paper.web.pages["/a"] = reply
    for _ in range(2):
        report = paper.run("/a")
        assert counts(report) == (0, 0, 0, 0, 1)
        assert said in reasons(report)
    assert paper.web.paths == ["/a", "/a"]


def test_plain_text_is_read_as_a_saved_page(paper):
    text = (
        "Grain ships sail again\n\nThe captain said on Monday that the grain will sail before the winter comes to "
        "the harbour.\n"
    )
    paper.web.pages["/a.txt"] = Reply(text, kind="text/plain; charset=utf-8")
    assert counts(paper.run("/a.txt")) == (1, 0, 0, 0, 0)
    assert "the grain will sail" in paper.text("/a.txt")


def test_a_bad_page_stops_neither_pages_nor_files(paper):
    paper.newsroom.write(1, 1)
    paper.web.story("/b", "salt")
    report = paper.run("/none", str(paper.newsroom.articles), "ftp://x/y", "/b")
    assert counts(report) == (2, 0, 0, 0, 2)
    assert f"{paper.web.url}/none: the page is not there (404)" in reasons(report)
    assert "ftp://x/y: is not a web address" in reasons(report)


# --- feeds in the archive


def test_a_feed_brings_its_entries_newest_first_and_later_only_the_new(paper):
    for number in (1, 2, 3):
        paper.web.story(f"/{number}", f"order {number}")
    paper.feed(entry("/1", 1), entry("/2", 2), ETag='"f1"')
    assert counts(paper.run(feeds=["/feed"])) == (2, 0, 0, 0, 0)
    assert paper.web.paths == ["/feed", "/2", "/1"]
    assert counts(paper.run(feeds=["/feed"])) == (0, 0, 2, 0, 0)
    assert paper.web.paths[3:] == ["/feed"]
    paper.feed(entry("/1", 1), entry("/2", 2), entry("/3", 3), ETag='"f2"')
    assert counts(paper.run(feeds=["/feed"])) == (1, 0, 2, 0, 0)
    assert paper.web.paths[4:] == ["/feed", "/3"]


def test_a_feed_says_what_its_pages_do_not(paper):
    paper.web.story("/1", "grain")
    paper.feed(entry("/1", 3, "<dc:creator>Ann Lee</dc:creator>"))
    paper.run(feeds=["/feed"])
    source = paper.sources()["/1"]
    assert (source.publisher, source.author, source.published) == ("Nordlys & Co", "Ann Lee", date(2025, 3, 3))
    assert source.title == "Title of grain"
    paper.web.story("/1", "salt")
    assert counts(paper.run("/1")) == (0, 1, 0, 0, 0)
    source = paper.sources()["/1"]
    assert (source.publisher, source.author, source.published) == ("Nordlys & Co", "Ann Lee", date(2025, 3, 3))


def test_an_entry_that_failed_is_tried_again_though_the_feed_is_unchanged(paper):
    paper.web.pages["/1"] = Reply(status=500)
    paper.web.story("/2", "salt")
    paper.feed(entry("/1"), entry("/2"), ETag='"f1"')
    report = paper.run(feeds=["/feed"])
    assert counts(report) == (1, 0, 0, 0, 1)
    assert f"{paper.web.url}/1: the site has an error of its own (500)" in reasons(report)
    paper.web.story("/1", "grain")
    assert counts(paper.run(feeds=["/feed"])) == (1, 0, 1, 0, 0)
    assert paper.web.asked[-2][1]["if-none-match"] == '"f1"'


WHOLE = "".join(
    (
        f"<p>The captain of ship{number} said on Monday that the grain of harbour{number} will be sold before the "
        "winter.</p>"
    )
    for number in range(9)
)


def test_a_page_behind_a_paywall_is_read_from_the_feed_if_that_has_all_of_it(paper):
    paper.web.pages["/1"] = Reply(status=403)
    paper.web.pages["/2"] = Reply(status=403)
    paper.web.pages["/3"] = Reply(status=500)
    paper.feed(
        entry("/1", 1, f"<content:encoded><![CDATA[{WHOLE}]]></content:encoded>"),
        entry(
            "/2",
            2,
            (
                f"<description><![CDATA[{WHOLE}]]></description><content:encoded><![CDATA[{WHOLE}<p>Read "
                "more]]></content:encoded>"
            ),
        ),
        entry("/3", 3, f"<content:encoded><![CDATA[{WHOLE}]]></content:encoded>"),
    )
    report = paper.run(feeds=["/feed"])
    assert counts(report) == (1, 0, 0, 0, 2)
    assert "/2: the site refuses" in reasons(report)
    assert "/3: the site has an error of its own" in reasons(report)
    source = paper.sources()["/1"]
    assert (source.title, source.url, source.publisher) == ("About /1", f"{paper.web.url}/1", "Nordlys & Co")
    assert "ship8 said on Monday" in paper.text("/1")
    assert counts(paper.run(feeds=["/feed"])) == (0, 0, 1, 0, 2)


def test_entries_without_a_page(paper):
    whole = f"<content:encoded><![CDATA[{WHOLE}]]></content:encoded>"
    paper.feed(
        f"<title>Whole</title><guid isPermaLink='false'>7</guid>{whole}",
        f"<title>Bad link</title><link>javascript:alert(1)</link>{whole.replace('ship', 'boat')}",
        "<title>Nothing</title>",
    )
    report = paper.run(feeds=["/feed"])
    assert counts(report) == (2, 0, 0, 0, 1)
    assert "no link to a page" in reasons(report)
    assert {(source.title, source.url) for source in paper.sources().values()} == {("Whole", None), ("Bad link", None)}
    assert counts(paper.run(feeds=["/feed"])) == (0, 0, 2, 0, 1)


def test_two_entries_with_one_link_are_one_page(paper):
    paper.web.story("/1", "grain")
    paper.feed(entry("/1", 1), entry("/1", 2))
    assert counts(paper.run("/1", feeds=["/feed"])) == (1, 0, 0, 0, 0)
    assert paper.web.paths == ["/1", "/feed"]


def test_a_long_feed_is_read_in_parts(paper):
    paper.feed(*(entry(f"/{number}") for number in range(205)))
    for number in range(205):
        paper.web.story(f"/{number}", f"order {number}")
    report = paper.run(feeds=["/feed"])
    assert counts(report) == (200, 0, 0, 0, 1)
    assert "has 205 entries that are not in; the newest 200 were tried" in reasons(report)
    assert counts(paper.run(feeds=["/feed"])) == (5, 0, 200, 0, 0)


def test_a_feed_cannot_lead_into_a_private_network(paper):
    paper.feed(entry("http://169.254.169.254/latest"), entry("http://10.0.0.1/"), entry("http://localhost:9000/"))
    report = paper.run(
        feeds=["/feed"], visit=visitor(resolve=lambda host, port: ["10.1.1.1"] if host == "localhost" else [host])
    )
    assert counts(report) == (0, 0, 0, 0, 3)
    assert reasons(report).count("private network") == 3


def test_a_run_that_is_stopped_keeps_what_it_has_read(paper):
    for number in (1, 2, 3):
        paper.web.story(f"/{number}", f"order {number}")
    paper.feed(entry("/1", 1), entry("/2", 2), entry("/3", 3))
    visit = visitor(stopped=lambda: len(paper.web.paths) >= 3)  # the feed and two pages
    report = paper.run(feeds=["/feed"], visit=visit)
    assert report.failures == []
    assert report.added in (1, 2)
    rest = paper.run(feeds=["/feed"])
    assert report.added + rest.added == 3


class Broken(HashEmbedder):
    def embed(self, texts):
        raise OSError("the machine fell over")


def test_a_run_that_dies_after_a_page_was_fetched_fetches_it_again(paper):
    paper.web.story("/a", "grain", ETag='"1"')
    good, paper.newsroom.embedder = paper.newsroom.embedder, Broken()
    with pytest.raises(OSError, match="fell over"):
        paper.publish("/a")
    assert paper.fetch("/a") is None
    paper.newsroom.embedder = good
    assert counts(paper.run("/a")) == (1, 0, 0, 0, 0)
    assert "if-none-match" not in paper.web.asked[-1][1]


def test_half_a_character_in_a_json_feed_stops_nothing(paper):
    item = {"url": "/\ud800", "title": "Half \ud800", "content_html": WHOLE + "\udfff", "authors": [{"name": "\ud800"}]}
    said = {"version": "https://jsonfeed.org/version/1.1", "items": [item]}
    paper.web.pages["/feed"] = Reply(json.dumps(said), kind="application/feed+json")
    assert counts(paper.run(feeds=["/feed"])) == (1, 0, 0, 0, 0)


def test_addresses_that_cannot_be_are_told(paper):
    odd = ["http://a/\udcff", "http://xn--/", "http://]/", "http://a.example:99999/", "http://", "https://[::1/x"]
    report = paper.run(*odd)
    assert counts(report) == (0, 0, 0, 0, len(odd))
    assert counts(paper.run(feeds=["\udcff"])) == (0, 0, 0, 0, 1)


# --- the door


def ingested(capsys, newsroom, *arguments: str) -> tuple[int, dict]:
    code = ingest.main([*arguments, "--json"], embedder=newsroom.embedder)
    return code, json.loads(capsys.readouterr().out)


def test_the_door_takes_addresses_and_feeds(paper, capsys, monkeypatch):
    monkeypatch.setenv("NEWSDESK_INGEST__PRIVATE_NETWORKS", '["127.0.0.0/8"]')
    paper.web.story("/a", "grain", ETag='"1"')
    paper.feed(entry("/a"))
    code, report = ingested(capsys, paper.newsroom, f"{paper.web.url}/a", "--feed", f"{paper.web.url}/feed")
    assert (code, report["added"], report["failed"]) == (0, 1, 0)
    code, report = ingested(capsys, paper.newsroom, f"{paper.web.url}/a")
    assert (code, report["added"], report["unchanged"]) == (0, 0, 1)


def test_the_door_refuses_this_machine_without_the_setting(paper, capsys):
    paper.web.story("/a", "grain")
    code, report = ingested(capsys, paper.newsroom, f"{paper.web.url}/a", "--feed", f"{paper.web.url}/feed")
    assert code == 1
    assert [failure["path"] for failure in report["failures"]] == [f"{paper.web.url}/a", f"{paper.web.url}/feed"]
    assert all("NEWSDESK_INGEST__PRIVATE_NETWORKS" in failure["reason"] for failure in report["failures"])
    assert paper.web.asked == []


def test_a_password_in_an_address_is_neither_used_nor_printed(paper, capsys):
    code = ingest.main([paper.web.url.replace("http://", "http://ann:secret@")], embedder=paper.newsroom.embedder)
    said = capsys.readouterr()
    assert code == 1
    assert "user name or password" in said.out
    assert "secret" not in said.out + said.err


def test_the_door_wants_something_to_do(capsys):
    with pytest.raises(SystemExit) as caught:
        ingest.main([])
    assert caught.value.code == 2
    assert "--feed" in capsys.readouterr().err


def test_ids_of_pages_do_not_hang_on_the_scheme():
    assert article_id(identity("http://a.example/x")) == article_id(identity("https://a.example/x"))


@pytest.mark.slow
def test_ctrl_c_ends_a_page_that_does_not_come(paper):
    done, asked = threading.Event(), threading.Event()

    def silent(handler):
        asked.set()
        done.wait(60)

    paper.web.pages["/slow"] = silent
    paper.web.story("/a", "grain")
    allowed = {"NEWSDESK_INGEST__PRIVATE_NETWORKS": '["127.0.0.0/8"]'}
    urls = [f"{paper.web.url}/a", f"{paper.web.url}/slow", f"{paper.web.url}/never"]
    with paper.newsroom.start(
        "ingest", *urls, "--json", env=allowed, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert asked.wait(60)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=40)  # the page itself would have taken 15 s, and then /never
        finally:
            process.kill()
            done.set()
    report = json.loads(out)
    assert process.returncode == 1
    assert (report["added"], report["failed"], report["interrupted"]) == (1, 0, True)
    assert "Traceback" not in err
    assert paper.web.paths == ["/a", "/slow"]
