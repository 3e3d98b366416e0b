"""Unit costs: CPU time of each kind of request, import and job in web server, render service, worker and PostgreSQL, and memory.

docs/operators/scaling.md has the plan of hosts that is made of them. A CPU time does not depend on what else the machine does.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

import psycopg

from tests.bench.service import Hub, cpu_s, hub, memory_mb
from tests.bench.table import add_row
from tests.support.servers import PostgreSQL, postgresql

REQUESTS, PLOTS, FILES = 400, 100, 5000
BATCH = 1000
"""Files of one request that registers them."""
IMPORTED, MES = 4, 100_000
LONGEST_S = 600
SAMPLE = "367129/ZeroBias/Run2023C-Demo-v1/DQMIO"
PLOT = f"/api/v1/render/{SAMPLE}/PixelPhase1/EventInfo/reportSummaryMap"
PAGES = {
    "home page": "/",
    "page of a folder with plots": f"/browse/{SAMPLE}/PixelPhase1/EventInfo",
    "folder, API": f"/api/v1/archive/{SAMPLE}/PixelPhase1/EventInfo",
    "search of samples, API": "/api/v1/samples?run=3671",
    "page of DQM^2": "/square",
    "plot, cached": PLOT,
}
"""Kinds of requests, and an address of each."""


class Measured:
    """A hub on PostgreSQL whose costs are measured."""

    def __init__(self, hub: Hub, server: PostgreSQL, worker: int) -> None:
        self.hub, self.server, self.worker = hub, server, worker
        self.render, self.web = hub.services
        self.connection = HTTPConnection("127.0.0.1", hub.port, timeout=LONGEST_S)

    def request(self, method: str, path: str, body: object = None, **headers: str) -> int:
        """Send a request; returns the status of the response, which is no error."""
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self.connection.getresponse()
        text = response.read()
        assert response.status < 400, (path, response.status, text[:500])
        return response.status

    def cost(self, what: str, units: int, act: Callable[[], object]) -> None:
        """Add a row with the CPU time of each unit of what `act` does, in each kind of process."""
        processes = {"web": self.web, "render": self.render, "worker": self.worker, "PostgreSQL": self.server.process.pid}
        before = {name: cpu_s(pid) for name, pid in processes.items()}
        act()
        spent = {name: 1000 * (cpu_s(pid) - before[name]) / units for name, pid in processes.items()}
        parts = [f"{name} {ms:.2f}" for name, ms in spent.items() if ms >= 0.01]
        add_row(f"{what}, CPU", f"{' + '.join(parts)} ms")


def costs(folder: Path) -> None:
    """Measure on one web process, one render worker and one worker process, with PostgreSQL."""
    few = {"DQMHUB_WEB_WORKERS": "1", "DQMHUB_RENDER_WORKERS": "1", "DQMHUB_WORKER_PROCESSES": "1"}
    access = {"DQMHUB_REGISTER_NETWORKS": "127.0.0.0/8", "DQMHUB_FILE_ROOTS": str(folder)}
    with postgresql() as server, server.database() as url, hub(folder, DQMHUB_DATABASE_URL=url, **few, **access) as running:
        worker = running.start("worker")
        live = running.start("live")
        try:
            measured = Measured(running, server, worker.pid)
            _pages(measured)
            _plots(measured)
            _files(measured)
            _imports(measured)
            _memory(measured, live.pid)
            _statements(url)
        finally:
            for process in (worker, live):
                process.terminate()
                process.wait(60)


def _pages(measured: Measured) -> None:
    measured.hub.command("demo", "make")
    measured.hub.command("register", str(measured.hub.data / "demo"))
    for what, path in PAGES.items():
        for _ in range(20):
            measured.request("GET", path)
        measured.cost(what, REQUESTS, lambda path=path: [measured.request("GET", path) for _ in range(REQUESTS)])  # type: ignore[misc]


def _plots(measured: Measured) -> None:
    width = count(300)
    measured.request("GET", f"{PLOT}?w={next(width)}")
    measured.cost("plot, drawn (TH2F)", PLOTS, lambda: [measured.request("GET", f"{PLOT}?w={next(width)}") for _ in range(PLOTS)])


def _files(measured: Measured) -> None:
    folder = measured.hub.data / "many"
    folder.mkdir()
    for number in range(FILES):
        (folder / str(number)).touch()
    entries = [
        {
            "dataset": "/Many/Run2023C-Costs-v1/DQMIO",
            "run": str(300_000 + number),
            "lumi": "0",
            "file": f"{folder}/{number}",
            "fileformat": 1,
        }
        for number in range(FILES)
    ]
    batches = [entries[start : start + BATCH] for start in range(0, FILES, BATCH)]
    measured.cost(
        f"file registered, in batches of {BATCH:,}",
        FILES,
        lambda: [measured.request("POST", "/api/v1/register", batch) for batch in batches],
    )


def _imports(measured: Measured) -> None:
    """Import copies of a file of 100,000 MEs by the web server, which starts a child for each, as at the first access to it."""
    (large,) = measured.hub.command("demo", "make", "--mes", str(MES), "--folder", str(measured.hub.data / "large")).splitlines()
    runs = range(367_301, 367_301 + IMPORTED)
    for run in runs:
        os.link(large, measured.hub.data / "large" / f"DQM_V0001_R{run:09}__Large__Copy-v1__DQMIO.root")
    measured.hub.command("register", str(measured.hub.data / "large"))

    def read_all() -> None:
        for run in runs:
            while measured.request("GET", f"/api/v1/archive/{run}/Large/Copy-v1/DQMIO") != 200:
                time.sleep(0.1)

    measured.cost(f"file of {MES:,} MEs imported", IMPORTED, read_all)


def _memory(measured: Measured, live: int) -> None:
    for what, pid in {"web": measured.web, "render": measured.render, "worker": measured.worker, "live": live}.items():
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        sizes = " + ".join(f"{memory_mb(int(each)):.0f}" for each in (pid, *children))
        add_row(f"memory (PSS) of {what}: first process + children", f"{sizes} MB")


def _statements(url: str) -> None:
    with closing(psycopg.connect(url)) as connection:
        row = connection.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()").fetchone()
        size = connection.execute("SELECT pg_database_size(current_database()), (SELECT count(*) FROM sample)").fetchone()
    assert row
    assert size
    add_row("transactions of PostgreSQL in all", f"{row[0]:,}")
    add_row(f"database with {size[1]:,} samples and {IMPORTED} lists of {MES:,} MEs", f"{size[0] / 1e6:.0f} MB")
