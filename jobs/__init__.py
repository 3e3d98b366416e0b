"""Background jobs, a module for each area. Importing one registers its handlers and periodic tasks with app.queue."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from app.core.area import Area


def load(areas: Iterable[Area]) -> None:
    """Register the handlers and periodic tasks of these areas; only consumers do."""
    for area in areas:
        if area.jobs:
            import_module(area.jobs)
