"""The trained reader as an ONNX file: one text at a time, so that no score depends on the texts beside it.

Only what was trained is in the file, in whole numbers of 7 bits a weight; the embeddings are those of the embedding
model, which the product has at hand, and are handed over when the file is loaded.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, helper, numpy_helper

from evals.reader.network import Reader
from index.model.onnx_graph import INPUT, CoarseNodes, Encoder, Nodes, elsewhere, layers
from index.model.reader import GIVEN, KINDS, SmallReader, Tokens

FORMS: dict[str, type[Nodes]] = {"float32": Nodes, "whole numbers": CoarseNodes}


def trained(reader: Reader, folder: Path) -> Encoder:
    """Return the encoder of the embedding model with the weights of a reader in the place of its own."""
    weights = {
        name.removeprefix("encoder.") if name.startswith("encoder.encoder.") else name: tensor.detach().numpy()
        for name, tensor in reader.state_dict().items()
        if not name.startswith("encoder.embeddings.")
    }
    encoder = Encoder.read(folder)
    return replace(encoder, weights={**encoder.weights, **weights})


def read_back(file: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """Return the weights of an exported reader by name, its embeddings and the head of training left out."""
    made = ModelProto.FromString(file)
    held = {one.name: numpy_helper.to_array(one) for one in made.graph.initializer if not one.external_data}
    plain = {name: array for name, array in held.items() if name.endswith((".weight", ".bias"))}
    coarse = {
        f"{name.removesuffix('.numbers')}.weight": array.T * held[f"{name.removesuffix('numbers')}scale"][:, None]
        for name, array in held.items()
        if name.endswith(".numbers")
    }
    return {f"encoder.{n}" if n.startswith("encoder.") else n: a.copy() for n, a in (plain | coarse).items()}


def graph(encoder: Encoder, form: str) -> bytes:
    """Return the reader in ONNX's own form; the embeddings are given when it is loaded."""
    nodes = FORMS[form](encoder)
    rows = layers(nodes, encoder.config, KINDS)
    said = nodes.op("Cast", nodes.op("Reshape", KINDS, nodes.constant([-1, 1])), to=TensorProto.FLOAT)
    total = nodes.op("ReduceSum", nodes.op("Mul", rows, said), nodes.constant([0]), keepdims=1)
    mean = nodes.op("Div", total, nodes.op("ReduceSum", said, nodes.constant([0]), keepdims=1))
    first = nodes.op("Slice", rows, nodes.constant([0]), nodes.constant([1]), nodes.constant([0]))
    score = Nodes.linear(nodes, nodes.op("Concat", first, mean, axis=1), "answers")
    kept = [
        elsewhere(name, array) if name.startswith(GIVEN) else numpy_helper.from_array(array, name)
        for name, array in nodes.used.items()
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "tokens"]) for name in (INPUT, KINDS)]
    made = helper.make_graph(
        nodes.nodes,
        "reader",
        inputs,
        [helper.make_tensor_value_info(score, TensorProto.FLOAT, [1, 1])],
        [*nodes.constants, *kept],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20), *nodes.imports], ir_version=10)
    made_bytes: bytes = model.SerializeToString()
    return made_bytes


def compared(
    reader: Reader, encoder: Encoder, tokens: Sequence[Tokens], labels: Sequence[int]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return how the scores of each form differ from torch's, how long it takes, and the forms themselves."""
    import torch

    from evals.metrics import auc
    from evals.reader.network import inputs_of

    with torch.inference_mode():  # padded, as in training: the mask must hide what was added
        parts = [inputs_of(tokens[at : at + 16]) for at in range(0, len(tokens), 16)]
        wanted = np.concatenate([reader(*part)[0].numpy() for part in parts])
    figures: dict[str, Any] = {"torch": {"AUC": _auc(auc, wanted, labels)}}
    made = {}
    for form in FORMS:
        made[form] = graph(encoder, form)
        session = SmallReader(made[form])
        found = np.asarray(session.scores(tokens))
        again = np.asarray(session.scores(tokens[::-1])[::-1])
        figures[form] = {
            "bytes": len(made[form]),
            "correlation with torch": round(float(np.corrcoef(found, wanted)[0, 1]), 6),
            "furthest off": round(float(np.abs(found - wanted).max()), 4),
            "other sign": round(float(np.mean((found > 0) != (wanted > 0))), 4),
            "AUC": _auc(auc, found, labels),
            "same in another order": bool(np.array_equal(found, again)),
            "ms for 12 sentences of 60 tokens": _timed(session),
        }
    return figures, made


def _auc(auc: Any, found: npt.NDArray[Any], labels: Sequence[int]) -> float:
    yes = [float(score) for score, label in zip(found, labels, strict=True) if label]
    return float(auc(yes, [float(score) for score, label in zip(found, labels, strict=True) if not label]))


def _timed(session: SmallReader) -> float:
    tokens = [Tokens([101, *range(2000, 2058), 102], [0] * 30 + [1] * 30, [])] * 12
    spent = []
    for _ in range(20):
        begun = time.perf_counter()
        session.scores(tokens)
        spent.append(time.perf_counter() - begun)
    return round(1000 * sorted(spent)[len(spent) // 2], 1)
