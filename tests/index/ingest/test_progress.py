"""How a run shows itself: a bar on a terminal, plain lines elsewhere, nothing but JSON with --json."""

from __future__ import annotations

import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

import pytest
from newsroom import DRIVER, ROOT, Newsroom, line

from index.ingest.report import LineProgress, Report


def lines(work: Callable[[LineProgress, Callable[[float], None]], None]) -> list[str]:
    """What a run in a pipe says; the work is given the progress and a clock it may set."""
    now = [0.0]
    said = io.StringIO()
    work(LineProgress(said, lambda: now[0]), lambda value: now.__setitem__(0, value))
    return said.getvalue().splitlines()


def test_a_pipe_gets_a_line_at_most_every_ten_seconds_with_rate_and_time_left():
    def work(progress, clock):
        progress.ahead(lambda: (1_000, 1_000_000))
        for second in range(1, 26):
            clock(float(second))
            progress.done(second * 20, second * 20_000)

    assert lines(work) == ["200 articles, 20.0/s, 40 s left", "400 articles, 20.0/s, 30 s left"]


def test_what_is_in_is_said_at_once():
    def work(progress, clock):
        progress.ahead(lambda: (10, 100))
        progress.published(Report(added=5))
        clock(9.0)
        progress.done(7, 70)

    assert lines(work) == ["in: 5 added, 0 updated, 0 removed"]


@pytest.mark.parametrize(
    ("ahead", "behind", "after", "expected"),
    [
        ((0, 0), 0, 20.0, "3 articles, 0.1/s"),  # standard input: nobody knows how much is to come
        ((1, 100), 250, 20.0, "3 articles, 0.1/s"),  # more than was thought
        ((9, 9_000), 3_000, 3_600.0, "3 articles, 0.0/s, 2 h 00 min left"),
        ((9, 9_000), 8_000, 600.0, "3 articles, 0.0/s, 1 min 15 s left"),
    ],
)
def test_the_time_left_is_told_where_it_is_known(ahead, behind, after, expected):
    def work(progress, clock):
        progress.ahead(lambda: ahead)
        clock(after)
        progress.done(3, behind)

    assert lines(work) == [expected]


def on_terminal(newsroom: Newsroom, columns: int, **environment: str) -> str:
    """Everything an ingest of the articles writes to a terminal of some width."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR", "TERM", "CI")
    }
    path = os.pathsep.join(map(str, (ROOT, DRIVER.parent)))
    process = subprocess.Popen(
        [sys.executable, str(DRIVER), "ingest", "articles"], cwd=newsroom.root, stdin=slave, stdout=slave, stderr=slave,
        env={**inherited, "PYTHONPATH": path, "TERM": "xterm-256color", **environment},
    )  # fmt: skip
    os.close(slave)
    said = b""
    while True:
        try:
            found = os.read(master, 65_536)
        except OSError:  # the other end is closed
            break
        said += found
    os.close(master)
    assert process.wait(60) == 0
    return said.decode()


CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def screen(said: str) -> list[str]:
    """What is left on a terminal that understands what the bar uses: carriage return, cursor up, erase line."""
    rows, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", said):
        if token == "\n":
            row, column = row + 1, 0
            rows += [""] * (row + 1 - len(rows))
        elif token == "\r":
            column = 0
        elif token.endswith("A") and token[0] == "\x1b":
            row = max(0, row - int(token[2:-1] or 1))
        elif token == "\x1b[2K":
            rows[row] = ""
        elif token[0] != "\x1b":
            rows[row] = rows[row][:column].ljust(column) + token + rows[row][column + len(token) :]
            column += len(token)
    return [line_.rstrip() for line_ in rows if line_.strip()]


@pytest.fixture
def articles(newsroom: Newsroom) -> Newsroom:
    (newsroom.articles / "wire.jsonl").write_text("".join(line(number, 1) for number in range(300, 500)))
    for number in range(20):
        newsroom.write(number, 1)
    return newsroom


@pytest.mark.slow
@pytest.mark.parametrize("columns", [100, 40])
def test_on_a_terminal_one_line_is_redrawn_in_place_and_nothing_of_it_stays(articles: Newsroom, columns: int) -> None:
    said = on_terminal(articles, columns)
    frames = [CONTROL.sub("", frame).strip() for frame in re.split(r"[\r\n]+", said)]
    assert any(re.search(r"\d articles, [\d.]+/s", frame) for frame in frames), frames
    assert max(map(len, frames[:-3])) <= columns  # the last ones are the report
    assert "\x1b[2J" not in said, "the screen is never wiped"
    assert said.count("\x1b[?25l") == said.count("\x1b[?25h") == 1, "the cursor is hidden once and comes back"
    assert "\x1b[1A\x1b[2K\x1b[1A" not in said, "one line, not several"
    left = "".join(screen(said))
    assert re.fullmatch(
        r"220 added, 0 updated, 0 unchanged, 0 removed, 0 failed \(\d+ passages, [\d.]+ s\)"
        r"  no date: 220 articles have none that could be read",
        left,
    ), left


@pytest.mark.slow
def test_without_colour_there_is_none(articles: Newsroom) -> None:
    assert not re.search(
        r"\x1b\[[0-9;]*[1-9][0-9;]*m",
        on_terminal(articles, 80, NO_COLOR="1").replace("\x1b[1m", "").replace("\x1b[2m", ""),
    )


@pytest.mark.slow
def test_a_dumb_terminal_gets_plain_lines(articles: Newsroom) -> None:
    said = on_terminal(articles, 80, TERM="dumb")
    assert "\x1b" not in said
    assert [each for each in said.split("\r\n") if each][-3] == "in: 220 added, 0 updated, 0 removed"


@pytest.mark.slow
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_in_a_pipe_there_are_no_control_characters(articles: Newsroom, as_json: bool) -> None:
    done = articles.run("ingest", "articles", *(["--json"] if as_json else []))
    assert not set(done.stdout + done.stderr) & {"\x1b", "\r"}
    assert Path("articles").is_dir()
    if as_json:
        assert done.stderr == ""
        assert done.stdout.count("\n") == 1
    else:
        assert done.stderr.splitlines()[-1] == "in: 220 added, 0 updated, 0 removed"
