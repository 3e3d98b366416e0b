"""Periodic tasks of the job diary: one for each source of jobs, and one for its index. Bulk reviews, and their daily clean-up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from app.core.settings import Settings, load
from app.diary.index import index_again
from app.diary.retention import remove_empty_tallies, remove_old
from app.diary.review import bulk
from app.diary.settings import DiarySettings
from app.diary.sources.registry import configured_sources
from app.diary.sources.runner import scanning_task
from app.queue.execution import handler, report
from app.queue.models import BackgroundJob
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


@handler(bulk.KIND)
def review_jobs(job: BackgroundJob) -> None:
    """Review the jobs of a bulk review."""
    bulk.run_bulk(int(job.key), partial(report, job))


@handler(bulk.UNDO_KIND)
def undo_review_of_jobs(job: BackgroundJob) -> None:
    """Restore the earlier reviews of a bulk review that somebody has undone."""
    bulk.run_undo(int(job.key), partial(report, job))


@handler("clean-diary-reviews", daily=True)
def clean_reviews(job: BackgroundJob) -> None:
    """Delete what is needed to undo bulk reviews that are too old for it."""
    report(job, None, f"{bulk.forget_changes(time.time())} earlier reviews deleted")


@handler("clean-diary", daily=True)
def clean(job: BackgroundJob) -> None:
    """Remove jobs of the diary that are older than the settings say, and tallies without jobs. Running twice removes the same."""
    removed = remove_old(load().of(DiarySettings).diary_keep_days, lambda count: report(job, None, f"{count} jobs removed"))
    report(job, None, f"{removed} jobs removed")
    remove_empty_tallies()
