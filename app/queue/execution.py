"""Running a background job: a guarded UPDATE claims its row, and a lease is renewed while the handler runs."""

from __future__ import annotations

import contextvars
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.core import log_context
from app.core.database import end_thread, release
from app.core.outages import log_outage, outage_of, outages_logged, refuse_full_disk
from app.core.settings import Settings
from app.queue.models import ATTEMPTS, LONGEST_PAUSE_S, BackgroundJob, JobCancelled, JobFailed
from app.queue.settings import QUEUES, QueueSettings
from app.queue.states import CANCELLED, DONE, FAILED, QUEUED, RUNNING

if TYPE_CHECKING:
    from app.queue.queues import JobQueue

log = logging.getLogger(__name__)

Handler = Callable[[BackgroundJob], None]
OUTAGE_PAUSE_S = 2.0
"""Pause before a job that an outage has ended is retried, s."""
SEND_PAUSE_S = 30.0
"""After a message could not be sent, this process sends none for so long, s: requests would wait for the timeout again and again."""
STORE_RETRY_S = 0.5
"""Pause between tries to store the outcome of a job in an outage."""
HANDLERS: dict[str, Handler] = {}
"""Handlers registered in this process, by kind of job."""
DAILY: set[str] = set()
"""Kinds of jobs that run once a day."""


