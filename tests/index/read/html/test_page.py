"""Web pages: the article in them, what they say of themselves, and what is said of pages without one."""

from __future__ import annotations

import gzip
import json
import re
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from saved import STORY, html, items, only, reason, written

from index.errors import UnreadableError
from index.read.html.page import read_html
from index.read.record import Failure, Record


def page(head: str = "", body: str = "", url: str | None = None, **more: str) -> Record:
    return read_html("page.html", html(head, body, **more).encode(), url)


def linked(**fields: object) -> str:
    article = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "x", **fields}
    return f'<script type="application/ld+json">{json.dumps(article)}</script>'


def test_the_article_of_a_page_is_its_text_and_the_menu_is_not():
    text = page().text
    assert all(paragraph in text for paragraph in STORY)
    assert "Home" not in text


CLASSES = """
    author byline date time meta caption credit share social tag tags tooltip visually-hidden price promo footnote
    comment related widget rating timestamp teaser consent slide subscribe newsletter sponsor ad-label quote-source
""".split()
INLINE = "span time label output legend progress small ins mark abbr data font u nobr".split()
SENTENCE = "The master of the port said that it would {} close in winter, whatever the council decides on Friday."


@pytest.mark.parametrize("element", [*(f'span class="{name}"' for name in CLASSES), *INLINE])
def test_no_element_inside_a_sentence_loses_its_word(element):
    word = f"<{element}>not</{element.split()[0]}>"
    assert SENTENCE.format("not") in page(body=f"<p>{SENTENCE.format(word)}</p>").text


@given(st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(INLINE)), min_size=1, max_size=4), st.data())
def test_a_sentence_keeps_its_words_however_its_parts_are_marked(marks, data):
    words = SENTENCE.format("not").split()
    for name, tag in marks:
        first = data.draw(st.integers(1, len(words) - 3))
        last = data.draw(st.integers(first, len(words) - 3))
        words[first] = f'<{tag} class="{name}">{words[first]}'
        words[last] = f"{words[last]}</{tag}>"
    said = " ".join(words)
    assume(_nested(said))
    assert SENTENCE.format("not") in page(body=f"<p>{said}</p>").text


def _nested(said: str) -> bool:
    """Whether the elements of a sentence are closed in the order in which they were opened."""
    opened: list[str] = []
    for closing, tag in re.findall(r"<(/?)(\w+)", said):
        if not closing:
            opened.append(tag)
        elif not opened or opened.pop() != tag:
            return False
    return not opened


NOT_SHOWN = [
    pytest.param("The bridge will cost <del>40</del> 90 million kroner.", "cost 90 million", id="del"),
    pytest.param("The bridge will cost <s>40</s> 90 million kroner.", "cost 90 million", id="s"),
    pytest.param("The bridge will cost <strike>40</strike> 90 million kroner.", "cost 90 million", id="strike"),
    pytest.param(
        'It will cost <span style="text-decoration: line-through">40</span> 90 million.', "cost 90 million", id="style"
    ),
    pytest.param("It will <span hidden>never</span> open in June, she said.", "will open in June", id="hidden"),
    pytest.param('It will <b style="display: none">never</b> open in June.', "will open in June", id="display"),
    pytest.param('It will <i style="Visibility:hidden">never</i> open.', "will open", id="visibility"),
    pytest.param('It will <em aria-hidden="true">never</em> open.', "will open", id="aria-hidden"),
    pytest.param('It will <i style="opacity: 0; top: 0">never</i> open.', "will open", id="opacity"),
    pytest.param('It will <i style="font-size:0px">never</i> open.', "will open", id="font size"),
    pytest.param('It will <i style="opacity:0.9">never</i> open.', "will never open", id="seen through"),
    pytest.param(
        "<style>.a, p.b{color: red; display: none}</style>It will <i class='x b'>never</i> open.",
        "will open",
        id="class",
    ),
    pytest.param("<style>#c{visibility:hidden}</style>It will <i id=c>never</i> open.", "will open", id="id"),
    pytest.param(
        "<style>.d{text-decoration: line-through red}</style>It will <i class=d>never</i> open.",
        "will open",
        id="struck",
    ),
    pytest.param(
        "<style>@media print{.e{display:none}}</style>It will <i class=e>never</i> open.", "never open", id="print"
    ),
    pytest.param(
        "<style>.f{display:none} .f{display:inline}</style>It will <i class=f>never</i> open.",
        "never open",
        id="last rule",
    ),
    pytest.param("<style>.g .h{display:none}</style>It will <i class=h>never</i> open.", "never open", id="elsewhere"),
    pytest.param('It will <i style="position:absolute; left:-9999px">not</i> open.', "will open", id="off the screen"),
    pytest.param('It will <i style="color: transparent">not</i> open.', "will open", id="transparent"),
    pytest.param('It will <i style="margin-left:-1200px">never</i> open.', "never open", id="a margin"),
]


