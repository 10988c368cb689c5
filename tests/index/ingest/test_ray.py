"""On a Ray cluster of two nodes an ingest makes the archive of a plain run, whatever dies on the way."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import itertools
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

import ingest
from index.archive import Archive
from index.errors import ModelError
from index.ingest.cluster import OnCluster, _Item
from index.ingest.file_reader import Digest, FileToRead, read_file
from index.read.record import File
from index.store.schema import metadata

MISSING = "RAY IS NOT INSTALLED: the tests of an ingest on a cluster were skipped. Install it: pip install '.[ray]'"
EMBEDDING = "ray::MapWorker(MapBatches(_Embed)).submit"  # the title of a process that embeds
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason=MISSING)
# What no two runs share: times, the archive's own id, names of generations, numbers given in the order of writing.
_OWN = {"facts": None, "runs": None, "generations": {"place"}, "embeddings": {"row"}, "versions": {"replaced"}}


# Two nodes of one core each, on this machine, until the standard input ends.
_TWO_NODES = """
import sys
from ray.cluster_utils import Cluster
node = {"num_cpus": 1, "object_store_memory": 100_000_000}
cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
cluster.add_node(**node)
print(cluster.address, flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Cluster:
    address: str
    process: int

    def nodes(self) -> list[int]:
        """The process of each node, of the head first."""
        return sorted(each for each, command in descendants(self.process).items() if "/raylet/raylet" in command)

    def workers(self, doing: str) -> list[list[int]]:
        """The processes of each node that do something now, as Ray names it in their titles."""
        return [[each for each, command in descendants(node).items() if doing in command] for node in self.nodes()]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two nodes, both on this machine."""
    folder = Path("/tmp") / f"newsdesk-ray-{os.getpid()}"  # its sockets allow no long path
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {
        **os.environ,
        **secret,
        "RAY_TMPDIR": str(folder),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{DRIVER.parent}",
    }
    folder.mkdir()
    said = tmp_path_factory.mktemp("ray") / "said"
    with said.open("w") as told:
        command = [sys.executable, "-c", _TWO_NODES]
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, text=True
        )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address, said.read_text()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in secret.items():
                patch.setenv(name, value)
            yield Cluster(address, process.pid)
    finally:
        kill([process.pid])
        process.communicate(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def kill(processes: list[int]) -> None:
    """Kill processes, and what they started."""
    for process in processes:
        for each in [process, *descendants(process)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


def ingested(newsroom: Newsroom, *options: str, code: int = 0) -> dict[str, Any]:
    """Run an ingest and return its report: one on a cluster in a process of its own, a plain one in this."""
    arguments = [str(newsroom.articles), "--json", *options]
    if "--ray" in options:
        done = newsroom.run("ingest", *arguments)
        assert done.returncode == code, done.stderr
        assert without_ray(done.stderr) == ""
        said = done.stdout
    else:
        with contextlib.redirect_stdout(io.StringIO()) as printed, pytest.MonkeyPatch.context() as patch:
            patch.setenv("NEWSDESK_DATA_DIR", str(newsroom.archive))
            assert ingest.main(arguments, embedder=newsroom.embedder) == code
        said = printed.getvalue()
    report: dict[str, Any] = json.loads(said)
    return {name: value for name, value in report.items() if name != "seconds"}


def without_ray(told: str) -> str:
    """What was told without the line in which Ray's C++ part says how it logs."""
    return "".join(each for each in told.splitlines(keepends=True) if "RAY_BACKEND_LOG_LEVEL" not in each)


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


def ships(newsroom: Newsroom, count: int) -> range:
    """Write so many short articles."""
    numbers = range(300, 300 + count)
    for number in numbers:
        newsroom.write(number, 1)
    return numbers


@contextlib.contextmanager
def started(newsroom: Newsroom, cluster: Cluster, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """An ingest on the cluster that has just begun."""
    options = ["--json", "--ray", cluster.address]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with newsroom.start("ingest", str(newsroom.articles), *options, env=environment, **pipes) as process:
        eventually(lambda: newsroom.holds_lock(process) or process.poll() is not None, "the ingest has begun")
        yield process


@pytest.mark.slow
@needs_ray
def test_a_signal_ends_it_with_what_has_come_published(cluster, newsroom):
    ships(newsroom, 64)
    with started(newsroom, cluster, DELAY="1") as process:
        eventually(lambda: any(cluster.workers(EMBEDDING)) or process.poll() is not None, "a worker embeds", 120)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    report = json.loads(out.splitlines()[-1])  # a thread of Ray's may print before it that a worker was ended
    assert report["interrupted"]
    assert without_ray(err).startswith("Stopping: what has been read goes in first.")
    assert ingested(newsroom)["added"] == 64 - report["added"]


@pytest.mark.slow
@needs_ray
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="only Linux lists processes in /proc")
def test_of_workers_and_a_node_that_are_killed_nothing_is_lost_and_nothing_comes_twice(cluster, newsroom):
    numbers = ships(newsroom, 120)
    with started(newsroom, cluster, DELAY="1") as process:
        eventually(
            lambda: all(cluster.workers("ray::Map")) or process.poll() is not None, "both nodes are at work", 120
        )
        eventually(lambda: any(cluster.workers(EMBEDDING)) or process.poll() is not None, "a worker embeds", 120)
        assert process.poll() is None
        first, second = cluster.nodes()
        kill([*itertools.chain(*cluster.workers(EMBEDDING)), second])
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert cluster.nodes() == [first]
    assert json.loads(out)["added"] == 120
    assert newsroom.versions() == dict.fromkeys(numbers, 1)
    newsroom.assert_index_agrees()


@needs_ray
def test_a_cluster_that_has_ended_is_told_and_not_waited_for(newsroom):
    newsroom.write(1, 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        by_name = newsroom.run("ingest", "articles", "--ray", address)
        by_setting = newsroom.run("ingest", "articles", "--ray", "auto", RAY_ADDRESS=address)
    for done in (by_name, by_setting):
        assert done.returncode == 2
        assert "cannot be joined (ConnectionRefusedError" in done.stderr
    assert not newsroom.archive.exists()


class Canned(OnCluster):
    """What came from a cluster, without one."""

    came: list[Any]

    def _batches(self, orders: list[FileToRead]) -> Iterator[Any]:
        yield {"item": self.came}


def test_what_only_this_machine_can_read_it_reads_and_says_so(newsroom, caplog):
    path = newsroom.path(1)
    order = FileToRead(File(str(path), 1_000, 0), 1_000_000)
    [unseen] = read_file(order, lambda id_: None)
    newsroom.write(1, 1)
    archive = Archive(newsroom.archive, create=True)
    try:
        reader = Canned(archive, newsroom.embedder)
        reader.came = [_Item(0, unseen), _Item(1, Digest("1"))]
        [(_, found), (_, seen)] = [(each, list(items)) for each, items in reader([order, order], lambda id_: None)]
        assert found == list(read_file(order, lambda id_: None))
        assert seen == [Digest("1")]
        assert "1 files could not be read by the machines of the cluster and were read here" in caplog.text

        reader.came = [_Item(0, ModelError("no model there"))]
        with pytest.raises(ModelError, match="no model there"):
            list(reader([order], lambda id_: None))
        assert list(reader([], lambda id_: None)) == []
    finally:
        archive.close()


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
