"""The lists of words: their form, and what must stand in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from index import words
from index.words import first_fields, groups, lines, listed, marked, numbers, one_of, rows

LISTS = sorted(path.stem for path in Path(words.__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_says_what_it_is_in_its_first_line_and_is_in_lower_case(name):
    text = (Path(words.__file__).parent / f"{name}.txt").read_text(encoding="utf-8")
    assert text.startswith("# ")
    entries = [line for line in text.splitlines() if line and not line.startswith(("#", "["))]
    words_of = [line.rpartition("|")[2] for line in entries] if name == "languages" else entries  # its others are shown
    assert words_of == [line.lower().rstrip() for line in words_of]


def test_a_misspelt_part_is_an_error():
    with pytest.raises(KeyError, match=r"calendar\.txt has no entries in part 'month'"):
        lines("calendar", "month")


def test_the_forms_of_an_entry():
    assert rows("calendar", "months", 3)[4] == ["may", "", "mai mayo maggio"]
    assert rows("numbers", "words", 4)[0] == ["zero", "0", "", ""]
    assert first_fields("calendar", "weekdays", "months")[:8:7] == ["monday", "january"]
    assert [["before"], ["after"]] in groups("opposites", "questions")
    assert {"thousand": 1_000, "ninety": 90}.items() <= numbers().items()
    assert one_of(["say", "saying"]) == "saying|say"


def test_a_verb_or_a_title_stands_once():
    for name in ("verbs_of_speech", "titles"):
        forms = first_fields(name, "")
        assert len(forms) == len(set(forms))
    assert "said" in marked("verbs_of_speech", "asked")
    assert "said" in listed("stop_words", "topic")


def test_months_days_and_numbers_stand_in_the_lists_alone():
    root = Path(words.__file__).parents[2]
    sources = [path for top in ("bot", "index", "web") for path in (root / top).rglob("*.py")]
    for word in ("february", "wednesday", "seventeen"):
        assert [path.name for path in sources if word in path.read_text(encoding="utf-8").lower()] == []
