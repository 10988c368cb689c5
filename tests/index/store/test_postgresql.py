"""What is PostgreSQL's own: opening, one ingest at a time on all machines, lost connections, the ranking, copies to and
fro.
"""

from __future__ import annotations

import math
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from kills import kill_ingests
from newsroom import ROOT, Newsroom, eventually, line, question, tokens
from postgres import Cluster, database_of
from sqlalchemy import insert

import ingest
from bot.__main__ import main as bot_main
from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal
from deploy.copy_archive import copy_catalog
from deploy.copy_archive import main as copy_main
from index.errors import ArchiveError, LockedError
from index.store import dialect, keywords
from index.store.catalog import Catalog
from index.store.dialect import Database, shown
from index.store.rows import ANYTHING
from index.store.schema import articles, passages

# --- opening ---


def test_a_password_is_never_shown(database: str, newsroom: Newsroom, capsys: pytest.CaptureFixture[str]) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    assert bot_main(["status"]) == 0
    assert bot_main(["status", "--json"]) == 0
    told = capsys.readouterr().out
    assert "PostgreSQL 1" in told
    assert database_of(database) in told
    assert "topsecret" not in told
    assert (
        shown("postgresql+psycopg://desk:topsecret@db.example:5433/news")
        == "PostgreSQL at db.example:5433, database news"
    )


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "postgresql+psycopg://desk:topsecret@127.0.0.1:1/news",
            "PostgreSQL at 127.0.0.1:1, database news cannot be reached",
        ),
        ("postgresql://desk:topsecret@[::/news", "is no URL"),
        ("mysql://desk:topsecret@db/news", "NEWSDESK_CATALOG__URL: Value error, no address of a PostgreSQL database"),
    ],
)
def test_an_address_that_does_not_work_is_told_in_a_sentence(
    url: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("NEWSDESK_CATALOG__URL", url)
    assert bot_main(["status"]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "topsecret" not in said


def test_a_database_without_an_archive_is_told_and_left_empty(
    database: str, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bot_main(["status"]) == 2
    assert "There is no archive in PostgreSQL at" in capsys.readouterr().err
    assert ingest.main(["--dry-run", "."]) == 0
    assert cluster.sql(
        "SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE 'newsdesk%'", database_of(database)
    ) == [(0,)]


def test_many_that_start_at_once_on_an_empty_database_make_one_archive(database: str) -> None:
    found: list[str | None] = []

    def start() -> None:
        catalog, journal = Catalog(database), Journal(database)
        with catalog.snapshot() as snapshot:
            found.append(snapshot.fact("archive"))
        catalog.close()
        journal.close()

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 6
    assert len(set(found)) == 1
    assert found[0]


def test_an_older_catalog_gets_the_columns_that_came_later(database: str, cluster: Cluster) -> None:
    Catalog(database).close()
    cluster.sql(
        (
            "ALTER TABLE newsdesk.articles DROP COLUMN language; DROP TABLE newsdesk.unsettled; UPDATE "
            "newsdesk.facts SET value = '1'"
        ),
        database_of(database),
    )
    catalog = Catalog(database)
    with catalog.snapshot() as snapshot:
        assert list(snapshot.sources()) == []
        assert snapshot.wrongly_cut(3) == set()
    catalog.close()


# --- one ingest on all machines ---


def test_an_ingest_on_another_machine_is_named(database: str, newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    here, there = Catalog(database), Catalog(database)
    with (
        here.writing(),
        pytest.raises(
            LockedError, match=r"Process \d+ on \S+ \(since 20\S+\) is writing to the archive \(PostgreSQL at "
        ),
        there.writing(),
    ):
        pass
    with there.writing():
        pass
    here.close()
    there.close()


def test_another_machine_is_told_that_the_vectors_are_in_a_folder_of_the_first(
    database: str,
    newsroom: Newsroom,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "another"))
    assert bot_main(["ask", question(1)], embedder=newsroom.embedder) == 0
    said = capsys.readouterr()
    assert "order a1v1 sends the vessel" in said.out
    assert said.err.startswith("The vectors of this archive are in a folder of another machine (")
    assert ingest.main(["articles"], embedder=newsroom.embedder) == 2
    assert "set NEWSDESK_VECTORS__ENGINE=pgvector, or NEWSDESK_CHROMA__URL" in capsys.readouterr().err
    newsroom.assert_index_agrees()
    assert bot_main(["rebuild"], embedder=newsroom.embedder) == 0
    newsroom.archive = tmp_path / "another"
    newsroom.assert_index_agrees()


def test_an_ingest_that_lost_its_connection_cannot_write_once_another_has_begun(
    database: str, cluster: Cluster
) -> None:
    slow, other = Catalog(database), Catalog(database)
    with slow.writing():
        cluster.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_of(database)}'")
        with slow.transaction() as transaction:  # nobody else has begun: it may go on
            transaction.put_fact("model", "slow")
        with other.writing():
            with pytest.raises(LockedError, match="Nothing that was in is lost"), slow.transaction() as transaction:
                transaction.put_fact("model", "too late")
            with other.snapshot() as snapshot:
                assert snapshot.fact("model") == "slow"
    slow.close()
    other.close()


@pytest.mark.slow
def test_a_server_that_goes_down_in_the_middle_ends_an_ingest_with_a_sentence_and_the_next_run_does_the_rest(
    database: str, cluster: Cluster, newsroom: Newsroom
) -> None:
    newsroom.fill(range(5))
    with newsroom.start(
        "ingest", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        eventually(lambda: newsroom.holds_lock(process), "the ingest waits for articles")
        cluster.stop()
        try:
            out, err = process.communicate("".join(line(number, 1) for number in range(5, 20)), timeout=120)
        finally:
            cluster.start()
    assert process.returncode == 2, (out, err)
    assert "Traceback" not in err
    assert "topsecret" not in err
    assert "Nothing that was in is lost" in err
    assert newsroom.versions() == dict.fromkeys(range(5), 1)
    with newsroom.start("ingest", "-", stdin=subprocess.PIPE) as process:
        process.communicate("".join(line(number, 1) for number in range(5, 20)), timeout=120)
    assert newsroom.versions() == dict.fromkeys(range(20), 1)
    newsroom.assert_index_agrees()


@pytest.mark.slow
def test_an_ingest_killed_at_any_moment_loses_nothing_and_the_next_run_does_the_rest(
    database: str, newsroom: Newsroom
) -> None:
    kill_ingests(newsroom)


# --- the ranking ---


def filled(place: Database, texts: list[tuple[str, str]]) -> Catalog:
    catalog = Catalog(place)
    with catalog.transaction() as transaction:
        row = {
            "file": "f",
            "path": "p",
            "title": "t",
            "text": "x",
            "digest": "d",
            "original_digest": "o",
            "cut": "[]",
            "publisher": "The Post",
        }
        transaction.connection.execute(insert(articles), [{"id": f"a{number % 2}", **row} for number in range(2)])
        found = [
            {"row": number, "id": f"p{number:05}", "article_id": f"a{number % 2}", "start": 0, "end": 1, "key": "k"}
            for number in range(len(texts))
        ]
        transaction.connection.execute(insert(passages), found)
        keywords.put(transaction.connection, [(number, title, body) for number, (title, body) in enumerate(texts)])
    return catalog


def test_postgresql_ranks_exactly_as_fts5_does(database: str, tmp_path: Path) -> None:
    chance = random.Random(3)
    words = [f"w{number}" for number in range(400)] + ["1e5", "0x1f", "3com", "null", "and"]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    texts = [
        (
            " ".join(chance.choices(words, weights, k=chance.randrange(12))),
            " ".join(chance.choices(words, weights, k=chance.randrange(1, 200))),
        )
        for _ in range(400)
    ]
    texts.append(("", "w1 " * 300))
    lite, postgres = filled(tmp_path / "c.sqlite3", texts), filled(database, texts)
    for catalog in (lite, postgres):
        with catalog.transaction() as transaction:
            keywords.drop(transaction.connection, [3, 5, 8, 9_999])
            keywords.put(transaction.connection, [(5, *texts[5])])
    for _ in range(40):
        asked = [*chance.choices(words, k=chance.randrange(1, 9)), "unheard"]
        with lite.snapshot() as one, postgres.snapshot() as other:
            expected, found = one.keyword(asked, 50, ANYTHING), other.keyword(asked, 50, ANYTHING)
            assert [id_ for id_, _ in found] == [id_ for id_, _ in expected]
            assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-9)
            frequencies = one.document_frequencies(asked)
            assert other.document_frequencies(asked) == frequencies
            known = {term: count for term, count in frequencies.items() if count}
            assert one.known_terms(asked) == other.known_terms(asked) == known
    lite.close()
    postgres.close()


def test_texts_are_compared_by_code_point_in_any_language(database: str, newsroom: Newsroom) -> None:
    assert dialect.shown(database)
    catalog = Catalog(database)
    with catalog.transaction() as transaction:
        row = {"path": "p", "title": "t", "text": "x", "digest": "d", "original_digest": "o", "cut": "[]"}
        names = ["/srv/a-b/1", "/srv/a/1", "/srv/a/Z", "/srv/a/z", "/srv/aa", "/srv/a0"]
        transaction.connection.execute(insert(articles), [{"id": name, "file": name, **row} for name in names])
        assert transaction.ids_after("", 9) == sorted(names)
    catalog.close()


# --- copies ---


@pytest.mark.slow
def test_an_archive_moves_to_postgresql_and_back_and_answers_as_before(
    cluster: Cluster,
    newsroom: Newsroom,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    newsroom.fill(range(20))
    journal = Journal(newsroom.archive / "journal.sqlite3")
    mine = journal.claim(JournalEntry("C1:1.1", "mention", "C1", "1.1", "1.1", "U1", "wo? “там” 🚢"), "a", "Ev1")
    assert mine
    journal.usage.rate(mine, "U1", "down")
    journal.close()
    before = newsroom.answers([3, 7])

    url = cluster.database()
    assert copy_main(["--to", url, "--json"]) == 0
    there = capsys.readouterr().out
    monkeypatch.setenv("NEWSDESK_CATALOG__URL", url)
    assert newsroom.answers([3, 7]) == before
    newsroom.assert_index_agrees()
    newsroom.write(7, 2)
    newsroom.write(30, 1)
    report = newsroom.ingest()
    assert (report["added"], report["updated"], report["unchanged"]) == (1, 1, 19)
    moved = Journal(url)
    assert moved.claim(JournalEntry("C1:1.1", "mention", "C1", "1.1", "1.1", "U1", "again"), "b") is None
    assert [vote["text"] for vote in moved.usage.votes_between(0, math.inf)] == ["wo? “там” 🚢"]
    moved.close()

    assert copy_main(["--to", str(tmp_path / "back"), "--json"]) == 0
    assert "passage_terms" in there
    monkeypatch.delenv("NEWSDESK_CATALOG__URL")
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "back"))
    newsroom.archive = tmp_path / "back"
    assert bot_main(["rebuild"], embedder=newsroom.embedder) == 0
    assert tokens(newsroom.answers([7])[0]["text"]) == {(7, 2)}
    assert newsroom.answers([3]) == before[:1]
    assert newsroom.ingest()["unchanged"] == 21
    newsroom.assert_index_agrees()


def test_a_copy_into_what_is_not_empty_is_refused_and_one_that_dies_leaves_nothing(
    cluster: Cluster, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    url = cluster.database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deploy.copy_archive._keywords", lambda old, new: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            copy_main(["--to", url])
    assert cluster.sql("SELECT count(*) FROM newsdesk.articles", database_of(url)) == [(0,)]
    assert copy_main(["--to", url]) == 0
    assert copy_main(["--to", url]) == 2
    assert "is not empty: there are" in capsys.readouterr().err
    assert copy_main(["--to", "mysql://db/news"]) == 2
    assert "mysql is no database that newsdesk knows" in capsys.readouterr().err


def test_a_copy_that_differs_is_not_kept(cluster: Cluster, newsroom: Newsroom) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    url = cluster.database()
    Catalog(url).close()
    cluster.sql(
        """CREATE FUNCTION newsdesk.change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.title := upper(NEW.title);
        RETURN NEW; END';
        CREATE TRIGGER change BEFORE INSERT ON newsdesk.articles FOR EACH ROW EXECUTE FUNCTION newsdesk.change()""",
        database_of(url),
    )
    archive = newsroom.open()
    with pytest.raises(ArchiveError, match="The table articles did not arrive as it was"):
        copy_catalog(archive.catalog, url)
    archive.close()
    assert cluster.sql("SELECT count(*) FROM newsdesk.articles", database_of(url)) == [(0,)]


# --- without the library ---


def test_without_psycopg_the_command_that_installs_it_is_named() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\nfrom index.store.catalog import Catalog\n"
        "Catalog('postgresql+psycopg://db/news')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (
        "ArchiveError: PostgreSQL needs the library psycopg, which is not installed. Run: pip install 'psycopg"
        in done.stderr
    )


def test_a_user_who_may_not_write_is_told_what_to_grant(database: str, cluster: Cluster) -> None:
    cluster.sql("CREATE ROLE reader LOGIN")
    with pytest.raises(ArchiveError, match=r"does not let this user write .* GRANT CREATE"):
        Catalog(database.replace("newsdesk:", "reader:"))
