"""CPU of the mode `fu` while nothing happens."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from app.core.settings import TREE
from tests.bench.table import add_row
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

RUNS, CLIENTS = 100, 50
MEASURE_S = 60.0


def transfer_idle(folder: Path) -> None:
    """Measure a minute with 20,000 files: snapshots and ROOT files that were sent, with their reports and origins."""
    upload, target = folder / "upload", folder / "target"
    target.mkdir(parents=True)
    for run in range(367000, 367000 + RUNS):
        _write_run(upload, run)
    options = folder / "fu.toml"
    options.write_text(f'host = "fu1"\nstate = "{folder}/state"\n[fu]\nfolder = "{upload}"\ntarget = "{target}"\n')
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "services.transfer", "fu", "--config", options], cwd=TREE, stderr=log)
    try:
        start = time.monotonic()
        until(lambda: sum(len(files) for _, _, files in os.walk(target)) == 2 * RUNS * CLIENTS, "all files at the target")
        add_row(f"FU: {2 * RUNS * CLIENTS:,} files sent after a start", f"{time.monotonic() - start:.1f} s")
        before, begin = _cpu_s(process.pid), time.monotonic()
        time.sleep(MEASURE_S)
        share = (_cpu_s(process.pid) - before) / (time.monotonic() - begin)
        add_row(f"FU, idle with {4 * RUNS * CLIENTS:,} files, CPU", f"{100 * share:.2f} %", "1 %")
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _write_run(upload: Path, run: int) -> None:
    folder = upload / "pb" / f"run{run:06}"
    folder.mkdir(parents=True)
    content = b"content" * 20
    for number in range(CLIENTS):
        name = f"run{run:06}_Client{number}_DQMLive"
        (folder / f"{name}.pb").write_bytes(content)
        (folder / f"{name}.jsn").write_text(f'{{"data": ["-1", "-1", "0", "0", "{name}.pb", "{len(content)}"], "source": "fu1_1"}}')
        root_file = upload / f"DQM_V0001_Client{number}_R{run:09}.root"
        root_file.write_bytes(content)
        origin = f"md5:{hashlib.md5(content).hexdigest()} {len(content)} {root_file}\n"
        root_file.with_name(f"{root_file.name}.origin").write_text(origin)


def _cpu_s(pid: int) -> float:
    """CPU time of a process and its children that ended, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
