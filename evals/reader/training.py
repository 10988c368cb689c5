"""Training: one pass over the pairs, with checkpoints from which a stopped run goes on."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor, nn

from evals.metrics import auc
from evals.reader.export import read_back
from evals.reader.network import Reader, batches, has_bf16, inputs_of, marks_of, padded, scores
from evals.reader.pairs import Pair
from index.model.reader import READ, Network, Tokenizer, Tokens, model_folder

_ANSWERS = 0.5  # label from which a sentence answers; a teacher's doubt leaves it on its side


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a reader is trained. ``choose`` weighs the loss over the sentences of one question, ``marks`` that of the
    answer's tokens. ``read`` is how many tokens of question, context and sentence are read.
    """

    seed: int = 1
    rate: float = 6e-5
    head_rate: float = 6e-4
    decay: float = 0.01
    warm_up: int = 40
    batch: int = 16
    choose: float = 0.5
    marks: float = 0.3
    bf16: bool = True
    read: tuple[int, int, int] = READ
    taught: tuple[str, ...] = ()  # SHA-256 of each teacher's file, filled in by ``train``


def train(
    pairs: Sequence[Pair],
    folder: Path,
    recipe: Recipe,
    start: Path | None = None,
    teachers: Sequence[Path] = (),
    base: Path | None = None,
    *,
    every: int = 200,
    most: int | None = None,
) -> bool:
    """Train a reader and tell whether it is done: False if it was stopped (by SIGTERM, or after ``most`` steps).

    ``folder`` holds the checkpoint, the log of the curve, and at the end the reader. The same call goes on from there.
    ``start`` is the folder of a reader to begin with, else it is the embedding model, or the encoder in ``base``. With
    ``teachers``, folders of readers or exported ones, a pair's label is the mean of its own and of what they say
    together (distillation, arXiv:1503.02531).
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [_trained(teacher) if teacher.is_dir() else teacher for teacher in teachers]
    recipe = replace(recipe, taught=tuple(hashlib.sha256(file.read_bytes()).hexdigest() for file in files))
    tokenizer = Tokenizer(model_folder())
    kept = [pair for pair in pairs if not pair.held_out]
    watched = [pair for pair in pairs if pair.held_out]
    tokens, watch = _encoded(tokenizer, kept, recipe), _encoded(tokenizer, watched, recipe)
    draw = Random(recipe.seed)  # noqa: S311  no secret
    plan = batches([pair.group for pair in kept], [len(each.ids) for each in tokens], recipe.batch, draw)
    reader = load(start) if start else Reader.new(recipe.seed, base)
    optimizer = _optimizer(reader, recipe)
    step, seen, spent = _resume(folder / "checkpoint.pt", reader, optimizer, recipe)
    labels = torch.tensor([float(pair.label) for pair in kept])
    if teachers:
        labels = (labels + _taught(teachers, tokens)) / 2
    running: list[tuple[float, float, int]] = []
    reader.train()
    with _stop_asked() as stop, open(folder / "log.jsonl", "a", encoding="utf-8") as log:
        begun = time.perf_counter()
        while step < len(plan) and not stop and (most is None or step < most):
            chosen = plan[step]
            for group, rate in zip(optimizer.param_groups, (recipe.rate, recipe.head_rate), strict=True):
                group["lr"] = rate * _share(step, len(plan), recipe.warm_up)
            running.append(_step(reader, optimizer, recipe, chosen, kept, tokens, labels))
            step, seen = step + 1, seen + running[-1][2]
            if step % every == 0 or step == len(plan):
                spent, begun = spent + time.perf_counter() - begun, time.perf_counter()
                held_out = _watched(reader, watched, watch) if step % (3 * every) == 0 or step == len(plan) else {}
                _log(log, step, len(plan), running, seen, spent, held_out)
                running = []
                _save(folder / "checkpoint.pt", reader, optimizer, recipe, step, seen, spent)
        _save(folder / "checkpoint.pt", reader, optimizer, recipe, step, seen, spent + time.perf_counter() - begun)
    if step == len(plan):
        torch.save({"reader": reader.state_dict(), "base": reader.base}, folder / "reader.pt")
    return step == len(plan)


def load(run: Path) -> Reader:
    """Return the reader of a run's folder (the trained one, else that of the checkpoint), or of an exported file.
    Raises FileNotFoundError.
    """
    if run.suffix == ".onnx":
        reader = Reader.new(0)
        found = {name: torch.from_numpy(array) for name, array in read_back(run.read_bytes()).items()}
        missing = set(reader.load_state_dict(found, strict=False).missing_keys)
        assert all(name.startswith(("encoder.embeddings.", "marks.")) for name in missing), missing
        return reader.eval()
    state = torch.load(_trained(run), weights_only=True)
    reader = Reader.new(0, Path(state["base"]) if state["base"] else None)
    reader.load_state_dict(state["reader"])
    return reader.eval()


def _trained(run: Path) -> Path:
    done = run / "reader.pt"
    return done if done.exists() else run / "checkpoint.pt"


def mean_of(runs: Sequence[Path]) -> Reader:
    """Return a reader whose weights are the mean of those of several (model soups, arXiv:2203.05482)."""
    readers = [load(run) for run in runs]
    states = [reader.state_dict() for reader in readers]
    readers[0].load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    return readers[0].eval()


def loss_of(
    found: Tensor, marked: Tensor, labels: Tensor, groups: Sequence[int], kinds: Tensor, answer: Tensor, recipe: Recipe
) -> Tensor:
    """Return the loss of a batch: answers or not; which of a question's sentences; which of its tokens."""
    loss = nn.functional.binary_cross_entropy_with_logits(found, labels)
    if recipe.choose:
        loss = loss + recipe.choose * _listwise(found, labels, groups)
    if recipe.marks:
        # Sentences that answer, but whose answer is not known, say nothing of their tokens.
        known = kinds.bool() & ((answer.sum(1) > 0) | (labels < _ANSWERS)).unsqueeze(1)
        if bool(known.any()):
            each = nn.functional.binary_cross_entropy_with_logits(marked[known], answer[known].float())
            loss = loss + recipe.marks * each
    return loss


