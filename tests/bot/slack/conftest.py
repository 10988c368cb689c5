"""An archive to ask in Slack."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest
from newsroom import ships


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three stories about ships."""
    return ships(tmp_path_factory.mktemp("slack"))


@pytest.fixture
def unused_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
