"""Background jobs, a module for each area. Importing one registers its handlers and periodic tasks with app.queue."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from app.core.area import Area, current_areas, set_areas


def load(areas: Iterable[Area]) -> None:
    """Make these the areas of this process, and register their handlers and periodic tasks; only consumers do."""
    set_areas(areas)
    for area in current_areas():
        if area.jobs:
            import_module(area.jobs)
