"""The table of work and what can be said of a row."""

from __future__ import annotations

import json
import time
from typing import Any

from peewee import SQL, AutoField, BooleanField, DoubleField, IntegerField, TextField

from app.core.database import Table

QUEUED, RUNNING, DONE, FAILED, CANCELLED = STATES = ("queued", "running", "done", "failed", "cancelled")
OPEN = (QUEUED, RUNNING)
ATTEMPTS = 5
"""Times that work is begun before it is given up, be it that its handler fails or that its process dies."""

POLL_S = 0.01


class Failed(Exception):
    """Raised by a handler: the work cannot succeed, and trying again would not help. The text is shown to people."""


class Cancelled(Exception):
    """Raised by `report` in a handler whose work was cancelled, or was taken over because its lease had ended."""


class Refused(ValueError):
    """Work cannot be cancelled or tried again in the state that it is in; the message says why."""


class Work(Table):
    """One piece of work; at most one open (queued or running) row for each kind and key.

    args: JSON object. lease_until: Unix s UTC until which nobody may take the row: the end of the runner's lease, of
    the pause before the next attempt, or the time at which it was queued. owner: host, process and attempt that runs
    or ran it. progress: 0..1. created, started (last attempt), finished: Unix s UTC.
    """

    id = AutoField()
    queue = TextField()
    kind = TextField()
    key = TextField()
    args = TextField(default="{}")
    state = TextField(default=QUEUED)
    attempts = IntegerField(default=0)
    lease_until = DoubleField(default=time.time)
    owner = TextField(default="")
    cancelling = BooleanField(default=False)
    progress = DoubleField(null=True)
    note = TextField(default="")
    error = TextField(default="")
    created = DoubleField(default=time.time)
    started = DoubleField(null=True)
    finished = DoubleField(null=True)

    class Meta:
        indexes = ((("state", "queue", "lease_until"), False), (("kind", "key"), False))

    @property
    def arguments(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(self.args)
        return values


Work.add_index(Work.index(Work.kind, Work.key, unique=True, name="work_open_kind_key", where=SQL("state IN ('queued', 'running')")))
