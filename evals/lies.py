"""A scripted model that lies in half of its sentences over real passages: what share of the lies reaches the user, and
of the truth.

Made by evals/liars.py from the newsquiz set: 200 passages to report, 200 of other articles to tune on. Every sentence
goes through the checker alone, with the keys of its own passage and of two others in hand.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bot.check.checker import SentenceChecker
from bot.check.judge import Judge
from bot.reply import Dropped
from evals.check import judge_named
from evals.data import load
from evals.liars import LIES, TRUE, Material
from evals.metrics import mean
from index.articles import Article, Hit, Source
from index.dates import parse_date
from index.model.embedder import Embedder
from index.sentences import spans
from index.text import passages_of

_PASSAGES = 200
_EACH = 4  # true sentences of a passage, and as many lies
_SEED = 6


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence of the scripted model: its kind, whether it is true, the keys it cites."""

    kind: str
    true: bool
    text: str
    key: str


def run(
    data: Path, embedder: Embedder | None = None, half: str = "both", *, judge: str = "own", show: bool = False
) -> dict[str, Any]:
    """Return the shares kept of true sentences and of lies, by half and kind, and how much computing a sentence
    takes.
    """
    if embedder is None:
        from settings import Settings

        embedder = Settings().embedder()
    halves = ("dev", "test") if half == "both" else (half,)
    tells = judge_named(judge)
    return {"figures": {f"{name} articles": _measured(name, data, embedder, tells, show) for name in halves}}


def _measured(half: str, data: Path, embedder: Embedder, tells: Judge | None, show: bool) -> dict[str, Any]:
    kept: dict[bool, dict[str, list[float]]] = {True: defaultdict(list), False: defaultdict(list)}
    spent: list[float] = []
    for passages, written in _scripts(half, data):
        for sentence in written:
            checker = SentenceChecker(passages, embedder, tells)
            began = time.process_time()
            result = checker.take(f"{sentence.text} [{sentence.key}]")
            spent.append(time.process_time() - began)
            passed = not isinstance(result, Dropped)
            kept[sentence.true][sentence.kind].append(float(passed))
            if show and passed != sentence.true:
                reason = result.reason if isinstance(result, Dropped) else "KEPT"
                print(f"{'TRUE' if sentence.true else 'LIE '} {sentence.kind} | {reason} | {sentence.text}")
                if not sentence.true:
                    print("     = ", *(c.quote for c in checker.citations))
    return {
        "true sentences kept": mean([value for values in kept[True].values() for value in values]),
        "lies that passed": mean([value for values in kept[False].values() for value in values]),
        "true kept": {kind: mean(values) for kind, values in sorted(kept[True].items())},
        "lies passed": {kind: mean(values) for kind, values in sorted(kept[False].items())},
        "CPU ms a sentence (median)": round(1000 * statistics.median(spent), 1),
        "CPU ms a sentence (95 %)": round(1000 * statistics.quantiles(spent, n=20)[-1], 1),
    }


def _scripts(half: str, data: Path) -> Iterator[tuple[dict[str, Hit], list[Written]]]:
    """Yield what the model saw (its passage and two others) and what it wrote, passage by passage."""
    articles = [_article(row) for row in load(data / "newsquiz").articles]
    mine = [
        a for a in articles if ("dev" if hashlib.sha256(a.source.id.encode()).digest()[0] % 2 == 0 else "test") == half
    ]
    draw = Random(_SEED)  # noqa: S311
    order = draw.sample(mine, len(mine))
    done, count = 0, Counter[str]()
    for article, other, third in zip(order, order[1:], order[2:], strict=False):
        hits = [hit for one in (article, other, third) if (hit := _hit(one, draw))]
        if len(hits) < 3:
            continue
        passages = {f"k{n}{draw.randrange(16**4):04x}": hit for n, hit in enumerate(hits)}
        written = _written(passages, draw, count)
        if written:
            done += 1
            yield passages, written
        if done == _PASSAGES:
            return


def _written(passages: dict[str, Hit], draw: Random, count: Counter[str]) -> list[Written]:
    own, *others = passages
    hit, away = passages[own], passages[others[0]]
    inside, elsewhere = _sentences(hit), _sentences(away)
    able = [
        s
        for s in inside
        if 8 <= len(s.split()) <= 40
        and s.endswith((".", ".”", '."'))
        and s[0].isupper()
        and "  " not in s
        and "@" not in s
        and "http" not in s
    ]
    if not able or not elsewhere:
        return []
    found: dict[bool, list[Written]] = {True: [], False: []}
    for true, kinds in ((True, TRUE), (False, LIES)):
        for kind in sorted(draw.sample(list(kinds), len(kinds)), key=lambda kind: count[kind]):  # the rare ones first
            for sentence in draw.sample(able, len(able)):
                text = kinds[kind](Material(sentence, hit.article, inside, elsewhere), draw)
                if text and (true or kind == "wrong key" or text not in hit.article.text):
                    found[true].append(Written(kind, true, text, own if kind != "wrong key" else draw.choice(others)))
                    break
            if len(found[true]) == _EACH:
                break
    most = min(map(len, found.values()))
    chosen = [item for true in (True, False) for item in found[true][:most]]
    count.update(item.kind for item in chosen)
    return chosen


def _sentences(hit: Hit) -> list[str]:
    return [hit.passage.text[start:end] for start, end in spans(hit.passage.text)]


def _hit(article: Article, draw: Random) -> Hit | None:
    fit = [
        p for p in passages_of(article) if len(p.text.split()) > 50 and len(re.findall(r"[.!?][\"”]?\s", p.text)) >= 2
    ]
    return Hit(draw.choice(fit), article, 1.0, 1.0, 1.0) if fit else None


def _article(row: dict[str, Any]) -> Article:
    source = Source(
        row["id"],
        row.get("title", ""),
        row.get("source"),
        published=parse_date(row["date"]) if row.get("date") else None,
    )
    return Article.of(source, row["text"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run as ``python -m evals.lies --data DIR --half dev --show``: the sentences themselves are others' texts, do not
    publish them.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("dev", "test", "both"), default="dev")
    parser.add_argument("--judge", default="own", help="own, off, a cross-encoder, or yes: the guards alone")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args(arguments)
    print(json.dumps(run(options.data, half=options.half, judge=options.judge, show=options.show), indent=1))


if __name__ == "__main__":
    main()
