"""What a page says of itself, however badly it says it, and what is taken from what it shows."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from saved import html
from trafilatura import load_html

from index.read.html.metadata import page_metadata
from index.read.html.page import read_html
from index.read.record import filled
from index.read.text_metadata import Metadata

DAY = date(2024, 10, 7)
HEADING = "<h1>Mill at Osterby stops grinding</h1>"


def known(head: str = "", body: str = "", url: str | None = None) -> Metadata:
    return read_html("page.html", html(head, body).encode(), url).metadata


def script(*texts: str) -> str:
    return "".join(f'<script type="application/ld+json">{text}</script>' for text in texts)


def article(**fields: object) -> str:
    return json.dumps({"@type": "NewsArticle", "headline": "Mill at Osterby stops grinding", **fields})


OWN = article(datePublished="2024-10-07", author={"name": "Rut Alm"})
OTHER = article(headline="Owl nests in a letter box", datePublished="2019-01-02", author={"name": "Tor Vik"})
SCRIPTS = [
    pytest.param(script(OWN.replace("}}", "},}")), id="a-comma-too-many"),
    pytest.param(script(OWN + OWN), id="two-in-a-row"),
    pytest.param(script("<!-- " + OWN + " -->"), id="comment"),
    pytest.param(script("/* <![CDATA[ */" + OWN + "/* ]]> */"), id="cdata"),
    pytest.param(script("// <![CDATA[\n" + OWN + "\n// ]]>"), id="cdata-behind-slashes"),
    pytest.param(script(OWN.replace('"', "&quot;")), id="entities"),
    pytest.param(script(OWN.replace("Osterby", r"Os\terby\'s")), id="needless-backslash"),
    pytest.param(script(OWN + ";"), id="semicolon"),
    pytest.param(script('{"@graph": [' + OWN + "]}"), id="graph"),
    pytest.param(script('{"@type": "WebPage", "hasPart": [' + OWN + "]}"), id="part"),
    pytest.param(script('{"@type": "ItemList", "itemListElement": [{"item": ' + OWN + "}]}"), id="item-of-a-list"),
    pytest.param(script(OWN, "{broken"), id="beside-a-broken-one"),
]


@pytest.mark.parametrize("head", SCRIPTS)
def test_linked_data_is_read_with_its_usual_mistakes(head):
    assert (known(head, HEADING).published, known(head, HEADING).author) == (DAY, "Rut Alm")


NAMED = ["bt:pubDate", "vr:published_time", "article.published", "dc.date.created", "originalpublicationdate"]


@pytest.mark.parametrize("name", NAMED)
def test_a_date_is_read_under_the_names_that_sites_use(name):
    assert known(f'<meta name="{name}" content="2024-10-07T09:00:00Z">', HEADING).published == DAY


AT = "https://herald.example/2024/mill"
OF_OTHERS = [
    pytest.param(script(OTHER, OWN), "", id="by-headline"),
    pytest.param(script(f"[{OTHER}, {OWN}]"), "", id="by-headline-in-a-list"),
    pytest.param(
        script(article(headline="Owl", datePublished="2019-01-02", url="/owl"),
               article(headline="Mill", datePublished="2024-10-07", author="Rut Alm", url="/2024/mill#top")),
        f'<link rel="canonical" href="{AT}/">', id="by-address"),
    pytest.param(
        script(article(headline="Owl", datePublished="2019-01-02", mainEntityOfPage={"@id": "https://herald.example/owl"}),
               article(headline="Mill", datePublished="2024-10-07", author="Rut Alm",
                       mainEntityOfPage="http://www.herald.example/2024/mill")),
        f'<meta property="og:url" content="{AT}">', id="by-its-main-page"),
]  # fmt: skip


@pytest.mark.parametrize(("linked", "head"), OF_OTHERS)
def test_the_linked_data_of_the_pages_own_article_counts(linked, head):
    found = known(linked + head, HEADING)
    assert (found.published, found.author) == (DAY, "Rut Alm")


def test_linked_data_of_another_article_alone_says_nothing():
    found = known(script(OTHER), HEADING)
    assert (found.title, found.published, found.author) == ("Mill at Osterby stops grinding", None, None)


def test_an_address_that_is_none_hinders_nothing():
    found = known(script(article(datePublished="2024-10-07", url="http://[", mainEntityOfPage=["x"])), HEADING)
    assert found.published == DAY


def test_one_article_of_another_wording_is_the_pages_own():
    found = known(script(article(headline="Osterby loses its mill", datePublished="2024-10-07")), HEADING)
    assert found.published == DAY


SHOWN = [
    pytest.param('<time datetime="2024-10-07T08:05:00+02:00">Monday</time>', "layout", id="time"),
    pytest.param('<time datetime="Mon Oct 07 2024 08:05:00 GMT+0200">7 Oct</time>', "layout", id="time-of-javascript"),
    pytest.param('<span class="entry-date">7 October 2024</span>', None, id="class-of-publication"),
    pytest.param("<p>Published: 7 October 2024</p>", None, id="label"),
    pytest.param("<p>Updated 9 October 2024, first published 7 October 2024</p>", None, id="label-behind-an-update"),
    pytest.param("<div>Veröffentlicht am 7.10.2024, 08:05 Uhr</div>", None, id="german-label"),
    pytest.param("<div>By Rut Alm | 7 October 2024</div>", "layout", id="byline"),
    pytest.param("<div><b>7</b> <b>October</b> <b>2024</b></div>", "layout", id="in-parts"),
    pytest.param('<div class="related"><time>1 May 2023</time></div><time>7 October 2024</time>', "layout",
                 id="not-of-a-related-article"),
    pytest.param("<p>Last updated: 7 October 2024</p>", "modified", id="only-the-change"),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "source"), SHOWN)
def test_a_date_that_only_the_page_shows_is_read(shown, source):
    found = known(body=HEADING + shown)
    assert (found.published, found.date_source) == (DAY, source)


NOT_SHOWN = [
    "<p>The mill was built on 7 October 1924 by a miller who came from the other side of the bay.</p>",
    "<footer>Imprint of 7 October 2024</footer>",
    '<div class="comments"><p>7 October 2024</p></div>',
    "<p>Member since 1 January 1970</p>",
]


@pytest.mark.parametrize("shown", NOT_SHOWN)
def test_a_date_of_something_else_is_not_the_pages(shown):
    assert known(body=HEADING + shown).published is None


HEADS = [
    pytest.param('<meta name="date" content="07/10/2024">', None, None, id="ambiguous"),
    pytest.param('<meta name="date" content="1970-01-01T00:00:00Z">', None, None, id="not-filled-in"),
    pytest.param('<meta name="date" content="2099-01-01">', None, None, id="far-ahead"),
    pytest.param(f'<link rel="canonical" href="{AT[:-10]}/2024/10/07/mill.html">', DAY, "address", id="address"),
    pytest.param(f'<link rel="canonical" href="{AT[:-10]}/mill-20241007.html">', DAY, "address", id="in-one"),
    pytest.param(f'<link rel="canonical" href="{AT[:-10]}/2024/oct/07/mill">', DAY, "address", id="with-a-name"),
    pytest.param(f'<link rel="canonical" href="{AT[:-10]}/id-1202410071">', None, None, id="a-number"),
    pytest.param('<meta property="article:modified_time" content="2024-10-07T10:00Z">', DAY, "modified", id="change"),
    pytest.param('<meta property="article:modified_time" content="2024-11-01">'
                 '<meta property="article:published_time" content="2024-10-07">', DAY, None, id="published-first"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "day", "source"), HEADS)
def test_a_guessed_date_says_from_what(head, day, source):
    found = known(head, HEADING)
    assert (found.published, found.date_source) == (day, source)


DAYS = [
    pytest.param('<meta property="article:published_time" content="2024-10-06T22:30:00Z">', "", f"{AT}/2024/10/07/x",
                 id="of-the-address"),
    pytest.param('<meta property="article:published_time" content="2024-10-06T22:30:00Z">',
                 "<time>7 October 2024</time>", None, id="of-what-is-shown"),
    pytest.param('<meta name="date" content="2024-10-09">', "<time>7 October 2024</time>", None, id="not-of-an-export"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "shown", "url"), DAYS)
def test_the_day_is_the_one_that_readers_of_the_page_saw(head, shown, url):
    assert known(head, HEADING + shown, url).published == DAY


AUTHORS = [
    pytest.param({"name": "Ma&iacute;re N&#39;Dour"}, "Maíre N'Dour", id="entities"),
    pytest.param({"name": '<a href="/x">Rut Alm</a>'}, "Rut Alm", id="markup"),
    pytest.param({"givenName": "Rut", "familyName": "Alm"}, "Rut Alm", id="in-two-fields"),
    pytest.param({"name": ["Rut Alm", "Tor Vik"]}, "Rut Alm, Tor Vik", id="list-of-names"),
    pytest.param([{"name": "Rut Alm"}, {"name": "RUT ALM"}], "Rut Alm", id="twice"),
    pytest.param("By RUT ALM, Tor Vik and Eva Oja", "RUT ALM, Tor Vik, Eva Oja", id="several-in-one"),
    pytest.param("Rut Alm und Tor Vik", "Rut Alm, Tor Vik", id="and-in-german"),
    pytest.param("Rut Alm, Chief Reporter", "Rut Alm", id="role"),
    pytest.param("3 hours ago Rut Alm", "Rut Alm", id="how-long-ago"),
    pytest.param("Von Neumann", "Von Neumann", id="no-label"),
    pytest.param("T. V. Alm", "T. V. Alm", id="initials"),
    pytest.param({"@type": "Organization", "name": "Ministry of Trade and Industry"}, "Ministry of Trade and Industry",
                 id="organisation"),
    *(pytest.param(name, None, id=name or "empty") for name in
      ("admin", "Administrator", "webmaster", "WordPress", "null", "rut@herald.example", "https://herald.example/rut",
       "www.herald.example", "herald.example", "@rutalm", "Osterby Herald", "by", "{{author}}", "")),
    pytest.param([[[[[["Rut Alm"]]]]]], None, id="nested-too-deeply"),
]  # fmt: skip


@pytest.mark.parametrize(("author", "names"), AUTHORS)
def test_authors_are_names(author, names):
    head = script(article(author=author, publisher={"name": "Osterby Herald"}))
    assert known(head, HEADING).author == names


AUTHORS_SHOWN = [
    pytest.param('<a rel="author" href="/rut">Rut Alm</a>', "Rut Alm", id="link"),
    pytest.param('<div class="byline">By <a href="/rut">Rut Alm</a> and Tor Vik | 7 October 2024</div>',
                 "Rut Alm, Tor Vik", id="byline"),
    pytest.param('<p class="author-name">Von Rut Alm, Redakteurin</p>', "Rut Alm", id="class"),
    pytest.param('<span itemprop="author"><span itemprop="name">Rut Alm</span></span>', "Rut Alm", id="itemprop"),
    pytest.param("<p>By Rut Alm</p>", "Rut Alm", id="line"),
    pytest.param('<p class="byline">Von Jan Alm, Okt. 7, 2024</p>', "Jan Alm", id="a-month-and-a-name"),
    pytest.param('<div class="author">Updated 7 October 2024</div>', None, id="no-name"),
    pytest.param('<div class="comments"><span class="author">Tor Vik</span></div>', None, id="of-a-comment"),
    pytest.param("<p>By the river</p>", None, id="no-byline"),
    pytest.param('<p>The mill by the lake was sold to <span class="author">Tor Vik</span> for two crowns.</p>',
                 None, id="inside-a-sentence"),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "names"), AUTHORS_SHOWN)
def test_authors_that_only_the_page_shows_are_read(shown, names):
    assert known(body=HEADING + shown).author == names


def test_the_site_as_its_own_author_gives_way_to_a_byline():
    head = '<meta property="og:site_name" content="Osterby Herald"><meta name="author" content="Osterby Herald Online">'
    assert known(head, HEADING + "<p>By Rut Alm</p>").author == "Rut Alm"
    assert known(head, HEADING).author == "Osterby Herald Online"


def test_a_stated_day_beats_a_guess():
    guess, stated = Metadata(published=DAY, date_source="layout"), Metadata(published=date(2024, 10, 8))
    assert filled(guess, stated).published == filled(stated, guess).published == date(2024, 10, 8)
    assert filled(guess, Metadata()) == guess
    assert filled(guess, Metadata(published=date(2024, 10, 9), date_source="modified")) == guess


ODD = [
    *('<script type="application/ld+json">', "</script>", "[[", "]]", "}", ",,", "&quot;", '"', ">", "<h1>", "</h1>"),
    *('{"@type": ["NewsArticle", 7], "headline": 3, "author": ', '"datePublished": "2024-13-45", '),
    *('{"@id": "#a", "url": "http://[", "mainEntityOfPage": []}', '<meta name="date" content="20240'),
    *('<link rel="canonical" href="//[x/2024/99/99/">', '<time datetime="', '<div class="author">', "</div>", "<body>"),
    *("2024", " 7. 10. ", "Updated: ", "By ", "<q>", "Ærø ", "\x7f"),
]


@given(st.lists(st.sampled_from(ODD), max_size=25).map("".join))
def test_no_page_whatever_breaks_the_reading_of_its_metadata(markup):
    tree = load_html(html(markup, HEADING + markup))
    found = page_metadata(tree).metadata
    assert found.published is None or found.published.year >= 1900
