"""The bounds of snapshots: their number, days, and space on disk; what stays can be read."""

from __future__ import annotations

import shutil
import time

import pytest

from app.gui.models import Dataset, Sample
from app.gui.snapshots import bounds
from app.gui.snapshots.models import LiveSnapshot
from app.gui.snapshots.status import metrics, status_lines
from app.gui.snapshots.stored import snapshots_folder
from tests.gui.snapshots.conftest import LIVE, RUN, LiveRun


@pytest.mark.both_databases
def test_the_oldest_snapshots_of_a_run_go_and_the_others_are_whole(live: LiveRun) -> None:
    live.keep(1, 2, 3, 4)
    live.keep(1, run=RUN + 1)
    assert live.bounded(live_snapshots=2) == 2
    assert [each.lumi for each in live.snapshots.of(LIVE._replace(run=RUN))] == [4, 3]
    assert live.kept_lumis() == [1]
    for each in live.snapshots.of(LIVE._replace(run=RUN)):
        live.check(each)


def test_the_packs_of_removed_snapshots_are_joined_before_they_take_twice_the_space(live: LiveRun) -> None:
    for lumi in (1, 2, 3, 4, 5, 6):
        (kept,) = live.keep(lumi)
        live.bounded(live_snapshots=1)
        assert live.kept_lumis() == [lumi]
        assert sum(live.packs.values()) <= 2 * kept.bytes


def test_packs_of_small_changes_are_joined_when_there_are_many(live: LiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_OLD_PACKS", 1)
    live.keep(1, 2, 3)
    live.bounded(live_snapshots=1)
    assert list(live.packs) == [live.snapshots.of(LIVE)[0].contents]
    assert live.kept_lumis() == [3]


def test_snapshots_of_all_runs_fit_on_disk_and_the_oldest_go_first(live: LiveRun) -> None:
    live.keep(1, 2, 3, 4, 5)
    live.keep(1, 2, 4, run=RUN + 1)
    assert sum(live.packs.values()) > 1 << 20
    removed = live.bounded(live_snapshots_mb=1)
    assert 0 < removed < 5
    assert sum(live.packs.values()) <= 1 << 20
    older = live.snapshots.of(LIVE._replace(run=RUN))
    assert [each.lumi for each in older] == [5, 4, 3, 2, 1][:-removed]
    for each in older:
        live.check(each)
    assert live.kept_lumis() == [4, 2, 1]
    assert live.bounded(live_snapshots_mb=1) == 0


def test_a_run_without_new_snapshots_loses_them_after_its_time(live: LiveRun) -> None:
    live.keep(1, 2)
    live.keep(1, run=RUN + 1)
    LiveSnapshot.update(kept=time.time() - 3 * 3600).where(LiveSnapshot.run == RUN, LiveSnapshot.lumi == 1).execute()
    assert live.bounded(live_snapshots_hours=2) == 0
    LiveSnapshot.update(kept=time.time() - 3 * 3600).where(LiveSnapshot.run == RUN).execute()
    assert live.bounded(live_snapshots_hours=2) == 2
    assert live.kept_lumis() == [1]
    assert [path.name for path in snapshots_folder(live.settings).iterdir() if path.is_dir()] == [f"{Dataset.get().id}-{RUN + 1}"]


def test_the_files_of_a_dataset_that_has_gone_go(live: LiveRun) -> None:
    live.keep(1)
    Sample.delete().execute()
    Dataset.delete().execute()
    assert live.bounded() == 0
    assert not live.packs


def test_without_a_packs_folder_snapshots_begin_anew(live: LiveRun) -> None:
    live.keep(1, 2)
    shutil.rmtree(snapshots_folder(live.settings))
    live.keep(3)
    live.check(live.snapshots.of(LIVE)[0])
    live.bounded(live_snapshots=1)
    assert live.kept_lumis() == [3]


def test_the_status_page_says_how_many_there_are_and_what_limits_them(live: LiveRun) -> None:
    assert list(status_lines(live.settings)) == []
    live.keep(1, 2)
    live.keep(1, run=RUN + 1)
    (line,) = status_lines(live.settings)
    assert (line.state, line.text.partition(";")[0]) == ("ok", f"1 of run {RUN + 1} to lumisection 1, 2 of other runs")
    (limited,) = status_lines(live.settings.replace(live_snapshots_mb=1))
    assert limited.detail.startswith("live_snapshots_mb leaves room for about")
    counts = {family.name: family.samples[0].value for family in metrics(live.settings)}
    assert counts == {"dqmhub_live_snapshots": 3, "dqmhub_live_snapshot_bytes": sum(live.packs.values())}
