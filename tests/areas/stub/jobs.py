"""Periodic task of the stub area."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from app.core.settings import Settings
from app.queue import Repeated, Turn, repeats
from tests.areas.stub.models import Visit


@contextmanager
def forgetting(_: Turn) -> Iterator[Callable[[], None]]:
    """Gives a step that removes all visits."""
    yield lambda: Visit.delete().execute() and None


@repeats
def forget(settings: Settings) -> Iterable[Repeated]:
    """Remove the visits each hour."""
    yield Repeated("forget stub visits", 3600.0, forgetting)
