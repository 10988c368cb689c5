"""Asking in a real browser: without a script, with the keyboard, on a phone, in the dark, and heard by a screen reader.

SHOTS=FOLDER keeps pictures of the pages.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

import pytest
from asking_room import served_room
from browser import NEEDED, SIZES, Reader, Readers, chromium, keep_pictures, violations
from hash_embedder import HashEmbedder
from samples import SAMPLES

import ingest

pytestmark = NEEDED

ASKED = "What did Macron say about the truce?"
UNKNOWN = "Why did Macron refuse the truce in Lisbon?"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSDESK_DATA_DIR", str(tmp_path_factory.mktemp("asking") / "archive"))
        patch.chdir(tmp_path_factory.mktemp("empty"))
        with contextlib.redirect_stdout(io.StringIO()):
            assert ingest.main([str(SAMPLES), "--json"], embedder=HashEmbedder()) == 0
        with served_room() as url, chromium() as browser:
            yield Readers(browser, url)


@pytest.fixture
def readers(started: Readers) -> Iterator[Readers]:
    yield started
    started.close()


def asked(readers: Readers, question: str, size: str = "desk", **options: object) -> Reader:
    """Somebody who has asked and reads the answer."""
    reader = readers("/", size, **options)
    reader.page.get_by_label("Ask the articles").fill(question)
    reader.page.get_by_role("button", name="Ask", exact=True).click()
    reader.page.wait_for_url("**/q/*")
    return reader


def opened(readers: Readers, kind: str, size: str = "desk", **options: object) -> Reader:
    if kind == "home":
        return readers("/", size, **options)
    reader = asked(readers, UNKNOWN if kind == "no answer" else ASKED, size, **options)
    if kind == "follow-up":
        reader.page.get_by_label("Ask a follow-up question").fill("And Starmer?")
        reader.page.get_by_role("button", name="Ask", exact=True).click()
        reader.page.get_by_role("navigation", name="Asked before").wait_for()
    if kind in ("rated up", "rated down"):
        reader.page.get_by_role("button", name="Good" if kind == "rated up" else "Bad").click()
        reader.page.wait_for_url("**#thanks" if kind == "rated up" else "**#why")
    return reader


KINDS = ["home", "answer", "no answer", "follow-up", "rated up", "rated down"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_fits_its_width_asks_nobody_else_and_needs_no_script(kind, size, readers):
    reader = opened(readers, kind, size, java_script_enabled=False)
    box = reader.page.locator("main").bounding_box()
    assert box["x"] + box["width"] <= SIZES[size]["width"]
    assert all(each.startswith(readers.url) for each in reader.asked)
    assert reader.told == []
    keep_pictures(reader, f"{kind.replace(' ', '-')}-{size}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_serious(kind, scheme, readers):
    reader = opened(readers, kind, "phone", color_scheme=scheme)
    assert violations(reader) == []
    dark = reader.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(24, 24, 23)"
    assert dark == (scheme == "dark")


def test_the_keyboard_alone_asks_reads_the_source_and_asks_on(readers):
    reader = readers("/")
    keyboard = reader.page.keyboard
    keyboard.press("Tab")
    keyboard.press("Tab")
    assert reader.page.evaluate("document.activeElement.id") == "q"
    assert reader.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keyboard.type(ASKED)
    keyboard.press("Enter")
    reader.page.wait_for_url("**/q/*")
    keyboard.press("Tab")
    assert reader.page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    keyboard.press("Tab")
    assert reader.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Source 1"
    keyboard.press("Enter")
    reader.page.wait_for_url("**#s1")
    assert "truce" in reader.page.locator("#s1 mark").inner_text()
    keyboard.press("Tab")
    keyboard.press("Enter")
    reader.page.wait_for_url("**/a/*")
    assert reader.page.locator("#c").is_visible()


@pytest.mark.parametrize("size", SIZES)
def test_what_a_screen_reader_says_of_the_page(size, readers):
    reader = readers("/", size)
    assert reader.page.get_by_role("textbox", name="Ask the articles").is_visible()
    assert reader.page.get_by_role("heading", level=1).inner_text() == "Ask the articles"
    assert reader.page.get_by_role("button", name="What did").count() == 3
    answer = asked(readers, ASKED, size)
    assert answer.page.get_by_role("region", name="Answer").is_visible()
    assert answer.page.get_by_role("textbox", name="Ask a follow-up question").is_visible()
    assert (
        answer.page.get_by_role("group", name="Is this a good answer?")
        .or_(answer.page.get_by_role("form", name="Is this a good answer?"))
        .is_visible()
    )


def test_an_example_is_asked_by_its_button_and_its_source_opens(readers):
    reader = readers("/", "phone")
    example = reader.page.get_by_role("button", name="What did").first
    question = example.inner_text()
    example.click()
    reader.page.wait_for_url("**/q/*")
    assert reader.page.get_by_role("heading", level=1).inner_text() == question
    quote = reader.page.locator(".sources mark").first.inner_text()
    reader.page.locator(".sources h3 a").first.click()
    reader.page.wait_for_url("**/a/*")
    assert " ".join(reader.page.locator("#c").inner_text().split()) == " ".join(quote.split())


def test_a_vote_is_thanked_for_and_a_bad_one_asks_why(readers):
    reader = opened(readers, "rated up")
    assert reader.page.get_by_text("Thank you. This is stored").is_visible()
    assert reader.page.get_by_label("What is wrong").is_hidden()
    reader.page.get_by_role("button", name="Bad answer").click()
    reader.page.get_by_label("What is wrong").fill("It is about something else.")
    reader.page.get_by_role("button", name="Send").click()
    reader.page.get_by_text("Thank you. This is stored").wait_for()
    assert reader.told == []


def test_another_sites_page_can_neither_send_a_question_nor_frame_the_box(readers, tmp_path):
    (tmp_path / "page.html").write_text(
        f"<form method=post action='{readers.url}/'><input name=q value='{ASKED}'><input name=form value=x>"
        f"<button>win a prize</button></form><iframe src='{readers.url}/'></iframe>"
    )
    reader = readers((tmp_path / "page.html").as_uri())
    assert reader.page.frame_locator("iframe").locator("#q").count() == 0
    assert any("frame-ancestors" in each for each in reader.told)
    reader.page.get_by_role("button").click()
    reader.page.get_by_text("This form is too old").wait_for()


def test_print_shows_question_and_answer_alone(readers):
    reader = asked(readers, ASKED)
    reader.page.emulate_media(media="print")
    assert reader.page.get_by_label("Ask a follow-up question").is_hidden()
    assert reader.page.get_by_role("region", name="Answer").is_visible()
