"""An archive of a few made-up articles, put in by ingest.py."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import ingest
from index.archive import Archive


@contextmanager
def ingested(folder: Path, articles: Iterable[dict[str, Any]], embedder: Any) -> Iterator[Archive]:
    (folder / "news.jsonl").write_text("\n".join(map(json.dumps, articles)))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("NEWSDESK_DATA_DIR", str(folder / "data"))
        assert ingest.main([str(folder / "news.jsonl"), "--json"], embedder=embedder) == 0
    archive = Archive(folder / "data")
    yield archive
    archive.close()
