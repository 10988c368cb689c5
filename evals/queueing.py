"""A queue of questions: they come as they like (Poisson), and wait for one of some workers, each of which does one at a
time.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_QUESTIONS = 20_000  # simulated
_WARM = 1_000  # of them left out: the queue is empty at first
_SEED = 0


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds that questions wait before work on them begins."""

    mean: float
    p50: float
    p95: float


def simulate(rate: float, services: Sequence[float], workers: int, *, questions: int = _QUESTIONS) -> Waits:
    """Let questions come ``rate`` a second, each taking one of ``services`` seconds (drawn evenly), and return how long
    they wait: the same each time.
    """
    draw = np.random.default_rng(_SEED)
    arrivals = np.cumsum(draw.exponential(1 / rate, questions))
    lasting = draw.choice(np.asarray(services), questions)
    free = [0.0] * workers  # when each worker is
    waits = np.empty(questions)
    for number, (arrives, lasts) in enumerate(zip(arrivals.tolist(), lasting.tolist(), strict=True)):
        begins = max(arrives, free[0])
        heapq.heapreplace(free, begins + lasts)
        waits[number] = begins - arrives
    settled = waits[_WARM:]
    return Waits(float(settled.mean()), *(float(each) for each in np.percentile(settled, [50, 95])))


def fewest(rate: float, services: Sequence[float], patience: float) -> tuple[int, Waits]:
    """Return the smallest number of workers with which 95 of 100 questions wait for less than ``patience`` seconds, and
    how long they then wait.
    """
    workers = max(1, math.ceil(rate * sum(services) / len(services)))  # fewer never catch up
    while (waits := simulate(rate, services, workers)).p95 >= patience:
        workers += max(1, workers // 50)
    return workers, waits
