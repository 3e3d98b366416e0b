"""Periodic tasks: steps that repeat every few seconds, run by one consumer of the queue `live` at a time.

An area registers its tasks with `@periodic_tasks`. A task that needs a state or a connection between steps makes it
in `PeriodicTask.start`, a context manager whose value is the function of one step.

How a task stays alive and alone, on any number of consumers and hosts:

1. The scheduler of each consumer starts a *run* of each task when the consumer starts and then every 60 s, in a
   thread of its own (`consumer.start_run`, `run_window`).
2. A run first acquires the *lease* of the task, which is its row in the table `periodic_task`. While another run
   holds the lease, it stands by: it acquires the lease if that is freed, or not renewed for LEASE_S.
3. With the lease it runs step after step, and renews the lease from a second thread. A step is due one period after
   the previous one was due; steps that a slow step has missed are skipped.
4. An outage, such as a full disk, ends no run: it tries again every second, and continues as soon as it can.
5. After WINDOW_S, a little more than 60 s, or when the consumer stops, it frees the lease and stores when the next
   step is due. The next run, which stands by already, continues at that time, so the period holds across runs.

So a task whose consumer was killed continues LEASE_S later elsewhere, or in the same consumer after its restart.

No decision depends on the system clock, which may jump or differ between hosts: a run treats a lease as expired once
it has seen it unchanged for LEASE_S on its own monotonic clock, and windows and periods are measured by that clock
too. The times in the table are UTC, for display; only the due time stored with a free lease is read, and never for
more than one period.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from peewee import DoubleField, IntegerField, TextField

from app.core.database import Table, end_thread, release
from app.core.outages import log_outage, outage_of, outages_logged, refuse_full_disk
from app.core.settings import Settings
from app.queue.failure_log import log_failure, log_success

if TYPE_CHECKING:
    from app.queue.queues import JobQueue

log = logging.getLogger(__name__)

WINDOW_S = 62.0
"""Longest run: the next one starts after 60 s, up to a second late."""
LEASE_S = 6.0
POLL_S = 0.1
"""A run that stands by reads the lease this often."""
RETRY_S = 5.0
"""Longest pause after a failed step, whatever the period."""
OUTAGE_RETRY_S = 1.0
"""The same after an outage prevented a step or run."""


class PeriodicTaskState(Table):
    """The lease and the latest results of a periodic task. Times are Unix seconds, UTC."""

    name = TextField(unique=True)
    period_s = DoubleField()
    owner = TextField(default="")  # host, process and run that holds the lease; empty if the lease is free
    lease_until = DoubleField(default=0.0)  # end of the lease; if the lease is free, when the next step is due
    last_ok = DoubleField(null=True)  # end of the last successful step
    last_error = DoubleField(null=True)
    error = TextField(default="")  # of the last failed step
    failures = IntegerField(default=0)  # failed steps in a row
    duration_s = DoubleField(null=True)  # of the last successful step
    steps = IntegerField(default=0)  # all steps so far

    class Meta:
        table_name = "periodic_task"


Step = Callable[[], None]


@dataclass(frozen=True)
class PeriodicTask:
    """A periodic task of one area."""

    name: str
    period_s: float
    start: Callable[[TaskRun], AbstractContextManager[Step]]
    """Entered once a run holds the lease, left when it gives the lease up; the value runs one step.

    A step that may take longer than its period checks `TaskRun.should_stop`.
    """


TaskSource = Callable[[Settings], Iterable[PeriodicTask]]
_sources: list[TaskSource] = []


def periodic_tasks(source: TaskSource) -> TaskSource:
    """Register a function that returns the periodic tasks of an area under the given settings."""
    _sources.append(source)
    return source


def configured_tasks(settings: Settings) -> list[PeriodicTask]:
    """The periodic tasks of all areas under these settings. Raises ValueError when two areas have tasks of one name: they share a lease."""
    tasks: list[PeriodicTask] = []
    owners: dict[str, str] = {}
    for source in _sources:
        for task in source(settings):
            if owners.setdefault(task.name, source.__module__) != source.__module__:
                raise ValueError(f"Both {owners[task.name]} and {source.__module__} have the periodic task {task.name}")
            tasks.append(task)
    return tasks


def schedule(queue: JobQueue, tasks: list[PeriodicTask], stopping: threading.Event) -> None:
    """Let the scheduler of a queue start each task every minute."""
    for task in tasks:
        queue.periodic_task(lambda _: True, name=f"periodic task {task.name}")(partial(run_window, task, stopping))
    free = (PeriodicTaskState.owner == "") | (PeriodicTaskState.lease_until < time.time())
    removed = PeriodicTaskState.name.not_in([task.name for task in tasks])
    PeriodicTaskState.delete().where(removed, free).execute()  # otherwise /status shows removed tasks for ever


_standby: dict[str, TaskRun] = {}
"""Runs of this process that wait for a lease, by name of the task: at most one for each."""
_standby_lock = threading.Lock()


def run_window(task: PeriodicTask, stopping: threading.Event, length_s: float = WINDOW_S) -> None:
    """Run the steps of a task for the length of a window, as soon as the lease is ours; return early if `stopping` is set.

    If a run of this process stands by for the task already, its window is extended instead. An outage, such as a full
    disk or an unreachable database, does not end the run: it continues soon after the outage.
    """
    run = TaskRun(task, stopping, length_s)
    try:
        while not run.should_stop() and _run_once(run):
            run.lost = run.cut_off = False
    finally:
        end_thread()


def _run_once(run: TaskRun) -> bool:
    """Wait for the lease, and run steps for as long as it lasts; whether an outage has ended that."""
    try:
        with _standing_by(run) as is_first:
            if not is_first or not run.wait_for_lease():
                return False
        with run.renewed_lease():
            run.run_steps()
    except Exception as error:  # the database may be unreachable
        outage = outage_of(error)
        if outage is None:
            log.exception("The run of the periodic task %s was given up", run.task.name)
            return False
        log_outage("Periodic tasks wait", outage)
        run.stopping.wait(OUTAGE_RETRY_S)
        return True
    return run.cut_off


@contextmanager
def _standing_by(run: TaskRun) -> Iterator[bool]:
    """Stand by for a task; False, and nothing else, if a run of this process does so already: then its window is extended."""
    with _standby_lock:
        if waiting := _standby.get(run.task.name):
            waiting.end = max(waiting.end, run.end)  # this one may be older
        else:
            _standby[run.task.name] = run
    try:
        yield waiting is None
    finally:
        if waiting is None:
            with _standby_lock:
                del _standby[run.task.name]


class TaskRun:
    """A run of a periodic task in the current thread.

    Attributes:
        end: end of the window, in seconds of time.monotonic().
        owner: names this run as the holder of the lease.
        lost: another run has acquired the lease, or it could not be renewed in time.
        cut_off: an outage prevented that.
        due: when the next step is due, in seconds of time.monotonic().
    """

    def __init__(self, task: PeriodicTask, stopping: threading.Event, length_s: float) -> None:
        self.task = task
        self.stopping = stopping
        self.end = time.monotonic() + length_s
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.lost = self.cut_off = False
        self.due = 0.0

    def should_stop(self) -> bool:
        """Whether a step should leave the rest to a later one: the window has ended, the lease is lost, or the consumer stops."""
        return self.stopping.is_set() or self.lost or time.monotonic() >= self.end

    def wait_for_lease(self) -> bool:
        """Acquire the lease as soon as it is free; False if the window ends before."""
        PeriodicTaskState.insert(name=self.task.name, period_s=self.task.period_s).on_conflict_ignore().execute()
        seen, free_at, now = ("", -1.0), 0.0, time.monotonic()
        while not self.should_stop():
            state = PeriodicTaskState.get(PeriodicTaskState.name == self.task.name)
            before, now = now, time.monotonic()
            if (state.owner, state.lease_until) != seen or now - before > LEASE_S / 2:  # the owner may have stalled, too
                seen = state.owner, state.lease_until
                held = state.owner not in ("", self.owner)  # its own it could not free or renew in an outage
                free_at = now + (LEASE_S if held else min(max(state.lease_until - time.time(), 0.0), self.task.period_s))
            if now >= free_at and self._acquire(*seen):
                return True
            release()
            self.stopping.wait(min(POLL_S, max(free_at - now, 0.0)))
        return False

    def _acquire(self, owner: str, lease_until: float) -> bool:
        """Take the lease unless it has changed since it was seen with this owner and end."""
        unchanged = PeriodicTaskState.owner == owner, PeriodicTaskState.lease_until == lease_until
        lease = {"owner": self.owner, "lease_until": time.time() + LEASE_S, "period_s": self.task.period_s}
        return bool(PeriodicTaskState.update(lease).where(PeriodicTaskState.name == self.task.name, *unchanged).execute())

    def _update_if_owner(self, **changes: object) -> None:
        """Change the row of the task if this run holds the lease; otherwise note that it is lost."""
        owned = PeriodicTaskState.name == self.task.name, PeriodicTaskState.owner == self.owner
        if not PeriodicTaskState.update(**changes).where(*owned).execute():
            self.lost = True

    @contextmanager
    def renewed_lease(self) -> Iterator[None]:
        """Renew the lease from a second thread, since a step may be slow; at the end free it and store when the next step is due."""
        ended = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(ended,), name=f"lease of {self.task.name}", daemon=True)
        self.due = time.monotonic()
        renewer.start()
        try:
            yield
        finally:
            ended.set()
            renewer.join()
            self._update_if_owner(owner="", lease_until=time.time() + max(self.due - time.monotonic(), 0.0))

    def _renew(self, ended: threading.Event) -> None:
        renewed = time.monotonic()
        while not self.lost and not ended.wait(LEASE_S / 4):
            start = time.monotonic()
            try:
                with outages_logged("Leases of periodic tasks are not renewed"):
                    self._update_if_owner(lease_until=time.time() + LEASE_S)
                    renewed = start
            except Exception:  # whatever the database raises: three more tries fit into the lease
                log.exception("The lease of the periodic task %s was not renewed", self.task.name)
            if start - renewed > LEASE_S:
                self.lost = self.cut_off = True
            release()
        end_thread()

    def run_steps(self) -> None:
        """Run each step when it is due, until the window ends; steps that a slow one has missed are skipped."""
        try:
            with self.task.start(self) as step:
                while not self.should_stop():
                    period = min(self._run_step(step), self.task.period_s)
                    missed = math.ceil((time.monotonic() - self.due) / period) - 1
                    self.due += (1 + max(missed, 0)) * period
                    self.stopping.wait(max(min(self.due, self.end) - time.monotonic(), 0.0))
        except Exception as error:  # of entering or leaving `start`
            self.due += min(self.task.period_s, RETRY_S)
            self._store_failure(error)

    def _run_step(self, step: Step) -> float:
        """Run one step and store its result; the longest pause until the next one, s."""
        start = time.monotonic()
        try:
            refuse_full_disk()  # a step must not do elsewhere what it cannot store
            step()
            duration_s = time.monotonic() - start
            log_success(self.task.name)
            self._update_if_owner(last_ok=time.time(), failures=0, duration_s=duration_s, steps=PeriodicTaskState.steps + 1)
        except Exception as error:
            self._store_failure(error)
            return RETRY_S if outage_of(error) is None else OUTAGE_RETRY_S
        finally:
            release()
        return math.inf

    def _store_failure(self, error: Exception) -> None:
        log_failure(self.task.name, error)
        counts = {"failures": PeriodicTaskState.failures + 1, "steps": PeriodicTaskState.steps + 1}
        try:
            with outages_logged("Failures of periodic tasks are not stored"):
                self._update_if_owner(last_error=time.time(), error=f"{type(error).__name__}: {error}", **counts)
        except Exception:  # the database may be what failed
            log.exception("The failure of the periodic task %s was not stored", self.task.name)
