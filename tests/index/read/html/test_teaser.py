"""Pages that have only the beginning of an article, before an offer to pay for the rest."""

from __future__ import annotations

import json

import pytest
from saved import html

from index.read.html.page import read_html

BEGIN = [
    "The island council of Holmvik has voted to sell the old lighthouse, which has stood empty since its keeper "
    "retired eleven years ago, to a family from the mainland.",
    "The sale was opposed by the museum, whose director Runa Falk said on Monday that no price could make up for "
    "what the island would lose with its tower.",
]
BROKEN = "Three other bidders had wanted to turn the tower into a hotel, but their plans were thrown out when the"
MORE = [
    f"In the year {year} the tower was painted anew by pupils of the island school, and the county paid for the lamp, "
    f"the ropes, the stairs and the {year - 1900} windows, as the old books in the parish hall still show to visitors."
    for year in range(1960, 1990)
]
OFFER = '<div class="gate"><h3>Subscribe to continue reading</h3><p>Get all stories for 1 euro a week.</p></div>'


def marked(free: object = False, **more: object) -> str:
    said = {"@type": "NewsArticle", "headline": "Holmvik sells its lighthouse", "isAccessibleForFree": free, **more}
    return f'<script type="application/ld+json">{json.dumps(said)}</script>'


ANOTHER = (
    '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Ferry strike in Osterby ends", '
    '"url": "/ferry-strike", "isAccessibleForFree": false, "wordCount": 2000}</script>'
)


def teaser(head: str, story: list[str], after: str = "") -> bool:
    return read_html("page.html", html(head, "", story).replace("</article>", f"{after}</article>").encode()).teaser


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(marked(), id="false"),
        pytest.param(marked("False"), id="a word"),
        pytest.param(marked("http://schema.org/False"), id="an address"),
        pytest.param(
            marked(True, hasPart={"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".rest"}),
            id="a part",
        ),
        pytest.param(marked().replace("false}", "false,}"), id="damaged"),
        pytest.param('<meta property="article:content_tier" content="locked">', id="a tier"),
        pytest.param('<meta itemprop="isAccessibleForFree" content="False">', id="microdata"),
    ],
)
@pytest.mark.parametrize(
    ("story", "after"),
    [
        pytest.param([*BEGIN, BROKEN], "", id="in mid-sentence"),
        pytest.param([*BEGIN, BROKEN + " …"], "", id="clipped"),
        pytest.param([*BEGIN, *MORE[:2]], OFFER, id="before an offer"),
        pytest.param(BEGIN, "", id="few words"),
    ],
)
def test_of_an_article_that_is_not_free_the_beginning_is_a_teaser(head, story, after):
    assert teaser(head, story, after)


@pytest.mark.parametrize(
    ("head", "story", "after"),
    [
        pytest.param(marked(), [*BEGIN, *MORE], "", id="many words"),
        pytest.param(marked(), [*BEGIN, *MORE[:4]], "", id="ends as a sentence"),
        pytest.param(marked(wordCount=130), [*BEGIN, *MORE[:2]], OFFER, id="as many words as it counts"),
        pytest.param(marked(True), BEGIN, "", id="free"),
        pytest.param(marked(True) + ANOTHER, BEGIN, "", id="free, beside another that is not"),
        pytest.param(marked() + ANOTHER, [*BEGIN, *MORE[:4]], "", id="another has more words"),
        pytest.param("", [*BEGIN, *MORE[:2]], OFFER, id="whole, with an offer below"),
        pytest.param("", [*BEGIN, *MORE, BROKEN], OFFER, id="very long"),
        pytest.param(marked(), [*BEGIN, *MORE, BROKEN], OFFER, id="very long, not free"),
        pytest.param("", [*BEGIN, BROKEN], "", id="broken off without an offer"),
        pytest.param(
            "", [*BEGIN, BROKEN], "<p>Sign up to our newsletter and never miss a story.</p>", id="a newsletter"
        ),
    ],
)
def test_an_article_that_is_whole_is_none(head, story, after):
    assert not teaser(head, story, after)


def test_a_page_that_counts_more_words_than_it_has_is_one():
    assert teaser(marked(wordCount="900"), [*BEGIN, *MORE[:4]])


@pytest.mark.parametrize(
    "offer",
    [
        "Subscribe to continue reading",
        "To read the rest of this article, become a member.",
        "Already a subscriber? Log in",
        "You have reached your monthly limit of free articles.",
        "This article is for subscribers only.",
        "Jetzt weiterlesen mit Plus",
        "Dieser Artikel ist exklusiv für Abonnenten.",
        "La suite est réservée aux abonnés.",
        "Il vous reste 70 % de cet article à lire.",
        "Suscríbete para seguir leyendo",
        "Abbonati per continuare a leggere",
        "Assine para continuar lendo",
        "Lees verder met een abonnement",
        "Logga in för att läsa hela artikeln",
        "Kun for abonnenter",
    ],
)
def test_a_page_that_says_nothing_has_one_if_it_breaks_off_before_an_offer(offer):
    assert teaser("", [*BEGIN, BROKEN], f"<div><p>{offer}</p></div>")
    assert teaser("", [*BEGIN, BROKEN + "…"], f"<section><button>{offer}</button></section>")
