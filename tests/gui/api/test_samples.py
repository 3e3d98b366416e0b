"""Neighbouring runs and datasets."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.gui import samples
from app.gui.files.entries import Entry
from app.gui.files.register import register
from app.gui.models import Sample
from app.gui.samples import SampleKey

pytestmark = pytest.mark.both_databases


def test_neighbouring_runs_have_the_same_dataset_and_lumisection(hub: Settings) -> None:
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


def test_runs_are_found_by_a_part_of_a_lumisection_number(hub: Settings) -> None:
    register([Entry("/A/B/C", 20, lumi, f"/data/20-{lumi}.root", "dqmio") for lumi in (0, 1, 2, 12, 120)])
    register([Entry("/A/B/D", 20, lumi, f"/data/d{lumi}.root", "dqmio") for lumi in (3, 4)])
    register([Entry("/A/B/C", 21, 0, "/data/21.root", "dqmio")])
    assert samples.lumi_ranges() == [(20, "/A/B/C", 4, 1, 120), (20, "/A/B/D", 2, 3, 4)]
    assert samples.lumi_ranges(lumi="12") == [(20, "/A/B/C", 2, 12, 120)]
    assert samples.lumi_ranges(run="20", dataset="b/d") == [(20, "/A/B/D", 2, 3, 4)]
    assert samples.lumi_ranges(lumi="%") == []
    assert len(samples.lumi_ranges(limit=1)) == 1


def test_a_lumisection_without_mes_is_not_listed(hub: Settings) -> None:
    register([Entry("/A/B/C", 20, lumi, "/data/20.root", "dqmio") for lumi in (1, 2)])
    Sample.update(me_count=0).where(Sample.lumi == 1).execute()
    assert samples.lumi_ranges() == [(20, "/A/B/C", 1, 2, 2)]