def handler(kind: str, *, daily: bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job. It may run more than once for the same job, so it must be idempotent.

    Raises ValueError when another module handles this kind.
    """

    def register(function: Handler) -> Handler:
        other = HANDLERS.setdefault(kind, function)
        if other.__module__ != function.__module__:
            raise ValueError(f"Both {other.__module__} and {function.__module__} handle jobs of the kind {kind}")
        HANDLERS[kind] = function
        if daily:
            DAILY.add(kind)
        return function

    return register


_settings = Settings()


def connect(settings: Settings) -> None:
    """Use the queues of these settings. A connection opens at its first use."""
    global _settings
    disconnect()
    resume_sending()
    _settings = settings


def disconnect() -> None:
    """Close the connections to the queues; the next use opens them again."""
    if _queues.cache_info().currsize:
        for queue in _queues(_settings).values():
            queue.storage.close()
    _queues.cache_clear()


@lru_cache(maxsize=1)
def _queues(settings: Settings) -> dict[str, JobQueue]:
    from app.queue.queues import JobQueue  # huey and Redis load slowly, and most commands need neither

    return {name: JobQueue(name, settings, run) for name in QUEUES}


def queue_of(name: str) -> JobQueue:
    """The queue `live` or `bulk`."""
    return _queues(_settings)[name]


_send_again = 0.0
"""When this process may send messages again, in seconds of time.monotonic()."""


def send(queue: str, job_id: int) -> None:
    """Put the message of a job into a queue, unless one could not be sent a short while ago: the next sweep repeats a lost message."""
    global _send_again
    if time.monotonic() < _send_again:
        return
    try:
        queue_of(queue).send(job_id)
    except Exception as error:  # whatever the queue server raises
        _send_again = time.monotonic() + SEND_PAUSE_S
        if outage := outage_of(error):
            log_outage("Messages are not sent to the queue; sweeps send them", outage)
        else:
            log.exception("Job %d was not sent to the queue %s; the next sweep will send it", job_id, queue)


def resume_sending() -> None:
    """Send messages again: a queue has responded."""
    global _send_again
    _send_again = 0.0


def run(job_id: int) -> None:
    """Run a job if it is free. Consumers call this for each message; in an outage a sweep sends it again."""
    try:
        with outages_logged("Background jobs wait"):
            refuse_full_disk()  # a job must not do elsewhere what it cannot store
            job = claim(job_id)
            if job is not None:
                attempt(job, HANDLERS.get(job.kind, _no_handler))
    finally:
        release()


def _no_handler(job: BackgroundJob) -> None:
    raise JobFailed(f"This version of DQM Hub has no handler for jobs of the kind {job.kind}")


def claim(job_id: int) -> BackgroundJob | None:
    """Lease a job to this thread; None if it is not queued, or in a pause between attempts."""
    now = time.time()
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    changes = {
        "state": RUNNING,
        "owner": owner,
        "attempts": BackgroundJob.attempts + 1,
        "lease_until": now + lease_s(),
        "started": now,
        "progress": None,
        "note": "",
    }
    has_attempts = BackgroundJob.lasting | (BackgroundJob.attempts < ATTEMPTS)
    free = BackgroundJob.state == QUEUED, ~in_pause(), ~BackgroundJob.cancelling, has_attempts
    claimed = BackgroundJob.update(**changes).where(BackgroundJob.id == job_id, *free).execute()
    return BackgroundJob.get(BackgroundJob.owner == owner) if claimed else None


def in_pause() -> Any:
    """A condition on queued jobs: the pause between two attempts lasts. A longer one means that the system clock was set back."""
    now = time.time()
    return (BackgroundJob.lease_until > now) & (BackgroundJob.lease_until <= now + LONGEST_PAUSE_S)


def lease_s() -> float:
    """The length of the lease of a job, s."""
    return _settings.of(QueueSettings).job_lease_s


def attempt(job: BackgroundJob, handler: Handler) -> None:
    """Run the handler of a claimed job, renew its lease meanwhile, and store the outcome. Log lines name the job and its request."""
    run = job.arguments.get("run")
    with log_context.during(request=job.request, run=run if isinstance(run, int) else None, job=job.id):
        _attempt(job, handler)


def _attempt(job: BackgroundJob, handler: Handler) -> None:
    log.info("Job %d, %s %s: attempt %d", job.id, job.kind, job.key, job.attempts)
    try:
        with _renewed_lease(job):
            handler(job)
    except JobCancelled:
        _finish(job, CANCELLED)
    except JobFailed as error:
        _finish(job, FAILED, str(error))
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        if outage := outage_of(error):
            log_outage("Background jobs wait", outage)
            _requeue(job, text, OUTAGE_PAUSE_S)
        else:
            log.exception("Job %d, %s %s failed", job.id, job.kind, job.key)
            _retry_later(job, text)
    except BaseException:  # the process is being stopped, so the attempt is not counted
        with outages_logged("Stopped jobs wait for the end of their leases"):
            _update_if_owner(job, state=QUEUED, attempts=job.attempts - 1, lease_until=time.time())
        raise
    else:
        _finish(job, DONE)


def _finish(job: BackgroundJob, state: str, error: str = "") -> None:
    changes = {"state": state, "error": error, "finished": time.time(), "cancelling": False}
    if not _store(job, **changes, **({"progress": 1.0} if state == DONE else {})):
        log.warning("Job %d, %s %s ended as %s after its lease was lost", job.id, job.kind, job.key, state)


def _requeue(job: BackgroundJob, error: str, pause_s: float) -> None:
    """Queue a job again without counting the attempt, after an error that is not its own."""
    _store(job, state=QUEUED, attempts=job.attempts - 1, error=error, lease_until=time.time() + pause_s)


def _retry_later(job: BackgroundJob, error: str) -> None:
    if job.attempts >= ATTEMPTS and not job.lasting:
        _finish(job, FAILED, error)
    else:
        _store(job, state=QUEUED, error=error, lease_until=time.time() + min(2.0**job.attempts, LONGEST_PAUSE_S))


def _store(job: BackgroundJob, **changes: Any) -> bool:
    """Store the outcome of an attempt if it still holds its lease; an outage is waited for while the lease may hold."""
    end = time.monotonic() + lease_s()
    while True:
        try:
            return _update_if_owner(job, **changes)
        except Exception as error:
            outage = outage_of(error)
            if outage is None or time.monotonic() > end:
                raise
            log_outage("Outcomes of background jobs wait", outage)
            release()
            time.sleep(STORE_RETRY_S)


def _update_if_owner(job: BackgroundJob, *conditions: Any, **changes: Any) -> bool:
    """Change the row of a job if this attempt still holds its lease; returns whether it does."""
    owned = BackgroundJob.id == job.id, BackgroundJob.owner == job.owner, BackgroundJob.state == RUNNING
    changed: int = BackgroundJob.update(**changes).where(*owned, *conditions).execute()
    return bool(changed)


@contextmanager
def _renewed_lease(job: BackgroundJob) -> Iterator[None]:
    """Renew the lease of a job from a second thread, which connects to the database at its first renewal only."""
    ended = threading.Event()
    length_s = lease_s()

    def renew() -> None:
        try:
            while not ended.wait(length_s / 4):
                try:
                    with outages_logged("Leases of background jobs are not renewed"):
                        _update_if_owner(job, lease_until=time.time() + length_s)
                except Exception:  # whatever the database raises: three more tries fit into the lease
                    log.exception("The lease of job %d was not renewed", job.id)
                release()
        finally:
            end_thread()

    renewer = threading.Thread(target=contextvars.copy_context().run, args=(renew,), name=f"lease-{job.id}", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        ended.set()
        renewer.join()


def report(job: BackgroundJob, progress: float | None, note: str = "") -> None:
    """Store the progress of a handler (0..1, None if unknown).

    Raises:
        JobCancelled: the handler is to stop, because the job was cancelled or another process has taken it over.
    """
    if not _update_if_owner(job, ~BackgroundJob.cancelling, progress=progress, note=note):
        raise JobCancelled("The job was cancelled, or taken over by another process")
