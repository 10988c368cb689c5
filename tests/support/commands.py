"""The commands, run in this process, and what they are given and leave behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hash_embedder import HashEmbedder

ASKED = "what did Macron say about the truce"
UNKNOWN = "How many pandas live in the zoo of Zurich?"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        [line] = self.out.splitlines()
        return json.loads(line)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


def ended(main: Callable[..., int], arguments: tuple[object, ...], embedder: HashEmbedder) -> int:
    try:
        return main([str(argument) for argument in arguments], embedder=embedder)
    except SystemExit as error:
        return int(error.code or 0)


def write(path: Path, town: str, said: str = "the ferry will stop in May") -> None:
    path.write_text(
        f"Council of {town} stops the ferry\n\nBy Ines Carrow\n7 March 2025\n\n"
        f"The mayor of {town} said on Monday that {said}, after a debate of four hours in the town hall.\n\n"
        f"Some 2,000 people of {town} use it every week, and the nearest bridge is 40 kilometres away.\n"
    )


def wire(path: Path, *towns: str, **said: str) -> None:
    lines = [
        {
            "id": town,
            "title": f"Council of {town} votes",
            "text": f"The mayor of {town} said that {said.get(town, 'the ferry will stop')} soon.",
        }
        for town in towns
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def tree(folder: Path) -> dict[str, str]:
    """Every file under a folder with the digest of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: report[name] for name in ("added", "updated", "unchanged", "removed", "failed") if report[name]}
