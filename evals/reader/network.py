"""The reader as a network: an encoder that reads question and sentence together, and what it makes of them.

[CLS] question [SEP] what stands before [SEP] sentence [SEP]  → encoder → score: does the sentence answer
                                                     └→ each token: is it of the answer (training only)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from index.model.reader import Tokens, model_folder

# What MPNet calls the special tokens of BERT; the two share all other pieces of words.
_CALLED = {"[PAD]": "<pad>", "[CLS]": "<s>", "[SEP]": "</s>"}


class Reader(nn.Module):
    """An encoder with two heads. The embeddings are those that it came with and stay as they are."""

    def __init__(self, encoder: nn.Module, width: int, base: Path | None = None) -> None:
        """``base``: the folder that the encoder is of, if it is not the product's own."""
        super().__init__()
        self.encoder = encoder
        self.base = str(base or "")
        self.own_ids = _own_ids(base) if base else None
        self.answers = nn.Linear(2 * width, 1)
        self.marks = nn.Linear(width, 1)
        for head in (self.answers, self.marks):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)
        for parameter in encoder.embeddings.parameters():  # type: ignore[union-attr]
            parameter.requires_grad = False

    @classmethod
    def new(cls, seed: int, base: Path | None = None) -> Reader:
        """Return a reader made of the product's own embedding model; the heads are drawn by seed.

        ``base``: folder of another one in its place, whose vocabulary has the same pieces of words (all-mpnet-base-v2).
        """
        from transformers import AutoModel

        torch.manual_seed(seed)
        encoder = AutoModel.from_pretrained(
            str(base or model_folder()),
            add_pooling_layer=False,
            attn_implementation="eager",  # in bf16 on a CPU twice as fast as sdpa, at these lengths
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        return cls(encoder, encoder.config.hidden_size, base)

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return a score a pair, and one a token."""
        own = self.own_ids
        read = {"input_ids": ids, "token_type_ids": kinds} if own is None else {"input_ids": own[ids]}
        rows = self.encoder(**read, attention_mask=mask).last_hidden_state
        said = kinds.unsqueeze(-1).to(rows.dtype)
        mean = (rows * said).sum(1) / said.sum(1)
        score = self.answers(torch.cat([rows[:, 0], mean], -1)).squeeze(-1)
        return score.float(), self.marks(rows).squeeze(-1).float()


def _own_ids(base: Path) -> Tensor:
    """Return the number that an encoder's vocabulary has for each token of the product's. Raises ValueError if it has
    none.
    """
    known, own = (
        {line: number for number, line in enumerate((folder / "vocab.txt").read_text("utf-8").splitlines())}
        for folder in (model_folder(), base)
    )
    missing = [piece for piece in known if _CALLED.get(piece, piece) not in own]
    if missing:
        raise ValueError(f"{base} has no token for {', '.join(missing[:5])}. It must have the pieces of words of BERT.")
    return torch.tensor([own[_CALLED.get(piece, piece)] for piece in known])


def marks_of(tokens: Tokens, sentence: str, answer: str) -> list[int]:
    """Return 1 for each token that is of the answer in the sentence, else 0."""
    start = sentence.find(answer) if answer else -1
    marks = [int(start >= 0 and first < start + len(answer) and last > start) for first, last in tokens.places]
    return [0] * (len(tokens.ids) - len(marks) - 1) + marks + [0]


def padded(batch: Sequence[Sequence[int]]) -> Tensor:
    """Return lists of numbers as the rows of a tensor, padded with 0 to the longest."""
    made = np.zeros((len(batch), max(map(len, batch))), np.int64)
    for row, numbers in zip(made, batch, strict=True):
        row[: len(numbers)] = numbers
    return torch.from_numpy(made)


def inputs_of(batch: Sequence[Tokens]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the ids, kinds and mask of a batch, padded to the longest."""
    ids = padded([tokens.ids for tokens in batch])
    return ids, padded([tokens.kinds for tokens in batch]), padded([[1] * len(tokens.ids) for tokens in batch])


def batches(groups: Sequence[int], lengths: Sequence[int], size: int, draw: Random) -> list[list[int]]:
    """Return batches of about ``size`` pairs of like length, in drawn order; pairs of one group stay together."""
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    order = sorted(members.values(), key=lambda own: (max(lengths[i] for i in own) + draw.random() * 6, own[0]))
    found: list[list[int]] = [[]]
    for own in order:
        if found[-1] and len(found[-1]) + len(own) > size:
            found.append([])
        found[-1] += own
    draw.shuffle(found)
    return found


def scores(reader: Reader, tokens: Sequence[Tokens], size: int = 32) -> npt.NDArray[np.float64]:
    """Return the score of each pair."""
    order = sorted(range(len(tokens)), key=lambda index: len(tokens[index].ids))
    found = np.zeros(len(tokens))
    reader.eval()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=has_bf16()):
        for part in _parts(order, size):
            found[part] = reader(*inputs_of([tokens[index] for index in part]))[0].numpy()
    return found


def _parts(order: Sequence[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(order), size):
        yield list(order[start : start + size])


def has_bf16() -> bool:
    """Tell whether the processor multiplies bf16 itself; where it does not, bf16 is slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
