"""A backup of a large SQLite database beside writers: how long it takes, and how long their transactions wait meanwhile.

Run as `python -m tests.bench.backup`, it is such a writer: it prints the duration of each transaction, s, until its input ends.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from app import cli
from app.core import database
from app.core.settings import TREE, Settings
from app.gui.models import ShortLink
from tests.bench.table import add_row
from tests.support.processes import environment
from tests.support.servers import migrate

ROWS, ROW_BYTES = 250_000, 3000
"""Of the database: 750 MB."""
WRITERS = 2
PAUSE_S = 0.005
IDLE_S = 15


def backup(folder: Path) -> None:
    """Measure writers without a backup and beside one."""
    settings = Settings(data_dir=str(folder / "data"), backup_dir=str(folder / "backups"))
    migrate(settings)
    _fill(settings)
    _report("without a backup", _written_while(settings, lambda: time.sleep(IDLE_S)))
    start = time.perf_counter()
    _report("beside a backup", _written_while(settings, lambda: _make(settings)))
    size = (settings.data / "dqmhub.db").stat().st_size
    add_row(f"backup of {size / 1e6:,.0f} MB, copied and verified", f"{time.perf_counter() - start:.1f} s")


def _make(settings: Settings) -> None:
    subprocess.run([sys.executable, "-m", "app.cli", "backup"], cwd=TREE, env=environment(settings), check=True, capture_output=True)


def _fill(settings: Settings) -> None:
    connection = database.connect(settings)
    for first in range(0, ROWS, 1000):
        rows = [(f"{number}", os.urandom(ROW_BYTES // 2).hex(), 0, 0) for number in range(first, first + 1000)]
        with connection.atomic():
            connection.connection().executemany("INSERT INTO short_link (name, address, created, used) VALUES (?, ?, ?, ?)", rows)
    database.disconnect()
    database.proxy.initialize(None)


def _written_while(settings: Settings, action: Callable[[], object]) -> list[float]:
    command = [sys.executable, "-m", "tests.bench.backup"]
    writers = [
        subprocess.Popen(command, cwd=TREE, env=environment(settings), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(WRITERS)
    ]
    for writer in writers:
        writer.stdout.readline()  # it writes
    action()
    return [duration for writer in writers for duration in json.loads(writer.communicate()[0])]


def _report(what: str, durations: list[float]) -> None:
    percentiles = quantiles(durations, n=1000)
    add_row(f"transactions of {WRITERS} writers {what}, p50", f"{1000 * percentiles[499]:.2f} ms")
    add_row(f"transactions of {WRITERS} writers {what}, p99", f"{1000 * percentiles[989]:.1f} ms", "100 ms")
    add_row(f"transactions of {WRITERS} writers {what}, longest of {len(durations):,}", f"{1000 * max(durations):.0f} ms")


def _write() -> None:
    database.connect(cli.settings())
    durations: list[float] = []
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
        start = time.perf_counter()
        ShortLink.insert(name=f"{os.getpid()} {len(durations)}", address="/browse/" * 20, created=0, used=0).execute()
        durations.append(time.perf_counter() - start)
    print(json.dumps(durations))


if __name__ == "__main__":
    _write()
