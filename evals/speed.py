"""How fast newsdesk is beside what else a user could build, and beside the limit: ``python -m evals speed --data DIR
[--articles N]``.

The systems take the same articles in, a portion each in turn, and are asked the same questions in turn, so that
whatever else the machine does hits all alike. Read the ratios of processor time first: they hold on a busy machine,
where the clock does not.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bot.answer.desk import Desk, Request
from evals.asking import TODAY
from evals.data import load
from evals.machine import Spent, machine
from evals.stock import Article, System, systems
from index.archive import Archive
from index.ingest.changes import Options
from index.ingest.report import Progress, Report
from index.ingest.run import run as ingest
from index.model.embedder import DEFAULT_MODEL, Embedder, Vectors
from index.model.runtime import Model
from index.store.catalog import writer_lock

OURS = "newsdesk"
_PORTION = 60  # articles at least that each system takes in turn
_WARM = 3  # questions that load and open things, left out


def run(
    data: Path, *, articles: int = 300, questions: int = 40, partly: Callable[[dict[str, Any]], object] = lambda _: None
) -> dict[str, Any]:
    """Return the machine, the ratios, what they are made of, and the timeline of an ingest; ``partly`` is given what
    there is after each step.
    """
    newsquiz = load(data / "newsquiz").part(articles)
    chosen = newsquiz.articles
    answerable, others = (
        [query.question for query in newsquiz.queries if query.answerable == wanted] for wanted in (True, False)
    )
    asking = [*answerable[:: max(1, len(answerable) // questions)], *others][
        :questions
    ]  # a small archive has few that it answers
    result: dict[str, Any] = {
        "data": f"newsquiz-{len(chosen)}",
        "machine": machine(),
        "articles": len(chosen),
        "questions": len(asking),
    }
    told = _Told(result, partly)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ours = Newsdesk(place / "ours")
        built: dict[str, System] = {OURS: ours, **{name: build() for name, build in systems(place).items()}}
        took_in = {name: Spent() for name in built}
        portions = list(_portions(chosen))
        for number, part in enumerate(portions, start=1):
            for name, system in built.items():
                took_in[name].on(lambda system=system, part=part: system.add(part))  # type: ignore[misc]
                told.say(
                    f"portion {number} of {len(portions)}, {len(part)} articles: {name}, "
                    f"{took_in[name].cpu[-1]:.1f} s of processor"
                )
            told.keep(
                "ingest, s of processor",
                {name: [round(each, 1) for each in spent.cpu] for name, spent in took_in.items()},
            )
        asked = {name: Spent() for name in [*built, "the limit"]}
        limit = Limit(ours)
        for number, question in enumerate(asking, start=1):
            for name, system in {**built, "the limit": limit}.items():
                asked[name].on(lambda system=system, question=question: system.ask(question))  # type: ignore[misc]
            if number % 10 == 0:
                told.say(f"question {number} of {len(asking)}")
        told.keep("question, ms", {name: _milliseconds(spent) for name, spent in asked.items()})
        again = Spent()
        again.on(ours.again)
        told.say("all articles at once, for the timeline")
        timeline = _timeline(place / "whole", chosen)
        rate = matrix_rate()
        figures = {
            "ratios": _ratios(took_in, asked, again, ours.model.tokens, rate),
            "ingest": {name: _rates(spent, len(chosen)) for name, spent in took_in.items()},
            "question, ms": {name: _milliseconds(spent) for name, spent in asked.items()},
            "question, ms of processor, from the quickest to the slowest": {
                f"{share:02} %": round(float(np.percentile(asked[OURS].cpu[_WARM:], share)) * 1_000, 1)
                for share in range(5, 100, 10)
            },
            "stages of a question, ms": {stage: round(median(times), 1) for stage, times in ours.stages.items()},
            "archive": ours.size(len(chosen)),
            "matrix rate, GFLOP/s": round(rate / 1e9),
        }
        ours.archive.close()
    return {**result, "figures": figures, "timeline": timeline}


class _Told:
    """Says what is done, and hands on what there is: a long run may be cut short."""

    def __init__(self, result: dict[str, Any], partly: Callable[[dict[str, Any]], object]) -> None:
        self._began, self._partly = time.monotonic(), partly
        self._result: dict[str, Any] = {**result, "figures": {}}

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self._began:6.0f} s  {what}", file=sys.stderr, flush=True)

    def keep(self, name: str, figures: dict[str, Any]) -> None:
        self._result["figures"][name] = figures
        self._partly(self._result)


class Newsdesk:
    """newsdesk as it is used: an ingest of a file, and a question from the desk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[str] = []
        folder.mkdir(parents=True)
        self.archive = Archive(folder / "archive", create=True)
        self.model = Counted(Model(many=True))
        self.questions = Model()
        self._desk = Desk(self.archive, self.questions)
        self.stages: dict[str, list[float]] = {}
        self.passages = 0

    def add(self, articles: Sequence[Article]) -> None:
        """Take articles in."""
        file = self._folder / f"{len(self._files)}.jsonl"
        file.write_text("".join(json.dumps(article) + "\n" for article in articles))
        self._files.append(str(file))
        self.passages += self._run([str(file)]).passages

    def again(self) -> None:
        """Look at all files again, none of which has changed."""
        self._run(self._files)

    def ask(self, question: str) -> object:
        """Return the answer, with its checked quotes."""
        reply = self._desk.ask(Request(question, TODAY))
        for stage, spent in reply.timings_ms.items():
            self.stages.setdefault(stage, []).append(spent)
        return reply

    def size(self, articles: int) -> dict[str, float]:
        """Return what the archive takes on the disk, and this process in memory."""
        files = [path for path in (self._folder / "archive").rglob("*") if path.is_file()]
        return {
            "passages": self.passages,
            "kB on disk an article": round(sum(path.stat().st_size for path in files) / 1_000 / articles, 1),
        }

    def _run(self, files: list[str]) -> Report:
        with writer_lock(self._folder / "archive"):
            return ingest(self.archive, self.model, Options(files), Progress())


