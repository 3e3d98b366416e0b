"""From files of runs, which ROOT writes, to the notification: a step planted in a histogram is told once, and its end."""

from __future__ import annotations

import threading

import pytest

from app.core.settings import Settings
from app.notify.detection import EventCollector, WatchedSystem
from app.notify.models import Notification
from app.queue.periodic import PeriodicTask, TaskRun
from app.trends.rules import store
from app.trends.rules.event_source import TrendEvents
from app.trends.rules.task import evaluating
from tests.trends.conftest import FURTHER, Site, file_of
from tests.trends.rules.conftest import RULE

pytestmark = pytest.mark.slow


def notified(settings: Settings) -> list[tuple[str, int | None]]:
    """One step of rules and one of notifications; all notifications, the oldest first."""
    task = PeriodicTask("rules", 60.0, lambda run: evaluating(settings, run))
    with evaluating(settings, TaskRun(task, threading.Event(), 600.0)) as step:
        step()
    EventCollector(settings).collect(WatchedSystem(TrendEvents(), "trends"), 86400.0)
    return [(row.kind, row.run) for row in Notification.select().order_by(Notification.id)]


def test_a_step_in_files_of_runs_is_told_once_and_its_end_too(site: Site) -> None:
    site.configure(n="basic.BinCount(2) DT/n")
    store.add_rule(RULE._replace(primary_dataset="ZeroBias", names="n"), "alice")
    *reference, first, second, third, last = sorted(FURTHER)
    site.extract(*site.add(*map(file_of, reference)))
    assert notified(site.settings) == []
    site.extract(*site.add(*map(file_of, (first, second, third))))
    assert notified(site.settings) == [("trend-outside", first)]
    site.extract(*site.add(file_of(last)))
    assert notified(site.settings) == [("trend-outside", first), ("trend-inside", last)]
