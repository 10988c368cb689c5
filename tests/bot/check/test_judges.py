"""Which judge a setting names, and what the small one tells: real weights, from their file."""

from __future__ import annotations

import pytest

from bot.wiring import judge_of
from index.errors import ModelError
from index.model import judge as small
from index.model.reader import OFF, SMALL, SmallReader

EVIDENCE = [
    ("Ferry to Lunde ends (2025-03-04).", "The council voted on Monday to stop the ferry to Lunde Island in May.")
]


def test_the_small_judge_tells_what_follows_from_what_does_not():
    judge = small.judge_of(SMALL)
    [follows] = judge("The council decided that the Lunde Island ferry will be discontinued in May.", EVIDENCE)
    [invented] = judge("The council voted to buy three new ferries because tourism has doubled.", EVIDENCE)
    [elsewhere] = judge("The island's school got a new roof.", EVIDENCE)
    assert follows > max(invented, elsewhere, 0)


def test_a_damaged_file_of_the_judge_is_named(tmp_path):
    damaged = tmp_path / "judge.onnx"
    damaged.write_bytes(small.FILE.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"judge's file .* is damaged.*NEWSDESK_CHECK__JUDGE=off"):
        SmallReader.load(damaged, name="judge", without="NEWSDESK_CHECK__JUDGE=off")


def test_a_small_judge_without_its_file_is_off_with_a_warning(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(small, "FILE", tmp_path / "none.onnx")
    assert judge_of(SMALL) is None
    assert "The judge's file" in caplog.text


def test_off_is_no_judge_and_another_name_must_load():
    assert judge_of(OFF) is None
    with pytest.raises(ModelError, match="NEWSDESK_CHECK__JUDGE"):
        judge_of("/nowhere/to/be/found")
