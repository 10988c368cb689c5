"""The other commands of ``python -m bot`` as people and machines use them, with an embedder that hashes words."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from datetime import date

import pytest
from commands import ASKED, counts, write
from hash_embedder import HashEmbedder
from newsroom import DRIVER, ROOT


def test_articles_are_listed_one_a_line(bot, sample_archive):
    done = bot("articles")
    assert done.code == 0
    assert len(done.out.splitlines()) == 18
    [line] = [line for line in done.out.splitlines() if "How one click emptied" in line]
    assert "undated" in line


def test_articles_as_json_have_the_promised_fields(bot, sample_archive):
    found = bot("articles", "--json").lines
    assert len(found) == 18
    assert all(
        item.keys() >= {"id", "title", "publisher", "published", "date_source", "path", "url", "digest"}
        for item in found
    )
    assert len({item["id"] for item in found}) == 18
    days = [item["published"] for item in found]
    assert [day for day in days if day] == sorted((day for day in days if day), reverse=True)
    assert all(date.fromisoformat(day) for day in days if day)
    assert days[-1] is None


def test_one_article_is_shown_with_all_that_is_known_of_it(bot, sample_archive):
    [listed] = [item for item in bot("articles", "--json").lines if item["path"].endswith("brussels-summit.txt")]
    shown = bot("show", listed["id"], "--json").json
    assert {name: shown[name] for name in listed} == listed
    assert shown["author"] == "Martin Oake"
    assert any(item["line"] == "Advertisement" and item["reason"] for item in shown["cut"])
    assert shown["duplicates"] == []
    covered = [index for passage in shown["passages"] for index in range(passage["start"], passage["end"])]
    assert covered == sorted(set(covered))
    assert {index for index, char in enumerate(shown["text"]) if not char.isspace()} <= set(covered)


def test_an_article_is_found_by_the_start_of_its_id(bot, sample_archive):
    [listed] = [item for item in bot("articles", "--json").lines if item["path"].endswith("bybit-heist.txt")]
    done = bot("show", listed["id"][:8])
    assert done.code == 0
    assert listed["title"] in done.out
    assert "It was supposed to be housekeeping." in done.out


@pytest.mark.parametrize("id_", ["ffffffffffffffff", "no such id", "", "%", "' OR 1=1 --"], ids=repr)
def test_an_id_that_names_no_single_article_is_exit_code_2(id_, bot, sample_archive):
    done = bot("show", id_)
    assert done.code == 2
    assert "python -m bot articles" in done.err


def test_the_status_says_what_is_in_and_which_runs_there_were(bot, sample_archive):
    found = bot("status", "--json").json
    assert (found["articles"], found["files"], found["healthy"]) == (18, 16, True)
    assert found["passages"] > 100
    assert [run["report"]["added"] for run in found["runs"]] == [18]
    assert {"newsdesk", "python", "chromadb"} <= found["versions"].keys()


def test_the_status_for_people_names_the_numbers(bot, sample_archive):
    done = bot("status")
    assert done.code == 0
    assert "18 articles" in done.out
    assert "healthy" in done.out


def test_the_doctor_finds_nothing_wrong_with_a_good_archive(bot, sample_archive):
    done = bot("doctor")
    assert done.code == 0
    assert "FAIL" not in done.out
    findings = bot("doctor", "--json").json
    assert all(finding["ok"] for finding in findings)
    assert {"settings", "disk", "model", "catalog", "index"} <= {finding["what"] for finding in findings}


def test_the_doctor_says_what_to_do_when_the_index_is_gone(bot, samples):
    shutil.rmtree(samples / "chroma")
    done = bot("doctor")
    assert done.code == 1
    assert "FAIL" in done.out
    assert "python -m bot rebuild" in done.out


def test_a_rebuild_gives_the_same_answer_and_embeds_nothing(bot, samples, embedder):
    before = bot("ask", ASKED, "--json").json
    calls = embedder.texts
    shutil.rmtree(samples / "chroma")
    done = bot("rebuild", "--json")
    assert (done.code, done.json["embedded"]) == (0, 0)
    assert done.json["passages"] == bot("status", "--json").json["passages"]
    assert embedder.texts == calls
    after = bot("ask", ASKED, "--json").json
    assert [item["quote"] for item in after["citations"]] == [item["quote"] for item in before["citations"]]


def test_a_rebuild_of_an_empty_archive_is_told_to_people(empty, bot):
    done = bot("rebuild")
    assert done.code == 0
    assert "0 passages" in done.out


def test_another_model_is_refused_with_the_command_that_embeds_again(put, bot, news, samples):
    other = HashEmbedder(128)
    for done in (bot("ask", ASKED, embedder=other), put(news, embedder=other), bot("rebuild", embedder=other)):
        assert done.code == 2
        assert "python -m bot rebuild --embed" in done.err
    done = bot("rebuild", "--embed", "--json", embedder=other)
    assert done.json["embedded"] == done.json["passages"] > 0
    assert bot("ask", ASKED, "--json", embedder=other).json["outcome"] == "answered"


COMMANDS = [["ask", ASKED], ["articles"], ["show", "abc"], ["status"], ["rebuild"], ["ask", "--jsonl", "-"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_an_archive_a_command_says_how_to_make_one(command, bot, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(ASKED)))
    done = bot(*command)
    assert done.code == 2
    assert done.out == ""
    assert "python ingest.py" in done.err
    assert not (tmp_path / "archive" / "catalog.sqlite3").exists()


def test_without_an_archive_the_doctor_says_how_to_make_one(bot, tmp_path):
    done = bot("doctor")
    assert done.code == 1
    assert "python ingest.py" in done.out
    assert not (tmp_path / "archive").exists()


@pytest.fixture
def empty(put, tmp_path) -> None:
    """An archive without an article."""
    (tmp_path / "nothing").mkdir()
    assert put(tmp_path / "nothing", "--json").code == 0


def test_an_empty_archive_refuses_and_lists_nothing(empty, bot):
    found = bot("ask", ASKED, "--json").json
    assert (found["outcome"], found["reason"], found["nearest"]) == ("refused", "nothing_found", [])
    assert bot("articles").out == ""
    assert bot("articles", "--json").out == ""
    assert bot("status", "--json").json["articles"] == 0
    assert bot("status").code == 0
    assert bot("rebuild", "--json").json["passages"] == 0


def test_the_doctor_finds_an_empty_archive_worth_a_word(empty, bot):
    done = bot("doctor")
    assert done.code == 1
    assert "The archive is empty" in done.out


@pytest.mark.parametrize(("german", "said"), [(9, True), (1, False)])
def test_the_doctor_says_what_knows_english_only_where_many_articles_are_in_other_languages(
    german, said, put, bot, tmp_path
):
    for number in range(10):
        is_german = number < german
        text = "Die Fähre nach Norden fährt wieder" if is_german else "The ferry to the north sails again"
        more = "Der Hafen war zwei Tage lang gesperrt." if is_german else "The harbour was closed for two days."
        (tmp_path / f"story{number}.txt").write_text(f"{text}\n\n{text}, Nummer {number}. {more}\n" * 3)
    put(tmp_path, "--json")
    [found] = [item for item in bot("doctor", "--json").json if item["what"] == "languages"]
    assert found["ok"]
    assert ("de 9, en 1" if said else "en 9, de 1") in found["told"]
    assert ("Only English is understood in full" in found["told"]) == said


def test_an_archive_emptied_by_pruning_can_be_filled_again(put, bot, news):
    put(news, "--json")
    for path in list(news.iterdir()):
        path.unlink()
    assert counts(put(news, "--prune", "--json").json) == {"removed": 3}
    assert bot("ask", ASKED, "--json").json["outcome"] == "refused"
    write(news / "four.txt", "Gdynia")
    done = put(news, "--json")
    assert counts(done.json) == {"added": 1}
    assert done.err == ""


def test_a_bot_without_a_command_shows_what_there_is(bot):
    done = bot()
    assert done.code == 2
    assert "ask" in done.out + done.err


@pytest.mark.slow
@pytest.mark.parametrize("command", [["articles"], ["ask", ASKED], ["status", "--json"]], ids=" ".join)
def test_a_reader_that_has_seen_enough_is_no_error(command, sample_archive):
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{DRIVER.parent}"}
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, str(DRIVER), "bot", *command],
            stdout=pipe,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            check=False,
        )
    assert done.stderr == ""
    assert done.returncode == 0
