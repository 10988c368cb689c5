"""The judge: whether a sentence follows from what an article says, told by the reader's large network.

The network (index/model/reader.py) has learned both: whether a sentence answers a question, and whether a claim, marked
as one, follows from its evidence (docs/understand/checker.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from index.model.embedder import reader as cross_encoder
from index.model.reader import OFF, OWN, Reader, large

Judge = Reader
"""Tells of each (what stands before, evidence) how surely a claim follows from it: above 0 if it does."""

MARK = "claim: "  # stands before a claim, so that the network does not take it for a question


def judge_of(name: str) -> Judge | None:
    """Load a judge by its name, None if it is off. Raises ModelError."""
    if name != OWN:
        return None if name == OFF else cross_encoder(name, "judge", "NEWSDESK_CHECK__JUDGE")
    network = large("judge", "NEWSDESK_CHECK__JUDGE=off")

    def judge(claim: str, evidence: Sequence[tuple[str, str]]) -> list[float]:
        return network(MARK + claim, evidence)

    return judge
