"""python -m evals.question: how long a warm question to an archive takes, as the bot answers it, beside what no search
could undercut.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bot.answer.desk import Desk, Request
from evals.asking import TODAY
from evals.data import load
from evals.machine import Spent, machine, resident
from index.archive import Archive
from index.errors import NewsdeskError
from index.model.embedder import Embedder
from index.model.runtime import Model

_WARM = 3  # questions that load and open things, left out


def main() -> int:
    """Print milliseconds by the clock and of the processor, by stage, what is in memory, and the machine, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m evals.question", description=(__doc__ or "").split(": ", 1)[1])
    parser.add_argument(
        "--archive", type=Path, default=Path("data"), metavar="DIR", help="the data folder (default: data)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of data sets, of which newsquiz asks the questions",
    )
    parser.add_argument("--questions", type=int, default=100, metavar="N", help="so many of them (default 100)")
    parsed = parser.parse_args()
    queries = load(parsed.data / "newsquiz").queries[: parsed.questions + _WARM]
    archive = Archive(parsed.archive)
    try:
        print(
            json.dumps(
                measured(archive, Model(), [(query.question, query.today or TODAY) for query in queries]), indent=1
            )
        )
    finally:
        archive.close()
    return 0


def measured(archive: Archive, embedder: Embedder, asked: Sequence[tuple[str, date]]) -> dict[str, Any]:
    """Return what some questions take, the first of them left out."""
    desk = Desk(archive, embedder)
    began = time.perf_counter()
    archive.catch_up()
    read = time.perf_counter() - began
    whole, limit = Spent(), Spent()
    stages: dict[str, list[int]] = {}
    answered = 0

    def ask(question: str, day: date) -> None:
        nonlocal answered
        reply = desk.ask(Request(question, day))
        answered += bool(getattr(reply.result, "citations", ()))
        for stage, spent in reply.timings_ms.items():
            stages.setdefault(stage, []).append(spent)

    for question, day in asked:
        whole.on(lambda question=question, day=day: ask(question, day))  # type: ignore[misc]
    memory = resident()
    with archive.catalog.snapshot() as snapshot:
        passages = snapshot.counts()["passages"]
        matrix = np.concatenate(
            [np.stack([vector for _, vector in rows]) for rows in snapshot.vectors(embedder.identity)]
        )
    for question, _ in asked:
        limit.on(lambda question=question: matrix @ embedder.embed([question])[0])  # type: ignore[misc]
    return {
        "machine": machine(),
        "passages": passages,
        "questions": len(asked) - _WARM,
        "answered": answered,
        "read at start, s": round(read, 1),
        "question, ms": _quantiles(whole),
        "the limit, ms": _quantiles(limit),
        "processor, ms, in tenths": [
            round(1_000 * float(np.quantile(whole.cpu[_WARM:], (tenth + 0.5) / 10)), 1) for tenth in range(10)
        ],
        "stages, ms": {stage: float(np.median(spent[_WARM:])) for stage, spent in stages.items()},
        "resident, MB": memory,
    }


def _quantiles(spent: Spent) -> dict[str, float]:
    found = {"clock": spent.wall[_WARM:], "processor": spent.cpu[_WARM:]}
    return {
        f"{name} {told}": round(1_000 * float(np.quantile(of, at)), 1)
        for name, of in found.items()
        for told, at in (("p50", 0.5), ("p95", 0.95))
    }


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except NewsdeskError as error:
        raise SystemExit(f"evals.question: {error}") from None
