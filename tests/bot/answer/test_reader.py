"""A reader that is set decides what is not sure, or the program stops."""

from __future__ import annotations

import math

import pytest

from bot.__main__ import main
from index.errors import ModelError

pytestmark = pytest.mark.slow


def saved(folder, labels: int, names: dict[int, str] | None = None):
    """A cross-encoder of the real library, tiny and untrained."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    folder.mkdir()
    (folder / "vocab.txt").write_text(
        "\n".join(
            [
                "[PAD]",
                "[UNK]",
                "[CLS]",
                "[SEP]",
                "[MASK]",
                *"abcdefghijklmnopqrstuvwxyz",
                *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
            ]
        )
    )
    config = BertConfig(
        vocab_size=57,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=labels,
    )
    if names:
        config.id2label, config.label2id = names, {name: index for index, name in names.items()}
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def test_a_reader_with_one_number_gives_it_for_each_sentence_after_what_stands_before(tmp_path):
    from index.model.embedder import reader

    read = [("", "it was signed on monday"), ("", "the rain went on"), ("the rain", "went on")]
    values = reader(saved(tmp_path / "one", 1))("was it signed", read)
    assert len(values) == 3
    assert values[0] != values[1] == pytest.approx(values[2], abs=1e-5)


def test_a_reader_of_entailment_gives_that_label_and_takes_the_text_as_the_premise(tmp_path):
    from sentence_transformers import CrossEncoder

    from index.model.embedder import reader

    name = saved(tmp_path / "nli", 3, {0: "contradiction", 1: "entailment", 2: "neutral"})
    [value] = reader(name)("it was signed", [("the rain", "went on")])
    expected = CrossEncoder(name).predict([("the rain went on", "it was signed")], apply_softmax=True)[0]
    assert 1 / (1 + math.exp(-value)) == pytest.approx(float(expected[1]), abs=1e-5)


def test_what_cannot_be_a_reader_is_refused_with_the_variable(tmp_path, monkeypatch, capsys):
    from index.model.embedder import cross_encoder, reader

    name = saved(tmp_path / "sorts", 3, {0: "sport", 1: "news", 2: "other"})
    with pytest.raises(ModelError, match="NEWSDESK_ANSWERS__READER"):
        reader(name)
    with pytest.raises(ModelError, match="NEWSDESK_SEARCH__RERANKER"):
        cross_encoder(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "a.txt").write_text("A title\n\nThe treaty was signed in Lisbon on Monday by both ministers.\n")
    from hash_embedder import HashEmbedder

    import ingest

    assert ingest.main([str(tmp_path / "a.txt")], embedder=HashEmbedder()) == 0
    monkeypatch.setenv("NEWSDESK_ANSWERS__READER", str(tmp_path / "not there"))
    assert main(["ask", "was the treaty signed"], embedder=HashEmbedder()) == 2
    assert "NEWSDESK_ANSWERS__READER" in capsys.readouterr().err
