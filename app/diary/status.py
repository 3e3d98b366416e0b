"""State of the sources of jobs for the status page, the page of jobs and /metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from peewee import fn

from app.core.area import State, StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.core.text import counted
from app.diary.models import DiaryJob, DiarySource
from app.diary.sources.registry import configured_sources
from app.diary.sources.runner import source_state
from app.diary.sources.source import JobSource

if TYPE_CHECKING:
    from prometheus_client import Metric

LATE_PERIODS, LATE_S = 3, 30.0
"""A source is down when its last scan is longer ago than both."""
SKEW_S = 60.0
"""A clock that is further ahead gets a warning."""


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """A line for each source, also for those whose configuration cannot be used."""
    configured = configured_sources(settings)
    for source in configured.sources:
        yield source_line(source)._replace(name=f"jobs: {source.name}")
    for problem in configured.problems:
        yield StatusLine(f"jobs: {problem.name}", "down", "cannot be used as it is configured", detail=problem.reason)


def source_line(source: JobSource) -> StatusLine:
    """The state of a source in words."""
    row, now = source_state(source.name), time.time()
    age_s = None if row.last_ok is None else max(now - row.last_ok, 0.0)
    if row.failures:
        return StatusLine(source.title, "down", f"fails, {counted(row.failures, 'attempt')}", age_s, row.error)
    if age_s is None:
        return StatusLine(source.title, "idle", "not scanned yet")
    text, detail = f"{row.found:,} new and {row.changed:,} changed in the last scan", ""
    is_late = age_s > max(LATE_PERIODS * source.period_s, LATE_S)
    state: State = "down" if is_late else "warn" if row.skew_s > SKEW_S else "ok"
    if row.quarantined:
        detail = f"{counted(row.quarantined, 'record')} could not be used so far"
    if row.skew_s > SKEW_S:
        detail = f"Its clock is {row.skew_s:,.0f} s ahead" + (f"; {detail}" if detail else "")
    return StatusLine(source.title, state, text, age_s, detail)


def metrics(settings: Settings) -> Iterator[Metric]:
    """Jobs by source and state; age, duration, failures and unusable records of each source."""
    columns = DiaryJob.source, DiaryJob.machine_state
    found = rows(DiaryJob.select(*columns, fn.COUNT(DiaryJob.id)).group_by(*columns))
    samples = [({"source": source, "state": state}, count) for source, state, count in sorted(found)]
    yield gauge("dqmhub_diary_jobs", "Jobs of the diary by source and state there", samples)
    configured = [source.name for source in configured_sources(settings).sources]
    sources, now = list(DiarySource.select().where(DiarySource.name.in_(configured)).order_by(DiarySource.name)), time.time()
    ages = [({"source": row.name}, now - row.last_ok) for row in sources if row.last_ok is not None]
    yield gauge("dqmhub_diary_source_age_seconds", "Time since the last scan of a source of jobs", ages)
    durations = [({"source": row.name}, row.duration_s) for row in sources if row.duration_s is not None]
    yield gauge("dqmhub_diary_scan_seconds", "Duration of the last scan of a source of jobs", durations)
    failures = [({"source": row.name}, row.failures) for row in sources]
    yield gauge("dqmhub_diary_source_failures", "Failed scans of a source of jobs in a row", failures)
    quarantined = [({"source": row.name}, row.quarantined) for row in sources]
    yield gauge("dqmhub_diary_quarantined", "Records of a source of jobs that could not be used", quarantined)
