"""Run the steps of the Containerfile in a scratch folder, as far as they go without an engine.

COPY copies, RUN runs with its paths put under the folder, ENTRYPOINT answers ``--help``, HEALTHCHECK asks a server with
the health routes. Nothing is fetched: pip must find what requirements.lock names in the environment that this runs in.
Users, ports and volumes need an engine and are only listed.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import site
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).resolve().parents[1]
_LISTED = ("FROM", "ARG", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "COMMENT")
_NEEDS_ENGINE = ("useradd",)
_PREFIXES = ("/opt/newsdesk", "/app", "/data", "/home/newsdesk")


class Rehearsal:
    """One image, built as far as it goes under a folder."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._workdir = "/"
        self._environment = {
            **os.environ,
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_CONFIG_FILE": os.devnull,
        }

    def play(self, steps: list[dict[str, Any]]) -> None:
        """Take every step. Raises SystemExit with the step that fails."""
        for step in steps:
            name, value = step["instruction"], step["value"]
            print(f"{name} {value}"[:140], flush=True)
            if name == "RUN":
                self._run(value)
            elif name == "COPY":
                self._copy(shlex.split(value))
            elif name == "WORKDIR":
                self._workdir = value
                self._under(value).mkdir(parents=True, exist_ok=True)
            elif name == "ENV":
                self._env(value)
            elif name == "ENTRYPOINT":
                self._done([*json.loads(value), "--help"], "usage: newsdesk")
            elif name == "HEALTHCHECK":
                self._check_health(value)
            elif name not in _LISTED:
                raise SystemExit(f"deploy/rehearse.py knows no {name}: teach it.")

    def _under(self, path: str) -> Path:
        return self._scratch / (Path(self._workdir) / path).as_posix().lstrip("/")

    def _translated(self, text: str) -> str:
        for prefix in _PREFIXES:
            text = text.replace(prefix, f"{self._scratch}{prefix}")
        return text.replace(f"{self._scratch}{self._scratch}", str(self._scratch))

    def _run(self, command: str) -> None:
        if command.startswith(_NEEDS_ENGINE):
            print("    (needs an engine: not run)")
            return
        command = self._translated(command)
        if command.startswith("python "):
            command = shlex.quote(sys.executable) + command.removeprefix("python")
        self._done(["sh", "-c", command])
        for packages in self._scratch.glob(
            "opt/newsdesk/lib/python*/site-packages"
        ):  # a fresh environment sees what this one has
            (packages / "rehearsal.pth").write_text("\n".join(site.getsitepackages()))
            for bundled in packages.glob("setuptools*"):  # would hide the one that the lock's packages want
                shutil.rmtree(bundled)

    def _copy(self, words: list[str]) -> None:
        if words[0].startswith("--from="):
            return  # the stage before is in the same folder
        *sources, target = words
        for source in sources:
            path, goal = ROOT / source, self._under(target)
            if not path.exists() or _ignored(source):
                raise SystemExit(f"COPY {source}: not in the repository, or left out by .dockerignore")
            if path.is_dir():
                shutil.copytree(path, goal, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(path, goal / path.name if target.endswith("/") else goal)

    def _env(self, value: str) -> None:
        for item in shlex.split(value):
            name, _, content = item.partition("=")
            self._environment[name] = self._translated(content).replace("$PATH", os.environ["PATH"])

    def _done(self, command: list[str], told: str = "") -> None:
        at = self._under(".")
        at.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(command, cwd=at, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode or told not in done.stdout:
            raise SystemExit(
                f"{' '.join(command)}\n{done.stdout[-2_000:]}\n{done.stderr[-4_000:]}\nexit code {done.returncode}"
            )

    def _check_health(self, value: str) -> None:
        command = json.loads(value[value.index("CMD") + 3 :])
        port = self._environment["NEWSDESK_WEB__PORT"]
        if f":{port}/" not in command[-1]:
            raise SystemExit(f"HEALTHCHECK asks another port than NEWSDESK_WEB__PORT={port}")
        with _server() as other:
            self._done([*command[:-1], command[-1].replace(f":{port}/", f":{other}/")])
        try:
            self._done([*command[:-1], command[-1].replace(f":{port}/", f":{other}/")])
        except SystemExit:
            return
        raise SystemExit("HEALTHCHECK is content without a server")


@contextmanager
def _server() -> Iterator[int]:
    """Serve the health routes on a free port."""
    import socket

    import uvicorn
    from prometheus_client import CollectorRegistry
    from starlette.applications import Starlette

    sys.path.insert(0, str(ROOT))
    from web.health import routes

    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes({}, CollectorRegistry())), log_level="error"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


def _ignored(source: str) -> bool:
    """Tell whether .dockerignore leaves a file or folder at the top out; the last pattern that matches decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text().split():
        if fnmatch(source.removeprefix("./"), line.lstrip("!")):
            out = not line.startswith("!")
    return out


def main() -> None:
    """Rehearse."""
    with (
        tempfile.TemporaryDirectory(prefix="newsdesk-rehearsal-") as scratch,
        (ROOT / "deploy" / "Containerfile").open("rb") as file,
    ):
        Rehearsal(Path(scratch)).play(DockerfileParser(fileobj=file).structure)
    print("The Containerfile's steps ran.")


if __name__ == "__main__":
    main()
