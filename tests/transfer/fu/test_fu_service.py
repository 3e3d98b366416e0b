"""Files of clients on their way from a filter unit to a local folder of the builder unit."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from services.transfer.fu import sending
from services.transfer.fu.removed import RemovedFiles
from services.transfer.fu.sent import KIND
from services.transfer.journal import Journal
from tests.support.processes import until
from tests.transfer.fu.filter_unit import HOST, RUN, FilterUnit, write

ROOT_NAME = f"DQM_V0001_SiStrip_R000367094__{HOST}.root"


@pytest.fixture
def unit(tmp_path: Path) -> FilterUnit:
    return FilterUnit(tmp_path)


@pytest.fixture
def hurries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files do not wait for their companions."""
    monkeypatch.setattr(sending, "REPORT_WAIT_S", 0.0)
    monkeypatch.setattr(sending, "ORIGIN_WAIT_S", 0.0)


def test_each_snapshot_replaces_the_one_before_it_and_nothing_else_is_there(unit: FilterUnit) -> None:
    with unit.serving() as serving:
        for number in range(3):
            unit.write_snapshot(b"first" * number, "SiStrip")
            unit.write_snapshot(b"second" * number, "Ecal")
            serving.wait_for(SiStrip=b"first" * number, Ecal=b"second" * number)
        serving.wait_until_idle()
    assert sorted(os.listdir(unit.target / "run367094")) == sorted(unit.sent())


def test_backups_reports_and_unfinished_files_stay_on_the_host(unit: FilterUnit) -> None:
    root_file = unit.write_root_file(b"root")
    unit.write_origin(root_file)
    for name in (f"{root_file}.ls00000015_hostx_pid00000001", f"{root_file}.origin.ls00000015_hostx_pid00000001", f"{root_file}.tmp"):
        shutil.copyfile(root_file, name)
    snapshot = unit.write_snapshot(b"pb")
    shutil.copyfile(snapshot, f"{snapshot}.open")
    (snapshot.parent / "core.1234").write_bytes(b"strange")
    with unit.serving() as serving:
        until(lambda: len(unit.sent()) == 2, "both files")
        serving.wait_until_idle()
    assert set(unit.sent()) == {ROOT_NAME, f"run367094_SiStrip_DQMLive__{HOST}.pb"}


def test_a_snapshot_waits_for_its_own_report_and_a_root_file_for_its_origin(unit: FilterUnit) -> None:
    with unit.serving() as serving:
        snapshot = unit.write_snapshot(b"12345", reported=4)  # the report of the one before it
        root_file = unit.write_root_file(b"1234567")
        unit.write_snapshot(b"1", "Ecal")
        serving.wait_for(Ecal=b"1")
        unit.write_report(snapshot, 5)
        serving.wait_for(Ecal=b"1", SiStrip=b"12345")
        unit.write_origin(root_file)
        until(lambda: unit.sent().get(ROOT_NAME) == b"1234567", "the ROOT file")
        serving.wait_until_idle()
        assert [record["error"] for record in serving.records()] == ["", "", ""]


@pytest.mark.usefixtures("hurries")
def test_without_reports_and_origins_files_are_sent_by_size_and_it_is_said(unit: FilterUnit) -> None:
    unit.write_snapshot(b"12345", reported=-1)
    unit.write_root_file(b"1234567")
    with unit.serving() as serving:
        until(lambda: len(serving.records()) == 2, "both records")
        errors = {record["file"]: record["error"] for record in serving.records()}
        assert {record["sent"] > 0 for record in serving.records()} == {True}
    assert errors == {
        "snapshot": "sent without a fitting report, checked by its size alone",
        "ROOT file": "sent without a fitting origin, checked by its size alone",
    }
    assert unit.sent()[ROOT_NAME] == b"1234567"


@pytest.mark.usefixtures("hurries")
@pytest.mark.parametrize("origin", [b"other!!", b"longer than it"])
def test_a_root_file_that_is_not_that_of_its_origin_is_never_sent_until_it_changes(unit: FilterUnit, origin: bytes) -> None:
    root_file = unit.write_root_file(b"damaged")
    unit.write_origin(root_file, origin)
    with unit.serving() as serving:
        until(lambda: serving.service.unsent() == [ROOT_NAME], "its end")
        assert unit.sent() == {}
        unit.write_snapshot(b"pb")
        serving.wait_for(SiStrip=b"pb")  # nothing else is held up
        record = serving.records()[0]
        assert (record["sent"], record["name"], record["run"], record["client"]) == (0, ROOT_NAME, RUN, "SiStrip")
        assert "not" in record["error"]
        (waiting,) = serving.service.state()["waiting"]
        assert (waiting["run"], waiting["client"], waiting["file"]) == (RUN, "SiStrip", "ROOT file")
        assert waiting["error"].startswith(f"it is not sent until it or its origin changes: {root_file} has ")
        unit.write_origin(root_file)
        until(lambda: unit.sent().get(ROOT_NAME) == b"damaged", "the ROOT file")
        until(lambda: serving.service.unsent() == [], "nothing unsent")
        assert serving.service.state()["waiting"] == []


