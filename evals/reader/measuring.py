"""Does the reader tell what is answered from what nearly is, and choose the right sentence, better than cosine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evals.metrics import auc
from evals.reader.cases import Case

Values = npt.NDArray[np.float64]
Score = Callable[[Sequence[tuple[str, str, str]]], Values]
"""Scores (question, context, sentence)."""

_FALSE = (0.05, 0.10)  # shares of the answerable questions that are refused
_WEIGHT = 0.5  # of cosine beside the reader


def figures_of(cases: Sequence[Case], score: Score) -> dict[str, Any]:
    """Return for each half of a data set how well cosine, the reader, and both together refuse and choose.

    Scores are normalised by the mean and deviation of the dev half. ``both`` is z(reader) + 0.5 z(cosine); the best
    weight for choosing on the dev half is told beside it. ``product`` is the product's own confidence and ranking.
    """
    asked = [case for case in cases if case.sentences]
    flat = score(
        [(c.question, context, text) for c in asked for context, text in zip(c.contexts, c.sentences, strict=True)]
    )
    read = _split(flat, asked)
    known = {"cosine": [np.asarray(case.cosine) for case in asked], "reader": read}
    dev = [at for at, case in enumerate(asked) if not case.blind]
    best = {name: np.asarray([own.max() for own in values]) for name, values in known.items()}
    refusing = dict(best) | {"both": _both(best["reader"], best["cosine"], dev, _WEIGHT)}
    choosing = dict(known) | {"both": _mixed(read, known["cosine"], dev, _WEIGHT)}
    if all(case.product for case in asked):
        sure = np.asarray([math.log(case.confidence / (1 - case.confidence)) for case in asked])
        missing = np.asarray([float(case.missing) for case in asked])
        products = [np.asarray(case.product) for case in asked]
        refusing |= {"product": sure - 100 * missing, "product's confidence": sure}
        for weight in (0.5, 1.0, 2.0):
            refusing[f"reader and {weight} confidence"] = _both(best["reader"], sure, dev, weight)
        refusing["reader, confidence, and what is missing"] = refusing["reader and 1.0 confidence"] - missing
        choosing |= {"product": products}
        choosing |= {
            f"reader and {weight} product": _mixed(read, products, dev, weight) for weight in (0.5, 1.0, 2.0, 4.0)
        }
    return {
        half: {
            "questions": sum(_of(case, half) for case in asked),
            "refusing": {name: _refusing(asked, values, half) for name, values in refusing.items()},
            "choosing": {name: _first(asked, values, half) for name, values in choosing.items()},
            "kinds": _kinds(asked, read, half),
        }
        for half in ("dev", "blind")
    }


def _of(case: Case, half: str) -> bool:
    return case.blind == (half == "blind")


def _split(flat: Values, cases: Sequence[Case]) -> list[Values]:
    ends = np.cumsum([len(case.sentences) for case in cases])
    return list(np.split(flat, ends[:-1]))


def _both(one: Values, other: Values, dev: Sequence[int], weight: float) -> Values:
    return _z(one, one[list(dev)]) + weight * _z(other, other[list(dev)])


def _mixed(one: Sequence[Values], other: Sequence[Values], dev: Sequence[int], weight: float) -> list[Values]:
    ones, others = (np.concatenate([values[at] for at in dev]) for values in (one, other))
    return [_z(a, ones) + weight * _z(b, others) for a, b in zip(one, other, strict=True)]


def _z(values: Values, of: Values) -> Values:
    normed: Values = (values - of.mean()) / max(float(of.std()), 1e-9)
    return normed


def _refusing(cases: Sequence[Case], values: Values, half: str) -> Mapping[str, float]:
    own = [(case, float(value)) for case, value in zip(cases, values, strict=True) if _of(case, half)]
    yes = [value for case, value in own if case.answerable]
    no = [value for case, value in own if not case.answerable]
    if not yes or not no:
        return {}
    refused = {
        f"refused at {share}": round(float(np.mean(np.asarray(no) < np.quantile(yes, share))), 4) for share in _FALSE
    }
    return {"AUC": auc(yes, no), **refused}


def _kinds(cases: Sequence[Case], values: Sequence[Values], half: str) -> Mapping[str, float]:
    """Return the AUC of the sentences that answer against each kind of those that do not, where kinds are known."""
    yes: list[float] = []
    no: dict[str, list[float]] = {}
    for case, own in zip(cases, values, strict=True):
        for kind, holds, value in zip(case.kinds, case.holds, own, strict=False):
            if _of(case, half):
                (yes if holds else no.setdefault(kind, [])).append(float(value))
    return {kind: auc(yes, found) for kind, found in sorted(no.items())}


def _first(cases: Sequence[Case], values: Sequence[Values], half: str) -> float:
    """Return the share of the answerable questions whose first sentence holds the answer."""
    own = [
        case.holds[int(value.argmax())]
        for case, value in zip(cases, values, strict=True)
        if _of(case, half) and case.answerable
    ]
    return round(float(np.mean(own)), 4) if own else math.nan
