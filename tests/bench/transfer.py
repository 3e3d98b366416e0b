"""Measures the transfer: the concatenation of snapshots against `cat` of the same files, an idle FU, and the delay to the browser."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from pathlib import Path

from app.core.settings import TREE
from tests.bench.table import add_row
from tests.bench.transfer_delay import transfer_delay
from tests.bench.transfer_idle import transfer_idle
from tests.formats.snapshots import entry

CLIENTS = 30
MES = 8000
"""MEs of a client; with 6.25 kB each a snapshot has 50 MB."""
BYTES = 6250
TURNS = 5
CONCATENATE = r"""
import re, sys, time
from pathlib import Path
from services.transfer.concatenation import concatenate
start = time.perf_counter()
made = concatenate([Path(name) for name in sys.argv[2:]], Path(sys.argv[1]))
print(time.perf_counter() - start, made.entries, int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def transfer(folder: Path) -> None:
    """Measure all parts, 12 minutes."""
    _concatenation(folder / "concatenation")
    transfer_idle(folder / "idle")
    transfer_delay(folder / "delay")


def _concatenation(folder: Path) -> None:
    """Measure 30 snapshots of 50 MB, alternating with `cat`."""
    folder.mkdir(parents=True)
    inputs = [folder / f"run367094_Client{number}_DQMLive.pb" for number in range(CLIENTS)]
    for path in inputs:
        _write_snapshot(path)
    output = folder / "made.pb"
    ratios, times, memory = [], [], 0.0
    for _ in range(TURNS):
        start = time.perf_counter()
        with output.open("wb") as target:
            subprocess.run(["cat", *inputs], stdout=target, check=True)
        cat = time.perf_counter() - start
        output.unlink()
        command = [sys.executable, "-c", CONCATENATE, output, *inputs]
        took, entries, peak = subprocess.run(command, cwd=TREE, check=True, capture_output=True, text=True).stdout.split()
        assert int(entries) == CLIENTS * MES
        output.unlink()
        ratios.append(float(took) / cat)
        times.append(float(took))
        memory = max(memory, float(peak))
    what = f"{CLIENTS} snapshots of {inputs[0].stat().st_size / 1e6:.0f} MB"
    add_row(f"concatenation of {what}", f"{sorted(times)[TURNS // 2]:.2f} s")
    add_row("relative to `cat` of the same files", f"{sorted(ratios)[TURNS // 2]:.2f}", "2")
    add_row("its memory", f"{memory:.0f} MB", "100 MB")


def _write_snapshot(path: Path) -> None:
    client = re.findall(r"Client\d+", path.name)[0]
    blob = random.Random(client).randbytes(BYTES)
    with path.open("wb") as file:
        for number in range(MES):
            file.write(entry(f"{client}/Folder {number // 50}/Monitor element number {number}".encode(), blob, BYTES, 0x10))
