"""Refusal: is what the articles do not answer refused, and what they answer not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evals.asking import Asked
from evals.metrics import auc, mean

_FALSE = (0.05, 0.10, 0.15)  # shares of the answerable questions that may be refused


def figures_of(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return precision, recall and F1 of refusal at the level that is set, and the curve over the threshold, by half.

    The thresholds for a share of false refusals are taken from the dev half, so what the test half shows is honest.
    """
    dev = [item for item in asked if item.query.half == "dev"]
    bounds = {str(share): _bound(dev, share) for share in _FALSE}
    figures = {
        half: _figures([item for item in asked if half in ("both", item.query.half)], bounds)
        for half in ("dev", "test", "both")
    }
    return figures | {"reasons": _reasons(asked)}


def _figures(asked: Sequence[Asked], bounds: dict[str, float]) -> dict[str, Any]:
    yes = [item for item in asked if item.query.answerable]
    no = [item for item in asked if not item.query.answerable]
    right, wrong = sum(item.answer is None for item in no), sum(item.answer is None for item in yes)
    precision, recall = right / max(1, right + wrong), right / max(1, len(no))
    return {
        "refused of the unanswerable": mean([float(item.answer is None) for item in no]),
        "refused of the answerable": mean([float(item.answer is None) for item in yes]),
        "precision": round(precision, 4),
        "F1": round(2 * precision * recall / max(1e-9, precision + recall), 4),
        "AUC of confidence": auc([item.reply.confidence for item in yes], [item.reply.confidence for item in no]),
        "at a bound": {
            share: {
                "bound": round(bound, 4),
                "refused of the unanswerable": _below(no, bound),
                "refused of the answerable": _below(yes, bound),
            }
            for share, bound in bounds.items()
        },
        "curve": [
            {"bound": round(float(bound), 4), "answerable": _below(yes, bound), "unanswerable": _below(no, bound)}
            for bound in np.quantile([item.reply.confidence for item in asked] or [0.0], np.linspace(0, 1, 41))
        ],
    }


def _bound(asked: Sequence[Asked], share: float) -> float:
    """Return the confidence below which this share of the answerable questions lies."""
    values = [item.reply.confidence for item in asked if item.query.answerable]
    return float(np.quantile(values, share)) if values else 0.0


def _below(asked: Sequence[Asked], bound: float) -> float:
    return round(sum(item.reply.confidence < bound for item in asked) / max(1, len(asked)), 4)


def _reasons(asked: Sequence[Asked]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in asked:
        if item.answer is None:
            reason = item.reply.why.split("(")[0].strip()
            kind = f"{'answerable' if item.query.answerable else 'unanswerable'}: {reason}"
            found[kind] = found.get(kind, 0) + 1
    return dict(sorted(found.items()))
