"""The door to the reader: python -m evals.reader pairs|train|measure|export."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 done, 3 training was stopped and can go on."""
    parser = argparse.ArgumentParser(prog="python -m evals.reader", description=__doc__)
    parser.add_argument("command", choices=["pairs", "train", "measure", "export"])
    parser.add_argument(
        "--of", choices=["answers", "claims"], default="answers", help="train the reader, or the judge of claims"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of data sets (pairs, measure)")
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="where pairs, checkpoint and reader are")
    parser.add_argument("--pairs", type=int, default=66_000, metavar="N", help="about so many pairs (default 66000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--choose", type=float, default=0.5, help="weight of the loss over a question's sentences")
    parser.add_argument("--marks", type=float, default=0.3, help="weight of the loss over the answer's tokens")
    parser.add_argument("--from", type=Path, dest="file", metavar="FILE", help="pairs of another run (train)")
    parser.add_argument("--start", type=Path, metavar="RUN", help="begin with the weights of a run or file (train)")
    parser.add_argument(
        "--with",
        type=Path,
        action="append",
        default=[],
        dest="others",
        metavar="RUN",
        help="take the mean with the weights of another run or file (measure, export; may be repeated)",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        metavar="RUN",
        help="learn half from what a run or an exported reader says (train; of several, from their mean)",
    )
    parser.add_argument(
        "--base", type=Path, metavar="DIR", help="begin with this encoder, all-mpnet-base-v2 in its folder (train)"
    )
    parser.add_argument("--rate", type=float, default=6e-5, help="how far a step goes (train; default 6e-5)")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N groups of the pairs (train)")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where archives and cases are kept (measure)")
    parser.add_argument("--set", action="append", metavar="NAME", help="measure this data set only (may be repeated)")
    parser.add_argument(
        "--read", type=int, default=12, metavar="N", help="sentences of a question that are read (measure)"
    )
    parser.add_argument("--exported", action="store_true", help="measure RUN/reader.onnx, not the weights of training")
    parsed = parser.parse_args(arguments)
    if parsed.command in ("pairs", "measure") and parsed.data is None:
        parser.error(f"{parsed.command} needs --data DIR")
    if parsed.base and parsed.start:
        parser.error("--start has an encoder of its own: leave --base out")
    return int(globals()[f"_{parsed.command}"](parsed))


def _pairs(parsed: argparse.Namespace) -> int:
    from evals.reader import claims, pairs, questions

    if parsed.of == "claims":
        made = claims.pairs_of(parsed.data, parsed.seed)
    else:
        made = pairs.made(parsed.data, parsed.pairs, parsed.seed)
        asked = [item for item in questions.written(parsed.data / "newsquiz") if not item.kept]
        made += questions.pairs_of(asked, parsed.seed, max(pair.group for pair in made) + 1)
        found = questions.written(parsed.data / "newsquiz", questions.FOUND)
        made += questions.pairs_of_found([item for item in found if not item.kept], max(p.group for p in made) + 1)
    pairs.save(made, parsed.run / "pairs.jsonl.gz")
    print(json.dumps(pairs.counted(made), indent=1))
    return 0


def _train(parsed: argparse.Namespace) -> int:
    from evals.reader import pairs
    from evals.reader.training import Recipe, train
    from index.model.reader import READ

    found = pairs.load(parsed.file or parsed.run / "pairs.jsonl.gz")
    if parsed.limit:
        found = pairs.part(found, parsed.limit)
    recipe = Recipe(parsed.seed, rate=parsed.rate, choose=parsed.choose, marks=parsed.marks, read=READ)
    return 0 if train(found, parsed.run, recipe, parsed.start, parsed.teacher, parsed.base) else 3


def _measure(parsed: argparse.Namespace) -> int:
    import numpy as np

    from evals.memory import Remembering
    from evals.reader import cases, claims, network, training
    from evals.reader.measuring import figures_of
    from index.model import judge
    from index.model.reader import Network, Tokenizer, model_folder
    from index.model.runtime import Model

    cache = parsed.cache or parsed.run
    embedder = Remembering(Model(), cache / "vectors.sqlite3")
    tokenizer = Tokenizer(model_folder())
    if parsed.exported:
        words = parsed.run / "reader-words.npy"
        scores: Callable[..., Any] = Network(
            (parsed.run / "reader.onnx").read_bytes(), words if words.exists() else None
        ).scores
    else:
        scores = partial(network.scores, training.mean_of([parsed.run, *parsed.others]))
    file = parsed.run / ("figures-exported.json" if parsed.exported else "figures.json")
    figures = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if parsed.of == "claims":
        kept = [claim for claim in claims.written(parsed.data / "newsquiz") if claim.kept]
        tokens = tokenizer.encode([(judge.MARK + claim.text, claim.context, claim.evidence) for claim in kept])
        figures = claims.figures_of(kept, list(map(float, scores(tokens))))
        file.write_text(json.dumps(figures, indent=1), encoding="utf-8")
        print(json.dumps(figures, indent=1))
        return 0
    for name in parsed.set or cases.SETS:
        found = [case.first(parsed.read) for case in cases.cases_of(parsed.data, name, embedder, cache)]
        figures[name] = figures_of(found, lambda texts: np.asarray(scores(tokenizer.encode(texts))))
        file.write_text(json.dumps(figures, indent=1), encoding="utf-8")
        print(json.dumps({name: figures[name]}), flush=True)
    return 0


def _export(parsed: argparse.Namespace) -> int:
    from evals.reader import export, pairs, training
    from index.model.reader import READ, Tokenizer, model_folder

    folder = model_folder()
    made = training.mean_of([parsed.run, *parsed.others])
    held = [pair for pair in pairs.load(parsed.file or parsed.run / "pairs.jsonl.gz") if pair.held_out]
    tokens = Tokenizer(folder).encode([(pair.question, pair.context, pair.sentence) for pair in held], READ)
    encoder = export.trained(made, folder)
    figures, file = export.compared(made, encoder, tokens, [pair.label for pair in held])
    (parsed.run / "reader.onnx").write_bytes(file)
    export.saved_words(encoder, parsed.run)
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
