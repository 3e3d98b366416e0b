"""State of the background jobs for the status page and /metrics: processes, queues, periodic tasks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

from peewee import fn

from app.core.area import State, StatusLine
from app.core.database import rows
from app.core.heartbeat import SILENT_S, Service, is_alive
from app.core.metrics import gauge
from app.core.outages import outage_of
from app.core.settings import Settings
from app.core.version import VERSION
from app.queue.execution import queue_of
from app.queue.periodic import PeriodicTaskState
from app.queue.settings import QUEUES
from app.queue.states import STATES
from app.queue.store import counts, last_failed, queue_wait_s

if TYPE_CHECKING:
    from prometheus_client import Metric

SERVICES = ("web", "live", "worker")
QUEUE_WARN_S = 60.0
"""A queue whose oldest job waits longer gets a warning."""

LATE_PERIODS, LATE_S = 3, 15.0
"""A periodic task is down when its last success is more than LATE_PERIODS periods and more than LATE_S seconds ago."""

LITTLE_S = 1.0
"""By so much the clocks of two machines that agree may differ, s."""

LAST_FAILED = 10


def status_lines(_: Settings) -> Iterator[StatusLine]:
    """The processes of each service, each queue, and each periodic task."""
    yield from process_lines()
    yield from _queues()
    yield from periodic_task_lines()


def process_lines() -> Iterator[StatusLine]:
    """The processes of each service on all hosts; "down" for a service without one."""
    now = time.time()
    query = Service.select(Service.name, Service.host, Service.process, Service.version, Service.seen).order_by(Service.seen.desc())
    known = rows(query)
    for name in SERVICES:
        found = [row for row in known if row[0] == name]
        alive = [row for row in found if abs(now - row[4]) < SILENT_S]  # a dead one of a clock that was ahead is in the future
        age = _age(now, found[0][4]) if found else None
        if not alive:
            yield StatusLine(name, "down", "silent" if found else "never seen", age, f"start it with `dqmhub {name}`")
            continue
        versions = sorted({row[3] for row in alive})
        processes = ", ".join(f"{host} process {process}" for _, host, process, _, _ in alive)
        state: State = "ok" if versions == [VERSION] else "warn"
        yield StatusLine(name, state, f"{len(alive)} running, version {', '.join(versions)}", age, processes)


def _age(now: float, at: float) -> float | None:
    """The age of a time, s; None if it is in the future: the clock was set back since."""
    return now - at if now >= at - LITTLE_S else None


def _queues() -> Iterator[StatusLine]:
    reason = _unreachable_because()
    for name in QUEUES:
        yield StatusLine(f"queue {name}", "down", "cannot be reached: jobs wait", detail=reason) if reason else _queue(name)


def _unreachable_because() -> str:
    """Why the queues, which are in one place, cannot be reached; "" if they can. One question, since it may take REDIS_TIMEOUT_S."""
    try:
        queue_of(QUEUES[0]).pending_count()
    except Exception as error:
        if (outage := outage_of(error)) is None:
            raise
        return outage.reason
    return ""


def _queue(name: str) -> StatusLine:
    by_state = {state: count for (queue, state), count in counts().items() if queue == name}
    age = queue_wait_s(name)
    text = ", ".join(
        f"{by_state.get(state, 0)} {label}" for state, label in (("queued", "waiting"), ("running", "running"), ("failed", "failed"))
    )
    state: State = "warn" if age > QUEUE_WARN_S else "ok" if any(by_state.values()) else "idle"
    return StatusLine(f"queue {name}", state, text, age or None)


def periodic_task_lines() -> Iterator[StatusLine]:
    """Each periodic task with its last success and failures."""
    now = time.time()
    for row in PeriodicTaskState.select().order_by(PeriodicTaskState.name):
        age = _age(now, row.last_ok) if row.last_ok else None
        is_late = not row.last_ok or abs(now - row.last_ok) > max(LATE_PERIODS * row.period_s, LATE_S)
        text = f"every {row.period_s:g} s" + (f", takes {row.duration_s:.2f} s" if row.duration_s is not None else "")
        if row.failures:
            text += f", failed {row.failures} times in a row"
        state: State = "down" if is_late else "warn" if row.failures else "ok"
        yield StatusLine(f"periodic task {row.name}", state, text, age, row.error if row.failures else row.owner)


def failed_jobs() -> Mapping[str, Any]:
    """The jobs that failed last, for the status page."""
    return {"failed_jobs": last_failed(LAST_FAILED)}


def metrics(_: Settings) -> Iterator[Metric]:
    """Processes, jobs by queue and state, wait of the oldest queued job, and failures, age and duration of each periodic task."""
    alive = dict(rows(Service.select(Service.name, fn.COUNT(Service.id)).where(is_alive()).group_by(Service.name)))
    processes = [({"service": name}, alive.get(name, 0)) for name in SERVICES]
    yield gauge("dqmhub_processes", "Processes of a service with a heartbeat", processes)
    count_of = dict.fromkeys(product(QUEUES, STATES), 0) | dict(counts())  # zeros, too: a series must not begin with its first rise
    jobs = [({"queue": queue, "state": state}, count) for (queue, state), count in sorted(count_of.items())]
    yield gauge("dqmhub_jobs", "Background jobs by queue and state", jobs)
    waiting = [({"queue": queue}, queue_wait_s(queue)) for queue in QUEUES]
    yield gauge("dqmhub_jobs_oldest_seconds", "Waiting time of the oldest queued job", waiting)
    now, tasks = time.time(), list(PeriodicTaskState.select().order_by(PeriodicTaskState.name))
    yield gauge(
        "dqmhub_periodic_task_failures", "Failures in a row of a periodic task", [({"task": row.name}, row.failures) for row in tasks]
    )
    first_start = rows(Service.select(fn.MIN(Service.started)).where(Service.name == "live", is_alive(now)))[0][0]
    # one that has never succeeded may hang in its first step: it is as old as what runs it
    ages = [({"task": row.name}, now - since) for row in tasks if (since := row.last_ok or first_start)]
    yield gauge("dqmhub_periodic_task_age_seconds", "Time since the last success of a periodic task", ages)
    periods = [({"task": row.name}, row.period_s) for row in tasks]
    yield gauge("dqmhub_periodic_task_period_seconds", "Time between two steps of a periodic task", periods)
    durations = [({"task": row.name}, row.duration_s) for row in tasks if row.duration_s is not None]
    yield gauge("dqmhub_periodic_task_step_seconds", "Duration of the last step of a periodic task", durations)
