"""How long a job waited and ran."""

from __future__ import annotations

from typing import NamedTuple

from app.diary.models import DiaryJob
from app.diary.states import UNFINISHED


class Timeline(NamedTuple):
    """The life of a job. Durations are in s; None: unknown, or below zero by clocks that differ."""

    waited: float | None  # from submission to start
    ran: float | None  # from start to end
    is_waiting: bool  # it has not started yet: `waited` grows
    is_running: bool  # it has not ended yet: `ran` grows

    @property
    def total(self) -> float:
        """Of both."""
        return (self.waited or 0) + (self.ran or 0)


def timeline_of(job: DiaryJob, now: float) -> Timeline:
    """The life of a job until now, or until a lost job was last seen, Unix s UTC."""
    is_open = job.ended is None and job.state in UNFINISHED
    until = now if is_open else job.ended or job.seen
    waited = _between(job.submitted or None, job.started or (until if is_open else None))
    return Timeline(waited, _between(job.started, until), is_open and job.started is None, is_open and job.started is not None)


def _between(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None or end < begin else end - begin
