"""Trends of the demo, for tests of all areas."""

from __future__ import annotations

from app.core.settings import Settings
from app.trends.demo import make_demo
from app.trends.golden.store import store_golden


def fill(settings: Settings, now: float) -> None:
    """A year of points of all trends of the demo, with groups and a rule, and a golden JSON."""
    make_demo(settings)
    store_golden(b'{"367129": [[1, 20]]}', "Cert_of_somebody.json")
