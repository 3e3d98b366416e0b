"""Extracts all samples that are due, and prints CPU for each and the memory as JSON."""

from __future__ import annotations

import json
import os
import re
import resource
import time
from pathlib import Path

from app import cli
from app.trends.configs.folder import load_configs
from app.trends.due import due
from app.trends.extraction import extract
from app.trends.settings import config_folder
from app.trends.versions import sync


def cpu_s() -> float:
    """CPU of this process and of those that read files for it."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(_cpu_s, _children()))


def memory_mb() -> float:
    """The most memory of this process and of the child that reads files for it."""
    peaks = (re.search(r"VmHWM:\s+(\d+)", (child / "status").read_text()) for child in _children())
    return sum((int(peak[1]) for peak in peaks if peak), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


def _children() -> list[Path]:
    return [Path("/proc", number) for task in Path("/proc/self/task").iterdir() for number in (task / "children").read_text().split()]


def _cpu_s(child: Path) -> float:
    ticks = (child / "stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Extract, and print what it took."""
    settings = cli.open_database()
    sync(load_configs(Path(config_folder(settings))))
    spent = []
    for sample in due(settings):
        before = cpu_s()
        extract(sample, settings)
        spent.append(cpu_s() - before)
    print(json.dumps({"cpu_s": spent, "memory_mb": memory_mb()}))


if __name__ == "__main__":
    main()
