"""Where a citation leads: into the reading room, to a passage of a publisher's page, or nowhere; on a terminal and as
JSON.
"""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import unquote

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from slack_room import answered, article, draft

from bot.reply import Links
from bot.terminal import Style, answer_text, opens_links
from web.links import LONGEST, SignedLinks, address, at_passage

PAGE = "https://courier.example/ship"
ROOM = Links(SignedLinks("for these tests alone, not for life", "https://desk.example", 30, lambda: date(2025, 3, 10)))


def directive(text, quote, page=PAGE):
    start = text.rindex(quote)
    led = at_passage(page, text, start, start + len(quote))
    assert led.startswith(f"{page.partition('#')[0]}#")
    return led.partition(":~:text=")[2]


LONG = "The captain of the ship said on Monday that the hold was full of timber and that he would leave at noon."
TABLE = [
    pytest.param("Before. A short quote. After.", "A short quote.", "A%20short%20quote.", id="short"),
    pytest.param("Yes - no, this & that.", "Yes - no, this & that.", "Yes%20%2D%20no%2C%20this%20%26%20that.",
    id="signs-of-the-syntax"),
    pytest.param("„Wir bleiben“, sagte Émilie.", "„Wir bleiben“, sagte Émilie.",
    "%E2%80%9EWir%20bleiben%E2%80%9C%2C%20sagte%20%C3%89milie.", id="utf-8"),
    pytest.param(f"Before. {LONG} After.", LONG, "The%20captain%20of%20the,would%20leave%20at%20noon.", id="long"),
    pytest.param(f"The captain of the guard. {LONG}", LONG,
    "The%20captain%20of%20the%20ship,would%20leave%20at%20noon.", id="words-that-stood-before"),
    pytest.param(f"{LONG} No.\n\n{LONG} Yes.", LONG, "he%20would%20leave%20at%20noon.%20No.-,The%20captain",
    id="the-whole-quote-stood-before"),
    pytest.param("One.\n\nThe first part\n\nand the rest", "The first part\n\nand the rest",
    "The%20first%20part,and%20the%20rest", id="paragraphs"),
    pytest.param('"We go," he said. "We go now."', "We go now.", "We%20go%20now.", id="behind-a-quotation-mark"),
    pytest.param("It  was\ta\xa0long   day.", "was\ta\xa0long   day.", "was%20a%20long%20day.", id="spaces"),
    pytest.param("WE GO. We go.", "We go.", "WE%20GO.-,We%20go.", id="case"),
    pytest.param("<script>x</script>#:~:text=x", "<script>x</script>#:~:text=x",
    "%3Cscript%3Ex%3C%2Fscript%3E%23%3A~%3Atext%3Dx", id="hostile"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "quote", "expected"), TABLE)
def test_a_text_fragment_names_the_quote(text, quote, expected):
    assert directive(text, quote).startswith(expected)


@pytest.mark.parametrize(
    "page",
    [PAGE, f"{PAGE}#part", f"{PAGE}?a=1&b=2#part", f"{PAGE}#part:~:text=forged", f"{PAGE}#:~:text=forged&text=more"],
)
def test_a_fragment_joins_the_address_and_takes_the_place_of_another(page):
    led = at_passage(page, "A short quote.", 0, 14)
    assert led == page.partition(":~:")[0] + ("" if "#" in page else "#") + ":~:text=A%20short%20quote."


def test_an_address_that_would_become_too_long_stays_as_it_is():
    page = "https://courier.example/" + "x" * (LONGEST - 30)
    assert at_passage(page, "A short quote.", 0, 14) == page
    assert at_passage(PAGE, "   ", 0, 3) == PAGE


WORDS = st.text(st.sampled_from('ab A.,-&\n"é李İ'), min_size=1, max_size=60)


@drawn(WORDS, st.integers(0, 60), st.integers(1, 60))
def test_a_fragment_is_printable_ascii_and_its_words_stand_in_the_quote(text, start, length):
    start = min(start, len(text) - 1)
    quote = text[start : start + length]
    led = at_passage(PAGE, text, start, start + len(quote))
    assert led.isascii()
    assert led.isprintable()
    assert " " not in led
    assert address(led) == led
    if quote.strip():
        parts = led.partition(":~:text=")[2].split(",")
        prefix = parts.pop(0) if parts[0].endswith("-") else ""
        flat = " ".join(quote.split())
        assert 1 <= len(parts) <= 2
        assert flat.startswith(unquote(parts[0]))
        assert flat.endswith(unquote(parts[-1]))
        assert unquote(prefix.removesuffix("-")) in " ".join(text.split())


