"""Commands to run, and archives of the sample articles for them."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Done, ended, write
from hash_embedder import HashEmbedder
from samples import SAMPLES

import ingest
from bot.__main__ import main as bot_main


@pytest.fixture
def put(capsys, embedder) -> Callable[..., Done]:
    """Run ``python ingest.py …``."""

    def run(*arguments: object, embedder: HashEmbedder = embedder) -> Done:
        code = ended(ingest.main, arguments, embedder)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def bot(capsys, embedder) -> Callable[..., Done]:
    """Run ``python -m bot …``."""

    def run(*arguments: object, embedder: HashEmbedder = embedder) -> Done:
        code = ended(bot_main, arguments, embedder)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory) -> tuple[Path, int, dict[str, Any]]:
    """An archive of the sample articles, with the exit code and report of the run that made it."""
    folder = tmp_path_factory.mktemp("samples")
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSDESK_DATA_DIR", str(folder / "archive"))
        patch.chdir(folder)
        patch.setattr(sys, "stdout", said)
        code = ingest.main([str(SAMPLES), "--json"], embedder=HashEmbedder())
    return folder / "archive", code, json.loads(said.getvalue())


@pytest.fixture
def samples(sample_run, tmp_path) -> Path:
    """A copy of that archive, to be used as the command's own."""
    shutil.copytree(sample_run[0], tmp_path / "archive")
    return tmp_path / "archive"


@pytest.fixture
def sample_archive(sample_run, monkeypatch) -> Path:
    """That archive itself, for commands that only read."""
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(sample_run[0]))
    return sample_run[0]


@pytest.fixture
def news(tmp_path) -> Path:
    """A folder of three small articles."""
    folder = tmp_path / "news"
    folder.mkdir()
    for name, town in (("one", "Esbjerg"), ("two", "Visby"), ("three", "Turku")):
        write(folder / f"{name}.txt", town)
    return folder
