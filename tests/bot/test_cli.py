"""The commands as people and machines use them: real Chroma, an embedder that hashes words."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hash_embedder import HashEmbedder
from newsroom import DRIVER, ROOT
from samples import SAMPLES

import ingest
from bot.__main__ import main as bot_main
from index.store.catalog import writer_lock

ASKED = "what did Macron say about the truce"
UNKNOWN = "How many pandas live in the zoo of Zurich?"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        [line] = self.out.splitlines()
        return json.loads(line)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def ended(main: Callable[..., int], arguments: tuple[object, ...], embedder: HashEmbedder) -> int:
    try:
        return main([str(argument) for argument in arguments], embedder=embedder)
    except SystemExit as error:
        return int(error.code or 0)


@pytest.fixture
def put(capsys, embedder) -> Callable[..., Done]:
    """Run ``python ingest.py …``."""

    def run(*arguments: object, embedder: HashEmbedder = embedder) -> Done:
        code = ended(ingest.main, arguments, embedder)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def bot(capsys, embedder) -> Callable[..., Done]:
    """Run ``python -m bot …``."""

    def run(*arguments: object, embedder: HashEmbedder = embedder) -> Done:
        code = ended(bot_main, arguments, embedder)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory) -> tuple[Path, int, dict[str, Any]]:
    """An archive of the sample articles, with the exit code and report of the run that made it."""
    folder = tmp_path_factory.mktemp("samples")
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSDESK_DATA_DIR", str(folder / "archive"))
        patch.chdir(folder)
        patch.setattr(sys, "stdout", said)
        code = ingest.main([str(SAMPLES), "--json"], embedder=HashEmbedder())
    return folder / "archive", code, json.loads(said.getvalue())


@pytest.fixture
def samples(sample_run, tmp_path) -> Path:
    """A copy of that archive, to be used as the command's own."""
    shutil.copytree(sample_run[0], tmp_path / "archive")
    return tmp_path / "archive"


@pytest.fixture
def sample_archive(sample_run, monkeypatch) -> Path:
    """That archive itself, for commands that only read."""
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(sample_run[0]))
    return sample_run[0]


@pytest.fixture
def news(tmp_path) -> Path:
    """A folder of three small articles."""
    folder = tmp_path / "news"
    folder.mkdir()
    for name, town in (("one", "Esbjerg"), ("two", "Visby"), ("three", "Turku")):
        write(folder / f"{name}.txt", town)
    return folder


def write(path: Path, town: str, said: str = "the ferry will stop in May") -> None:
    path.write_text(
        f"Council of {town} stops the ferry\n\nBy Ines Carrow\n7 March 2025\n\n"
        f"The mayor of {town} said on Monday that {said}, after a debate of four hours in the town hall.\n\n"
        f"Some 2,000 people of {town} use it every week, and the nearest bridge is 40 kilometres away.\n"
    )


