"""What is held in memory: the nearest are the nearest and the best the database's, in a scope too, and from one
published state to the next.
"""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from newsroom import Newsroom
from sqlalchemy import create_engine

from index.archive import Archive
from index.search.held import Held
from index.search.matrix import Matrix
from index.search.memory import Words
from index.search.places import Places, best
from index.search.search import find
from index.store import keywords
from index.store.rows import ANYTHING, Scope
from index.store.snapshot import Snapshot
from index.vectors.chroma import Collection

RANDOM = np.random.default_rng(7)


def units(count: int, dimensions: int = 16) -> np.ndarray:
    found = RANDOM.normal(size=(count, dimensions)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


VECTORS = units(60)
DAYS = {f"a{number}": f"2024-05-{number + 1:02}" if number else None for number in range(6)}
PAPERS = {f"a{number}": ["The Herald", "Morning Post", None][number % 3] for number in range(6)}


class Stored:
    """What a snapshot would give of some passages: the id, and what the key of its vector is."""

    def __init__(self, keys: dict[str, str], vectors: dict[str, np.ndarray]) -> None:
        self._keys, self._vectors = keys, vectors
        self.asked: list[str] = []

    def rows(self):
        return list(enumerate(self._keys, start=1))

    def told(self, ids):
        return [(id_, DAYS[id_], PAPERS[id_]) for id_ in ids]

    def keys(self, rows):
        of = list(self._keys.values())
        return {row: of[row - 1] for row in rows}

    def vectors_by_key(self, model, keys):
        self.asked += keys
        return {key: self._vectors[key] for key in keys if key in self._vectors}


def stored(numbers: range | list[int]) -> Stored:
    return Stored(
        {f"a{number % 6}:{number}": f"k{number}" for number in numbers},
        {f"k{number}": VECTORS[number] for number in range(60)},
    )


@pytest.mark.parametrize(
    ("scope", "articles", "limit"),
    [
        (ANYTHING, "012345", 5),
        (ANYTHING, "012345", 500),
        (Scope(since=date(2024, 5, 3)), "02345", 7),
        (Scope(until=date(2024, 5, 3)), "012", 100),
        (Scope(publisher="herald"), "03", 5),
        (Scope(date(2024, 5, 3), date(2024, 5, 4), "HERALD"), "03", 50),
        (Scope(publisher="nobody"), "", 5),
    ],
)
def test_the_nearest_are_those_that_comparing_by_hand_finds(scope: Scope, articles: str, limit: int) -> None:
    query = units(1)[0]
    matrix = Matrix.of(stored(range(60)), "m", Places.of(stored(range(60))))
    wanted = [number for number in np.argsort(-(VECTORS @ query)) if str(number % 6) in articles][:limit]
    scores = matrix.scores(query)
    found = matrix.nearest(scores, limit, matrix.places.within(scope))
    assert [id_ for id_, _ in found] == [f"a{number % 6}:{number}" for number in wanted]
    assert all(abs(score - float(VECTORS[int(id_.split(":")[1])] @ query)) < 1e-5 for id_, score in found)
    assert set(matrix.similarities(scores, ["a3:3", "gone"])) == {"a3:3"}


def test_of_the_next_state_only_what_is_new_is_read_and_what_went_is_found_no_more() -> None:
    first, later, query = stored(range(30)), stored([*range(5, 30), *range(40, 44), 2]), units(1)[0]
    before = Matrix.of(first, "m", Places.of(first))
    places = Places.of(later, before.places)
    after = Matrix.of(later, "m", places, before)
    assert sorted(later.asked) == ["k40", "k41", "k42", "k43"]
    for matrix, there in ((before, [*range(30)]), (after, [2, *range(5, 30), *range(40, 44)])):
        found = matrix.nearest(matrix.scores(query), 100, matrix.places.there)
        assert sorted(int(id_.split(":")[1]) for id_, _ in found) == there
        assert all(abs(score - float(VECTORS[int(id_.split(":")[1])] @ query)) < 1e-5 for id_, score in found)
    assert after.similarities(after.scores(query), ["a0:0", "a2:2", "a4:40"]).keys() == {"a2:2", "a4:40"}


@pytest.mark.parametrize("sheet", [5, 10, 20, 30])
def test_sheets_of_whole_numbers_tell_the_same_similarities_but_for_a_thousandth(
    sheet: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every state after the one before: while the last sheet fills, where it is full to the last place, and with
    passages that went.
    """
    monkeypatch.setattr("index.search.matrix._SHEET", sheet)
    states = [
        range(7),
        range(10),
        [*range(3, 10), *range(12, 20)],
        range(3, 30),
        [*range(9, 30), 2],
        range(9, 60),
        range(9, 60),
    ]
    query, made, before = units(1)[0], [], None
    for numbers in states:
        there = stored(numbers)
        before = Matrix.of(there, "m", Places.of(there, before.places if before else None), before)
        made.append(before)
    for matrix, numbers in zip(made, states, strict=True):
        found = dict(matrix.nearest(matrix.scores(query), 100, matrix.places.there))
        assert {int(id_.split(":")[1]) for id_ in found} == {*numbers}
        for id_, score in found.items():
            assert score == pytest.approx(float(VECTORS[int(id_.split(":")[1])] @ query), abs=0.008), id_


def test_vectors_of_the_models_length_are_off_by_four_ten_thousandths_on_average(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("index.search.matrix._SHEET", 1_000)
    vectors = units(1_000, 384)
    vectors[7] = 0  # as no model gives it
    vectors[8] = np.eye(384, dtype=np.float32)[5]
    snapshot = Stored(
        {f"a0:{number}": f"k{number}" for number in range(1_000)},
        {f"k{number}": vector for number, vector in enumerate(vectors)},
    )
    matrix = Matrix.of(snapshot, "m", Places.of(snapshot))
    queries = [*units(20, 384), vectors[3], vectors[8], -vectors[8], np.zeros(384, np.float32)]
    off = np.abs([matrix.scores(query) - vectors @ query for query in queries])
    assert off.mean() < 0.0005
    assert off.max() < 0.004
    assert [int(np.argmax(matrix.scores(vectors[number]))) for number in (3, 8, 999)] == [3, 8, 999]


def test_a_process_that_stays_holds_what_a_single_question_would_ask_chroma_for(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.archive.MOST_AT_ONCE", 3)
    for number in range(6):
        newsroom.write(number, 1)
    newsroom.ingest()
    stays, asks = newsroom.open(), newsroom.open()
    stays.follow()
    newsroom.write(7, 1)
    newsroom.ingest()
    assert isinstance(stays.read(lambda view: view.vectors), Matrix)
    assert isinstance(asks.read(lambda view: view.vectors), Collection)
    stays.close()
    asks.close()


def test_passages_that_share_a_text_share_its_vector_and_a_missing_one_is_said() -> None:
    twins = Stored({"a0:0": "k0", "a1:1": "k3", "a2:2": "k0"}, {"k0": VECTORS[0], "k3": VECTORS[3]})
    matrix = Matrix.of(twins, "m", Places.of(twins))
    found = matrix.similarities(matrix.scores(VECTORS[0]), ["a0:0", "a1:1", "a2:2"])
    assert found["a0:0"] == pytest.approx(1.0)
    assert found["a0:0"] == found["a2:2"]
    lacking = Stored({"a0:0": "k0", "a1:1": "k3"}, {"k0": VECTORS[0]})
    with pytest.raises(ValueError, match="1 of 2"):
        Matrix.of(lacking, "m", Places.of(lacking))


@given(
    st.lists(st.sampled_from([0.0, 0.5, 0.5, 1.0, 2.0]), min_size=1, max_size=40),
    st.integers(1, 40),
    st.randoms(use_true_random=False),
)
def test_the_best_are_the_first_of_all_sorted(values: list[float], limit: int, draw: random.Random) -> None:
    inside = np.array([draw.random() < 0.7 for _ in values])
    order = sorted(np.flatnonzero(inside).tolist(), key=lambda number: (-values[number], number))
    assert sorted(best(np.array(values), limit, inside).tolist()) == sorted(order[:limit])


TERM = st.sampled_from("ab bc cd de ef fg gh hi ij jk".split())
TEXT = st.lists(TERM, max_size=25).map(" ".join)


class Terms(Snapshot):
    """A snapshot of a keyword index alone, with passages 1, 2, 3 …"""

    def rows(self):
        return [
            (row, f"a:{row}")
            for (row,) in self.connection.exec_driver_sql("SELECT rowid FROM passage_terms ORDER BY 1")
        ]

    def told(self, article_ids):
        return [("a", None, None)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=30),
    st.lists(st.tuples(TEXT, TEXT), max_size=10),
    st.sets(st.integers(1, 30)),
    st.lists(TERM, unique=True),
)
def test_the_words_in_memory_score_as_the_database_does(
    first: list[tuple[str, str]], more: list[tuple[str, str]], gone: set[int], asked: list[str]
) -> None:
    """Also after passages came and went, read on from the state before; and a passage that comes again in another's
    place.
    """
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        keywords.create(connection)
        keywords.put(connection, [(row, *both) for row, both in enumerate(first, start=1)])
        snapshot = Terms(connection)
        before = Words.of(snapshot, Places.of(snapshot))
        keywords.drop(connection, sorted(gone))
        keywords.put(connection, [(row, *both) for row, both in enumerate(more, start=101)])
        after = Words.of(snapshot, Places.of(snapshot, before.places), before)
        expected = (
            dict(connection.exec_driver_sql(_BM25, (" OR ".join(f'"{term}"' for term in asked),)).all())
            if asked
            else {}
        )  # type: ignore[arg-type]
        scores = after.scores(asked)
        found = {
            int(after.places.ids[number].split(":")[1]): float(scores[number])
            for number in np.flatnonzero((scores > 0) & after.places.there)
        }
        assert found == pytest.approx(expected, rel=1e-12)
        assert {term: after.frequency(term) for term in asked} == keywords.document_frequencies(connection, asked)
    engine.dispose()


_BM25 = "SELECT rowid, -bm25(passage_terms, 2.0, 1.0) FROM passage_terms WHERE passage_terms MATCH ?"


@pytest.mark.both
def test_a_process_that_follows_finds_what_a_new_one_finds(newsroom: Newsroom) -> None:
    for number in range(6):
        newsroom.write(number, 1)
    newsroom.ingest()
    stays = newsroom.open()
    stays.follow()
    newsroom.write(2, 2)
    newsroom.write(7, 1)
    newsroom.ingest()
    for followed in (False, True):  # a question may come before the process has looked
        if followed:
            stays.follow()
        new = newsroom.open()
        for question in (
            "Which vessel does the order send?",
            "order a2v2 vessel",
            "a7v1",
            "the harbour master's order",
        ):
            there, expected = (
                _found(stays, newsroom, question, in_memory=True),
                _found(new, newsroom, question, in_memory=False),
            )
            assert there == pytest.approx(
                expected, abs=1e-5
            )  # the same product over matrices of other heights is summed in another order
        new.close()
    stays.close()


def _found(archive: Archive, newsroom: Newsroom, question: str, *, in_memory: bool) -> dict[str, float]:
    vector = newsroom.embedder.embed([question])[0]

    def work(view):
        assert (view.words is not None) == in_memory
        return {
            hit.passage.id: hit.score for hit in find(view, question, vector, newsroom.embedder.identity, ANYTHING, 24)
        }

    return archive.read(work)


def test_a_question_on_an_older_state_does_not_put_it_in_the_place_of_a_newer_one(tmp_path: Path) -> None:
    newer, older, held = stored(range(30)), stored(range(20)), Held()
    for one in (newer, older):
        one.fact = lambda _: "m"  # type: ignore[attr-defined]
    held.read(2, newer, vectors=True)  # type: ignore[arg-type]
    assert len(held.read(1, older, vectors=True).places) == 20  # type: ignore[arg-type]
    assert held.at(1) is None
    assert held.at(2) is not None
