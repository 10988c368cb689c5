"""The small reader: its file is checked, and a text's number depends on nothing beside it."""

from __future__ import annotations

import logging

import pytest
from hash_embedder import HashEmbedder

from bot.wiring import quotes_desk
from index.errors import ModelError
from index.model.reader import FILE, OFF, SMALL, SmallReader, reader_of
from settings import AnswersSettings, Settings

pytestmark = pytest.mark.slow

QUESTION = "Who opened the new bridge in Lund?"
READ = [
    ("Lund has a new bridge (2025-03-01)", "Anna Berg opened the bridge on Monday."),
    ("Lund has a new bridge (2025-03-01). Anna Berg opened the bridge on Monday.", "The rain went on for an hour."),
    ("", "Anna Berg opened the new bridge in Lund."),
    ("", "Lund's mayor was asked about the bridge's colour."),
]


@pytest.fixture(scope="module")
def small():
    return SmallReader.load()


def test_a_sentence_that_answers_is_above_one_that_does_not(small):
    first, rain, bare, near = small(QUESTION, READ)
    assert min(first, bare) > 0 > max(rain, near)


def test_a_number_depends_on_nothing_beside_it(small):
    every = small(QUESTION, READ)
    assert small(QUESTION, READ[::-1])[::-1] == every
    assert [small(QUESTION, [each])[0] for each in READ] == every
    assert small(QUESTION, []) == []


@pytest.mark.parametrize("text", ["", "\0", "[SEP] [CLS]", "x" * 100_000, "é " * 50_000, "🗞" * 999])
def test_any_text_gets_a_number(small, text):
    assert len(small(text, [(text, text), ("", text)])) == 2


def test_a_damaged_or_missing_file_is_named_and_questions_are_answered_without_it(tmp_path, monkeypatch, caplog):
    damaged = tmp_path / "reader.onnx"
    damaged.write_bytes(FILE.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"damaged.*NEWSDESK_ANSWERS__READER=off"):
        SmallReader.load(damaged)
    monkeypatch.setattr(SmallReader.load.__func__, "__defaults__", (tmp_path / "none.onnx", "", "reader", ""))
    with pytest.raises(ModelError, match="missing"):
        reader_of(SMALL)
    with caplog.at_level(logging.WARNING):
        assert quotes_desk(None, Settings(answers=AnswersSettings(reader=SMALL)), HashEmbedder())._reader is None
    assert "missing" in caplog.text


def test_it_can_be_off():
    assert reader_of(OFF) is None
