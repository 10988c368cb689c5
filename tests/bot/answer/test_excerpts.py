"""Excerpts: what is shown beside the sentence that answers, and the name before one."""

from __future__ import annotations

from datetime import date

import pytest
from hash_embedder import HashEmbedder
from small_archive import ingested

from bot.answer.desk import Desk, Request
from bot.answer.excerpts import full_name
from bot.reply import Answer

BEFORE, ANSWER, AFTER = (
    "The Skarnes ferry carried cars for eighty years.",
    "The Skarnes ferry stopped in May because its engine broke.",
    "The Skarnes ferry needs a new engine from Lomvik.",
)


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        pytest.param((1.0, 3.0, 1.0), (BEFORE, ANSWER, AFTER), id="both nearly as much"),
        pytest.param((-2.3, 3.0, 1.0), (ANSWER, AFTER), id="one far below"),
        pytest.param((-4.0, 3.0, -4.0), (ANSWER,), id="neither"),
    ],
)
def test_a_neighbour_is_shown_if_the_reader_takes_it_for_an_answer_nearly_as_much(tmp_path, numbers, shown):
    said = dict(zip((BEFORE, ANSWER, AFTER), numbers, strict=True))
    line = {"id": "ferry", "title": "Ferry", "date": "2025-03-01", "source": "The Quay", "text": " ".join(said)}
    with ingested(tmp_path, [line], HashEmbedder()) as archive:
        desk = Desk(
            archive, HashEmbedder(), level="eager", reader=lambda _, texts: [said.get(t, -9.0) for _, t in texts]
        )
        result = desk.ask(Request("Why did the Skarnes ferry stop?", date(2025, 3, 31))).result
    assert isinstance(result, Answer)
    assert result.citations[0].quote == " ".join(shown)


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("Signe Vestergaard", "Signe Vestergaard"),
        ("Prime Minister Oda Strand", "Oda Strand"),
        ("State Nils Brandt", "Nils Brandt"),
        ("Tervik Mayor Lone Skou.", "Lone Skou"),
        ("chief executive, Mira Solbakk", "Mira Solbakk"),
        ("Commission President Ursula von der Heide", "Ursula von der Heide"),
        ("Dr. Jens F. Holm", "Jens F. Holm"),
        ("Tervik Bar Association", "Tervik Bar Association"),
    ],
)
def test_a_speaker_is_shown_by_first_and_last_name(called, name):
    assert full_name(called) == name


@pytest.mark.parametrize(
    "called",
    ["More", "16", "Background", "the mayor", "Mayor Skou", "Late Thursday", "Was Strand", "text agreed", "it he", "",
     "the ferry's owner", "Minister", "."],
)  # fmt: skip
def test_what_is_no_full_name_is_not_shown(called):
    assert full_name(called) == ""
