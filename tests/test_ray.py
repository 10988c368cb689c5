"""A Ray cluster reads and embeds, the run writes: the archive is the one that a plain run makes, whatever worker dies
on the way.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from newsroom import DRIVER, ROOT, Newsroom, eventually, line, page
from sqlalchemy import select

from index.archive import Archive
from index.store.schema import metadata

MISSING = "RAY IS NOT INSTALLED: the tests of an ingest on a cluster were skipped. Install it: pip install '.[ray]'"
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason=MISSING)
# What no two runs share: times, the archive's own id, names of generations, numbers given in the order of writing.
_OWN = {"facts": None, "runs": None, "generations": {"place"}, "embeddings": {"row"}, "versions": {"replaced"}}


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


@dataclass(frozen=True)
class Cluster:
    address: str
    process: int


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two cores on this machine."""
    port, *others = free_ports(3)
    folder = Path("/tmp") / f"newsdesk-ray-{os.getpid()}"  # its sockets allow no long path
    head = [
        str(Path(sys.executable).with_name("ray")),
        "start",
        "--head",
        "--block",
        "--num-cpus=2",
        "--include-dashboard=false",
        "--disable-usage-stats",
    ]
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {**os.environ, **secret, "PYTHONPATH": f"{ROOT}{os.pathsep}{DRIVER.parent}"}
    memory = "--object-store-memory=100000000"
    said = tmp_path_factory.mktemp("ray") / "said"
    with said.open("w") as told:
        ports = [
            f"--port={port}",
            f"--ray-client-server-port={others[0]}",
            f"--dashboard-agent-listen-port={others[1]}",
        ]
        options = [*ports, memory, f"--temp-dir={folder}"]
        process = subprocess.Popen([*head, *options], env=environment, stdout=told, stderr=told)
        try:
            eventually(
                lambda: "Ray runtime started" in said.read_text() or process.poll() is not None,
                "the cluster is up",
                120,
            )
            assert process.poll() is None, said.read_text()
            with pytest.MonkeyPatch.context() as patch:
                for name, value in secret.items():
                    patch.setenv(name, value)
                yield Cluster(f"127.0.0.1:{port}", process.pid)
        finally:
            for each in [*descendants(process.pid), process.pid]:  # SIGTERM takes half a minute
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            process.wait(60)
            shutil.rmtree(folder, ignore_errors=True)


def ingested(newsroom: Newsroom, *options: str, code: int = 0, **environment: str) -> dict[str, Any]:
    """Run an ingest in a process of its own and return its report."""
    done = newsroom.run("ingest", str(newsroom.articles), "--json", *options, **environment)
    assert done.returncode == code, done.stderr
    assert done.stderr == ""
    report: dict[str, Any] = json.loads(done.stdout)
    return {name: value for name, value in report.items() if name != "seconds"}


def digests(folder: Path) -> dict[str, str]:
    """The digest of every table of an archive, without what no two runs share."""
    archive = Archive(folder)
    try:
        with archive.catalog.snapshot() as snapshot:
            found = {}
            for table in metadata.sorted_tables:
                own = _OWN.get(table.name, set())
                if own is not None:
                    columns = [column for column in table.columns if column.name not in own]
                    rows = sorted(repr(tuple(row)) for row in snapshot.connection.execute(select(*columns)))
                    found[table.name] = hashlib.sha256("\n".join(rows).encode("utf-8", "surrogatepass")).hexdigest()
            return found
    finally:
        archive.close()


def room_with(root: Path, articles: Path) -> Newsroom:
    room = Newsroom(root)
    room.articles = articles
    return room


def mixed(folder: Path) -> None:
    """Articles of every kind, a file of many, and some that cannot be read."""
    shutil.copytree(ROOT / "sample_articles", folder / "samples")
    (folder / "many.jsonl").write_text("".join(line(number, 1) for number in range(20)) + "{no JSON\n" + line(3, 2))
    (folder / "broken.json").write_text('{"title": ')
    (folder / "empty.txt").write_text("")
    (folder / "furniture.txt").write_text("Advertisement\n\nSign up for our newsletter\n")


