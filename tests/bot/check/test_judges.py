"""Which judge a setting names, and what our own tells: real weights, from their file."""

from __future__ import annotations

import pytest

from bot.wiring import judge_of
from index.errors import ModelError
from index.model import judge as own
from index.model import reader
from index.model.reader import OFF, OWN, Files

EVIDENCE = [
    ("Ferry to Lunde ends (2025-03-04).", "The council voted on Monday to stop the ferry to Lunde Island in May.")
]
OPINION = [("Ferry to Lunde ends (2025-03-04).", "Eva Strand said the vote was a betrayal of the islanders.")]


def test_our_own_judge_tells_what_follows_from_what_does_not():
    judge = own.judge_of(OWN)
    [follows] = judge("The council decided that the Lunde Island ferry will be discontinued in May.", EVIDENCE)
    [invented] = judge("The council voted to buy three new ferries because tourism has doubled.", EVIDENCE)
    [elsewhere] = judge("The island's school got a new roof.", EVIDENCE)
    assert follows > max(invented, elsewhere, 0)
    [said], [fact] = (
        judge(claim, OPINION) for claim in ("Strand called the vote a betrayal.", "The vote was a betrayal.")
    )
    assert said > 0 > fact, "an opinion is no fact"


def test_our_own_judge_without_its_file_is_off_with_a_warning(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(reader, "_large", [])
    monkeypatch.setattr(reader, "LARGE_FILES", Files((tmp_path / "none.onnx", "")))
    assert judge_of(OWN) is None
    assert "The judge's file" in caplog.text
    assert "NEWSDESK_CHECK__JUDGE=off" in caplog.text


def test_off_is_no_judge_and_another_name_must_load():
    assert judge_of(OFF) is None
    with pytest.raises(ModelError, match="NEWSDESK_CHECK__JUDGE"):
        judge_of("/nowhere/to/be/found")