@pytest.mark.parametrize(("body", "shown"), NOT_SHOWN)
def test_what_is_struck_out_or_hidden_is_not_in_the_text(body, shown):
    assert shown in page(body=f"<p>{body}</p>").text


def test_a_hidden_word_in_a_story_that_a_script_would_show_is_not_in_the_text():
    story = "".join(f"<p>{paragraph} It will <b hidden>never</b> open.</p>" for paragraph in STORY)
    source = f'<html><body><article><div style="display:none">{story}</div></article></body></html>'
    assert STORY[1] + " It will open." in read_html("x", source.encode()).text


def test_a_story_that_a_script_would_show_is_not_hidden():
    story = "".join(f"<p>{paragraph}</p>" for paragraph in STORY)
    source = f'<html><body><article><div style="display:none">{story}</div></article></body></html>'
    assert all(paragraph in read_html("x", source.encode()).text for paragraph in STORY)


SIGNS = [
    pytest.param("“Yes,” said Berg. <q>We close in May.</q>", "said Berg. “We close in May.”", id="q"),
    pytest.param("<q>We <em>close</em></q>, she said to us.", "“We close”, she said to us.", id="q-around-emphasis"),
    pytest.param("The hall covers 400 m<sup>2</sup> of land.", "400 m² of land", id="sup"),
    pytest.param("It cost 10<sup>6</sup> kroner and 10<sup>-3</sup> more.", "10⁶ kroner and 10⁻³ more", id="powers"),
    pytest.param("It emits CO<sub>2</sub> all year.", "emits CO₂ all year", id="sub"),
    pytest.param('An audit found it.<sup><a href="#n1">1</a></sup> It cost.', "found it. It cost.", id="footnote"),
    pytest.param("An audit found it.<a href='#n1'><sup>1</sup></a> It cost.", "found it. It cost.", id="linked"),
    pytest.param("An audit found it.<sup>[12]</sup> It cost.", "found it. It cost.", id="footnote-in-brackets"),
]


@pytest.mark.parametrize(("body", "shown"), SIGNS)
def test_quotations_and_raised_numbers_can_be_read(body, shown):
    assert shown in page(body=f"<p>{body}</p>").text


def test_a_layout_table_gives_its_paragraphs():
    story = "".join(f"<p>{paragraph}" for paragraph in STORY)
    source = f"<html><body><table><tr><td><a href='/'>Home</a></td><td><h1>Ferry</h1>{story}</td></tr></table>"
    lines = read_html("x", source.encode()).text.split("\n")
    assert [line for line in lines if "|" in line] == []
    assert set(STORY) <= set(lines)


TITLES = [
    pytest.param("<title>Council stops the ferry | Island Herald</title>", "", "Council stops the ferry", id="bar"),
    pytest.param("<title>Council stops the ferry - Island Herald</title>", "", "Council stops the ferry", id="dash"),
    pytest.param(
        "<title>Council stops the ferry – The Island Herald</title>", "", "Council stops the ferry", id="with-the"
    ),
    pytest.param(
        "<title>Council stops the ferry - Politics - Island Herald</title>",
        "",
        "Council stops the ferry - Politics",
        id="only-the-publisher-goes",
    ),
    pytest.param(
        "<title>Ferry - Council says stop - Island boats go</title>",
        "",
        "Ferry - Council says stop - Island boats go",
        id="no-publisher-at-the-end",
    ),
    pytest.param("", "<h1>Council stops the ferry</h1>", "Council stops the ferry", id="heading"),
    pytest.param("<title>Island Herald</title>", "<h1>Island Herald</h1>", None, id="only-the-name-of-the-site"),
    pytest.param(
        '<meta property="og:title" content="Council &amp; ferry: the end">',
        "",
        "Council & ferry: the end",
        id="open-graph",
    ),
    pytest.param(linked(headline="Council &#39;stops&#39; the ferry"), "", "Council 'stops' the ferry", id="json-ld"),
    pytest.param("", "<h1>Council<br>stops <script>x()</script>the ferry</h1>", "Council stops the ferry", id="break"),
    pytest.param(
        '<meta property="og:title" content="Council &amp;quot;stops&amp;quot; the ferry">',
        "",
        'Council "stops" the ferry',
        id="encoded-twice",
    ),
]


