import json

import pytest

from evals import desk, judged
from evals.data import DataError


def test_judged_sentences_are_known_again_in_what_is_shown(tmp_path, monkeypatch):
    answer, part = "The ferry sails again from Monday at seven.", "It was laid up\nfor a week after the storm."
    article = {"id": "a", "title": "Lund ferry sails again", "date": "2025-02-20", "text": f"{answer} {part}"}
    (tmp_path / "corpus.jsonl").write_text(json.dumps(article) + "\n")
    (tmp_path / "queries.jsonl").write_text("")
    row = {
        "id": "when does the ferry sail",
        "question": "when does it sail",
        "thread": ["what happened to the ferry"],
        "kind": "followup",
        "answers": [["a", 0, len(answer)], ["a", -1, 0]],
        "part": [["a", len(answer) + 1, len(article["text"])]],
    }
    monkeypatch.setattr(judged, "FILE", tmp_path / "judged.jsonl")
    judged.FILE.write_text(json.dumps(row) + "\n" + json.dumps({**row, "id": "un", "answers": [], "part": []}) + "\n")
    one, other = judged.data_set(tmp_path).queries
    assert one.answerable
    assert not other.answerable
    assert one.thread == ("what happened to the ferry",)
    assert desk.matches(answer, one.gold)
    assert desk.matches("Lund ferry sails again", one.gold)
    assert not desk.matches(part, one.gold)
    assert desk.matches(part, one.relevant)


def test_the_folder_of_the_articles_must_be_there(tmp_path):
    with pytest.raises(DataError, match="--data DIR"):
        judged.data_set(tmp_path / "desk")
