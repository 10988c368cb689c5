"""Logs and traces for those who run newsdesk.

The log has one line for an event, and no word of a question. Traces by OpenTelemetry (question → ask → search, answer,
check; post) are off unless its standard variables name a receiver.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from index.errors import NewsdeskError, SettingsError


def error_place(error: BaseException) -> str:
    """Return an error's class and where it was raised.

    The message is added only to an error of our own: others may repeat what was asked.
    """
    if isinstance(error, NewsdeskError):
        return f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    return (
        f"{type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
        if frames
        else type(error).__name__
    )


Format = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]

request: ContextVar[str] = ContextVar("request", default="")  # id of the question being answered, as in the journal

_FIELD = re.compile(r"%%|(?:(\w+)=)?%(?:\.\d+)?[sdrf]")


def to_stderr(form: Format = "text", level: Level = "info") -> None:
    """Write the log to standard error: newsdesk's own lines from a level on, and only warnings of libraries.

    Lines of libraries are cut where the text of a message may begin.
    """
    logging.basicConfig(level=logging.WARNING, handlers=[handler(form)])
    logging.getLogger("newsdesk").setLevel(level.upper())


def handler(form: Format) -> logging.Handler:
    """Return the handler that writes lines to standard error, as text or JSON."""
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
    """Return the values of a line by the names in its template."""
    if not isinstance(record.msg, str) or not isinstance(record.args, tuple):
        return {}
    names = [match[1] for match in _FIELD.finditer(record.msg) if match[0] != "%%"]
    return {name: value for name, value in zip(names, record.args, strict=False) if name}


def _without_bodies(record: logging.LogRecord) -> bool:
    if not record.name.startswith("newsdesk"):
        record.msg, record.args = record.getMessage().split("\n", 1)[0].split("{", 1)[0], ()
        record.exc_info = record.exc_text = None
    return True


_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_INSTALL = 'In newsdesk\'s folder: pip install ".[traces]". Or unset OTEL_EXPORTER_OTLP_ENDPOINT.'

# These attributes of llama-index's spans are sent: others may hold prompts, passages and answers.
_SENT = frozenset(
    (
        "openinference.span.kind",
        "llm.model_name",
        "llm.provider",
        "llm.token_count.prompt",
        "llm.token_count.completion",
        "llm.token_count.total",
    )
)

_tracer: Any = None  # of this process, once traces are wanted


def wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the standard variables ask for traces."""
    off = (
        environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp"
    )
    return not off and any(environment.get(name) for name in _ENDPOINTS)


def begin() -> Callable[[], None]:
    """Start sending traces, if they are wanted; return a function to call before the process ends.

    Raises SettingsError if traces cannot be sent.
    """
    global _tracer
    if not wanted():
        return lambda: None
    if any(os.environ.get(name, "http/protobuf") != "http/protobuf" for name in _PROTOCOLS):
        raise SettingsError(
            "Traces are sent by http/protobuf only. Unset OTEL_EXPORTER_OTLP_PROTOCOL, and name the receiver's "
            "HTTP port (4318 as a rule)."
        )
    try:
        from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

        provider = _provider()
    except ImportError as error:
        raise SettingsError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, but {error.name} is not installed. {_INSTALL}"
        ) from error
    llama = LlamaIndexInstrumentor()
    llama.instrument(tracer_provider=provider)
    _tracer = provider.get_tracer("newsdesk")

    def end() -> None:
        global _tracer
        _tracer = None
        llama.uninstrument()
        provider.shutdown()

    return end


def _provider() -> Any:
    """Return the provider, which makes and sends spans.

    It is not the process's global one: spans of other libraries may hold what must not be sent.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import Status

    class Discreet(BatchSpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            known = span.attributes or {}
            scope = span.instrumentation_scope
            kept = (
                dict(known)
                if scope and scope.name == "newsdesk"
                else {name: value for name, value in known.items() if name in _SENT}
            )
            super().on_end(
                ReadableSpan(
                    span.name, span.context, span.parent, span.resource, kept, kind=span.kind,
                    instrumentation_scope=scope,
                    status=Status(span.status.status_code), start_time=span.start_time, end_time=span.end_time,
                )
            )  # fmt: skip

    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    provider = TracerProvider(resource=Resource.create() if named else Resource.create({SERVICE_NAME: "newsdesk"}))
    provider.add_span_processor(Discreet(OTLPSpanExporter()))
    return provider


@contextlib.contextmanager
def span(name: str, **about: str | int | float | bool) -> Iterator[None]:
    """Trace the block as a span, if traces are wanted.

    Of an error only its occurrence is sent: its message may repeat what was asked.
    """
    if _tracer is None:
        yield
        return
    from opentelemetry.trace import StatusCode

    with _tracer.start_as_current_span(
        name, attributes=about, record_exception=False, set_status_on_exception=False
    ) as current:
        status = StatusCode.ERROR
        try:
            yield
            status = StatusCode.UNSET
        finally:
            current.set_status(status)
