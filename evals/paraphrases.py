"""Sentences as a fluent model writes them, true and subtly false, through the real path: what does a reader see?

A scripted model gets the prompt of a real question and answers with one sentence under the keys of the passages that
hold its evidence; rows whose evidence is not all in the prompt are not counted. Ours are in evals/paraphrases.jsonl,
about sample_articles, written without the checker in view: ``manner`` says how a true sentence differs from the text
and in what a false one is wrong. With ``--data DIR`` those of DIR/paraphrases too, about DIR/../articles. The blind
half has an even first byte of the SHA-256 of id (or sentence).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, Literal

from bot.answer.desk import Desk, Reply, Request
from bot.check.judge import Judge
from bot.reply import Answer, NoAnswer, Sentence
from bot.write.desk import WrittenDesk
from bot.write.llm import Llm, Tally
from evals.check import judge_named, rows
from evals.data import squashed
from evals.metrics import mean
from evals.own import ARTICLES
from index.archive import Archive
from index.ingest.changes import Options
from index.ingest.report import Progress
from index.ingest.run import run as ingest
from index.model.embedder import Embedder
from index.sentences import spans
from index.store.catalog import writer_lock
from settings import LlmSettings

OWN = Path(__file__).with_suffix(".jsonl")
_PASSAGE = re.compile(r"<<<passage \[(\w+)\] \w+>>>\n(.*?)<<<end of passage", re.S)


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence that a model may write for a question, and a string of each passage that it rests on."""

    question: str
    today: date
    sentence: str
    evidence: tuple[str, ...]
    true: bool
    blind: bool
    kind: str


class ScriptedLlm(Llm):
    """A model that answers every question with one row's sentence, and as a judge tells whether the row is true."""

    def __init__(self, *, words: bool) -> None:
        """``words``: it writes down the words that it rests on, too."""
        self.name, self._words = "scripted", words
        self.row: Row | None = None
        self.found = False  # whether every evidence stood in the passages of the prompt
        self.ended = 0.0

    def cost(self, _: Tally) -> float | None:
        """Cost nothing."""
        return None

    def write(self, _: str, asked: str, *__: object) -> Generator[str, None, None]:
        """Write the sentence of the row."""
        assert self.row is not None
        passages = _PASSAGE.findall(asked)
        if not passages:  # it is asked to judge
            pairs = asked.count("<<<pair ")
            yield "\n".join(f"{number} {'yes' if self.row.true else 'no'}" for number in range(1, pairs + 1))
            return
        marks = []
        self.found = True
        for wanted in self.row.evidence:
            key, text = next(((key, text) for key, text in passages if squashed(wanted) in squashed(text)), (None, ""))
            self.found &= key is not None
            words = next((text[a:b] for a, b in spans(text) if squashed(wanted) in squashed(text[a:b])), wanted)
            marks.append((key or passages[0][0], words))
        tail = "".join(f'[{key}: "{words}"]' if self._words else f"[{key}]" for key, words in dict(marks).items())
        yield f"{self.row.sentence.rstrip('.')} {tail}."
        self.ended = monotonic()


def run(
    data: Path | None = None,
    embedder: Embedder | None = None,
    halves: Sequence[str] = ("dev", "blind"),
    *,
    words: bool = False,
    judge: str = "own",
    show: bool = False,
) -> dict[str, Any]:
    """Return the figures of every set, by half; the judge "llm" knows the truth."""
    if embedder is None:
        from settings import Settings

        embedder = Settings().embedder()
    tells: Judge | Literal["llm"] | None = "llm" if judge == "llm" else judge_named(judge)
    sets = {"own": (OWN, ARTICLES)} if OWN.exists() else {}
    if data is not None:
        sets["paraphrases"] = (data / "paraphrases" / "sentences.jsonl", data.parent / "articles")
    figures: dict[str, Any] = {}
    for name, (file, articles) in sets.items():
        with archive_of(articles, embedder) as archive:
            for half in halves:
                chosen = [row for row in map(_row, rows(file)) if row.blind == (half == "blind")]
                llm = ScriptedLlm(words=words)
                settings = LlmSettings(model="openai-like:scripted")
                desk = WrittenDesk(Desk(archive, embedder), llm, embedder, settings, tells)
                figures[f"{name}, {half}"] = _figures(desk, llm, chosen, show=show and half == "dev")
    return {"figures": figures}


@contextmanager
def archive_of(articles: Path, embedder: Embedder) -> Iterator[Archive]:
    """Ingest a folder of articles for a block."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder), create=True)
        try:
            with writer_lock(Path(folder)):
                ingest(archive, embedder, Options([str(articles.resolve())]), Progress())
            yield archive
        finally:
            archive.close()


def _row(line: dict[str, Any]) -> Row:
    id_ = str(line.get("id") or line["sentence"])
    return Row(
        line["question"],
        date.fromisoformat(line["today"]),
        line["sentence"],
        tuple(line["evidence"]),
        line["true"],
        hashlib.sha256(id_.encode()).digest()[0] % 2 == 0,
        line.get("manner", ""),
    )


def _figures(desk: WrittenDesk, llm: ScriptedLlm, chosen: Sequence[Row], *, show: bool) -> dict[str, Any]:
    kept, worded, refused, false, denied, found, waits = [], [], [], [], [], [], []
    for row in chosen:
        llm.row = row
        first = 0.0
        reply: Sentence | Reply | None = None
        for item in desk.stream(Request(row.question, row.today)):
            first, reply = first or monotonic(), item
        assert isinstance(reply, Reply)
        result = reply.result
        own = isinstance(result, Answer) and any(
            squashed(row.sentence).rstrip(".") == squashed(sentence.text).rstrip(".") for sentence in result.sentences
        )
        quotes = [squashed(c.quote) for c in result.citations] if isinstance(result, Answer) else []
        held = all(any(squashed(wanted) in quote for quote in quotes) for wanted in row.evidence)
        found.append(float(llm.found))
        if not llm.found:
            continue
        waits.append(first - llm.ended)
        if row.true:
            kept.append(float(own or held))
            worded.append(float(own))
            refused.append(float(isinstance(result, NoAnswer)))
        else:
            false.append(float(own))
            denied.append(float(own and held))
        if show and own != row.true:
            why = result.dropped[0].reason if result.dropped else reply.why
            print(f"{'TRUE' if row.true else 'FALSE'} {row.kind} | {'SHOWN' if own else why} | {row.sentence}")
            if isinstance(result, Answer):
                print("     = ", *(c.quote for c in result.citations))
            elif row.true:
                print("     = REFUSED")
    return {
        "facts kept": mean(kept),
        "true shown in the model's words": mean(worded),
        "refused although true": mean(refused),
        "false shown in the model's words": mean(false),
        "above a quote that denies it": mean(denied),
        "its passage was found": mean(found),
        "seconds from the model's end to the first sentence (median, most)": [
            round(median(waits), 3), round(max(waits), 3)
        ] if waits else None,
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run as ``python -m evals.paraphrases --half dev --judge yes --show``; what it shows is of the dev half only."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--half", choices=("dev", "blind", "both"), default="dev")
    parser.add_argument("--words", action="store_true", help="the model writes down the words that it rests on")
    parser.add_argument(
        "--judge",
        default="own",
        help="own, off, a cross-encoder; yes: the guards alone; llm: the scripted model, which knows the truth",
    )
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args(arguments)
    halves = ("dev", "blind") if options.half == "both" else (options.half,)
    found = run(options.data, halves=halves, words=options.words, judge=options.judge, show=options.show)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
