"""A stand-in for language models: a real HTTP server that speaks OpenAI's, Anthropic's and Ollama's protocols and plays
what a test wants.

It reads the passages and their keys out of each prompt, so that a script can cite them, and keeps every request.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

_PASSAGE = re.compile(r"<<<passage \[(\w+)\] (\w+)>>>\n(.*?)\n\n(.*?)\n<<<end of passage \[\1\] \2>>>", re.S)
KEY = "sk-stand-in-Zx81-very-secret"
MODEL = "stand-in"


@dataclass(frozen=True)
class Prompted:
    """A request as it came, with the passages of its prompt."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def messages(self) -> list[str]:
        system = [self.body["system"]] if self.body.get("system") else []
        return [_text(item) for item in [*system, *(message["content"] for message in self.body["messages"])]]

    @property
    def text(self) -> str:
        return "\n".join(self.messages)

    @property
    def passages(self) -> dict[str, str]:
        """Key → text, best first."""
        return {key: text for key, _, _, text in _PASSAGE.findall(self.messages[-1])}

    @property
    def question(self) -> str:
        return self.messages[-1].rsplit("uestion: ", 1)[-1]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


@dataclass
class Play:
    """What the server does with one request.

    ``text`` may be made from the prompt. ``ends``: "stop"; "length" (cut at the limit); "silent" (closed without a
    reason), "cut" (connection reset), "garbage" (no JSON), "error" (an error inside the stream), "hang" (nothing more
    comes until the server closes). ``gate``: acquired before each piece.
    """

    text: str | Callable[[Prompted], str] = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    code: str | None = None
    said: str = "something went wrong"
    ends: Literal["stop", "length", "silent", "cut", "garbage", "error", "hang"] = "stop"
    size: int = 7  # characters of a piece
    pause: float = 0.0  # seconds between pieces
    gate: threading.Semaphore | None = None
    pieces: Callable[[str], list[str]] | None = None
    usage: bool = True


