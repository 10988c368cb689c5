"""The pairs that the reader is trained on: a question, a sentence with what stands before it, and whether it answers.

positives   45 %: the sentence that answers
near        a sentence that shares the question's words and does not answer (SQuAD 2's questions, written to be near)
paragraph   another sentence of the same paragraph, half of them those that share most words
article     a sentence of another paragraph of the same article
changed     the sentence that answered, and the question with another name, number, time, or an opposite
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from evals.reader import items, news
from evals.reader.items import Item
from evals.reader.wording import casual, changed, names_in
from index.text import terms

SHARES = {"near": 0.36, "paragraph": 0.40, "article": 0.09, "changed": 0.15}  # of the negatives
_POSITIVE = 0.45
_NEWS = 0.2  # of the positives
_CASUAL = 0.35  # of the questions
_BARE = 0.2  # of the contexts are left out, so that a missing one tells nothing


@dataclass(frozen=True, slots=True)
class Pair:
    """A question, a sentence and what stands before it, and whether the sentence answers (1) or not (0).

    Pairs of one ``group`` ask the same question. ``answer`` is what of the sentence answers, where the data say it.
    """

    question: str
    context: str
    sentence: str
    label: int
    kind: str
    set: str
    group: int
    answer: str = ""

    @property
    def held_out(self) -> bool:
        """Tell whether the pair is kept from training, to watch it: two in a hundred, by the sentence."""
        return hashlib.sha256(self.sentence.encode()).digest()[0] < 5


def made(data: Path, total: int, seed: int) -> list[Pair]:
    """Return about so many pairs of the data sets in ``data/reader`` and the news in ``data/newsquiz``."""
    draw = Random(seed)  # noqa: S311  no secret
    positive = int(total * _POSITIVE)
    chosen = [*_of_news(data / "newsquiz", int(positive * _NEWS), draw), *_of_sets(data / "reader", positive, draw)]
    draw.shuffle(chosen)
    chosen = chosen[:positive]
    most = {kind: int((total - positive) * share) for kind, share in SHARES.items()}
    pairs = [_pair(item, item.gold, 1, "answers", group) for group, item in enumerate(chosen)]
    pairs += _paragraph(chosen, most["paragraph"], draw)
    pairs += _article(chosen, most["article"], draw)
    pairs += _changed(chosen, most["changed"], draw)
    pairs += _near(data / "reader", most["near"], len(pairs))
    return _typed(pairs, draw)


def save(pairs: Iterable[Pair], path: Path) -> None:
    """Write pairs as JSON lines, gzipped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=4) as stream:
        for pair in pairs:
            stream.write(json.dumps(asdict(pair), ensure_ascii=False) + "\n")


def load(path: Path) -> list[Pair]:
    """Read pairs that were saved. Raises FileNotFoundError."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [Pair(**json.loads(line)) for line in stream]


def counted(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return how many pairs there are of each kind and set."""
    kinds: dict[str, int] = defaultdict(int)
    sets: dict[str, int] = defaultdict(int)
    for pair in pairs:
        kinds[pair.kind] += 1
        sets[pair.set] += 1
    return {"pairs": len(pairs), "positive": kinds["answers"], "kinds": dict(kinds), "sets": dict(sets)}


def _of_sets(folder: Path, positive: int, draw: Random) -> list[Item]:
    """Draw items of each set in proportion; of sentences, first those that near misses are about."""
    near = {row["passage"] for row in items.rows(folder, items.NEAR_MISSES[0])}
    share = positive * (1 - _NEWS) / sum(most for _, most in items.SETS.values())
    found: list[Item] = []
    for name, (_, most) in items.SETS.items():
        own = list(items.items_of(folder, name))
        draw.shuffle(own)
        own.sort(key=lambda item: item.sentences[item.gold] not in near)
        found += own[: round(most * share)]
    return found


def _of_news(folder: Path, most: int, draw: Random) -> list[Item]:
    """Make items of news articles that no question of the measurement is about, at most six of one."""
    with open(folder / "queries.jsonl", encoding="utf-8") as stream:
        gold = {id_ for line in stream for id_ in json.loads(line)["gold_ids"]}
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as stream:
        articles = [article for article in map(json.loads, stream) if article["id"] not in gold]
    draw.shuffle(articles)
    found: list[Item] = []
    for article in articles:
        own = list(news.items_of(article, draw))
        found += draw.sample(own, min(6, len(own)))
        if len(found) >= most:
            break
    return found[:most]


def _pair(item: Item, index: int, label: int, kind: str, group: int) -> Pair:
    answer = item.answer if label else ""
    return Pair(item.question, item.context(index), item.sentences[index], label, kind, item.set, group, answer)


