"""Traces: sent to a real receiver over OTLP/HTTP, nested as the work is, with nothing of what was asked; and nothing at
all where none is named.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import MockLLM
from newsroom import ROOT, Newsroom, question
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from slack_room import bot, run
from slack_server import ANNA, SlackServer

from bot.telemetry import _tracer, begin, span
from index.errors import SettingsError


class Receiver(ThreadingHTTPServer):
    """What an operator runs: it takes spans over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[ExportTraceServiceRequest] = []
        self.bodies: list[bytes] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def spans(self) -> list[Any]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def tree(self) -> set[tuple[str, str]]:
        """Every span's name with its parent's."""
        names = {span.span_id: span.name for span in self.spans()}
        return {(names.get(span.parent_span_id, ""), span.name) for span in self.spans()}


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    server = Receiver()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
    yield server
    server.shutdown()
    server.server_close()


def test_a_question_in_slack_is_one_trace_from_event_to_post_without_its_words(
    newsroom: Newsroom, receiver: Receiver, tmp_path: Path
) -> None:
    newsroom.write(1, 1)
    newsroom.ingest()

    async def whole() -> None:
        async with SlackServer() as slack, bot(slack, newsroom.archive, tmp_path):
            asked = slack.mention(ANNA, question(1))
            await slack.until(lambda: slack.thread(asked.ts), "the answer")
            await slack.quiet()

    end = begin()
    try:
        run(whole())
    finally:
        end()
    nested = {
        ("", "question"),
        ("question", "ask"),
        ("ask", "search"),
        ("ask", "answer"),
        ("ask", "check"),
        ("question", "post"),
    }
    assert nested <= receiver.tree()
    [resource] = {str(request.resource_spans[0].resource) for request in receiver.requests}
    assert '"newsdesk"' in resource
    told = b"".join(receiver.bodies).lower()
    assert b"ship1" not in told
    assert b"harbour1" not in told
    assert ANNA.lower().encode() not in told


def test_spans_of_llama_index_nest_in_ours_and_say_nothing_of_the_prompt(receiver: Receiver) -> None:
    end = begin()
    try:
        with span("answer"):
            MockLLM().complete("what did the xylophone say")
        with pytest.raises(ZeroDivisionError), span("check"):
            raise ZeroDivisionError("the xylophone broke")
    finally:
        end()
    assert ("answer", "MockLLM.complete") in receiver.tree()
    assert {span.name: span.status.code for span in receiver.spans()}["check"] == 2
    assert b"xylophone" not in b"".join(receiver.bodies)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=["not-named", "disabled", "no-exporter"],
)
def test_where_no_traces_are_wanted_there_are_none(given, monkeypatch):
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    begin()()
    assert _tracer is None


def test_without_a_receiver_nothing_of_opentelemetry_is_loaded():
    code = (
        "import sys, bot.telemetry as t; t.begin()\nwith t.span('ask'): pass\nprint([name for name in sys.modules if "
        "name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_protocol_is_refused(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(SettingsError, match="http/protobuf only"):
        begin()


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "openinference.instrumentation.llama_index", None)
    with pytest.raises(SettingsError, match=r'pip install "\.\[traces\]"'):
        begin()
