"""A job of the demo: its course, and the reports of its source over time."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from app.diary.observations.observation import Observation
from app.diary.states import CANCELLED, DONE, FAILED, HELD, PENDING, RUNNING

DAY_S, HOUR_S, MINUTE_S = 86400.0, 3600.0, 60.0
FACTS = {"made by": "a formula, for the demo"}
"""The fact by which each job of the demo is recognised."""


class DemoJob(NamedTuple):
    """A job as its source has reported it last. Earlier reports follow from the times in it."""

    source: str
    last: Observation

    def observations(self) -> Iterator[Observation]:
        """The reports of the source on the job, from its submission on."""
        job = self.last
        before = replace(job, exit_code=None, signal=None, reason=None, metrics=None, started=None, ended=None)
        if job.submitted < (job.started or job.seen):
            yield replace(before, seen=job.submitted, state=PENDING)
        if job.started and job.started < job.seen:
            yield replace(before, seen=job.started, state=RUNNING, started=job.started)
        yield job


class DemoFailure(NamedTuple):
    """Why a job of the demo failed."""

    reason: str
    exit_code: int
    signal: int | None = None


class DemoCourse(NamedTuple):
    """How a job went until now."""

    state: str
    seen: float
    started: float | None = None
    ended: float | None = None
    exit_code: int | None = None
    signal: int | None = None
    reason: str | None = None


def course(
    dice: random.Random, submitted: float, wait_s: float, length_s: float, now: float, failures: Sequence[DemoFailure]
) -> DemoCourse:
    """How a job went: one in nine fails, some are cancelled or held; `now` may come before its start or end.

    Args:
        dice: Decides what happens, and varies both durations.
        submitted: Unix s UTC.
        wait_s, length_s: Usual time until its start, and from there to its end.
        now: Unix s UTC.
        failures: Why such a job may fail.
    """
    fate = dice.random()
    if fate > 0.985:
        return DemoCourse(HELD, now, reason="Held by its user")
    started = round(submitted + wait_s * dice.uniform(0.3, 2.5))
    ended = round(started + length_s * (dice.uniform(0.05, 0.8) if fate < 0.15 else dice.uniform(0.7, 1.4)))
    if started > now:
        return DemoCourse(PENDING, now, reason="Waits for free slots")
    if ended > now:
        return DemoCourse(RUNNING, now, started)
    if fate < 0.11:
        failure = dice.choice(failures)
        return DemoCourse(FAILED, ended, started, ended, failure.exit_code, failure.signal, failure.reason)
    if fate < 0.15:
        return DemoCourse(CANCELLED, ended, started, ended, reason="Cancelled by its user")
    return DemoCourse(DONE, ended, started, ended, 0)
