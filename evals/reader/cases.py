"""What the reader is measured on: questions, the sentences that may answer them, and which of them do."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from bot.answer.candidates import candidates_of, weights_of
from bot.answer.confidence import confidence, signs_of, what_is_missing
from bot.answer.scoring import best_first, score_by_words, set_meaning
from bot.question.follow_up import complete_follow_up
from bot.question.parse import parse_question
from evals.archives import archive_of
from evals.asking import TODAY
from evals.data import DataSet, Query, load, squashed
from evals.metrics import holds_answer
from evals.reader.questions import written
from index.archive import Archive
from index.articles import Hit
from index.model.embedder import Embedder
from index.model.reader import context_of
from index.search.search import find
from index.sentences import spans
from index.view import View

# Of the first the sentences were chosen by hand; of the next the article is known, of two the paragraph; in the others
# the product has searched an archive.
SETS = ("checked", "written", "squad2_half", "clapnq", "clapnq found", "newsquiz", "desk")
_CHECKED = Path(__file__).parent / "checked.jsonl"
ARTICLES = 900  # of newsquiz, as the other evals have it
_PASSAGES = 6  # as an answer is chosen from
_READ = 24  # sentences of them, the best by words


@dataclass(frozen=True, slots=True)
class Case:
    """A question and the sentences that may answer it, each with what stands before it.

    ``holds`` tells which of them answer, ``kinds`` why the others do not. ``cosine`` and ``product`` are their scores
    by the embedding model and by the product's ranking, ``confidence`` is the product's that the question is answered,
    ``missing`` tells that by the product's rules something that is asked for stands nowhere.
    """

    id: str
    question: str
    answerable: bool
    contexts: tuple[str, ...]
    sentences: tuple[str, ...]
    holds: tuple[bool, ...]
    cosine: tuple[float, ...]
    product: tuple[float, ...] = ()
    confidence: float = 0.0
    missing: bool = False
    kinds: tuple[str, ...] = ()

    @property
    def blind(self) -> bool:
        """Tell whether the case is of the half that nothing is tuned on."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0

    def first(self, most: int) -> Case:
        """Return the case with the best sentences by the product's ranking; all of a paragraph."""
        if not self.product:
            return self
        names = ("contexts", "sentences", "holds", "cosine", "product")
        return replace(self, **{name: getattr(self, name)[:most] for name in names})


def cases_of(data: Path, name: str, embedder: Embedder, cache: Path) -> list[Case]:
    """Return the cases of a data set; they are kept in a folder, for every reader is measured on the same."""
    if name == "checked":  # it may grow
        return list(_of_hand(data, embedder, cache))
    kept = cache / f"cases-{name.replace(' ', '-')}.jsonl.gz"
    if not kept.exists():
        made = list(_MAKERS[name](data / name.split()[0], embedder, cache))
        with gzip.open(kept, "wt", encoding="utf-8") as stream:
            for case in made:
                stream.write(json.dumps(asdict(case), ensure_ascii=False) + "\n")
    with gzip.open(kept, "rt", encoding="utf-8") as stream:
        return [_read(json.loads(line)) for line in stream]


def _read(row: dict[str, Any]) -> Case:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Case(**values)


