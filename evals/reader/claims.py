"""Sentences written by hand about news articles in the manner of language models, true and subtly false.

``claims.jsonl`` has a pair a line: ``article`` (of data/newsquiz), ``evidence`` (the sentences that both rest on, as
characters of its text), ``true``, ``false``, and ``kind``, in what the false one is wrong.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from evals.metrics import auc
from evals.reader.items import rows
from evals.reader.pairs import Pair
from index.model.judge import MARK
from index.model.reader import context_of
from index.sentences import spans
from index.text import is_prose, terms

FILE = Path(__file__).with_suffix(".jsonl")
# Sets of claims whose licence allows weights to be published, as their sources state it.
SETS = {
    "snli_dev": "CC BY-SA 4.0",
    "fever": "CC BY-SA 3.0",
    "fever_symmetric": "CC BY-SA 3.0",
    "foolmetwice": "Apache 2.0",
    "scitail_test": "Apache 2.0",
    "summedits_ectsum": "Apache 2.0",
    "summedits_qmsumm": "Apache 2.0",
    "summedits_sales_call": "Apache 2.0",
    "summedits_sales_email": "Apache 2.0",
    "summedits_scitldr": "Apache 2.0",
}
_KEPT = 20  # of 256 articles, kept from training to measure
_ELSEWHERE = 0.25  # of the true sentences are shown beside other sentences of their article, too
_MOST = 900  # characters of a passage of the sets
_SETS = 12_000  # pairs of the sets
NAME = "claims"


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, what stands before its evidence, the evidence, and whether it follows."""

    article: str
    text: str
    context: str
    evidence: str
    true: bool
    kind: str
    group: int

    @property
    def kept(self) -> bool:
        """Tell whether its article is kept from training."""
        return hashlib.sha256(self.article.encode()).digest()[0] < _KEPT

    @property
    def blind(self) -> bool:
        """Tell whether its article is of the half that nothing is tuned on."""
        return hashlib.sha256(self.article.encode()).digest()[1] % 2 == 0


def written(newsquiz: Path, file: Path = FILE) -> Iterator[Claim]:
    """Yield the sentences with their evidence, which stands in the folder of newsquiz."""
    asked: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    with open(file, encoding="utf-8") as stream:
        for group, row in enumerate(map(json.loads, stream)):
            asked.setdefault(row["article"], []).append((group, row))
    with gzip.open(newsquiz / "corpus.jsonl.gz", "rt", encoding="utf-8") as stream:
        for article in map(json.loads, stream):
            for group, row in asked.get(article["id"], ()):
                yield from _of_row(article, row, group)


def _of_row(article: dict[str, Any], row: dict[str, Any], group: int) -> Iterator[Claim]:
    text, places = article["text"], [(int(start), int(end)) for start, end in row["evidence"]]
    every = spans(text)
    evidence = " ".join(text[start:end] for start, end in places)
    before = next((text[s:e] for s, e in reversed(every) if e <= places[0][0]), "")
    context = context_of(article["title"] or "", article["date"] or "", "", before)
    for true in (True, False):
        yield Claim(article["id"], row["true" if true else "false"], context, evidence, true, row["kind"], group)
    near = [(s, e) for s, e in every if is_prose(text[s:e]) and all(e <= start or end <= s for start, end in places)]
    if near and hashlib.sha256(row["true"].encode()).digest()[0] < 256 * _ELSEWHERE:
        said = set(terms(row["true"]))
        s, e = max(near, key=lambda place: len(said & set(terms(text[slice(*place)]))))
        yield Claim(article["id"], row["true"], context, text[s:e], False, "elsewhere", group)


def pairs_of(data: Path, seed: int) -> list[Pair]:
    """Return the pairs of the sets and of the sentences written by hand, those kept for measuring left out."""
    found = [
        Pair(MARK + row["claim"], "", row["passage"], row["label"], "answers" if row["label"] else "claim", name, 0)
        for name in SETS
        for row in rows(data / "reader", name)
        if len(row["passage"]) < _MOST and row["label"] in (0, 1) and row["claim"].strip()
    ]
    Random(seed).shuffle(found)  # noqa: S311  no secret
    found = [replace(pair, group=-number) for number, pair in enumerate(found[:_SETS], 1)]
    for claim in written(data / "newsquiz"):
        if not claim.kept:
            kind = "answers" if claim.true else claim.kind
            found.append(
                Pair(MARK + claim.text, claim.context, claim.evidence, int(claim.true), kind, NAME, claim.group)
            )
    return found


def figures_of(claims: Sequence[Claim], scores: Sequence[float]) -> dict[str, Any]:
    """Return for each half of the kept sentences the AUC of the true against the false, also by kind, and the share of
    the true that score above all but a few of the false.
    """
    found: dict[str, Any] = {}
    for half in ("dev", "blind"):
        own = [(c, s) for c, s in zip(claims, scores, strict=True) if c.kept and c.blind == (half == "blind")]
        yes, no = ([score for claim, score in own if claim.true == true] for true in (True, False))
        kinds = sorted({claim.kind for claim, _ in own if not claim.true})
        found[half] = {
            "true": len(yes),
            "AUC": auc(yes, no),
            **{kind: auc(yes, [s for c, s in own if not c.true and c.kind == kind]) for kind in kinds},
            **{f"true shown at {share} of the false": _shown(yes, no, share) for share in (0.03, 0.05, 0.1)},
        }
    return found


def _shown(yes: Sequence[float], no: Sequence[float], share: float) -> float:
    bound = sorted(no, reverse=True)[int(len(no) * share)]
    return round(sum(score > bound for score in yes) / len(yes), 4)
