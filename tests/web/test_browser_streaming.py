"""An answer that a model writes, in a real browser: each sentence once it is checked, then the page of the answer.

SHOTS=FOLDER keeps pictures of the pages.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asking_room import served_room
from browser import NEEDED, SIZES, Reader, Readers, chromium, keep_pictures, violations
from llm_server import KEY, LlmServer, Play, Prompted
from newsroom import question

pytestmark = [*NEEDED, pytest.mark.usefixtures("own_journal")]

FIRST = "The captain of ship1 said on Monday that order a1v1 sends the vessel to harbour1 [KEY]."
FALSE = "The captain of ship1 said on Friday that order a1v1 sends the vessel to harbour9 [KEY]."
LAST = 'For the merchants of harbour1 "the order a1v1 puts grain1 into the hold of ship1, more than last year" [KEY].'


def citing(text: str) -> Callable[[Prompted], str]:
    """A script in which KEY becomes the key of the passage about the first ship."""

    def write(prompted: Prompted) -> str:
        return text.replace("KEY", next(key for key, words in prompted.passages.items() if "a1v1" in words))

    return write


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=\]\.) ", text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


class Writing:
    """A room whose answers a model writes, sentence by sentence, each when ``go`` is released."""

    def __init__(self, browser: Any, url: str, server: LlmServer, go: threading.Semaphore) -> None:
        self.readers, self.server, self.go = Readers(browser, url), server, go

    def asked(self, size: str = "desk", **options: Any) -> Reader:
        reader = self.readers("/", size, **options)
        reader.page.get_by_label("Ask the articles").fill(question(1))
        reader.page.get_by_role("button", name="Ask", exact=True).click(no_wait_after=True)
        return reader


@pytest.fixture
def writing(browser: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writing]:
    go = threading.Semaphore(0)
    text = citing(f"{FIRST} {FALSE} {LAST}")
    with LlmServer(Play(text, gate=go, pieces=lambda written: [f"{each} " for each in sentences(written)])) as server:
        monkeypatch.setenv("NEWSDESK_LLM__MODEL", "openai-like:stand-in")
        monkeypatch.setenv("NEWSDESK_LLM__BASE_URL", server.url)
        monkeypatch.setenv("NEWSDESK_LLM__API_KEY", KEY)
        with served_room() as url:
            room = Writing(browser, url, server, go)
            yield room
            go.release(99)
            room.readers.close()


@pytest.mark.parametrize("size", SIZES)
def test_each_sentence_is_seen_once_it_is_checked_then_the_answers_page(size, writing):
    reader = writing.asked(size)
    page, said = reader.page, reader.page.locator(".answer p")
    page.get_by_text("Reading the articles").wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == question(1)
    assert page.get_by_label("Ask the articles").is_hidden()
    assert said.count() == 0
    writing.go.release(2)
    said.first.wait_for()
    assert said.all_inner_texts() == [FIRST.replace(" [KEY].", ".\u00a0[1]")]
    assert page.url == f"{writing.readers.url}/"
    assert violations(reader) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    keep_pictures(reader, f"writing-{size}")
    writing.go.release(9)
    page.wait_for_url("**/q/*")
    assert said.first.inner_text() == FIRST.replace(" [KEY].", ".\u00a0[1]")
    assert "on Friday" not in page.locator("main").inner_text()
    assert page.locator(".sources > li").count() >= 1
    assert page.get_by_label("Ask a follow-up question").is_visible()
    assert reader.told == []
    assert all(each.startswith(writing.readers.url) for each in reader.asked)
    page.go_back()
    page.get_by_label("Ask the articles").wait_for()
    assert page.locator(".writing").count() == 0


def test_a_further_question_and_an_example_are_written_in_the_same_way(writing):
    writing.go.release(99)
    reader = writing.asked()
    reader.page.wait_for_url("**/q/*")
    first = reader.page.url
    reader.page.get_by_label("Ask a follow-up question").fill("And when does it leave?")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url(lambda url: "/q/" in url and url != first)
    assert reader.page.get_by_role("navigation", name="Asked before").is_visible()
    home = writing.readers("/")
    example = home.page.get_by_role("button", name="What did").first
    words = example.inner_text()
    example.click(no_wait_after=True)
    home.page.wait_for_url("**/q/*")
    assert home.page.get_by_role("heading", level=1).inner_text() == words
    assert home.told + reader.told == []


def test_without_a_script_the_answer_comes_when_it_is_complete(writing):
    writing.go.release(99)
    reader = writing.asked(java_script_enabled=False)
    reader.page.wait_for_url("**/q/*")
    assert reader.page.locator(".answer p").first.inner_text() == FIRST.replace(" [KEY].", ".\u00a0[1]")


def test_an_answer_that_nobody_waits_for_is_stored_all_the_same(writing):
    reader = writing.asked()
    writing.go.release(2)
    reader.page.locator(".answer p").first.wait_for()
    writing.readers.close()
    writing.go.release(99)
    again = writing.readers("/")
    again.page.get_by_label("Ask the articles").fill(question(1))
    again.page.get_by_role("button", name="Ask", exact=True).click(no_wait_after=True)
    again.page.wait_for_url("**/q/*")
    assert len(writing.server.requests) == 2
    assert writing.server.gone == []


def test_what_a_model_writes_is_only_text(writing):
    hostile = FIRST.replace("The captain", "<img src=x onerror='window.pwned = 1'>The captain")
    writing.server.plays[:] = [Play(citing(f"{hostile} {LAST}"), gate=writing.go, pieces=sentences)]
    writing.go.release(99)
    reader = writing.asked()
    reader.page.wait_for_url("**/q/*")
    assert reader.page.evaluate("window.pwned") is None
    assert reader.told == []


def test_a_question_that_is_refused_at_the_door_gets_the_page_that_says_why(writing, monkeypatch):
    reader = writing.readers("/")
    reader.page.locator("input[name=form]").evaluate("field => { field.value = 'x' }")
    reader.page.get_by_label("Ask the articles").fill(question(1))
    reader.page.get_by_role("button", name="Ask", exact=True).click()
    reader.page.get_by_text("This form is too old").wait_for()
    assert writing.server.requests == []


def test_an_answer_that_cannot_be_stored_is_told_and_the_question_can_be_asked_again(writing, tmp_path):
    (tmp_path / "data" / "journal.sqlite3").mkdir()
    writing.go.release(99)
    reader = writing.asked()
    assert reader.page.get_by_role("alert").inner_text() == "The answer broke off. Please ask again."
    assert reader.page.get_by_label("Ask the articles").input_value() == question(1)


def test_a_connection_that_breaks_is_told_and_the_question_can_be_asked_again(writing):
    reader = writing.readers("/")
    reader.page.route("**/", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    reader.page.get_by_label("Ask the articles").fill(question(1))
    reader.page.get_by_role("button", name="Ask", exact=True).click(no_wait_after=True)
    assert reader.page.get_by_role("alert").inner_text() == "The answer broke off. Please ask again."
    assert reader.page.get_by_label("Ask the articles").input_value() == question(1)
    assert violations(reader) == []