@pytest.mark.parametrize(("head", "body", "title"), TITLES)
def test_the_title_is_the_headline_without_the_publisher(head, body, title):
    assert page(f'<meta property="og:site_name" content="Island Herald">{head}', body).metadata.title == title


DATES = [
    pytest.param(linked(datePublished="2025-03-07T23:30:00-05:00"), date(2025, 3, 7), "2025-03-07T23:30:00-05:00",
    id="day-in-its-own-zone"),
    pytest.param(linked(datePublished="2025-03-07T09:30:00.123Z"), date(2025, 3, 7), "2025-03-07T09:30:00+00:00",
    id="utc"),
    pytest.param(linked(datePublished="2025-03-07 09:30:00 +02:00"), date(2025, 3, 7), "2025-03-07T09:30:00+02:00",
    id="spaces"),
    pytest.param(linked(datePublished="2025-03-07T09:30"), date(2025, 3, 7), None, id="no-offset"),
    pytest.param(linked(datePublished="2025-03-07"), date(2025, 3, 7), None, id="day-alone"),
    pytest.param(linked(datePublished="2025-13-47"), None, None, id="no-such-day"),
    pytest.param(linked(datePublished="1741340000000"), date(2025, 3, 7), "2025-03-07T09:33:20+00:00", id="ms"),
    pytest.param('<meta property="article:published_time" content="2025-03-07T09:30:00+0100">', date(2025, 3, 7),
    "2025-03-07T09:30:00+01:00", id="tag"),
    pytest.param('<meta name="dc.date" content="2025-03-07">', date(2025, 3, 7), None, id="dublin-core"),
    pytest.param(
        linked(datePublished="2025-03-08T04:30:00Z")
        + '<meta property="article:published_time" content="2025-03-07T23:30:00-05:00">',
        date(2025, 3, 7), "2025-03-07T23:30:00-05:00", id="of-equal-moments-the-one-with-the-publishers-zone",
    ),
    pytest.param("", None, None, id="nothing-stated"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "day", "moment"), DATES)
def test_the_date_is_the_one_the_page_states(head, day, moment):
    known = page(head).metadata
    assert (known.published, known.published_at) == (day, moment)


def test_a_date_in_the_story_is_not_the_date_of_the_page():
    assert (
        page(
            story=(*STORY, "The last boat of 7 March 2024 was full, said the harbour office on 8 March 2024.")
        ).metadata.published
        is None
    )


AUTHORS = [
    pytest.param(linked(author={"@type": "Person", "name": "Ines Carrow"}), "Ines Carrow", id="object"),
    pytest.param(linked(author=[{"name": "Ines Carrow"}, {"name": "Bo Dahl"}]), "Ines Carrow, Bo Dahl", id="list"),
    pytest.param(linked(author="By Ines Carrow"), "Ines Carrow", id="with-by"),
    pytest.param(linked(author="https://herald.example/ines"), None, id="address"),
    pytest.param('<meta name="author" content="Ines Carrow">', "Ines Carrow", id="tag"),
    pytest.param('<meta property="article:author" content="https://facebook.com/ines">', None, id="address-in-a-tag"),
    pytest.param(
        '<meta name="dc.creator" content="Carrow, Ines"><meta name="dc.creator" content="Dahl, Bo">',
        "Ines Carrow, Bo Dahl",
        id="family-name-first",
    ),
    pytest.param('<meta name="author" content="@inescarrow">', None, id="handle"),
    pytest.param("", None, id="nobody"),
]


@pytest.mark.parametrize(("head", "author"), AUTHORS)
def test_the_author_is_who_the_page_names(head, author):
    assert page(head).metadata.author == author


