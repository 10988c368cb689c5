"""Reads data/webpages: web pages with parts that must be, and must not be, in the text of their article."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page as it was saved; ``known`` has its ``url``, ``with`` and ``without`` (parts of its text), and of
    ``title``, ``author`` and ``date`` what is known.
    """

    file: str
    raw: bytes
    known: dict[str, Any]

    @property
    def half(self) -> str:
        """Tell which half it is of: "blind" if the SHA-256 of its file's name begins with an even byte, else "dev"."""
        return "dev" if hashlib.sha256(self.file.encode()).digest()[0] % 2 else "blind"


def web_pages(data: Path) -> Iterator[WebPage]:
    """Yield the pages of DIR/webpages (``pages.jsonl`` and ``pages.tar.xz``), none where that folder is not."""
    folder = data / "webpages"
    if not folder.is_dir():
        return
    lines = (folder / "pages.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {row["file"]: row for row in map(json.loads, filter(None, lines))}
    with tarfile.open(folder / "pages.tar.xz") as packed:
        for member in packed:
            content = packed.extractfile(member)
            if member.name in rows and content is not None:
                yield WebPage(member.name, content.read(), rows[member.name])
