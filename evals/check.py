"""Does the checker agree with people: sentences about news articles that people judged to be supported or not.

Each claim goes through the checker with every passage of its article cited; beside it, what one would use without a
checker: the nearest sentence by the same vectors, and how much of the claim stands in the article (ROUGE-L, words). A
half of the articles is for tuning: the bounds of the simple measures are the best of that half.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.check.checker import SentenceChecker
from bot.check.judge import Judge
from bot.reply import Dropped
from evals.metrics import auc
from index.articles import Article, Hit, Source
from index.model.embedder import Embedder, Vectors
from index.sentences import spans
from index.text import passages_of, words

SETS = ("qags", "news_claims")
_KINDS = {"claim_support_cnndm": "cnndm", "claim_support_xsum": "xsum"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim, what people said, what the checker said, and what each measure gives it."""

    kind: str
    half: str
    supported: bool
    kept: bool
    reason: str
    scores: Mapping[str, float]


def judge_named(name: str) -> Judge | None:
    """Return a judge by its name; "yes" says always yes, so that the guards are seen alone."""
    if name == "yes":
        return Judge(lambda asked: [True] * len(asked), every_language=True)
    from bot.wiring import judge_of

    return judge_of(name)


def run(
    data: Path,
    embedder: Embedder | None = None,
    halves: Sequence[str] = ("dev", "test"),
    *,
    judge: str = "own",
    show: bool = False,
) -> dict[str, Any]:
    """Return balanced accuracy, kappa and AUC of the checker and of simple measures by half and kind of text."""
    if embedder is None:
        from settings import Settings

        embedder = Settings().embedder()
    tells = judge_named(judge)
    judged = [item for name in SETS for item in _judged(data / name, embedder, halves, tells, show)]
    tuned = [item for item in judged if item.half == halves[0]]
    bounds = {name: _best(tuned, name) for name in tuned[0].scores}
    figures: dict[str, Any] = {}
    for half in (*halves, "both"):
        of_half = [item for item in judged if half in ("both", item.half)]
        figures[half] = {
            "checker": _agreement(of_half, lambda item: item.kept),
            **{name: _agreement(of_half, _above(name, bound)) for name, bound in bounds.items()},
        }
        for name in bounds:
            yes, no = ([item.scores[name] for item in of_half if item.supported == side] for side in (True, False))
            figures[half][name]["AUC"] = auc(yes, no)
    kinds = {
        kind: _agreement([item for item in judged if item.kind == kind], lambda item: item.kept)
        for kind in sorted({item.kind for item in judged})
    }
    # What stands in a bracket is the set's own text.
    why = Counter(re.sub(r"\[.*\]|\(.*\)", "…", item.reason) for item in judged if not item.kept and item.supported)
    return {
        "claims": len(judged),
        "figures": figures,
        "by set": kinds,
        "bounds": bounds,
        "supported, dropped": dict(why.most_common()),
    }


def _judged(folder: Path, embedder: Embedder, halves: Sequence[str], tells: Judge | None, show: bool) -> list[Judged]:
    articles = {row["id"]: row for row in rows(folder / "corpus.jsonl")}
    found = []
    sentences: dict[str, Vectors] = {}
    for row in rows(folder / "queries.jsonl"):
        gold = articles[row["gold_ids"][0]]
        half = "dev" if hashlib.sha256(gold["id"].encode()).digest()[0] % 2 == 0 else "test"
        if half not in halves:
            continue
        article = Article.of(Source(gold["id"], gold["title"], gold["source"]), _written(gold["text"]))
        if gold["id"] not in sentences:
            sentences[gold["id"]] = embedder.embed([article.text[start:end] for start, end in spans(article.text)])
        passages = {f"k{n}": Hit(passage, article, 1.0, 1.0, 1.0) for n, passage in enumerate(passages_of(article))}
        written = f"{_written(row['claim'])} [{', '.join(passages)}]"
        result = SentenceChecker(passages, embedder, tells).take(written)
        item = Judged(
            f"{folder.name} {_KINDS[row['type']]}",
            half,
            row["answers"][0] == "supported",
            not isinstance(result, Dropped),
            result.reason if isinstance(result, Dropped) else "",
            _simple(row["claim"], article.text, sentences[gold["id"]], embedder),
        )
        found.append(item)
        if show and item.kept != item.supported:
            print("supported" if item.supported else "NOT", "|", item.reason or "kept", "|", row["claim"])
    return found


def _written(text: str) -> str:
    """Return a text as it was written: one of the sets parts numbers and hyphens by spaces ("10, 000", "33 - year -
    old").
    """
    joined = re.sub(r"(?<=\d), (?=\d{3}\b)|(?<=\d)\. (?=\d)", lambda match: match.group()[0], text)
    return (
        re.sub(r"(?<=\w) - (?=\w)", "-", joined)
        .replace("``", '"')
        .replace("''", '"')
        .replace("$ ", "$")
        .replace("£ ", "£")
    )


def _simple(claim: str, text: str, vectors: Vectors, embedder: Embedder) -> dict[str, float]:
    near = vectors @ embedder.embed([claim])[0]
    mine, its = [word.lower() for word in words(claim)], [word.lower() for word in words(text)]
    return {
        "cosine alone": float(near.max()),
        "ROUGE-L alone": _common(mine, its) / max(1, len(mine)),
        "words alone": sum(word in set(its) for word in mine) / max(1, len(mine)),
    }


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for j, its in enumerate(other, start=1):
            before, row[j] = row[j], before + 1 if word == its else max(row[j], row[j - 1])
    return row[-1]


def _above(name: str, bound: float) -> Callable[[Judged], bool]:
    return lambda item: item.scores[name] >= bound


def _best(judged: Sequence[Judged], name: str) -> float:
    bounds = sorted({round(item.scores[name], 3) for item in judged})
    return max(bounds, key=lambda bound: float(_agreement(judged, _above(name, bound))["balanced accuracy"]))


def _agreement(judged: Sequence[Judged], kept: Callable[[Judged], bool]) -> dict[str, float]:
    """Return balanced accuracy, Cohen's kappa, the share of supported claims kept and of unsupported ones dropped."""
    count = Counter((item.supported, kept(item)) for item in judged)
    yes, no, total = (
        count[True, True] + count[True, False],
        count[False, True] + count[False, False],
        max(1, len(judged)),
    )
    right, dropped = count[True, True] / max(1, yes), count[False, False] / max(1, no)
    agreed = (count[True, True] + count[False, False]) / total
    said = (count[True, True] + count[False, True]) / total
    chance = said * yes / total + (1 - said) * no / total
    return {
        "balanced accuracy": round((right + dropped) / 2, 3),
        "kappa": round((agreed - chance) / (1 - chance), 3) if chance < 1 else 0.0,
        "supported kept": round(right, 3), "unsupported dropped": round(dropped, 3), "n": len(judged),
    }  # fmt: skip


def rows(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run as ``python -m evals.check --data DIR --half dev --show``: the sentences themselves are others' texts, do not
    publish them.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("dev", "test", "both"), default="dev")
    parser.add_argument("--judge", default="own", help="own, off, a cross-encoder, or yes: the guards alone")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args(arguments)
    halves = ("dev", "test") if options.half == "both" else (options.half,)
    print(json.dumps(run(options.data, None, halves, judge=options.judge, show=options.show), indent=1))


if __name__ == "__main__":
    main()
