"""Vectors in PostgreSQL by pgvector: one transaction for an article and its vectors, each reader in its own state,
kills, restarts, damage, sentences.

No search here compares in memory: few as the passages are, the table is asked.
"""

from __future__ import annotations

import json
import subprocess
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import postgres
import pytest
from hash_embedder import HashEmbedder
from kills import kill_ingests
from newsroom import Newsroom, eventually, line, question, tokens

import ingest
from bot.__main__ import main as bot_main
from deploy.copy_archive import main as copy_main
from index.errors import ArchiveError
from index.search.search import find
from index.store.rows import ANYTHING, Scope
from index.vectors.pgvector import Table
from index.view import View


@pytest.fixture(autouse=True)
def _in_pgvector(request: pytest.FixtureRequest) -> None:
    if "without" not in request.fixturenames:
        request.getfixturevalue("pgvector")


@pytest.fixture
def without(vector_cluster: postgres.Cluster) -> postgres.Cluster:
    return vector_cluster


def put(newsroom: Newsroom, numbers: range, version: int = 1) -> None:
    for number in numbers:
        newsroom.write(number, version)


def tables(cluster: postgres.Cluster, url: str) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'newsdesk' AND tablename LIKE 'vectors\\_%' ORDER BY 1"
    return [name for (name,) in cluster.sql(query, postgres.database_of(url))]


# --- what is found ---


def test_articles_come_change_and_go_as_with_folders(
    pgvector: str, vector_cluster: postgres.Cluster, newsroom: Newsroom
) -> None:
    put(newsroom, range(30))
    assert newsroom.ingest()["added"] == 30
    assert not (newsroom.archive / "chroma").exists()
    newsroom.assert_index_agrees()
    first = tables(vector_cluster, pgvector)
    put(newsroom, range(10), 2)
    newsroom.path(20).unlink()
    newsroom.write(40, 1)
    report = newsroom.ingest()
    assert (report["added"], report["updated"], report["removed"]) == (1, 10, 1)
    newsroom.assert_index_agrees()
    assert tables(vector_cluster, pgvector) == first  # changed, not written anew
    for number, answer in zip([5, 15, 40], newsroom.answers([5, 15, 40]), strict=True):
        assert tokens(answer["text"]) == {(number, 2 if number == 5 else 1)}
    assert bot_main(["doctor", "--json"], embedder=newsroom.embedder) in (0, 1)


