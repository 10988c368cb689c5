"""Backups: made while others work, whole or not there, and put back so that nothing is lost whatever dies when."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hash_embedder import HashEmbedder
from newsroom import Newsroom

from bot.__main__ import main
from bot.admin.backup import backup, restore
from bot.journal.entry import JournalEntry
from bot.journal.journal import Journal
from bot.journal.processes import Owner
from index.archive import Archive
from index.errors import ArchiveError, DiskFull, LockedError, NewsdeskError, SettingsError
from index.store.catalog import writer_lock


def ask(folder: Path, number: int) -> None:
    """Write a question into a journal, as a bot does."""
    journal = Journal(folder / "journal.sqlite3")
    journal.claim(
        JournalEntry(f"C1:{number}", "mention", "C1", str(number), str(number), "U1", f"question {number}"), "dead"
    )
    journal.close()


def questions(folder: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(folder / "journal.sqlite3")) as database:
        return [text for (text,) in database.execute("SELECT text FROM questions ORDER BY text")]


def catalog_versions(folder: Path, root: Path) -> dict[int, int]:
    """Return what is in a catalog that lies anywhere, each article whole."""
    room = Newsroom(root)
    room.archive = folder
    return room.versions()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two states of one archive, made once: ``first``, of which there is a ``backup``, and ``second``."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("template")
        patch.setenv("NEWSDESK_DATA_DIR", str(root / "archive"))
        room = Newsroom(root)
        for number in (1, 2):
            room.write(number, 1)
        room.ingest()
        ask(room.archive, 1)
        (room.archive / "web-secret").write_text("0123456789abcdef")
        backup(room.archive, root / "backup")
        shutil.copytree(room.archive, root / "first")
        room.write(1, 2)
        room.write(3, 1)
        room.ingest()
        ask(room.archive, 2)
        shutil.copytree(room.archive, root / "second")
    return root


@pytest.fixture
def filled(newsroom: Newsroom, template: Path) -> Newsroom:
    shutil.copytree(template / "first", newsroom.archive)
    return newsroom


@pytest.fixture
def later(newsroom: Newsroom, template: Path) -> Newsroom:
    """The archive after the backup was made: an article changed, one new, a question more."""
    shutil.copytree(template / "second", newsroom.archive)
    return newsroom


@pytest.fixture
def made(template: Path) -> Path:
    """The backup of the first state."""
    return template / "backup"


FIRST, SECOND = {1: 1, 2: 1}, {1: 2, 2: 1, 3: 1}


def test_what_is_restored_answers_as_before_without_embedding(
    filled: Newsroom, tmp_path: Path, monkeypatch, capsys
) -> None:
    before, file, fresh = filled.answers([1, 2]), tmp_path / "newsdesk.backup", tmp_path / "fresh"
    assert main(["backup", str(file)]) == 0
    assert "2 articles, 1 questions" in capsys.readouterr().out
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(fresh))
    embedder = HashEmbedder()
    assert main(["restore", str(file)], embedder) == 0
    assert "Restored 2 articles" in capsys.readouterr().out
    assert embedder.calls == 0
    filled.archive = fresh
    assert filled.answers([1, 2]) == before
    filled.assert_index_agrees()
    assert questions(fresh) == ["question 1"]
    assert (fresh / "web-secret").read_text() == "0123456789abcdef"
    assert sorted(path.name for path in fresh.iterdir() if path.name.startswith((".", "restore", "before"))) == []


def test_what_was_there_before_is_kept_aside(later: Newsroom, made: Path, tmp_path: Path, capsys) -> None:
    assert main(["restore", str(made), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert later.versions() == FIRST
    later.assert_index_agrees()
    aside = Path(told["aside"])
    assert questions(later.archive) == ["question 1"]
    assert questions(aside) == ["question 1", "question 2"]
    assert catalog_versions(aside, tmp_path / "look") == SECOND


@pytest.mark.slow
def test_a_backup_in_the_middle_of_an_ingest_and_of_answers_is_of_one_moment(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    for number in range(60):
        newsroom.write(number, 1)
    newsroom.ingest()
    for number in range(60):
        newsroom.write(number, 2)
    ask(newsroom.archive, 0)
    ended = threading.Event()

    def answer() -> None:
        number = 0
        while not ended.is_set():
            ask(newsroom.archive, number := number + 1)

    answering = threading.Thread(target=answer)
    answering.start()
    made: list[Path] = []
    try:
        with newsroom.start("ingest", "articles", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while process.poll() is None:
                made.append(tmp_path / f"backup-{len(made)}")
                backup(newsroom.archive, made[-1])
            assert process.returncode == 0
    finally:
        ended.set()
        answering.join()
    made.append(tmp_path / "last")
    backup(newsroom.archive, made[-1])
    assert len(made) > 3
    found, asked = [], []
    for file in [made[0], made[len(made) // 2], made[-2], made[-1]]:
        shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
        (tmp_path / "fresh").mkdir()
        restore(file, tmp_path / "fresh")
        [version] = set(
            catalog_versions(tmp_path / "fresh", tmp_path / "look").values()
        )  # all of them old, or all of them new
        found.append(version)
        asked.append(len(questions(tmp_path / "fresh")))
    assert found == sorted(found)
    assert found[-1] == 2
    assert asked == sorted(asked)


# --- what must be refused ---


def test_a_file_that_is_there_is_not_replaced_unless_told_to(filled: Newsroom, tmp_path: Path, capsys) -> None:
    file = tmp_path / "backup"
    file.write_text("precious")
    assert main(["backup", str(file)]) == 2
    assert "--force" in capsys.readouterr().err
    assert file.read_text() == "precious"
    assert main(["backup", str(file), "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["catalog"]["articles"] == 2
    assert zipfile.is_zipfile(file)


def test_nothing_to_back_up_a_folder_for_a_file_and_two_at_once_are_told(filled: Newsroom, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="nothing to back up"):
        backup(tmp_path / "empty", tmp_path / "backup")
    with pytest.raises(SettingsError, match="is a folder"):
        backup(filled.archive, tmp_path)
    with pytest.raises(SettingsError, match="There is no file"):
        restore(tmp_path / "missing", filled.archive)
    from bot.admin.backup import _part_of

    with _part_of(tmp_path / "backup"), pytest.raises(LockedError, match="Another backup"):
        backup(filled.archive, tmp_path / "backup")


def test_a_journal_or_a_catalog_that_is_only_being_made_is_no_damage(filled: Newsroom, tmp_path: Path) -> None:
    for path in filled.archive.glob("journal.sqlite3*"):
        path.unlink()
    (filled.archive / "journal.sqlite3").touch()
    backup(filled.archive, tmp_path / "backup")
    (tmp_path / "fresh").mkdir()
    restore(tmp_path / "backup", tmp_path / "fresh")
    assert questions(tmp_path / "fresh") == []
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "catalog.sqlite3").touch()
    with pytest.raises(ArchiveError, match="only being made"):
        backup(tmp_path / "new", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_damaged_catalog_is_not_backed_up(filled: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("the last good one")
    path = filled.archive / "catalog.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[8192:20_000] = os.urandom(20_000 - 8192)
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="is damaged"):
        backup(filled.archive, tmp_path / "backup", force=True)
    assert (tmp_path / "backup").read_text() == "the last good one"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_while_a_bot_or_an_ingest_uses_the_folder_nothing_is_restored(filled: Newsroom, made: Path, capsys) -> None:
    owner = Owner(filled.archive)
    assert main(["restore", str(made)]) == 2
    assert "A bot is answering" in capsys.readouterr().err
    owner.close()
    with writer_lock(filled.archive):
        assert main(["restore", str(made)]) == 2
    assert "is writing to the archive" in capsys.readouterr().err
    assert filled.versions() == FIRST


def rewritten(
    made: Path, target: Path, change: Callable[[dict[str, Any]], None], more: dict[str, bytes] | None = None
) -> Path:
    """A backup whose manifest says something else, with its databases as they were."""
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(target, "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        change(manifest)
        for name in old.namelist():
            new.writestr(name, json.dumps(manifest) if name == "manifest.json" else old.read(name))
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return target


STRANGE = [
    pytest.param(lambda m: m.update(format=2, newsdesk="9.0"), "made by a newer newsdesk (9.0)", id="newer-format"),
    pytest.param(
        lambda m: m["files"].update({"../../evil": {"bytes": 1, "sha256": "x"}}), "names other files", id="path-outside"
    ),
    pytest.param(lambda m: m["files"].pop("catalog.sqlite3"), "names other files", id="no-catalog"),
    pytest.param(
        lambda m: m["files"]["catalog.sqlite3"].update(sha256="0" * 64), "is not what was backed up", id="other-digest"
    ),
    pytest.param(
        lambda m: m["files"]["catalog.sqlite3"].update(bytes=10), "is not what was backed up", id="longer-than-said"
    ),
    pytest.param(
        lambda m: m["files"].update({"web-secret": {"bytes": 1, "sha256": "x"}}),
        "damaged or no backup",
        id="missing-member",
    ),
    pytest.param(lambda m: m.pop("format"), "damaged or no backup", id="no-format"),
    pytest.param(lambda m: m["files"]["catalog.sqlite3"].update(bytes=2**60), "MB free", id="larger-than-the-disk"),
]


@pytest.mark.parametrize(("change", "sentence"), STRANGE)
def test_a_strange_backup_is_refused_and_nothing_changes(
    later: Newsroom, made: Path, tmp_path: Path, change, sentence
) -> None:
    file = rewritten(made, tmp_path / "strange", change)
    with pytest.raises(NewsdeskError) as caught:
        restore(file, later.archive)
    assert sentence in str(caught.value)
    assert later.versions() == SECOND
    assert not [path for path in later.archive.iterdir() if path.name.startswith((".", "restore", "before"))]


def test_a_backup_of_a_newer_schema_is_refused(filled: Newsroom, tmp_path: Path) -> None:
    backup(filled.archive, tmp_path / "now")
    with contextlib.closing(sqlite3.connect(filled.archive / "catalog.sqlite3")) as database, database:
        database.execute("UPDATE facts SET value = '99' WHERE name = 'schema'")
    backup(filled.archive, tmp_path / "newer")
    restore(tmp_path / "now", filled.archive)
    with pytest.raises(ArchiveError, match="Update newsdesk"):
        restore(tmp_path / "newer", filled.archive)
    assert filled.versions() == FIRST


def test_a_backup_with_any_byte_changed_or_lost_is_refused_or_restores_the_same(made: Path, tmp_path: Path) -> None:
    whole = made.read_bytes()
    places = range(0, len(whole), max(1, len(whole) // 40))
    damaged = (
        [whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :] for at in places]
        + [whole[:at] for at in places]
        + [b"", b"PK", whole + b"tail"]
    )
    refused = 0
    for number, content in enumerate(damaged):
        file, folder = tmp_path / "damaged", tmp_path / f"into-{number}"
        file.write_bytes(content)
        folder.mkdir()
        try:
            restore(file, folder)
        except NewsdeskError:
            refused += 1
            assert list(folder.iterdir()) == []
        else:
            assert catalog_versions(folder, tmp_path / "look") == FIRST
            assert questions(folder) == ["question 1"]
        shutil.rmtree(folder)
    assert refused > 60


# --- what dies in the middle ---

_STEPS = {
    "open",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "shutil.rmtree",
    "sqlite3.connect",
    "fcntl.flock",
    "os.truncate",
}


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do some work in a child that kills itself when it is about to take a step on the disk; tell whether it did."""
    child = os.fork()
    if child == 0:
        count = 0

        def die(event: str, _: object) -> None:
            nonlocal count
            if event not in _STEPS:
                return
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die)
        with contextlib.suppress(BaseException):
            work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def steps(work: Callable[[], object], most: int = 400) -> Iterator[int]:
    """Kill some work at its first step, its second, and so on, until it comes to its end."""
    for step in range(1, most):
        if not killed_at(step, work):
            return
        yield step
    raise AssertionError("it never ended")


