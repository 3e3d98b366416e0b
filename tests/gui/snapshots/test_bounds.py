"""The bounds of snapshots: their number, days, and space on disk; what stays can be read."""

from __future__ import annotations

import os
import shutil
import threading
import time

import pytest

from app.gui.models import Dataset, File, Sample
from app.gui.snapshots import bounds
from app.gui.snapshots.models import LiveSnapshot
from app.gui.snapshots.packs import pack_path
from app.gui.snapshots.status import metrics, status_lines
from app.gui.snapshots.stored import packs_of, snapshots_folder, writing
from tests.gui.snapshots.conftest import LIVE, RUN, LiveRun


@pytest.mark.both_databases
def test_the_oldest_snapshots_of_a_run_go_and_the_others_are_whole(live: LiveRun) -> None:
    live.keep(1, 2, 3, 4)
    live.keep(1, run=RUN + 1)
    assert live.bounded(live_snapshots=1) == 2
    assert [each.lumi for each in live.snapshots.of(LIVE._replace(run=RUN))] == [4, 3]
    assert live.kept_lumis() == [1]
    for each in live.snapshots.of(LIVE._replace(run=RUN)):
        live.check(each)


def test_the_packs_of_removed_snapshots_are_joined_before_they_take_twice_the_space(live: LiveRun) -> None:
    for lumi in (1, 2, 3, 4, 5, 6):
        (kept,) = live.keep(lumi)
        live.bounded(live_snapshots=1)
        assert live.kept_lumis() == [lumi, lumi - 1][:lumi]
        assert sum(live.packs.values()) <= 3 * kept.bytes


def test_packs_of_small_changes_are_joined_when_there_are_many(live: LiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_OLD_PACKS", 1)
    live.keep(1, 2, 3, 4)
    live.bounded(live_snapshots=1)
    assert live.packs.keys() == {each.contents for each in live.snapshots.of(LIVE)}
    assert live.kept_lumis() == [4, 3]


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
    live.keep(4)
    live.bounded(live_snapshots=1)
    assert live.kept_lumis() == [4, 3]


def test_the_longest_window_is_as_long_as_the_setting_says(live: LiveRun) -> None:
    live.keep(1, 2, 3, 4, 5)
    live.bounded(live_snapshots=3)
    start = live.snapshots.start_of_window(live.sample(), 3)
    assert start is not None
    assert start.lumi == 2
    assert live.kept_lumis() == [5, 4, 3, 2]


def test_threads_of_one_process_write_one_after_the_other(live: LiveRun) -> None:
    inside, most = 0, 0

    def write() -> None:
        nonlocal inside, most
        for _ in range(50):
            with writing(live.settings.data / "snapshots"):
                inside += 1
                most = max(most, inside)
                os.sched_yield()
                inside -= 1

    threads = [threading.Thread(target=write) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == 1


def test_the_content_of_a_lost_pack_is_kept_again_with_the_next_snapshot(live: LiveRun) -> None:
    first, _ = live.keep(1, 2)
    pack_path(packs_of(snapshots_folder(live.settings), first.dataset, RUN), first.contents).unlink()
    (kept,) = live.keep(3)
    live.check(kept)


def test_the_status_page_warns_also_before_the_first_snapshot_that_there_is_no_room(live: LiveRun) -> None:
    live.write(1)
    File.update(size=5_000_000).execute()
    (line,) = status_lines(live.settings.replace(live_snapshots_mb=1))
    assert (line.state, line.text) == ("warn", "none are kept of the ongoing run")
    assert line.detail == "The file has 5 MB, more than live_snapshots_mb allows for all snapshots (1)"


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
