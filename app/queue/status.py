"""State of the background jobs for the status page and /metrics: processes, queues, periodic tasks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from app.core.area import StatusLine
from app.core.database import rows
from app.core.heartbeat import SILENT_S, Service
from app.core.metrics import gauge
from app.core.settings import Settings
from app.core.version import VERSION
from app.queue.book import counts, last_failed, oldest_queued
from app.queue.loops import Loop
from app.queue.queues import QUEUES

if TYPE_CHECKING:
    from prometheus_client import Metric

SERVICES = ("web", "live", "worker")
QUEUE_WARN_S = 60.0
LATE_PERIODS, LATE_S = 3, 15.0
"""A periodic task is down when its last success is both so many periods and so long ago."""

LAST_FAILED = 10


def status_lines(_: Settings) -> Iterator[StatusLine]:
    """The processes of each service, each queue, and each periodic task."""
    yield from _processes()
    yield from map(_queue, QUEUES)
    yield from _periodic_tasks()


def _processes() -> Iterator[StatusLine]:
    now = time.time()
    query = Service.select(Service.name, Service.host, Service.process, Service.version, Service.seen).order_by(Service.seen.desc())
    known = rows(query)
    for name in SERVICES:
        found = [row for row in known if row[0] == name]
        alive = [row for row in found if now - row[4] < SILENT_S]
        age = now - found[0][4] if found else None
        if not alive:
            yield StatusLine(name, "down", "silent" if found else "never seen", age, f"start it with `dqmhub {name}`")
            continue
        versions = sorted({row[3] for row in alive})
        processes = ", ".join(f"{host} process {process}" for _, host, process, _, _ in alive)
        state = "ok" if versions == [VERSION] else "warn"
        yield StatusLine(name, state, f"{len(alive)} running, version {', '.join(versions)}", age, processes)


def _queue(name: str) -> StatusLine:
    by_state = {state: count for (queue, state), count in counts().items() if queue == name}
    age = oldest_queued(name)
    text = ", ".join(
        f"{by_state.get(state, 0)} {label}" for state, label in (("queued", "waiting"), ("running", "running"), ("failed", "failed"))
    )
    state = "warn" if age > QUEUE_WARN_S else "ok" if any(by_state.values()) else "idle"
    return StatusLine(f"queue {name}", state, text, age or None)


def _periodic_tasks() -> Iterator[StatusLine]:
    now = time.time()
    for row in Loop.select().order_by(Loop.name):
        age = now - row.last_ok if row.last_ok else None
        is_late = age is None or age > max(LATE_PERIODS * row.period_s, LATE_S)
        text = f"every {row.period_s:g} s" + (f", takes {row.duration_s:.2f} s" if row.duration_s is not None else "")
        if row.failures:
            text += f", failed {row.failures} times in a row"
        state = "down" if is_late else "warn" if row.failures else "ok"
        yield StatusLine(f"periodic task {row.name}", state, text, age, row.error if row.failures else row.owner)


def failed_jobs() -> Mapping[str, Any]:
    """The jobs that failed last, for the status page."""
    return {"failed_jobs": last_failed(LAST_FAILED)}


def metrics(_: Settings) -> Iterator[Metric]:
    """Jobs by queue and state, the oldest waiting job, and how each periodic task goes."""
    jobs = [({"queue": queue, "state": state}, count) for (queue, state), count in sorted(counts().items())]
    yield gauge("dqmhub_work", "Background jobs by queue and state", jobs)
    waiting = [({"queue": queue}, oldest_queued(queue)) for queue in QUEUES]
    yield gauge("dqmhub_work_oldest_seconds", "Time that the oldest queued job has been waiting", waiting)
    now, tasks = time.time(), list(Loop.select().order_by(Loop.name))
    yield gauge("dqmhub_loop_failures", "Failures in a row of a periodic task", [({"loop": row.name}, row.failures) for row in tasks])
    ages = [({"loop": row.name}, now - row.last_ok) for row in tasks if row.last_ok]
    yield gauge("dqmhub_loop_age_seconds", "Time since the last success of a periodic task", ages)
    durations = [({"loop": row.name}, row.duration_s) for row in tasks if row.duration_s is not None]
    yield gauge("dqmhub_loop_step_seconds", "Duration of the last step of a periodic task", durations)
