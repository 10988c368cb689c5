"""An archive to ask in Slack."""

from __future__ import annotations

from pathlib import Path

import pytest
from newsroom import Newsroom


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three stories about ships."""
    with pytest.MonkeyPatch.context() as patch:
        room = Newsroom(tmp_path_factory.mktemp("slack"))
        patch.setenv("NEWSDESK_DATA_DIR", str(room.archive))
        for number in range(1, 4):
            room.write(number, 1)
        room.ingest()
    return room.archive