@pytest.mark.usefixtures("hurries")
def test_a_root_file_that_is_given_up_counts_until_it_is_removed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="services.transfer")
    run = 1_700_000_000 + os.getpid()  # without clients on this machine
    unit = FilterUnit(tmp_path, end_s=0.1, begin_s=0.1)
    root_file = unit.write_root_file(b"damaged", run=run)
    unit.write_origin(root_file, b"other!!")
    with unit.serving() as serving:
        over = f"Run {run} is over here: no client is running, and all is sent but 1 damaged files"
        until(lambda: over in caplog.messages, "the end of the run")
        assert [one["client"] for one in serving.service.state()["waiting"]] == ["SiStrip"]
        root_file.unlink()
        until(lambda: serving.service.state()["waiting"] == [], "the file to be forgotten")


def test_files_are_sent_where_the_folder_of_the_clients_and_that_of_snapshots_are_links(unit: FilterUnit) -> None:
    unit.upload.rename(unit.folder / "disk 1")
    unit.upload.symlink_to("disk 1")
    (unit.folder / "disk 2").mkdir()
    (unit.upload / "pb").symlink_to(unit.folder / "disk 2")
    unit.write_snapshot(b"1", "SiStrip")
    with unit.serving() as serving:
        serving.wait_for(SiStrip=b"1")
        unit.write_snapshot(b"2", "Ecal", RUN + 1)
        serving.wait_for(RUN + 1, Ecal=b"2")
        unit.write_origin(unit.write_root_file(b"root"))
        until(lambda: unit.sent().get(ROOT_NAME) == b"root", "the ROOT file")


def test_what_was_sent_is_not_sent_again_by_the_next_process_and_what_came_meanwhile_is(unit: FilterUnit) -> None:
    root_file = unit.write_root_file(b"root")
    unit.write_origin(root_file)
    unit.write_snapshot(b"1", "SiStrip")
    unit.write_snapshot(b"1", "Ecal")
    with unit.serving() as serving:
        until(lambda: len(unit.sent()) == 3, "all files")
        serving.wait_until_idle()
    before = {path.name: path.stat().st_ino for path in (unit.target / "run367094").iterdir()}
    unit.write_snapshot(b"22", "Ecal")
    with unit.serving() as serving:
        until(lambda: unit.sent()[f"run367094_Ecal_DQMLive__{HOST}.pb"] == b"22", "the new one")
        serving.wait_until_idle()
    after = {path.name: path.stat().st_ino for path in (unit.target / "run367094").iterdir()}
    assert {name for name in after if before.get(name) != after[name]} == {f"run367094_Ecal_DQMLive__{HOST}.pb"}


def test_a_root_file_that_the_target_has_is_noted_and_not_sent_again_after_the_journal_was_lost(unit: FilterUnit) -> None:
    """A file that is sent again is another one there, and is merged again."""
    for tag in ("SiStrip", "Ecal", "Hcal"):
        unit.write_origin(unit.write_root_file(tag.encode(), tag))
    with unit.serving() as serving:
        until(lambda: len(unit.sent()) == 3, "all files")
        serving.wait_until_idle()
    shutil.rmtree(unit.options.state)
    before = {path.name: path.stat().st_ino for path in (unit.target / "run367094").iterdir()}
    damaged = unit.target / "run367094" / f"DQM_V0001_Hcal_R000367094__{HOST}.root"
    damaged.write_bytes(b"hcal")
    unit.write_origin(unit.write_root_file(b"ecal", "Ecal"))  # as long as before
    with unit.serving() as serving:
        until(lambda: sum(record["sent"] > 0 for record in serving.records()) == 3, "the records of all files")
        serving.wait_until_idle()
    with unit.serving() as serving:
        serving.wait_until_idle()
        assert len(serving.records()) == 3
    assert [unit.sent()[f"DQM_V0001_{tag}_R000367094__{HOST}.root"] for tag in ("SiStrip", "Ecal", "Hcal")] == [
        b"SiStrip",
        b"ecal",
        b"Hcal",
    ]
    after = {path.name: path.stat().st_ino for path in (unit.target / "run367094").iterdir()}
    assert [name for name in after if after[name] == before[name]] == [ROOT_NAME]


