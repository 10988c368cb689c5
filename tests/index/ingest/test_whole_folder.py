"""A folder as people have them, some of it broken: what is good goes in, what is not is named, and nothing else on the
machine is touched.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from newsroom import Newsroom, line

pytestmark = pytest.mark.chroma

GOOD = 240
BROKEN = {
    "empty.txt": b"",
    "blank.md": b" \n\n",
    "binary.txt": bytes(range(256)) * 20,
    "furniture.txt": b"Advertisement\nSubscribe to our newsletter\n",
    "front.md": b"---\ntitle: [never closed\n---\nThe ship sailed.\n",
    "text.jsonl": b"The ship sailed.\n",
    "fields.jsonl": b'{"title": "No text"}\n',
    "cut.jsonl.gz": gzip.compress(b"{}" * 100)[:20],
    "odd.txt": b"\x00\x00\x01\x02" * 100,
}


@pytest.fixture
def folder(newsroom: Newsroom) -> Newsroom:
    for number in range(300, 300 + GOOD):
        newsroom.write(number, 1)
    for name, raw in BROKEN.items():
        (newsroom.articles / name).write_bytes(raw)
    (newsroom.articles / "link.txt").symlink_to("nowhere.txt")
    os.mkfifo(newsroom.articles / "pipe.txt")
    (newsroom.articles / "wire.jsonl").write_text(line(600, 1) + "{broken\n" + line(601, 1))
    return newsroom


def run(newsroom: Newsroom, **environment: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run an ingest in a process of its own and return its report and what it did: texts embedded, files opened."""
    done = newsroom.run("ingest", "articles", "--json", COUNTS=str(newsroom.root / "counts.json"), **environment)
    counts = json.loads((newsroom.root / "counts.json").read_text())
    counts["opened"] = sorted({Path(name).name for name in counts["opened"] if Path(name).parent.name == "articles"})
    return json.loads(done.stdout), counts


@pytest.mark.slow
def test_all_that_is_good_goes_in_and_all_that_is_broken_is_named_and_ten_changes_are_work_for_ten(
    folder: Newsroom,
) -> None:
    report, counts = run(folder)
    named = {*BROKEN, "link.txt", "pipe.txt", "wire.jsonl"}
    assert (report["added"], report["failed"]) == (GOOD + 2, len(named))
    assert {Path(failure["path"]).name for failure in report["failures"]} == named
    assert all(len(failure["reason"].split()) > 2 for failure in report["failures"])
    assert counts["texts"] == GOOD + 2
    folder.assert_index_agrees()

    report, counts = run(folder)
    assert (report["unchanged"], report["failed"], report["known_failures"]) == (GOOD + 2, 2, len(named) - 2)
    assert (counts["opened"], counts["texts"]) == ([], 0)

    changed = range(310, 320)
    for number in changed:
        folder.write(number, 2)
    report, counts = run(folder)
    assert (report["updated"], report["unchanged"]) == (10, GOOD + 2 - 10)
    assert (counts["opened"], counts["texts"]) == ([folder.path(number).name for number in changed], 10)


def tree(root: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (0, 0) if path.is_dir() else (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in root.rglob("*")
    }


@pytest.mark.slow
def test_nothing_is_written_outside_of_the_data_folder(folder: Newsroom) -> None:
    """By what Python tells of itself, and for libraries that tell nothing by what lies in every folder they might like,
    before and after.
    """
    writes, home, temporary = folder.root / "writes", folder.root / "home", folder.root / "temporary"
    home.mkdir()
    temporary.mkdir()
    writes.touch()
    (folder.root / "counts.json").touch()
    before = tree(folder.root)
    report, _ = run(
        folder,
        WRITES=str(writes),
        HOME=str(home),
        TMPDIR=str(temporary),
        XDG_CACHE_HOME=str(home / "cache"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert report["added"] == GOOD + 2
    written = {Path(name) for name in writes.read_text().splitlines()}
    inside = {path for path in written if path.is_relative_to(folder.archive)}
    assert len(inside) > 5
    # Python's tempfile tries a folder out with a file that it removes at once.
    tried = {path for path in written if path.is_relative_to(temporary) and (path == temporary or not path.exists())}
    assert written - inside - tried - {Path(os.devnull), folder.root / "counts.json"} == set()
    after = tree(folder.root)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert {path for path in changed if not Path(path).is_relative_to(folder.archive)} == {
        str(writes),
        str(folder.root / "counts.json"),
    }