def test_an_author_named_by_reference_is_found():
    graph = {
        "@graph": [
            {"@type": "NewsArticle", "headline": "x", "author": {"@id": "#ines"}},
            {"@id": "#ines", "@type": "Person", "name": "Ines Carrow"},
        ]
    }
    assert page(f'<script type="application/ld+json">{json.dumps(graph)}</script>').metadata.author == "Ines Carrow"


PUBLISHERS = [
    pytest.param('<meta property="og:site_name" content="Island Herald">', "Island Herald", id="site-name"),
    pytest.param(linked(publisher={"name": "Island Herald"}), "Island Herald", id="json-ld"),
    pytest.param(
        '<meta property="og:site_name" content="islandherald">' + linked(publisher={"name": "Island Herald"}),
        "Island Herald",
        id="better-spelling",
    ),
    pytest.param('<meta property="og:site_name" content="@herald">', None, id="handle"),
    pytest.param(
        '<link rel="canonical" href="https://www.herald.example/ferry">',
        "herald.example",
        id="host-where-there-is-no-name",
    ),
    pytest.param("", None, id="nothing"),
]


@pytest.mark.parametrize(("head", "publisher"), PUBLISHERS)
def test_the_publisher_is_the_site(head, publisher):
    assert page(head).metadata.publisher == publisher


ADDRESSES = [
    pytest.param(
        '<link rel="canonical" href="https://herald.example/ferry">',
        None,
        "https://herald.example/ferry",
        id="canonical",
    ),
    pytest.param(
        '<link rel="canonical" href="/ferry">',
        "https://herald.example/x?utm=1",
        "https://herald.example/ferry",
        id="relative",
    ),
    pytest.param(
        '<meta property="og:url" content="https://herald.example/ferry">',
        None,
        "https://herald.example/ferry",
        id="open-graph",
    ),
    pytest.param(
        '<link rel="canonical" href="https://herald.example/">',
        "https://herald.example/ferry",
        "https://herald.example/ferry",
        id="front-page-is-not-the-article",
    ),
    pytest.param('<link rel="canonical" href="javascript:alert(1)">', None, None, id="no-web-address"),
    pytest.param("", "https://herald.example/ferry", "https://herald.example/ferry", id="where-it-came-from"),
]


@pytest.mark.parametrize(("head", "url", "found"), ADDRESSES)
def test_the_address_is_the_canonical_one(head, url, found):
    assert page(head, url=url).url == found


BROKEN = [
    '{"@type": "NewsArticle", ',
    "[]",
    "null",
    '"x"',
    "[" * 3_000,
    '{"@graph": {"@type": ["NewsArticle", 3], "headline": ["x"], "author": [[[]]], "publisher": 7}}',
]


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_broken_json_ld_leaves_the_page_readable(text):
    record = page(f'<script type="application/ld+json">{text}</script><meta name="author" content="Ines Carrow">')
    assert record.metadata.author == "Ines Carrow"


def test_a_page_whose_own_copy_of_the_text_goes_on_is_read_to_its_end():
    whole = [
        (
            f"Ship number {number} left the harbour of the old town at dawn with its crew of {number + 3}, the "
            "harbour office said."
        )
        for number in range(40)
    ]
    record = page(linked(articleBody="\n\n".join(whole)), story=whole[:12])
    assert whole[-1] in record.text


def test_another_text_in_json_ld_is_not_taken_for_the_article():
    other = " ".join(
        f"Something else altogether concerns turnip {number} and its growers elsewhere." for number in range(80)
    )
    assert "turnip" not in page(linked(articleBody=other)).text


NO_ARTICLE = [
    pytest.param(
        (
            "<html><body><div id=root></div><noscript>You need to enable JavaScript to run this "
            "app.</noscript></body></html>"
        ),
        "script",
        id="javascript",
    ),
    pytest.param(
        "<html><body><p>Checking your browser. Please verify you are human.</p></body></html>",
        "gatekeeper",
        id="robot-check",
    ),
    pytest.param(
        (
            "<html><body><h1>We value your privacy</h1><p>We use cookies and need your consent. With your consent, "
            "we and our partners store cookies and other "
            "personal data to measure the audience. You can withdraw your consent in the privacy settings at any "
            "time.</p></body></html>"
        ),
        "consent",
        id="consent-wall",
    ),
    pytest.param(
        "<html><body><main>"
        + "".join(
            f'<p><a href="/{n}">Council stops ferry number {n} after a long debate of hours</a></p>' for n in range(40)
        )
        + "</main></body></html>",
        "list of links",
        id="section-front",
    ),
    pytest.param("<html><body><p>Not found</p></body></html>", "no article text", id="nothing-much"),
    pytest.param("<html></html>", "not an HTML page", id="empty-page"),
    pytest.param("Only words, no page at all.", "no HTML", id="plain-text"),
    pytest.param("%PDF-1.7 stream", "another kind of file", id="pdf"),
    pytest.param(
        "From: <Saved by Blink>\nMIME-Version: 1.0\nContent-Type: multipart/related;\n\n<html>",
        "MHTML",
        id="web-archive",
    ),
]


