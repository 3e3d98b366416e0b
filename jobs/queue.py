"""Background jobs of the queue itself: removing rows of jobs that ended long ago."""

from __future__ import annotations

import time

from app.queue.execution import handler, report
from app.queue.models import BackgroundJob
from app.queue.states import CANCELLED, DONE, FAILED

CLEAN = "clean"
KEEP_DAYS = 30
BATCH = 1000
"""Rows removed in one statement, so that no other process waits long for the database."""


@handler(CLEAN, daily=True)
def clean(job: BackgroundJob) -> None:
    """Remove jobs that ended more than KEEP_DAYS ago."""
    old = BackgroundJob.state.in_((DONE, FAILED, CANCELLED)), BackgroundJob.finished < time.time() - KEEP_DAYS * 86400
    removed = 0
    while batch := [row.id for row in BackgroundJob.select(BackgroundJob.id).where(*old).limit(BATCH)]:
        removed += BackgroundJob.delete().where(BackgroundJob.id.in_(batch)).execute()
        report(job, None, f"{removed} rows of old jobs removed")
    report(job, None, f"{removed} rows of old jobs removed")
