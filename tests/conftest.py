"""Fixtures for every test: a clean environment in an empty folder, and a newsroom in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("newsroom")

from chroma_server import ChromaServer  # noqa: E402
from hash_embedder import HashEmbedder  # noqa: E402
from newsroom import Newsroom  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper().startswith(("NEWSDESK_", "SLACK_")):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts in an empty folder (no .env lies in it), with its own archive."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "archive"))


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


@pytest.fixture
def chroma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChromaServer]:
    """A running server that the settings name."""
    folder = tmp_path / "server"
    folder.mkdir()
    server = ChromaServer(folder)
    server.start()
    monkeypatch.setenv("NEWSDESK_CHROMA__URL", server.url)
    yield server
    server.kill()
