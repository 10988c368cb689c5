"""Asking, looking and planning work where the data folder cannot be written: its rights forbid it, or its disk does."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from commands import ASKED, tree
from newsroom import DRIVER
from samples import SAMPLES

pytestmark = pytest.mark.chroma
_NOT_WRITTEN = "The data folder cannot be written, and Chroma opens no index that it cannot write to"
_MOUNT = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _command(
    folder: Path, *arguments: object, prefix: Sequence[str] = (), **how: Any
) -> subprocess.CompletedProcess[str]:
    command = [*prefix, sys.executable, str(DRIVER), *map(str, arguments)]
    environment = {**os.environ, "NEWSDESK_DATA_DIR": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, **how)


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """An archive of the samples whose index Chroma wrote."""
    folder = tmp_path_factory.mktemp("archive") / "data"
    assert _command(folder, "ingest", SAMPLES).returncode == 0
    return folder


@pytest.fixture
def copied(archive, tmp_path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(archive, tmp_path / "copied"))


def _without_override() -> None:
    """Let root obey the rights of files, as everybody does."""
    if os.getuid() == 0:
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)


def _chmod(folder: Path, writable: bool) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod((0o700 if writable else 0o500) if path.is_dir() else 0o600 if writable else 0o400)


def _can_mount(folder: Path) -> bool:
    unshare = shutil.which("unshare")
    command = ["unshare", "--mount", "sh", "-c", _MOUNT, str(folder), "true"]
    return unshare is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(params=["rights", "disk"])
def run(request, copied) -> Iterator[Run]:
    """Run a command over an archive that it cannot write."""
    if request.param == "disk":
        if not _can_mount(copied):
            pytest.skip("this user may not mount")
        yield partial(_command, copied, prefix=["unshare", "--mount", "sh", "-c", _MOUNT, str(copied)])
        return
    _chmod(copied, writable=False)
    before = tree(copied)
    yield partial(_command, copied, preexec_fn=_without_override)
    assert tree(copied) == before
    _chmod(copied, writable=True)


def test_a_question_is_answered_and_one_sentence_says_how(run, archive):
    done = run("bot", "ask", ASKED, "--json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    usual = json.loads(_command(archive, "bot", "ask", ASKED, "--json").stdout)
    assert answer["citations"]
    assert [cited["quote"] for cited in answer["citations"]] == [cited["quote"] for cited in usual["citations"]]
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith(_NOT_WRITTEN)


def test_doctor_status_show_and_a_dry_run_work(run):
    index = [item for item in json.loads(run("bot", "doctor", "--json").stdout) if item["what"] == "index"]
    assert index == [{"what": "index", "ok": True, "told": index[0]["told"]}]
    assert _NOT_WRITTEN in index[0]["told"]
    status = json.loads(run("bot", "status", "--json").stdout)
    assert (status["articles"], status["healthy"]) == (18, True)
    shown = run("bot", "show", SAMPLES / "brussels-summit.txt")
    assert (shown.returncode, "Martin Oake" in shown.stdout) == (0, True)
    planned = run("ingest", SAMPLES, "--dry-run")
    assert (planned.returncode, "18 unchanged" in planned.stdout) == (0, True)


def test_what_must_write_says_that_the_folder_cannot_be_written(run):
    for arguments in (["ingest", SAMPLES, "--force"], ["bot", "rebuild"]):
        done = run(*arguments)
        assert done.returncode == 2
        assert "cannot be written" in done.stderr


def test_an_archive_of_an_older_newsdesk_must_be_written_once(copied):
    with sqlite3.connect(copied / "catalog.sqlite3") as catalog:
        catalog.execute("UPDATE facts SET value = '2' WHERE name = 'schema'")
    catalog.close()
    _chmod(copied, writable=False)
    done = _command(copied, "bot", "articles", preexec_fn=_without_override)
    _chmod(copied, writable=True)
    assert done.returncode == 2
    assert "It must be brought up to date once where it can be written" in done.stderr


def test_a_backup_of_it_can_be_made(run, tmp_path):
    done = run("bot", "backup", tmp_path / "backup.zip")
    assert (done.returncode, done.stderr) == (0, "")


def test_changes_beside_the_catalog_are_read_or_named(copied, tmp_path):
    """A copy of a folder in use: with both files beside the catalog they are read, with the log alone it is named."""
    other = sqlite3.connect(copied / "catalog.sqlite3")
    other.execute("UPDATE articles SET title = 'A title of the log' WHERE title LIKE 'How one click%'")
    other.commit()
    copy = Path(shutil.copytree(copied, tmp_path / "copy"))
    other.close()
    _chmod(copy, writable=False)
    assert "A title of the log" in _command(copy, "bot", "articles", preexec_fn=_without_override).stdout
    _chmod(copy, writable=True)
    (copy / "catalog.sqlite3-shm").unlink()
    _chmod(copy, writable=False)
    done = _command(copy, "bot", "articles", preexec_fn=_without_override)
    _chmod(copy, writable=True)
    assert done.returncode == 2
    assert "has changes in catalog.sqlite3-wal that cannot be read" in done.stderr
