"""Whether this machine has enough memory for the processes that the settings start."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from app.core.settings import Settings
from app.gui.settings import GuiSettings
from app.ops.doctor.diagnosis import Diagnosis
from app.queue.settings import QueueSettings

WEB_MB, LIVE_MB, WORKER_MB, RENDER_MB = 150, 150, 150, 120
"""Memory of one process of each service in ordinary use."""

FREE_FRACTION = 0.05
"""With a smaller part of the memory available, the kernel may soon end a process."""


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Compare what the services need with the memory of the machine, or of the control group of this process."""
    gui, queue = settings.of(GuiSettings), settings.of(QueueSettings)
    total, available = memory_mb()
    render = gui.render_workers or os.cpu_count() or 1
    needed = (settings.web_workers + 1) * WEB_MB + LIVE_MB + (queue.worker_processes + 1) * WORKER_MB + (render + 1) * RENDER_MB
    if needed > total:
        remedy = "Lower web_workers, worker_processes and render_workers, or add memory"
        yield Diagnosis("error", f"The services need about {needed:,} MB, and this machine has {total:,} MB", remedy)
    else:
        yield Diagnosis("ok", f"the services need about {needed:,} MB of {total:,} MB")
    for name, limit in (("render_memory_mb", gui.render_memory_mb), ("import_memory_mb", gui.import_memory_mb)):
        if limit > total:
            text = f"{name} lets one process take {limit:,} MB, and this machine has {total:,} MB"
            yield Diagnosis("warning", text, f"Lower {name}, so that one bad file cannot end the other services")
    if available < FREE_FRACTION * total:
        yield Diagnosis(
            "warning", f"Only {available:,} MB of {total:,} MB are available", "`ps aux --sort -rss` lists the largest processes"
        )


def memory_mb() -> tuple[int, int]:
    """Memory of this machine, and how much of it is available; less where a control group limits this process."""
    numbers = {name: int(kb) >> 10 for name, kb in re.findall(r"^(\w+): +(\d+) kB$", Path("/proc/meminfo").read_text(), re.M)}
    total, available = numbers["MemTotal"], numbers["MemAvailable"]
    limit = _group_limit_mb()
    return (min(total, limit), min(available, limit)) if limit else (total, available)


def _group_limit_mb() -> int | None:
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return int(Path(path).read_text()) >> 20
        except (OSError, ValueError):  # ValueError: "max"
            continue
    return None
