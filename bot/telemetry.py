"""The log: a line an event on standard error, as text or as JSON, with the question it belongs to and never a word of
it.

Our own lines are written as ``log.info("done question=%s seconds=%.2f", id, seconds)``: what stands before ``=%`` names
a field of the JSON.
"""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

Format = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]

request: ContextVar[str] = ContextVar("request", default="")  # id of the question in hand, the same as in the journal

_FIELD = re.compile(r"%%|(?:(\w+)=)?%(?:\.\d+)?[sdrf]")


def to_stderr(form: Format = "text", level: Level = "info") -> None:
    """Write the log to standard error: our own lines from a level on, and of libraries only warnings, without what may
    hold a message's text.
    """
    logging.basicConfig(level=logging.WARNING, handlers=[handler(form)])
    logging.getLogger("newsdesk").setLevel(level.upper())


def handler(form: Format) -> logging.Handler:
    """Return what writes lines in a form to standard error."""
    made = logging.StreamHandler()
    made.setFormatter(_Json() if form == "json" else _Text())
    made.addFilter(_without_bodies)
    return made


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line, id_ = super().format(record), request.get()
        return f"{line} request={id_}" if id_ else line


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        about = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        values: dict[str, Any] = {**_fields(record), **about, "logger": record.name, "message": record.getMessage()}
        if request.get():
            values["request"] = request.get()
        return json.dumps(values, ensure_ascii=False, default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the template of a line names, with the values it was given."""
    if not isinstance(record.msg, str) or not isinstance(record.args, tuple):
        return {}
    names = [match[1] for match in _FIELD.finditer(record.msg) if match[0] != "%%"]
    return {name: value for name, value in zip(names, record.args, strict=False) if name}


def _without_bodies(record: logging.LogRecord) -> bool:
    if not record.name.startswith("newsdesk"):
        record.msg, record.args = record.getMessage().split("\n", 1)[0].split("{", 1)[0], ()
        record.exc_info = record.exc_text = None
    return True
