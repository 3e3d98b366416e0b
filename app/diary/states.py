"""The states of a job of the diary."""

from __future__ import annotations

UNKNOWN, PENDING, HELD, RUNNING, DONE, FAILED, CANCELLED, LOST = STATES = (
    *("unknown", "pending", "held", "running"),
    *("done", "failed", "cancelled", "lost"),
)
"""In the order of a life; lost: the source has not shown the job for some time."""

UNFINISHED = (UNKNOWN, PENDING, HELD, RUNNING)
"""States from which a job may become lost."""

REVIEWS = ("open", "ongoing", "done")
"""Progress of the review of a job; open: not reviewed yet."""

VERDICTS = ("none", "ok", "not-ok", "issue", "other", "obsolete")
"""What people think of a job. Lists leave obsolete ones out."""
