"""A BERT-shaped sentence encoder as an ONNX graph, built from its weights without torch.

token ids (1, n) → embeddings → layers of attention and two linear maps → mean over the tokens → unit vector (1, d)

The graph contains names and shapes only; the numbers stay in ``model.safetensors``, mapped into memory, so that
building it takes milliseconds, writes nothing, and processes share the pages. It takes one text at a time: no padding,
hence no mask, and a vector that depends on nothing but its text (batches differ in the last bits, because matrix
products of other heights are summed in another order).

In its coarse form the linear maps multiply whole numbers of 7 and 8 bits, which a processor does three times as fast.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, OperatorSetIdProto, TensorProto, helper, numpy_helper

from index.errors import UnknownShape

Weights = dict[str, npt.NDArray[np.float32]]

INPUT = "ids"
_OPSET, _IR = 20, 10  # 20 has Gelu; any onnxruntime since 1.18 reads both
_RUNTIMES_OWN = "com.microsoft"  # onnxruntime's operators beside ONNX's
# of a coarse weight: with 127, processors without VNNI would clip sums of two products, and machines would disagree
_LARGEST = 63
# a weight that BERT has not: for each distance of two tokens, from the farthest before to the farthest behind, a number
# a head (T5's, arXiv:1910.10683)
DISTANCES = "encoder.distances.weight"


@dataclass(frozen=True, slots=True)
class Encoder:
    """A sentence encoder's folder, read: its weights, what shape they have, and how much text it takes."""

    folder: Path
    config: Mapping[str, Any]
    weights: Weights
    pages: mmap.mmap  # that the weights are in
    longest: int  # tokens, the two special ones included
    first_token: bool  # the text's vector is that of its first token, not the mean of all

    @classmethod
    def read(cls, folder: Path) -> Encoder:
        """Read a folder in the form of sentence-transformers. Raises UnknownShape, OSError or ValueError."""
        config = _json(folder / "config.json")
        kinds = [module["type"].rsplit(".", 1)[-1] for module in _json(folder / "modules.json")]
        if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
            raise UnknownShape(f"its modules are {', '.join(kinds)}")
        for key, wanted in {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}.items():
            if config.get(key, wanted if key == "position_embedding_type" else None) != wanted:
                raise UnknownShape(f"its {key} is {config.get(key)}")
        pooling = _json(folder / "1_Pooling" / "config.json")
        modes = {mode for mode, on in pooling.items() if mode.startswith("pooling_mode_") and on is True}
        if modes not in ({"pooling_mode_mean_tokens"}, {"pooling_mode_cls_token"}):
            raise UnknownShape(f"its pooling is {', '.join(sorted(modes)) or 'unknown'}")
        transformer = _json(folder / "sentence_bert_config.json")
        if transformer.get("do_lower_case"):
            raise UnknownShape("it lower-cases its texts by itself")
        longest = min(
            int(transformer.get("max_seq_length") or config["max_position_embeddings"]),
            int(config["max_position_embeddings"]),
        )
        return cls(folder, config, *_mapped(folder / "model.safetensors"), longest, modes == {"pooling_mode_cls_token"})

    def release_pages(self) -> None:
        """Free the memory of the weights: a runtime keeps linear maps in a form of its own, and the system reads the
        others again when they are needed.
        """
        if hasattr(mmap, "MADV_DONTNEED"):
            self.pages.madvise(mmap.MADV_DONTNEED)


def graph(encoder: Encoder, *, whole: bool = False, coarse: bool = False) -> tuple[bytes, Weights]:
    """Return the model in ONNX's own form, and the weights it must be given, by name; ``whole``: with the weights in
    it.

    ``coarse``: in whole numbers, for onnxruntime only. Raises UnknownShape if a weight is missing.
    """
    nodes = CoarseNodes(encoder) if coarse else Nodes(encoder)
    vector = nodes.op("LpNormalization", _pooled(nodes, encoder, layers(nodes, encoder.config)), axis=-1, p=2)
    given = [
        numpy_helper.from_array(array, name) if whole else elsewhere(name, array) for name, array in nodes.used.items()
    ]
    outputs = [helper.make_tensor_value_info(vector, TensorProto.FLOAT, [1, encoder.config["hidden_size"]])]
    inputs = [helper.make_tensor_value_info(INPUT, TensorProto.INT64, [1, "tokens"])]
    made = helper.make_graph(nodes.nodes, "encoder", inputs, outputs, [*nodes.constants, *given])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET), *nodes.imports], ir_version=_IR)
    return model.SerializeToString(), nodes.used


