"""The reading room in a real browser: what is seen, what is heard, and that nothing in an article does anything.

SHOTS=FOLDER keeps pictures of the pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from browser import NEEDED, SIZES, Readers, chromium, keep_pictures, violations
from reading_room import ReadingRoom, article, span
from samples import article as sample

from web.links import LinkTarget, at_passage, version_of
from web.shelf import AnswerView, QuotedSource, Sentence

pytestmark = NEEDED

STORY = sample("london-summit-truce.txt")
QUOTE = "There will be no European troops on Ukrainian soil in the coming weeks,"
LAST = STORY.text[STORY.text.rindex("\n") + 1 :]
HOSTILE = article(
    "\n".join(
        [
            "<script>window.pwned = 1</script><img src='https://evil.example/a.png' onerror='window.pwned = 1'>",
            (
                '"><svg onload=window.pwned=1> [open](javascript:window.pwned=1) <a '
                "href='javascript:window.pwned=1'>here</a>"
            ),
            (
                "<style>@import url(https://evil.example/x.css); body { background: url(https://evil.example/y.png) "
                "}</style>"
            ),
            "<meta http-equiv=refresh content='0;url=https://evil.example/'><base href='https://evil.example/'><iframe src='https://evil.example/'></iframe>",
            "The invoice says \u202e000,1 euros\u202c and \u2066nothing\u2069 else.",
            *("word " * 200 for _ in range(2_900)),
            "The cited sentence comes after almost three megabytes.",
            *("wor" * 20 + "<b>d</b> " * 100 for _ in range(2_900)),
        ]
    ),
    "b" * 16,
    "<script>window.pwned = 1</script><h1>",
    publisher='"><script>window.pwned = 1</script>',
    author="' onfocus=window.pwned=1 autofocus='",
    url="javascript:window.pwned=1",
    language='en"><script>window.pwned=1</script>',
)
assert len(HOSTILE.text) > 5_000_000
CITED_LATE = "The cited sentence comes after almost three megabytes."
THERE = LinkTarget(STORY.source.id, version_of(STORY.digest), span(STORY, QUOTE))
SHOWN = AnswerView(
    "What did Macron say about the truce?", datetime(2025, 3, 10, 9, tzinfo=UTC),
    (Sentence("No European troops come soon, Macron said.", (1,)),),
    (QuotedSource(1, QUOTE, STORY.source.title, STORY.source.publisher, STORY.source.published, ("Aldermoor Gazette",),
    THERE),),
    verbatim=False,
)  # fmt: skip
CLOSEST = replace(SHOWN.sources[0], bold=(0, 20), speaker="Emmanuel Macron", before="Before it. ", after=" After it.")
VIEWS = {
    "answer": SHOWN,
    "excerpt": replace(
        SHOWN, sentences=(Sentence(QUOTE, (1,), (0, 20), "Emmanuel Macron"),), sources=(CLOSEST,), verbatim=True
    ),
    "unsure": replace(
        SHOWN, sentences=(), sources=(), message="I found no sentence that says so. Closest:", closest=CLOSEST,
        nearest=SHOWN.sources,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    room = ReadingRoom(tmp_path_factory.mktemp("room"), VIEWS.get)
    twin = sample("one-month-truce-plan.txt")
    first = article("The first edition said something else.\n\n" + STORY.text, STORY.source.id, STORY.source.title)
    room.put(first, twin, HOSTILE)
    room.put(STORY)
    room.twins(STORY.source.id, twin.source.id)
    with room.served() as url, chromium() as browser:
        yield Readers(browser, url, room)


@pytest.fixture
def readers(started: Readers) -> Iterator[Readers]:
    yield started
    started.close()


def paths(room: ReadingRoom) -> dict[str, str]:
    changed = LinkTarget(
        STORY.source.id,
        version_of(article("The first edition said something else.\n\n" + STORY.text).digest),
        (45, 120),
    )
    return {
        "article": room.link(STORY, QUOTE, LAST[:40]),
        "earlier version": room.links.article(changed),
        "original": room.links.original(STORY.source.id),
        **{id_: room.links.answer(id_) for id_ in VIEWS},
        "refused": "/a/nothing",
    }


KINDS = ["article", "earlier version", "original", *VIEWS, "refused"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("quote", [QUOTE, LAST, STORY.text[:40]], ids=["middle", "end", "beginning"])
def test_the_cited_sentence_is_in_view_without_a_script(size, quote, readers):
    reader = readers(readers.room.link(STORY, quote), size, java_script_enabled=False)
    mark, view = reader.page.locator("#c"), SIZES[size]
    box = mark.bounding_box()
    bar = reader.page.locator(".bar").bounding_box()
    assert "".join(mark.inner_text().split()).startswith("".join(quote.split())[:30])
    assert box["y"] >= bar["y"] + bar["height"], "the bar hides it"
    assert box["y"] + box["height"] <= view["height"], "it is below what is seen"
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= view["width"]
    assert reader.page.locator("text=Copy link").is_hidden()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_fits_its_width_and_asks_nobody_else(kind, size, readers):
    reader = readers(paths(readers.room)[kind], size)
    for hidden in reader.page.locator("summary").all():
        hidden.click()
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    assert all(each.startswith(readers.url) for each in reader.asked)
    assert [each for each in reader.told if "403" not in each] == []
    keep_pictures(reader, f"{kind.replace(' ', '-')}-{size}")


@pytest.mark.parametrize("size", SIZES)
def test_nothing_in_an_article_does_anything(size, readers):
    reader = readers(readers.room.link(HOSTILE, CITED_LATE), size)
    box = reader.page.locator("#c").bounding_box()
    assert 0 < box["y"] < SIZES[size]["height"]
    first = readers(readers.room.link(HOSTILE, "The invoice says"), size)
    raw = readers(readers.room.links.original(HOSTILE.source.id), size)
    for each in (reader, first, raw):
        assert each.page.evaluate("window.pwned") is None
        assert all(asked.startswith(readers.url) for asked in each.asked)
        assert each.told == []
        assert each.page.url.startswith(readers.url)
        assert each.page.evaluate(
            "[...document.scripts].every(one => one.src.startsWith(location.origin + '/static/'))"
        )
        assert (
            each.page.evaluate(
                "document.querySelectorAll('img, svg, iframe, object, style, base, form, [onload], [onfocus], "
                "a[href^=java]').length"
            )
            == 0
        )
        assert each.page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    assert "The invoice says 000,1 euros and nothing else." in first.page.locator(".text").inner_text()
    assert "<script>window.pwned = 1</script>" in first.page.locator(".text").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_serious(kind, scheme, readers):
    reader = readers(paths(readers.room)[kind], "phone", color_scheme=scheme)
    for hidden in reader.page.locator("summary").all():
        hidden.click()
    assert violations(reader) == []
    dark = reader.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(24, 24, 23)"
    assert dark == (scheme == "dark")


def test_the_closest_passages_open_by_the_keyboard_and_without_a_script(readers):
    reader = readers(readers.room.links.answer("unsure"), java_script_enabled=False)
    assert reader.page.locator(".answer strong").is_visible()
    assert reader.page.locator(".closest").is_hidden()
    reader.page.locator("summary").press("Enter")
    assert reader.page.locator(".closest").is_visible()


def test_the_keyboard_reaches_the_cited_sentence_and_what_can_be_done(readers):
    reader = readers(readers.room.link(STORY, QUOTE).removesuffix("#c"))
    reader.page.emulate_media(reduced_motion="reduce")  # else it slides in
    reader.page.keyboard.press("Tab")
    focused = reader.page.evaluate("document.activeElement.textContent")
    assert focused == "Skip to the cited sentence"
    assert reader.page.locator(".skip").bounding_box()["y"] >= 0
    reader.page.keyboard.press("Enter")
    assert reader.page.url.endswith("#c")
    reader.page.keyboard.press("Tab")
    assert reader.page.evaluate("document.activeElement.textContent") == "Copy link"
    assert reader.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_link_and_quote_are_copied(readers):
    reader = readers(readers.room.link(STORY, QUOTE), permissions=["clipboard-read", "clipboard-write"])
    here = reader.page.url
    for words, expected in (
        ("Copy link", here),
        ("Copy quote", f"“{QUOTE}”\nKestrel Post, 3 March 2025: {STORY.source.title}\n{here}"),
    ):
        reader.page.get_by_role("button", name=words).click()
        reader.page.get_by_text("copied.").wait_for()
        assert reader.page.evaluate("navigator.clipboard.readText()") == expected
    assert reader.told == []


def test_what_is_copied_by_hand_holds_nothing_but_the_text(readers):
    reader = readers(readers.room.link(STORY, QUOTE))
    assert QUOTE in reader.page.evaluate(
        "(getSelection().selectAllChildren(document.querySelector('.text')), getSelection().toString())"
    ).replace("\n", " ")


def test_paper_shows_the_article_alone(readers):
    reader = readers(readers.room.link(STORY, QUOTE), color_scheme="dark")
    reader.page.emulate_media(media="print")
    assert reader.page.locator(".bar").is_hidden()
    assert reader.page.locator(".actions").is_hidden()
    assert reader.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_text_fragment_leads_to_the_very_quote(readers, tmp_path):
    """On a page as publishers make them, with the words of the quote in other places before it."""
    before = "There will be no European troops, some had said. In the coming weeks much will change."
    lines = [
        before,
        *(f"Paragraph {number} is about something else." for number in range(200)),
        *STORY.text.split("\n"),
        "The end.",
    ]
    text = "\n\n".join(line for line in lines if line.strip())
    (tmp_path / "page.html").write_text(
        "<!doctype html><meta charset=utf-8>" + "".join(f"<p>{line}</p>" for line in text.split("\n\n"))
    )
    item = article(text)
    start, end = span(item, QUOTE)
    for first, last in ((start, end), (text.index("European soldiers"), end), (text.index("Paragraph 150"), end)):
        reader = readers(at_passage((tmp_path / "page.html").as_uri(), text, first, last))
        reader.page.wait_for_function("scrollY > 0")
        wanted = reader.page.get_by_text(text[first:last].strip().split("\n")[0][:30]).last.bounding_box()
        assert 0 <= wanted["y"] < SIZES["desk"]["height"], (first, last)
