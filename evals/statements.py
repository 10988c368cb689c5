"""Are the speakers right: precision and recall of index/statements.py on sentences labelled by hand.

evals/statements.jsonl holds, for every sentence of 30 articles of the newsquiz set that reports somebody's words, the
article's id, the place in its text and the speaker; ``"speaker": null`` marks sentences that can be read either way and
do not count, a line without a place an article in which nobody speaks. Alternatives are separated by a bar. All other
sentences of these articles report nobody's words. The rules were written with the ``dev`` articles in view; those of
``test`` were labelled afterwards and looked at only to count.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.metrics import precision_recall_f1
from index.sentences import spans
from index.statements import statements
from index.text import terms

LABELS = Path(__file__).with_name("statements.jsonl")


def run(data: Path, show: bool = False) -> dict[str, Any]:
    """Return precision, recall and F1 of "this sentence is a statement" and of "and this is its speaker".

    A speaker is right if the last word of the label's name is among the words of the speaker found. Raises
    FileNotFoundError.
    """
    labels: dict[str, dict[tuple[int, int], str | None]] = defaultdict(dict)
    held_out: set[str] = set()
    for line in LABELS.read_text().splitlines():
        row = json.loads(line)
        labels[row["article"]].update({(row["start"], row["end"]): row["speaker"]} if "start" in row else {})
        held_out |= {row["article"]} if row["set"] == "test" else set()
    with gzip.open(data / "newsquiz" / "corpus.jsonl.gz", "rt") as stream:
        texts = {row["id"]: row["text"] for row in map(json.loads, stream) if row["id"] in labels}
    sets = {"dev": labels.keys() - held_out, "test": held_out}
    return {name: _measured(sorted(articles), labels, texts, show) for name, articles in sets.items()}


def _measured(
    articles: Sequence[str],
    labels: Mapping[str, Mapping[tuple[int, int], str | None]],
    texts: Mapping[str, str],
    show: bool,
) -> dict[str, Any]:
    hit = right = found = wanted = 0
    for article in articles:
        places = spans(texts[article])
        by_sentence = defaultdict(list)
        for statement in statements([texts[article][start:end] for start, end in places]):
            by_sentence[statement.index].append(statement)
        for index, place in enumerate(places):
            label, guesses = labels[article].get(place, ""), by_sentence[index]
            if label is None:
                continue
            is_right = bool(label) and any(_same(name, guess.speaker) for name in label.split("|") for guess in guesses)
            wanted += bool(label)
            found += bool(guesses)
            hit += bool(label) and bool(guesses)
            right += is_right
            if show and (bool(label) != bool(guesses) or (label and not is_right)):
                print(f"{label!r:40} {[g.speaker for g in guesses]!r:40} {texts[article][slice(*place)][:170]}")
    return {
        "labelled": wanted,
        "found": found,
        "statement": precision_recall_f1(hit, found, wanted),
        "speaker": precision_recall_f1(right, found, wanted),
    }


def _same(label: str, guess: str) -> bool:
    wanted = terms(label)
    return bool(wanted) and wanted[-1] in terms(guess)


def main() -> None:
    """Run as ``python -m evals.statements --data DIR``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--show",
        action="store_true",
        help="print the sentences that are wrong (they are others' texts: do not publish them)",
    )
    options = parser.parse_args()
    print(json.dumps(run(options.data, options.show), indent=1))


if __name__ == "__main__":
    main()
