"""An archive for the question box and the API, made once a module, and a data folder of its own for each test."""

from __future__ import annotations

import pytest
from newsroom import ships


@pytest.fixture(scope="module")
def three_stories(tmp_path_factory):
    """An archive of three stories about ships."""
    return ships(tmp_path_factory.mktemp("stories"))


@pytest.fixture
def own_journal(three_stories, tmp_path, monkeypatch):
    """A data folder of its own for the journal and the secret, over the archive of the module."""
    data = tmp_path / "data"
    data.mkdir()
    for entry in three_stories.iterdir():
        (data / entry.name).symlink_to(entry)
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(data))