@pytest.mark.parametrize(("source", "words"), NO_ARTICLE)
def test_a_page_without_an_article_is_named_for_what_it_is(source, words, tmp_path):
    assert words in reason(written(tmp_path, "page.html", source))


FRENCH = [
    f"Le président a déclaré pour la fois numéro {number} que la trêve durerait un mois à Genève."
    for number in range(4)
]
UKRAINIAN = [f"Президент заявив {number} березня, що готовий до перемир'я на морі та в небі." for number in range(4)]
ENCODED = [
    pytest.param(html('<meta charset="windows-1251">', story=UKRAINIAN).encode("cp1251"), None, "перемир", id="named"),
    pytest.param(html(story=FRENCH).encode("latin-1"), "iso-8859-1", "déclaré", id="by-the-server"),
    pytest.param(html('<meta charset="utf-8">', story=FRENCH).encode("cp1252"), None, "déclaré", id="named-wrongly"),
    pytest.param(html(story=FRENCH).encode("utf-16"), "utf-8", "déclaré", id="by-its-mark"),
    pytest.param(html(story=FRENCH).encode(), "no-such-charset", "déclaré", id="unknown"),
]


@pytest.mark.parametrize(("raw", "charset", "word"), ENCODED)
def test_a_page_is_read_in_its_encoding(raw, charset, word):
    assert word in read_html("page", raw, charset=charset).text


def test_a_packed_page_is_read(tmp_path):
    assert STORY[0] in only(written(tmp_path, "page.html", gzip.compress(html().encode()))).text


def test_a_packed_bomb_is_refused():
    with pytest.raises(UnreadableError, match="unpacks"):
        read_html("page", gzip.compress(b"<p>" + b" " * 30_000_000))


def test_a_page_saved_under_the_name_of_a_text_is_read_as_a_page(tmp_path):
    record = only(written(tmp_path, "page.txt", html('<meta name="author" content="Ines Carrow">')))
    assert record.metadata.author == "Ines Carrow"
    assert "<p>" not in record.text


def test_a_text_with_a_few_tags_stays_a_text(tmp_path):
    text = "Council stops the ferry\n<p>" + STORY[0] + "</p>\n"
    assert only(written(tmp_path, "dump.txt", text)).text == text


def test_the_language_of_the_page_is_noted():
    assert page(attributes='lang="en-GB"').language == "en-GB"


def test_what_is_deep_in_others_is_read_and_what_is_too_deep_is_said(tmp_path):
    def found(depth: int) -> Record | Failure:
        deep = f"<p>{'<b>' * depth}{STORY[1]}{'</b>' * depth}</p>"
        path = written(tmp_path, "deep.html", f"<body><p>{STORY[0]}</p>{deep}<p>{STORY[2]}</p></body>")
        [item] = items(path)
        return item if isinstance(item, Failure) else item[1]

    assert STORY[1] in found(700).text
    assert STORY[2] in found(700).text
    assert "2,000 deep" in found(5_000).reason


def test_a_short_page_without_spaces_between_words_is_an_article():
    said = ["港口委员会星期五决定关闭旧渡轮码头。", "市长说，新码头将于春天开放。", "居民已收集九百个签名反对。"]
    body = "".join(f"<p>{line}</p>" for line in said)
    assert (
        read_html("x.html", f"<html><body><h1>旧码头关闭</h1>{body}</body></html>".encode()).text.split("\n")[-3:]
        == said
    )


def test_deep_nesting_is_survived(tmp_path):
    deep = "<div>" * 20_000 + STORY[0] + "</div>" * 20_000
    path = written(tmp_path, "deep.html", f"<html><body>{deep}</body></html>")
    assert len(items(path)) == 1  # an article or a failure, and no exception
