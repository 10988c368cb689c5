"""What newsdesk tells those who run it: the log (a line an event, never a word of a question), and traces by
OpenTelemetry (question → ask → search, answer, check; post), which are off unless its standard variables name a
receiver.
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


def told(error: BaseException) -> str:
    """Return an error's kind and place; its message only where it is our own, because another's may hold what was
    asked.
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


_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_INSTALL = 'In newsdesk\'s folder: pip install ".[traces]". Or unset OTEL_EXPORTER_OTLP_ENDPOINT.'

# Of what llama-index's spans tell, this is sent: the rest may hold prompts, passages and answers.
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
    """Send traces from now on if they are wanted; call what is returned before the process ends.

    Raises SettingsError if they cannot be sent.
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
    """Return what makes and sends spans.

    It is not the process's global one: other libraries' spans may hold what ours must not.
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
    """Trace what happens in the block, if traces are wanted.

    Of an error only that there was one is told: its message may hold what was asked.
    """
    if _tracer is None:
        yield
        return
    from opentelemetry.trace import StatusCode

    with _tracer.start_as_current_span(
        name, attributes=about, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except BaseException:
            current.set_status(StatusCode.ERROR)
            raise
