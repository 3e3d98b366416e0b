"""The table of background jobs, and the errors of the queue."""

from __future__ import annotations

import json
import time
from typing import Any

from peewee import SQL, AutoField, BooleanField, DoubleField, IntegerField, TextField

from app.core.database import Table
from app.queue.states import QUEUED

ATTEMPTS = 5
"""Attempts before a job fails for good, whether its handler raises or its process dies; lasting jobs are always retried."""

LONGEST_PAUSE_S = 2.0**ATTEMPTS
"""No pause between two attempts is longer."""


class QueueError(Exception):
    """Base of the errors of background jobs. The message is a sentence for users."""


class JobFailed(QueueError):
    """Raised by a handler when another attempt would not help."""


class JobCancelled(QueueError):
    """Raised by `report` in a handler whose job was cancelled, or whose lease was lost to another process."""


class JobStateError(QueueError):
    """A job does not exist, or cannot be cancelled or retried in its present state."""


class BackgroundJob(Table):
    """A background job. Times are Unix seconds, UTC."""

    id = AutoField()
    queue = TextField()  # live or bulk
    kind = TextField()  # name of the handler
    key = TextField()  # target; at most one open (queued or running) job for each kind and key
    args = TextField(default="{}")  # JSON object
    state = TextField(default=QUEUED)  # one of STATES
    attempts = IntegerField(default=0)
    lease_until = DoubleField(
        default=time.time
    )  # queued: end of the pause between attempts; running: of the lease, which each renewal changes
    owner = TextField(default="")  # host, process and attempt of the last claim
    request = TextField(default="")  # id of the HTTP request that caused it, for logs
    lasting = BooleanField(default=False)  # it is retried until it is done, and cannot be cancelled
    cancelling = BooleanField(default=False)  # the running handler is to stop
    progress = DoubleField(null=True)  # 0..1, null when unknown
    note = TextField(default="")  # progress in words
    error = TextField(default="")  # of the last attempt
    created = DoubleField(default=time.time)
    started = DoubleField(null=True)  # start of the last attempt
    finished = DoubleField(null=True)

    class Meta:
        indexes = ((("state", "queue", "lease_until"), False), (("kind", "key"), False), (("finished",), False))

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that the job was enqueued with."""
        values: dict[str, Any] = json.loads(self.args)
        return values


BackgroundJob.add_index(
    BackgroundJob.index(
        BackgroundJob.kind, BackgroundJob.key, unique=True, name="background_job_open_kind_key", where=SQL("state IN ('queued', 'running')")
    )
)
