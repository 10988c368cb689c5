"""What a file NAME.meta.yaml beside an article says of it."""

from __future__ import annotations

import os
from pathlib import Path

from index.articles import digest_of
from index.errors import UnreadableError
from index.read.encoding import decoded
from index.read.record import Record, record_of
from index.read.stores import is_store, opened
from index.read.yaml_fields import yaml_fields

ENDING = ".meta.yaml"
_LARGEST = 100_000  # bytes; a dozen fields need a thousand


def sidecar_of(path: str) -> str | None:
    """Return the sidecar of an article file: ``x.pdf.meta.yaml``, else ``x.meta.yaml``, None if there is neither."""
    return next((near for near in sidecars_of(path) if os.path.lexists(near)), None)


def sidecars_of(path: str) -> tuple[str, str]:
    """Return the names that the sidecar of an article file may have, best first."""
    stem, dot, _ = path.rpartition(".")
    return path + ENDING, (stem if dot else path) + ENDING


def is_sidecar(name: str) -> bool:
    """Tell whether a file is no article but describes one."""
    return name.lower().endswith(ENDING)


def read_sidecar(path: str) -> Record:
    """Return a sidecar as a record without text. Raises UnreadableError, naming it, if it cannot be read."""
    name = Path(path).name
    in_store = is_store(path)
    if not in_store and Path(path).is_symlink():
        raise UnreadableError(f"its sidecar {name} is a link; put the file itself there")
    try:
        with opened(path) if in_store else open(path, "rb") as stream:
            raw = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UnreadableError(
            f"its sidecar {name} cannot be read ({error.strerror or error}); check its permissions"
        ) from error
    if len(raw) > _LARGEST:
        raise UnreadableError(
            f"its sidecar {name} is larger than {_LARGEST // 1000} kB; it should hold a title, a date and the "
            "like, no more"
        )
    try:
        said = yaml_fields(decoded(raw), "it")
    except UnreadableError as error:
        raise UnreadableError(f"its sidecar {name}: {error}") from error
    if said is not None and not isinstance(said, dict):
        raise UnreadableError(f"its sidecar {name} holds no fields; write lines like title: …, publisher: …, date: …")
    return record_of(
        path, digest_of(raw), "", {key: value for key, value in (said or {}).items() if isinstance(key, str)}
    )
