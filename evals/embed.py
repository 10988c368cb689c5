"""How fast each runtime and the coarse form embed, and how far their vectors are off: ``python -m evals embed --data
DIR``.

DIR holds ``corpus.jsonl.gz``, an article a line with ``text``. Rounds of the runtimes take turns, and the best of each
counts, because a machine is seldom quiet; read the ratios. A process of its own tells the memory of each.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from index.model.embedder import Vectors
from index.model.runtime import Model, Runtime

_PASSAGES, _ROUNDS = 256, 5  # embedded in a round
_COMPARED = 1_000  # passages whose vectors are compared with the reference
_WORDS = 150  # about 200 tokens
_SENTENCE = 25  # about 34 tokens
_QUESTION = "what did the minister say about the ferry"
_MEMORY = """
import sys
from index.model.runtime import Model
model = Model(runtime=sys.argv[1])
model.embed([sys.argv[2]])
model.embed([sys.argv[2] + " " + str(number) for number in range(150)])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""


def run(data: Path) -> dict[str, Any]:
    """Return, for every runtime that is installed, passages a second, cosines to torch, milliseconds a question, and
    megabytes at rest.
    """
    texts = _passages(data, _COMPARED)
    installed = [
        name for name in get_args(Runtime) if name != "auto" and (name != "openvino" or importlib.util.find_spec(name))
    ]
    models = {name: Model(runtime=name) for name in installed}
    seconds: dict[str, list[float]] = {name: [] for name in models}
    questions: dict[str, list[float]] = {name: [] for name in models}
    for model in models.values():
        model.embed(texts[:4])
    for _ in range(_ROUNDS):
        for name, model in models.items():
            seconds[name].append(_timed(model, texts[:_PASSAGES]))
            questions[name] += [_timed(model, [_QUESTION]) for _ in range(40)]
    vectors = {name: model.embed(texts) for name, model in models.items()}
    figures: dict[str, Any] = {
        name: {
            "passages_per_second": round(_PASSAGES / min(seconds[name]), 1),
            "times_torch": round(min(seconds["torch"]) / min(seconds[name]), 2),
            "cosine_mean": round(float(_cosines(vectors[name], vectors["torch"]).mean()), 6),
            "cosine_min": round(float(_cosines(vectors[name], vectors["torch"]).min()), 6),
            "same_ten_nearest": round(_agreement(vectors[name], vectors["torch"]), 4),
            "question_ms_p50": round(1_000 * float(np.percentile(questions[name], 50)), 1),
            "question_ms_p95": round(1_000 * float(np.percentile(questions[name], 95)), 1),
            "memory_mb": _memory(name),
        }
        for name in models
    }
    return {**figures, "coarse": _coarse(models["onnx"], texts)}


def _coarse(model: Model, texts: Sequence[str]) -> dict[str, float]:
    """Compare the coarse form with the whole model, on a sentence of each text.

    Returns milliseconds of processor, cosines, and the error of a cosine to a question.
    """
    sentences = [" ".join(text.split()[:_SENTENCE]) for text in texts]
    whole, coarse = model.embed(sentences), model.embed_coarsely(sentences)
    question = model.embed([_QUESTION])[0]
    spent: dict[str, list[float]] = {"whole": [], "coarse": []}
    for sentence in sentences[:200]:
        for name, embed in (("whole", model.embed), ("coarse", model.embed_coarsely)):
            began = time.thread_time()
            embed([sentence])
            spent[name].append(1_000 * (time.thread_time() - began))
    return {
        **{f"sentence_{name}_ms_p50": round(float(np.percentile(times, 50)), 2) for name, times in spent.items()},
        "cosine_mean": round(float(_cosines(whole, coarse).mean()), 4),
        "cosine_min": round(float(_cosines(whole, coarse).min()), 4),
        "error_of_cosine_to_a_question": round(float((coarse @ question - whole @ question).std()), 4),
    }


def _passages(data: Path, count: int) -> list[str]:
    found: list[str] = []
    with gzip.open(data / "newsquiz" / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            words = json.loads(line)["text"].split()
            found += [" ".join(words[start : start + _WORDS]) for start in range(0, len(words) - _WORDS, 4 * _WORDS)]
            if len(found) >= count:
                break
    return found[:count]


def _timed(model: Model, texts: Sequence[str]) -> float:
    began = time.perf_counter()
    model.embed(texts)
    return time.perf_counter() - began


def _cosines(one: Vectors, other: Vectors) -> Vectors:
    cosines: Vectors = (one * other).sum(axis=1)
    return cosines


def _agreement(passages: Vectors, reference: Vectors) -> float:
    """Return the share of the ten nearest that stay, where every tenth text asks by the reference and the rest answer
    by a runtime.
    """
    asking = reference[::10]
    ranks = [np.argsort(-(asking @ vectors.T), axis=1)[:, :10] for vectors in (passages, reference)]
    return float(np.mean([len(set(one) & set(other)) / 10 for one, other in zip(*ranks, strict=True)]))


def _memory(runtime: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, runtime, _QUESTION], capture_output=True, text=True, check=True
    )
    return int(done.stdout) // 1_024