def _listwise(found: Tensor, labels: Tensor, groups: Sequence[int]) -> Tensor:
    """Return the mean cross-entropy of choosing one that answers among the sentences of its question."""
    losses = []
    for group in dict.fromkeys(groups):
        own = [index for index, other in enumerate(groups) if other == group]
        answers = labels[own] >= _ANSWERS
        if 0 < int(answers.sum()) < len(own):
            right = found[own][answers]
            losses.append(torch.logsumexp(found[own], 0) - torch.logsumexp(right, 0))
    return torch.stack(losses).mean() if losses else found.sum() * 0


def _taught(teachers: Sequence[Path], tokens: Sequence[Tokens]) -> Tensor:
    """Return how likely each pair is an answer by the mean number of several readers."""
    numbers = [
        list(scores(load(teacher), tokens)) if teacher.is_dir() else Network(teacher.read_bytes()).scores(tokens)
        for teacher in teachers
    ]
    return torch.sigmoid(torch.tensor(numbers, dtype=torch.float32).mean(0))


def _encoded(tokenizer: Tokenizer, pairs: Sequence[Pair], recipe: Recipe) -> list[Tokens]:
    return tokenizer.encode([(pair.question, pair.context, pair.sentence) for pair in pairs], recipe.read)


def _optimizer(reader: Reader, recipe: Recipe) -> torch.optim.AdamW:
    heads = [*reader.answers.parameters(), *reader.marks.parameters()]
    body = [parameter for parameter in reader.encoder.parameters() if parameter.requires_grad]
    return torch.optim.AdamW([{"params": body}, {"params": heads}], lr=recipe.rate, weight_decay=recipe.decay)


def _share(step: int, steps: int, warm_up: int) -> float:
    """Return the share of the rate at a step: up in the first, then down to nothing in a line."""
    return min((step + 1) / max(1, warm_up), (steps - step) / max(1, steps - warm_up), 1.0)


def _step(
    reader: Reader,
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
    chosen: Sequence[int],
    pairs: Sequence[Pair],
    tokens: Sequence[Tokens],
    labels: Tensor,
) -> tuple[float, float, int]:
    """Learn from a batch; return its loss, the share that was right before it, and its tokens."""
    ids, kinds, mask = inputs_of([tokens[index] for index in chosen])
    answer = padded([marks_of(tokens[index], pairs[index].sentence, pairs[index].answer) for index in chosen])
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=recipe.bf16 and has_bf16()):
        found, marked = reader(ids, kinds, mask)
    own = labels[list(chosen)]
    loss = loss_of(found, marked, own, [pairs[index].group for index in chosen], kinds, answer, recipe)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    right = float(((found > 0) == (own >= _ANSWERS)).float().mean())
    return float(loss.detach()), right, sum(len(tokens[index].ids) for index in chosen)


def _watched(reader: Reader, pairs: Sequence[Pair], tokens: Sequence[Tokens]) -> dict[str, float]:
    """Return the AUC of the held-out pairs: the sentences that answer against each kind of those that do not."""
    if not pairs:
        return {}
    found = scores(reader, tokens)
    reader.train()
    yes = [float(score) for score, pair in zip(found, pairs, strict=True) if pair.label]
    kinds = sorted({pair.kind.split()[0] for pair in pairs if not pair.label})
    return {
        kind: auc(yes, [float(s) for s, pair in zip(found, pairs, strict=True) if pair.kind.split()[0] == kind])
        for kind in kinds
    }


def _log(
    log: Any, step: int, steps: int, running: Sequence[tuple[float, float, int]], seen: int, spent: float, held: Any
) -> None:
    count = max(1, len(running))
    line = {
        "step": step,
        "of": steps,
        "loss": round(sum(loss for loss, _, _ in running) / count, 4),
        "right": round(sum(right for _, right, _ in running) / count, 4),
        "tokens": seen,
        "tokens a second": round(seen / max(spent, 1e-9)),
        "held out (AUC)": held,
    }
    print(json.dumps(line), flush=True)
    log.write(json.dumps(line) + "\n")
    log.flush()


def _save(
    path: Path, reader: Reader, optimizer: torch.optim.Optimizer, recipe: Recipe, step: int, seen: int, spent: float
) -> None:
    """Replace the checkpoint; whoever stops the run in between finds the one before."""
    state = {
        "reader": reader.state_dict(),
        "base": reader.base,
        "optimizer": optimizer.state_dict(),
        "recipe": asdict(recipe),
        "at": [step, seen, spent],
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def _resume(path: Path, reader: Reader, optimizer: torch.optim.Optimizer, recipe: Recipe) -> tuple[int, int, float]:
    if not path.exists():
        return 0, 0, 0.0
    state = torch.load(path, weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise ValueError(f"{path} is of another recipe: {state['recipe']}. Name another folder.")
    reader.load_state_dict(state["reader"])
    optimizer.load_state_dict(state["optimizer"])
    step, seen, spent = state["at"]
    return int(step), int(seen), float(spent)


@contextmanager
def _stop_asked() -> Iterator[list[int]]:
    """Collect the signals that ask to stop, instead of being ended by them."""
    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: asked.append(got)) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
