"""One process ingests without pause while four others ask: every answer belongs to one state of the archive that was
current.

STRESS_SECONDS in the environment sets how long (6 if it is not set); STRESS_SEED repeats the same changes and
questions.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from newsroom import Newsroom, eventually, question, story, tokens

from index.articles import article_id
from index.vectors.chroma_server import Server

SECONDS = float(os.environ.get("STRESS_SECONDS", "6"))
SEED = int(os.environ.get("STRESS_SEED", "1"))
ARTICLES = 200
READERS = 4


def is_deletion(version: int) -> bool:
    """Every fifth version of an article is its absence, so that a range of versions tells all that may be seen."""
    return version % 5 == 0


@dataclass
class Ledger:
    """For each article the version that was acknowledged last, and the one whose ingest was begun last."""

    acknowledged: list[int] = field(default_factory=lambda: [0] * ARTICLES)
    begun: list[int] = field(default_factory=lambda: [0] * ARTICLES)


def faults(
    answer: dict[str, Any], asked: int, before: list[int], after: list[int], id_of: Callable[[int], str]
) -> list[str]:
    """What is wrong with an answer, if ``before`` was acknowledged when the question began and ``after`` was begun when
    it ended.
    """
    if "error" in answer:
        return [f"error: {answer['error']}"]
    found = []
    seen: dict[int, set[int]] = {}
    for text in [hit["text"] for hit in answer["hits"] + answer["nearest"]] + [
        citation["quote"] for citation in answer["citations"]
    ]:
        for number, version in tokens(text):
            seen.setdefault(number, set()).add(version)
    for number, versions in seen.items():
        if len(versions) > 1:
            found.append(f"article {number} in versions {sorted(versions)} at once")
        for version in versions:
            if not before[number] <= version <= after[number] or is_deletion(version):
                found.append(f"article {number} in version {version}; current were {before[number]} to {after[number]}")
    if asked in seen:
        [version] = list(seen[asked])[:1]
        hits = [(hit["start"], hit["end"], hit["text"]) for hit in answer["hits"] if hit["article_id"] == id_of(asked)]
        whole = story(asked, version)
        if any(whole[start:end] != text for start, end, text in hits) or sum(
            len(text.split()) for *_, text in hits
        ) != len(whole.split()):
            found.append(f"article {asked} is half seen: {[hit[:2] for hit in hits]}")
        if answer["outcome"] != "answered":
            found.append(f"article {asked} was found but not answered from")
    elif not any(is_deletion(version) for version in range(before[asked], after[asked] + 1)):
        found.append(f"article {asked} is missing; current were {before[asked]} to {after[asked]}")
    return found


class Reader(threading.Thread):
    """Asks one process about articles drawn at random, and checks each answer."""

    def __init__(self, process: subprocess.Popen[str], ledger: Ledger, id_of: Callable[[int], str], seed: int) -> None:
        super().__init__(daemon=True)
        self.process, self.ledger, self.id_of = process, ledger, id_of
        self.stop = threading.Event()
        self.questions = 0
        self.faults: list[str] = []
        self._random = random.Random(seed)

    def run(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        while not self.stop.is_set() and not self.faults:
            asked = self._random.randrange(ARTICLES)
            before = list(self.ledger.acknowledged)
            self.process.stdin.write(json.dumps({"question": question(asked)}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            after = list(self.ledger.begun)
            self.faults += faults(json.loads(line), asked, before, after, self.id_of) if line else ["the process ended"]
            self.questions += 1
            self.stop.wait(self._random.random() / 20)  # as people do; it also leaves the ingest some of the processor


def change(newsroom: Newsroom, ledger: Ledger, numbers: Iterable[int]) -> None:
    """Take some articles to their next version: new, changed, or gone."""
    for number in numbers:
        ledger.begun[number] += 1
        if is_deletion(ledger.begun[number]):
            newsroom.path(number).unlink()
        else:
            newsroom.write(number, ledger.begun[number])


@pytest.mark.slow
@pytest.mark.chroma
@pytest.mark.timeout(SECONDS + 240)
@pytest.mark.parametrize("vectors_in", ["folders", "server", "pgvector"])
def test_questions_during_ingests_see_each_article_whole_and_never_one_that_was_replaced_before(
    newsroom: Newsroom, tmp_path: Path, vectors_in: str, request: pytest.FixtureRequest
) -> None:
    server = Server(request.getfixturevalue("chroma").url) if vectors_in == "server" else None
    if vectors_in == "pgvector":
        request.getfixturevalue("pgvector")
    ledger = Ledger()
    change(newsroom, ledger, range(20))
    newsroom.ingest()
    ledger.acknowledged = list(ledger.begun)

    errors = [tmp_path / f"reader-{index}.txt" for index in range(READERS)]
    readers = []
    for index, path in enumerate(errors):
        with path.open("w") as stderr:
            process = newsroom.start(
                "bot", "ask", "--jsonl", "-", "--explain", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
            )
        readers.append(Reader(process, ledger, lambda number: article_id(str(newsroom.path(number))), SEED + index))
    for reader in readers:
        reader.start()
    eventually(lambda: all(reader.questions for reader in readers), "every reader has an answer")
    chance = random.Random(SEED)
    ends = time.monotonic() + (SECONDS if vectors_in == "folders" else SECONDS / 4)
    ingests = 0
    try:
        while time.monotonic() < ends or ingests < 4:
            # The first of these ingests brings nine times as much as is there.
            change(newsroom, ledger, chance.sample(range(ARTICLES), 30) if ingests else range(20, ARTICLES))
            newsroom.ingest()
            ledger.acknowledged = list(ledger.begun)
            ingests += 1
    finally:
        for reader in readers:
            reader.stop.set()
        for reader in readers:
            reader.join(60)
            assert reader.process.stdin is not None
            reader.process.stdin.close()
            reader.process.wait(60)

    assert [fault for reader in readers for fault in reader.faults] == []
    assert [reader.process.returncode for reader in readers] == [0] * READERS
    assert [path.read_text() for path in errors] == [""] * READERS
    assert newsroom.versions(server) == {
        number: version for number, version in enumerate(ledger.acknowledged) if not is_deletion(version)
    }
    newsroom.assert_index_agrees(server)
    print(f"{ingests} ingests, {sum(reader.questions for reader in readers)} questions")
