"""What cannot be read: named, remembered, not read again until it changes; and what an admin sees of it, of runs, and
of an article.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from newsroom import Newsroom, catalog_at, line, page

import ingest
from bot.__main__ import main as bot_main
from index.clean.clean import clean
from index.errors import ArchiveError
from index.ingest.report import Failures, Report
from index.read.record import Failure
from index.store import transaction as transaction_module
from index.store.catalog import Catalog
from index.store.rows import ANYTHING
from index.store.snapshot import Snapshot

Say = Callable[..., tuple[int, str]]

BROKEN = {
    "empty.txt": b"",
    "binary.txt": bytes(range(256)) * 20,
    "furniture.txt": b"Advertisement\nSubscribe to our newsletter\n",
    "front.md": b"---\ntitle: [never closed\n---\nThe ship sailed.\n",
    "cut.jsonl.gz": b"\x1f\x8b\x08\x00 this is no gzip",
}


@pytest.fixture
def put(capsys, newsroom: Newsroom) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run ``python ingest.py articles … --json`` and return its exit code and report."""

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = ingest.main([str(newsroom.articles), *arguments, "--json"], embedder=newsroom.embedder)
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def bot(capsys) -> Say:
    """Run ``python -m bot …`` and return its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        code = bot_main(arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def failed(bot: Say) -> dict[str, dict[str, Any]]:
    return {Path(item["path"]).name: item for item in json.loads(bot("status", "--failures", "--json")[1])}


def opened(paths: Path, work: Callable[[], object]) -> list[str]:
    """Which article files a piece of work opens."""
    found: list[str] = []
    _watching_opens.append(found)
    work()
    _watching_opens.remove(found)
    return sorted({Path(name).name for name in found if Path(name).parent == paths})


_watching_opens: list[list[str]] = []


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    sys.addaudithook(
        lambda event, values: (
            [found.append(os.fsdecode(values[0])) for found in _watching_opens]
            if event == "open" and _is_name(values[0])
            else None
        )
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str | bytes)


# --- failed for good
# -----------------------------------------------------------------------------------------------------


@pytest.mark.both
def test_what_failed_for_good_is_named_once_and_read_again_only_when_it_changes(newsroom: Newsroom, put, bot):
    newsroom.write(1, 1)
    for name, raw in BROKEN.items():
        (newsroom.articles / name).write_bytes(raw)
    code, report = put()
    assert (code, report["added"], report["failed"], report["known_failures"]) == (1, 1, len(BROKEN), 0)
    assert {Path(item["path"]).name for item in report["failures"]} == BROKEN.keys()

    result: list[tuple[int, dict[str, Any]]] = []
    assert opened(newsroom.articles, lambda: result.append(put())) == []
    code, report = result[0]
    assert (code, report["failed"], report["failures"], report["known_failures"], report["unchanged"]) == (
        0,
        0,
        [],
        len(BROKEN),
        1,
    )
    assert failed(bot).keys() == BROKEN.keys()

    (newsroom.articles / "empty.txt").write_text(page(2, 1))
    (newsroom.articles / "binary.txt").write_bytes(b"")
    assert opened(newsroom.articles, lambda: result.append(put())) == ["binary.txt", "empty.txt"]
    code, report = result[1]
    assert (code, report["added"], report["failed"], report["known_failures"]) == (1, 1, 1, len(BROKEN) - 2)
    assert failed(bot).keys() == BROKEN.keys() - {"empty.txt"}
    assert "is empty" in failed(bot)["binary.txt"]["reason"]


def test_a_touched_file_with_the_same_bytes_is_still_known_to_fail(newsroom: Newsroom, put):
    path = newsroom.articles / "empty.txt"
    path.write_text("")
    put()
    os.utime(path, ns=(10**18, 10**18))
    code, report = put()
    assert (code, report["failed"], report["known_failures"]) == (0, 0, 1)


@pytest.mark.both
def test_retry_failed_reads_those_again_and_nothing_else(newsroom: Newsroom, put):
    newsroom.write(1, 1)
    (newsroom.articles / "empty.txt").write_text("")
    (newsroom.articles / "some.jsonl").write_text(line(2, 1) + "broken\n" + line(3, 1))
    put()
    result: list[tuple[int, dict[str, Any]]] = []
    assert opened(newsroom.articles, lambda: result.append(put("--retry-failed"))) == ["empty.txt", "some.jsonl"]
    code, report = result[0]
    assert (
        code,
        report["failed"],
        report["known_failures"],
        report["unchanged"],
        report["added"],
        report["updated"],
    ) == (1, 2, 0, 3, 0, 0)


def test_the_good_lines_of_a_file_are_in_and_its_bad_ones_stay_on_the_list(newsroom: Newsroom, put, bot):
    path = newsroom.articles / "wire.jsonl"
    path.write_text("".join(line(number, 1) for number in range(300, 320)) + "no json\n" + '{"id": "x"}\n')
    code, report = put()
    assert (code, report["added"], report["failed"]) == (1, 20, 2)
    result: list[tuple[int, dict[str, Any]]] = []
    assert opened(newsroom.articles, lambda: result.append(put())) == []
    assert (result[0][0], result[0][1]["unchanged"], result[0][1]["known_failures"]) == (0, 20, 2)
    listed = json.loads(bot("status", "--failures", "--json")[1])
    assert [(item["line"], item["run"], item["retried"]) for item in listed] == [
        (21, report["run"], "when it changes"),
        (22, report["run"], "when it changes"),
    ]


def test_a_file_too_large_is_read_once_the_setting_allows_it(newsroom: Newsroom, put, monkeypatch):
    (newsroom.articles / "long.txt").write_text(
        page(1, 1) + "\n\n" + "The ship left the harbour at dawn with its grain. " * 22_000
    )
    monkeypatch.setenv("NEWSDESK_INGEST__MAX_MB", "1")
    assert put()[1]["failed"] == 1
    code, report = put()
    assert (code, report["known_failures"]) == (0, 1)
    monkeypatch.setenv("NEWSDESK_INGEST__MAX_MB", "2")
    code, report = put()
    assert (code, report["added"], report["known_failures"]) == (0, 1, 0)


@pytest.mark.both
def test_what_fails_for_a_passing_reason_is_tried_by_every_run_and_then_off_the_list(newsroom: Newsroom, put, bot):
    link = newsroom.articles / "link.txt"
    link.symlink_to("later.txt")
    for _ in range(2):
        code, report = put()
        assert (code, report["failed"], report["known_failures"]) == (1, 1, 0)
        assert failed(bot)["link.txt"]["retried"] == "every run"
    assert len(failed(bot)) == 1
    (newsroom.articles / "later.txt").write_text(page(1, 1))
    assert put()[0] == 0
    assert failed(bot) == {}
    assert "Nothing failed" in bot("status", "--failures")[1]


def test_a_run_over_another_folder_leaves_the_list_alone(newsroom: Newsroom, put, bot, tmp_path, capsys):
    (newsroom.articles / "link.txt").symlink_to("nowhere.txt")
    (newsroom.articles / "empty.txt").write_text("")
    put()
    other = tmp_path / "articles-2"
    other.mkdir()
    (other / "one.txt").write_text(page(1, 1))
    assert ingest.main([str(other)], embedder=newsroom.embedder) == 0
    capsys.readouterr()
    assert failed(bot).keys() == {"link.txt", "empty.txt"}


def test_a_file_that_breaks_keeps_its_last_good_version_in(newsroom: Newsroom, put, bot):
    newsroom.write(1, 1)
    put()
    newsroom.path(1).write_bytes(b"\x00\x01\x02" * 500)
    assert put()[1]["failed"] == 1
    assert newsroom.versions() == {1: 1}
    assert json.loads(bot("show", str(newsroom.path(1)), "--json")[1])["file_now"] == "failed"


@pytest.mark.both
def test_pruning_forgets_a_failed_file_that_has_gone(newsroom: Newsroom, put, bot):
    (newsroom.articles / "empty.txt").write_text("")
    put()
    (newsroom.articles / "empty.txt").unlink()
    assert put()[1]["known_failures"] == 0
    assert failed(bot)["empty.txt"]["retried"] == "never"
    code, report = put("--prune")
    assert (code, report["removed"]) == (0, 0)
    assert failed(bot) == {}


def test_people_are_told_that_something_failed_before(newsroom: Newsroom, put, bot, capsys):
    (newsroom.articles / "empty.txt").write_text("")
    put()
    assert ingest.main([str(newsroom.articles)], embedder=newsroom.embedder) == 0
    assert "0 failed (1 failed before and unchanged: python -m bot status --failures)" in capsys.readouterr().out
    told = bot("status", "--failures")[1]
    assert "Not read again until its file changes" in told
    assert "articles/empty.txt: is empty" in told
    assert "(run 1, " in told


def test_a_run_names_the_first_failures_and_counts_all(monkeypatch):
    monkeypatch.setattr("index.ingest.report._FAILURES", 3)
    failures = Failures()
    for number in range(5):
        failures.append(Failure(f"{number}.txt", "is empty"))
    assert ([failure.path for failure in failures], failures.total) == (["0.txt", "1.txt", "2.txt"], 5)


# --- the plan
# ------------------------------------------------------------------------------------------------------------


def messy(newsroom: Newsroom, put) -> None:
    """An archive, and a folder that differs from it in every way there is."""
    for number in range(1, 7):
        newsroom.write(number, 1)
    wire = newsroom.articles / "wire.jsonl"
    wire.write_text("".join(line(number, 1) for number in range(300, 304)))
    for name, raw in BROKEN.items():
        (newsroom.articles / name).write_bytes(raw)
    put()
    newsroom.write(1, 2)
    os.utime(newsroom.path(2), ns=(10**18, 10**18))
    newsroom.path(3).unlink()
    newsroom.path(4).rename(newsroom.articles / "moved.txt")
    newsroom.path(5).write_bytes(b"")
    (newsroom.articles / "empty.txt").write_text(page(7, 1))
    (newsroom.articles / "new.txt").write_text(page(8, 1))
    (newsroom.articles / "link.txt").symlink_to("nowhere.txt")
    wire.write_text(line(300, 1) + line(301, 2) + line(304, 1))


REASONS = {
    "00001.txt": ("update", "changed since the version of "),
    "00003.txt": ("remove", "its file has gone"),
    "00004.txt": ("remove", "its file has gone"),
    "moved.txt": ("add", "new file"),
    "empty.txt": ("add", "failed before, changed since"),
    "new.txt": ("add", "new file"),
    "wire.jsonl#00301": ("update", "changed since the version of "),
    "wire.jsonl#00302": ("remove", "no longer in its file"),
    "wire.jsonl#00303": ("remove", "no longer in its file"),
    "wire.jsonl#00304": ("add", "new in its file"),
}


def held(newsroom: Newsroom) -> dict[str, str]:
    archive = newsroom.open()
    try:
        with archive.catalog.snapshot() as snapshot:
            return {source.path: digest for source, digest in snapshot.sources()}
    finally:
        archive.close()


def test_the_plan_of_a_dry_run_says_why_and_is_what_the_run_then_does(newsroom: Newsroom, put):
    messy(newsroom, put)
    before = held(newsroom)
    code, planned = put("--prune", "--dry-run")
    assert held(newsroom) == before
    plan = {Path(step["path"]).name: (step["action"], step["why"]) for step in planned["plan"]}
    assert plan.keys() == REASONS.keys()
    for name, (action, why) in REASONS.items():
        assert plan[name][0] == action, name
        assert plan[name][1].startswith(why), name

    done_code, done = put("--prune")
    after = held(newsroom)
    changed = {path: "add" if path not in before else "update" for path in after if after[path] != before.get(path)}
    changed |= dict.fromkeys(before.keys() - after.keys(), "remove")
    assert changed == {step["path"]: step["action"] for step in planned["plan"]}
    same = ("added", "updated", "unchanged", "removed", "failed", "known_failures", "passages", "failures", "skipped")
    assert {name: done[name] for name in same} == {name: planned[name] for name in same}
    assert code == done_code == 1


def test_a_forced_plan_says_so(newsroom: Newsroom, put):
    newsroom.write(1, 1)
    put()
    assert [step["why"] for step in put("--force", "--dry-run")[1]["plan"]] == ["read again (--force)"]


# --- runs
# ----------------------------------------------------------------------------------------------------------------


@pytest.mark.both
def test_every_run_is_on_record_with_how_it_ended(newsroom: Newsroom, put, bot):
    newsroom.write(1, 1)
    put()
    (newsroom.articles / "empty.txt").write_text("")
    put()
    archive = newsroom.open()
    with archive.catalog.transaction() as transaction:
        transaction.start_run("2025-03-07T10:00:00+00:00")  # and then it is killed
    archive.close()
    put()
    runs = json.loads(bot("status", "--runs", "0", "--json")[1])
    assert [(run["run"], run["ended"]) for run in runs] == [(4, "done"), (3, "killed"), (2, "done"), (1, "done")]
    assert [run["report"] and run["report"]["failed"] for run in runs] == [0, None, 1, 0]
    assert runs[2]["report"]["failures"][0]["path"].endswith("empty.txt")
    told = bot("status", "--runs", "3")[1].splitlines()
    assert len(told) == 3
    assert "1 failed before" in told[0]
    assert "was killed" in told[1]
    assert "1 failed" in told[2]


@pytest.mark.both
def test_a_run_that_an_error_ended_says_which(newsroom: Newsroom, bot, capsys):
    newsroom.write(1, 1)

    class Broken:
        identity = newsroom.embedder.identity

        def embed(self, texts):
            raise OSError(5, "Input/output error")

    assert ingest.main([str(newsroom.articles)], embedder=Broken()) == 2
    capsys.readouterr()
    [run] = json.loads(bot("status", "--runs", "--json")[1])
    assert run["ended"] == "error"
    assert "Input/output error" in run["report"]["error"]
    assert "ended by: " in bot("status", "--runs")[1]


@pytest.mark.both
def test_the_record_of_runs_is_bounded(tmp_path, monkeypatch):
    for name, value in (("_RUNS", 6), ("_RUNS_WITH_FAILURES", 3), ("_FAILURES", 20)):
        monkeypatch.setattr(transaction_module, name, value)
    catalog = Catalog(catalog_at(tmp_path / "catalog.sqlite3"))
    report = Report(
        failures=Failures(Failure(f"/a/{number}.txt", "cannot be read", passing=True) for number in range(30))
    )
    for _ in range(10):
        with catalog.transaction() as transaction:
            transaction.finish_run(transaction.start_run("2025-03-07T10:00:00+00:00"), 1.0, report.as_json())
    with catalog.snapshot() as snapshot:
        runs = snapshot.runs(None)
        assert [run["run"] for run in runs] == [10, 9, 8, 7, 6, 5]
        assert [len(run["report"]["failures"]) for run in runs] == [20, 20, 20, 10, 10, 10]
        assert len(snapshot.passing_failures()) == 20
    catalog.close()


# --- one article
# ---------------------------------------------------------------------------------------------------------

PAGE = """The ferry stops

