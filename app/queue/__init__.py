"""Work that matters has a row: what is to be done, its state, who has it until when, progress and error.

A queue carries the number of a row. Whoever takes it claims the row by a guarded UPDATE and renews a lease while the
handler runs; a row whose process was killed is free when its lease ends, and `sweep` tells the queue again of every
free row that it has no message of. So nothing is lost or done by two at once; as a killed handler runs again from
the start, handlers are idempotent. The clocks of several hosts must agree to much better than `work_lease_s`.
"""

from __future__ import annotations

from app.queue.attempts import connect, disconnect, handler, queue_of, report, run
from app.queue.book import cancel, counts, enqueue, enqueue_daily, find, last_failed, oldest_queued, retry, run_here, sweep, wait
from app.queue.loops import Loop, Repeated, Turn, repeats
from app.queue.model import STATES, Cancelled, Failed, Refused, Work
from app.queue.queues import QUEUES

__all__ = [
    "QUEUES", "STATES", "Cancelled", "Failed", "Loop", "Refused", "Repeated", "Turn", "Work", "cancel", "connect", "counts", "disconnect",
    "enqueue", "enqueue_daily", "find", "handler", "last_failed", "oldest_queued", "queue_of", "repeats", "report", "retry", "run",
    "run_here", "sweep", "wait",
]  # fmt: skip
