"""Writing: how much of what a model wrote was kept, how often quotes answered in its place, what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from evals.asking import Asked


def figures_of(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the figures of all questions together: shares of questions, counts of sentences, tokens and seconds."""
    written = [item.reply.writing for item in asked if item.reply.writing is not None]
    if not written:
        return {}
    dropped = Counter(reason for item in written for reason, count in item.dropped.items() for _ in range(count))
    kept, lost = sum(item.kept for item in written), dropped.total()
    replaced = sum(sum(item.replaced.values()) for item in written)
    first = sorted(item.reply.timings_ms["first"] for item in asked if "first" in item.reply.timings_ms)
    costs = [item.cost for item in written if item.cost is not None]
    return {
        "model": written[0].model,
        "prompt": written[0].prompt,
        "questions sent": len(written),
        "answered by the model": sum(bool(item.kept or item.replaced) for item in written),
        "declined": sum(not (item.kept or item.replaced or item.instead) for item in written),
        "quotes instead": dict(Counter(item.instead for item in written if item.instead)),
        "sentences kept": kept,
        "sentences replaced": replaced,
        "sentences dropped": lost,
        "dropped because": dict(dropped.most_common()),
        "tokens in, a question": round(sum(item.tokens_in for item in written) / len(written)),
        "tokens out, a question": round(sum(item.tokens_out for item in written) / len(written)),
        "cost": round(sum(costs), 4) if costs else None,
        "seconds (median)": round(median(item.seconds for item in written), 3),
        "seconds to the first sentence (median)": round(median(first) / 1_000, 3) if first else None,
        "checking, seconds (median)": round(median(item.reply.timings_ms.get("check", 0) for item in asked) / 1_000, 3),
    }
