"""A question with the sentence that answers it and the sentences about it: the data sets and news in one form."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.metrics import normalised
from index.model.reader import context_of
from index.sentences import spans
from index.text import terms

# Sets whose licence allows weights to be published, as their sources state it, and how many positive pairs of each are
# taken at most. Left out: SQuADShifts' Reddit and Amazon parts and TweetQA (users' posts), MNLI and WiCE (unclear).
SETS: dict[str, tuple[str, int]] = {
    "squad2_train_part": ("CC BY-SA 4.0", 4_400),
    "squad_sentences": ("CC BY-SA 4.0", 7_500),
    "squadshifts_new_wiki": ("CC BY 4.0", 6_000),
    "selqa": ("Apache 2.0", 2_400),
    "qed_nq": ("CC BY-SA 3.0", 1_400),
    "covidqa": ("Apache 2.0", 700),
    "qamr": ("MIT", 1_500),
}
NEAR_MISSES = ("squad2_cr_pairs", "CC BY-SA 4.0; annotation MIT")

_LONGEST = 1_200  # characters of a sentence


@dataclass(frozen=True, slots=True)
class Item:
    """A question and the sentences of a paragraph, of which ``sentences[gold]`` answers.

    ``wrong`` are questions that this sentence does not answer, ``unclear`` numbers of sentences that may answer too.
    """

    set: str
    document: str
    question: str
    sentences: tuple[str, ...]
    gold: int
    title: str = ""
    date: str = ""
    heading: str = ""
    answer: str = ""
    wrong: tuple[str, ...] = ()
    unclear: frozenset[int] = field(default_factory=frozenset)

    def context(self, index: int) -> str:
        """Return what is read before a sentence."""
        return context_of(self.title, self.date, self.heading, self.sentences[index - 1] if index else "")


def rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a data set in the normal form. Raises FileNotFoundError."""
    with lzma.open(folder / f"{name}.jsonl.xz", "rt", encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            if "question" in row:
                row["question"] = re.sub(r"(?<=\w) - (?=\w)|\s+(?=\?)", _joined, row["question"])
            yield row


def _joined(match: re.Match[str]) -> str:
    """Write "sub - saharan" and "who ?" as people do: only some sets split words so, which would tell them apart."""
    return match.group().strip()


def items_of(folder: Path, name: str) -> Iterator[Item]:
    """Yield the answerable questions of a data set."""
    for row in rows(folder, name):
        if row["label"] == 1:
            item = _item(row)
            if item is not None:
                yield item


def _item(row: dict[str, Any]) -> Item | None:
    """Make an item of a row; None if no sentence, or more than one in different parts, holds the answer."""
    passage, answers = row["passage"], [answer for answer in row.get("answers", ()) if answer]
    document = row.get("title") or row["id"].rsplit(":", 1)[0]
    if "sentences" in row:
        sentences, gold = tuple(row["sentences"]), row["gold"][0]
    elif row["set"] in ("squad_sentences", "qamr"):
        sentences, gold = (passage,), 0
    else:
        places = spans(passage)
        sentences = tuple(passage[start:end] for start, end in places)
        if "start" in row:
            gold = next((at for at, (start, end) in enumerate(places) if start <= int(row["start"]) < end), -1)
        else:
            gold = next((at for at, text in enumerate(sentences) if answers and answers[0] in text), -1)
    if gold < 0 or len(sentences[gold]) > _LONGEST or len(row["question"].split()) < 3:
        return None
    answer = next((answer for answer in answers if answer in sentences[gold]), "")
    wanted = [normalised(each) for each in answers if normalised(each).strip()] if "sentences" not in row else []
    unclear = {
        at
        for at, text in enumerate(sentences)
        if at != gold
        and (
            at in row.get("gold", ())
            or any(each in normalised(text) for each in wanted)
            or not terms(text)
            or len(text) > _LONGEST
        )
    }
    return Item(
        row["set"],
        document,
        row["question"],
        sentences,
        gold,
        title=(row.get("title") or "").replace("_", " "),
        answer=answer,
        unclear=frozenset(unclear),
    )
