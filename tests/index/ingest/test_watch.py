"""A watch keeps the archive as its folders are: real files, the system's own notices, real processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from newsroom import Newsroom, eventually, page

import ingest
from index.errors import ArchiveError
from index.ingest import watch
from index.read.files import Listing, walk
from index.store.catalog import writer_lock


class Watching:
    """``python ingest.py FOLDER --watch`` in a process of its own."""

    def __init__(self, newsroom: Newsroom, *arguments: str) -> None:
        self._out, self._err = newsroom.root / "watch.out", newsroom.root / "watch.err"
        with self._out.open("a") as out, self._err.open("a") as err:
            self.process = newsroom.start("ingest", "articles", "--watch", *arguments, stdout=out, stderr=err)
        self.until_err("Watching articles")

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def until(self, *wanted: str) -> list[str]:
        """Wait for lines that begin so, and return all lines since the last call."""
        return self._until(self._out, wanted)

    def until_err(self, *wanted: str) -> list[str]:
        return self._until(self._err, wanted)

    def _until(self, path: Path, wanted: tuple[str, ...]) -> list[str]:
        try:
            eventually(
                lambda: all(re.search(f"^{re.escape(each)}", path.read_text(), re.M) for each in wanted),
                f"{path.name} says {wanted}",
            )
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.out!r} {self.err!r}") from None
        lines = path.read_text().splitlines()
        path.write_text("")  # the process appends
        return lines

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def start(newsroom: Newsroom) -> Iterator[Callable[..., Watching]]:
    started: list[Watching] = []

    def begin(*arguments: str) -> Watching:
        started.append(Watching(newsroom, *arguments))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


@pytest.mark.slow
def test_the_archive_follows_its_folder(newsroom: Newsroom, start) -> None:
    for number in (1, 2, 3):
        newsroom.write(number, 1)
    (newsroom.articles / "empty.txt").write_text("")
    watching = start()
    assert newsroom.versions() == {1: 1, 2: 1, 3: 1}
    assert "3 added" in watching.out

    newsroom.write(4, 1)
    told = watching.until("added    articles/00004.txt  A new voyage for ship4 begins")
    assert "empty.txt" not in "".join(told[3:])

    # An editor saves: a temporary file takes the place of the article.
    (newsroom.articles / ".00001.txt.swp").write_text(page(1, 2))
    (newsroom.articles / "00001.txt~").write_text(page(1, 1))
    (newsroom.articles / ".00001.txt.swp").replace(newsroom.path(1))
    assert watching.until("updated  articles/00001.txt") == [
        "updated  articles/00001.txt  A new voyage for ship1 begins"
    ]
    assert newsroom.versions()[1] == 2

    # Another one deletes first and writes then.
    newsroom.path(2).unlink()
    newsroom.write(2, 2)
    assert watching.until("updated  articles/00002.txt") == [
        "updated  articles/00002.txt  A new voyage for ship2 begins"
    ]

    newsroom.path(3).unlink()
    assert watching.until("removed  articles/00003.txt") == [
        "removed  articles/00003.txt  A new voyage for ship3 begins"
    ]

    newsroom.path(4).rename(newsroom.articles / "four.txt")
    assert watching.until("moved") == ["moved    articles/00004.txt → articles/four.txt  A new voyage for ship4 begins"]

    (newsroom.root / "new" / "deep").mkdir(parents=True)
    (newsroom.root / "new" / "deep" / "five.txt").write_text(page(5, 1))
    (newsroom.root / "new").rename(newsroom.articles / "new")
    watching.until("added    articles/new/deep/five.txt")
    (newsroom.articles / "new" / "deep" / "six.txt").write_text(page(6, 1))
    watching.until("added    articles/new/deep/six.txt")
    (newsroom.articles / "new").rename(newsroom.articles / "old")
    told = watching.until(
        "moved    articles/new/deep/five.txt → articles/old/deep/five.txt",
        "moved    articles/new/deep/six.txt → articles/old/deep/six.txt",
    )
    assert len(told) == 2
    shutil.rmtree(newsroom.articles / "old")
    watching.until("removed  articles/old/deep/five.txt", "removed  articles/old/deep/six.txt")

    newsroom.path(2).write_bytes(b"\x00\x01\x02" * 500)
    [told_] = watching.until("failed   articles/00002.txt")
    assert "is not text but binary" in told_

    assert watching.stop() == 0
    assert newsroom.versions() == {1: 2, 2: 2, 4: 1}
    newsroom.assert_index_agrees()
    assert "Traceback" not in watching.err


@pytest.mark.slow
def test_a_folder_that_vanishes_keeps_its_articles_and_is_followed_again_when_it_is_back(
    newsroom: Newsroom, start
) -> None:
    for number in (1, 2):
        newsroom.write(number, 1)
    watching = start()
    watching.until("2 added")
    away = newsroom.root / "away"
    newsroom.articles.rename(away)
    [told] = watching.until_err("articles holds no article any more")[-1:]
    assert "python ingest.py articles --prune" in told
    assert newsroom.versions() == {1: 1, 2: 1}

    newsroom.articles.mkdir()  # as the mount point of a disk that is not there
    (away / "00003.txt").write_text(page(3, 1))
    (away / "00001.txt").unlink()
    newsroom.articles.rmdir()
    away.rename(newsroom.articles)
    watching.until("added    articles/00003.txt", "removed  articles/00001.txt")
    newsroom.write(4, 1)
    watching.until("added    articles/00004.txt")
    assert watching.stop(signal.SIGINT) == 0
    assert newsroom.versions() == {2: 1, 3: 1, 4: 1}


@pytest.mark.slow
def test_many_files_at_once_are_one_run_and_a_run_of_others_is_waited_for(newsroom: Newsroom, start) -> None:
    newsroom.write(1, 1)
    watching = start("--json")
    [first] = watching.until("{")
    assert json.loads(first)["added"] == 1
    with writer_lock(newsroom.archive):
        for number in range(300, 340):
            newsroom.write(number, 1)
        watching.until_err(f"Process {os.getpid()} (since ")
    watching.until_err("It works again.")
    reports = [json.loads(each) for each in watching.until("{")]
    assert [report["added"] for report in reports] == [40]
    (newsroom.articles / "notes.tmp").write_text("not an article")
    newsroom.write(2, 1)
    [report] = [json.loads(each) for each in watching.until("{")]
    assert (report["added"], report["run"]) == (1, reports[0]["run"] + 1)
    assert watching.stop() == 0


class Stop:
    """Asks to stop after so many looks."""

    def __init__(self, looks: int = 10**9) -> None:
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_an_error_is_told_once_and_the_run_is_tried_again_over_everything(
    newsroom: Newsroom, capsys, monkeypatch
) -> None:
    failing = [
        OSError(28, "No space left on device"),
        OSError(28, "No space left on device"),
        RuntimeError("out of luck"),
    ]
    embed = newsroom.embedder.embed

    def embed_or_fail(texts):
        if failing:
            raise failing.pop(0)
        return embed(texts)

    monkeypatch.setattr(newsroom.embedder, "embed", embed_or_fail)
    waits: list[float] = []
    monkeypatch.setattr(watch, "pause", lambda seconds, stopped: waits.append(seconds))
    newsroom.write(1, 1)
    newsroom.write(2, 1)
    watched = watched_by(newsroom)
    watched.catch_up({str(newsroom.path(1))}, Stop())
    said = capsys.readouterr()
    assert [
        sentence for sentence in said.err.splitlines() if "Watching" not in sentence and not sentence.startswith("in: ")
    ] == [
        "the system: No space left on device. Check the disk and its permissions: python -m bot doctor",
        "Trying again until it works.",
        "The run ended with a fault of newsdesk (RuntimeError: out of luck). Please report it.",
        "Trying again until it works.",
        "It works again.",
    ]
    assert waits == [1.0, 2.0, 4.0]
    assert newsroom.versions() == {1: 1, 2: 1}


def watched_by(newsroom: Newsroom) -> ingest._Watched:
    return ingest._Watched(
        ingest._parser().parse_args([str(newsroom.articles), "--watch"]), ingest.load(), newsroom.embedder
    )


def test_another_model_ends_the_watch(newsroom: Newsroom) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()
    newsroom.embedder.identity = "another"
    with pytest.raises(ArchiveError, match="rebuild --embed"):
        watched_by(newsroom).catch_up(None, Stop())


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["-"], ["https://example.org/feed"], ["articles", "--dry-run"]], ids=" ".join
)
def test_what_cannot_be_watched_is_refused(newsroom: Newsroom, arguments: list[str], capsys) -> None:
    assert ingest.main([*arguments, "--watch"], embedder=newsroom.embedder) == 2
    assert capsys.readouterr().err.startswith("ingest.py: ")
    assert not newsroom.archive.exists()


def test_a_run_that_found_nothing_to_do_leaves_no_record(newsroom: Newsroom, capsys) -> None:
    newsroom.write(1, 1)
    (newsroom.articles / "link.txt").symlink_to("nowhere.txt")
    watched = watched_by(newsroom)
    for changed in (None, None, {str(newsroom.path(1))}, None):
        watched.catch_up(changed, Stop())
    assert newsroom.last_run() == 1
    assert capsys.readouterr().out.count("link.txt") == 1


def test_the_only_article_deleted_is_kept_as_after_an_unmount_and_told_once(newsroom: Newsroom, capsys) -> None:
    newsroom.write(1, 1)
    watched = watched_by(newsroom)
    watched.catch_up(None, Stop())
    newsroom.path(1).unlink()
    for changed in ({str(newsroom.path(1))}, None):
        watched.catch_up(changed, Stop())
    assert capsys.readouterr().err.count("holds no article any more") == 1
    assert newsroom.versions() == {1: 1}


def looked_at(newsroom: Newsroom, *changed: Path) -> list[str]:
    return [
        str(Path(file.path).relative_to(newsroom.articles))
        for file in walk([str(newsroom.articles)], Listing(), changed=[str(path) for path in changed])
    ]


def test_only_the_folders_in_which_something_changed_are_looked_into(newsroom: Newsroom) -> None:
    top = newsroom.articles
    for name in ("a/one.txt", "a/deep/two.txt", "b/three.txt", ".hidden/four.txt", "five.txt"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("x")
    (top / "link").symlink_to(top / "b")
    assert looked_at(newsroom, top / "a" / "one.txt") == ["a/one.txt"]
    assert looked_at(newsroom, top / "a") == ["a/one.txt", "a/deep/two.txt"]
    assert looked_at(newsroom, top / "gone.txt") == ["five.txt"]
    assert looked_at(newsroom, top / "gone" / "x.txt") == []
    assert looked_at(newsroom, top / ".hidden" / "four.txt", top / ".hidden", top / "link" / "three.txt") == [
        "five.txt"
    ]
    assert looked_at(newsroom, newsroom.root / "elsewhere.txt") == []
    assert looked_at(newsroom, top) == ["five.txt", "a/one.txt", "a/deep/two.txt", "b/three.txt"]


LIMITS = [
    ("max_inotify_watches", "fs.inotify.max_user_watches"),
    ("max_inotify_instances", "fs.inotify.max_user_instances"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "named"), LIMITS, ids=[limit for limit, _ in LIMITS])
def test_too_many_folders_for_the_system_is_a_sentence_with_the_setting(
    newsroom: Newsroom, limit: str, named: str
) -> None:
    for number in range(8):
        (newsroom.articles / str(number)).mkdir()
    namespace = [
        "unshare",
        "--user",
        "--map-root-user",
        "sh",
        "-c",
        f'echo {5 if "watches" in limit else 0} > /proc/sys/user/{limit} && exec "$@"',
        "sh",
    ]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("limits of one's own need a user namespace")
    done = newsroom.run("ingest", "articles", "--watch", within=namespace)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_changes_come_gathered_and_the_first_is_everything(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    stop = Stop()
    changes = watch.changes_in([folder], stop)
    assert next(changes) is None
    for number in range(5):
        (folder / f"{number}.txt").write_text("x")
    assert next(changes) == {str(folder / f"{number}.txt") for number in range(5)}
    folder.rename(tmp_path / "away")
    assert next(changes) is None
    (tmp_path / "away").rename(folder)
    assert next(changes) is None
    stop.looks = 0
    assert list(changes) == []


def test_very_many_changes_are_everything(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(watch, "_MANY", 3)
    changes = watch.changes_in([tmp_path], Stop())
    assert next(changes) is None
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("x")
    assert next(changes) is None


def test_everything_is_looked_at_again_from_time_to_time(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(watch, "_SWEEP_SECONDS", 0.0)
    changes = watch.changes_in([tmp_path], Stop())
    assert [next(changes), next(changes)] == [None, None]
