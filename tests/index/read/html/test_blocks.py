"""The paragraphs of a page are in its text word for word, however their parts are marked up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saved import STORY, html

from index.clean.clean import clean
from index.read.html.page import read_html
from index.read.record import UNSHOWN, Record

SAID = "The bridge to the mainland will cost seventy million kroner, the board of the harbour said on Friday."


def page(*body: str, head: str = "") -> Record:
    """Read a story with something between its first two paragraphs and the others."""
    source = html(head, "".join((*(f"<p>{line}</p>" for line in STORY[:2]), *body)), STORY[2:])
    return read_html("page.html", source.encode())


def lines(*body: str) -> list[str]:
    """Return the lines of the text between the first two paragraphs of a story and the others."""
    found = page(*body).text.split("\n")
    assert (found[:2], found[-2:]) == (list(STORY[:2]), list(STORY[2:]))
    return found[2:-2]


NAMES = """
    author byline date time meta caption credit share social tag tags tooltip hidden-xs sr-only price ad promo footnote
    comment related widget rating timestamp teaser consent slide subscribe newsletter sponsor button label menu-item
    breadcrumb overlay embed outbrain most-popular sidebar footer nav cookie premium noprint -hide- message banner
""".split()
TAGS = """
    span time label output button legend progress meter cite abbr acronym font small big tt u ins mark data dfn kbd samp
    var bdi bdo nobr slot marquee b i em strong a code map object ruby summary header section center blink
    x-note
