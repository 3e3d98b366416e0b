"""A database with a trend, its reference runs, and a rule about it."""

from __future__ import annotations

import threading

import pytest

from app.core.settings import Settings
from app.notify.detection import EventCollector, WatchedSystem
from app.notify.models import Notification
from app.queue.periodic import PeriodicTask, TaskRun
from app.trends.rules.definition import RuleDefinition
from app.trends.rules.event_source import TrendEvents
from app.trends.rules.task import evaluating
from tests.trends.query.points_of_tests import TrendStore

FIRST, LAST = 355_001, 355_020
"""The reference runs. Their values are 9 and 11 in turn, so that the mean is 10 and sigma sqrt(20/19)."""

RULE = RuleDefinition("DT", "StreamExpress", "Express", "charge", f"{FIRST}-{LAST}", sigmas=3.0, in_a_row=3, least_points=20)
"""Its band is from 6.92 to 13.08."""


class WatchedTrend:
    """A trend `charge` of DT whose further points tests add, one run after the other."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = TrendStore(settings)
        self.store.configure("DT", charge="basic.Mean() DT/charge")
        self.run = FIRST - 1
        self.add(*[9.0, 11.0] * 10)

    def add(self, *values: float | str) -> None:
        """Add a run for each value, or for the reason why it has no point."""
        for value in values:
            self.run += 1
            self.store.facts(self.run)
            self.store.add(self.run, {"charge": value if isinstance(value, str) else (value, 0.1)})

    def evaluate(self) -> None:
        """One step of the periodic task of rules."""
        task = PeriodicTask("rules", 60.0, lambda run: evaluating(self.settings, run))
        with evaluating(self.settings, TaskRun(task, threading.Event(), 600.0)) as step:
            step()

    def notified(self) -> list[tuple[str, int | None]]:
        """Kind and run of all notifications, the oldest first, after the first step of a new process."""
        EventCollector(self.settings).collect(WatchedSystem(TrendEvents(), "trends"), 86400.0)
        return [(row.kind, row.run) for row in Notification.select().order_by(Notification.id)]


@pytest.fixture
def watched(hub: Settings) -> WatchedTrend:
    """A trend with twenty points in its reference runs."""
    return WatchedTrend(hub)
