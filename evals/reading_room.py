"""python -m evals.reading_room: how many article pages a second the reading room gives, asked by wrk, and what one
costs.

The room runs in a process of its own over an archive; every article of it (at most 1,000) is asked for in turn.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from index.errors import SettingsError
from index.store.catalog import Catalog
from web.links import LinkTarget, SignedLinks, version_of

_SCRIPT = """
local paths, at = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
request = function() at = at %% #paths + 1; return wrk.format("GET", paths[at]) end
delay = function() return %d end
done = function(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write +
  summary.errors.timeout
  io.write(string.format("requests=%%d seconds=%%.2f failed=%%d p50_ms=%%.1f p99_ms=%%.1f max_ms=%%.1f\\n",
  summary.requests, summary.duration / 1e6,
    failed, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
"""


def main() -> int:
    """Print requests a second, failures, latencies and the server's processor time for a page."""
    parser = argparse.ArgumentParser(prog="python -m evals.reading_room", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--archive", type=Path, default=Path("data"), metavar="DIR", help="the data folder (default: data)"
    )
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument(
        "--pause", type=int, default=0, metavar="MS", help="of a connection before each request; 0: as fast as it can"
    )
    parsed = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SettingsError("wrk is not installed: apt-get install wrk")
    if not (parsed.archive / "catalog.sqlite3").exists():
        raise SettingsError(f"There is no archive in {parsed.archive}. Put articles in: python ingest.py FOLDER")
    secret = secrets.token_urlsafe(48)
    with tempfile.TemporaryDirectory() as folder:
        paths, script = Path(folder, "paths"), Path(folder, "paths.lua")
        paths.write_text("".join(f"{path}\n" for path in _paths(parsed.archive, SignedLinks(secret))))
        script.write_text(_SCRIPT % (paths, parsed.pause))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        own = {
            "NEWSDESK_DATA_DIR": str(parsed.archive),
            "NEWSDESK_WEB__SECRET": secret,
            "NEWSDESK_WEB__PORT": str(port),
            "NEWSDESK_WEB__URL": "",
        }
        with subprocess.Popen([sys.executable, "-m", "web"], env={**os.environ, **own}) as server:
            try:
                return _measured(server.pid, port, script, parsed.seconds, parsed.connections)
            finally:
                server.terminate()


def _paths(archive: Path, links: SignedLinks) -> list[str]:
    catalog, found = Catalog(archive / "catalog.sqlite3"), []
    with catalog.snapshot() as snapshot:
        for id_, article in snapshot.articles(snapshot.ids_after("", 1_000)).items():
            middle = len(article.text) // 2
            place = LinkTarget(
                id_, version_of(article.digest), (middle, min(middle + 150, len(article.text))), ((0, min(80, middle)),)
            )
            found.append(links.article(place).removesuffix("#c"))
    catalog.close()
    return found


def _measured(server: int, port: int, script: Path, seconds: int, connections: int) -> int:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    before = _processor_seconds(server)
    command = [
        "wrk",
        "-t",
        "1",
        "-c",
        str(connections),
        "-d",
        f"{seconds}s",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}",
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = _processor_seconds(server) - before
    line = next(line for line in told.splitlines() if line.startswith("requests="))
    requests, failed = (int(number) for number in re.findall(r"(?:requests|failed)=(\d+)", line))
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{server}/status").read_text())
    print(
        f"{line} per_second={requests / seconds:.0f} server_ms_per_page={1000 * spent / requests:.2f} "
        f"server_mb={int(peak[1]) // 1024 if peak else 0}"
    )
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0 if not failed else 1


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
