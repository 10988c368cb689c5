"""What a measurement was made on, and what it took."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any


@dataclass
class Spent:
    """Seconds by the clock and of the processor, the processes that were started included."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def on(self, work: Callable[[], object]) -> None:
        """Do some work and note what it took."""
        wall, cpu = time.perf_counter(), _cpu()
        work()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(_cpu() - cpu)


def machine() -> dict[str, Any]:
    """Return what this was measured on."""
    about = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = next(
        (line.partition(": ")[2] for line in about.splitlines() if line.startswith("model name")), platform.processor()
    )
    names = ("torch", "sentence-transformers", "onnxruntime", "openvino", "chromadb", "llama-index-core", "txtai")
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": load,
        **{each: _version(each) for each in names},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return "not installed"


def _cpu() -> float:
    own, started = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + started.ru_utime + started.ru_stime


def resident() -> int:
    """Return what this process has in memory, MB; where the system does not tell, the most it ever had."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(
            int(line.split()[1]) // 1_024 for line in status.read_text().splitlines() if line.startswith("VmRSS")
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (2**20 if sys.platform == "darwin" else 1_024)
