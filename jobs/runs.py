"""Periodic tasks of the facts of runs: one for each source that has an address."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.settings import Settings
from app.queue.periodic import PeriodicTask, periodic_tasks
from app.runs.fetching import fetching_task
from app.runs.models import OMS, RUN_REGISTRY
from app.runs.settings import RunsSettings


@periodic_tasks
def fetch(settings: Settings) -> Iterable[PeriodicTask]:
    """Fetch facts of runs from OMS and the Run Registry."""
    runs = settings.of(RunsSettings)
    for name, title, url in ((OMS, "OMS", runs.runs_oms_url), (RUN_REGISTRY, "Run Registry", runs.runs_rr_url)):
        if url:
            yield PeriodicTask(f"facts of runs from {title}", runs.runs_period_s, partial(fetching_task, name, settings))
