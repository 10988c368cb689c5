"""An embedder for tests: it hashes words, so that a test can say which article must come first."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from index.model.embedder import Vectors

_WORD = re.compile(r"\w+")


class HashEmbedder:
    """Gives each word a direction of its own, the same in every process; texts that share words are near each other."""

    def __init__(self, dimensions: int = 256, delay: float = 0.0) -> None:
        self.dimensions, self.delay = dimensions, delay
        self.identity = f"hash-{dimensions}"
        self.calls = 0
        self.texts = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        time.sleep(self.delay)
        self.calls += 1
        self.texts += len(texts)
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in _WORD.findall(text.lower()):
                place, sign = _direction(word)
                vectors[row, place % self.dimensions] += sign
            if not vectors[row].any():
                vectors[row, 0] = 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@lru_cache(maxsize=100_000)
def _direction(word: str) -> tuple[int, float]:
    digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "big"), 1.0 if digest[4] % 2 else -1.0
