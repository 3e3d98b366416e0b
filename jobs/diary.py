"""Periodic tasks of the job diary: one for each source of jobs, and one for its index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from app.core.settings import Settings
from app.diary.index import index_again
from app.diary.sources.registry import configured_sources
from app.diary.sources.runner import scanning_task
from app.queue.periodic import PeriodicTask, TaskRun, periodic_tasks

INDEX_S = 60.0
"""Pause between two looks for jobs that are to be indexed again, s."""
INDEX_JOBS = 100
"""Jobs of one transaction."""


@periodic_tasks
def scan(settings: Settings) -> Iterable[PeriodicTask]:
    """Scan the sources of jobs."""
    for source in configured_sources(settings).sources:
        yield PeriodicTask(f"jobs of {source.name}", source.period_s, partial(scanning_task, source, settings))


@periodic_tasks
def index(settings: Settings) -> Iterable[PeriodicTask]:
    """Index the jobs that a change of the index has marked for it."""
    yield PeriodicTask("index of jobs", INDEX_S, index_marked)


@contextmanager
def index_marked(run: TaskRun) -> Iterator[Callable[[], None]]:
    """The task that indexes all marked jobs, in short transactions."""

    def step() -> None:
        while index_again(INDEX_JOBS) and not run.should_stop():
            continue

    yield step
