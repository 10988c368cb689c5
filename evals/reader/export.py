"""The trained reader as an ONNX file: one text at a time, so that no score depends on the texts beside it.

What was trained is in the file, in whole numbers of 7 bits a weight. The embeddings of the embedding model, which the
product has at hand, are handed over when the file is loaded. So are those of another encoder, from a second file: 8
bits a number, in the order of the product's tokens.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper

from evals.metrics import auc
from evals.reader.network import Reader, inputs_of
from index.model.onnx_graph import DISTANCES, INPUT, CoarseNodes, Encoder, Nodes, elsewhere, layers
from index.model.reader import GIVEN, KINDS, READ, WORDS, Network, Tokens

_MOST = sum(READ) + 4  # tokens of a text
_WORDS = "embeddings.word_embeddings.weight"
# What MPNet calls the parts of an attention.
_NAMES = {"attn.q": "self.query", "attn.k": "self.key", "attn.v": "self.value", "attn.o": "output.dense"}
_NAMES |= {"LayerNorm": "output.LayerNorm"}


class _OwnWords(Nodes):
    """A graph that is given word embeddings of its own when it is loaded."""

    def rows(self, name: str, ids: str) -> str:
        """Write down that rows of a weight are taken."""
        if name != _WORDS:
            return super().rows(name, ids)
        numbers, scale = words_of(self._encoder, coarse=isinstance(self, CoarseNodes))
        self.constants.append(elsewhere(WORDS, numbers))
        taken = self.op("Gather", WORDS, ids)
        if scale is None:
            return taken
        self.constants.append(numpy_helper.from_array(scale, f"{WORDS}.scale"))
        return self.op("Mul", self.op("Cast", taken, to=TensorProto.FLOAT), self.op("Gather", f"{WORDS}.scale", ids))


class _CoarseOwnWords(_OwnWords, CoarseNodes):
    """The same in whole numbers, each row scaled to its own largest: of MPNet's, a few tokens have values far above
    those of the others in every map (correlation with torch .997, .990 if only the map after Gelu is scaled so).
    """

    def linear(self, x: str, name: str) -> str:
        """Write a linear map down."""
        return self.wide_linear(x, name)


def words_of(encoder: Encoder, *, coarse: bool) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32] | None]:
    """Return word embeddings, (tokens, d); if coarse, in whole numbers, and the scale of each row, (tokens, 1)."""
    weights = encoder.weights[_WORDS]
    if not coarse:
        return weights, None
    scale = np.abs(weights).max(axis=1, keepdims=True) / np.float32(127)
    scale[scale == 0] = 1
    return np.rint(weights / scale).astype(np.int8), scale


def trained(reader: Reader, folder: Path) -> Encoder:
    """Return the encoder of the embedding model with the weights of a reader in the place of its own; of a reader that
    was made of MPNet, its encoder in the form of BERT.
    """
    if reader.base:
        return _of_mpnet(reader, Encoder.read(folder))
    weights = {
        name.removeprefix("encoder.") if name.startswith("encoder.encoder.") else name: tensor.detach().numpy()
        for name, tensor in reader.state_dict().items()
        if not name.startswith("encoder.embeddings.")
    }
    encoder = Encoder.read(folder)
    return replace(encoder, weights={**encoder.weights, **weights})


def _of_mpnet(reader: Reader, product: Encoder) -> Encoder:
    state = {name: tensor.detach().numpy() for name, tensor in reader.state_dict().items()}
    weights = {}
    for name, array in state.items():
        own = name.removeprefix("encoder.") if name.startswith(("encoder.encoder.", "encoder.embeddings.")) else name
        for theirs, ours in _NAMES.items():
            own = own.replace(f".attention.{theirs}.", f".attention.{ours}.")
        weights[own] = array
    positions = "embeddings.position_embeddings.weight"
    assert reader.own_ids is not None
    weights[_WORDS] = weights[_WORDS][reader.own_ids.numpy()]
    weights[positions] = weights[positions][2 : 2 + _MOST]  # it counts them from 2 on
    weights["embeddings.token_type_embeddings.weight"] = np.zeros((2, weights[_WORDS].shape[1]), np.float32)
    encoder: Any = reader.encoder
    with torch.inference_mode():
        bias = encoder.encoder.compute_position_bias(torch.zeros(1, _MOST, 1))[0]  # (heads, from, to)
    # By distance: from the last token to each, then from the first to each behind it.
    weights[DISTANCES] = torch.cat([bias[:, -1, :], bias[:, 0, 1:]], 1).T.contiguous().numpy()
    return replace(product, config=encoder.config.to_dict(), weights=weights)


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


def graph(encoder: Encoder, *, coarse: bool) -> bytes:
    """Return the reader in ONNX's own form; the word embeddings are given when it is loaded."""
    own = DISTANCES in encoder.weights
    forms: dict[tuple[bool, bool], type[Nodes]] = {
        (False, False): Nodes, (False, True): CoarseNodes, (True, False): _OwnWords, (True, True): _CoarseOwnWords
    }  # fmt: skip
    nodes = forms[own, coarse](encoder)
    rows = layers(nodes, encoder.config, KINDS)
    said = nodes.op("Cast", nodes.op("Reshape", KINDS, nodes.constant([-1, 1])), to=TensorProto.FLOAT)
    total = nodes.op("ReduceSum", nodes.op("Mul", rows, said), nodes.constant([0]), keepdims=1)
    mean = nodes.op("Div", total, nodes.op("ReduceSum", said, nodes.constant([0]), keepdims=1))
    first = nodes.op("Slice", rows, nodes.constant([0]), nodes.constant([1]), nodes.constant([0]))
    score = Nodes.linear(nodes, nodes.op("Concat", first, mean, axis=1), "answers")
    kept = [
        elsewhere(name, array) if name.startswith(GIVEN) and not own else numpy_helper.from_array(array, name)
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
) -> tuple[dict[str, Any], bytes]:
    """Return how the scores of each form differ from torch's, how long it takes, and the form of whole numbers."""
    with torch.inference_mode():  # padded, as in training: the mask must hide what was added
        parts = [inputs_of(tokens[at : at + 16]) for at in range(0, len(tokens), 16)]
        wanted = np.concatenate([reader(*part)[0].numpy() for part in parts])
    figures: dict[str, Any] = {"torch": {"AUC": _auc(wanted, labels)}}
    made = b""
    for form, coarse in (("float32", False), ("whole numbers", True)):
        made = graph(encoder, coarse=coarse)
        with TemporaryDirectory() as folder:
            session = Network(made, saved_words(encoder, Path(folder), coarse=coarse))
            found = np.asarray(session.scores(tokens))
            again = np.asarray(session.scores(tokens[::-1])[::-1])
            figures[form] = {
                "bytes": len(made),
                "correlation with torch": round(float(np.corrcoef(found, wanted)[0, 1]), 6),
                "furthest off": round(float(np.abs(found - wanted).max()), 4),
                "other sign": round(float(np.mean((found > 0) != (wanted > 0))), 4),
                "AUC": _auc(found, labels),
                "same in another order": bool(np.array_equal(found, again)),
                "ms for 12 sentences of 60 tokens": _timed(session),
            }
    return figures, made


def saved_words(encoder: Encoder, folder: Path, *, coarse: bool = True) -> Path | None:
    """Write the word embeddings of an encoder of its own into a folder and return the file; None if they are those of
    the embedding model.
    """
    if DISTANCES not in encoder.weights:
        return None
    file = folder / "reader-words.npy"
    np.save(file, words_of(encoder, coarse=coarse)[0])
    return file


def _auc(found: npt.NDArray[Any], labels: Sequence[int]) -> float:
    yes = [float(score) for score, label in zip(found, labels, strict=True) if label]
    return float(auc(yes, [float(score) for score, label in zip(found, labels, strict=True) if not label]))


def _timed(session: Network) -> float:
    tokens = [Tokens([101, *range(2000, 2058), 102], [0] * 30 + [1] * 30, [])] * 12
    spent = []
    for _ in range(20):
        begun = time.perf_counter()
        session.scores(tokens)
        spent.append(time.perf_counter() - begun)
    return round(1000 * sorted(spent)[len(spent) // 2], 1)
