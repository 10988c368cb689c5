"""Arguments and standard output in any locale: no letter that it does not have ends a command, and JSON loses none."""

from __future__ import annotations

import io
import json
import sys
from typing import Any


def replace_what_cannot_be_shown() -> None:
    """Make standard output show "?" for a letter that it does not have (ASCII, Latin-1)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def json_line(values: Any) -> str:
    """Return values as one line of JSON; what standard output does not have is escaped."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return json.dumps(values, ensure_ascii=not encoding.lower().startswith("utf"))


def as_utf8(argument: str) -> str:
    """Return an argument or a path as UTF-8, also where the locale has only ASCII; other bytes as escapes."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
