"""Excerpts: the name that is shown before one."""

from __future__ import annotations

import pytest

from bot.answer.excerpts import full_name


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
