"""Feeds: what one says of its articles, in every form of feed, and what a hostile one costs."""

from __future__ import annotations

import gzip
import json

import pytest
from saved import entry, rss

from index.errors import UnreadableError
from index.read.feeds import plain, read_feed
from index.read.pages import identity

URL = "https://news.example/feed.xml"


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


def test_an_author_in_the_form_of_rss_is_a_name():
    item = "<item><title>One</title><link>/1</link><author>bo@news.example (Bo Dahl)</author></item>"
    [one] = read_feed(f"<rss><channel>{item}</channel></rss>".encode(), URL).entries
    assert one.author == "Bo Dahl"


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
        ("Late <script>alert(1 < 2)</script>news", "Late news"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", None),
        ("Why &lt;head&gt; matters", "Why <head> matters"),
        ("One<br/>two", "One two"),
        ("\x93Quoted\x94 \x96 so", "“Quoted” – so"),
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


DATES = [
    pytest.param("Fri, 07 Mar 2025 09:30:00 +01", "2025-03-07 09:30:00+01:00", id="offset-in-hours"),
    pytest.param("sab, 07 mar 2025 09:30:00 +0100", "2025-03-07 09:30:00+01:00", id="italian"),
    pytest.param("ven., 7 avr. 2023 09:30:00 +0200", "2023-04-07 09:30:00+02:00", id="french"),
    pytest.param("7 Mar 2025", "2025-03-07 00:00:00", id="day"),
    pytest.param("March 7, 2025", "2025-03-07 00:00:00", id="in-words"),
    pytest.param("2025/3/7 15:07:41", "2025-03-07 00:00:00", id="slashes"),
    pytest.param("1741339800", "2025-03-07 09:30:00+00:00", id="seconds"),
    pytest.param("Fri, 07 Mar 2025 08:18:00 PM +0000", "2025-03-07 20:18:00+00:00", id="afternoon"),
    pytest.param("Thu, 31 Feb 2025 10:00:00 GMT", "None", id="no-such-day"),
]


@pytest.mark.parametrize(("said", "expected"), DATES)
def test_dates_are_read_in_the_forms_that_feeds_use(said, expected):
    [item] = read_feed(rss(f"<title>x</title><link>/1</link><pubDate>{said}</pubDate>"), URL).entries
    assert str(item.published) == expected


BYTES = [
    pytest.param(lambda raw: gzip.compress(raw.encode()), id="packed"),
    pytest.param(lambda raw: b"<br />\n<b>Warning</b>: x in /a.php\n" + raw.encode(), id="warning-before-it"),
    pytest.param(lambda raw: raw.encode("cp1252"), id="says-utf-8-and-is-not"),
    pytest.param(lambda raw: raw.replace("utf-8", "iso-8859-1").encode(), id="says-latin-1-and-is-utf-8"),
    pytest.param(lambda raw: raw.replace("utf-8", "utf-16").encode("utf-16"), id="utf-16"),
]


@pytest.mark.parametrize("make", BYTES)
def test_a_feed_is_read_in_whatever_bytes_it_comes(make):
    raw = '<?xml version="1.0" encoding="utf-8"?><rss><channel><item><title>Åre – “så”</title></item></channel></rss>'
    assert [item.title for item in read_feed(make(raw), URL).entries] == ["Åre – “så”"]


LINKS = [
    pytest.param("<guid>https://news.example/g</guid>", "https://news.example/g", id="address-as-guid"),
    pytest.param("<guid>12345</guid>", None, id="number-as-guid"),
    pytest.param("<id>https://news.example/atom/1</id>", "https://news.example/atom/1", id="address-as-id"),
    pytest.param("<id>tag:news.example,2025:1</id>", None, id="tag-as-id"),
    pytest.param("<id>https://news.example/id</id><link href='/page'/>", "https://news.example/page", id="link-first"),
    pytest.param(
        "<link>https://count.example/x</link><origLink>https://news.example/o</origLink>",
        "https://news.example/o",
        id="original",
    ),
]


@pytest.mark.parametrize(("inside", "expected"), LINKS)
def test_the_link_of_an_entry_is_its_page(inside, expected):
    assert read_feed(rss(f"<title>x</title>{inside}"), URL).entries[0].link == expected


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
