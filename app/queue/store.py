"""Background jobs in the database: enqueue, run in a thread, find, cancel, retry, count, and repeat lost messages."""

from __future__ import annotations

import json
import logging
import threading
import time
from functools import partial
from typing import Any, NoReturn

from peewee import IntegrityError, fn

from app.core import log_context
from app.core.clock import CLOCK
from app.core.database import end_thread, proxy, rows
from app.queue.execution import DAILY, Handler, attempt, claim, in_pause, lease_s, queue_of, resume_sending, send
from app.queue.leases import JobLease, LeaseWatch
from app.queue.models import ATTEMPTS, BackgroundJob, JobStateError
from app.queue.states import CANCELLED, FAILED, OPEN, QUEUED, RUNNING

log = logging.getLogger(__name__)

POLL_S = 0.02


def enqueue(kind: str, key: str, args: dict[str, Any] | None = None, *, queue: str = "bulk") -> BackgroundJob:
    """The open job of this kind and key, or a new one; its message is sent when the transaction is committed."""
    while True:
        if job := _open_job(kind, key):  # first, since pages enqueue the same job again and again
            return job
        if job := _insert(queue, kind, key, args):
            proxy.after_commit(partial(send, queue, job.id))
            return job  # otherwise another process inserted it between the two statements


def enqueue_claimed(kind: str, key: str, *, lasting: bool = False) -> BackgroundJob | None:
    """Insert a job in the caller's transaction, leased to this thread, which then calls `attempt`; None if there is an open one.

    If this process dies, a consumer of the queue `bulk` runs the job after its lease. A lasting job is retried
    until it is done, and cannot be cancelled.
    """
    job = _insert("bulk", kind, key, None, lasting)
    return claim(job.id) if job else None


def run_in_thread(kind: str, key: str, handler: Handler, args: dict[str, Any] | None = None) -> BackgroundJob:
    """Run a job at once in a thread of this process; a job that runs elsewhere already is returned unchanged.

    If this process dies or the handler raises, a consumer of the queue `bulk` retries the job with its own handler.
    """
    while True:
        job = _insert("bulk", kind, key, args) or _open_job(kind, key)
        if job:
            break
    claimed = claim(job.id)
    if claimed is None:
        return job
    attempt_in_thread(claimed, handler)
    return claimed


def attempt_in_thread(claimed: BackgroundJob, handler: Handler) -> threading.Thread:
    """Run a claimed job in a thread of this process, which is returned."""

    def run() -> None:
        try:
            attempt(claimed, handler)
        finally:
            end_thread()

    thread = threading.Thread(target=run, name=f"job-{claimed.id}", daemon=True)
    thread.start()
    return thread


def latest_job(kind: str, key: str) -> BackgroundJob | None:
    """The latest job of this kind and key, in any state."""
    jobs = BackgroundJob.select().where(BackgroundJob.kind == kind, BackgroundJob.key == key)
    job: BackgroundJob | None = jobs.order_by(BackgroundJob.id.desc()).first()
    return job


def wait(job: BackgroundJob, seconds: float) -> bool:
    """Wait until a job has ended, in any state; False if it has not within this time."""
    end = time.monotonic() + seconds
    while BackgroundJob.select().where(BackgroundJob.id == job.id, BackgroundJob.state.in_(OPEN)).exists():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True


def _open_job(kind: str, key: str) -> BackgroundJob | None:
    condition = BackgroundJob.kind == kind, BackgroundJob.key == key, BackgroundJob.state.in_(OPEN)
    job: BackgroundJob | None = BackgroundJob.get_or_none(*condition)
    return job


def _insert(queue: str, kind: str, key: str, args: dict[str, Any] | None, lasting: bool = False) -> BackgroundJob | None:
    """A new job; None if there is an open one of this kind and key."""
    try:
        with proxy.atomic():
            values = {"queue": queue, "kind": kind, "key": key, "args": json.dumps(args or {}), "lasting": lasting}
            job: BackgroundJob = BackgroundJob.create(**values, request=log_context.request_id())
            if job.request:
                log.info("Job %d, %s %s: queued", job.id, job.kind, job.key)
            return job
    except IntegrityError:
        return None


def sweep(queue: str, leases: LeaseWatch) -> None:
    """Queue jobs with an expired lease again, close cancelled jobs and those without attempts left, and repeat lost messages.

    `leases` is kept from one sweep of this queue by this process to the next.
    """
    end_expired_leases(queue, leases)
    free = BackgroundJob.state == QUEUED, BackgroundJob.queue == queue, ~in_pause()
    fields = BackgroundJob.id, BackgroundJob.owner, BackgroundJob.attempts, BackgroundJob.cancelling
    ended = BackgroundJob.cancelling | ~BackgroundJob.lasting & (BackgroundJob.attempts >= ATTEMPTS)
    for job_id, owner, attempts, cancelling in rows(BackgroundJob.select(*fields).where(*free, ended)):
        if cancelling:
            _close(job_id, owner, CANCELLED, "")
        else:
            _close(job_id, owner, FAILED, f"The process of this job died {attempts} times")
    pending = queue_of(queue).pending_count()
    resume_sending()
    if pending >= BackgroundJob.select().where(*free).count():
        return  # every free job has a message: the queue need not be read
    sent = queue_of(queue).job_ids()
    for (job_id,) in rows(BackgroundJob.select(BackgroundJob.id).where(*free).order_by(BackgroundJob.id)):
        if job_id not in sent:
            send(queue, job_id)


