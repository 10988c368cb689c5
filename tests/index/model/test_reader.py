"""The readers: their files are checked, and a text's number depends on nothing beside it."""

from __future__ import annotations

import logging

import pytest
from hash_embedder import HashEmbedder

from bot.wiring import quotes_desk
from index.errors import ModelError
from index.model import reader
from index.model.reader import LARGE_FILES, OFF, OWN, SMALL, SMALL_FILES, Files, Network, large, read_by, reader_of
from settings import AnswersSettings, Settings

pytestmark = pytest.mark.slow

QUESTION = "Who opened the new bridge in Lund?"
READ = [
    ("Lund has a new bridge (2025-03-01)", "Anna Berg opened the bridge on Monday."),
    ("Lund has a new bridge (2025-03-01). Anna Berg opened the bridge on Monday.", "The rain went on for an hour."),
    ("", "Anna Berg opened the new bridge in Lund."),
    ("", "Lund's mayor was asked about the bridge's colour."),
]


@pytest.fixture(scope="module", params=["small", "large"])
def network(request):
    return reader_of(SMALL) if request.param == "small" else large("reader", "")


def test_a_sentence_that_answers_is_above_one_that_does_not(network):
    first, rain, bare, near = network(QUESTION, READ)
    assert min(first, bare) > 0 > max(rain, near)


def test_a_number_depends_on_nothing_beside_it(network):
    every = network(QUESTION, READ)
    assert network(QUESTION, READ[::-1])[::-1] == every
    assert [network(QUESTION, [each])[0] for each in READ] == every
    assert network(QUESTION, []) == []


@pytest.mark.parametrize("text", ["", "\0", "[SEP] [CLS]", "x" * 100_000, "é " * 50_000, "🗞" * 999])
def test_any_text_gets_a_number(network, text):
    assert len(network(text, [(text, text), ("", text)])) == 2


def test_the_best_sentences_are_read_again_by_the_large_network():
    small, big = Network.load(SMALL_FILES, "reader", ""), large("reader", "")
    texts = [*READ, *(("", f"The old bridge of {town} is painted red.") for town in ("Ystad", "Visby", "Kalmar"))]
    one, other, both = (read(QUESTION, texts) for read in (small, big, read_by(small, big)))
    assert both == reader_of(OWN)(QUESTION, texts)
    again = {at for at, number in enumerate(both) if number == pytest.approx((one[at] + other[at]) / 2)}
    assert both.index(max(both)) in again
    assert {0, 2} <= again, "both say who opened it"
    assert len(again) <= 4
    alone = reader_of(SMALL)(QUESTION, texts)
    assert alone == [number - 1 for number in one]
    assert all(both[at] == alone[at] for at in range(len(texts)) if at not in again)
    assert max(one[at] for at in range(len(texts)) if at not in again) <= min(one[at] for at in again)
    assert reader_of(OWN)(QUESTION, []) == []


def test_a_damaged_or_missing_file_is_named_and_questions_are_answered_without_it(tmp_path, monkeypatch, caplog):
    whole, sha256 = SMALL_FILES.graph
    damaged = tmp_path / "reader.onnx"
    damaged.write_bytes(whole.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"The reader's file .* is damaged.*NEWSDESK_ANSWERS__READER=off"):
        Network.load(Files((damaged, sha256)), "reader", "NEWSDESK_ANSWERS__READER=off")

    def answered_by(name):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            return quotes_desk(None, Settings(answers=AnswersSettings(reader=name)), HashEmbedder())._reader

    monkeypatch.setattr(reader, "_large", [])
    monkeypatch.setattr(reader, "LARGE_FILES", Files((tmp_path / "none.onnx", "")))
    assert answered_by(OWN)(QUESTION, READ) == reader_of(SMALL)(QUESTION, READ)
    assert "none.onnx is missing" in caplog.text
    monkeypatch.setattr(reader, "SMALL_FILES", Files((damaged, sha256)))
    assert answered_by(OWN) is None
    assert answered_by(SMALL) is None
    assert "damaged" in caplog.text
    with pytest.raises(ModelError, match="missing"):
        large("reader", "")


def test_the_large_network_is_loaded_once():
    assert large("reader", "") is large("judge", "")
    assert LARGE_FILES.words


def test_it_can_be_off():
    assert reader_of(OFF) is None
