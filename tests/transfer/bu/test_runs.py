"""Rounds of the runs on a BU, on real files, with one GUI machine that is a folder."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.transfers.reports.checks import read_report
from services.transfer import heartbeats
from services.transfer.bu.deliveries import Deliveries
from services.transfer.bu.inputs import WORK_FOLDER
from services.transfer.bu.lanes import Delivery
from services.transfer.bu.rounds import Rounds, Runs, Schedule
from services.transfer.journal import Journal
from services.transfer.names import concatenation_name, merged_name
from services.transfer.options import BuOptions, GuiMachineOptions, Options
from tests.formats.snapshots import read
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.transfer.bu.arrivals import arrive, mes, snapshot, spoil_journal

RUN = 367094
DAY_S = 86400


class Bu:
    """The process of a BU, one round at a time.

    Attributes:
        output: The folder with the folders of the runs.
        pb: The folder of the concatenations at the GUI machine.
        runs: The runs that are watched.
    """

    def __init__(self, folder: Path, period_s: float = 10.0) -> None:
        self.output, self.pb = folder / "output", folder / "pb"
        for made in (self.output, self.pb, folder / "boxes"):
            made.mkdir(exist_ok=True)
        machine = GuiMachineOptions(name="gui1", pb_folder=str(self.pb), root_folder=str(self.pb))
        bu = BuOptions(folder=str(self.output), heartbeats=str(folder / "boxes"), period_s=period_s, gui_machines=(machine,))
        options = self.options = Options(state=str(folder), bu=bu)
        self.journal = Journal(folder / "bu.sqlite")
        self.journal.report_to(["http://hub"], lambda: None)
        self.runs = Runs(options, self.journal, threading.Event())
        self.deliveries = Deliveries(options, self.journal, self.runs.live)
        self.deliveries.start()

    def close(self) -> None:
        """End."""
        self.deliveries.close(PATIENCE_S)
        self.journal.close()

    def round(self) -> None:
        """A round of each run that changed, and its deliveries."""
        for run in self.runs.look():
            self.runs[run].concatenate(self.deliveries)
        until(lambda: not self.deliveries.state()[0]["waiting"], "the deliveries")

    def delivered(self, run: int = RUN) -> dict[str, bytes]:
        """The MEs of the concatenation that was delivered last, by the protobuf library."""
        newest = max(self.pb.glob(f"run{run}*"), key=lambda path: path.stat().st_mtime_ns)
        return {name: one.content for name, one in read(newest.read_bytes()).items()}

    def records(self) -> list[dict[str, Any]]:
        """What was reported of concatenations."""
        return [record for record in self.journal.records_after(0, 1000) if record["kind"] == "concatenation"]


@pytest.fixture
def bu(tmp_path: Path) -> Iterator[Bu]:
    found = Bu(tmp_path)
    yield found
    found.close()


@pytest.fixture
def folder(bu: Bu) -> Path:
    (bu.output / f"run{RUN}").mkdir()
    return bu.output / f"run{RUN}"


def test_a_concatenation_has_the_newest_snapshots_of_all_clients(bu: Bu, folder: Path) -> None:
    snapshot(folder, "SiStrip", "fu1", mes(b"1", "SiStrip/a", "Shared/a"))
    snapshot(folder, "Ecal", "fu2", mes(b"1", "Ecal/a", "Shared/a"))
    bu.round()
    assert bu.delivered() == {"SiStrip/a": b"1 SiStrip/a", "Ecal/a": b"1 Ecal/a", "Shared/a": b"1 Shared/a"}
    snapshot(folder, "SiStrip", "fu1", mes(b"2", "SiStrip/a", "SiStrip/b", "Shared/a"))
    bu.round()
    assert bu.delivered() == {
        "SiStrip/a": b"2 SiStrip/a",
        "SiStrip/b": b"2 SiStrip/b",
        "Ecal/a": b"1 Ecal/a",
        "Shared/a": b"2 Shared/a",
    }
    bu.round()
    assert len(bu.records()) == 2  # nothing new, no concatenation


def test_what_went_into_a_concatenation_is_reported_in_the_form_that_hubs_check(bu: Bu, folder: Path) -> None:
    before = time.time() - 1  # the clock of the kernel may be a tick behind
    snapshot(folder, "SiStrip", "fu1", mes(b"1", "SiStrip/a", "Shared/a"))
    snapshot(folder, "Ecal", "fu2", mes(b"1", "Shared/a"))
    snapshot(folder, "CSC", "fu2", mes(b"1", "CSC/a")[:-1])
    bu.round()
    report = {
        "host": "bu1",
        "mode": "bu",
        "version": "1",
        "now": time.time(),
        "dropped": 0,
        "state": {"started": before, "runs": [run.state() for run in bu.runs.all()], "gui_machines": bu.deliveries.state(), "disks": {}},
        "records": bu.journal.records_after(0, 1000),
    }
    read_by_hub = read_report(json.loads(json.dumps(report)))
    assert read_by_hub.refused == ()
    assert [record.kind for record in read_by_hub.records] == ["concatenation", "delivery"]
    (made,) = bu.records()
    assert made["name"] == concatenation_name(RUN, made["digest"])
    assert (made["size"], made["entries"]) == ((bu.pb / made["name"]).stat().st_size, 2)
    assert [(one["host"], one["client"], one["entries"], one["replaced"]) for one in made["inputs"]] == [
        ("fu1", "SiStrip", 2, 1),
        ("fu2", "Ecal", 1, 0),
    ]
    assert all(before < one["arrived"] <= made["made"] for one in made["inputs"])
    assert (made["shared"], made["examples"]) == (1, [{"name": "Shared/a", "first": "SiStrip at fu1", "second": "Ecal at fu2"}])
    ((name, reason),) = [(one["name"], one["reason"]) for one in made["left_out"]]
    assert name == f"run{RUN}_CSC_DQMLive__fu2.pb"
    assert "longer than the rest of the file" in reason


def test_the_histograms_of_a_client_do_not_vanish_because_one_snapshot_was_cut(bu: Bu, folder: Path) -> None:
    whole = mes(b"1", "SiStrip/a", "SiStrip/b")
    snapshot(folder, "SiStrip", "fu1", whole)
    bu.round()
    expected = bu.delivered()
    snapshot(folder, "SiStrip", "fu1", mes(b"2", "SiStrip/a", "SiStrip/b")[:-1])
    bu.round()
    snapshot(folder, "Ecal", "fu1", mes(b"1", "Ecal/a"))
    bu.round()
    assert bu.delivered() == expected | {"Ecal/a": b"1 Ecal/a"}
    assert [len(record["left_out"]) for record in bu.records()] == [0, 1, 1]
    snapshot(folder, "SiStrip", "fu1", mes(b"3", "SiStrip/a"))
    bu.round()
    assert bu.delivered() == {"SiStrip/a": b"3 SiStrip/a", "Ecal/a": b"1 Ecal/a"}
    assert bu.records()[-1]["left_out"] == []


def test_a_run_without_any_good_snapshot_is_reported_and_not_delivered_and_never_the_ongoing_one(bu: Bu, folder: Path) -> None:
    snapshot(folder, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
    snapshot(bu.output / f"run{RUN + 1}", "SiStrip", "fu1", mes(b"1", "SiStrip/a")[:-1])
    bu.round()
    bu.round()
    assert {record["run"]: record["entries"] for record in bu.records()} == {RUN: 1, RUN + 1: 0}
    assert list(bu.pb.glob(f"run{RUN + 1}*")) == []
    assert bu.runs.live() == RUN
    snapshot(bu.output / f"run{RUN + 1}", "SiStrip", "fu1", mes(b"2", "SiStrip/a"))
    bu.round()
    assert bu.runs.live() == RUN + 1


def test_older_concatenations_and_links_are_removed_here_and_the_newest_has_its_plain_name(bu: Bu, folder: Path) -> None:
    for number in range(5):
        snapshot(folder, "SiStrip", "fu1", mes(b"%d" % number, "SiStrip/a"))
        bu.round()
    (folder / WORK_FOLDER / f"{concatenation_name(RUN)}.tmp").touch()  # as a killed process leaves it
    snapshot(folder, "SiStrip", "fu1", mes(b"5", "SiStrip/a"))
    bu.round()
    assert len(os.listdir(folder / WORK_FOLDER)) == 2  # the last good snapshot, and the concatenation
    assert read((folder / concatenation_name(RUN)).read_bytes())["SiStrip/a"].content == b"5 SiStrip/a"
    assert len(os.listdir(bu.pb)) == 6


def test_a_concatenation_is_delivered_although_the_journal_cannot_be_written(bu: Bu, folder: Path) -> None:
    """And not made again in each round."""
    snapshot(folder, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
    bu.round()
    spoil_journal(bu.output.parent / "bu.sqlite")
    snapshot(folder, "SiStrip", "fu1", mes(b"2", "SiStrip/a"))
    bu.round()
    assert bu.delivered() == {"SiStrip/a": b"2 SiStrip/a"}
    inode = (folder / concatenation_name(RUN)).stat().st_ino
    bu.round()
    assert (folder / concatenation_name(RUN)).stat().st_ino == inode


def test_a_process_that_is_started_again_makes_no_concatenation_twice(bu: Bu, folder: Path, tmp_path: Path) -> None:
    snapshot(folder, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
    snapshot(folder, "Ecal", "fu1", mes(b"1", "Ecal/a"))
    bu.round()
    snapshot(folder, "Ecal", "fu1", mes(b"2", "Ecal/a")[:-1])
    bu.round()
    bu.close()
    again = Bu(tmp_path)
    again.round()
    assert len(again.records()) == 2
    assert again.runs.live() == RUN
    assert len(os.listdir(again.pb)) == 2
    again.close()


def test_runs_of_older_days_are_watched_again_when_a_late_file_arrives(bu: Bu, folder: Path) -> None:
    snapshot(folder, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
    bu.round()
    old = time.time() - 3 * DAY_S
    os.utime(folder, (old, old))
    bu.round()
    assert RUN not in bu.runs
    assert folder.stat().st_mtime == pytest.approx(old)  # else it would be young again
    snapshot(folder, "Ecal", "fu1", mes(b"1", "Ecal/a"))
    bu.round()
    assert bu.delivered() == {"SiStrip/a": b"1 SiStrip/a", "Ecal/a": b"1 Ecal/a"}


def test_a_run_of_older_days_keeps_its_order_of_arrival_and_what_a_machine_still_has_to_get(bu: Bu, folder: Path) -> None:
    for tag in ("SiStrip", "Ecal"):
        snapshot(folder, tag, "fu1", mes(tag.encode(), "Shared/a"))
    os.rename(bu.pb, f"{bu.pb} away")
    bu.runs.look()
    bu.runs[RUN].concatenate(bu.deliveries)
    until(lambda: bu.deliveries.state()[0]["error"], "the failure")
    old = time.time() - 3 * DAY_S
    os.utime(folder, (old, old))
    bu.runs.look()
    assert RUN not in bu.runs
    os.rename(f"{bu.pb} away", bu.pb)
    until(lambda: not bu.deliveries.state()[0]["waiting"], "the delivery")
    assert bu.delivered() == {"Shared/a": b"Ecal Shared/a"}
    snapshot(folder, "CSC", "fu1", mes(b"1", "CSC/a"))
    bu.round()
    assert bu.delivered() == {"Shared/a": b"Ecal Shared/a", "CSC/a": b"1 CSC/a"}


def test_a_run_that_was_not_merged_is_watched_however_old_it_is(tmp_path: Path) -> None:
    """As after a weekend without the service; and one is that was merged before a ROOT file came."""
    output, old = tmp_path / "output", time.time() - 30 * DAY_S
    unmerged, merged, late, live = (output / f"run{RUN + number}" for number in range(4))
    for folder in (unmerged, merged, late):
        arrive(folder, f"DQM_V0001_SiStrip_R{folder.name[3:].zfill(9)}__fu1.root")
    arrive(merged, merged_name(RUN + 1, 1))
    snapshot(live, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
    for folder in (unmerged, merged, late, live):
        os.utime(folder, (old, old))
    with closing(Journal(tmp_path / "bu.sqlite")) as journal:
        journal.put("merge", RUN + 2, "0001", {"made": old})
    with closing(Bu(tmp_path)) as bu:
        for _ in range(2):
            bu.round()
            assert [run.run for run in bu.runs.all()] == [RUN + 2, RUN]
    with closing(Journal(tmp_path / "bu.sqlite")) as journal:
        journal.put("merge", RUN + 2, "unmerged", {"made": time.time() + 1})
    with closing(Bu(tmp_path)) as bu:
        bu.round()
        assert [run.run for run in bu.runs.all()] == [RUN]


def test_a_run_that_is_removed_before_it_was_merged_is_named_and_reported(bu: Bu, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    arrive(folder, f"DQM_V0001_SiStrip_R{RUN:09}__fu1.root")
    bu.round()
    shutil.rmtree(folder)
    bu.round()
    assert caplog.messages == [f"Run {RUN}: its folder was removed before its ROOT files were merged"]
    report = {"host": "bu1", "mode": "bu", "version": "1", "now": 1.0, "dropped": 0, "records": bu.journal.records_after(0, 10)}
    read_by_hub = read_report(report | {"state": {"started": 1.0, "runs": [], "gui_machines": [], "disks": {}}})
    assert [(one.kind, one.run, one.values["accepted"]) for one in read_by_hub.records] == [("merge", RUN, False)]
    assert read_by_hub.refused == ()


def test_why_a_run_is_not_concatenated_is_in_the_state_until_it_is(tmp_path: Path) -> None:
    with closing(Bu(tmp_path, period_s=0.1)) as bu:
        folder, stop = bu.output / f"run{RUN}", threading.Event()
        snapshot(folder, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
        (folder / WORK_FOLDER).touch()  # where there should be a folder
        rounds = threading.Thread(target=Rounds(bu.options, bu.runs, bu.deliveries, stop).run)
        rounds.start()
        try:
            until(lambda: RUN in bu.runs and bu.runs[RUN].state()["error"], "the error")
            assert bu.runs[RUN].state()["error"].startswith(f"Cannot concatenate run {RUN}: [Errno 17] File exists")
            (folder / WORK_FOLDER).unlink()
            until(lambda: not bu.runs[RUN].state()["error"], "the end of the error")
            bu.output.rename(tmp_path / "away")
            until(lambda: bu.runs.problems.of(0), "the error of all runs")
            (tmp_path / "away").rename(bu.output)
            until(lambda: not bu.runs.problems.of(0), "its end")
        finally:
            stop.set()
            rounds.join()


def test_snapshots_of_a_run_that_goes_on_after_its_merge_are_delivered_as_newer_than_it(
    bu: Bu, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A heartbeat lists the run again. Snapshots that are only late, since no heartbeat lists the run, are not."""
    heartbeat = bu.output.parent / "boxes" / "fu1"
    added: list[int] = []
    add = bu.deliveries.add

    def note(delivery: Delivery) -> None:
        added.append(delivery.version)
        add(delivery)

    monkeypatch.setattr(bu.deliveries, "add", note)
    warning = f"Run {RUN} goes on after it was merged: pages show its snapshots again until the next merge"
    heartbeat.write_text(json.dumps({"activeRuns": []}))
    snapshot(folder, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
    bu.round()
    bu.journal.put("merge", RUN, "0001", {"name": "m", "size": 1, "made": time.time(), "temporary": "", "seen": {}})
    snapshot(folder, "SiStrip", "fu1", mes(b"2", "SiStrip/a"))
    bu.round()
    assert (set(added), bu.runs[RUN].state()["error"]) == ({0}, "")
    heartbeat.write_text(json.dumps({"activeRuns": [RUN]}))

    def error_after_one_more_snapshot() -> str:
        snapshot(folder, "SiStrip", "fu1", mes(b"3", "SiStrip/a"))
        bu.round()
        return str(bu.runs[RUN].state()["error"])

    until(lambda: error_after_one_more_snapshot() == warning, "the next reading of the heartbeat")
    assert added[-1] == 1
    assert [record.levelname for record in caplog.records if record.getMessage() == warning] == ["WARNING"]
    added.clear()
    bu.journal.put("merge", RUN, "0002", {"name": "m", "size": 1, "made": time.time() + 60, "temporary": "", "seen": {}})
    bu.round()
    assert (set(added), bu.runs[RUN].state()["error"]) == ({0}, "")


def test_what_is_wrong_with_a_heartbeat_is_in_the_state_of_the_mode_until_it_is_understood(bu: Bu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "UNCLEAR_S", 0.0)
    file = bu.output.parent / "boxes" / "fu1"
    file.write_text(json.dumps({"activeRuns": [str(RUN)]}))
    bu.runs.live()
    assert bu.runs.error() == "The heartbeat of fu1 cannot be understood: it has no list `activeRuns` of whole numbers"
    file.write_text(json.dumps({"activeRuns": [RUN]}))
    until(lambda: not bu.runs.live() and not bu.runs.error(), "the next reading")


def test_snapshots_in_folders_of_older_clients_are_noticed(bu: Bu, folder: Path) -> None:
    for lumi in (1, 2):
        client = folder / "Ecal"
        client.mkdir(exist_ok=True)
        (client / f"run{RUN}_ls{lumi:04}_DQMLive__fu1.pb").write_bytes(mes(b"%d" % lumi, "Ecal/a"))
        bu.round()
        assert bu.delivered() == {"Ecal/a": b"%d Ecal/a" % lumi}


def test_other_names_in_the_folder_of_the_runs_are_no_runs(bu: Bu) -> None:
    (bu.output / "run0367094").mkdir()
    (bu.output / "run367099").touch()
    (bu.output / "notes").mkdir()
    assert bu.runs.look() == []


def test_a_round_begins_when_changes_pause_and_at_the_latest_after_a_period() -> None:
    schedule = Schedule(quiet_s=1, period_s=10)
    assert (schedule.take(0), schedule.wait_s(0)) == ([], 10)
    schedule.changed(RUN, 100)
    schedule.changed(RUN, 100.5)
    assert (schedule.take(101.4), schedule.wait_s(101)) == ([], 0.5)
    assert schedule.take(101.5) == [RUN]
    assert schedule.take(200) == []
    for tenth in range(1000, 1200):
        schedule.changed(RUN, tenth / 10)
    assert [now for now in range(100, 120) if schedule.take(now)] == [110]
    schedule.changed(RUN, 300)
    schedule.changed(RUN + 1, 300)
    assert schedule.take(301) == [RUN + 1, RUN]


def test_a_run_is_forgotten_a_month_after_its_last_file_when_its_folder_is_gone_whatever_was_done_with_it(bu: Bu, folder: Path) -> None:
    old, young = time.time() - 31 * DAY_S, time.time() - 29 * DAY_S
    for run, kind, made in ((1, "concatenation", old), (2, "merge", old), (3, "delivery", old), (4, "merge", young), (RUN, "merge", old)):
        bu.journal.put(kind, run, "0001", {"made": made})
    bu.journal.put("concatenation", 4, "newest", {"made": old})
    bu.runs.forget_old()
    assert [bu.journal.runs(kind) for kind in ("concatenation", "merge", "delivery")] == [[4], [4, RUN], []]
