"""The judge: whether a sentence follows from what an article says, told by a small model of our own.

It is the network of the reader (index/model/reader.py) with other weights: claim, what stands before the evidence, the
evidence → a number, above 0 if the claim follows. ``evals/reader`` trained it (docs/understand/checker.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from index.model.embedder import reader as cross_encoder
from index.model.reader import OFF, SMALL, Reader, SmallReader

Judge = Reader
"""Tells of each (what stands before, evidence) how surely a claim follows from it: above 0 if it does."""

FILE = Path(__file__).parent / "weights" / "judge.onnx"
_SHA256 = "e18d9d6774610b4e63ba4a043232107b1e39f36feddd8a5cafa3b24d51a8b264"
READ = (80, 40, 160)  # tokens of claim, context and evidence that are read


def judge_of(name: str) -> Judge | None:
    """Load a judge by its name, None if it is off. Raises ModelError."""
    return None if name == OFF else _small() if name == SMALL else cross_encoder(name, "judge", "NEWSDESK_CHECK__JUDGE")


def _small() -> Judge:
    model = SmallReader.load(FILE, _SHA256, "judge", "NEWSDESK_CHECK__JUDGE=off")

    def judge(claim: str, evidence: Sequence[tuple[str, str]]) -> list[float]:
        return model.scores(model.tokenizer.encode([(claim, before, said) for before, said in evidence], READ))

    return judge
