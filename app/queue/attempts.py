"""Doing the work of a row: claimed by a guarded UPDATE, under a lease that is renewed while the handler runs."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from app.core.database import end_thread, release
from app.core.settings import Settings
from app.queue.model import ATTEMPTS, CANCELLED, DONE, FAILED, OPEN, QUEUED, RUNNING, Cancelled, Failed, Work
from app.queue.queues import QUEUES, Queue
from app.queue.settings import QueueSettings

log = logging.getLogger(__name__)

Handler = Callable[[Work], None]
HANDLERS: dict[str, Handler] = {}
"""What this process can do, by kind."""
DAILY: set[str] = set()
"""The kinds that are done once each day."""


def handler(kind: str, *, daily: bool = False) -> Callable[[Handler], Handler]:
    """Register the function that does work of this kind; it may run again for the same work, so it is idempotent."""

    def register(function: Handler) -> Handler:
        HANDLERS[kind] = function
        if daily:
            DAILY.add(kind)
        return function

    return register


_settings = Settings()


def connect(settings: Settings) -> None:
    """Say where the queues of this process are; nothing is opened before the first use."""
    global _settings
    disconnect()
    _settings = settings


def disconnect() -> None:
    """Close the connections to the queues; they open again when they are used."""
    if _queues.cache_info().currsize:
        for queue in _queues(_settings).values():
            queue.storage.close()
    _queues.cache_clear()


@lru_cache(maxsize=1)
def _queues(settings: Settings) -> dict[str, Queue]:
    return {name: Queue(name, settings, run) for name in QUEUES}


def queue_of(name: str) -> Queue:
    """The queue `live` or `bulk`."""
    return _queues(_settings)[name]


def tell(queue: str, number: int) -> None:
    """Put the message of a row into a queue."""
    try:
        queue_of(queue).tell(number)
    except Exception:  # whatever the server of the queue raises: the row is stored, so nothing is lost
        log.exception("the queue %s was not told of work %d; the next sweep will", queue, number)


def run(number: int) -> None:
    """Do the work of a row if it is free; what the consumers call for each message."""
    try:
        row = claim(number)
        if row is not None:
            attempt(row, HANDLERS.get(row.kind, _unknown))
    finally:
        release()


def _unknown(row: Work) -> None:
    raise Failed(f"this version of DQM Hub does no work of the kind {row.kind}")


def claim(number: int) -> Work | None:
    """The row, now run by this thread until its lease ends; None when it is not free."""
    now = time.time()
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    taken = (
        Work.update(
            state=RUNNING, owner=owner, attempts=Work.attempts + 1, lease_until=now + _settings.of(QueueSettings).work_lease_s,
            started=now, progress=None, note="",
        )
        .where(Work.id == number, Work.state.in_(OPEN), Work.lease_until <= now, ~Work.cancelling, Work.attempts < ATTEMPTS)
        .execute()
    )  # fmt: skip
    return Work.get(Work.owner == owner) if taken else None


def attempt(row: Work, handler: Handler) -> None:
    """Run the handler of a claimed row under a lease that is renewed, and store how it ended."""
    log.info("work %d, %s %s: attempt %d", row.id, row.kind, row.key, row.attempts)
    try:
        with _lease(row):
            handler(row)
    except Cancelled:
        _end(row, CANCELLED)
    except Failed as error:
        _end(row, FAILED, str(error))
    except Exception as error:
        log.exception("work %d, %s %s failed", row.id, row.kind, row.key)
        _try_again(row, f"{type(error).__name__}: {error}")
    except BaseException:  # the process is told to stop: this was no attempt
        _mine(row, state=QUEUED, attempts=row.attempts - 1, lease_until=time.time())
        raise
    else:
        _end(row, DONE)


def _end(row: Work, state: str, error: str = "") -> None:
    ended = {"state": state, "error": error, "finished": time.time(), "cancelling": False}
    if not _mine(row, **ended, **({"progress": 1.0} if state == DONE else {})):
        log.warning("work %d, %s %s ended as %s after its lease was lost", row.id, row.kind, row.key, state)


def _try_again(row: Work, error: str) -> None:
    if row.attempts >= ATTEMPTS:
        _end(row, FAILED, error)
    else:
        _mine(row, state=QUEUED, error=error, lease_until=time.time() + 2.0**row.attempts)


def _mine(row: Work, *conditions: Any, **changes: Any) -> bool:
    """Change a row if this attempt still has it, and say whether it has."""
    changed: int = Work.update(**changes).where(Work.id == row.id, Work.owner == row.owner, Work.state == RUNNING, *conditions).execute()
    return bool(changed)


@contextmanager
def _lease(row: Work) -> Iterator[None]:
    """Renew the lease of a row from a second thread, which opens a connection only for work that takes long."""
    over = threading.Event()
    period = _settings.of(QueueSettings).work_lease_s

    def renew() -> None:
        try:
            while not over.wait(period / 4):
                try:
                    _mine(row, lease_until=time.time() + period)
                except Exception:  # whatever the database raises: there is time for the next try
                    log.exception("the lease of work %d was not renewed", row.id)
                release()
        finally:
            end_thread()

    renewer = threading.Thread(target=renew, name=f"lease-{row.id}", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        over.set()
        renewer.join()


def report(row: Work, progress: float | None, note: str = "") -> None:
    """Store how far a handler is (0..1, None when it cannot tell); Cancelled when it is to stop."""
    if not _mine(row, ~Work.cancelling, progress=progress, note=note):
        raise Cancelled
