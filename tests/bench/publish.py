"""CPU time of publishing, with real runs of 31 jobs: initially, during an ongoing run, and without changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from app.core import database
from app.core.settings import TREE, Settings
from app.publish import revisions
from app.publish.models import PublishedItem
from app.publish.publisher import Publisher
from app.publish.redactions import REDACTIONS
from app.square.models import Graph, GraphPart, Job, Log, Run
from app.square.published import PUBLISHED
from tests.bench.table import add_row
from tests.square import data
from tests.support.servers import migrate

RUNS = 30


def publish(folder: Path) -> None:
    """Measure a hub with RUNS copies of a real run and one ongoing run."""
    fixtures = Path(os.environ.get("DQMHUB_FIXTURES") or TREE.parent / "shared" / "fixtures")
    if not fixtures.is_dir():
        return
    settings = Settings(data_dir=str(folder))
    migrate(settings)
    database.connect(settings)
    data.fill(fixtures)
    with database.proxy.atomic():
        for run in range(358700, 358700 + RUNS):
            _copy(358788, run)
    publisher = Publisher(settings, [PUBLISHED, REDACTIONS])
    cpu = _cpu(lambda: _all(publisher))
    add_row("a run with its charts and 31 logs published for the first time", f"{1000 * cpu / (RUNS + 3):.0f} ms CPU", "")
    size = sum(size for (size,) in PublishedItem.select(PublishedItem.size).tuples())
    add_row("published data of a run, compressed", f"{size / 1000 / (RUNS + 3):.0f} kB", "")
    add_row(
        "a publishing step after the report of one job",
        f"{1000 * min(_cpu(lambda: _report(publisher)) for _ in range(5)):.0f} ms CPU",
        "",
    )
    add_row("a publishing step without changes", f"{1000 * min(_cpu(publisher.step) for _ in range(20)):.2f} ms CPU", "")
    add_row(
        "a snapshot of 8 MB of published data", f"{1000 * _cpu(lambda: revisions.snapshot(revisions.current(), 0, 'hub')):.0f} ms CPU", ""
    )
    database.disconnect()


def _all(publisher: Publisher) -> None:
    while publisher.incomplete:
        publisher.step()


def _report(publisher: Publisher) -> None:
    job = Job.select().where(Job.run == 358792).first()
    data.change(job.key, events=job.events + 1, reported=time.time())
    publisher.step()


def _cpu(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def _copy(run: int, to: int) -> None:
    """Copy a run with its jobs, logs and files to another run number."""
    for table in (Run, Job, Graph):
        for row in list(table.select().where(table.run == run)):
            values = {name: getattr(row, name) for name in table._meta.sorted_field_names if name != "id"} | {"run": to}
            if table is not Run:
                values["key"] = row.key.replace(str(run), str(to))
            made = table.create(**values)
            if table is Job:
                log = Log.get(Log.key == row.key)
                Log.create(system=log.system, key=values["key"], received=log.received, body=log.body, version=log.version)
            if table is Graph:
                for part in GraphPart.select().where(GraphPart.graph == row):
                    GraphPart.create(graph=made, stream=part.stream, part=part.part, points=part.points, version=part.version)
