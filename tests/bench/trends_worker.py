"""Extracts all samples that are due, and prints CPU for each and the memory of this process as JSON."""

from __future__ import annotations

import json
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
    """CPU of this process and of the readers that it started."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Extract, and print what it took."""
    settings = cli.open_database()
    sync(load_configs(Path(config_folder(settings))))
    spent = []
    for sample in due(settings):
        before = cpu_s()
        extract(sample, settings)
        spent.append(cpu_s() - before)
    print(json.dumps({"cpu_s": spent, "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