def test_while_the_target_is_away_all_is_kept_and_only_the_newest_snapshots_are_sent_then(unit: FilterUnit) -> None:
    away = unit.target.with_name("away")
    unit.target.rename(away)
    with unit.serving() as serving:
        root_file = unit.write_root_file(b"root")
        unit.write_origin(root_file)
        for number in range(30):
            unit.write_snapshot(b"x" * number, "SiStrip")
            unit.write_snapshot(b"y" * number, "Ecal")
        until(lambda: any(record["error"] for record in serving.records()), "a failure")
        assert not unit.target.exists()  # it may be a place where something is mounted
        away.rename(unit.target)
        until(lambda: len(unit.sent()) == 3, "all files")
        serving.wait_until_idle()
        sent = [record["name"] for record in serving.records() if record["sent"]]
        assert len(sent) == len(set(sent)) == 3
        failed = [record for record in serving.records() if record["error"]]
        assert {record["error"] for record in failed} == {f"{unit.target}: there is no such folder"}
    assert unit.sent()[f"run367094_SiStrip_DQMLive__{HOST}.pb"] == b"x" * 29


def test_one_run_that_cannot_be_written_holds_up_no_other(unit: FilterUnit) -> None:
    (unit.target / "run367094").write_text("this is no folder")
    unit.write_snapshot(b"1", run=RUN)
    with unit.serving() as serving:
        unit.write_snapshot(b"2", run=RUN + 1)
        serving.wait_for(RUN + 1, SiStrip=b"2")
        (unit.target / "run367094").unlink()
        serving.wait_for(SiStrip=b"1")


def test_a_file_that_grows_is_sent_whole_in_the_end(unit: FilterUnit) -> None:
    path = unit.upload / "DQM_V0001_SiStrip_R000367094.root"
    content = os.urandom(3_000_000)
    with unit.serving():
        for begin in range(0, len(content), 300_000):
            with path.open("ab") as file:
                file.write(content[begin : begin + 300_000])
        unit.write_origin(path)
        until(lambda: unit.sent().get(ROOT_NAME) == content, "the whole file")


def test_of_an_older_client_only_the_newest_lumisection_is_sent(unit: FilterUnit) -> None:
    folder = unit.upload / "pb" / "run367094" / "SiStrip"
    for lumi in (9, 12, 10, 11):
        path = folder / f"run367094_ls{lumi:04}_DQMLive.pb"
        write(path, b"x" * lumi, ".open")
        unit.write_report(path, lumi)
    with unit.serving() as serving:
        serving.wait_for(SiStrip=b"x" * 12)
        write(folder / "run367094_ls0013_DQMLive.pb", b"x" * 13, ".open")
        unit.write_report(folder / "run367094_ls0013_DQMLive.pb", 13)
        serving.wait_for(SiStrip=b"x" * 13)
        assert sum(record["sent"] > 0 for record in serving.records()) <= 4
    with unit.serving() as serving:
        serving.wait_until_idle()
        serving.wait_for(SiStrip=b"x" * 13)


def test_a_clock_that_is_set_back_hides_no_snapshot(unit: FilterUnit) -> None:
    with unit.serving() as serving:
        for hour in range(3):
            path = unit.upload / "pb" / "run367094" / "run367094_SiStrip_DQMLive.pb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".new").write_bytes(b"x" * hour)
            os.utime(path.with_suffix(".new"), (1e9 - 3600 * hour, 1e9 - 3600 * hour))
            path.with_suffix(".new").replace(path)
            unit.write_report(path, hour)
            serving.wait_for(SiStrip=b"x" * hour)


def test_files_that_are_older_than_the_first_start_are_left_alone(unit: FilterUnit) -> None:
    journal = Journal(unit.folder / "state" / "fu.sqlite")
    unit.write_snapshot(b"old", "Old")
    old = (unit.upload / "pb/run367094/run367094_Old_DQMLive.pb").stat().st_ctime
    journal.put(KIND, 0, "since", {"since": old + 0.001})
    journal.close()
    with unit.serving() as serving:
        until(lambda: os.stat(unit.write_snapshot(b"new", "New")).st_ctime > old + 0.001, "a later time")
        serving.wait_for(New=b"new")
        serving.wait_until_idle()
        assert set(unit.sent()) == {f"run367094_New_DQMLive__{HOST}.pb"}