class Nodes:
    """A graph while it is written down: each step returns the name of its result."""

    def __init__(self, encoder: Encoder) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.used: Weights = {}
        self.imports: list[OperatorSetIdProto] = []
        self._encoder = encoder
        self._count = 0

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Write an operation down."""
        name = self._name()
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: int | float | Sequence[int]) -> str:
        """Write a number or a list of whole numbers down."""
        name = self._name()
        array = np.asarray(value, np.float32 if isinstance(value, float) else np.int64)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, name: str) -> str:
        """Use a weight of the encoder. Raises UnknownShape if there is none."""
        if name not in self._encoder.weights:
            raise UnknownShape(f"it has no weights {name}")
        self.used[name] = self._encoder.weights[name]
        return name

    def rows_of(self, name: str) -> int:
        """Return how many rows a weight of the encoder has, 0 if there is none."""
        return len(self._encoder.weights.get(name, ()))

    def rows(self, name: str, ids: str) -> str:
        """Write down that rows of a weight are taken."""
        return self.op("Gather", self.weight(name), ids)

    def linear(self, x: str, name: str) -> str:
        """Write a linear map down."""
        return self.op("Gemm", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), transB=1)

    def normed(self, x: str, name: str) -> str:
        """Write a normalisation of each row down."""
        epsilon = float(self._encoder.config["layer_norm_eps"])
        return self.op(
            "LayerNormalization",
            x,
            self.weight(f"{name}.weight"),
            self.weight(f"{name}.bias"),
            epsilon=epsilon,
            axis=-1,
        )

    def wide_linear(self, x: str, name: str) -> str:
        """Write the map that takes what Gelu gives."""
        return self.linear(x, name)

    def _name(self) -> str:
        self._count += 1
        return f"x{self._count}"


class CoarseNodes(Nodes):
    """The same graph with linear maps of whole numbers: weights are scaled to their largest by output, what they
    multiply by text.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.imports = [helper.make_opsetid(_RUNTIMES_OWN, 1)]

    def linear(self, x: str, name: str) -> str:
        """Write a linear map down."""
        return self._product(x, name, self.weight(f"{name}.bias"))

    def wide_linear(self, x: str, name: str) -> str:
        """Write the map down that takes what Gelu gives."""
        # A few tokens have values ten times those of all others, which would be left with few steps: each row is scaled
        # to its own largest.
        largest = self.op("ReduceMax", self.op("Abs", x), self.constant([1]), keepdims=1)
        product = self._product(self.op("Div", x, largest), name)
        return self.op("Add", self.op("Mul", product, largest), self.weight(f"{name}.bias"))

    def _product(self, x: str, name: str, *bias: str) -> str:
        if f"{name}.weight" not in self._encoder.weights:
            raise UnknownShape(f"it has no weights {name}.weight")
        weights = self._encoder.weights[f"{name}.weight"]
        scale = np.maximum(weights.max(axis=1), -weights.min(axis=1)) / np.float32(_LARGEST)
        scale[scale == 0] = 1  # an output that is always its bias
        steps = weights * (1 / scale)[:, None]
        numbers = np.rint(steps, out=steps).astype(np.int8).T
        given = [(numbers, "numbers"), (scale, "scale"), (np.zeros(len(scale), np.int8), "zero")]
        self.constants += [numpy_helper.from_array(array, f"{name}.{part}") for array, part in given]
        return self.op(
            "DynamicQuantizeMatMul", x, *(f"{name}.{part}" for _, part in given), *bias, domain=_RUNTIMES_OWN
        )


