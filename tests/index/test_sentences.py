"""Sentences: where one ends, and that nothing visible is lost or counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import Span, spans

DATA = Path(__file__).with_name("data")


def marked(name: str) -> Iterator[tuple[str, str, list[Span]]]:
    """Paragraphs of a file in which bars mark where sentences end: the language, the text, its sentences."""
    language = ""
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            language = line.strip("[]")
        elif line and not line.startswith("#"):
            text, found = "", []
            for piece in line.split("|"):
                found.append((len(text) + len(piece) - len(piece.lstrip()), len(text + piece)))
                text += piece
            yield language, text, found


CASES = [
    pytest.param(
        "The talks began. They ended at noon.", ["The talks began.", "They ended at noon."], id="two-plain-sentences"
    ),
    pytest.param(
        "Who pays? Nobody knows! The end.",
        ["Who pays?", "Nobody knows!", "The end."],
        id="question-and-exclamation-marks",
    ),
    pytest.param(
        "Dr. Lund met Mr. Hale and Prof. Aune. They agreed.",
        ["Dr. Lund met Mr. Hale and Prof. Aune.", "They agreed."],
        id="titles",
    ),
    pytest.param(
        "Gen. Ota spoke to Sen. Brandt. Both left.",
        ["Gen. Ota spoke to Sen. Brandt.", "Both left."],
        id="military-and-senate-titles",
    ),
    pytest.param(
        "On Mar. 3 the fleet sailed. It rained.", ["On Mar. 3 the fleet sailed.", "It rained."], id="short-month"
    ),
    pytest.param(
        "J. D. Vance arrived. G. W. Oakes did not.", ["J. D. Vance arrived.", "G. W. Oakes did not."], id="initials"
    ),
    pytest.param(
        "The U.S. Senate voted. Nobody was surprised.",
        ["The U.S. Senate voted.", "Nobody was surprised."],
        id="us-inside-a-sentence",
    ),
    pytest.param(
        "The plan came from the U.S. The talks went on.",
        ["The plan came from the U.S.", "The talks went on."],
        id="us-ends-a-sentence",
    ),
    pytest.param(
        "It began at 5 p.m. local time. People fled.",
        ["It began at 5 p.m. local time.", "People fled."],
        id="pm-inside-a-sentence",
    ),
    pytest.param(
        "He cited No. 5 of the list. It was long.",
        ["He cited No. 5 of the list.", "It was long."],
        id="number-abbreviation",
    ),
    pytest.param(
        "Orders came from Harbour Freight Inc. last week. It paid.",
        ["Orders came from Harbour Freight Inc. last week.", "It paid."],
        id="inc-goes-on",
    ),
    pytest.param(
        "It was sold to Harbour Freight Inc. The price is secret.",
        ["It was sold to Harbour Freight Inc.", "The price is secret."],
        id="inc-ends",
    ),
    pytest.param(
        "Growth was 2.5 per cent. The rate is 3.75.",
        ["Growth was 2.5 per cent.", "The rate is 3.75."],
        id="decimal-numbers",
    ),
    pytest.param(
        "It cost 1,200.50 euros. That is a lot.",
        ["It cost 1,200.50 euros.", "That is a lot."],
        id="thousands-and-cents",
    ),
    pytest.param(
        '"We are tired. We go on. We will win," the captain said. Then she left.',
        ['"We are tired. We go on. We will win," the captain said.', "Then she left."],
        id="never-inside-a-quote",
    ),
    pytest.param(
        "“It is late. We know,” he said. Nobody answered.",
        ["“It is late. We know,” he said.", "Nobody answered."],
        id="never-inside-a-curly-quote",
    ),
    pytest.param(
        'He said: "We are tired." Then he left.',
        ['He said: "We are tired."', "Then he left."],
        id="closing-quote-belongs-to-the-sentence",
    ),
    pytest.param(
        "She wrote: “Enough.” The room fell silent.",
        ["She wrote: “Enough.”", "The room fell silent."],
        id="closing-curly-quote",
    ),
    pytest.param(
        '"Why now?" he asked. No reply came.', ['"Why now?" he asked.', "No reply came."], id="question-then-he-asked"
    ),
    pytest.param(
        '"Never!" she said. The vote went on.',
        ['"Never!" she said.', "The vote went on."],
        id="exclamation-then-she-said",
    ),
    pytest.param(
        "“We stay.” “For how long?” “For ever.”", ["“We stay.”", "“For how long?”", "“For ever.”"], id="quotes-in-a-row"
    ),
    pytest.param(
        "„Das ist bitter. Sehr bitter“, sagte Scholz. Dann ging er.",
        ["„Das ist bitter. Sehr bitter“, sagte Scholz.", "Dann ging er."],
        id="german-quote",
    ),
    pytest.param(
        "Er sagte: „Wir gehen.“ Niemand blieb.",
        ["Er sagte: „Wir gehen.“", "Niemand blieb."],
        id="german-quote-closes-a-sentence",
    ),
    pytest.param(
        "Das kostet z.B. 3,5 Mio. Euro. Die Stadt zahlt.",
        ["Das kostet z.B. 3,5 Mio. Euro.", "Die Stadt zahlt."],
        id="german-abbreviations",
    ),
    pytest.param(
        "« Nous partons. C’est fini », a dit la ministre. Puis elle est sortie.",
        ["« Nous partons. C’est fini », a dit la ministre.", "Puis elle est sortie."],
        id="french-quote",
    ),
    pytest.param(
        "M. Dupont et Mme. Roux ont voté. Tous sont partis.",
        ["M. Dupont et Mme. Roux ont voté.", "Tous sont partis."],
        id="french-titles",
    ),
    pytest.param("会谈在周一开始。双方没有达成协议。", ["会谈在周一开始。", "双方没有达成协议。"], id="chinese"),
    pytest.param(
        "彼は来た！誰も驚かなかった。なぜか？", ["彼は来た！", "誰も驚かなかった。", "なぜか？"], id="japanese"
    ),
    pytest.param(
        "''We are glad. We feel it,'' he said. He left.",
        ["''We are glad. We feel it,'' he said.", "He left."],
        id="typewriter-quotes",
    ),
    pytest.param(
        "The answer was no. The talks ended.", ["The answer was no.", "The talks ended."], id="no-is-also-a-word"
    ),
    pytest.param(
        "It was a work of art. Nobody bought it.",
        ["It was a work of art.", "Nobody bought it."],
        id="art-is-also-a-word",
    ),
    pytest.param(
        "For hours they sat. Nobody spoke.", ["For hours they sat.", "Nobody spoke."], id="sat-is-also-a-word"
    ),
    pytest.param(
        "The ship turned to the sun. It was noon.",
        ["The ship turned to the sun.", "It was noon."],
        id="sun-is-also-a-word",
    ),
    pytest.param(
        "It happened on Sat. 8 March. It rained.", ["It happened on Sat. 8 March.", "It rained."], id="short-weekday"
    ),
    pytest.param(
        "Ships lay off St. Petersburg. Ice held them.", ["Ships lay off St. Petersburg.", "Ice held them."], id="saint"
    ),
    pytest.param(
        "It was Macron vs. Le Pen again. He won.", ["It was Macron vs. Le Pen again.", "He won."], id="versus"
    ),
    pytest.param(
        "We waited … and waited. Nothing came.", ["We waited … and waited.", "Nothing came."], id="ellipsis-goes-on"
    ),
    pytest.param(
        "We waited... and waited. Nothing came.", ["We waited... and waited.", "Nothing came."], id="three-dots-go-on"
    ),
    pytest.param("We waited… The ship never came.", ["We waited…", "The ship never came."], id="ellipsis-ends"),
    pytest.param(
        "A DATE IN RIYADH\nThe talks begin on Monday.",
        ["A DATE IN RIYADH", "The talks begin on Monday."],
        id="heading-ends-at-its-line",
    ),
    pytest.param("First line\n\n\nSecond line", ["First line", "Second line"], id="lines-without-full-stops"),
    pytest.param(
        "The vote (which he lost.) was close. He left.",
        ["The vote (which he lost.) was close.", "He left."],
        id="full-stop-in-brackets-goes-on",
    ),
    pytest.param(
        "He lost the vote (by a lot.) He left.", ["He lost the vote (by a lot.)", "He left."], id="closing-bracket"
    ),
    pytest.param(
        "See ledger.example for more. It is free.", ["See ledger.example for more.", "It is free."], id="domain"
    ),
    pytest.param("  Two spaces.   Three spaces.  ", ["Two spaces.", "Three spaces."], id="outer-white-space-left-out"),
    pytest.param("no stop at all", ["no stop at all"], id="no-stop"),
    pytest.param("", [], id="empty"),
    pytest.param(" \n\t\n ", [], id="only-white-space"),
    pytest.param("...", ["..."], id="only-stops"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_text_is_split_where_its_sentences_end(text, expected):
    assert [text[start:end] for start, end in spans(text)] == expected


@pytest.mark.parametrize(("language", "text", "expected"), marked("sentences.txt"))
def test_sentences_of_a_language_end_where_they_are_marked(language, text, expected):
    assert [text[start:end] for start, end in spans(text)] == [text[start:end] for start, end in expected]


def test_sentences_that_no_rule_was_written_with_are_found_in_every_language():
    right, found, wanted = Counter(), Counter(), Counter()
    for language, text, expected in marked("sentences_unseen.txt"):
        own = spans(text)
        right[language] += len(set(own) & set(expected))
        found[language] += len(own)
        wanted[language] += len(expected)
    assert len(wanted) == 21
    assert sum(wanted.values()) > 250
    scores = {language: 2 * right[language] / (found[language] + wanted[language]) for language in wanted}
    assert 2 * right.total() / (found.total() + wanted.total()) > 0.97, scores
    assert min(scores.values()) > 0.85, scores


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_rest():
    text = '"We are tired. The rest of the article follows. It has many sentences.'
    assert len(spans(text)) == 3


def test_a_quotation_that_runs_over_half_a_page_is_split_between_its_sentences():
    inner = " ".join(f"This is sentence number {number} of a speech that does not want to end." for number in range(20))
    assert len(spans(f"“{inner}” he said.")) >= 20


PIECES = st.sampled_from(
    [
        "The talks",
        " ended",
        ".",
        "!",
        "?",
        "…",
        "...",
        " ",
        "\n",
        "\t",
        '"',
        "“",
        "”",
        "„",
        "“",
        "«",
        "»",
        "(",
        ")",
        "'",
        "’",
        "。",
        "会谈",
        "U.S.",
        "Mr.",
        "3.5",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join)))
def test_every_visible_character_lies_in_exactly_one_span_and_spans_are_in_order(text):
    found = spans(text)
    covered = [index for start, end in found for index in range(start, end)]
    assert covered == sorted(set(covered))
    assert {index for index, char in enumerate(text) if not char.isspace()} <= set(covered)
    for start, end in found:
        assert start < end
        assert text[start:end] == text[start:end].strip()
        assert "\n" not in text[start:end]


@given(st.lists(st.sampled_from(["The ship left.", "“We stay. We wait,” he said.", "Why?"]), min_size=1, max_size=8))
def test_sentences_joined_by_spaces_are_found_again(sentences):
    text = " ".join(sentences)
    assert [text[start:end] for start, end in spans(text)] == sentences
