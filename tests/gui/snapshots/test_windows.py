"""Windows of a live run: the snapshot from some lumisections ago, with the same contents as the file had then."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.formats import FormatError, Kind
from app.gui.errors import NoWindow
from app.gui.problems import problem_of
from app.gui.snapshots.open_snapshot import OpenSnapshot
from app.gui.snapshots.snapshots import Snapshots
from tests.gui.snapshots.conftest import LIVE, RUN, LiveRun


def start(live: LiveRun, lumis: int, run: int = 0) -> OpenSnapshot:
    """The start of a window that is shorter than the run."""
    found = live.snapshots.start_of_window(live.sample(run), lumis)
    assert found is not None
    return found


@pytest.mark.both_databases
def test_a_window_begins_at_the_snapshot_from_so_many_lumisections_ago(live: LiveRun) -> None:
    live.keep(1, 2, 3, 4)
    assert start(live, 2).lumi == 2
    assert start(live, 3).lumi == 1


def test_a_snapshot_has_what_the_file_held_at_its_lumisection(live: LiveRun) -> None:
    live.keep(1, 2, 3)
    assert live.kept_lumis() == [3, 2, 1]


def test_the_run_itself_has_the_windows_of_run_0(live: LiveRun) -> None:
    live.keep(1, 2, 3)
    assert live.snapshots.of(LIVE) == live.snapshots.of(LIVE._replace(run=RUN))
    assert start(live, 1, RUN).identity == start(live, 1).identity


def test_a_new_run_has_no_windows_of_the_one_before(live: LiveRun) -> None:
    live.keep(4, 5, 6)
    live.keep(4, run=RUN + 1)
    with pytest.raises(NoWindow, match=r"from 2 lumisections ago \(lumisection 2\); there are snapshots of lumisection 4"):
        live.snapshots.start_of_window(live.sample(), 2)
    assert [each.lumi for each in live.snapshots.of(LIVE)] == [4]
    assert [each.lumi for each in live.snapshots.of(LIVE._replace(run=RUN))] == [6, 5, 4]


def test_a_window_begins_earlier_where_its_snapshot_is_missing_but_is_at_most_twice_as_long(live: LiveRun) -> None:
    live.keep(1, 3, 6)
    sample = live.sample()
    assert start(live, 2).lumi == 3
    with pytest.raises(NoWindow, match=r"from 1 lumisection ago .* there are snapshots of the lumisections 6, 3, 1"):
        live.snapshots.start_of_window(sample, 1)


def test_a_window_that_is_not_shorter_than_the_run_is_the_whole_run(live: LiveRun) -> None:
    live.keep(1, 2, 3)
    assert live.snapshots.start_of_window(live.sample(), 10) is None
    assert live.snapshots.start_of_window(live.sample(), 3) is None
    live.bounded(live_snapshots=1)
    with pytest.raises(NoWindow) as refused:
        live.snapshots.start_of_window(live.sample()._replace(key=LIVE._replace(dataset="/Z/R/DQMIO", run=3)), 10)
    assert (problem_of(refused.value).status, "Only online runs" in refused.value.message) == (404, True)


def test_a_run_without_snapshots_says_so(live: LiveRun) -> None:
    live.write(3)
    with pytest.raises(NoWindow, match="no snapshots of it are kept"):
        live.snapshots.start_of_window(live.sample(), 1)
    assert live.snapshots.of(LIVE) == []


def test_a_snapshot_that_was_opened_and_then_removed_says_so(live: LiveRun, hub: Settings) -> None:
    live.keep(1, 2)
    opened = live.snapshots.open(live.snapshots.of(LIVE)[-1])
    histogram = next(index for index, kind in enumerate(opened.columns.kind) if not Kind(kind).scalar)
    live.bounded(live_snapshots=0)
    with pytest.raises(NoWindow, match=f"The snapshot of lumisection 1 of run {RUN} was removed"):
        opened.payload(histogram)
    with pytest.raises(NoWindow):
        live.snapshots.open(opened.snapshot)


def test_the_same_histogram_in_two_snapshots_has_the_same_identity_and_a_filled_one_another(live: LiveRun) -> None:
    live.keep(1, 2)
    later, earlier = (live.snapshots.open(each) for each in live.snapshots.of(LIVE))
    histograms = [index for index, kind in enumerate(later.columns.kind) if not Kind(kind).scalar]
    for index in histograms:
        is_same = later.payload(index) == earlier.payload(index)
        assert is_same == (later.element_identity(index) == earlier.element_identity(index))
    assert later.identity != earlier.identity


def test_scalars_have_their_text_and_no_histogram(live: LiveRun) -> None:
    live.keep(2)
    opened = live.snapshots.open(live.snapshots.of(LIVE)[0])
    index = opened.names.find(b"HLT/EventInfo/iLumiSection")
    assert index is not None
    assert opened.scalar(index) == opened.element_identity(index) == "2"
    with pytest.raises((ValueError, FormatError)):
        opened.payload(index)


def test_opened_snapshots_take_at_most_a_quarter_of_the_memory_for_lists(live: LiveRun) -> None:
    live.keep(1, 2, 3)
    small = Snapshots(live.settings.replace(list_cache_mb=1))
    opened = [small.open(each) for each in small.of(LIVE)]
    assert opened[0].names is opened[1].names
    assert small._cache.currsize <= small._cache.maxsize == 1 << 18
