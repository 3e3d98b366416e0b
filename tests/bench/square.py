"""Rate at which documents are copied from P5 to the database; the simulator of P5 runs on the same two cores."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.core import database
from app.core.settings import TREE, Settings
from app.square.models import Document
from app.square.poller.host_poller import HostPoller
from tests.bench.table import add_row
from tests.support.p5 import FU, P5, run_simulator
from tests.support.servers import migrate

REAL, SMALL = 3000, 10_000


def square(folder: Path) -> None:
    """Measure the initial copy from one machine, with documents of September 2022 (30 kB each) and with small ones."""
    with run_simulator("--quiet-start") as p5:
        fixtures = Path(os.environ.get("DQMHUB_FIXTURES") or TREE.parent / "shared" / "fixtures") / "dqmsquare/wire_documents.json"
        if fixtures.is_file():
            for documents in _copies(json.loads(fixtures.read_text())):
                p5.incident("upload", host=FU, documents=documents)
            _catch_up(p5, folder / "real", "documents of 30 kB from P5 into SQLite")
        p5.incident("reset_revisions", host=FU)
        p5.incident("backlog", host=FU, count=SMALL)
        _catch_up(p5, folder / "small", "documents of 1 kB from P5 into SQLite")


def _copies(wire: dict[str, list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Copies of the real jobs with other run numbers, in groups of about 30."""
    jobs = [document for documents in wire.values() for document in documents if document["type"] == "dqm-source-state"]
    for copy in range(REAL // len(jobs) + 1):
        for start in range(0, len(jobs), 31):
            run = 400_000 + 3 * copy + start // 31
            yield [
                {name: value for name, value in job.items() if name != "_rev"} | {"_id": f"{job['_id']}-{copy}", "run": run}
                for job in jobs[start : start + 31]
            ]


def _catch_up(p5: P5, folder: Path, what: str) -> None:
    settings = Settings(data_dir=str(folder), square_url=p5.address, square_timeout_s=60.0)
    migrate(settings)
    database.connect(settings)
    start, cpu = time.perf_counter(), time.process_time()
    HostPoller("production", FU, settings).poll(lambda: False)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    count = Document.select().count()
    add_row(what, f"{count / took:,.0f}/s ({1e6 * cpu / count:.0f} µs CPU each)", "1,000/s")
    database.disconnect()
