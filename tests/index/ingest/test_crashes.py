"""Whatever ends an ingest - kill -9, a signal, a full disk - nothing that was in is lost, and the next run does the
rest.

STRESS_KILLS in the environment sets how many ingests are killed (6 if it is not set); STRESS_SEED repeats the same
moments.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import ANCHORS, next_versions, put_files
from newsroom import Newsroom, eventually, line, tokens

KILLS = int(os.environ.get("STRESS_KILLS", "6"))
SEED = int(os.environ.get("STRESS_SEED", "1"))


def put_one_file(newsroom: Newsroom, now: dict[int, int], before: dict[int, int]) -> None:
    (newsroom.articles / "all.jsonl").write_text("".join(line(number, now[number]) for number in sorted(now)))


def acknowledged(told: str) -> int:
    """How many articles the last line of progress said were in."""
    lines = re.findall(r"^in: (\d+) added, (\d+) updated, (\d+) removed$", told, re.M)
    return sum(map(int, lines[-1])) if lines else 0


def generations(newsroom: Newsroom) -> set[str]:
    return {path.name for path in (newsroom.archive / "chroma").iterdir()}


@pytest.mark.slow
@pytest.mark.chroma
@pytest.mark.parametrize(
    ("put", "articles", "kills"),
    [pytest.param(put_files, 60, KILLS, id="files"), pytest.param(put_one_file, 60, 2, id="one-file-in-two-batches")],
)
def test_an_ingest_killed_at_any_moment_loses_nothing_and_the_next_run_does_the_rest(
    newsroom: Newsroom, put, articles: int, kills: int
) -> None:
    chance = random.Random(SEED)
    now = dict.fromkeys(range(articles), 1)
    put(newsroom, now, {})
    began = time.monotonic()
    newsroom.ingest()
    longest = time.monotonic() - began
    anchored = newsroom.answers(ANCHORS)
    hits = 0
    while hits < kills:
        before, now = now, next_versions(now, chance)
        put(newsroom, now, before)
        batch = {"BATCH": "30"} if put is put_one_file else {}
        with open("told.txt", "w") as told:
            process = newsroom.start(
                "ingest", "articles", "--prune", stdout=told, stderr=told, start_new_session=True, env=batch
            )
        hits += newsroom.killed_after(process, chance.uniform(0, longest), whole_group=hits % 2 == 0)
        found = newsroom.versions()
        assert all(
            found.get(number) in (before.get(number), now.get(number))
            for number in before.keys() | now.keys() | found.keys()
        )
        changed = [number for number in before.keys() | now.keys() if before.get(number) != now.get(number)]
        assert sum(found.get(number) == now.get(number) for number in changed) >= acknowledged(
            Path("told.txt").read_text()
        )
        assert newsroom.answers(ANCHORS) == anchored
        asked = chance.choice(sorted(found.keys() - set(ANCHORS)))
        [answer] = newsroom.answers([asked])
        assert tokens(answer["text"]) == {(asked, found[asked])}

        newsroom.ingest()
        assert newsroom.versions() == now
        newsroom.assert_index_agrees()
        assert newsroom.answers(ANCHORS) == anchored
    eventually(lambda: newsroom.ingest() and len(generations(newsroom)) == 2, "what dead runs left is swept")


def start_from_stdin(newsroom: Newsroom) -> subprocess.Popen[str]:
    """Start an ingest that has read ten articles from its standard input and waits for more."""
    process = newsroom.start(
        "ingest", "-", "--json", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write("".join(line(number, 1) for number in range(10)))
    process.stdin.flush()
    eventually(
        lambda: newsroom.holds_lock(process) and waits_for_input(process), "the ingest has read all there is and waits"
    )
    return process


def waits_for_input(process: subprocess.Popen[str]) -> bool:
    """Tell whether the pipe is empty and the process sleeps in a read or a wait for one."""
    assert process.stdin is not None
    unread = fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)) != bytes(4)
    return not unread and re.search("pipe_read|select|poll", Path(f"/proc/{process.pid}/wchan").read_text()) is not None


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/wchan").exists(), reason="only Linux tells what a process waits for"
)


@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_ends_an_ingest_with_what_is_in_hand_published(newsroom: Newsroom, number: signal.Signals) -> None:
    with start_from_stdin(newsroom) as process:
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Stopping: what has been read goes in first.")
        out, err = process.communicate(line(10, 1), timeout=60)
    report = json.loads(out)
    assert process.returncode == 1, err
    assert (report["interrupted"], report["failed"]) == (True, 0)
    assert newsroom.versions().keys() >= set(range(10))
    newsroom.assert_index_agrees()

    with newsroom.start("ingest", "-", stdin=subprocess.PIPE) as process:
        process.communicate("".join(line(number, 1) for number in range(20)), timeout=60)
    assert process.returncode == 0
    assert newsroom.versions() == dict.fromkeys(range(20), 1)
    newsroom.assert_index_agrees()


@pytest.mark.slow
@needs_proc
def test_sigterm_ends_an_ingest_that_waits_for_standard_input(newsroom: Newsroom) -> None:
    with start_from_stdin(newsroom) as process:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 1
    assert newsroom.versions().keys() == set(range(10))


@pytest.mark.slow
def test_sigterm_between_two_batches_keeps_the_first_and_the_next_run_does_the_rest(newsroom: Newsroom) -> None:
    now = dict.fromkeys(range(700), 1)
    put_files(newsroom, now, {})
    with newsroom.start(
        "ingest", "articles", stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"COUNTS": "counts.json"}
    ) as process:
        assert process.stderr is not None
        told = iter(process.stderr.readline, "")  # a slow machine hears of the progress in between
        assert next(line for line in told if line.startswith("in: ")) == "in: 500 added, 0 updated, 0 removed\n"
        process.terminate()
        out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert "The run was stopped; run the same command again for the rest." in out
    first = len(newsroom.versions())
    assert 500 <= first < 700
    newsroom.assert_index_agrees()

    rest = newsroom.ingest()
    assert (rest["added"], rest["unchanged"]) == (700 - first, first)
    embedded = json.loads(Path("counts.json").read_text())["texts"]
    assert (
        embedded + newsroom.embedder.texts == 700 + 300
    )  # nothing twice: two passages each in the first three hundred articles
    assert newsroom.versions() == now
    newsroom.assert_index_agrees()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB, mounted where the archive will be."""
    disk = tmp_path / "archive"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "newsdesk-test", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk can be mounted by root only: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path, leave_mb: float) -> Path:
    """Write a file that leaves only so much of a disk free."""
    filler = disk / "filler"
    with filler.open("wb") as stream, contextlib.suppress(OSError):
        stream.write(bytes(max(0, shutil.disk_usage(disk).free - int(leave_mb * 2**20))))
    return filler