def test_a_file_that_vanished_is_reported_and_forgotten(unit: FilterUnit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ORIGIN_WAIT_S", 0.2)
    with unit.serving() as serving:
        root_file = unit.write_root_file(b"root")
        until(lambda: serving.service.state()["queued"] == 1, "the file to wait for its origin")
        root_file.unlink()
        until(lambda: serving.records(), "the record")
        (record,) = serving.records()
        assert (record["error"], record["sent"]) == ("it was removed before it was sent", 0)
        serving.wait_until_idle()


def test_of_a_folder_that_is_removed_before_its_files_are_sent_the_log_has_one_line(caplog: pytest.LogCaptureFixture) -> None:
    removed = RemovedFiles()
    for number in range(8000):
        removed.add(f"/upload/pb/run367094/{number}.pb")
    removed.log()
    removed.add("/upload/one.root")
    removed.log()
    removed.log()
    removed.log()
    assert caplog.messages == [
        "Cannot send /upload/pb/run367094/0.pb and 7999 other files of this folder: they were removed before they were sent",
        "Cannot send /upload/one.root: it was removed before it was sent",
    ]


def test_a_record_of_a_file_says_what_hubs_show(unit: FilterUnit) -> None:
    with unit.serving() as serving:
        path = unit.write_snapshot(b"12345")
        until(lambda: serving.records(), "the record")
        (record,) = serving.records()
    assert record["written"] <= record["noticed"] <= record["sent"] <= record["at"]
    assert abs(record["written"] - path.stat().st_ctime) < 1e-6
    assert record["since"] == pytest.approx(record["noticed"], abs=1)
    times = {"at", "written", "noticed", "since", "sent", "number"}
    assert {key: value for key, value in record.items() if key not in times} == {
        "kind": "file",
        "run": RUN,
        "client": "SiStrip",
        "file": "snapshot",
        "name": f"run367094_SiStrip_DQMLive__{HOST}.pb",
        "size": 5,
        "attempts": 1,
        "error": "",
    }


def test_names_with_strange_characters_are_sent_or_named_and_stop_nothing(unit: FilterUnit) -> None:
    folder = unit.upload / "pb" / "run367094"
    folder.mkdir(parents=True)
    for name in (b"\xff.pb", b"run367094_\xc3\xa9_DQMLive.pb", b"a\nb", b"$(touch x);'.root", b"-rf", b"DQM_V0001_a b_R000367094.root"):
        (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).write_bytes(b"x")
    with unit.serving() as serving:
        unit.write_snapshot(b"1")
        serving.wait_for(SiStrip=b"1")
        serving.wait_until_idle()
    assert len(unit.sent()) == 1


def test_the_state_is_json_and_has_the_disks(unit: FilterUnit) -> None:
    run = 1_700_000_000 + os.getpid()  # without clients on this machine
    with unit.serving() as serving:
        unit.write_snapshot(b"1", run=run)
        serving.wait_for(run, SiStrip=b"1")
        until(lambda: len(serving.service.state()["disks"]) == 3, "all disks")
        serving.wait_until_idle()
        state = json.loads(json.dumps(serving.service.state()))
    assert set(state["disks"]) == {str(unit.upload), str(unit.target), unit.options.state}
    assert all(0 < fraction < 1 for fraction in state["disks"].values())
    assert [one for one in state["runs"] if one["run"] == run] == [{"run": run, "state": "ending", "clients": []}]
    assert state["queued"] == 0


def test_a_thousand_files_at_a_start_are_all_sent_each_once(unit: FilterUnit) -> None:
    for number in range(500):
        unit.write_snapshot(b"%d" % number, f"Tag{number % 50}", RUN + number // 50)
        unit.write_origin(unit.write_root_file(b"%d" % number, f"Tag{number % 50}", RUN + number // 50))
    threads = threading.active_count()
    with unit.serving() as serving:
        until(lambda: len(list(unit.target.glob("run*/*__*.*[tb]"))) == 1000, "all files")
        serving.wait_until_idle()
        assert sum(record["sent"] > 0 for record in serving.records()) == 1000
        assert threading.active_count() < threads + 10
    assert unit.sent(RUN + 9)[f"run367103_Tag49_DQMLive__{HOST}.pb"] == b"499"
