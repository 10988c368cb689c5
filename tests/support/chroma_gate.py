"""A strict door in front of a real Chroma server: TLS by an authority of its own, a key, limits as Chroma Cloud's, and
faults on demand.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import trustme


class Gate(ThreadingHTTPServer):
    """Passes on what has the key and keeps the limits; ``faults`` are done to the next requests that write or ask, one
    each.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        inner: str,
        folder: Path,
        *,
        key: str = "ck-secret",
        records: int = 300,
        results: int = 300,
        batch: int = 40,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        authority = trustme.CA()
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"https://localhost:{self.server_port}"
        self.key, self.records, self.results, self.batch = key, records, results, batch
        self.faults: list[str] = []
        self.sizes: list[int] = []  # records of each write
        self.paths: list[str] = []
        self.released = threading.Event()  # ends what hangs
        self.inner = httpx.Client(base_url=inner, timeout=30)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()
        self.inner.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections are cut on purpose."""


class _Handler(BaseHTTPRequestHandler):
    server: Gate
    protocol_version = "HTTP/1.1"

    def handle_all(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.paths.append(f"{self.command} {self.path}")
        told = json.loads(body) if body else {}
        works = self.path.endswith(("/upsert", "/query", "/delete"))
        if self.headers.get("X-Chroma-Token") != self.server.key:
            return self.reply(401, {"error": "Unauthorized", "message": "no"})
        if works and self.server.faults:
            fault = self.server.faults.pop(0)
            if fault == "hang":
                self.server.released.wait()
                return self.cut()
            if fault == "cut before":
                return self.cut()
            if fault == "cut after":  # it was done, and nobody learns of it
                self.pass_on(body)
                return self.cut()
            return self.reply(int(fault), {"error": "later"}, {"Retry-After": "0.1"})
        if self.path.endswith("/upsert"):
            self.server.sizes.append(len(told["ids"]))
        if len(told.get("ids") or ()) > self.server.records or int(told.get("n_results", 0)) > self.server.results:
            return self.reply(400, {"error": "QuotaExceeded", "message": "Quota exceeded"})
        if self.path.endswith("/pre-flight-checks"):
            return self.reply(200, {"max_batch_size": self.server.batch})
        answer = self.pass_on(body)
        return self.reply(answer.status_code, answer.content)

    def pass_on(self, body: bytes) -> httpx.Response:
        return self.server.inner.request(
            self.command, self.path, content=body, headers={"Content-Type": "application/json"}
        )

    def reply(self, status: int, told: object, headers: dict[str, str] | None = None) -> None:
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    do_GET: Callable[..., None] = handle_all  # noqa: N815
    do_POST = do_PUT = do_DELETE = handle_all  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Keep silent."""
