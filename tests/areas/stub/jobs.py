"""Periodic task of the stub area."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from app.core.settings import Settings
from app.queue.periodic import PeriodicTask, TaskRun, periodic_tasks
from tests.areas.stub.models import Visit


@contextmanager
def forgetting(_: TaskRun) -> Iterator[Callable[[], None]]:
    """Gives a step that removes all visits."""
    yield lambda: Visit.delete().execute() and None


@periodic_tasks
def forget(settings: Settings) -> Iterable[PeriodicTask]:
    """Remove the visits each hour."""
    yield PeriodicTask("forget stub visits", 3600.0, forgetting)
