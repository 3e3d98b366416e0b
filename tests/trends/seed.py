"""Trends of the demo, for tests of all areas."""

from __future__ import annotations

from app.core.settings import Settings
from app.trends.demo import make_demo


def fill(settings: Settings, now: float) -> None:
    """A year of points of all trends of the demo, with groups and a rule."""
    make_demo(settings)