@pytest.mark.slow
@pytest.mark.chroma
@pytest.mark.parametrize("left_mb", [0, 0.2, 20])
def test_a_full_disk_is_told_in_a_sentence_and_the_ingest_works_once_there_is_room(
    newsroom: Newsroom, small_disk: Path, left_mb: float
) -> None:
    before, now = dict.fromkeys(range(30), 1), dict.fromkeys(range(60), 2)
    put_files(newsroom, before, {})
    newsroom.ingest()
    answers = newsroom.answers([3, 4])
    filler = fill(small_disk, left_mb)
    put_files(newsroom, now, before)

    failed = newsroom.run("ingest", "articles", "--prune")
    assert failed.returncode == 2, failed
    assert re.fullmatch(r"ingest\.py: The (disk|index) .*\bnothing that was in is lost.*\n", failed.stderr, re.I), (
        failed.stderr
    )
    if left_mb:  # SQLite needs a few kilobytes to open a file that nobody else has open
        assert newsroom.answers([3, 4]) == answers

    filler.unlink()
    assert newsroom.versions() == before
    assert newsroom.answers([3, 4]) == answers
    newsroom.ingest()
    assert newsroom.versions() == now
    newsroom.assert_index_agrees()


@pytest.mark.slow
@pytest.mark.chroma
def test_a_disk_that_fills_up_while_the_index_is_written_loses_nothing_and_a_larger_one_mends_it(
    newsroom: Newsroom, small_disk: Path
) -> None:
    before, now = dict.fromkeys(range(30), 1), dict.fromkeys(range(60), 2)
    put_files(newsroom, before, {})
    newsroom.ingest()
    put_files(newsroom, now, before)
    there = generations(newsroom)

    with newsroom.start("ingest", "articles", "--prune", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        eventually(lambda: generations(newsroom) - there, "the next index is begun")
        fill(small_disk, 0)
        out, err = process.communicate(timeout=200)
    assert process.returncode == 2, (out, err)
    assert err.startswith("ingest.py: ")
    assert "Traceback" not in err
    assert newsroom.versions() == before
    assert tokens(newsroom.answers([3])[0]["text"]) == {(3, 1)}

    subprocess.run(["mount", "-o", "remount,size=192m", str(small_disk)], check=True)
    newsroom.ingest()
    assert newsroom.versions() == now
    newsroom.assert_index_agrees()
