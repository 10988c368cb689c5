"""The bot's figures: counts and times by kind, never a word of what was asked, nor who asked it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.registry import Collector

from bot.answer.desk import Reply
from bot.journal.tables import JOURNAL_ERRORS

REGISTRY = CollectorRegistry()  # not the library's own: nothing else of this process gets into the figures

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

questions = Counter(
    "newsdesk_questions",
    "Questions that came to an end, by outcome: answered, unsure, refused, hint, trouble, left, stopped, failed",
    ["outcome"],
    registry=REGISTRY,
)
stages = Histogram(
    "newsdesk_stage_seconds",
    "Time of a stage of answering: search, answer, check, total",
    ["stage"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
waits = Histogram(
    "newsdesk_wait_seconds", "From a question that is heard to its answer in Slack", buckets=_SECONDS, registry=REGISTRY
)
dropped = Counter(
    "newsdesk_dropped_sentences",
    "Sentences that the checker dropped, by what was wrong with them",
    ["reason"],
    registry=REGISTRY,
)
slack_calls = Counter(
    "newsdesk_slack_calls",
    "Calls of Slack, by method and result: ok, refused, slowed, unclear",
    ["method", "result"],
    registry=REGISTRY,
)
slack_retries = Counter(
    "newsdesk_slack_retries", "Calls of Slack that were made again, by method", ["method"], registry=REGISTRY
)
waiting = Gauge("newsdesk_questions_waiting", "Questions of this process that nobody works on yet", registry=REGISTRY)
in_hand = Gauge("newsdesk_questions_in_hand", "Questions of this process that are being answered", registry=REGISTRY)

# A word of a reason → its label. There are these labels only, so that no word of an answer becomes one.
_REASONS = {
    "key": "key",
    "number": "number",
    "name": "name",
    "date": "date",
    "cit": "citation",
    "quote": "quote",
    "stand": "quote",
    "say": "quote",
}


def count_reply(reply: Reply) -> None:
    """Count how long the stages of a reply took, and what was dropped from it."""
    for stage, spent in reply.timings_ms.items():
        if stage in ("search", "answer", "check", "total"):
            stages.labels(stage).observe(spent / 1_000)
    for sentence in reply.result.dropped:
        reason = next((label for sign, label in _REASONS.items() if sign in sentence.reason), "other")
        dropped.labels(reason).inc()


def count_end(outcome: str, received: float) -> None:
    """Count a question that came to an end, and its wait since it was ``received`` (seconds since 1970)."""
    questions.labels(outcome).inc()
    if outcome in ("answered", "unsure", "refused"):
        waits.observe(max(0.0, time.time() - received))


def watch_queue(count_waiting: Callable[[], int], count_in_hand: Callable[[], int]) -> None:
    """Read the length of the queue whenever the figures are read."""
    waiting.set_function(lambda: _read(count_waiting))
    in_hand.set_function(lambda: _read(count_in_hand))


def registry(archive: Collector) -> CollectorRegistry:
    """Return the figures of /metrics: those of this process and those of its archive."""

    class Both(CollectorRegistry):
        def collect(self) -> Iterator[Metric]:
            yield from REGISTRY.collect()
            yield from archive.collect()

    return Both()


def _read(count: Callable[[], int]) -> float:
    try:
        return count()
    except JOURNAL_ERRORS:  # no figure is better than no figures
        return float("nan")
