"""A subsystem whose trends have values and titles that charts of detectors seldom have."""

from __future__ import annotations

import math

from app.core.settings import Settings
from app.trends.groups import DisplayGroup
from app.trends.groups.store import add_group
from tests.trends.query.points_of_tests import TrendStore

COUNT = 20
PAGE = "/trends?subsystem=Odd&pd=StreamExpress&ps=Express&grid=2x4"
LONG = "Mean_cluster_width_of_the_outer_barrel_layer_1"
"""As long as a title gets, and without a place to break it."""


def fill_odd(settings: Settings) -> None:
    """Store trends with huge and tiny values, then ones that differ by rounding only."""
    store = TrendStore(settings)
    store.configure("Odd", **{name: f"basic.Mean() Odd/{name}" for name in ("Huge", "Ends", "Tiny", "Same", "Plain", LONG)})
    for number in range(COUNT):
        points = {
            "Huge": (1e300 * (1 + number % 5), 1e299),
            "Ends": (1.7e308 * (-1) ** number, 0.0),
            "Tiny": (1e-30 * (1 + number % 5), 1e-31),
            "Same": (math.nextafter(0.3, number % 2), 0.0),
            "Plain": (1.0 + number, 0.1),
            LONG: (1.0 + number % 3, 0.1),
        }
        store.facts(355000 + number)
        store.add(355000 + number, points)
    add_group(DisplayGroup("Against", "Against", "", "Odd", True, ("Plain", LONG)))
