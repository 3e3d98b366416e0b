"""Periodic tasks of the job diary: one for each source of jobs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.settings import Settings
from app.diary.sources.registry import configured_sources
from app.diary.sources.runner import scanning_task
from app.queue.periodic import PeriodicTask, periodic_tasks


@periodic_tasks
def scan(settings: Settings) -> Iterable[PeriodicTask]:
    """Scan the sources of jobs."""
    for source in configured_sources(settings).sources:
        yield PeriodicTask(f"jobs of {source.name}", source.period_s, partial(scanning_task, source, settings))
