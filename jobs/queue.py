"""Background jobs of the queue itself: removing rows of jobs that ended long ago."""

from __future__ import annotations

import time

from app.queue import Work, handler, report
from app.queue.model import CANCELLED, DONE, FAILED

CLEAN = "clean"
KEEP_DAYS = 30
BATCH = 1000
"""Rows removed in one statement, so that no other process waits long for the database."""


@handler(CLEAN, daily=True)
def clean(work: Work) -> None:
    """Remove jobs that ended more than KEEP_DAYS ago."""
    old = Work.state.in_((DONE, FAILED, CANCELLED)), Work.finished < time.time() - KEEP_DAYS * 86400
    removed = 0
    while batch := [row.id for row in Work.select(Work.id).where(*old).limit(BATCH)]:
        removed += Work.delete().where(Work.id.in_(batch)).execute()
        report(work, None, f"{removed} rows of old jobs removed")
    report(work, None, f"{removed} rows of old jobs removed")