def _overlap(question: str, sentence: str) -> float:
    asked = set(terms(question))
    return len(asked & set(terms(sentence))) / max(1, len(asked))


def _paragraph(chosen: Sequence[Item], most: int, draw: Random) -> Iterator[Pair]:
    """Yield up to three other sentences of a paragraph a question: the one nearest in words first, the others drawn."""
    wide = [group for group, item in enumerate(chosen) if len(item.sentences) - len(item.unclear) > 1]
    draw.shuffle(wide)
    left = most
    for group in wide:
        item = chosen[group]
        others = [at for at in range(len(item.sentences)) if at != item.gold and at not in item.unclear]
        nearest = max(others, key=lambda at: _overlap(item.question, item.sentences[at]))
        others.remove(nearest)
        for at in [nearest, *draw.sample(others, min(2, len(others)))][: min(3, left)]:
            left -= 1
            yield _pair(item, at, 0, "paragraph", group)


def _article(chosen: Sequence[Item], most: int, draw: Random) -> Iterator[Pair]:
    """Yield sentences of another paragraph of the same article, of eight drawn the nearest in words."""
    documents: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in chosen:
        documents[item.set, item.document].append(item)
    order = list(enumerate(chosen))
    draw.shuffle(order)
    left = most
    for group, item in order:
        others = [o for o in documents[item.set, item.document] if not set(o.sentences) & set(item.sentences)]
        drawn = [(other, draw.randrange(len(other.sentences))) for other in draw.choices(others, k=8)] if others else []
        free = [
            (other, at)
            for other, at in drawn
            if terms(other.sentences[at]) and not (item.answer and item.answer in other.sentences[at])
        ]
        if not free or left <= 0:
            continue
        other, at = max(free, key=lambda place: _overlap(item.question, place[0].sentences[place[1]]))
        left -= 1
        found = _pair(other, at, 0, "article", group)
        yield replace(found, question=item.question)


def _changed(chosen: Sequence[Item], most: int, draw: Random) -> Iterator[Pair]:
    """Yield questions that were changed so that their sentence no longer answers."""
    documents: dict[tuple[str, str], list[str]] = defaultdict(list)
    sets: dict[str, list[str]] = defaultdict(list)
    for item in chosen:
        names = names_in(" ".join(item.sentences))
        documents[item.set, item.document] += names
        sets[item.set] += names
    order = list(enumerate(chosen))
    draw.shuffle(order)
    left = most
    for group, item in order:
        sentence = item.sentences[item.gold]
        near = [
            *draw.choices(documents[item.set, item.document] or [""], k=8),
            *draw.choices(sets[item.set] or [""], k=4),
        ]
        found = (draw.choice(item.wrong), "name") if item.wrong else changed(item.question, sentence, near, draw)
        if found is None or left <= 0 or (found[1] == "name" and left < most and draw.random() < 0.3):
            continue
        left -= 1
        pair = _pair(item, item.gold, 0, f"changed {found[1]}", len(chosen) + group)
        yield replace(pair, question=found[0])


def _near(folder: Path, most: int, first: int) -> Iterator[Pair]:
    """Yield near misses, those that share most words first, with the context that their sentence has elsewhere."""
    known: dict[str, Item] = {}
    for item in items.items_of(folder, "squad2_train_part"):
        for at, sentence in enumerate(item.sentences):
            known.setdefault(sentence, replace(item, gold=at))
    rows = sorted(items.rows(folder, items.NEAR_MISSES[0]), key=lambda row: (-row["overlap"], row["id"]))
    for number, row in enumerate(rows[:most]):
        own = known.get(row["passage"])
        context = own.context(own.gold) if own else ""
        yield Pair(row["question"], context, row["passage"], 0, "near", row["set"], 10_000_000 + first + number)


def _typed(pairs: Sequence[Pair], draw: Random) -> list[Pair]:
    """Type a part of the questions casually, one form a group, and leave a part of the contexts out."""
    forms: dict[tuple[int, str], str] = {}
    done = []
    for pair in pairs:
        key = (pair.group, pair.question)
        if key not in forms:
            forms[key] = casual(pair.question, draw) if draw.random() < _CASUAL else pair.question
        context = "" if pair.set != "news" and draw.random() < _BARE else pair.context
        done.append(replace(pair, question=forms[key], context=context))
    return done


def part(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Return about so many pairs, whole groups drawn alike from all; those held out stay all."""
    groups = sorted({pair.group for pair in pairs})
    share = most / len(pairs)
    kept = {group for group in groups if hashlib.sha256(str(group).encode()).digest()[0] < 256 * share}
    return [pair for pair in pairs if pair.held_out or pair.group in kept]