""".split()
UNSEEN = ["<del>{}</del>", "<s>{}</s>", "<span hidden>{}</span>", "<template>{}</template>", "<script>{}</script>",
          "<noscript>{}</noscript>", "<dialog>{}</dialog>", "<b style='display: none'>{}</b>",
          "<i aria-hidden=true>{}</i>", "<video>{}</video>", "<style>{}</style>"]  # fmt: skip
WORDS = "the harbour board of this town will not pay seventy million kroner for it before autumn comes".split()
# A part of a sentence as (markup, what a browser shows of it).
Part = tuple[str, str]


def _marked(inner: list[Part], tag: str, name: str) -> Part:
    source = f'<{tag} class="{name}">{" ".join(source for source, _ in inner)}</{tag}>'
    return source, " ".join(shown for _, shown in inner if shown)


words = st.sampled_from(WORDS).map(lambda word: (word, word))
unseen = st.builds(lambda markup, word: (markup.format(word), ""), st.sampled_from(UNSEEN), st.sampled_from(WORDS))
parts = st.recursive(
    st.one_of(words, words, words, unseen),
    lambda inner: st.builds(
        _marked, st.lists(inner, min_size=1, max_size=4), st.sampled_from(TAGS), st.sampled_from(NAMES)
    ),
    max_leaves=12,
)
sentences = st.lists(parts, min_size=1, max_size=8)


@settings(deadline=None)
@given(st.lists(sentences, min_size=4, max_size=8))
def test_every_paragraph_is_in_the_text_as_a_browser_shows_it(paragraphs):
    shown, sources = [], []
    for number, paragraph in enumerate(paragraphs):
        seen = " ".join(text for _, text in paragraph if text)
        shown.append(" ".join(f"In year {number + 1901} the mayor said that {seen} at last.".split()))
        marked = " ".join(source for source, _ in paragraph)
        sources.append(f"<p>In year {number + 1901} the mayor said that {marked} at last.</p>")
    lines = read_html("page.html", html(story=(STORY[0], *sources, STORY[1])).encode()).text.split("\n")
    assert [line for line in lines if line.startswith("In year")] == shown


BLOCKS = (
    "center address h6 dl dd li ul form fieldset section aside figure header footer nav menu dir pre legend".split()
)


@pytest.mark.parametrize("tag", BLOCKS)
def test_a_block_in_the_middle_of_a_sentence_does_not_end_it(tag):
    assert lines(f"<p>{SAID.replace('seventy', f'<{tag}>seventy</{tag}>')}</p>") == [SAID]


SHOWN = [
    pytest.param(f"<p>{SAID.replace(' cost', '<br>cost')}</p>", [SAID], id="line break in a sentence"),
    pytest.param(f"<p>{SAID}<br>{SAID[:-1]} too.</p>", [SAID, f"{SAID[:-1]} too."], id="line break between sentences"),
    pytest.param(f"<div>{SAID}<br><br>{SAID[:-1]} too.</div>", [SAID, f"{SAID[:-1]} too."], id="two line breaks"),
    pytest.param(f"<h2>What it costs</h2><p>{SAID}</p>", ["What it costs", SAID], id="heading"),
    pytest.param(f"<h2>what it costs</h2>{SAID.lower()}", ["what it costs", SAID.lower()], id="heading in lower case"),
    pytest.param(
        "<ol><li>It opens in May.<li>It costs a lot.</ol>", ["- It opens in May.", "- It costs a lot."], id="list"
    ),
    pytest.param(
        "<table><tr><th>Party<th>Seats<tr><td>Left<td><b>4</b></table>",
        ["| Party | Seats |", "| Left | 4 |"],
        id="table",
    ),
    pytest.param(
        f"<table><tr><td><h2>Costs</h2><p>{SAID}<td><table><tr><td>Left<td>4</table></table>",
        ["Costs", SAID, "| Left | 4 |"],
        id="table of figures in a layout table",
    ),
    pytest.param(f"<details><summary>Costs</summary><p>{SAID}</p></details>", ["Costs", SAID], id="details"),
    pytest.param(f"<p class=widget>{SAID}</p>", [SAID], id="paragraph with the class of furniture"),
    pytest.param(f"<p><span class=teaser>{SAID}</span></p>", [SAID], id="paragraph in one element"),
    pytest.param(f"<p>{SAID} If a &lt; b, or &lt;p&gt;.</p>", [f"{SAID} If a < b, or <p>."], id="signs of HTML"),
    pytest.param(f"<p>{SAID} <select><option>Yes<option selected>No</select></p>", [f"{SAID} No"], id="choice"),
    pytest.param(f"<p>{SAID} <svg><title>Icon</title><text>Yes</text></svg></p>", [f"{SAID} Yes"], id="drawing"),
    pytest.param(f"<p>{SAID} <object data=x.pdf>No</object></p>", [SAID], id="object that is loaded"),
    pytest.param(f"<p>{SAID} <ruby>港<rp>(</rp><rt>minato</rt><rp>)</rp></ruby></p>", [f"{SAID} 港"], id="ruby"),
    pytest.param("<pre>roses are red,\n  violets  blue</pre>", ["roses are red,", "violets blue"], id="pre"),
    pytest.param(f"<p>{SAID.replace('bridge', 'bri&shy;dge')}</p>", [SAID], id="soft hyphen"),
    pytest.param(f"<blockquote>{SAID}<cite>Ines Holm</cite></blockquote>", [SAID, "Ines Holm"], id="pull quote"),
    pytest.param(f"<p>The <cite>Herald</cite>: {SAID}</p>", [f"The Herald: {SAID}"], id="name of a work"),
]


@pytest.mark.parametrize(("body", "shown"), SHOWN)
def test_the_lines_of_the_text_are_those_of_the_page(body, shown):
    assert lines(body) == shown


def test_a_page_with_very_many_inline_elements_keeps_its_words():
    crowded = "<p>" + "the <b>old</b> <i class=widget>pier</i> " * 6_000 + "stays.</p>"
    assert lines(f"<p>{SAID}</p>", crowded) == [SAID, f"{'the old pier ' * 6_000}stays."]


def test_the_standfirst_between_headline_and_story_is_kept():
    head = f"<header><h1>Ferry stops</h1><div class='teaser'>{SAID}</div><div class=caption>{SAID} AFP</div></header>"
    source = html("<title>Ferry stops</title>").replace("<article>", f"<article>{head}")
    text = read_html("page.html", source.encode()).text
    assert text.index(SAID) < text.index(STORY[0])
    assert "AFP" not in text


LONG = [f"Ship number {number} left the old harbour with its crew of {number + 3}." for number in range(20)]
FIRST, SECOND = ("".join(f"<p>{line}</p>" for line in lines) for lines in (LONG[:10], LONG[10:]))
PARTS = [
    pytest.param(f"<div class=article-body>{FIRST}</div>Ad<div class=article-body>{SECOND}</div>", id="same class"),
    pytest.param(f"<article>{FIRST}</article><aside>Ad</aside><article>{SECOND}</article>", id="two articles"),
    pytest.param(f"<article><div>{FIRST}</div><div class=widget>{SECOND}</div></article>", id="class of furniture"),
    pytest.param(f"<article>{FIRST}<div class=expand>{SECOND}</div></article>", id="inside"),
]


@pytest.mark.parametrize("body", PARTS)
def test_a_part_of_the_article_in_an_element_of_its_own_is_kept(body):
    text = read_html("page.html", f"<html><body><h1>Ships</h1>{body}</body></html>".encode()).text
    assert [line for line in text.split("\n") if line != "Ships"] == LONG


@pytest.mark.parametrize("name", ["related-stories", "author-bio", "comments", "newsletter", "teaser-list"])
def test_paragraphs_in_an_element_of_furniture_are_left_out(name):
    body = f"<article><h1>Ships</h1><div>{FIRST}</div><div class={name}>{SECOND}</div></article>"
    assert LONG[10] not in read_html("page.html", f"<html><body>{body}</body></html>".encode()).text


@pytest.mark.parametrize("time", ["<time>{}</time>", "<div class=when>{}</div>", "<p>12 March 2025, {} GMT</p>"])
def test_the_posts_of_a_live_blog_have_their_times_and_headings(time):
    posts = [(f"{hour}:45", f"Update {hour}", f"{SAID[:-1]} at {hour}.") for hour in range(10, 14)]
    body = "".join(f"<div class=post>{time.format(at)}<h2>{head}</h2><p>{said}</p></div>" for at, head, said in posts)
    record = page(body)
    cleaned = clean(record.text, extracted=True).text.split("\n\n")
    for at, head, said in posts:
        place = cleaned.index(said)
        assert cleaned[place - 1] == head
        assert at in cleaned[place - 2]


def linked(**fields: object) -> str:
    article = {"@type": "NewsArticle", "headline": "Ferry stops", **fields}
    return f'<script type="application/ld+json">{json.dumps(article)}</script>'


BODIES = [
    pytest.param("\n\n".join(LONG), id="paragraphs"),
    pytest.param("".join(LONG), id="glued"),
    pytest.param("".join(f"<p>{line}</p>" for line in LONG), id="html"),
    pytest.param("".join(f"&lt;p&gt;{line}&lt;/p&gt;" for line in LONG), id="escaped html"),
]


@pytest.mark.parametrize("body", BODIES)
def test_a_body_in_json_ld_gives_its_paragraphs(body):
    source = html(linked(articleBody=body), story=LONG[:2])
    assert read_html("page.html", source.encode()).text.split("\n") == LONG


def test_json_ld_tells_which_paragraphs_of_the_page_are_the_article():
    hidden = "".join(f"<div class=share-box><p>{line.replace('old', '<b>old</b>')}</p></div>" for line in LONG[4:])
    source = html(linked(articleBody=" ".join(LONG)), story=LONG[:4]).replace("</article>", f"{hidden}</article>")
    assert read_html("page.html", source.encode()).text.split("\n") == LONG


def test_the_posts_of_a_live_blog_that_a_script_shows_are_read_from_json_ld():
    posts = [
        {"headline": f"Update {hour}", "datePublished": f"2025-03-11T{hour}:45:00Z", "articleBody": " ".join(LONG)}
        for hour in (10, 11)
    ]
    head = linked(liveBlogUpdate=posts).replace("NewsArticle", "LiveBlogPosting")
    found = read_html("page.html", html(head, story=LONG[:1]).encode()).text.split("\n")
    assert found[:2] == ["10:45", "Update 10"]
    assert found[3:5] == ["11:45", "Update 11"]


def test_a_text_that_the_page_does_not_show_is_marked_as_such():
    record = read_html("page.html", html(linked(articleBody="\n\n".join(LONG)), story=LONG[:2]).encode())
    assert record.left_out[0][:2] == (LONG[2], UNSHOWN)
    assert UNSHOWN not in {reason for _, reason, _ in page().left_out}


LEFT_OUT = [
    ("<nav>All the news of the islands</nav>", "menu"),
    ("<figure><figcaption>The old pier in winter light</figcaption></figure>", "caption"),
    ("<div class=newsletter-box>All the news in your inbox each day</div>", "sign-up"),
    ("<aside>What else the islands are about</aside>", "beside the article"),
    ("<div id=comments><p>I like the old ferry best of all</p></div>", "readers' comments"),
]


@pytest.mark.parametrize(("body", "reason"), LEFT_OUT)
def test_what_is_left_out_of_a_page_is_listed_with_its_reason(body, reason):
    record = page(body)
    [(line, said, position)] = record.left_out
    assert (said, position) == (reason, 2)
    assert line in body
    cut = clean(record.text, extracted=True, left_out=record.left_out).cut
    assert [(item.line, item.reason, item.at) for item in cut] == [(line, reason, len(STORY[0] + STORY[1]) + 4)]


def test_the_list_of_what_is_left_out_ends():
    menu = "".join(f"<li><a href=/{number}>Story number {number} of the day</a></li>" for number in range(1_000))
    found = page(f"<nav><ul>{menu}</ul></nav>").left_out
    assert len(found) == 201
    assert found[-1][0] == "800 more lines"
