"""An answer on a terminal: what is bold, who speaks, and the three tones."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from slack_room import answered, article, draft, headline, refused

from bot.reply import Links, Sentence
from bot.terminal import Style, answer_text, sentence_text, style_of
from index.articles import Article
from web.links import SignedLinks

STORY = article(
    "The harbour was full of small boats that evening. The ship left on Monday, she said. Nobody waved.",
    "The ship leaves",
    url="https://courier.example/ship",
)
ANSWERING = "The ship left on Monday, she said."
EXCERPT = answered("When did it leave?", [draft(STORY, STORY.text, ["Nordlys"], ANSWERING, "The ship")])
UNSURE = refused("Who waved?", [STORY], draft(STORY, STORY.text, answering="Nobody waved."))
ROOM = Links(SignedLinks("for these tests alone, not for life", "https://desk.example"))


def bold(text: str) -> str:
    return " ".join(re.findall("\x1b\\[1m(.*?)\x1b\\[0m", text))


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_sentence_that_answers_is_bold_and_no_line_is_too_long(width):
    shown = answer_text(EXCERPT, Style(width, bold=True))
    assert bold(shown) == ANSWERING
    plain = re.sub("\x1b\\[[01]m", "", shown)
    assert plain.replace("│", "").split() == answer_text(EXCERPT, Style(width)).replace("│", "").split()
    assert max(len(line) for line in plain.splitlines() if line.startswith("│")) <= width
    assert all(line.startswith(("│ ", "[1]", "    ", "The ship:")) or not line for line in shown.splitlines())


def test_an_excerpt_has_its_speaker_above_and_its_source_below():
    assert answer_text(EXCERPT).splitlines() == [
        "The ship:",
        "│ The harbour was full of small boats that evening. The ship left on Monday, she said. Nobody waved.",
        "│ [1]",
        "",
        "[1] Harbour Courier, 3 Mar 2025: The ship leaves",
        "    also in Nordlys",
        "    https://courier.example/ship",
        "    a.txt",
    ]


def test_the_quotes_of_an_answer_that_a_model_wrote_stand_under_their_sources():
    shown = answer_text(answered("When did it leave?", [draft(STORY, ANSWERING)], "llm"))
    assert shown.startswith(f"{ANSWERING} [1]\n\n[1] Harbour Courier, 3 Mar 2025: The ship leaves\n    │ {ANSWERING}\n")


def test_a_list_of_articles_names_each_once():
    timed = Article.of(replace(STORY.source, published_at="2025-03-03T09:05:00+01:00"), STORY.text)
    shown = answer_text(answered("what's new", [headline(timed)], lead="1 article of 3 March 2025:"))
    assert shown.splitlines()[:2] == [
        "1 article of 3 March 2025:",
        "[1] Harbour Courier, 3 Mar 2025, 09:05: The ship leaves",
    ]


def test_an_answer_that_is_unsure_is_one_line_and_where_it_stands():
    line = "I found no sentence that says so. Closest: “Nobody waved.” Harbour Courier, 3 Mar 2025: The ship leaves"
    first, where = answer_text(UNSURE, Style(120)).splitlines()
    assert (first, where) == (line, "    https://courier.example/ship")
    assert bold(answer_text(UNSURE, Style(120, bold=True))) == "“Nobody waved.”"
    assert "https://desk.example/a/" in answer_text(UNSURE, links=ROOM)
    assert "\x1b]8;;https://courier.example/ship#:~:text=" in answer_text(UNSURE, Style(hyperlinks=True))


def test_a_refusal_is_one_line():
    assert answer_text(refused("How many pandas?", [STORY])) == "The articles do not say."


@pytest.mark.parametrize(
    "text", ["\x02bold\x03", "\x1b[1mbold\x1b[0m", "\x1b]8;;https://evil.example\x1b\\x", "\r\n\x07"]
)
def test_no_text_makes_itself_bold(text):
    shown = sentence_text(Sentence(f"It says {text} here.", (1,)), Style(bold=True))
    assert not set(shown) & set("\x1b\x02\x03\x07\r")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_plain_text():
    assert style_of(io.StringIO(), {"TERM": "xterm"}, 200) == Style(100, bold=False)
    assert style_of(Terminal(), {"TERM": "xterm"}, 20) == Style(40, bold=True)
    assert style_of(Terminal(), {"TERM": "dumb"}, 80) == Style(80, bold=False)