@pytest.mark.slow
@needs_ray
def test_the_archive_is_the_one_that_a_plain_run_makes(cluster, newsroom, tmp_path):
    mixed(newsroom.articles)
    plain, ray = (room_with(tmp_path / name, newsroom.articles) for name in ("plain", "ray"))
    assert ingested(plain, code=1) == ingested(ray, "--ray", cluster.address, code=1)
    assert digests(plain.archive) == digests(ray.archive)

    (newsroom.articles / "empty.txt").write_text(page(40, 1))
    (newsroom.articles / "many.jsonl").write_text(
        "".join(line(number, 2 if number == 5 else 1) for number in range(15))
    )
    (newsroom.articles / "broken.json").unlink()
    again = ingested(plain, "--prune")
    assert (again["added"], again["updated"], again["removed"]) == (1, 1, 5)
    assert again == ingested(ray, "--ray", cluster.address, "--prune")
    assert digests(plain.archive) == digests(ray.archive)
    ray.assert_index_agrees()


def descendants(process: int) -> dict[int, str]:
    """The processes that a process started, those that they did, and what each says it runs."""
    parents, commands = {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(place.name)] = (place / "cmdline").read_text(errors="replace")
    found, above = {}, {process}
    while above := {each for each, parent in parents.items() if parent in above}:
        found.update({each: commands.get(each, "") for each in above})
    return found


def at_work(cluster: Cluster) -> list[int]:
    """The processes of a cluster that look into files or embed."""
    return [each for each, command in descendants(cluster.process).items() if command.startswith("ray::Map")]


@pytest.mark.slow
@needs_ray
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="only Linux lists processes in /proc")
def test_of_a_worker_that_is_killed_nothing_is_lost_and_nothing_comes_twice(cluster, newsroom):
    for number in range(300, 420):
        newsroom.write(number, 1)
    with newsroom.start(
        "ingest",
        str(newsroom.articles),
        "--json",
        "--ray",
        cluster.address,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        found: list[int] = []
        eventually(lambda: found.extend(at_work(cluster)) or found or process.poll() is not None, "a worker is at work")
        os.kill(found[0], signal.SIGKILL)
        assert process.poll() is None
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert json.loads(out)["added"] == 120
    assert newsroom.versions() == dict.fromkeys(range(300, 420), 1)
    newsroom.assert_index_agrees()


@pytest.mark.slow
@needs_ray
def test_a_signal_ends_it_with_what_has_come_published(cluster, newsroom):
    for number in range(300, 364):
        newsroom.write(number, 1)
    with newsroom.start(
        "ingest",
        str(newsroom.articles),
        "--json",
        "--ray",
        cluster.address,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        eventually(lambda: newsroom.holds_lock(process) or process.poll() is not None, "the ingest has begun")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    report = json.loads(out)
    assert report["interrupted"]
    assert err.startswith("Stopping: what has been read goes in first.")
    assert ingested(newsroom, "--ray", cluster.address)["added"] == 64 - report["added"]


@needs_ray
def test_a_cluster_that_has_ended_is_told_and_not_waited_for(newsroom):
    newsroom.write(1, 1)
    [port] = free_ports(1)
    by_name = newsroom.run("ingest", "articles", "--ray", f"127.0.0.1:{port}")
    by_setting = newsroom.run("ingest", "articles", "--ray", "auto", RAY_ADDRESS=f"127.0.0.1:{port}")
    for done in (by_name, by_setting):
        assert done.returncode == 2
        assert "cannot be joined (ConnectionError: it does not answer" in done.stderr
    assert not newsroom.archive.exists()


def test_where_it_is_not_installed_a_sentence_says_so(newsroom):
    newsroom.write(1, 1)
    code = "import sys; sys.modules['ray'] = None; import ingest; sys.exit(ingest.main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "articles", "--ray", "auto"],
        cwd=newsroom.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("ingest.py: Ray is not installed here")
    assert 'pip install ".[ray]"' in done.stderr
    assert not newsroom.archive.exists()
