"""The book of work: entered once for each kind and key, told to the queues, cancelled, tried again, counted."""

from __future__ import annotations

import json
import threading
import time
from functools import partial
from typing import Any, NoReturn

from peewee import IntegrityError, fn

from app.core.database import end_thread, proxy, rows
from app.queue.attempts import DAILY, Handler, attempt, claim, queue_of, tell
from app.queue.model import ATTEMPTS, CANCELLED, FAILED, OPEN, QUEUED, Refused, Work

POLL_S = 0.02


def enqueue(kind: str, key: str, args: dict[str, Any] | None = None, *, queue: str = "bulk") -> Work:
    """The open work of this kind and key, queued now unless there is one; the queue is told once this is committed."""
    while True:
        if row := _open(kind, key):  # looked for first, since pages ask for the same work again and again
            return row
        if row := _insert(queue, kind, key, args):
            proxy.after_commit(partial(tell, queue, row.id))
            return row  # else somebody else entered it between the two statements


def run_here(kind: str, key: str, handler: Handler, args: dict[str, Any] | None = None) -> Work:
    """Do the work in a thread of this process, at once; the row is returned unchanged when it runs elsewhere already.

    If this process dies or the handler fails, the consumer of the bulk queue does it, by its own handler of that kind.
    """
    while True:
        row = _insert("bulk", kind, key, args) or _open(kind, key)
        if row:
            break
    claimed = claim(row.id)
    if claimed is None:
        return row

    def work() -> None:
        try:
            attempt(claimed, handler)
        finally:
            end_thread()

    threading.Thread(target=work, name=f"work-{row.id}", daemon=True).start()
    return claimed


def find(kind: str, key: str) -> Work | None:
    """The newest work of this kind and key, in whatever state."""
    row: Work | None = Work.select().where(Work.kind == kind, Work.key == key).order_by(Work.id.desc()).first()
    return row


def wait(row: Work, seconds: float) -> bool:
    """Whether the work ended, in whatever state, within this time."""
    end = time.monotonic() + seconds
    while Work.select().where(Work.id == row.id, Work.state.in_(OPEN)).exists():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True


def _open(kind: str, key: str) -> Work | None:
    row: Work | None = Work.get_or_none(Work.kind == kind, Work.key == key, Work.state.in_(OPEN))
    return row


def _insert(queue: str, kind: str, key: str, args: dict[str, Any] | None) -> Work | None:
    try:
        with proxy.atomic():
            row: Work = Work.create(queue=queue, kind=kind, key=key, args=json.dumps(args or {}))
            return row
    except IntegrityError:  # there is an open one
        return None


def sweep(queue: str) -> None:
    """Tell a queue of its free rows that it has no message of, and close rows that need no further attempt."""
    free = Work.state.in_(OPEN), Work.queue == queue, Work.lease_until <= time.time()
    over = Work.cancelling | (Work.attempts >= ATTEMPTS)
    for number, owner, attempts, cancelling in rows(Work.select(Work.id, Work.owner, Work.attempts, Work.cancelling).where(*free, over)):
        if cancelling:
            _close(number, owner, CANCELLED, "")
        else:
            _close(number, owner, FAILED, f"the process that did it died {attempts} times")
    if queue_of(queue).pending_count() < Work.select().where(*free).count():  # else each has its message, and none is read
        told = queue_of(queue).waiting()
        for (number,) in rows(Work.select(Work.id).where(*free).order_by(Work.id)):
            if number not in told:
                tell(queue, number)


def enqueue_daily() -> None:
    """Enter today's work (UTC) of the kinds that are done daily, unless it was entered before."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for kind in DAILY:
        if find(kind, today) is None:
            enqueue(kind, today)


def _close(number: int, owner: str, state: str, error: str) -> None:
    free = Work.state.in_(OPEN), Work.owner == owner, Work.lease_until <= time.time()
    Work.update(state=state, error=error, finished=time.time(), cancelling=False).where(Work.id == number, *free).execute()


def cancel(number: int) -> None:
    """Cancel queued work at once, and running work when its handler next reports; Refused when it is over."""
    queued = Work.update(state=CANCELLED, finished=time.time()).where(Work.id == number, Work.state == QUEUED)
    running = Work.update(cancelling=True).where(Work.id == number, Work.state.in_(OPEN))
    if not queued.execute() and not running.execute():
        _refuse(number, "open")


def retry(number: int) -> None:
    """Queue failed or cancelled work again, with all its attempts; Refused when that cannot be."""
    again = {"state": QUEUED, "attempts": 0, "lease_until": time.time(), "error": "", "owner": "", "progress": None, "finished": None}
    try:
        with proxy.atomic():
            changed = Work.update(**again).where(Work.id == number, Work.state.in_((FAILED, CANCELLED))).execute()
    except IntegrityError:
        raise Refused(f"work {number} is open under another number already") from None
    if not changed:
        _refuse(number, "failed or cancelled")
    row = Work.get_by_id(number)
    proxy.after_commit(partial(tell, row.queue, number))


def _refuse(number: int, wanted: str) -> NoReturn:
    row = Work.get_or_none(Work.id == number)
    raise Refused(f"work {number} is {row.state}, not {wanted}" if row else f"there is no work {number}")


def counts() -> dict[tuple[str, str], int]:
    """Rows by queue and state."""
    rows: Any = Work.select(Work.queue, Work.state, fn.COUNT(Work.id)).group_by(Work.queue, Work.state).tuples()
    return {(queue, state): count for queue, state, count in rows}


def last_failed(count: int) -> list[Work]:
    """The work that failed last, newest first."""
    return list(Work.select().where(Work.state == FAILED).order_by(Work.finished.desc()).limit(count))


def oldest_queued(queue: str) -> float:
    """Seconds that the work at the head of a queue has been waiting for a process; 0 when nothing waits."""
    free = Work.queue == queue, Work.state == QUEUED
    since: float | None = Work.select(fn.MIN(Work.lease_until)).where(*free).scalar()
    return 0.0 if since is None else max(0.0, time.time() - since)