By Ines Carrow
7 March 2025

The mayor of Esbjerg said on Monday that the ferry will stop in May, after a debate of four hours.

Advertisement

Some 2,000 people of Esbjerg use it every week, and the nearest bridge is 40 kilometres away.

Subscribe to our newsletter
"""


def test_an_article_is_shown_with_what_was_cut_where_it_stood(newsroom: Newsroom, put, bot):
    path = newsroom.articles / "ferry.txt"
    path.write_text(PAGE)
    put()
    told = bot("show", str(path))[1].splitlines()
    marked = [line for line in told if line.startswith(("- [", "¶ ", "The mayor", "Some 2,000"))]
    kinds = [line.split("]")[-1].strip() if line.startswith("- [") else line[:10] for line in marked]
    body = kinds[kinds.index("The mayor ") :]
    assert body == ["The mayor ", "Advertisement", "Some 2,000", "Subscribe to our newsletter"]
    assert kinds.index("¶ [1] 0-19") < kinds.index("The mayor ")
    shown = json.loads(bot("show", str(path), "--json")[1])
    [advert] = [item for item in shown["cut"] if item["line"] == "Advertisement"]
    assert shown["text"][advert["at"] :].startswith("Some 2,000")
    assert shown["file_now"] == "unchanged"


def test_a_page_is_shown_with_what_was_left_out_and_named_if_its_text_is_not_on_it(newsroom: Newsroom, put, bot):
    story = [f"Ship number {number} left the old harbour with its crew of {number + 3}." for number in range(20)]
    links = "".join(f"<li><a href=/{number}>Story number {number} of the day</a></li>" for number in range(9))
    body = json.dumps({"@type": "NewsArticle", "headline": "Ships", "articleBody": " ".join(story)})
    shown = f"<html><body><nav><ul>{links}</ul></nav><article><h1>Ships</h1>{{}}</article></body></html>"
    (newsroom.articles / "whole.html").write_text(shown.format("".join(f"<p>{line}</p>" for line in story)))
    (newsroom.articles / "scripted.html").write_text(
        f'<script type="application/ld+json">{body}</script>{shown.format(f"<p>{story[0]}</p>")}'
    )
    report = put()[1]
    assert [Path(path).name for path in report["unshown"]] == ["scripted.html"]
    told = bot("show", str(newsroom.articles / "whole.html"))[1].splitlines()
    assert [line for line in told if "[menu]" in line] == [
        *(f"- [menu] - Story number {number} of the day" for number in range(3)),
        "- [menu] and 6 more lines (--json has them)",
    ]


def test_the_place_of_each_cut_is_before_the_paragraph_that_followed_it():
    cleaned = clean(PAGE, "The ferry stops")
    for cut in cleaned.cut:
        following = cleaned.text[cut.at :].split("\n\n")[0]
        assert PAGE.index(cut.line) < (PAGE.index(following) if following else len(PAGE))
        before = cleaned.text[: cut.at].rstrip("\n").split("\n\n")[-1]
        assert PAGE.index(before) <= PAGE.index(cut.line)


@pytest.mark.both
def test_an_article_is_found_by_its_file_from_wherever_and_by_its_address(newsroom: Newsroom, put, bot, monkeypatch):
    record = {
        "id": "a",
        "url": "https://example.org/ferry",
        "title": "Ferry",
        "text": "The mayor said that the ferry will stop in May.",
    }
    (newsroom.articles / "wire.jsonl").write_text(json.dumps(record) + "\n")
    put()
    monkeypatch.chdir(newsroom.articles)
    for wanted in ("wire.jsonl", "./wire.jsonl#a", "https://example.org/ferry"):
        assert json.loads(bot("show", wanted, "--json")[1])["title"] == "Ferry", wanted


@pytest.mark.both
def test_a_file_of_many_articles_lists_them_to_choose_from(newsroom: Newsroom, put, bot):
    (newsroom.articles / "wire.jsonl").write_text("".join(line(number, 1) for number in range(300, 315)))
    put()
    code, told = bot("show", str(newsroom.articles / "wire.jsonl"))
    assert code == 2
    assert "show one by its id" in told
    assert told.count("A new voyage for ship") == 10
    first = told.splitlines()[1].split()[0]
    assert bot("show", first)[0] == 0


def test_show_says_what_became_of_the_file(newsroom: Newsroom, put, bot):
    newsroom.write(1, 1)
    put()
    newsroom.write(1, 2)
    os.utime(newsroom.path(1), ns=(10**18, 10**18))
    assert "has changed since it was read" in bot("show", str(newsroom.path(1)))[1]
    newsroom.path(1).unlink()
    assert "is no longer there" in bot("show", str(newsroom.path(1)))[1]


# --- an older catalog
# ----------------------------------------------------------------------------------------------------

FIRST_VERSION = """
CREATE TABLE facts (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE files (path TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
digest TEXT NOT NULL, articles INTEGER NOT NULL);
CREATE TABLE articles (
    id TEXT NOT NULL PRIMARY KEY, file TEXT NOT NULL, path TEXT NOT NULL, title TEXT NOT NULL, publisher TEXT,
    author TEXT, url TEXT, published DATE,
    language TEXT, text TEXT NOT NULL, digest TEXT NOT NULL, original_digest TEXT NOT NULL, cut TEXT NOT NULL);
CREATE INDEX articles_file ON articles (file);
CREATE INDEX articles_published ON articles (published);
CREATE INDEX articles_digest ON articles (digest);
CREATE TABLE passages (
    "row" INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE, article_id TEXT NOT NULL REFERENCES articles (id),
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, "key" TEXT NOT NULL);
CREATE INDEX passages_article ON passages (article_id);
CREATE INDEX passages_key ON passages ("key");
CREATE TABLE embeddings ("row" INTEGER NOT NULL PRIMARY KEY, model TEXT NOT NULL, "key" TEXT NOT NULL,
vector BLOB NOT NULL);
CREATE UNIQUE INDEX embeddings_model_key ON embeddings (model, "key");
CREATE TABLE generations (number INTEGER NOT NULL PRIMARY KEY, place TEXT NOT NULL, passages INTEGER NOT NULL,
dead INTEGER NOT NULL);
CREATE TABLE vector_journal ("row" INTEGER NOT NULL PRIMARY KEY, place TEXT NOT NULL, passage_id TEXT);
CREATE TABLE runs (number INTEGER NOT NULL PRIMARY KEY, started TEXT NOT NULL, seconds FLOAT, report TEXT);
CREATE TABLE failures ("row" INTEGER NOT NULL PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs (number),
path TEXT NOT NULL, reason TEXT NOT NULL);
CREATE VIRTUAL TABLE passage_terms USING fts5(title, body, tokenize = 'ascii');
INSERT INTO facts VALUES ('schema', '1'), ('archive', 'abcdef');
INSERT INTO articles VALUES (
    '0123456789abcdef', '/gone/ferry.txt', '/gone/ferry.txt', 'The ferry stops', 'Nordlys', NULL, NULL, '2025-03-07',
    NULL, 'The ferry will stop in May.',
    'd', 'o', '[["Advertisement", "furniture"]]');
INSERT INTO passages VALUES (1, '0123456789abcdef:0-27:00000000', '0123456789abcdef', 0, 27, 'k');
INSERT INTO passage_terms (rowid, title, body) VALUES (1, 'ferri stop', 'ferri will stop may');
INSERT INTO files VALUES ('/gone/ferry.txt', 120, 1, 'o', 1);
INSERT INTO runs VALUES (1, '2025-03-07T10:00:00+00:00', 1.5, '
    {"run": 1, "seconds": 1.5, "added": 1, "updated": 0, "unchanged": 0, "removed": 0, "duplicates": 0,
    "failed": 1, "passages": 1, "failures": [{"path": "/gone/bad.txt", "reason": "is empty"}], "skipped": {},
    "interrupted": false}');
INSERT INTO failures VALUES (1, 1, '/gone/bad.txt', 'is empty');
"""


def test_damage_that_shows_only_while_rows_are_read_is_named(tmp_path: Path, monkeypatch):
    def damaged(_snapshot: Snapshot) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")  # the driver's own: its cursor was asked

    monkeypatch.setattr(Snapshot, "counts", damaged)
    catalog = Catalog(tmp_path / "catalog.sqlite3")
    with pytest.raises(ArchiveError, match="is damaged"), catalog.snapshot() as snapshot:
        snapshot.counts()
    catalog.close()


def test_a_catalog_of_the_first_version_opens_and_keeps_its_articles(newsroom: Newsroom, put, bot):
    newsroom.archive.mkdir()
    with sqlite3.connect(newsroom.archive / "catalog.sqlite3") as connection:
        connection.executescript(FIRST_VERSION)
    connection.close()
    archive = newsroom.open()
    try:
        with archive.catalog.snapshot() as snapshot:
            assert snapshot.fact("schema") == "4"
            stored = snapshot.article("0123")
            assert stored is not None
            assert (stored.article.text, stored.article.source.published) == (
                "The ferry will stop in May.",
                date(2025, 3, 7),
            )
            assert stored.cut == (("Advertisement", "furniture", None),)
            assert [found[0] for found in snapshot.keyword(["ferri"], 5, ANYTHING)] == [
                "0123456789abcdef:0-27:00000000"
            ]
    finally:
        archive.close()
    assert "their places are not known" in bot("show", "0123")[1]
    assert "1 failed" in bot("status", "--runs")[1]
    newsroom.write(1, 1)
    assert put()[1]["added"] == 1
    assert {item["title"] for item in map(json.loads, bot("articles", "--json")[1].splitlines())} == {
        "The ferry stops",
        "A new voyage for ship1 begins",
    }
