"""Extraction of trends: one file with all configurations of HDQM, with a short and with a long history of runs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from app.core import database, database_schema
from app.core.database import proxy, rows
from app.core.settings import TREE, Settings
from app.trends.models import TrendSeries
from tests.bench.table import add_row
from tests.support.cli import dqmhub
from tests.support.processes import environment
from tests.support.servers import migrate

FILES = 10
"""Files extracted for each length of the history."""
HISTORY = 10_000
DATASET = "StreamExpress__Run2022C-Express-v1__DQMIO"


def trends(folder: Path) -> None:
    """Measure CPU and memory of the extraction of a file, and the size of the database."""
    fixtures = Path(os.environ.get("DQMHUB_FIXTURES") or TREE.parent / "shared" / "fixtures")
    configs = fixtures / "hdqm" / "cfg"
    if not configs.is_dir():
        add_row("trends", f"not measured: the real configurations are not in {configs}")
        return
    settings = Settings(data_dir=str(folder)).replace(trend_configs=str(configs))
    migrate(settings)
    database_schema.check(database.connect(settings))
    short, memory_mb = _extract(settings, _write(folder, configs, 355_001))
    _add_history()
    size_gb = _size_gb(folder)
    long, _ = _extract(settings, _write(folder, configs, 365_001))
    add_row("trends, one file, CPU", f"{short:.2f} s", "1.0 s")
    add_row("trends, one file, memory", f"{memory_mb:.0f} MB", "300 MB")
    add_row(f"trends, one file after {HISTORY:,} runs, CPU", f"{long:.2f} s, {long / short:.2f} times", "1.2 times")
    add_row(f"trends, database of {HISTORY:,} runs", f"{size_gb:.2f} GB", "1.5 GB")


def _write(folder: Path, configs: Path, first: int) -> list[Path]:
    """Files of consecutive runs, with all monitor elements of the configurations."""
    (folder / "demo").mkdir(parents=True, exist_ok=True)
    files = [folder / "demo" / f"DQM_V0001_R{run:09}__{DATASET}.root" for run in range(first, first + FILES)]
    arguments = [part for run, file in enumerate(files, first) for part in (str(file), str(run))]
    command = [sys.executable, "-W", "ignore", "-m", "tests.trends.write_sample", str(configs), *arguments]
    subprocess.run(command, cwd=TREE, check=True)
    return files


def _extract(settings: Settings, files: list[Path]) -> tuple[float, float]:
    """The median CPU of the extraction of a file, s, and the memory of the process, MB."""
    dqmhub(settings, "register", *map(str, files))
    command = [sys.executable, "-m", "tests.bench.trends_worker"]
    done = subprocess.run(command, cwd=TREE, env=environment(settings), stdout=subprocess.PIPE, text=True, check=True)
    measured = json.loads(done.stdout)
    return statistics.median(measured["cpu_s"]), measured["memory_mb"]


def _add_history() -> None:
    """Points of many earlier runs for each series, inserted run by run as extractions do."""
    series = [number for (number,) in rows(TrendSeries.select(TrendSeries.id))]
    sql = "INSERT INTO trend_point (series_id, run, value, error, file_id) VALUES (?, ?, ?, ?, ?)"
    for first in range(0, HISTORY, 100):
        with proxy.atomic():
            for run in range(first, first + 100):
                proxy.execute_many(sql, [(each, 356_000 + run, run + each / 7, 1 / (run + 3), run + 1) for each in series])


def _size_gb(folder: Path) -> float:
    proxy.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "dqmhub.db").stat().st_size / 1e9
