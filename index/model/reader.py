"""The reader: how surely a sentence answers a question, told by two models of our own.

question, what stands before the sentence, the sentence → six layers → a number, above 0 if the sentence answers
the sentences with the highest numbers → twelve layers → a second number; the mean of both counts

The weights were trained by ``evals/reader`` (docs/understand/reader.md). Each text is read by itself, so that what a
network gives it depends on nothing beside it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from index.errors import ModelError
from index.model.embedder import SentenceTransformerEmbedder, attempted, described, give_memory_back
from index.model.embedder import reader as cross_encoder_reader
from index.model.runtime import cores, started

Reader = Callable[[str, Sequence[tuple[str, str]]], list[float]]
"""Tells of each (what stands before, sentence) how surely it answers a question: above 0 if it does."""

OWN, SMALL, OFF = "own", "small", "off"  # names of readers; any other is a cross-encoder's
_AGAIN = 4  # sentences that are read again, the best ones,
_BELOW = 2.0  # as far as their number is at most so much below the best one's,
_LEAST = -3.0  # and not below this
_UNREAD = 1.0  # what the others' numbers lose: the small network is that much surer (decision 24 has other choices)
READ = (80, 56, 160)  # tokens of question (or claim), context and sentence that are read
IDS, KINDS = "ids", "kinds"  # the graph's inputs: the tokens, and which of them are of the sentence
GIVEN = "embeddings."  # weights with this prefix are the embedding model's
WORDS = "words"  # what a file with word embeddings of its own calls them
_BEFORE = 22  # words of the sentence before that are read
_HEAD = 16  # words of a title, of a heading
_LONGEST = 2_000  # characters of a part: more than its tokens have


def context_of(title: str, date: str, heading: str, before: str) -> str:
    """Return what the reader is shown before a sentence: title, date, heading, and the end of the sentence before."""
    shown = " ".join(title.split()[:_HEAD])
    parts = [f"{shown} ({date})" if date else shown, " ".join(heading.split()[:_HEAD])]
    return ". ".join(part for part in (*parts, " ".join(before.split()[-_BEFORE:])) if part)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is read, in tokens: ``kinds`` is 1 for those of the sentence. ``places`` are the sentence's, in it."""

    ids: list[int]
    kinds: list[int]
    places: list[tuple[int, int]]


class Tokenizer:
    """The tokenizer of the embedding model, for question, context and sentence in a row."""

    def __init__(self, folder: Path) -> None:
        """Load it from the model's folder."""
        from tokenizers import Tokenizer as Loaded

        self._tokenizer: Any = Loaded.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._first, self._end = (self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))

    def encode(self, texts: Sequence[tuple[str, str, str]], most: tuple[int, int, int] = READ) -> list[Tokens]:
        """Return (question, context, sentence) in tokens, ``most`` of each; of a question that is too long, its end is
        read.
        """
        cut = [(q[-_LONGEST:], before[:_LONGEST], said[:_LONGEST]) for q, before, said in texts]
        parts = list(dict.fromkeys(part for text in cut for part in text))
        known = dict(zip(parts, self._tokenizer.encode_batch(parts, add_special_tokens=False), strict=True))
        made = []
        for question, before, said in ((known[part] for part in text) for text in cut):
            head = [self._first, *question.ids[-most[0] :], self._end, *before.ids[: most[1]], self._end]
            tail = [*said.ids[: most[2]], self._end]
            made.append(Tokens(head + tail, [0] * len(head) + [1] * len(tail), said.offsets[: most[2]]))
        return made


def reader_of(name: str) -> Reader | None:
    """Load a reader by its name, None if it is off. Raises ModelError."""
    if name == OFF:
        return None
    if name not in (OWN, SMALL):
        return cross_encoder_reader(name)
    small = Network.load(SMALL_FILES, "reader", "NEWSDESK_ANSWERS__READER=off")
    return read_by(small, large("reader", "NEWSDESK_ANSWERS__READER=small") if name == OWN else None)


