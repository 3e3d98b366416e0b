"""The own jobs of this hub, from the rows of its queue: the kinds that areas declare, such as imports and extractions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from peewee import ModelCompoundSelectQuery

from app.core.area import OwnJob, OwnJobKind, current_areas
from app.core.database import rows
from app.core.settings import Settings
from app.core.urls import without_folder
from app.diary import states
from app.diary.observations.observation import Observation, ParentKey
from app.diary.settings import DiarySettings
from app.diary.sources.source import JobScan, JobSource, PeriodOption, SourceKind, observed, read_options
from app.queue.models import BackgroundJob
from app.queue.settings import QUEUES
from app.queue.states import CANCELLED, DONE, FAILED, OPEN, QUEUED, RUNNING

STATES = {QUEUED: states.PENDING, RUNNING: states.RUNNING, DONE: states.DONE, FAILED: states.FAILED, CANCELLED: states.CANCELLED}
AT_ONCE = 2000
"""Rows read in one query."""
OVERLAP_S = 60.0
"""Changes are read again for so long, since clocks differ and a row becomes visible after its time."""


class OwnJobs(JobSource):
    """The rows of the queue, new ones first; then those that changed since the last scan.

    The cursor has `id`, the last new row; `since`, from when on changes are read; and, while those are more than fit into
    one scan, `after`, the last changed row that was read, with `until`, when their reading began.
    """

    title = "Own jobs of this hub"

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """The new and the changed rows; rows are removed only after their end, so none is missed."""
        last, since, after, now = cursor.get("id", 0), cursor.get("since", 0.0), cursor.get("after", 0), time.time()
        job = BackgroundJob
        kinds = {each.kind: each for area in current_areas() for each in area.own_jobs}
        some = job.select().order_by(job.id).limit(AT_ONCE)  # of all kinds: with them the database would read all rows of the queue
        new = list(some.where(job.id > last))
        changed = list(some.where(job.id > after, job.id <= last, job.id.in_(_changed_since(since)))) if last else []
        until = cursor.get("until") or now
        following: dict[str, Any] = {"id": new[-1].id if new else last, "since": since, "after": 0}
        if len(changed) == AT_ONCE:
            following |= {"after": changed[-1].id, "until": until}
        else:
            following["since"] = until - OVERLAP_S
        found = [row for row in [*changed, *new] if row.kind in kinds]
        own = {name: each.describe({row.key for row in found if row.kind == name}) for name, each in kinds.items()}

        def observation(row: BackgroundJob) -> Observation:
            described = own[row.kind].get(row.key)
            seen = _observation(row, kinds[row.kind], described, now)
            return replace(seen, parents=_parents(self.name, row, described.follows)) if described else seen

        observations, quarantined = observed(found, observation)
        return JobScan(observations, following, quarantined=quarantined)


def _changed_since(since: float) -> ModelCompoundSelectQuery:
    """The numbers of the rows that changed since a time, by indexes alone: most rows have ended long ago."""
    job = BackgroundJob
    has_moved = job.lease_until >= since  # each claim, renewal and pause moves the lease
    is_open = job.select(job.id).where(job.state.in_(OPEN), job.queue.in_(QUEUES), has_moved)
    return is_open | job.select(job.id).where(job.finished >= since)


def _parents(source: str, job: BackgroundJob, follows: Iterable[tuple[str, str]]) -> list[ParentKey]:
    """The latest rows of these kinds and keys that came before a row."""
    row, found = BackgroundJob, []
    for kind, key in follows:  # one step in the index for each: a file of an ongoing run is imported often
        before = row.select(row.id, row.created).where(row.kind == kind, row.key == key, row.id < job.id)
        found += [ParentKey(source, str(number), int(created)) for number, created in rows(before.order_by(row.id.desc()).limit(1))]
    return found


def _observation(job: BackgroundJob, kind: OwnJobKind, own: OwnJob | None, now: float) -> Observation:
    """A row as an observation. own: what its area says of the job; None: no more, as when its file is not registered any more."""
    return Observation(
        native_id=str(job.id),
        seen=now,
        state=STATES.get(job.state, states.UNKNOWN),
        submitted=job.created,
        kind=kind.title,
        name=own.name if own else None,
        user=own.user if own else None,
        reason=without_folder(job.error, own.file) if own and own.file else job.error,
        attempts=job.attempts,
        started=job.started,
        ended=job.finished,
        labels={**(own.labels if own else {}), "queue": job.queue},
        logs=[(own.page, "page")] if own and own.page else None,
        metrics={} if job.progress is None else {"progress": job.progress},
        facts={"kind": job.kind, "key": job.key, "state": job.state, "note": job.note, "owner": job.owner},
    )


def _make(name: str, options: Mapping[str, Any], settings: Settings) -> JobSource:
    return OwnJobs(name, read_options(PeriodOption, options).period_s or settings.of(DiarySettings).diary_own_period_s)


KIND = SourceKind("own-jobs", _make, is_default=True)
