"""Figures: of one ranking, of many, and how sure they are.

hit@k, MRR@10   share of questions with a gold article among the first k; mean of 1/rank (Voorhees 1999, TREC-8)
nDCG@10         gains of 1, discounted by log2(rank + 1), over the best possible (Järvelin and Kekäläinen 2002)
answer string   an answer stands in a text as whole words, both normalised as SQuAD does (Rajpurkar et al. 2016)
AUC             chance that an answerable question scores above one that is not (Hanley and McNeil 1982)
interval        95 %, percentile bootstrap over questions; paired where two systems are compared (Efron 1979)
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_SAMPLES = 1_000
_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation + "’‘“”„«»–—…", " "))


def rank_of(found: Sequence[str], gold: frozenset[str]) -> int:
    """Return the place (1 is first) of the first gold id, 0 if there is none."""
    return next((place for place, id_ in enumerate(found, start=1) if id_ in gold), 0)


def ndcg(found: Sequence[str], gold: frozenset[str], depth: int = 10) -> float:
    """Return nDCG of a ranking of distinct ids, every gold one worth the same."""
    gain = sum(1 / math.log2(place + 1) for place, id_ in enumerate(found[:depth], start=1) if id_ in gold)
    best = sum(1 / math.log2(place + 1) for place in range(1, min(len(gold), depth) + 1))
    return gain / best if best else 0.0


def normalised(text: str) -> str:
    """Return a text as SQuAD compares it: lower case, no punctuation, no articles, one space between words."""
    plain = re.sub(r"\b(?:a|an|the)\b", " ", text.lower().translate(_PUNCTUATION))
    return f" {' '.join(plain.split())} "


def holds_answer(text: str, answers: Sequence[str]) -> bool:
    """Tell whether one of the answers stands in a text."""
    found = normalised(text)
    return any(normalised(answer).strip() and normalised(answer) in found for answer in answers)


def mean(values: Sequence[float]) -> dict[str, float | int | list[float]]:
    """Return the mean of some values, its 95 % interval, and how many there are."""
    if not values:
        return {"mean": math.nan, "interval": [math.nan, math.nan], "n": 0}
    drawn = _resampled(np.asarray(values, dtype=np.float64))
    return {"mean": round(float(np.mean(values)), 4), "interval": _interval(drawn), "n": len(values)}


def difference(one: Sequence[float], other: Sequence[float]) -> dict[str, float | int | list[float]]:
    """Return by how much one system is better than another on the same questions, with its 95 % interval."""
    return mean([a - b for a, b in zip(one, other, strict=True)])


def precision_recall_f1(right: int, found: int, wanted: int) -> dict[str, float]:
    """Return precision, recall and their harmonic mean."""
    return {
        "precision": round(right / max(1, found), 3),
        "recall": round(right / max(1, wanted), 3),
        "f1": round(2 * right / max(1, found + wanted), 3),
    }


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the chance that a positive scores above a negative (half for ties)."""
    if not positive or not negative:
        return math.nan
    ordered = np.sort(np.asarray(negative))
    below = np.searchsorted(ordered, positive, side="left")
    upto = np.searchsorted(ordered, positive, side="right")
    return round(float(np.mean((below + upto) / 2)) / len(negative), 4)


def _resampled(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    draw = np.random.default_rng(0)
    return np.asarray([values[draw.integers(0, len(values), len(values))].mean() for _ in range(_SAMPLES)])


def _interval(drawn: npt.NDArray[np.float64]) -> list[float]:
    return [round(float(edge), 4) for edge in np.percentile(drawn, [2.5, 97.5])]
