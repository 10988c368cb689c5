"""An archive to ask in Slack."""

from __future__ import annotations

import contextlib
import socket
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


@pytest.fixture
def unused_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
