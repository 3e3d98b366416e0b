"""Windows of a live run: the snapshot from some lumisections ago, with the same contents as the file had then."""

from __future__ import annotations

import pytest

from app.formats import Kind, payload, scan
from app.gui.errors import NoWindow
from tests.gui.snapshots.conftest import LIVE, RUN, LiveRun

pytestmark = pytest.mark.both_databases


def test_a_window_begins_at_the_snapshot_from_so_many_lumisections_ago(live: LiveRun) -> None:
    live.keep(1, 2, 3, 4)
    start = live.snapshots.start_of_window(live.sample(), 2)
    assert start.lumi == 2
    assert [each.lumi for each in live.snapshots.of(LIVE)] == [4, 3, 2, 1]


def test_a_snapshot_has_what_the_file_held_at_its_lumisection(live: LiveRun) -> None:
    live.keep(1, 2, 3)
    for snapshot, lumi in zip(live.snapshots.of(LIVE), (3, 2, 1), strict=True):
        opened = live.snapshots.open(snapshot)
        then = live.files / f"{RUN}-{lumi}.pb"
        listing = scan(then, "protobuf").samples[0, 0]
        assert opened.names.pack() == listing.names.pack()
        assert opened.columns.status == listing.columns.status
        assert opened.facts == listing.facts
        histograms = [index for index in range(len(listing.names)) if not Kind(listing.columns.kind[index]).scalar]
        for index in histograms:
            assert opened.payload(index) == payload(then, "protobuf", listing.columns.row(index))


def test_the_run_itself_has_the_same_windows_as_run_0(live: LiveRun) -> None:
    live.keep(1, 2, 3)
    assert live.snapshots.start_of_window(live.sample(RUN), 1).identity == live.snapshots.start_of_window(live.sample(), 1).identity


def test_a_window_longer_than_the_run_is_refused_with_the_number_of_lumisections(live: LiveRun) -> None:
    live.keep(1, 2, 3)
    with pytest.raises(NoWindow, match="has only 3 lumisections, fewer than the window of 10"):
        live.snapshots.start_of_window(live.sample(), 10)