def wire(path: Path, *towns: str, **said: str) -> None:
    lines = [
        {
            "id": town,
            "title": f"Council of {town} votes",
            "text": f"The mayor of {town} said that {said.get(town, 'the ferry will stop')} soon.",
        }
        for town in towns
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def tree(folder: Path) -> dict[str, str]:
    """Every file under a folder with the digest of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: report[name] for name in ("added", "updated", "unchanged", "removed", "failed") if report[name]}


# --- ingest
# --------------------------------------------------------------------------------------------------------------


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
    assert bot("ask", "What did the mayor of Esbjerg say about the ferry?", "--json").json["outcome"] == "refused"


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


# --- ask
# -----------------------------------------------------------------------------------------------------------------

ANSWER_FIELDS = {"question", "outcome", "reason", "text", "answerer", "citations", "dropped", "nearest", "timings_ms"}
CITATION_FIELDS = {
    "number",
    "article_id",
    "title",
    "publisher",
    "author",
    "published",
    "url",
    "path",
    "quote",
    "start",
    "end",
    "also_in",
    "link",
}
HIT_FIELDS = {"article_id", "start", "end", "text", "score", "dense", "keyword"}


def test_an_answer_has_the_promised_fields(bot, sample_archive):
    done = bot("ask", ASKED, "--json")
    assert done.code == 0
    found = done.json
    assert found.keys() >= ANSWER_FIELDS
    assert (found["question"], found["outcome"], found["reason"], found["answerer"]) == (
        ASKED,
        "answered",
        None,
        "quotes",
    )
    assert found["nearest"] == []
    assert found["citations"]
    assert all(citation.keys() >= CITATION_FIELDS for citation in found["citations"])
    assert found["timings_ms"].keys() >= {"search", "answer", "check", "total"}
    assert all(isinstance(value, int) for value in found["timings_ms"].values())


def test_every_number_in_the_text_is_a_citation_and_every_citation_a_number(bot, sample_archive):
    found = bot("ask", ASKED, "--json").json
    numbers = [citation["number"] for citation in found["citations"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(f"[{number}]" in found["text"] for number in numbers)


def test_every_quote_stands_at_its_place_in_the_article(bot, sample_archive):
    for citation in bot("ask", ASKED, "--json").json["citations"]:
        text = bot("show", citation["article_id"], "--json").json["text"]
        assert text[citation["start"] : citation["end"]] == citation["quote"]


@pytest.mark.parametrize("question", [ASKED, "what did Starmer say about history"])
def test_the_same_words_from_two_papers_are_quoted_once(question, bot, sample_archive):
    found = bot("ask", question, "--json").json
    quotes = ["".join(char for char in citation["quote"] if char.isalnum()) for citation in found["citations"]]
    assert quotes
    assert [one for one in quotes if sum(one in other for other in quotes) > 1] == []


def test_a_refusal_has_the_same_fields_and_no_sources(bot, sample_archive):
    done = bot("ask", UNKNOWN, "--json")
    assert done.code == 0
    found = done.json
    assert found.keys() >= ANSWER_FIELDS
    assert found["outcome"] == "refused"
    assert found["reason"] in ("nothing_found", "not_supported", "declined")
    assert (found["text"], found["citations"], found["answerer"]) == ("", [], None)
    assert 0 < len(found["nearest"]) <= 5


def test_an_answer_for_people_shows_numbers_quotes_and_sources(bot, sample_archive):
    found = bot("ask", ASKED, "--json").json
    done = bot("ask", ASKED)
    assert done.code == 0
    for citation in found["citations"]:
        assert f"[{citation['number']}]" in done.out
        assert citation["title"] in done.out
        assert Path(citation["path"]).name in done.out
        assert "".join(citation["quote"].split()) in "".join(done.out.replace("│", "").split())


def test_a_refusal_for_people_shows_no_number(bot, sample_archive):
    done = bot("ask", UNKNOWN)
    assert done.code == 0
    assert "[1]" not in done.out
    assert "The articles do not" in done.out


def test_the_same_question_gets_the_same_answer(bot, sample_archive):
    def answer() -> dict[str, Any]:
        return {name: value for name, value in bot("ask", ASKED, "--json").json.items() if name != "timings_ms"}

    assert answer() == answer()


@pytest.mark.parametrize("question", [ASKED, UNKNOWN], ids=["answered", "refused"])
def test_explain_shows_at_least_twenty_hits_and_why(question, bot, sample_archive):
    found = bot("ask", question, "--json", "--explain").json
    assert len(found["hits"]) >= 20
    assert all(hit.keys() >= HIT_FIELDS for hit in found["hits"])
    assert found["why"]
    for hit in found["hits"][:5]:
        text = bot("show", hit["article_id"], "--json").json["text"]
        assert text[hit["start"] : hit["end"]] == hit["text"]


def test_explain_for_people_says_why(bot, sample_archive):
    assert "why: " in bot("ask", ASKED, "--explain").out


SCOPES = [
    pytest.param(["--since", "2025-03-04"], ("2025-03-04", "9999"), "", id="since"),
    pytest.param(["--until", "2025-03-03"], ("", "2025-03-03"), "", id="until"),
    pytest.param(["--since", "2025-03-04", "--until", "2025-03-07"], ("2025-03-04", "2025-03-07"), "", id="both"),
    pytest.param(["--publisher", "Nordlys Daily"], ("", "9999"), "Nordlys Daily", id="publisher"),
    pytest.param(["--publisher", "nordlys"], ("", "9999"), "Nordlys Daily", id="part-of-a-name-in-lower-case"),
]


@pytest.mark.parametrize(("scope", "days", "publisher"), SCOPES)
def test_only_articles_in_the_scope_are_found(scope, days, publisher, bot, sample_archive):
    def allowed(item: dict[str, Any]) -> bool:
        in_time = item["published"] is None or days[0] <= item["published"] <= days[1]
        return in_time and (not publisher or item["publisher"] == publisher)

    articles = {item["id"]: item for item in bot("articles", "--json").lines}
    found = bot("ask", ASKED, "--json", "--explain", *scope).json
    assert found["hits"]
    assert all(allowed(articles[hit["article_id"]]) for hit in found["hits"])
    assert all(allowed(citation) for citation in found["citations"])
    assert not all(allowed(item) for item in articles.values())


def test_dated_articles_come_before_undated_ones_where_a_time_is_asked_for(bot, sample_archive):
    articles = {item["id"]: item for item in bot("articles", "--json").lines}
    hits = bot("ask", "how much ether was stolen from Bybit", "--json", "--explain", "--since", "2025-02-01").json[
        "hits"
    ]
    dated = [articles[hit["article_id"]]["published"] is not None for hit in hits]
    assert dated == sorted(dated, reverse=True)


TIMES = [
    pytest.param("last week", "2025-03-03", "2025-03-09", False, id="in-passing"),
    pytest.param("since 5 March", "2025-03-05", "2025-12-31", True, id="a-bound"),
]


@pytest.mark.parametrize(("time", "since", "until", "limits"), TIMES)
def test_words_of_time_are_relative_to_the_given_day(bot, sample_archive, time, since, until, limits):
    articles = {item["id"]: item for item in bot("articles", "--json").lines}
    found = bot("ask", f"{ASKED} {time}", "--json", "--explain", "--today", "2025-03-11").json
    days = [articles[hit["article_id"]]["published"] for hit in found["hits"]]
    assert since <= days[0] <= until
    assert (
        all(since <= day <= until for day in days if day) == limits
    )  # what is of no such time comes behind, unless a bound is set


def test_a_publisher_nobody_has_is_refused_politely(bot, sample_archive):
    found = bot("ask", ASKED, "--json", "--publisher", "No Such Paper").json
    assert (found["outcome"], found["reason"], found["nearest"]) == ("refused", "nothing_found", [])


BAD_QUESTIONS = [
    pytest.param([""], "empty", id="empty"),
    pytest.param([" \n\t "], "empty", id="white-space"),
    pytest.param(["why " * 2_500], "characters", id="ten-thousand-characters"),
    pytest.param([], "--jsonl", id="none"),
    pytest.param(["why", "--jsonl", "file"], "--jsonl", id="two-ways-at-once"),
    pytest.param(["why", "--since", "2025-13-01"], "2025-13-01", id="no-such-month"),
    pytest.param(["why", "--until", "yesterday"], "yesterday", id="no-day"),
    pytest.param(["--jsonl", "nowhere.jsonl"], "nowhere.jsonl", id="no-such-file"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD_QUESTIONS)
def test_a_question_that_cannot_be_asked_is_exit_code_2_with_what_to_do(arguments, named, bot, sample_archive):
    done = bot("ask", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert named in done.err
    assert "Traceback" not in done.err


ODD_QUESTIONS = [
    pytest.param("?", id="only-a-mark"),
    pytest.param("🚢🚢🚢", id="emoji"),
    pytest.param('"; DROP TABLE articles; --', id="sql"),
    pytest.param('truce OR "unclosed NEAR( * :', id="search-syntax"),
    pytest.param("the of and", id="only-stop-words"),
    pytest.param("what did Macron\x00\x1b[31m say", id="control-characters"),
    pytest.param("was sagte Macron über die Waffenruhe", id="german"),
    pytest.param("Что сказал Зеленский о перемирии?", id="russian"),
    pytest.param("truce " * 300, id="one-word-three-hundred-times"),
    pytest.param("caf\udce9 truce", id="bytes-that-are-no-text"),
]


@pytest.mark.parametrize("question", ODD_QUESTIONS)
def test_an_odd_question_is_answered_or_refused(question, bot, sample_archive):
    done = bot("ask", question, "--json")
    assert done.code == 0
    assert done.json["outcome"] in ("answered", "refused")


@pytest.mark.parametrize(
    "question",
    ["what did Macron\x00\x1b[31m say", "caf\udce9 truce"],
    ids=["control-characters", "bytes-that-are-no-text"],
)
def test_an_odd_question_does_nothing_to_the_terminal(question, bot, sample_archive):
    done = bot("ask", question, "--explain")
    assert done.code == 0
    assert "\x1b" not in done.out
    assert "\x00" not in done.out


# many questions


def test_many_questions_are_answered_in_order_under_their_ids(bot, sample_archive, tmp_path, embedder):
    lines = [
        json.dumps(ASKED),
        json.dumps({"id": "b", "question": UNKNOWN}),
        "",
        json.dumps({"id": 7, "question": "how much was stolen from Bybit", "today": "2025-03-20"}),
        json.dumps({"question": "who represented Ukraine at the talks in Jeddah"}),
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(lines))
    done = bot("ask", "--jsonl", tmp_path / "questions.jsonl")
    assert done.code == 0
    assert [item["id"] for item in done.lines] == [None, "b", 7, None]
    assert all(item.keys() >= {*ANSWER_FIELDS, "id"} for item in done.lines)
    assert [item["question"].split()[0] for item in done.lines] == ["what", "How", "how", "who"]


BAD_LINES = [
    pytest.param("not json", None, id="not-json"),
    pytest.param("5", None, id="number"),
    pytest.param("[]", None, id="list"),
    pytest.param('{"id": "x"}', "x", id="no-question"),
    pytest.param('{"id": "x", "question": 5}', "x", id="question-is-a-number"),
    pytest.param('{"id": "x", "question": ""}', "x", id="empty-question"),
    pytest.param('{"id": "x", "question": "why", "today": "soon"}', "x", id="today-is-no-day"),
    pytest.param('{"id": "x", "question": "why", "today": 5}', "x", id="today-is-a-number"),
    pytest.param(json.dumps({"id": "x", "question": "why " * 2_500}), "x", id="too-long"),
]


@pytest.mark.parametrize(("line", "id_"), BAD_LINES)
def test_a_bad_line_gets_an_error_and_the_others_an_answer(line, id_, bot, sample_archive, tmp_path):
    good = json.dumps({"id": "good", "question": ASKED})
    (tmp_path / "questions.jsonl").write_text(f"{good}\n{line}\n{good}\n")
    done = bot("ask", "--jsonl", tmp_path / "questions.jsonl")
    assert done.code == 2
    assert [item.get("outcome") for item in done.lines] == ["answered", None, "answered"]
    assert "line 2" in done.lines[1]["error"]
    assert done.lines[1]["id"] == id_


def test_a_file_of_questions_in_windows_form_is_read(bot, sample_archive, tmp_path):
    (tmp_path / "questions.jsonl").write_bytes(
        b"\xef\xbb\xbf" + json.dumps({"id": 1, "question": ASKED}).encode() + b"\r\n"
    )
    done = bot("ask", "--jsonl", tmp_path / "questions.jsonl")
    assert [item.get("outcome") for item in done.lines] == ["answered"]
    assert done.code == 0


def test_questions_come_from_standard_input(bot, sample_archive, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(ASKED) + "\n"))
    done = bot("ask", "--jsonl", "-")
    assert (done.code, done.json["outcome"]) == (0, "answered")


THREADS = [
    pytest.param(
        ["what did Macron say about the truce", "He said it would last a month. [1]"],
        id="questions-and-answers-in-turn",
    ),
    pytest.param(
        [{"question": "what did Macron say about the truce", "answer": "He said it would last a month."}], id="pairs"
    ),
]


@pytest.mark.parametrize("thread", THREADS)
def test_a_follow_up_is_answered_as_the_question_it_stands_for(thread, bot, sample_archive, tmp_path):
    lines = [{"question": "and Pollard?", "thread": thread}, {"question": "what did Pollard say about the truce"}]
    (tmp_path / "questions.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    follow_up, whole = bot("ask", "--jsonl", tmp_path / "questions.jsonl").lines
    assert follow_up["question"] == "and Pollard?"
    assert [(item["path"], item["start"]) for item in follow_up["citations"]] == [
        (item["path"], item["start"]) for item in whole["citations"]
    ]
    assert whole["citations"]


@pytest.mark.parametrize("thread", ["text", 5, {}, [5], [[]], [None, {"question": 5}], []], ids=repr)
def test_a_thread_of_another_shape_is_passed_over(thread, bot, sample_archive, tmp_path):
    (tmp_path / "questions.jsonl").write_text(json.dumps({"question": ASKED, "thread": thread}))
    assert bot("ask", "--jsonl", tmp_path / "questions.jsonl").json["outcome"] == "answered"


# --- the other commands
# --------------------------------------------------------------------------------------------------


def test_articles_are_listed_one_a_line(bot, sample_archive):
    done = bot("articles")
    assert done.code == 0
    assert len(done.out.splitlines()) == 18
    [line] = [line for line in done.out.splitlines() if "How one click emptied" in line]
    assert "undated" in line


def test_articles_as_json_have_the_promised_fields(bot, sample_archive):
    found = bot("articles", "--json").lines
    assert len(found) == 18
    assert all(item.keys() >= {"id", "title", "publisher", "published", "path", "url", "digest"} for item in found)
    assert len({item["id"] for item in found}) == 18
    days = [item["published"] for item in found]
    assert [day for day in days if day] == sorted((day for day in days if day), reverse=True)
    assert all(date.fromisoformat(day) for day in days if day)
    assert days[-1] is None


def test_one_article_is_shown_with_all_that_is_known_of_it(bot, sample_archive):
    [listed] = [item for item in bot("articles", "--json").lines if item["path"].endswith("brussels-summit.txt")]
    shown = bot("show", listed["id"], "--json").json
    assert {name: shown[name] for name in ("id", "title", "publisher", "published", "path", "url", "digest")} == listed
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