class Limit:
    """What no search by this model can undercut: the question embedded, and compared with every vector in memory."""

    def __init__(self, ours: Newsdesk) -> None:
        with ours.archive.catalog.snapshot() as snapshot:
            self._matrix = np.concatenate(
                [np.stack([vector for _, vector in rows]) for rows in snapshot.vectors(ours.model.identity)]
            )
        self._model = ours.questions

    def add(self, articles: Sequence[Article]) -> None:
        """Nothing: it has the vectors."""

    def ask(self, question: str) -> object:
        """Return the places of the nearest."""
        scores = self._matrix @ self._model.embed([question])[0]
        return np.argpartition(-scores, min(24, len(scores) - 1))[:24]


class Counted:
    """An embedder that notes when it worked, and on how many tokens (by the model's own tokenizer)."""

    def __init__(self, embedder: Embedder) -> None:
        from tokenizers import Tokenizer

        from index.model.embedder import SentenceTransformerEmbedder

        folder = SentenceTransformerEmbedder(DEFAULT_MODEL).folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json")) if folder else None
        self._embedder = embedder
        self.texts: list[str] = []
        self.busy: list[tuple[float, float]] = []

    @property
    def identity(self) -> str:
        """Name of the model."""
        return self._embedder.identity

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._embedder.dimensions

    @property
    def tokens(self) -> int:
        """How many tokens of the texts the model read; it reads the first 256 of each."""
        assert self._tokenizer is not None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)
        return sum(len(encoded.ids) for encoded in self._tokenizer.encode_batch_fast(self.texts))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), dimensions), float32."""
        began = time.perf_counter()
        vectors = self._embedder.embed(texts)
        self.busy.append((began, time.perf_counter()))
        self.texts += texts
        return vectors


class _Watched(Progress):
    """Notes when batches were published."""

    def __init__(self) -> None:
        self.began: list[float] = []
        self.ended: list[float] = []

    def publishing(self) -> None:
        self.began.append(time.perf_counter())

    def published(self, _: Report) -> None:
        self.ended.append(time.perf_counter())


def _timeline(folder: Path, articles: Sequence[Article]) -> dict[str, Any]:
    """Ingest all articles at once and return when the model worked and when something was published, in seconds from
    the first vector.
    """
    watched = _Watched()
    folder.mkdir()
    file = folder / "all.jsonl"
    file.write_text("".join(json.dumps(article) + "\n" for article in articles))
    model = Counted(Model(many=True))
    model.embed(["loaded"])
    model.busy.clear()
    archive = Archive(folder / "archive", create=True)
    began = time.perf_counter()
    with writer_lock(folder / "archive"):
        ingest(archive, model, Options([str(file)]), watched)
    ended = time.perf_counter()
    archive.close()
    busy = sum(end - start for start, end in model.busy)
    first, last = model.busy[0][0], model.busy[-1][1]
    return {
        "seconds": round(ended - began, 1),
        "articles a second": round(len(articles) / (ended - began), 2),
        "model busy, of the run": round(busy / (ended - began), 3),
        "model busy, from its first text to its last": round(busy / (last - first), 3),
        "model": [[round(start - began, 2), round(end - began, 2)] for start, end in model.busy],
        "publishing": [
            [round(start - began, 2), round(end - began, 2)]
            for start, end in zip(watched.began, watched.ended, strict=False)
        ],
    }


def matrix_rate() -> float:
    """Return how many floating-point operations a second this machine does in a product of float32 matrices: the best
    of some rounds.
    """
    import torch

    size, seconds = 1_536, []
    one, other = torch.rand(size, size), torch.rand(size, size)
    for _ in range(7):
        began = time.perf_counter()
        torch.mm(one, other)
        seconds.append(time.perf_counter() - began)
    return float(2 * size**3 / min(seconds))


def operations(tokens: int) -> float:
    """Return how many floating-point operations the default model needs for so many tokens of passages, 200 tokens
    each.
    """
    layers, width, inner, length = 6, 384, 1_536, 200
    linear = layers * 2 * (4 * width * width + 2 * width * inner)
    attention = layers * 2 * 2 * length * width
    return float(tokens * (linear + attention))


def _ratios(
    took_in: dict[str, Spent], asked: dict[str, Spent], again: Spent, tokens: int, rate: float
) -> dict[str, Any]:
    """Return by how much newsdesk is faster than each (above 1) or slower."""
    ours = took_in[OURS]
    ratios: dict[str, Any] = {
        f"ingest, {name}": {
            "processor": round(sum(spent.cpu) / sum(ours.cpu), 2),
            "clock": round(sum(spent.wall) / sum(ours.wall), 2),
        }
        for name, spent in took_in.items()
        if name != OURS
    }
    ratios["ingest, the limit (the model's operations alone)"] = {
        "clock": round(operations(tokens) / rate / sum(ours.wall), 2)
    }
    ratios["unchanged files, to the first time"] = {
        "processor": round(sum(ours.cpu) / sum(again.cpu), 1),
        "clock": round(sum(ours.wall) / sum(again.wall), 1),
    }
    for name, spent in asked.items():
        if name != OURS:
            ratios[f"question, {name}"] = {
                "processor": round(median(spent.cpu[_WARM:]) / median(asked[OURS].cpu[_WARM:]), 2),
                "clock": round(median(spent.wall[_WARM:]) / median(asked[OURS].wall[_WARM:]), 2),
            }
    return ratios


def _rates(spent: Spent, articles: int) -> dict[str, float]:
    return {
        "articles a second": round(articles / sum(spent.wall), 2),
        "processor ms an article": round(1_000 * sum(spent.cpu) / articles, 1),
        "last portion to the first, processor": round(spent.cpu[-1] / spent.cpu[0], 2),
    }


def _milliseconds(spent: Spent) -> dict[str, float]:
    wall, cpu = (np.percentile(times, [50, 95]) * 1_000 for times in (spent.wall[_WARM:], spent.cpu[_WARM:]))
    return {"p50": round(wall[0], 1), "p95": round(wall[1], 1), "processor p50": round(cpu[0], 1)}


def _portions(articles: Sequence[Article]) -> Iterator[list[Article]]:
    rest, size = iter(articles), max(_PORTION, -(-len(articles) // 5))
    while part := list(islice(rest, size)):
        yield part
