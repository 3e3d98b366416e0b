"""Judging 20 alarm rules on each new version of a sample with 100,000 monitor elements."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from app.core.settings import TREE, Settings
from tests.bench.table import add_row
from tests.support.cli import dqmhub
from tests.support.processes import environment
from tests.support.servers import migrate

MES = 100_000


def alarms(folder: Path) -> None:
    """Measure a process that judges as `dqmhub live` does."""
    settings = Settings(data_dir=str(folder))
    migrate(settings)
    dqmhub(settings, "demo", "make", "--mes", str(MES))
    dqmhub(settings, "register", str(folder / "demo"))
    command = [sys.executable, "-m", "tests.bench.alarms_worker"]
    done = subprocess.run(command, cwd=TREE, env=environment(settings), stdout=subprocess.PIPE, text=True, check=True)
    measured = json.loads(done.stdout)
    what = f"{measured['rules']} alarm rules on {measured['mes']:,} MEs"
    add_row(f"{what}, a new version, CPU", f"{statistics.median(measured['new_s']):.3f} s")
    add_row(f"{what}, lists in memory, CPU", f"{statistics.median(measured['same_s']):.3f} s", "0.2 s")
    add_row(f"{what}, nothing new, CPU", f"{1000 * statistics.median(measured['idle_s']):.1f} ms")
    add_row("memory of the process that judges", f"{measured['memory_mb']:.0f} MB")
