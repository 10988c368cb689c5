"""Articles in an object store: read through fsspec, known by the store's time and tag, removed when they have gone from
it.
"""

from __future__ import annotations

import contextlib
import io
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import fsspec
import pytest
from newsroom import Newsroom, line, page

import ingest
from index.read import stores


@dataclass
class Bucket:
    """A folder in fsspec's store in memory, which every filesystem of this process shares."""

    newsroom: Newsroom
    url: str

    def __post_init__(self) -> None:
        self.store: Any = fsspec.filesystem("memory")

    def put(self, name: str, text: str) -> None:
        self.store.pipe(f"{self.url}/{name}", text.encode())

    def ingest(self, *options: str, code: int = 0) -> dict[str, Any]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            assert ingest.main([self.url, "--json", *options], embedder=self.newsroom.embedder) == code, said.getvalue()
        report: dict[str, Any] = json.loads(said.getvalue())
        return report


@pytest.fixture
def bucket(newsroom: Newsroom) -> Iterator[Bucket]:
    made = Bucket(newsroom, f"memory://news-{uuid.uuid4().hex}")
    yield made
    with contextlib.suppress(FileNotFoundError):
        made.store.rm(made.url, recursive=True)


def counts(report: dict[str, Any]) -> tuple[int, int, int, int, int]:
    return tuple(report[name] for name in ("added", "updated", "unchanged", "removed", "failed"))  # type: ignore[return-value]


@pytest.mark.slow
def test_a_folder_of_a_store_is_kept_up_to_date_as_one_on_a_disk(bucket):
    bucket.put("a/301.txt", page(301, 1))
    bucket.put("a/302.txt", page(302, 1))
    bucket.put("a/302.txt.meta.yaml", "publisher: The Harbour Post\n")
    bucket.put("many.jsonl", line(303, 1) + line(304, 1))
    bucket.put(".hidden/305.txt", page(305, 1))
    bucket.put("picture.png", "")
    bucket.put("broken.json", "{")
    first = bucket.ingest(code=1)
    assert counts(first) == (4, 0, 0, 0, 1)
    assert first["failures"][0]["path"].endswith("/broken.json")
    assert first["skipped"] == {".png": 1}
    assert bucket.newsroom.versions() == {301: 1, 302: 1, 303: 1, 304: 1}

    assert counts(bucket.ingest()) == (0, 0, 4, 0, 0)
    bucket.put("a/301.txt", page(301, 2))
    bucket.put("a/302.txt.meta.yaml", "publisher: The Harbour Gazette\n")
    bucket.store.rm(f"{bucket.url}/many.jsonl")
    plan = bucket.ingest("--dry-run", "--prune")["plan"]
    assert sorted(step["action"] for step in plan) == ["remove", "remove", "update", "update"]
    assert counts(bucket.ingest()) == (0, 2, 0, 0, 0)
    assert counts(bucket.ingest("--prune")) == (0, 0, 2, 2, 0)
    bucket.store.rm(bucket.url, recursive=True)  # as a folder that is gone: said, and its articles removed
    assert counts(bucket.ingest("--prune", code=1)) == (0, 0, 0, 2, 1)


@pytest.mark.slow
def test_what_a_store_that_does_not_answer_holds_stays_in(bucket, monkeypatch):
    bucket.put("301.txt", page(301, 1))
    bucket.ingest()

    def down(*_: object, **__: object) -> None:
        raise TimeoutError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(type(bucket.store), "find", down)
        [failure] = bucket.ingest("--prune", code=1)["failures"]
    assert "cannot be had from the store (TimeoutError: no answer)" in failure["reason"]
    assert bucket.newsroom.versions() == {301: 1}


def test_a_store_whose_package_is_not_installed_is_told_with_its_name(bucket, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    bucket.url = "s3://bucket/news"
    [failure] = bucket.ingest("--dry-run", code=1)["failures"]
    assert failure["reason"] == "is in a store that newsdesk reads through s3fs; install it: pip install s3fs"


def test_no_store_is_read_where_only_some_folders_may_be(bucket, monkeypatch, tmp_path):
    monkeypatch.setenv("NEWSDESK_INGEST__ROOTS", json.dumps([str(tmp_path)]))
    bucket.put("301.txt", page(301, 1))
    [failure] = bucket.ingest("--dry-run", code=1)["failures"]
    assert (
        failure["reason"] == "lies outside the folders of NEWSDESK_INGEST__ROOTS; no store is read while these are set"
    )


def test_a_file_address_is_a_path_and_a_web_address_no_store(newsroom, tmp_path):
    newsroom.write(301, 1)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert ingest.main([newsroom.articles.as_uri(), "--dry-run", "--json"], embedder=newsroom.embedder) == 0
    assert json.loads(said.getvalue())["plan"][0]["path"] == str(newsroom.path(301))
    assert not stores.is_store("https://news.example/a.html")
    assert not stores.is_store(str(tmp_path))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"LastModified": 1_700_000_000}, {"LastModified": 1_700_000_001}, id="time"),
        pytest.param(
            {"LastModified": 1_700_000_000, "ETag": "a"},
            {"LastModified": 1_700_000_000, "ETag": "b"},
            id="tag-within-a-second",
        ),
        pytest.param({"etag": "a"}, {"etag": "b"}, id="tag-alone"),
        pytest.param({"updated": "2025-03-01T08:00:00Z"}, {"updated": "2025-03-01T08:00:00.5Z"}, id="time-as-text"),
    ],
)
def test_a_change_shows_in_what_the_store_tells(one, other):
    store = fsspec.filesystem("memory")
    assert stores._version(store, "x", one) == stores._version(store, "x", dict(one))
    assert stores._version(store, "x", one) != stores._version(store, "x", other)