class LlmServer:
    """``with LlmServer(Play("…")) as server``: plays in order, the last one again and again."""

    def __init__(self, *plays: Play, key: str | None = KEY) -> None:
        self.plays = list(plays)
        self.key = key
        self.requests: list[Prompted] = []
        self.gone: list[int] = []  # requests whose client left before the end, by number
        self.sent: list[tuple[float, str]] = []  # when each piece of the last request was sent
        self.closing = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> LlmServer:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                _json(self, 200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})

            def do_POST(self) -> None:
                server._answer(self)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]  a client that leaves is no news
        self.origin = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.url = f"{self.origin}/v1"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        prompted = Prompted(handler.path, {name.lower(): value for name, value in handler.headers.items()}, body)
        with self._lock:
            number = len(self.requests)
            self.requests.append(prompted)
            play = self.plays[min(number, len(self.plays) - 1)]
        given = prompted.headers.get("authorization", "").removeprefix("Bearer ") or prompted.headers.get(
            "x-api-key", ""
        )
        if self.key and given != self.key:
            _json(
                handler,
                401,
                {"error": {"message": f"Incorrect API key provided: {given}", "code": "invalid_api_key", "type": "x"}},
            )
            return
        if play.status != 200:
            _json(
                handler,
                play.status,
                {"error": {"message": f"{play.said} {given}", "code": play.code, "type": "x"}},
                play.headers,
            )
            return
        with contextlib.suppress(ConnectionError):
            try:
                self._stream(handler, prompted, play)
            except ConnectionError:
                self.gone.append(number)
                raise

    def _stream(self, handler: BaseHTTPRequestHandler, prompted: Prompted, play: Play) -> None:
        text = play.text if isinstance(play.text, str) else play.text(prompted)
        pieces = (
            play.pieces(text) if play.pieces else [text[at : at + play.size] for at in range(0, len(text), play.size)]
        )
        speak = {"/api/chat": _ollama, "/v1/messages": _anthropic}.get(prompted.path, _openai)
        handler.send_response(200)
        handler.send_header("Content-Type", "application/x-ndjson" if speak is _ollama else "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        self.sent = []
        for kind, event in speak(pieces, play, len(prompted.text) // 4):
            if kind == "piece":
                if play.gate is not None:
                    while not play.gate.acquire(timeout=0.05):
                        _alive(handler)
                        if self.closing.is_set():
                            return
                time.sleep(play.pause)
                self.sent.append((time.monotonic(), event))
            elif kind == "end" and play.ends == "hang":
                self.closing.wait(60)
                return
            elif kind == "end" and play.ends == "cut":
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                handler.close_connection = True
                handler.connection.close()
                return
            elif kind == "end" and play.ends == "garbage":
                event = "data: <html>502</html>\n\n"
            elif kind == "end" and play.ends == "error":
                event = f"data: {json.dumps({'error': {'message': 'overloaded', 'code': None}})}\n\n"
            elif kind == "end" and play.ends == "silent":
                continue
            _alive(handler)
            handler.wfile.write(f"{len(event.encode()):x}\r\n{event}\r\n".encode())
            handler.wfile.flush()
        handler.wfile.write(b"0\r\n\r\n")


def _alive(handler: BaseHTTPRequestHandler) -> None:
    """Raise ConnectionError if the client has left: writing to it would go well once more."""
    handler.connection.setblocking(False)
    try:
        if handler.connection.recv(1, socket.MSG_PEEK) == b"":
            raise ConnectionResetError
    except BlockingIOError:
        pass
    finally:
        handler.connection.setblocking(True)


def _json(handler: BaseHTTPRequestHandler, status: int, values: Any, headers: dict[str, str] | None = None) -> None:
    content = json.dumps(values).encode()
    handler.send_response(status)
    for name, value in {
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        **(headers or {}),
    }.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)


def _data(**fields: Any) -> str:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": MODEL, **fields}
    return f"data: {json.dumps(chunk)}\n\n"


def _openai(pieces: list[str], play: Play, sent: int) -> Iterator[tuple[str, str]]:
    def event(delta: dict[str, str], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return _data(choices=[choice])

    yield "begin", event({"role": "assistant", "content": ""})
    for piece in pieces:
        yield "piece", event({"content": piece})
    yield "end", event({}, "length" if play.ends == "length" else "stop")
    if play.ends in ("stop", "length") and play.usage:
        usage = {"prompt_tokens": sent, "completion_tokens": len(pieces), "total_tokens": sent + len(pieces)}
        yield (
            "usage",
            _data(choices=[], usage=usage),
        )
    yield "done", "data: [DONE]\n\n" if play.ends != "silent" else ": closing\n\n"


def _anthropic(pieces: list[str], play: Play, sent: int) -> Iterator[tuple[str, str]]:
    def event(kind: str, **values: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **values})}\n\n"

    message = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }
    yield "begin", event("message_start", message={**message, "usage": {"input_tokens": sent, "output_tokens": 1}})
    yield "begin", event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in pieces:
        yield "piece", event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield "end", event("content_block_stop", index=0)
    reason = "max_tokens" if play.ends == "length" else "end_turn"
    yield (
        "usage",
        event(
            "message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": len(pieces)}
        ),
    )
    yield "done", event("message_stop")


def _ollama(pieces: list[str], play: Play, sent: int) -> Iterator[tuple[str, str]]:
    def event(text: str, **values: Any) -> str:
        said = {
            "model": MODEL,
            "created_at": "2025-03-01T00:00:00Z",
            "message": {"role": "assistant", "content": text},
            "done": False,
        }
        return json.dumps({**said, **values}) + "\n"

    for piece in pieces:
        yield "piece", event(piece)
    reason = "length" if play.ends == "length" else "stop"
    yield "end", event("", done=True, done_reason=reason, prompt_eval_count=sent, eval_count=len(pieces))
