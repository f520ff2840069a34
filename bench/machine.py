"""The machine a benchmark ran on, in the lines that every benchmark prints first."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path


def describe(*distributions: str) -> str:
    """CPU, cores this process may use, memory, system, Python, and the versions of packages."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.release()}"
    lines = [
        f"machine: {_cpu()}, {cores} cores, {_memory_gb():.0f} GB, {system}",
        f"python:  {platform.python_version()}",
    ]
    if distributions:
        lines.append("with:    " + ", ".join(f"{name} {version(name)}" for name in distributions))
    return "\n".join(lines)


def _cpu() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


if __name__ == "__main__":
    print(describe())
