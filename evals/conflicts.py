"""Conflicts: where articles answer a question differently, is every answer among what is cited."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.asking import Asked
from evals.metrics import holds_answer, mean, normalised

_READ = 6  # passages of the ranking that an answer is mostly made of

Sides = Mapping[str, tuple[str, ...]]


def sides_of(folder: Path) -> Sides:
    """Return the different answers that the articles of a data set give, by question: the true ones and the false
    ones.
    """
    found = {}
    with open(folder / "queries.jsonl", encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            sides = {normalised(side): side for side in [*row["answers"], *row["wrong_answers"]]}
            found[str(row["id"])] = tuple(sides.values())
    return found


def figures_of(asked: Sequence[Asked], sides: Sides) -> dict[str, Any]:
    """Return the figures by half: over questions with several answers, a refused one counts as citing none.

    ``passages hold all``: what could be reached with the passages found.
    """
    return {
        half: _figures([item for item in asked if half in ("both", item.query.half)], sides)
        for half in ("dev", "test", "both")
    }


def _figures(asked: Sequence[Asked], sides: Sides) -> dict[str, Any]:
    several = [item for item in asked if len(sides[item.query.id]) > 1]
    cited = [
        _held([c.quote for c in item.answer.citations] if item.answer else [], sides[item.query.id]) for item in several
    ]
    found = [_held([hit.passage.text for hit in item.reply.hits[:_READ]], sides[item.query.id]) for item in several]
    total = [len(sides[item.query.id]) for item in several]
    return {
        "answered": mean([float(item.answer is not None) for item in several]),
        "passages hold all": mean([float(count == of) for count, of in zip(found, total, strict=True)]),
        "passages hold two": mean([float(count > 1) for count in found]),
        "all cited": mean([float(count == of) for count, of in zip(cited, total, strict=True)]),
        "two cited": mean([float(count > 1) for count in cited]),
        "share cited": mean([count / of for count, of in zip(cited, total, strict=True)]),
    }


def _held(texts: Sequence[str], sides: Sequence[str]) -> int:
    return sum(any(holds_answer(text, [side]) for text in texts) for side in sides)
