"""What the hosts write themselves: heartbeats of FUs and BU, and the marks of runs on the ramdisk of the BU."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from pathlib import Path

from .places import Places

HEARTBEAT_S = 5.0


def write_heartbeat(places: Places, host: str, runs: Collection[int], clock_s: float = 0.0) -> None:
    """Rewrite the heartbeat of a host in place, so that it may be read while it is incomplete.

    Args:
        places: All places.
        host: The host.
        runs: Its runs.
        clock_s: How far its clock is ahead, s.
    """
    stats = [{"run": run, "totalRes": 1, "qRes": 0, "errors": 0, "ongoing": True} for run in sorted(runs)]
    document = {
        "fm_date": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + clock_s)),
        "idles": 0,
        "used": len(runs),
        "broken": 0,
        "quarantined": 0,
        "usedDataDir": 100,
        "totalDataDir": 1000,
        "activeRuns": sorted(runs),
        "activeRunStats": stats,
        "version": "2.9.2",
    }
    text = json.dumps(document, indent=2).encode()
    with (places.heartbeats / host).open("wb", buffering=0) as file:
        file.write(text[: len(text) // 2])
        file.write(text[len(text) // 2 :])


def mark_run(places: Places, run: int, key: str, older: Collection[int]) -> None:
    """Mark a new run as one of the whole detector, and the end of older ones."""
    for other in older:
        folder = places.ramdisk / f"run{other:06}"
        folder.mkdir(exist_ok=True)
        (folder / f"run{other:06}_ls0000_EoR.jsn").touch()
    (places.ramdisk / f"run{run:06}").mkdir(exist_ok=True)
    _write(places.ramdisk / f".run{run:06}.global", f"run_key = {key}\n")


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)