def read_by(small: Network, second: Network | None) -> Reader:
    """Return the reader of a small network, and of a second one that reads again what the first takes for answers
    most.
    """

    def read(question: str, sentences: Sequence[tuple[str, str]]) -> list[float]:
        tokens = small.tokenizer.encode([(question, before, said) for before, said in sentences])
        numbers = small.scores(tokens)
        best = sorted(range(len(numbers)), key=lambda index: -numbers[index])[:_AGAIN] if second else []
        again = [index for index in best if numbers[index] >= max(numbers[best[0]] - _BELOW, _LEAST)]
        found = dict(zip(again, second.scores([tokens[index] for index in again]), strict=True)) if second else {}
        return [
            (number + found[index]) / 2 if index in found else number - _UNREAD for index, number in enumerate(numbers)
        ]

    return read


def model_folder() -> Path:
    """Return the folder of the default embedding model's files, checked. Raises ModelError."""
    folder = SentenceTransformerEmbedder().folder()
    assert folder is not None  # it comes with its package
    return folder


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a network, each with its SHA-256; ``words`` where it has embeddings of its own."""

    graph: tuple[Path, str]
    words: tuple[Path, str] | None = None


_FOLDER = Path(__file__).parent / "weights"
SMALL_FILES = Files((_FOLDER / "reader.onnx", "c9dac6c8bad8754f111162324c36d5352fc2d56275a4f1b6521f7c77a8dd096e"))
LARGE_FILES = Files(
    (_FOLDER / "large.onnx", "b007cd1a3ffd7f37048aa6cf73395c77bc2a2c71764a8def60d4e997c8245e29"),
    (_FOLDER / "large-words.npy", "885ede9c4c1078f6fec57eb235ff4164ea82644a6e8cd5c59d1f8de61d1406d5"),
)


class Network:
    """A trained network, loaded. Any number of threads may use it."""

    def __init__(self, made: bytes, words: Path | None = None) -> None:
        """Load a graph with a file of word embeddings, or else with the embeddings of the default embedding model.

        Raises what its libraries raise.
        """
        from index.model.onnx_graph import Encoder

        folder = model_folder()
        if words:
            self._run = started(made, {WORDS: np.load(words, mmap_mode="r")})
        else:
            encoder = Encoder.read(folder)
            self._run = started(made, {name: own for name, own in encoder.weights.items() if name.startswith(GIVEN)})
            encoder.release_pages()
        give_memory_back()
        self.tokenizer = Tokenizer(folder)
        self._workers = ThreadPoolExecutor(cores(), thread_name_prefix="read")

    @classmethod
    def load(cls, files: Files, name: str, without: str) -> Self:
        """Load a network from its files. Raises ModelError if one is missing or not what it should be; the error says
        ``name``, and the setting to do ``without``.
        """
        again = f"Install newsdesk again, or set {without}."
        for file, sha256 in filter(None, (files.graph, files.words)):
            if not file.is_file():
                raise ModelError(f"The {name}'s file {file} is missing. {again}")
            if hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                raise ModelError(f"The {name}'s file {file} is damaged. {again}")
        words = files.words[0] if files.words else None
        found = attempted(lambda: cls(files.graph[0].read_bytes(), words))
        if isinstance(found, Exception):
            raise ModelError(f"The {name} cannot be run ({described(found)}). {again}") from found
        return found

    def __call__(self, question: str, sentences: Sequence[tuple[str, str]]) -> list[float]:
        """Return how surely each sentence, after what stands before it, answers a question: above 0 if it does."""
        return self.scores(self.tokenizer.encode([(question, before, said) for before, said in sentences]))

    def scores(self, tokens: Sequence[Tokens]) -> list[float]:
        """Return the number of each text, a core each."""
        # The longest first: the last ones to end are short.
        order = sorted(range(len(tokens)), key=lambda index: -len(tokens[index].ids))
        found = dict(zip(order, self._workers.map(self._score, [tokens[index] for index in order]), strict=True))
        return [found[index] for index in range(len(tokens))]

    def _score(self, tokens: Tokens) -> float:
        inputs = {IDS: np.array([tokens.ids], np.int64), KINDS: np.array([tokens.kinds], np.int64)}
        return float(self._run(inputs)[0, 0])


_large: list[Network] = []
_loading = threading.Lock()


def large(name: str, without: str) -> Network:
    """Return the large network, which the reader and the judge share: it is loaded once a process. Raises ModelError,
    which says who needs it and the setting to do without.
    """
    with _loading:
        if not _large:
            _large.append(Network.load(LARGE_FILES, name, without))
        return _large[0]