def _of_hand(_: Path, embedder: Embedder, __: Path) -> Iterator[Case]:
    """Yield the questions of our own whose sentences were checked by hand."""
    asked: dict[str, list[dict[str, Any]]] = {}
    with open(_CHECKED, encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            asked.setdefault(row["question"], []).append(row)
    for question, rows in asked.items():
        vectors = embedder.embed([question, *(row["sentence"] for row in rows)])
        yield Case(
            rows[0]["id"],
            question,
            any(row["label"] for row in rows),
            tuple(row["context"] for row in rows),
            tuple(row["sentence"] for row in rows),
            tuple(row["label"] == 1 for row in rows),
            tuple(float(cosine) for cosine in vectors[1:] @ vectors[0]),
            kinds=tuple(row["kind"] for row in rows),
        )


def _of_articles(folder: Path, embedder: Embedder, _: Path) -> Iterator[Case]:
    """Yield the questions written by hand whose articles are kept from training: all their sentences may answer."""
    for item in written(folder.parent / "newsquiz"):
        if item.kept and len(item.sentences) > 1:
            vectors = embedder.embed([item.read, *item.sentences])
            yield Case(
                item.id,
                item.read,
                bool(item.answers),
                item.contexts,
                item.sentences,
                tuple(at in item.answers or at in item.unclear for at in range(len(item.sentences))),
                tuple(float(cosine) for cosine in vectors[1:] @ vectors[0]),
            )


def _of_paragraphs(folder: Path, embedder: Embedder, _: Path) -> Iterator[Case]:
    """Yield the questions of a set whose paragraph is known: all its sentences may answer."""
    with open(folder / "corpus.jsonl", encoding="utf-8") as stream:
        paragraphs = {row["id"]: row for row in map(json.loads, stream)}
    with open(folder / "queries.jsonl", encoding="utf-8") as stream:
        rows = list(map(json.loads, stream))
    for row in rows:
        paragraph = paragraphs[row["context_id"] if "context_id" in row else row["context_ids"][0]]
        text = paragraph["text"]
        found = paragraph.get("sentences") or [text[start:end] for start, end in spans(text)]
        gold = [squashed(sentence) for sentence in row["gold_evidence"]]
        befores = ["", *found[:-1]]
        vectors = embedder.embed([row["question"], *found])
        yield Case(
            row["id"],
            row["question"],
            row["type"] == "answerable",
            tuple(context_of(paragraph["title"], "", "", before) for before in befores),
            tuple(found),
            tuple(any(_same(squashed(sentence), each) for each in gold) for sentence in found),
            tuple(float(cosine) for cosine in vectors[1:] @ vectors[0]),
        )


def _same(mine: str, gold: str) -> bool:
    return gold in mine or (mine in gold and len(mine) > len(gold) / 2)


def _of_archive(folder: Path, embedder: Embedder, cache: Path) -> Iterator[Case]:
    data = load(folder).part(ARTICLES)
    with archive_of(data, embedder, cache) as archive:
        for query in data.queries:
            gold = [squashed(sentence) for sentence in query.evidence]
            yield _asked(archive, embedder, query, partial(_answers, gold, query.answers))


def _answers(gold: Sequence[str], answers: Sequence[str], text: str) -> bool:
    """Tell whether a sentence is a gold one, or, where none is known, holds an answer."""
    return any(_same(squashed(text), each) for each in gold) if gold else holds_answer(text, answers)


def _of_desk(folder: Path, embedder: Embedder, cache: Path) -> Iterator[Case]:
    with lzma.open(folder / "corpus.jsonl.xz", "rt", encoding="utf-8") as stream:
        articles = tuple(map(json.loads, stream))
    with open(folder / "queries.jsonl", encoding="utf-8") as stream:
        rows = list(map(json.loads, stream))
    queries = tuple(_desk_query(row) for row in rows)
    with archive_of(DataSet("desk", articles, queries), embedder, cache) as archive:
        for row, query in zip(rows, queries, strict=True):
            gold = re.compile("|".join(row["gold"]) or r"(?!)", re.I)
            yield _asked(archive, embedder, query, partial(_matches, gold))


def _matches(gold: re.Pattern[str], text: str) -> bool:
    return gold.search(text) is not None


def _desk_query(row: dict[str, Any]) -> Query:
    today, thread = date.fromisoformat(row["today"]), tuple(row.get("thread", ()))
    return Query(row["id"], row["question"], row["answerable"], today=today, thread=thread, kind=row["kind"])


def _asked(archive: Archive, embedder: Embedder, query: Query, holds: Callable[[str], bool]) -> Case:
    """Search as the desk does and return the best sentences by words, with what the product makes of them."""
    question = parse_question(complete_follow_up(query.question, query.thread), query.today or TODAY)
    texts = list(dict.fromkeys([question.search, question.asked]))
    vectors = embedder.embed(texts)
    empty = Case(query.id, question.text, query.answerable, (), (), (), (), (), 0.0, True)

    def work(view: View) -> Case:
        hits = find(view, question.search, vectors[0], embedder.identity, question.scope(), 24, question.preference)
        if not hits or not question.terms:
            return empty
        weights = weights_of(view, question)
        found = candidates_of(view, hits[:_PASSAGES], question, weights)
        if not found:
            return empty
        score_by_words(found, question, weights)
        found = best_first(found)[:_READ]
        set_meaning(found, vectors[-1], embedder)
        for candidate in found:
            candidate.score += candidate.meaning
        found = best_first(found)
        sure = confidence(signs_of(found, weights))
        return replace(
            empty,
            contexts=tuple(_before(c.hit, c.around[c.position - 1] if c.position else None) for c in found),
            sentences=tuple(c.text for c in found),
            holds=tuple(holds(c.text) for c in found),
            cosine=tuple(c.meaning for c in found),
            product=tuple(c.score for c in found),
            confidence=sure,
            missing=bool(what_is_missing(found, question, weights)),
        )

    return archive.read(work)


def _before(hit: Hit, before: tuple[int, int] | None) -> str:
    source, text = hit.article.source, hit.article.text
    published = source.published.isoformat() if source.published else ""
    return context_of(source.title, published, "", text[before[0] : before[1]] if before else "")


_MAKERS: dict[str, Callable[[Path, Embedder, Path], Iterator[Case]]] = {
    "written": _of_articles,
    "squad2_half": _of_paragraphs,
    "clapnq": _of_paragraphs,
    "clapnq found": _of_archive,
    "newsquiz": _of_archive,
    "desk": _of_desk,
}
