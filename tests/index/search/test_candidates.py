"""Both sides of a search: memory says what the catalog says, and the engine finds what comparing all finds."""

from __future__ import annotations

import random
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from newsroom import Newsroom
from sqlalchemy import create_engine

from index.archive import Archive
from index.articles import article_id_of
from index.search.candidates import VectorCandidates, within
from index.search.memory import Words, best
from index.search.search import find
from index.store import keywords
from index.store.rows import ANYTHING, Scope
from index.store.snapshot import Snapshot
from index.view import View


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
        yield [(row, f"a:{row}") for (row,) in self.connection.exec_driver_sql("SELECT rowid FROM passage_terms")]

    def days_and_publishers(self):
        return iter([("a", None, None)])


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
    """Also after passages came and went, read on from the state before; and one that comes again in another's place."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        keywords.create(connection)
        keywords.put(connection, [(row, *both) for row, both in enumerate(first, start=1)])
        snapshot = Terms(connection)
        before = Words(snapshot, 1)
        keywords.drop(connection, sorted(gone))
        keywords.put(connection, [(row, *both) for row, both in enumerate(more, start=101)])
        after = Words(snapshot, 2, before)
        expected = (
            dict(connection.exec_driver_sql(_BM25, (" OR ".join(f'"{term}"' for term in asked),)).all())
            if asked
            else {}
        )  # type: ignore[arg-type]
        scores = after.scores(asked)
        there = np.flatnonzero(scores > 0)
        found = {
            int(id_.split(":")[1]): score for id_, score in zip(after.ids(there), scores[there].tolist(), strict=True)
        }
        assert found == pytest.approx(expected, rel=1e-12)
        assert {term: after.frequency(term) for term in asked} == keywords.document_frequencies(connection, asked)
    engine.dispose()


_BM25 = "SELECT rowid, -bm25(passage_terms, 2.0, 1.0) FROM passage_terms WHERE passage_terms MATCH ?"


@pytest.mark.both
def test_a_process_that_follows_finds_what_a_new_one_finds(newsroom: Newsroom) -> None:
    newsroom.fill(range(6))
    stays = newsroom.open()
    stays.catch_up()
    newsroom.write(2, 2)
    newsroom.write(7, 1)
    newsroom.ingest()
    for followed in (False, True):  # a question may come before the process has looked
        if followed:
            stays.catch_up()
        new = newsroom.open()
        for question in (
            "Which vessel does the order send?",
            "order a2v2 vessel",
            "a7v1",
            "the harbour master's order",
        ):
            there, expected = (
                _found(stays, newsroom, question, in_memory=followed),
                _found(new, newsroom, question, in_memory=False),
            )
            assert there == pytest.approx(expected, abs=1e-5)
        new.close()
    stays.close()


def test_a_row_that_went_to_another_passage_is_read_again(newsroom: Newsroom) -> None:
    """SQLite gives the last row to the next passage once its own is gone."""
    newsroom.fill(range(6))
    archive = newsroom.open()
    with archive.catalog.snapshot() as snapshot:
        before = Words(snapshot, 1)
        last = snapshot.extent()[1]
        was = {id_ for rows in snapshot.rows() for row, id_ in rows if row == last}
        of_last = snapshot.terms_of([last])[last][1].split()
    [changed] = [number for number in range(6) if f"a{number}v1" in of_last]
    newsroom.write(changed, 2)
    newsroom.ingest()
    with archive.catalog.snapshot() as snapshot:
        assert was != {id_ for rows in snapshot.rows() for row, id_ in rows if row == last} != set()
        after, new = Words(snapshot, 2, before), Words(snapshot, 2)
        for term in (f"a{changed}v1", f"a{changed}v2"):
            assert after.frequency(term) == new.frequency(term)
            assert after.scores([term]).tolist() == new.scores([term]).tolist()
    archive.close()


def _found(archive: Archive, newsroom: Newsroom, question: str, *, in_memory: bool) -> dict[str, float]:
    vector = newsroom.embedder.embed([question])[0]

    def work(view):
        assert (view.words is not None) == in_memory
        return {
            hit.passage.id: hit.score for hit in find(view, question, vector, newsroom.embedder.identity, ANYTHING, 24)
        }

    return archive.read(work)


HERALD, POST = "The Herald", "Morning Post"


def _dated(newsroom: Newsroom, count: int) -> None:
    """Ingest articles of two publishers, one a day; the first has no date."""
    for number in range(count):
        newsroom.write(number, 1)
        day = f"published: 2024-05-{number + 1:02}\n" if number else ""
        newsroom.path(number).with_name(f"{number:05}.txt.meta.yaml").write_text(
            f"{day}publisher: {(HERALD, POST)[number % 2]}\n"
        )
    newsroom.ingest()


def test_what_lies_in_a_scope_is_the_same_with_and_without_the_words(newsroom: Newsroom) -> None:
    _dated(newsroom, 6)
    archive = newsroom.open()
    with archive.catalog.snapshot() as snapshot:
        words = Words(snapshot, 1)
        for scope, count in (
            (ANYTHING, 6),
            (Scope(since=date(2024, 5, 3)), 5),
            (Scope(until=date(2024, 5, 3)), 3),
            (Scope(publisher="herald"), 3),
            (Scope(publisher="nobody"), 0),
            (Scope(date(2024, 5, 3), date(2024, 5, 4), "HERALD"), 2),
        ):
            expected = snapshot.articles_within(scope)
            assert len(expected) == count
            assert words.articles_within(scope) == expected
            every = words.ids(np.arange(len(words)))
            assert words.ids(np.flatnonzero(words.within(scope))) == [
                id_ for id_ in every if article_id_of(id_) in expected
            ]
            outlines = snapshot.outlines(every).values()
            assert {outline.article_id for outline in outlines if within(outline, scope)} == expected
    archive.close()


@pytest.mark.chroma
def test_the_nearest_in_a_scope_are_those_that_comparing_all_finds(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the engine gives enough of them, where it has to be asked for more, and where it cannot."""
    _dated(newsroom, 30)
    archive, model = newsroom.open(), newsroom.embedder.identity
    vector = newsroom.embedder.embed(["What did the captain of ship7 say?"])[0]
    for most in (2, 5_000):
        for scope in (Scope(since=date(2024, 5, 3)), Scope(publisher="herald"), Scope(publisher="nobody")):

            def found(view: View, scope: Scope = scope, most: int = most) -> list[tuple[str, float]]:
                assert view.vectors is not None
                view.vectors.most = most
                return VectorCandidates(view, vector, model).best(8, scope)

            there, inside = archive.read(found), archive.read(lambda view, scope=scope: view.articles_within(scope))  # type: ignore[misc]
            expected = archive.read(lambda view, scope=scope: view.snapshot.scan(vector, model, 8, scope))  # type: ignore[misc]
            assert {article_id_of(id_) for id_, _ in there} <= inside
            assert [score for _, score in there] == pytest.approx([score for _, score in expected], abs=1e-5)
    monkeypatch.setattr(
        "index.search.candidates._COMPARED", 0
    )  # an engine that gives 10 at once, and very many passages
    found_of_ten = archive.read(lambda view: found(view, Scope(publisher="herald"), 10))
    assert 0 < len(found_of_ten) < 8
    archive.close()
