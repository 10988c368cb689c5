"""A cross-encoder as judge is loaded for real, or the program says why not: a small one, made here."""

from __future__ import annotations

import pytest

from index.errors import ModelError
from index.model.judge import judge_of

pytestmark = pytest.mark.slow

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the ferry stops in may runs . ,".split()


def saved(folder, labels):
    """Save a cross-encoder of a few hundred weights with the given labels."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    folder.mkdir()
    BertTokenizerFast(vocab={word: number for number, word in enumerate(WORDS)}).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        initializer_range=0.3,
        id2label=dict(enumerate(labels)), label2id={label: number for number, label in enumerate(labels)},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize(
    "labels", [("contradiction", "entailment", "neutral"), ("LABEL_0",)], ids=["three-labels", "one-output"]
)
def test_a_cross_encoder_gives_a_number_for_each_evidence(tmp_path, labels):
    judge = judge_of(saved(tmp_path / "model", labels))
    scores = judge("The ferry runs.", [("", "The ferry stops in May."), ("", "The ferry runs in May.")])
    assert len(scores) == 2
    assert scores[0] != scores[1]


def test_a_model_without_the_label_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"none of them entailment.*NEWSDESK_CHECK__JUDGE"):
        judge_of(saved(tmp_path / "model", ("good", "bad")))


def test_a_model_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"cannot be loaded.*NEWSDESK_CHECK__JUDGE"):
        judge_of(str(tmp_path / "nothing"))