# --- answers ---

TEXT = "The harbour was full. The ship left on Monday. Nobody waved."
HERE = article(TEXT, url=PAGE)
NOWHERE = article("Timber was dear.", "Elsewhere", "Nordlys", None)
REPLY = answered(
    "q", [draft(HERE, "The ship left on Monday."), draft(HERE, "Nobody waved."), draft(NOWHERE, "Timber was dear.")]
)


def test_json_holds_a_link_for_every_citation_that_leads_somewhere():
    own = [citation["link"] for citation in REPLY.as_json()["citations"]]
    assert own == [f"{PAGE}#:~:text=The%20ship%20left%20on%20Monday.", f"{PAGE}#:~:text=Nobody%20waved.", None]
    room = [citation["link"] for citation in REPLY.as_json(links=ROOM)["citations"]]
    assert [
        bool(
            re.fullmatch(
                r"https://desk\.example/a/id-\w+\?v=\w{16}&p=\d+-\d+(&o=\d+-\d+)?&until=2025-04-09&sig=[\w-]{43}#c",
                link,
            )
        )
        for link in room
    ] == [True] * 3
    assert ["&o=47-60&" in room[0], "&o=22-46&" in room[1], "&o=" in room[2]] == [True, True, False]


HOSTILE_URLS = [
    "javascript:alert(1)",
    "https://a.example/\x1b]8;;https://evil.example\x1b\\",
    "https://a.example/ b",
    "https://bank.example@evil.example",
    "ftp://a.example",
]


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_an_article_cannot_forge_a_link(url):
    hostile = article("The ship left.", "\x1b]8;;https://evil.example\x1b\\Title\x1b]8;;\x1b\\", "\x07Paper", url=url)
    reply = answered("q", [draft(hostile, "The ship left.")])
    assert reply.as_json()["citations"][0]["link"] is None
    assert reply.as_json(links=ROOM)["citations"][0]["link"].startswith("https://desk.example/a/")
    for links in (Links(), ROOM):
        shown = answer_text(reply, Style(hyperlinks=True), links)
        assert re.findall("\x1b]8;;([^\x1b]*)\x1b\\\\", shown) == (
            [reply.as_json(links=ROOM)["citations"][0]["link"], ""] if links.room else []
        )
        assert shown.count("\x1b") == (4 if links.room else 0)
        assert "\x07" not in shown


def test_a_terminal_that_can_opens_the_head_of_a_citation():
    shown = answer_text(REPLY, Style(hyperlinks=True), ROOM)
    link = REPLY.as_json(links=ROOM)["citations"][0]["link"]
    assert f"\x1b]8;;{link}\x1b\\[1] Harbour Courier, 3 Mar 2025: A headline\x1b]8;;\x1b\\\n" in shown
    assert shown.count(link) == 1


def test_another_terminal_shows_the_link_into_the_room_and_otherwise_what_it_always_did():
    shown = answer_text(REPLY, links=ROOM)
    assert "\x1b" not in shown
    assert all(f"    {citation['link']}\n" in f"{shown}\n" for citation in REPLY.as_json(links=ROOM)["citations"])
    assert ":~:text" not in answer_text(REPLY)
    assert f"    {PAGE}\n" in answer_text(REPLY)


class Stream:
    def __init__(self, terminal):
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize(
    ("environment", "terminal", "opens"),
    [
        pytest.param({"TERM_PROGRAM": "iTerm.app"}, True, True, id="iterm"),
        pytest.param({"TERM": "xterm-kitty"}, True, True, id="kitty"),
        pytest.param({"VTE_VERSION": "7600"}, True, True, id="gnome"),
        pytest.param({"VTE_VERSION": "4800"}, True, False, id="old-gnome"),
        pytest.param({"VTE_VERSION": "new"}, True, False, id="odd-gnome"),
        pytest.param({"WT_SESSION": "1"}, True, True, id="windows"),
        pytest.param({"TERM": "dumb"}, True, False, id="dumb"), pytest.param({}, True, False, id="unknown"),
        pytest.param({"TERM_PROGRAM": "iTerm.app"}, False, False, id="pipe"),
        pytest.param({"FORCE_HYPERLINK": "1"}, False, True, id="forced"),
        pytest.param({"FORCE_HYPERLINK": "0", "TERM": "xterm-kitty"}, True, False, id="forbidden"),
    ],
)  # fmt: skip
def test_a_terminal_is_asked_whether_it_opens_links(environment, terminal, opens):
    assert opens_links(Stream(terminal), environment) is opens
