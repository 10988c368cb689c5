"""The secret that signs links: made once, kept in the data folder for its owner's eyes only."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from index.errors import SettingsError

NAME = "web-secret"
_SHORTEST = 32  # characters


def secret(folder: Path) -> str:
    """Return the secret of a data folder, made by the first process that asks for it.

    Raises SettingsError if it cannot be read or made.
    """
    path = folder / NAME
    try:
        if not path.exists():
            _make(path)
        found = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        told = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(
            f"The secret that signs links, {path}, cannot be used ({told}). Check its owner, or set "
            "NEWSDESK_WEB__SECRET."
        ) from error
    if len(found) < _SHORTEST:
        raise SettingsError(
            f"The secret that signs links, {path}, is damaged. Remove the file; a new one is made, and links "
            "given so far no longer open."
        )
    return found


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{NAME}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(48))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its secret holds
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
