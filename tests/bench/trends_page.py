"""The pages of trends: CPU and size of answers with many trends and many runs, and charts in a browser, against one trend."""

from __future__ import annotations

import statistics
from pathlib import Path

from app.core import database, database_schema
from app.core.settings import Settings
from tests.bench.service import Hub, hub
from tests.bench.table import add_row
from tests.bench.trends_page_browser import browser
from tests.bench.trends_page_data import FEW, MANY, PRIMARY_DATASET, PROCESSING, RUNS, TRENDS, fill, runs
from tests.support.servers import migrate

ROUNDS, REQUESTS = 5, 10
"""Requests of a round, since the system counts CPU in steps of 10 ms."""
WARM = 20
"""Requests before the first round, so that each web process has points in memory."""


def trends_page(folder: Path) -> None:
    """Measure the answers that pages and scripts get."""
    settings = Settings(data_dir=str(folder))
    migrate(settings)
    database_schema.check(database.connect(settings))
    fill(settings)
    database.disconnect()
    with hub(folder) as running:
        _measure(running)
        browser(running.url, f"/trends?{_selection(FEW)}&{_every_run()}", TRENDS[FEW], RUNS)


def _measure(hub: Hub) -> None:
    few = f"/trends/points?{_selection(FEW)}&grid=6x3&{_every_run()}"
    what = f"{TRENDS[FEW]} trends of {RUNS:,} runs for a page"
    cpu, single = cpu_ms(hub, few), cpu_ms(hub, few.replace("grid=6x3", "grid=1x1"))
    add_row(f"{what}, CPU", f"{cpu:.0f} ms, {cpu / single:.1f} times that of one", "150 ms")
    add_row(f"{what}, size", f"{len(hub.get(few)) / 1e6:.2f} MB", "2 MB")
    latest = f"/api/v1/trends/points?{_selection(MANY)}&runs=latest:50"
    cpu, single = cpu_ms(hub, latest), cpu_ms(hub, f"{latest.partition('?')[0]}?series={MANY}/Trend_001/{_DATASET}&runs=latest:50")
    what = f"{TRENDS[MANY]} trends of the latest 50 runs as JSON"
    add_row(f"{what}, CPU", f"{cpu:.0f} ms, {cpu / single:.1f} times that of one", "100 ms")
    add_row(f"{what}, size", f"{len(hub.get(latest)) / 1e6:.2f} MB")
    data = f"/hdqm/api/data?subsystem={FEW}&pd={PRIMARY_DATASET}&processing_string={PROCESSING}&from_run={runs()[0]}&to_run={runs()[-1]}"
    add_row(f"{TRENDS[FEW]} trends of {RUNS:,} runs, API of HDQM, CPU", f"{cpu_ms(hub, data):.0f} ms")
    add_row(f"{TRENDS[FEW]} trends of {RUNS:,} runs, API of HDQM, size", f"{len(hub.get(data)) / 1e6:.0f} MB")


_DATASET = f"{PRIMARY_DATASET}/{PROCESSING}"


def _every_run() -> str:
    return f"runs={runs()[0]}-{runs()[-1]}&significant=all"


def _selection(subsystem: str) -> str:
    return f"subsystem={subsystem}&pd={PRIMARY_DATASET}&ps={PROCESSING}"


def cpu_ms(hub: Hub, path: str) -> float:
    """The median CPU of the server for a request, ms."""
    for _ in range(WARM):
        hub.get(path)
    rounds = []
    for _ in range(ROUNDS):
        before = hub.cpu_s()
        for _ in range(REQUESTS):
            hub.get(path)
        rounds.append(1000 * (hub.cpu_s() - before) / REQUESTS)
    return statistics.median(rounds)