def end_expired_leases(queue: str, leases: LeaseWatch) -> None:
    """Queue running jobs again if their process no longer renews the lease."""
    columns = BackgroundJob.id, BackgroundJob.owner, BackgroundJob.lease_until
    running = rows(BackgroundJob.select(*columns).where(BackgroundJob.state == RUNNING, BackgroundJob.queue == queue))
    for lease in leases.expired((JobLease(*row) for row in running), lease_s()):
        unchanged = BackgroundJob.owner == lease.owner, BackgroundJob.lease_until == lease.end, BackgroundJob.state == RUNNING
        BackgroundJob.update(state=QUEUED, lease_until=time.time()).where(BackgroundJob.id == lease.job, *unchanged).execute()


def enqueue_daily() -> None:
    """Enqueue today's job (UTC) of each daily kind, unless it was enqueued before, or the clock was set far ahead: they delete old data."""
    if CLOCK.is_far_ahead():
        return
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for kind in DAILY:
        if latest_job(kind, today) is None:
            enqueue(kind, today)


def _close(job_id: int, owner: str, state: str, error: str) -> None:
    changes = {"state": state, "error": error, "finished": time.time(), "cancelling": False}
    unclaimed = BackgroundJob.state == QUEUED, BackgroundJob.owner == owner
    BackgroundJob.update(**changes).where(BackgroundJob.id == job_id, *unclaimed).execute()


def cancel(job_id: int) -> None:
    """Cancel a queued job at once, or a running one when its handler next reports.

    Raises:
        JobStateError: the job has ended, lasts until it is done, or does not exist.
    """
    job = BackgroundJob.id == job_id, ~BackgroundJob.lasting
    queued = BackgroundJob.update(state=CANCELLED, finished=time.time()).where(*job, BackgroundJob.state == QUEUED)
    running = BackgroundJob.update(cancelling=True).where(*job, BackgroundJob.state.in_(OPEN))  # it may have changed meanwhile
    if not queued.execute() and not running.execute():
        if BackgroundJob.select().where(BackgroundJob.id == job_id, BackgroundJob.lasting, BackgroundJob.state.in_(OPEN)).exists():
            raise JobStateError(f"Job {job_id} cannot be cancelled: it was accepted as a whole, and runs until it is done")
        _raise_state_error(job_id, "queued or running")


def retry(job_id: int) -> None:
    """Queue a failed or cancelled job again, with all its attempts.

    Raises:
        JobStateError: the job is open, another one of its kind and key is, or it does not exist.
    """
    again = {"state": QUEUED, "attempts": 0, "lease_until": time.time(), "error": "", "owner": "", "progress": None, "finished": None}
    ended = BackgroundJob.id == job_id, BackgroundJob.state.in_((FAILED, CANCELLED))
    try:
        with proxy.atomic():
            changed = BackgroundJob.update(**again).where(*ended).execute()
    except IntegrityError:
        raise JobStateError(f"Another job of the kind and key of job {job_id} is queued or running already") from None
    if not changed:
        _raise_state_error(job_id, "failed or cancelled")
    job = BackgroundJob.get_by_id(job_id)
    proxy.after_commit(partial(send, job.queue, job_id))


def _raise_state_error(job_id: int, expected: str) -> NoReturn:
    job = BackgroundJob.get_or_none(BackgroundJob.id == job_id)
    raise JobStateError(f"Job {job_id} is {job.state}, not {expected}" if job else f"There is no job {job_id}")


def counts() -> dict[tuple[str, str], int]:
    """Number of jobs by queue and state."""
    columns = BackgroundJob.queue, BackgroundJob.state
    found: Any = BackgroundJob.select(*columns, fn.COUNT(BackgroundJob.id)).group_by(*columns).tuples()
    return {(queue, state): count for queue, state, count in found}


def last_failed(count: int) -> list[BackgroundJob]:
    """The jobs that failed last, newest first; before them the lasting jobs that have failed as often and are still retried."""
    lasting = BackgroundJob.lasting, BackgroundJob.state.in_(OPEN), BackgroundJob.attempts >= ATTEMPTS
    going_on = list(BackgroundJob.select().where(*lasting).order_by(BackgroundJob.id.desc()).limit(count))
    failed = BackgroundJob.select().where(BackgroundJob.state == FAILED)
    return going_on + list(failed.order_by(BackgroundJob.finished.desc()).limit(count - len(going_on)))


def queue_wait_s(queue: str) -> float:
    """Seconds that the oldest queued job of a queue has been waiting; 0 if none is queued."""
    queued = BackgroundJob.queue == queue, BackgroundJob.state == QUEUED
    since: float | None = BackgroundJob.select(fn.MIN(BackgroundJob.lease_until)).where(*queued).scalar()
    return 0.0 if since is None else max(0.0, time.time() - since)
