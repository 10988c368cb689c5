"""Where standard output, or the locale, has ASCII letters alone, the commands still work and say what is missing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest
from commands import write
from hash_embedder import HashEmbedder
from newsroom import DRIVER

from bot.__main__ import main

_POSIX = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def towns(tmp_path, put):
    folder = tmp_path / "news"
    folder.mkdir()
    write(folder / "umeå.txt", "Umeå", "the “white” ferry stops — in May")
    assert put(folder).code == 0
    return folder


def shown(monkeypatch, *arguments: str) -> str:
    """What a command prints where standard output is ASCII."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(arguments, embedder=HashEmbedder()) == 0
    stream.flush()
    return stream.buffer.getvalue().decode("ascii")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ask", "What did the mayor of Umeå say?"], "the ?white? ferry stops ? in May"),
        (["articles"], "Council of Ume? stops the ferry"),
        (["status"], "1 articles"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_letter_that_cannot_be_shown_is_replaced(arguments, words, towns, monkeypatch):
    assert words in shown(monkeypatch, *arguments)


def test_json_loses_no_letter(towns, monkeypatch):
    answer = json.loads(shown(monkeypatch, "ask", "What did the mayor of Umeå say?", "--json"))
    assert "the “white” ferry stops — in May" in answer["text"]


def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **_POSIX, "TEST_VECTORS": "exact"}
    command = [sys.executable, str(DRIVER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)


def test_a_locale_that_cannot_read_a_name_is_named_and_the_next_one_reads_the_file(tmp_path, put):
    folder = tmp_path / "news"
    folder.mkdir()
    write(folder / "umeå.txt", "Umeå")
    write(folder / "visby.txt", "Visby")
    done = _run("ingest", folder)
    assert done.returncode == 1
    assert "1 added" in done.stdout
    assert "cannot be read in this locale, whose encoding is ascii; set LC_ALL=C.UTF-8" in done.stdout
    assert "rename" not in done.stdout
    again = put(folder)
    assert (again.code, "1 added" in again.out) == (0, True)


def test_what_a_locale_cannot_read_is_not_removed(tmp_path, put):
    folder = tmp_path / "news"
    folder.mkdir()
    for name, town in (("umeå.txt", "Umeå"), ("visby.txt", "Visby"), ("lulea.txt", "Luleå")):
        write(folder / name, town)
    put(folder)
    (folder / "lulea.txt").unlink()
    assert "0 added, 0 updated, 1 unchanged, 1 removed, 1 failed" in _run("ingest", folder, "--prune").stdout
    assert _run("bot", "show", folder / "umeå.txt").returncode == 0
    assert "0 removed" in _run("ingest", folder / "umeå.txt", "--prune").stdout
    assert "no such file" in _run("ingest", folder / "piteå.txt", "--prune").stdout


def test_a_question_is_read_as_utf_8_in_any_locale(towns):
    done = _run("bot", "ask", "--json", "What did the mayor of Umeå say?")
    assert json.loads(done.stdout)["outcome"] == "answered"
    assert json.loads(done.stdout)["question"] == "What did the mayor of Umeå say?"
