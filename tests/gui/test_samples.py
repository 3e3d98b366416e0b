"""Runs and datasets beside each other."""

from __future__ import annotations

from app.gui import samples
from app.gui.register import Entry, register
from app.gui.samples import SampleKey
from app.settings import Settings


def test_the_runs_beside_a_run_are_those_of_the_same_dataset_and_lumisection(hub: Settings) -> None:
    other = [Entry("/A/B/D", run, 0, f"/data/d{run}.root", "tdirectory") for run in (11, 12)]
    register([Entry("/A/B/C", run, 0, f"/data/{run}.root", "tdirectory") for run in (10, 13, 20)] + other)
    register([Entry("/A/B/C", 15, 7, "/data/15.root", "tdirectory")])
    assert samples.neighbours(SampleKey(13, 0, "/A/B/C")) == (10, 20)
    assert samples.neighbours(SampleKey(10, 0, "/A/B/C")) == (None, 13)
    assert samples.neighbours(SampleKey(20, 0, "/A/B/C")) == (13, None)
    assert samples.neighbours(SampleKey(12, 0, "/No/Such/C")) == (None, None)


def test_runs_and_datasets_are_in_order_and_bounded(hub: Settings) -> None:
    register([Entry(f"/A/B/{tier}", run, 0, f"/data/{tier}{run}.root", "tdirectory") for run in (7, 9, 8) for tier in ("Z", "C")])
    assert samples.runs_of("/A/B/C") == [9, 8, 7]
    assert samples.runs_of("/A/B/C", limit=2) == [9, 8]
    assert samples.datasets_of(8) == ["/A/B/C", "/A/B/Z"]
