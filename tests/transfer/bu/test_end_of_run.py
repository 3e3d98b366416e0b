"""Ends of runs: files and heartbeats are real, and so are hadd and root where something is merged."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uproot

from app.transfers.reports.checks import read_report
from services.transfer.bu import end_of_run
from services.transfer.bu.end_of_run import EndOfRun, MergedFile
from services.transfer.bu.inputs import WORK_FOLDER, list_files
from services.transfer.bu.versions import versions_at
from services.transfer.heartbeats import Heartbeats
from services.transfer.journal import Journal
from services.transfer.names import merged_name
from services.transfer.options import BuOptions, GuiMachineOptions, Options
from tests.diary import sshd
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.transfer.bu.arrivals import arrive, script, snapshot
from tests.transfer.bu.client_files import HADD, ROOT, RUN, SHARED

HOURS = 3600.0


class Site:
    """The folder of a run, the heartbeats of the FUs, and the end of the run as a process sees it that can be killed."""

    def __init__(self, folder: Path, hadd: str = HADD, root: str = ROOT, merge_limit_s: float = 20 * PATIENCE_S) -> None:
        self.boxes, self.gui = folder / "boxes", folder / "gui"
        self.folder = folder / "output" / f"run{RUN}"
        for made in (self.boxes, self.gui, self.folder):
            made.mkdir(parents=True)
        self.machines = [GuiMachineOptions(name="gui1", root_folder=str(self.gui))]
        bu = BuOptions(heartbeats=str(self.boxes), hadd=hadd, root=root, merge_limit_s=merge_limit_s, gui_machines=tuple(self.machines))
        self.options = Options(host="bu", bu=bu)
        self.journal = Journal(folder / "journal.sqlite")
        self.journal.report_to(["http://hub"], lambda: None)
        self.now = 1000.0
        self.start()

    def start(self) -> None:
        """Start the process again."""
        heartbeats = Heartbeats(str(self.boxes), self.options.host_name)
        self.end = EndOfRun(RUN, self.folder, self.options, self.journal, heartbeats, threading.Event())

    def beat(self, *runs: int) -> None:
        """The heartbeat of the FU."""
        (self.boxes / "fu1").write_text(json.dumps({"activeRuns": runs}))

    def step(self, later_s: float = 0.0) -> list[MergedFile]:
        """A step after some seconds."""
        self.now += later_s
        return self.end.step(self.now, list_files(self.folder, RUN))

    def over(self) -> list[MergedFile]:
        """The steps that end the run."""
        self.beat()
        return [*self.step(1), *self.step(5)]

    def arrive(self, source: Path, client: str = "") -> None:
        """A ROOT file arrives from the FU."""
        arrive(self.folder, f"DQM_V0001_{client or source.stem}_R{RUN:09}__fu1.root", source.read_bytes())

    def records(self) -> list[dict[str, Any]]:
        """The records of merges. A hub accepts all of them."""
        records = self.journal.records_after(0, 1000)
        report = {"host": "bu", "mode": "bu", "version": "1", "now": 1.0, "dropped": 0, "state": {}, "records": records}
        report["state"] = {"started": 1.0, "runs": [{"run": RUN, "state": self.end.state, "waiting_for": self.end.waiting_for}]}
        report["state"] |= {"gui_machines": [], "disks": {}}
        assert not read_report(report).refused
        return records


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.journal.close()


@pytest.mark.slow
def test_a_run_is_merged_at_its_end_and_again_when_a_file_is_late(site: Site, client_files: Path) -> None:
    (site.gui / merged_name(RUN, 4)).touch()  # by a BU whose disk was lost
    site.beat(RUN)
    site.arrive(client_files / "SiStrip.root")
    assert [site.step(), site.step(30)] == [[], []]
    assert (site.end.state, site.end.waiting_for) == ("ongoing", ["fu1"])
    (first,) = site.over()
    assert (first.path, first.version, site.end.state) == (site.folder / merged_name(RUN, 5), 5, "merged")
    site.start()
    assert site.step() == [first]
    assert site.step(HOURS) == []
    site.arrive(client_files / "CTPPS.root")
    snapshot(site.folder, "BRIL", "fu1")
    assert [*site.over(), *site.step(50)] == []
    (second,) = site.step(10)
    assert (second.version, second.size) == (6, second.path.stat().st_size)
    with uproot.open(second.path) as file:
        merged = file[SHARED]["TH1F"].values(flow=True)
        parts = [uproot.open(client_files / f"{client}.root")[SHARED]["TH1F"].values(flow=True) for client in ("SiStrip", "CTPPS")]
        assert list(merged) == list(sum(parts))
    assert [site.step(HOURS), site.step(HOURS)] == [[], []]
    records = site.records()
    assert [(record["version"], record["accepted"], record["error"]) for record in records] == [
        (5, True, ""),
        (6, True, ""),
    ]
    assert [(one["host"], one["client"]) for one in records[1]["inputs"]] == [("fu1", "SiStrip"), ("fu1", "CTPPS")]
    assert [record["left_out"] for record in records] == [[], []]
    assert (records[1]["saturated"], records[1]["saturated_names"]) == (1, [f"{SHARED}/full"])
    assert records[1]["missing"] == [{"host": "fu1", "client": "BRIL", "name": f"run{RUN}_BRIL_DQMLive__fu1.pb"}]
    assert os.listdir(site.folder / WORK_FOLDER) == []


def test_a_file_that_cannot_be_merged_is_not_tried_again_until_it_is_replaced(tmp_path: Path, client_files: Path) -> None:
    answer = """echo '{"input": 0, "problem": "it was not written to its end"}\n{"end": true}' > answer.txt"""
    site = Site(tmp_path / "site", script(tmp_path / "hadd", "exit 1"), script(tmp_path / "root", answer))
    site.arrive(client_files / "cut.root", "BRIL")
    assert site.over() == []
    assert [site.step(HOURS), site.end.state] == [[], "over"]
    site.start()
    assert [site.step(), site.step(5), site.end.state] == [[], [], "over"]
    (record,) = site.records()
    assert (record["accepted"], record["error"]) == (False, "no ROOT file can be merged")
    assert [one["name"] for one in record["left_out"]] == [f"DQM_V0001_BRIL_R{RUN:09}__fu1.root"]
    site.arrive(client_files / "BRIL.root")
    assert [*site.step(), *site.step(5)] == []
    assert len(site.records()) == 2
    site.journal.close()


def test_of_several_versions_of_a_client_the_newest_is_merged(tmp_path: Path) -> None:
    """Each has all of its histograms, which would count twice."""
    hadd = script(tmp_path / "hadd", 'shift 3; merged=$1; shift; cat "$@" > $merged')
    site = Site(tmp_path / "site", hadd, script(tmp_path / "root", """echo '{"end": true}' > answer.txt"""))
    for name in ("V0002_BRIL", "V0001_BRIL", "V0001_SiStrip"):
        arrive(site.folder, f"DQM_{name}_R{RUN:09}__fu1.root", f"{name} ".encode())
    (merged,) = site.over()
    assert sorted(merged.path.read_text().split()) == ["V0001_SiStrip", "V0002_BRIL"]
    site.journal.close()


def test_a_file_that_comes_again_with_the_same_content_makes_no_new_version(tmp_path: Path) -> None:
    """As after the loss of the journal of an FU; one with another content of the same size does."""
    hadd = script(tmp_path / "hadd", 'shift 3; cat "$2" > "$1"')
    site = Site(tmp_path / "site", hadd, script(tmp_path / "root", """echo '{"end": true}' > answer.txt"""))
    name = f"DQM_V0001_BRIL_R{RUN:09}__fu1.root"
    inodes = {arrive(site.folder, name, b"content").stat().st_ino}
    assert [merged.version for merged in site.over()] == [1]
    for is_restarted in (False, True):
        kept = site.folder.parent / f"kept {is_restarted}"
        kept.hardlink_to(site.folder / name)  # its number is not used again
        inodes.add(arrive(site.folder, name, b"content").stat().st_ino)
        if is_restarted:
            site.start()
            assert [merged.version for merged in site.step()] == [1]
        assert [*site.step(5), *site.step(HOURS)] == []
        assert (site.end.state, len(site.records())) == ("merged", 1)
    assert len(inodes) == 3
    arrive(site.folder, name, b"CONTENT")
    assert [merged.version for merged in [*site.over(), *site.step(HOURS)]] == [2]
    site.journal.close()


def test_the_end_of_a_run_whose_clients_all_crashed_is_reported_once(site: Site) -> None:
    site.beat(RUN)
    for client in ("SiStrip", "BRIL"):
        snapshot(site.folder, client, "fu1")
    assert site.step() == []
    assert [*site.over(), *site.step(60), *site.step(HOURS)] == []
    assert site.end.state == "over"
    (record,) = site.records()
    assert (record["version"], record["accepted"]) == (0, False)
    assert record["error"] == "no ROOT file of any client arrived"
    assert [one["client"] for one in record["missing"]] == ["BRIL", "SiStrip"]
    site.beat(RUN)
    assert [site.step(end_of_run.REST_S), site.end.state] == [[], "ongoing"]


def test_a_run_without_heartbeats_is_not_given_up_while_snapshots_arrive(site: Site) -> None:
    assert [site.step(), site.step(59), site.end.state] == [[], [], "ongoing"]
    for content in (b"1", b"2", b"3"):
        snapshot(site.folder, "BRIL", "fu1", content)
        assert [*site.step(), *site.step(50)] == []
        assert (site.end.state, site.records()) == ("merging", [])
    assert [site.step(10), site.end.state, len(site.records())] == [[], "over", 1]


def test_a_client_that_goes_on_writing_snapshots_does_not_keep_its_run_from_being_merged(tmp_path: Path) -> None:
    """A process that hangs may write for ever; each snapshot tells a merge to wait, but not for ever."""
    hadd = script(tmp_path / "hadd", 'shift 3; cat "$2" > "$1"')
    site = Site(tmp_path / "site", hadd, script(tmp_path / "root", """echo '{"end": true}' > answer.txt"""))
    arrive(site.folder, f"DQM_V0001_SiStrip_R{RUN:09}__fu1.root")
    snapshot(site.folder, "BRIL", "fu1", b"0")
    site.beat(RUN)
    site.step()
    assert site.over() == []
    for number in range(59):
        snapshot(site.folder, "BRIL", "fu1", b"%d" % number)
        assert [site.step(10), site.end.state, site.end.waiting_for] == [[], "merging", ["BRIL at fu1"]]
    assert site.records() == []
    snapshot(site.folder, "BRIL", "fu1", b"last")
    (merged,) = site.step(10)
    assert (merged.version, site.end.state, site.end.waiting_for) == (1, "merged", [])
    (record,) = site.records()
    assert (record["accepted"], record["error"], [one["client"] for one in record["missing"]]) == (True, "", ["BRIL"])
    snapshot(site.folder, "BRIL", "fu1", b"more")
    assert [site.step(10), site.end.state, site.end.waiting_for] == [[], "merged", []]
    arrive(site.folder, f"DQM_V0001_BRIL_R{RUN:09}__fu1.root")
    (later,) = site.step(10)
    assert (later.version, site.records()[1]["error"]) == (2, "")
    site.journal.close()


def test_a_merge_that_was_killed_before_its_last_step_is_finished_at_the_next_start(site: Site, client_files: Path) -> None:
    site.arrive(client_files / "BRIL.root")
    left = site.folder / WORK_FOLDER / "merge-1"
    left.mkdir(parents=True)
    shutil.copy(client_files / "BRIL.root", left / "merged.root.tmp")
    (file,) = list_files(site.folder, RUN)
    seen = {file.path.name: [file.size, file.inode, file.changed]}
    document = {
        "name": merged_name(RUN, 1),
        "size": file.size,
        "made": 5.0,
        "temporary": f"{WORK_FOLDER}/merge-1/merged.root.tmp",
        "seen": seen,
    }
    site.journal.put("merge", RUN, "0001", document)
    (site.folder / WORK_FOLDER / "merge-2").mkdir()
    assert site.step() == [MergedFile(site.folder / merged_name(RUN, 1), RUN, 1, file.size, 5.0)]
    assert (site.folder / merged_name(RUN, 1)).read_bytes() == (client_files / "BRIL.root").read_bytes()
    assert os.listdir(site.folder / WORK_FOLDER) == []
    assert [site.step(HOURS), site.end.state] == [[], "merged"]


def test_a_merge_that_fails_is_tried_again_later_each_time_and_reported_once(tmp_path: Path, client_files: Path) -> None:
    calls = tmp_path / "calls"
    site = Site(tmp_path / "site", script(tmp_path / "hadd", f"echo >> {calls}; echo No space left on device; exit 1"))
    site.arrive(client_files / "BRIL.root")
    with pytest.raises(OSError, match="No space left on device"):
        site.over()
    for wait_s in (10, 20, 40):
        assert site.step(wait_s - 1) == []
        with pytest.raises(OSError, match="No space left on device"):
            site.step(1)
    assert (len(calls.read_text().splitlines()), site.end.state) == (4, "merging")
    (record,) = site.records()
    assert (record["accepted"], record["error"], record["left_out"]) == (False, "hadd: No space left on device", [])
    site.journal.close()


@pytest.mark.slow
def test_after_a_merge_that_took_too_long_the_files_are_read_alone_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    hadd = script(
        tmp_path / "hadd", f'echo hadd >> {calls}; [ $(grep -c hadd {calls}) -lt 3 ] && exec sleep 1000000; shift 3; cat "$2" > "$1"'
    )
    root = script(tmp_path / "root", f"""echo root >> {calls}; echo '{{"end": true}}' > answer.txt""")
    site = Site(tmp_path / "site", hadd, root, merge_limit_s=20.0)
    arrive(site.folder, f"DQM_V0001_BRIL_R{RUN:09}__fu1.root")
    for step in (site.over, lambda: site.step(10)):
        with pytest.raises(OSError, match="it was not complete after 20 s"):
            step()
    assert [merged.version for merged in site.step(20)] == [1]
    assert calls.read_text().split() == ["hadd", "root", "hadd", "hadd", "root"]
    (failed, merged) = site.records()
    assert (failed["left_out"], merged["left_out"]) == ([], [])
    site.journal.close()


def test_a_version_that_a_silent_gui_machine_may_have_is_not_used_again(tmp_path: Path) -> None:
    """The journal of the BU was lost: the file that is merged is older than the new one."""
    hadd = script(tmp_path / "hadd", 'shift 3; cat "$2" > "$1"')
    site = Site(tmp_path / "site", hadd, script(tmp_path / "root", """echo '{"end": true}' > answer.txt"""))
    file = arrive(site.folder, f"DQM_V0001_BRIL_R{RUN:09}__fu1.root")
    assert [merged.version for merged in site.over()] == [1]
    shutil.rmtree(site.gui)
    arrive(site.folder, file.name, b"a newer file")
    assert [merged.version for merged in [*site.step(1), *site.step(HOURS)]] == [2]  # the journal knows all versions
    site.journal.close()
    until(lambda: 1e9 * time.time() > file.stat().st_ctime_ns, "a later time")
    site.journal = Journal(tmp_path / "another journal.sqlite")
    for name in site.folder.glob("DQM_V*Global*"):
        name.unlink()
    site.start()
    assert [merged.version for merged in [*site.step(), *site.step(5)]] == [101]
    site.journal.close()


def test_versions_at_a_gui_machine_that_does_not_answer_do_not_count(tmp_path: Path) -> None:
    for number in (1, 3):
        (tmp_path / merged_name(RUN, number)).touch()
    (tmp_path / merged_name(RUN + 1, 9)).touch()
    there = GuiMachineOptions(name="there", root_folder=str(tmp_path))
    absent = GuiMachineOptions(name="absent", root_folder=str(tmp_path / "absent"))
    remote = GuiMachineOptions(name="remote", host="gui", root_folder=str(tmp_path))
    assert versions_at([absent, there, remote], ("/no/ssh",), RUN) == ({1, 3}, False)


@pytest.mark.slow
def test_versions_at_a_remote_gui_machine_count(tmp_path: Path) -> None:
    if not sshd.IS_THERE:
        pytest.skip("sshd is not on this machine")
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / merged_name(RUN, 7)).touch()
    with sshd.ssh_server(tmp_path) as (address, arguments):
        machine = GuiMachineOptions(name="remote", host=address, root_folder=str(folder))
        assert versions_at([machine], ("ssh", *arguments), RUN) == ({7}, True)
        assert versions_at([machine], ("ssh", *arguments), RUN + 1) == (set(), True)
