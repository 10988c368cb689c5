"""The reader as a network: an encoder that reads question and sentence together, and what it makes of them.

[CLS] question [SEP] what stands before [SEP] sentence [SEP]  → encoder → score: does the sentence answer
                                                     └→ each token: is it of the answer (training only)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from index.model.embedder import SentenceTransformerEmbedder

QUESTION, CONTEXT, SENTENCE = 64, 56, 110  # tokens of each part that are read


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pair in tokens: ``kinds`` is 1 for those of the sentence, ``answer`` 1 for those of the answer."""

    ids: list[int]
    kinds: list[int]
    answer: list[int]


class Tokenizer:
    """The tokenizer of the embedding model, for three texts in a row."""

    def __init__(self, folder: Path) -> None:
        """Load it from the model's folder."""
        from tokenizers import Tokenizer as Loaded

        self._tokenizer: Any = Loaded.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._first, self._end = (self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))

    def encode(self, texts: Sequence[tuple[str, str, str]], answers: Sequence[str] = ()) -> list[Tokens]:
        """Return (question, context, sentence) in tokens; of a question that is too long, its end is read."""
        flat = [text for pair in texts for text in pair]
        found = self._tokenizer.encode_batch(flat, add_special_tokens=False)
        made = []
        for index, (_, _, sentence) in enumerate(texts):
            question, context, said = found[3 * index : 3 * index + 3]
            head = [self._first, *question.ids[-QUESTION:], self._end, *context.ids[:CONTEXT], self._end]
            tail = [*said.ids[:SENTENCE], self._end]
            answer = answers[index] if answers else ""
            start = sentence.find(answer) if answer else -1
            marks = [
                int(start >= 0 and first < start + len(answer) and last > start)
                for first, last in said.offsets[:SENTENCE]
            ]
            made.append(Tokens(head + tail, [0] * len(head) + [1] * len(tail), [0] * len(head) + [*marks, 0]))
        return made


class Reader(nn.Module):
    """An encoder with two heads. The embeddings are those of the embedding model and stay as they are."""

    def __init__(self, encoder: nn.Module, width: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.answers = nn.Linear(2 * width, 1)
        self.marks = nn.Linear(width, 1)
        for head in (self.answers, self.marks):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)
        for parameter in encoder.embeddings.parameters():  # type: ignore[union-attr]
            parameter.requires_grad = False

    @classmethod
    def new(cls, seed: int) -> Reader:
        """Return a reader made of the product's own embedding model; the heads are drawn by seed."""
        from transformers import BertModel

        torch.manual_seed(seed)
        encoder = BertModel.from_pretrained(
            str(model_folder()),
            add_pooling_layer=False,
            attn_implementation="eager",  # in bf16 on a CPU twice as fast as sdpa, at these lengths
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        return cls(encoder, encoder.config.hidden_size)

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return a score a pair, and one a token."""
        rows = self.encoder(input_ids=ids, token_type_ids=kinds, attention_mask=mask).last_hidden_state
        said = kinds.unsqueeze(-1).to(rows.dtype)
        mean = (rows * said).sum(1) / said.sum(1)
        score = self.answers(torch.cat([rows[:, 0], mean], -1)).squeeze(-1)
        return score.float(), self.marks(rows).squeeze(-1).float()


def model_folder() -> Path:
    """Return the folder of the embedding model's files, checked. Raises ModelError."""
    folder = SentenceTransformerEmbedder().folder()
    assert folder is not None
    return folder


def padded(batch: Sequence[Tokens]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the ids, kinds and mask of a batch, and the marks of its answers, padded to the longest."""
    longest = max(len(tokens.ids) for tokens in batch)
    made = np.zeros((4, len(batch), longest), np.int64)
    for row, tokens in enumerate(batch):
        length = len(tokens.ids)
        made[:, row, :length] = [tokens.ids, tokens.kinds, [1] * length, tokens.answer]
    ids, kinds, mask, answer = torch.from_numpy(made)
    return ids, kinds, mask, answer


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
            ids, kinds, mask, _ = padded([tokens[index] for index in part])
            found[part] = reader(ids, kinds, mask)[0].numpy()
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