def test_a_backup_killed_at_any_step_leaves_the_old_file_and_no_debris_after_the_next(
    filled: Newsroom, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    file, count = folder / "backup", 0
    backup(filled.archive, file)
    first = json.loads(zipfile.ZipFile(file).read("manifest.json"))
    for _ in steps(lambda: backup(filled.archive, file, force=True)):
        count += 1
        assert json.loads(zipfile.ZipFile(file).read("manifest.json"))["files"] == first["files"]
        if count % 8 == 0:
            backup(filled.archive, file, force=True)
            assert [path.name for path in folder.iterdir()] == ["backup"]
    assert count > 8


def test_a_restore_killed_at_any_step_is_finished_by_the_next_and_the_old_archive_is_kept(
    later: Newsroom, template: Path, made: Path, tmp_path: Path
) -> None:
    count = interrupted = 0
    for _ in steps(lambda: restore(made, later.archive)):
        count += 1
        try:
            assert later.versions() in (SECOND, FIRST)  # the old archive or the new one
        except ArchiveError as error:
            interrupted += 1
            assert "was interrupted. Run it again: python -m bot restore" in str(error)  # noqa: PT017
        restore(made, later.archive)
        assert later.versions() == FIRST
        assert questions(later.archive) == ["question 1"]
        asides = list(later.archive.glob("before-restore-*"))
        assert SECOND in [
            catalog_versions(path, tmp_path / "look") for path in asides if (path / "catalog.sqlite3").exists()
        ]
        assert ["question 1", "question 2"] in [
            questions(path) for path in asides if (path / "journal.sqlite3").exists()
        ]
        shutil.rmtree(later.archive)
        shutil.copytree(template / "second", later.archive)
    assert count > 10
    assert interrupted > 2


@pytest.mark.parametrize("room", [1_000, 60_000, 150_000])
def test_a_full_disk_is_told_and_leaves_what_was_there(filled: Newsroom, tmp_path: Path, room: int) -> None:
    (tmp_path / "backup").write_text("the last good one")
    told = tmp_path / "told"
    told.write_text(" " * 500)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        try:
            backup(filled.archive, tmp_path / "backup", force=True)
        except DiskFull:
            told.write_text("full")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert told.read_text() == "full"
    assert (tmp_path / "backup").read_text() == "the last good one"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


# --- after ---


def test_a_restored_journal_answers_nothing_twice(filled: Newsroom, made: Path) -> None:
    restore(made, filled.archive)
    journal = Journal(filled.archive / "journal.sqlite3")
    [waiting] = journal.waiting("dead")
    assert waiting.attempts == 1  # so its thread is searched before anything is posted
    assert float(journal.fact("last_seen") or 0) > waiting.asked
    journal.close()


def test_an_archive_with_an_unfinished_restore_is_not_ingested_into(newsroom: Newsroom) -> None:
    newsroom.archive.mkdir()
    (newsroom.archive / "restore-unfinished").write_text("before-restore-x")
    with pytest.raises(ArchiveError, match="was interrupted"):
        Archive(newsroom.archive, create=True)
