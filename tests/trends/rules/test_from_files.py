"""From files of runs, which ROOT writes, to the notification: a step planted in a histogram is told once, and its end."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.notify.detection import EventCollector, WatchedSystem
from app.notify.models import Notification
from app.queue.periodic import PeriodicTask, TaskRun
from app.trends.rules import store
from app.trends.rules.event_source import TrendEvents
from app.trends.rules.task import evaluating
from tests.support.patience import PATIENCE_S
from tests.trends.conftest import Site
from tests.trends.rules.conftest import RULE

pytestmark = pytest.mark.slow

REFERENCE = range(355_001, 355_021)


def write(site: Site, values: dict[int, int]) -> list[Path]:
    """Files of runs with so many entries in bin 2 of DT/n."""
    files = {run: site.folder / f"DQM_V0001_R{run:09}__ZeroBias__Run2022C-Express-v1__DQMIO.root" for run in values}
    arguments = [part for run, file in files.items() for part in (str(file), str(run), str(values[run]))]
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.trends.write_runs", *arguments], cwd=TREE, check=True, timeout=PATIENCE_S)
    return list(files.values())


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
    site.extract(*write(site, {run: 100 + run % 3 for run in REFERENCE}))
    assert notified(site.settings) == []
    site.extract(*write(site, {355_021: 150, 355_022: 151, 355_023: 149}))
    assert notified(site.settings) == [("trend-outside", 355_021)]
    site.extract(*write(site, {355_024: 101}))
    assert notified(site.settings) == [("trend-outside", 355_021), ("trend-inside", 355_024)]
