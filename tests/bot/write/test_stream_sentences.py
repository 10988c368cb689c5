"""Sentences of model output: the same ones however the text arrives, none before it is complete."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.write.sentence_stream import SentenceStream

OUTPUTS = [
    pytest.param("The ship left [a1b2].", ["The ship left [a1b2]."], id="one"),
    pytest.param(
        "It left [a1b2]. It came back [c3d4].", ["It left [a1b2].", "It came back [c3d4]."], id="key-before-the-stop"
    ),
    pytest.param(
        "It left. [a1b2] It came back. [c3d4]", ["It left. [a1b2]", "It came back. [c3d4]"], id="key-behind-the-stop"
    ),
    pytest.param(
        "It left.[a1b2][c3d4] It came back.[c3d4]",
        ["It left.[a1b2][c3d4]", "It came back.[c3d4]"],
        id="no-space-before-keys",
    ),
    pytest.param("It left. [a1b2], [c3d4] It came.", ["It left. [a1b2], [c3d4]", "It came."], id="comma-between-keys"),
    pytest.param("It left [a1b2]. [c3d4] It came.", ["It left [a1b2]. [c3d4]", "It came."], id="keys-on-both-sides"),
    pytest.param("It left [a1b2, c3d4]. It came.", ["It left [a1b2, c3d4].", "It came."], id="two-keys-in-one-bracket"),
    pytest.param("[a1b2] It left. It came [c3d4].", ["[a1b2] It left.", "It came [c3d4]."], id="key-in-front"),
    pytest.param(
        "It left.\n[a1b2]\nIt came.\n\n[c3d4]", ["It left. [a1b2]", "It came. [c3d4]"], id="keys-on-their-own-line"
    ),
    pytest.param("It left [a1b2] and came [c3d4].", ["It left [a1b2] and came [c3d4]."], id="key-in-the-middle"),
    pytest.param("It left", ["It left"], id="no-stop"),
    pytest.param("It left [a1", ["It left [a1"], id="half-a-key"),
    pytest.param("", [], id="empty"),
    pytest.param(" \n\n \n", [], id="white-space"),
    pytest.param(
        "It cost 26.5 million. It rose by 3.2 percent [a1b2].",
        ["It cost 26.5 million.", "It rose by 3.2 percent [a1b2]."],
        id="decimals",
    ),
    pytest.param(
        "Mr. Merz met J. D. Vance. They spoke [a1b2].",
        ["Mr. Merz met J. D. Vance.", "They spoke [a1b2]."],
        id="abbreviations",
    ),
    pytest.param(
        "He is in the U.S. Army [a1b2]. He is well.",
        ["He is in the U.S. Army [a1b2].", "He is well."],
        id="abbreviation-before-a-name",
    ),
    pytest.param(
        "It is in the U.S. The talks go on.", ["It is in the U.S.", "The talks go on."], id="abbreviation-at-the-end"
    ),
    pytest.param(
        "She flew home to the U.S. [a1b2] Minister Holm stayed [c3d4].",
        ["She flew home to the U.S. [a1b2]", "Minister Holm stayed [c3d4]."],
        id="abbreviation-before-a-new-clause",
    ),
    pytest.param("“Why?” Holm asked [a1b2]. Nobody knew.", ["“Why?” Holm asked [a1b2].", "Nobody knew."], id="asked"),
    pytest.param(
        "It left (why? Nobody knows) [a1b2]. It came.",
        ["It left (why? Nobody knows) [a1b2].", "It came."],
        id="brackets",
    ),
    pytest.param("Am 3. Mai kam er [a1b2]. Er ging.", ["Am 3. Mai kam er [a1b2].", "Er ging."], id="german-date"),
    pytest.param(
        'He said "We go. We stay. We wait" [a1b2]. Then',
        ['He said "We go. We stay. We wait" [a1b2].', "Then"],
        id="straight-quotation",
    ),
    pytest.param(
        "He said “We go. We stay.” [a1b2] Then", ["He said “We go. We stay.” [a1b2]", "Then"], id="curly-quotation"
    ),
    pytest.param(
        "Er sagte: „Wir gehen. Wir bleiben.“ [a1b2] Dann",
        ["Er sagte: „Wir gehen. Wir bleiben.“ [a1b2]", "Dann"],
        id="german-quotation",
    ),
    pytest.param(
        "Il dit «On part. On reste.» [a1b2] Puis", ["Il dit «On part. On reste.» [a1b2]", "Puis"], id="guillemets"
    ),
    pytest.param(
        '"We go," he said. "We stay," she said [a1b2].',
        ['"We go," he said.', '"We stay," she said [a1b2].'],
        id="two-quotations",
    ),
    pytest.param(
        "Did it leave? Yes! It did... So it goes.",
        ["Did it leave?", "Yes!", "It did...", "So it goes."],
        id="other-stops",
    ),
    pytest.param("- It left [a1b2]\n- It came [c3d4]\n", ["It left [a1b2]", "It came [c3d4]"], id="list"),
    pytest.param("1. It left [a1b2].\n2. It came [c3d4].", ["It left [a1b2].", "It came [c3d4]."], id="numbered-list"),
    pytest.param(
        "* It left. It sank [a1b2].\n\n* Gone", ["It left.", "It sank [a1b2].", "Gone"], id="two-sentences-in-an-item"
    ),
    pytest.param("## What happened\n\nIt left [a1b2].", ["What happened", "It left [a1b2]."], id="heading"),
    pytest.param("> It left [a1b2].", ["It left [a1b2]."], id="block-quote"),
    pytest.param("**The ship** *left* `today` [a1b2].", ["The ship left today [a1b2]."], id="emphasis"),
    pytest.param("It cost 2*3 and a*b [a1b2].", ["It cost 2*3 and a*b [a1b2]."], id="stars-that-are-none"),
    pytest.param(
        "| who | what |\n|---|:--|\n| Macron | a truce [a1b2] |\n\nDone.",
        ["who, what", "Macron, a truce [a1b2]", "Done."],
        id="table",
    ),
    pytest.param("It left [a1b2].\n\n---\n\nIt came.", ["It left [a1b2].", "It came."], id="ruler"),
    pytest.param("It left [a1b2].\r\nIt came.\r\n", ["It left [a1b2].", "It came."], id="windows-lines"),
    pytest.param("<think>It left [a1b2]. Did it?</think>It came [c3d4].", ["It came [c3d4]."], id="thinking-aloud"),
    pytest.param("<think>It left [a1b2]. And then", [], id="thinking-without-an-end"),
    pytest.param("<b>It left</b> [a1b2].", ["<b>It left</b> [a1b2]."], id="not-thinking"),
    pytest.param("船が出た。戻った。[a1b2] 終わり。", ["船が出た。", "戻った。[a1b2]", "終わり。"], id="japanese"),
    pytest.param("Он ушёл [a1b2]. Он пришёл [c3d4].", ["Он ушёл [a1b2].", "Он пришёл [c3d4]."], id="russian"),
    pytest.param(
        "See [the story](https://x.example/a.b) [a1b2]. Go.",
        ["See [the story](https://x.example/a.b) [a1b2].", "Go."],
        id="link",
    ),
]


def told(text: str, size: int) -> list[str]:
    stream = SentenceStream()
    found = [sentence for at in range(0, len(text), size) for sentence in stream.feed(text[at : at + size])]
    return found + stream.end()


@pytest.mark.parametrize("size", [1, 2, 5, 10_000])
@pytest.mark.parametrize(("text", "expected"), OUTPUTS)
def test_output_becomes_sentences_however_it_arrives(text, expected, size):
    assert told(text, size) == expected


EARLY = [
    pytest.param("It left [a1b2]. ", 0, id="another-key-may-come"),
    pytest.param("It left. [a1b2] I", 1, id="the-next-sentence-has-begun"),
    pytest.param("It left [a1b2]. I", 1, id="the-next-sentence-has-begun-behind-a-stop"),
    pytest.param("It left. [a1", 0, id="its-key-is-coming"),
    pytest.param("It left. [a1b2][c3", 0, id="a-second-key-is-coming"),
    pytest.param('He said "We go. We stay', 0, id="quotation-is-open"),
    pytest.param("It is in the U.S. A", 0, id="may-be-the-army"),
    pytest.param("It cost 26. ", 0, id="may-be-a-decimal"),
    pytest.param("It left.\n", 0, id="keys-may-be-on-the-next-line"),
    pytest.param("It left [a1b2].\n", 1, id="line-with-keys-is-over"),
    pytest.param("It left.\n\nIt", 1, id="next-paragraph-has-begun"),
]


@pytest.mark.parametrize(("text", "count"), EARLY)
def test_a_sentence_waits_until_nothing_can_change_it(text, count):
    stream = SentenceStream()
    assert len([sentence for char in text for sentence in stream.feed(char)]) == count


PARTS = [
    "It left",
    " the U.S.",
    " Army",
    " [a1b2]",
    ".",
    " ",
    "\n",
    "\n\n",
    "[c3",
    "d4]",
    '"',
    "“",
    "”",
    "„",
    "1. ",
    "- ",
    "26",
    ".5",
    "Mr",
    "!",
    "He",
    " we",
]
PIECES = st.lists(st.sampled_from(PARTS), max_size=30)


@given(PIECES)
@example(["It left", "1. ", "- ", "\n"])
def test_what_was_told_is_never_taken_back(pieces):
    text = "".join(pieces)
    whole = "".join("".join(told(text, 10_000)).split())
    assert "".join("".join(told(text, 1)).split()) == whole


def test_a_line_without_an_end_does_not_grow_without_bounds():
    stream = SentenceStream()
    for _ in range(2_000):
        assert stream.feed("word ") == []
    assert len(stream.rest) <= 4_000