def test_the_nearest_are_those_that_an_exact_scan_finds(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        {
            **json.loads(line(number, 1)),
            "date": f"2025-01-{number % 20 + 1:02}",
            "source": "The Post" if number % 3 else "The Mail",
        }
        for number in range(60)
    ]
    (newsroom.articles / "all.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    newsroom.ingest()
    archive = newsroom.open()

    def compare(view: View, scope: Scope) -> None:
        assert isinstance(view.vectors, Table)
        for number in range(0, 60, 7):
            vector = newsroom.embedder.embed([question(number)])[0]
            exact = view.snapshot.scan(vector, newsroom.embedder.identity, 20, scope)
            found = view.vectors.nearest(vector, 20, scope)
            assert len(found) == len(exact)
            # Numbers of two bytes: the same to three digits, and so may be the order of what is nearly as near.
            assert np.allclose([score for _, score in found], [score for _, score in exact], atol=2e-3)
            near = {id_ for id_, score in exact if score > exact[-1][1] + 4e-3}
            assert near <= {id_ for id_, _ in found}

    for few in (0, 20_000):  # by the graph, and in full
        monkeypatch.setattr("index.vectors.pgvector._EXACT", few)
        for scope in (ANYTHING, Scope(publisher="The Post"), Scope(since=date(2025, 1, 10)), Scope(publisher="Nobody")):
            archive.read(partial(compare, scope=scope))
    assert archive.trouble is None
    archive.close()


def test_a_question_that_began_before_an_ingest_ends_in_the_state_it_began_in(newsroom: Newsroom) -> None:
    newsroom.fill(range(20))
    archive = newsroom.open()
    vector = newsroom.embedder.embed([question(7)])[0]

    def seen(view: View) -> set[tuple[int, int]]:
        hits = find(view, question(7), vector, newsroom.embedder.identity, ANYTHING, 100)
        return {token for hit in hits for token in tokens(hit.passage.text)}

    def twice(view: View) -> None:
        before = seen(view)
        put(newsroom, range(10), 2)
        newsroom.ingest()
        assert seen(view) == before == {(number, 1) for number in range(20)}

    archive.read(twice)
    assert archive.read(seen) == {(number, 2 if number < 10 else 1) for number in range(20)}
    assert archive.trouble is None
    archive.close()


def test_an_archive_that_was_emptied_takes_articles_again(newsroom: Newsroom) -> None:
    newsroom.fill(range(3))
    for number in range(3):
        newsroom.path(number).unlink()
    assert newsroom.ingest()["removed"] == 3
    newsroom.assert_index_agrees()
    assert bot_main(["rebuild"], embedder=newsroom.embedder) == 0
    newsroom.assert_index_agrees()
    newsroom.write(5, 1)
    newsroom.ingest()
    newsroom.assert_index_agrees()
    assert tokens(newsroom.answers([5])[0]["text"]) == {(5, 1)}


def test_the_extension_may_be_in_any_schema(
    pgvector: str, vector_cluster: postgres.Cluster, newsroom: Newsroom
) -> None:
    vector_cluster.sql(
        'CREATE SCHEMA "Odd one"; CREATE EXTENSION vector SCHEMA "Odd one"', postgres.database_of(pgvector)
    )
    newsroom.fill(range(5))
    newsroom.assert_index_agrees()
    assert tokens(newsroom.answers([3])[0]["text"]) == {(3, 1)}


# --- kills, restarts, damage ---


@pytest.mark.slow
def test_an_ingest_killed_at_any_moment_leaves_each_article_with_its_own_vectors(newsroom: Newsroom) -> None:
    kill_ingests(newsroom, at_once=newsroom.assert_index_agrees)  # there is nothing to mend


@pytest.mark.slow
def test_a_postgresql_that_is_restarted_in_the_middle_is_told_and_nothing_is_half_there(
    pgvector: str, vector_cluster: postgres.Cluster, newsroom: Newsroom
) -> None:
    newsroom.fill(range(5))
    archive = newsroom.open()  # of a bot that goes on

    def ask(number: int) -> set[tuple[int, int]]:
        vector = newsroom.embedder.embed([question(number)])[0]
        return tokens(
            archive.read(lambda view: find(view, question(number), vector, newsroom.embedder.identity, ANYTHING, 3))[
                0
            ].passage.text
        )

    assert ask(3) == {(3, 1)}
    with newsroom.start(
        "ingest", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        eventually(lambda: newsroom.holds_lock(process), "the ingest waits for articles")
        vector_cluster.stop()
        try:
            with pytest.raises(ArchiveError, match="cannot be reached, or the connection was lost"):
                ask(3)
            _, told = process.communicate("".join(line(number, 1) for number in range(5, 9)), timeout=120)
        finally:
            vector_cluster.start()
    assert process.returncode == 2
    assert "Nothing that was in is lost" in told
    assert ask(3) == {(3, 1)}  # the same archive, without a word
    assert archive.trouble is None
    newsroom.assert_index_agrees()
    with newsroom.start("ingest", "-", stdin=subprocess.PIPE) as process:
        process.communicate("".join(line(number, 1) for number in range(5, 9)), timeout=120)
    assert ask(7) == {(7, 1)}
    newsroom.assert_index_agrees()
    archive.close()


_DAMAGE = {
    "table gone": "DROP TABLE newsdesk.{place}",
    "graph gone": "DROP INDEX newsdesk.{place}_graph",
    "extension gone": "DROP EXTENSION vector CASCADE",
    "rows gone": "DELETE FROM newsdesk.{place} WHERE id IN (SELECT id FROM newsdesk.{place} LIMIT 5)",
}


@pytest.mark.parametrize(
    ("damage", "mended_by"),
    [
        ("table gone", "ingest"),
        ("table gone", "ask"),
        ("graph gone", "ingest"),
        ("extension gone", "ask"),
        ("rows gone", "ingest"),
    ],
)
def test_what_is_damaged_is_answered_by_a_scan_told_and_filled_again_without_embedding(
    pgvector: str,
    vector_cluster: postgres.Cluster,
    newsroom: Newsroom,
    damage: str,
    mended_by: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    newsroom.fill(range(12))
    [place] = tables(vector_cluster, pgvector)
    vector_cluster.sql(_DAMAGE[damage].format(place=place), postgres.database_of(pgvector))
    if mended_by == "ask":
        assert bot_main(["ask", question(7)], embedder=newsroom.embedder) == 0
        said = capsys.readouterr()
        assert "order a7v1 sends" in said.out
        assert said.err.startswith("The search index could not be used (")
        assert said.err.endswith("; it has been rebuilt from the catalog.\n")
    else:
        before = newsroom.embedder.texts
        assert ingest.main(["articles"], embedder=newsroom.embedder) == 0
        assert capsys.readouterr().err.startswith(
            "The search index was damaged and has been rebuilt from the catalog ("
        )
        assert newsroom.embedder.texts == before
    newsroom.assert_index_agrees()
    assert tokens(newsroom.answers([7])[0]["text"]) == {(7, 1)}


def test_a_table_that_a_dead_rebuild_left_is_removed(
    pgvector: str, vector_cluster: postgres.Cluster, newsroom: Newsroom
) -> None:
    newsroom.fill(range(3))
    [place] = tables(vector_cluster, pgvector)
    vector_cluster.sql(
        "CREATE TABLE newsdesk.vectors_9_abcdef (id text); CREATE TABLE newsdesk.vectorsome (id text)",
        postgres.database_of(pgvector),
    )
    newsroom.write(4, 1)
    newsroom.ingest()
    assert tables(vector_cluster, pgvector) == [place]
    assert vector_cluster.sql("SELECT count(*) FROM newsdesk.vectorsome", postgres.database_of(pgvector)) == [(0,)]


# --- another model, another machine, another engine ---


def test_another_model_is_refused_and_a_rebuild_with_it_makes_a_table_of_its_length(
    pgvector: str, vector_cluster: postgres.Cluster, newsroom: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    newsroom.fill(range(5))
    short = HashEmbedder(128)
    assert ingest.main(["articles"], embedder=short) == 2
    assert "rebuild --embed" in capsys.readouterr().err
    archive, vector = newsroom.open(), newsroom.embedder.embed([question(3)])[0]
    assert bot_main(["rebuild", "--embed"], embedder=short) == 0
    _, new = tables(vector_cluster, pgvector)
    assert vector_cluster.sql(
        f"SELECT newsdesk.vector_dims(vector) FROM newsdesk.{new} LIMIT 1", postgres.database_of(pgvector)
    ) == [(128,)]
    # A bot that still has the former model is told, and finds what there is by that one.
    archive.read(lambda view: find(view, question(3), vector, newsroom.embedder.identity, ANYTHING, 5))
    assert "different halfvec dimensions 128 and 256" in (archive.trouble or "")
    archive.close()
    newsroom.embedder = short
    newsroom.assert_index_agrees()
    assert tokens(newsroom.answers([3])[0]["text"]) == {(3, 1)}


def test_another_machine_needs_nothing_but_the_address_of_the_database(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.fill(range(5))
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "another"))
    newsroom.archive = tmp_path / "another"
    assert tokens(newsroom.answers([3])[0]["text"]) == {(3, 1)}
    newsroom.write(3, 2)
    newsroom.ingest()
    newsroom.assert_index_agrees()


def test_a_machine_whose_settings_lead_elsewhere_is_told_and_changes_nothing(
    pgvector: str,
    vector_cluster: postgres.Cluster,
    newsroom: Newsroom,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    newsroom.fill(range(5))
    before = tables(vector_cluster, pgvector)
    monkeypatch.delenv("NEWSDESK_VECTORS__ENGINE")
    assert ingest.main(["articles"], embedder=newsroom.embedder) == 2
    assert "set NEWSDESK_VECTORS__ENGINE=pgvector" in capsys.readouterr().err
    assert bot_main(["ask", question(3)], embedder=newsroom.embedder) == 0
    said = capsys.readouterr()
    assert "order a3v1 sends" in said.out
    assert said.err.startswith("The vectors of this archive are in PostgreSQL")
    assert tables(vector_cluster, pgvector) == before
    # A rebuild moves them, and leaves none behind once no reader needs them.
    assert bot_main(["rebuild"], embedder=newsroom.embedder) == 0
    newsroom.write(3, 2)
    newsroom.ingest()
    newsroom.assert_index_agrees()
    assert tables(vector_cluster, pgvector) == []


@pytest.mark.slow
def test_an_archive_moves_from_files_into_postgresql_with_its_vectors(
    without: postgres.Cluster, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    newsroom.fill(range(12))
    before, embedded = newsroom.answers([3, 7]), newsroom.embedder.texts
    url = without.database()
    assert copy_main(["--to", url]) == 0
    assert "NEWSDESK_VECTORS__ENGINE=pgvector" in capsys.readouterr().out
    monkeypatch.setenv("NEWSDESK_CATALOG__URL", url)
    monkeypatch.setenv("NEWSDESK_VECTORS__ENGINE", "pgvector")
    assert bot_main(["rebuild"], embedder=newsroom.embedder) == 0
    assert newsroom.embedder.texts == embedded
    newsroom.assert_index_agrees()
    assert newsroom.answers([3, 7]) == before


# --- sentences ---


def test_a_postgresql_without_the_extension_is_told_in_a_sentence(
    without: postgres.Cluster,
    cluster: postgres.Cluster,
    newsroom: Newsroom,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if cluster.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") != [(0,)]:
        pytest.skip("this PostgreSQL has pgvector")
    monkeypatch.setenv("NEWSDESK_CATALOG__URL", cluster.database())
    monkeypatch.setenv("NEWSDESK_VECTORS__ENGINE", "pgvector")
    put(newsroom, range(2))
    assert ingest.main(["articles"], embedder=newsroom.embedder) == 2
    told = capsys.readouterr().err
    assert "does not have the extension vector and it could not be made" in told
    assert told.rstrip().endswith(
        "Install pgvector on that server and have an administrator run: CREATE EXTENSION vector"
    )


def test_a_user_who_may_not_make_the_extension_is_told_who_can(
    without: postgres.Cluster, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = without.database()
    name = postgres.database_of(url)
    without.sql(
        (
            f"CREATE ROLE {name}_user LOGIN; CREATE SCHEMA newsdesk AUTHORIZATION {name}_user; CREATE SCHEMA "
            f"newsdesk_journal AUTHORIZATION {name}_user"
        ),
        name,
    )
    monkeypatch.setenv("NEWSDESK_CATALOG__URL", url.replace("newsdesk:topsecret@", f"{name}_user@"))
    monkeypatch.setenv("NEWSDESK_VECTORS__ENGINE", "pgvector")
    put(newsroom, range(2))
    assert ingest.main(["articles"], embedder=newsroom.embedder) == 2
    assert "have an administrator run: CREATE EXTENSION vector" in capsys.readouterr().err
    without.sql("CREATE EXTENSION vector", name)
    newsroom.ingest()
    newsroom.assert_index_agrees()


@pytest.mark.parametrize(
    ("also", "told"),
    [
        ({}, "needs the catalog in PostgreSQL"),
        (
            {"NEWSDESK_CATALOG__URL": "postgresql://db/x", "NEWSDESK_CHROMA__URL": "http://chroma:8000"},
            "Unset one of them",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_told(
    without: postgres.Cluster,
    also: dict[str, str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NEWSDESK_VECTORS__ENGINE", "pgvector")
    for name, value in also.items():
        monkeypatch.setenv(name, value)
    assert bot_main(["status"]) == 2
    assert told in capsys.readouterr().err
