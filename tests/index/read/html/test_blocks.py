"""The paragraphs of a page are in its text word for word, however their parts are marked up."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saved import STORY, html

from index.read.html.blocks import blocks_of
from index.read.html.page import read_html
from index.read.record import Record


def page(body: str) -> Record:
    return read_html("page.html", html(story=(STORY[0], body, *STORY[1:])).encode())


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