def layers(nodes: Nodes, config: Mapping[str, Any], kinds: str = "") -> str:
    """Write the encoder down; the result has a row for each token, shape (tokens, d).

    ``kinds`` names the input with the kind of each token, 0 or 1; without it all are 0.
    """
    width, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
    rows = nodes.constant([-1, width])
    split = nodes.constant([-1, heads, width // heads])
    scale = nodes.constant((width // heads) ** -0.5)
    ids = nodes.op("Reshape", INPUT, nodes.constant([-1]))
    zero = nodes.constant([0])
    positions = nodes.op(
        "Slice", nodes.weight("embeddings.position_embeddings.weight"), zero, nodes.op("Shape", ids), zero
    )
    each = nodes.op("Reshape", kinds, nodes.constant([-1])) if kinds else nodes.constant(0)
    kind = nodes.rows("embeddings.token_type_embeddings.weight", each)
    words = nodes.rows("embeddings.word_embeddings.weight", ids)
    x = nodes.normed(nodes.op("Add", nodes.op("Add", words, kind), positions), "embeddings.LayerNorm")
    beside = _distances(nodes, ids) if nodes.rows_of(DISTANCES) else ""
    for number in range(int(config["num_hidden_layers"])):
        layer = f"encoder.layer.{number}"
        query, key, value = (
            nodes.op("Reshape", nodes.linear(x, f"{layer}.attention.self.{part}"), split)
            for part in ("query", "key", "value")
        )
        query, value = nodes.op("Transpose", query, perm=[1, 0, 2]), nodes.op("Transpose", value, perm=[1, 0, 2])
        likeness = nodes.op("Mul", nodes.op("MatMul", query, nodes.op("Transpose", key, perm=[1, 2, 0])), scale)
        likeness = nodes.op("Add", likeness, beside) if beside else likeness
        seen = nodes.op("Transpose", nodes.op("MatMul", nodes.op("Softmax", likeness, axis=-1), value), perm=[1, 0, 2])
        attended = nodes.linear(nodes.op("Reshape", seen, rows), f"{layer}.attention.output.dense")
        x = nodes.normed(nodes.op("Add", attended, x), f"{layer}.attention.output.LayerNorm")
        wide = nodes.op("Gelu", nodes.linear(x, f"{layer}.intermediate.dense"))
        x = nodes.normed(
            nodes.op("Add", nodes.wide_linear(wide, f"{layer}.output.dense"), x), f"{layer}.output.LayerNorm"
        )
    return x


def _distances(nodes: Nodes, ids: str) -> str:
    """Write down what is added to the likeness of two tokens for their distance, shape (heads, tokens, tokens)."""
    places = nodes.op("Range", nodes.constant(0), nodes.op("Size", ids), nodes.constant(1))
    across, down = (nodes.op("Unsqueeze", places, nodes.constant([axis])) for axis in (0, 1))
    apart = nodes.op("Sub", across, down)
    middle = nodes.constant((nodes.rows_of(DISTANCES) - 1) // 2)
    return nodes.op("Transpose", nodes.rows(DISTANCES, nodes.op("Add", apart, middle)), perm=[2, 0, 1])


def _pooled(nodes: Nodes, encoder: Encoder, rows: str) -> str:
    if encoder.first_token:
        return nodes.op("Slice", rows, nodes.constant([0]), nodes.constant([1]), nodes.constant([0]))
    return nodes.op("ReduceMean", rows, nodes.constant([0]), keepdims=1)


def elsewhere(name: str, array: npt.NDArray[Any]) -> TensorProto:
    """Return a tensor whose numbers are handed over when the graph is loaded."""
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor = TensorProto(name=name, data_type=kind, dims=array.shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="given")
    return tensor


def _mapped(path: Path) -> tuple[Weights, mmap.mmap]:
    """Map a safetensors file into memory (the library of that name would copy it) and return its tensors by name, and
    the map.

    Raises UnknownShape if one that matters is not float32, ValueError if the file is damaged.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    data = np.frombuffer(pages, np.uint8, offset=8 + length)
    found: Weights = {}
    for name, entry in header.items():
        if name == "__metadata__" or name.endswith("position_ids"):
            continue
        if entry["dtype"] != "F32":
            raise UnknownShape(f"its weights are {entry['dtype']}")
        start, end = entry["data_offsets"]
        found[name.removeprefix("bert.")] = data[start:end].view(np.float32).reshape(entry["shape"])
    return found, pages


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
