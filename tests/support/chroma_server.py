"""A real Chroma server for tests."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx
from newsroom import eventually


class ChromaServer:
    """``chroma run`` in a process of its own; killed and started again it keeps its port and its data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.configuration = folder / "chroma.yaml"
        self.configuration.write_text(f"port: {self.port}\nlisten_address: 127.0.0.1\npersist_path: {self.data}\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        run = f"import chromadb_rust_bindings as chroma; chroma.cli(['chroma', 'run', {str(self.configuration)!r}])"
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-c", run], stdout=log, stderr=log)
        eventually(self._answers, "the Chroma server answers")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "server.log").read_text()[-2_000:]
        try:
            return httpx.get(f"{self.url}/api/v2/heartbeat").status_code == 200
        except httpx.TransportError:
            return False
