"""``python ingest.py`` as people and machines use it, with an embedder that hashes words."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from commands import ASKED, counts, tree, wire, write

from index.store.catalog import writer_lock


def test_the_sample_articles_go_in_without_a_failure(sample_run):
    _, code, report = sample_run
    assert code == 0
    assert counts(report) == {"added": 18}
    assert report["failures"] == []
    assert report["passages"] > 100


def test_the_report_has_the_promised_fields(sample_run):
    report = sample_run[2]
    kinds = {
        "run": int, "seconds": float, "added": int, "updated": int, "unchanged": int, "removed": int, "duplicates": int,
        "failed": int,
        "passages": int, "failures": list,
    }  # fmt: skip
    assert {name: type(report[name]) for name in kinds} == kinds


def test_the_report_names_fields_that_were_not_read_and_counts_articles_without_a_date(put, tmp_path):
    said = [
        {"id": 1, "text": "The ship left the harbour at dawn.", "date": "2025-03-07", "tone": 1},
        {"id": 2, "text": "The ferry came back at night with fish.", "date": "soon", "tone": 2, "Zeitung": "Herald"},
    ]
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, said)))
    done = put(folder)
    assert done.code == 0
    assert "no date: 1 article has none that could be read" in done.out
    assert "fields that were not read: tone (2), Zeitung (1)" in done.out
    again = put(folder, "--json", "--force").json
    assert (again["undated"], again["unread"]) == (1, {"tone": 2, "Zeitung": 1})
    nothing = put(folder)
    assert not any(words in nothing.out for words in ("no date", "not read"))


def test_some_articles_failed_is_exit_code_1_the_rest_is_in_and_the_next_run_reads_only_what_changed(put, bot, news):
    (news / "empty.txt").write_text("")
    (news / "broken.jsonl").write_text('{"id": "a", "text": "The ship left the harbour at dawn."}\nnot json\n')
    done = put(news, "--json")
    assert done.code == 1
    assert counts(done.json) == {"added": 4, "failed": 2}
    failures = {Path(item["path"]).name: item["reason"] for item in done.json["failures"]}
    assert failures.keys() == {"empty.txt", "broken.jsonl"}
    assert "is empty" in failures["empty.txt"]
    assert "line 2" in failures["broken.jsonl"]
    assert len(bot("articles").out.splitlines()) == 4
    assert "empty.txt" in bot("status").out
    again = put(news, "--json")
    assert (again.code, counts(again.json), again.json["known_failures"]) == (0, {"unchanged": 4}, 2)
    write(news / "empty.txt", "Gdynia")
    assert counts(put(news, "--json").json) == {"added": 1, "unchanged": 4}


def test_a_failed_file_is_told_to_people_with_its_reason(put, news):
    (news / "empty.txt").write_text("")
    done = put(news, "--dry-run")
    assert done.code == 1
    assert "1 failed" in done.out
    assert "empty.txt: is empty" in done.out


NOTHING_DONE = [
    pytest.param([], id="no-path"),
    pytest.param(["--no-such-option", "news"], id="unknown-option"),
]


@pytest.mark.parametrize("arguments", NOTHING_DONE)
def test_bad_arguments_are_exit_code_2_and_change_nothing(arguments, put, tmp_path):
    done = put(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert "usage:" in done.err
    assert not (tmp_path / "archive").exists()


def test_a_path_that_is_not_there_is_named(put, tmp_path):
    done = put(tmp_path / "nowhere", "--json")
    assert done.code != 0
    assert "nowhere" in done.out + done.err


@pytest.mark.parametrize("door", ["put", "bot"])
def test_an_unknown_setting_is_exit_code_2_with_the_nearest_name(door, request, monkeypatch, tmp_path):
    monkeypatch.setenv("NEWSDESK_MODEL_NAME", "x")
    done = request.getfixturevalue(door)(*(["news"] if door == "put" else ["ask", ASKED]))
    assert done.code == 2
    assert done.out == ""
    assert "NEWSDESK_MODEL_NAME" in done.err
    assert "NEWSDESK_MODEL__NAME" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("door", ["put", "bot"])
def test_a_setting_that_cannot_be_is_exit_code_2_by_its_name(door, request, monkeypatch, tmp_path):
    monkeypatch.setenv("NEWSDESK_INGEST__MAX_MB", "many")
    done = request.getfixturevalue(door)(*(["news"] if door == "put" else ["status"]))
    assert done.code == 2
    assert "NEWSDESK_INGEST__MAX_MB" in done.err
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("command", ["ingest", "rebuild"])
def test_a_second_writer_is_told_who_holds_the_archive(command, put, bot, news, samples):
    with writer_lock(samples):
        done = put(news) if command == "ingest" else bot("rebuild")
    assert done.code == 2
    assert f"Process {os.getpid()}" in done.err


def test_a_data_folder_that_cannot_be_made_is_exit_code_2(put, news, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "file" / "archive"))
    done = put(news)
    assert done.code == 2
    assert "NEWSDESK_DATA_DIR" in done.err
    assert "Traceback" not in done.err


# dry runs


def test_a_dry_run_without_an_archive_makes_none(put, news, tmp_path, embedder):
    done = put(news, "--dry-run", "--json")
    assert done.code == 0
    assert counts(done.json) == {"added": 3}
    assert not (tmp_path / "archive").exists()
    assert embedder.calls == 0


def test_a_dry_run_says_what_would_happen_and_changes_nothing(put, news, samples):
    put(news, "--json")
    write(news / "one.txt", "Esbjerg", "the ferry will go on")
    write(news / "four.txt", "Gdynia")
    (news / "two.txt").unlink()
    before = tree(samples), tree(news)
    planned = put(news, "--prune", "--dry-run", "--json")
    assert (tree(samples), tree(news)) == before
    assert planned.code == 0
    assert planned.json["dry_run"] is True
    assert {(step["action"], Path(step["path"]).name) for step in planned.json["plan"]} == {
        ("update", "one.txt"),
        ("add", "four.txt"),
        ("remove", "two.txt"),
    }
    done = put(news, "--prune", "--json")
    assert counts(done.json) == counts(planned.json) == {"added": 1, "updated": 1, "unchanged": 1, "removed": 1}


def test_a_dry_run_tells_people_each_step(put, news):
    done = put(news, "--dry-run")
    assert done.code == 0
    lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [
        ["add", "news/one.txt"],
        ["add", "news/three.txt"],
        ["add", "news/two.txt"],
    ]
    assert "Nothing was changed" in done.out


def test_a_dry_run_tells_what_cannot_be_read(put, news):
    (news / "empty.txt").write_text("")
    done = put(news, "--dry-run", "--json")
    assert done.code == 1
    assert counts(done.json) == {"added": 3, "failed": 1}


# incremental runs


def test_json_is_one_line_and_nothing_else(put, news):
    done = put(news, "--json", "--dry-run")
    assert done.code == 0
    assert done.out.count("\n") == 1
    assert done.err == ""


def test_unchanged_and_touched_files_are_not_embedded_again(put, news, embedder):
    done = put(news, "--json")
    assert counts(done.json) == {"added": 3}
    assert done.err == ""
    before = embedder.texts
    assert counts(put(news, "--json").json) == {"unchanged": 3}
    os.utime(news / "one.txt", ns=(10**18, 10**18))
    assert counts(put(news, "--json").json) == {"unchanged": 3}
    assert embedder.texts == before


def test_a_changed_file_takes_the_place_of_its_old_version_and_a_new_one_joins(put, bot, news, embedder):
    put(news, "--json")
    before = embedder.texts
    write(news / "one.txt", "Esbjerg", "the ferry will sail for ever")
    write(news / "four.txt", "Gdynia")
    assert counts(put(news, "--json").json) == {"added": 1, "updated": 1, "unchanged": 2}
    assert embedder.texts == before + 2
    [found] = [item for item in bot("articles", "--json").lines if item["path"].endswith("one.txt")]
    text = bot("show", found["id"], "--json").json["text"]
    assert "sail for ever" in text
    assert "will stop in May" not in text


def test_force_reads_everything_again_but_embeds_nothing_twice(put, news, embedder):
    put(news, "--json")
    before = embedder.texts
    assert counts(put(news, "--force", "--json").json) == {"updated": 3}
    assert embedder.texts == before


def test_a_file_that_has_gone_stays_in_until_a_run_prunes(put, bot, news):
    put(news, "--json")
    (news / "one.txt").unlink()
    assert counts(put(news, "--json").json) == {"unchanged": 2}
    assert len(bot("articles").out.splitlines()) == 3
    assert counts(put(news, "--prune", "--json").json) == {"unchanged": 2, "removed": 1}
    assert "Esbjerg" not in bot("articles").out
    assert bot("ask", "What did the mayor of Esbjerg say about the ferry?", "--json").json["outcome"] != "answered"


def test_pruning_one_folder_leaves_the_others_alone_even_those_with_a_name_that_begins_alike(
    put, bot, news, samples, tmp_path
):
    other = tmp_path / "news-2"
    other.mkdir()
    write(other / "four.txt", "Gdynia")
    put(news, other, "--json")
    for path in [*news.iterdir(), *other.iterdir()]:
        path.unlink()
    assert counts(put(news, "--prune", "--json").json) == {"removed": 3}
    assert len(bot("articles").out.splitlines()) == 18 + 1


def test_one_changed_line_of_many_is_one_update(put, tmp_path, embedder):
    path = tmp_path / "wire.jsonl.gz"

    def save(*towns: str, **said: str) -> None:
        wire(tmp_path / "plain", *towns, **said)
        path.write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))

    save("Esbjerg", "Visby", "Turku")
    assert counts(put(path, "--json").json) == {"added": 3}
    before = embedder.texts
    save("Esbjerg", "Visby", "Turku", Visby="the harbour will be deepened")
    assert counts(put(path, "--json").json) == {"updated": 1, "unchanged": 2}
    assert embedder.texts == before + 1


def test_a_line_that_has_gone_is_removed_by_a_run_that_prunes(put, bot, tmp_path):
    path = tmp_path / "wire.jsonl"
    wire(path, "Esbjerg", "Visby", "Turku")
    put(path, "--json")
    wire(path, "Esbjerg", "Turku")
    assert counts(put(path, "--json").json) == {"unchanged": 2}
    assert len(bot("articles").out.splitlines()) == 3
    wire(path, "Turku")
    assert counts(put(path, "--prune", "--json").json) == {"unchanged": 1, "removed": 2}
    assert [item["title"] for item in bot("articles", "--json").lines] == ["Council of Turku votes"]


def test_articles_come_from_standard_input(put, bot, monkeypatch, tmp_path):
    wire(tmp_path / "lines", "Esbjerg", "Visby")
    raw = (tmp_path / "lines").read_bytes()
    for expected in ({"added": 2, "failed": 1}, {"unchanged": 2, "failed": 1}):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw + b"broken\n")))
        done = put("-", "--json")
        assert done.code == 1
        assert counts(done.json) == expected
        assert "line 3" in done.json["failures"][0]["reason"]
    assert len(bot("articles").out.splitlines()) == 2


def test_articles_that_are_word_for_word_alike_are_counted_and_name_each_other(put, bot, news):
    shutil.copy(news / "one.txt", news / "copy.txt")
    report = put(news, "--json").json
    assert counts(report) == {"added": 4}
    assert report["duplicates"] == 1
    ids = {Path(item["path"]).name: item["id"] for item in bot("articles", "--json").lines}
    assert bot("show", ids["one.txt"], "--json").json["duplicates"] == [ids["copy.txt"]]
    assert bot("show", ids["two.txt"], "--json").json["duplicates"] == []


def test_a_folder_and_a_file_in_it_named_together_are_read_once(put, news):
    assert counts(put(news, news / "one.txt", news, "--dry-run", "--json").json) == {"added": 3}


def test_the_largest_size_is_a_setting(put, news, monkeypatch):
    monkeypatch.setenv("NEWSDESK_INGEST__MAX_MB", "1")
    (news / "huge.txt").write_text("The ship left the harbour at dawn. " * 40_000)
    done = put(news, "--dry-run", "--json")
    assert counts(done.json) == {"added": 3, "failed": 1}
    assert "NEWSDESK_INGEST__MAX_MB" in done.json["failures"][0]["reason"]


def test_folders_outside_the_allowed_ones_are_refused(put, news, tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSDESK_INGEST__ROOTS", json.dumps([str(tmp_path / "allowed")]))
    done = put(news, "--json")
    assert done.code != 0
    assert "NEWSDESK_INGEST__ROOTS" in done.out + done.err


def test_a_file_name_that_is_no_text_does_not_stop_the_run(put, bot, news):
    shutil.copy(news / "one.txt", os.fsencode(news) + b"/caf\xe9.txt")
    done = put(news, "--json")
    assert done.code in (0, 1)
    assert done.json["added"] >= 3
    assert done.json["added"] + done.json["failed"] == 4
    assert bot("articles", "--json").code == 0


def test_a_file_name_with_a_line_break_or_colour_codes_stays_on_its_line(put, news):
    write(news / "a\nremove everything\x1b[31m.txt", "Gdynia")
    out = put(news, "--dry-run").out
    assert "\x1b" not in out
    assert len([line for line in out.splitlines() if line.startswith(("add", "remove"))]) == 4
