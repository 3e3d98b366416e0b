"""Observations and jobs for the tests of the diary."""

from __future__ import annotations

from typing import Any

from app.diary.models import DiaryEvent, DiaryJob
from app.diary.observations.observation import Observation

NOW = 1_700_000_000.0
"""The clock of the hub in tests."""


def seen(at: float, state: str = "running", native_id: str = "7", **values: Any) -> Observation:
    """An observation of the job 7, submitted 1000 s before NOW."""
    return Observation(**{"native_id": native_id, "seen": at, "state": state, "submitted": NOW - 1000, **values})


def only_job() -> DiaryJob:
    """The job, if there is one alone."""
    (job,) = DiaryJob.select()
    return job


def changes(job: DiaryJob, field: str = "state") -> list[tuple[str, str]]:
    """The history of a field, from old to new, the oldest first."""
    query = DiaryEvent.select().where(DiaryEvent.job == job.id, DiaryEvent.field == field).order_by(DiaryEvent.id)
    return [(row.old, row.new) for row in query]
