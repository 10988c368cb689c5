"""The embedding model: every runtime gives the vectors of sentence-transformers, whatever else is embedded beside
them.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import index.model.runtime
from bot.__main__ import main as bot_main
from index.errors import ModelError, UnknownShape
from index.model.embedder import SentenceTransformerEmbedder, Vectors
from index.model.onnx_graph import Encoder, graph
from index.model.runtime import Model

ROOT = Path(__file__).resolve().parents[3]
TEXTS = [
    "",
    " \n\t",
    "a",
    "What did the minister say about the ferry?",
    "Зеленський прибув до Лондона. 停戦 🤝 café ﬁ\x00\u200b naïve",
    "ferry " * 255,  # one token more than fits
    "The harbour board met on Monday. " * 200,
    *(
        f"The ferry to Islay sailed {number} times in March, {'often late, ' * number}said the harbour master."
        for number in range(20)
    ),
]


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(runtime="onnx")


@pytest.fixture(scope="module")
def reference() -> Vectors:
    return SentenceTransformerEmbedder().embed(TEXTS)


def cosines(one: Vectors, other: Vectors) -> Vectors:
    return (one * other).sum(axis=1)


@pytest.mark.slow
def test_the_vectors_are_those_of_sentence_transformers(model: Model, reference: Vectors) -> None:
    found = model.embed(TEXTS)
    assert found.dtype == np.float32
    assert cosines(found, reference).min() > 0.99999
    assert np.abs(found - reference).max() < 1e-5


@pytest.mark.slow
def test_the_numbers_a_runtime_is_tried_against_are_those_of_sentence_transformers(reference: Vectors) -> None:
    known = SentenceTransformerEmbedder().embed([index.model.runtime._PROBE])[0]
    assert np.abs(known[: len(index.model.runtime._PROBED)] - index.model.runtime._PROBED).max() < 1e-5


@pytest.mark.slow
def test_in_bf16_the_vectors_are_nearly_those(reference: Vectors) -> None:
    pytest.importorskip("openvino", reason='pip install -e ".[openvino]"')
    assert cosines(Model(runtime="openvino").embed(TEXTS), reference).min() > 0.999


@pytest.mark.slow
def test_a_text_has_the_same_vector_alone_and_among_others_in_any_order(model: Model) -> None:
    together = model.embed(TEXTS)
    assert np.array_equal(np.stack([model.embed([text])[0] for text in TEXTS]), together)
    assert np.array_equal(model.embed(TEXTS[::-1])[::-1], together)


@pytest.mark.slow
def test_coarse_vectors_are_nearly_those_and_the_same_alone_and_among_others(model: Model, reference: Vectors) -> None:
    found = model.embed_coarsely(TEXTS)
    assert not np.array_equal(found, model.embed(TEXTS))
    assert cosines(found, reference).min() > 0.97
    assert cosines(found, reference).mean() > 0.99
    assert np.array_equal(np.stack([model.embed_coarsely([text])[0] for text in TEXTS]), found)


@pytest.mark.slow
def test_a_coarse_form_that_computes_something_else_is_left_in_one_line(
    monkeypatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("index.model.onnx_graph._LARGEST", 1)
    model = Model(runtime="onnx")
    assert np.array_equal(model.embed_coarsely(TEXTS[:4]), model.embed(TEXTS[:4]))
    [line] = caplog.messages
    assert line.startswith(
        "Sentences are compared by the whole model, which takes longer: its coarse form cannot be run "
        "(ValueError: its vectors are off by 0."
    )


@pytest.mark.slow
def test_what_is_run_by_torch_is_not_made_coarse() -> None:
    model = Model(runtime="torch")
    assert np.array_equal(model.embed_coarsely(TEXTS[:4]), model.embed(TEXTS[:4]))


@pytest.mark.slow
def test_of_a_long_text_the_first_256_tokens_count(model: Model) -> None:
    start = "ferry " * 254
    full, longer, shorter = model.embed([start, start + "minister " * 300, start[:-6]])
    assert np.array_equal(full, longer)
    assert not np.array_equal(full, shorter)


@pytest.mark.slow
def test_no_texts_are_no_vectors(model: Model) -> None:
    assert model.embed([]).shape == (0, 384)


@pytest.mark.slow
def test_neither_a_question_nor_an_ingest_imports_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from settings import load; load().embedder(many=True).embed(['a', 'b']); print(sorted({'torch', "
        "'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_identity_is_the_same_whatever_computes_the_vectors() -> None:
    assert len({Model(runtime=runtime).identity for runtime in ("auto", "torch", "onnx", "openvino")}) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong", [{"num_hidden_layers": 5}, {"layer_norm_eps": 0.01}, {"num_attention_heads": 6}], ids=str
)
def test_a_runtime_that_computes_something_else_is_left_for_torch_in_one_line(
    wrong, monkeypatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = Encoder.read
    monkeypatch.setattr(
        Encoder, "read", lambda folder: dataclasses.replace(real(folder), config={**real(folder).config, **wrong})
    )
    model = Model()
    assert model.embed(["ferry"]).shape == (1, 384)
    assert model.runtime == "torch"
    [line] = caplog.messages
    assert line.startswith(
        "The model is run by torch, which is slower: onnx cannot run it (ValueError: its vectors are off by 0."
    )
    with pytest.raises(ModelError, match=r"cannot be run by onnx .* Set NEWSDESK_MODEL__RUNTIME to auto or torch"):
        Model(runtime="onnx").embed(["ferry"])


def test_weights_that_are_not_upstreams_are_run_by_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = SentenceTransformerEmbedder()._folder
    assert folder is not None
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(40_000_000)
        file.write(b"\x01")
    monkeypatch.setattr("index.model.embedder._packaged_folder", lambda: copy)
    with pytest.raises(ModelError, match="is not the file that upstream published"):
        Model().embed(["ferry"])
    assert bot_main(["doctor"]) == 1
    assert "FAIL  model: " in capsys.readouterr().out


OTHER_SHAPES = [
    ("config.json", {"model_type": "mpnet"}, "its model_type is mpnet"),
    ("config.json", {"hidden_act": "relu"}, "its hidden_act is relu"),
    ("config.json", {"position_embedding_type": "relative_key"}, "its position_embedding_type is relative_key"),
    ("config.json", {"num_hidden_layers": 7}, "it has no weights encoder.layer.6"),
    ("sentence_bert_config.json", {"do_lower_case": True}, "it lower-cases its texts by itself"),
    (
        "1_Pooling/config.json",
        {"pooling_mode_max_tokens": True},
        "its pooling is pooling_mode_max_tokens, pooling_mode_mean_tokens",
    ),
]


@pytest.mark.parametrize(
    ("file", "change", "said"), OTHER_SHAPES, ids=lambda value: value if isinstance(value, str) and " " in value else ""
)
def test_a_model_of_another_shape_is_told_from_the_one_that_is_built(
    file: str, change: dict[str, object], said: str, tmp_path: Path
) -> None:
    folder = SentenceTransformerEmbedder()._folder
    assert folder is not None
    shutil.copytree(folder, tmp_path / "copy")
    config = tmp_path / "copy" / file
    config.write_text(json.dumps({**json.loads(config.read_text()), **change}))
    with pytest.raises(UnknownShape, match=said):
        graph(Encoder.read(tmp_path / "copy"))


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_another_model_of_the_same_shape_runs_if_the_settings_say_so(pooling: str, tmp_path: Path) -> None:
    folder = SentenceTransformerEmbedder()._folder
    assert folder is not None
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    modes = {
        "word_embedding_dimension": 384,
        "pooling_mode_mean_tokens": pooling == "mean",
        "pooling_mode_cls_token": pooling == "cls",
    }
    (other / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    (other / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 12, "do_lower_case": False}))
    model = Model(str(other), "onnx", many=True)
    assert model.identity.startswith(f"{other}@")
    assert cosines(model.embed(TEXTS), SentenceTransformerEmbedder(str(other)).embed(TEXTS)).min() > 0.99999
    assert model.runtime == "onnx"
    assert index.model.runtime._suiting(str(other), many=True) == "torch"
