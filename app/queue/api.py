"""The names that the package app.queue exports."""

from __future__ import annotations

from app.queue.execution import connect, disconnect, handler, queue_of, report, run
from app.queue.models import BackgroundJob, JobCancelled, JobFailed, JobStateError, QueueError
from app.queue.periodic import PeriodicTask, PeriodicTaskState, TaskRun, periodic_tasks
from app.queue.settings import QUEUES
from app.queue.states import STATES
from app.queue.store import (
    cancel,
    counts,
    enqueue,
    enqueue_daily,
    last_failed,
    latest_job,
    queue_wait_s,
    retry,
    run_in_thread,
    sweep,
    wait,
)

__all__ = [
    "QUEUES",
    "STATES",
    "BackgroundJob",
    "JobCancelled",
    "JobFailed",
    "JobStateError",
    "PeriodicTask",
    "PeriodicTaskState",
    "QueueError",
    "TaskRun",
    "cancel",
    "connect",
    "counts",
    "disconnect",
    "enqueue",
    "enqueue_daily",
    "handler",
    "last_failed",
    "latest_job",
    "periodic_tasks",
    "queue_of",
    "queue_wait_s",
    "report",
    "retry",
    "run",
    "run_in_thread",
    "sweep",
    "wait",
]
