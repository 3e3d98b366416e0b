"""Which snapshots go into a concatenation: the newest good one of each client, in the order of their arrival."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.transfer.bu.inputs import WORK_FOLDER, Snapshots, list_files
from services.transfer.names import FileKind
from tests.transfer.bu.arrivals import arrive, snapshot

RUN = 367094


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run367094").mkdir()
    return tmp_path / "run367094"


def read(snapshots: Snapshots) -> list[bytes]:
    return [one.path.read_bytes() for one in snapshots.inputs]


def update(snapshots: Snapshots, folder: Path) -> None:
    snapshots.update(list_files(folder, RUN))


def accept_all(snapshots: Snapshots) -> None:
    snapshots.accept([one.path for one in snapshots.inputs])


def test_complete_files_of_clients_and_of_this_run_are_listed_and_no_others(folder: Path) -> None:
    names = [
        "run367094_SiStrip_DQMLive__fu-c2b01.pb",
        "Ecal/run367094_ls0012_DQMLive__fu-c2b02.pb",
        "DQM_V0001_SiStrip_R000367094__fu-c2b01.root",
        "DQM_V0002_R000367094__Global__Online__ALL.root",
    ]
    for name in names:
        arrive(folder, name)
    for other in (
        "run367094_SiStrip_DQMLive__fu-c2b03.pb.tmp",
        "run367095_SiStrip_DQMLive__fu-c2b01.pb",
        "fu-c2b01/run367094_SiStrip_DQMLive.pb",
        "run367094_DQMLive_concat.pb",
        ".bu/run367094_SiStrip_DQMLive__fu-c2b09.pb",
        "notes.txt",
    ):
        (folder / other).parent.mkdir(exist_ok=True)
        (folder / other).touch()
    (folder / "run367094_Link_DQMLive__fu-c2b01.pb").symlink_to(folder / names[0])
    (folder / "run367094_Folder_DQMLive__fu-c2b01.pb").mkdir()
    os.mkfifo(folder / "run367094_Pipe_DQMLive__fu-c2b01.pb")
    found = list_files(folder, RUN)
    assert sorted(os.path.relpath(one.path, folder) for one in found) == sorted(names)
    assert {(one.kind, one.client, one.host, one.lumi, one.version, one.size) for one in found} == {
        (FileKind.SNAPSHOT, "SiStrip", "fu-c2b01", 0, 0, 7),
        (FileKind.SNAPSHOT, "Ecal", "fu-c2b02", 12, 0, 7),
        (FileKind.ROOT_FILE, "SiStrip", "fu-c2b01", 0, 1, 7),
        (FileKind.MERGED_FILE, "", "", 0, 2, 7),
    }


def test_snapshots_are_in_the_order_of_their_arrival_whatever_times_the_clients_set(folder: Path) -> None:
    snapshots = Snapshots(folder, RUN)
    for number, (tag, host) in enumerate([("B", "fu2"), ("A", "fu1"), ("A", "fu2")]):
        file = snapshot(folder, tag, host, f"{tag} {host}".encode())
        os.utime(file, (1_000_000_000 - number,) * 2)
        update(snapshots, folder)
    assert read(snapshots) == [b"B fu2", b"A fu1", b"A fu2"]
    snapshot(folder, "B", "fu2", b"newer B fu2")
    update(snapshots, folder)
    assert read(snapshots) == [b"A fu1", b"A fu2", b"newer B fu2"]


def test_a_damaged_snapshot_leaves_the_last_good_one_of_its_client_in_place(folder: Path) -> None:
    snapshots = Snapshots(folder, RUN)
    snapshot(folder, "A", "fu1", b"good")
    update(snapshots, folder)
    accept_all(snapshots)
    snapshot(folder, "A", "fu1", b"cut")
    update(snapshots, folder)
    (damaged,) = snapshots.inputs
    assert damaged.path.read_bytes() == b"cut"
    assert snapshots.reject(damaged.path, "it is cut")
    assert read(snapshots) == [b"good"]
    assert [(one.name, reason) for one, reason in snapshots.left_out] == [("run367094_A_DQMLive__fu1.pb", "it is cut")]
    update(snapshots, folder)
    assert read(snapshots) == [b"good"]  # the damaged one is not tried again
    snapshot(folder, "A", "fu1", b"good again")
    update(snapshots, folder)
    accept_all(snapshots)
    assert read(snapshots) == [b"good again"]
    assert snapshots.left_out == []
    assert len(os.listdir(folder / WORK_FOLDER)) == 1


def test_an_empty_snapshot_does_not_replace_a_good_one(folder: Path) -> None:
    snapshots = Snapshots(folder, RUN)
    snapshot(folder, "A", "fu1", b"good")
    update(snapshots, folder)
    accept_all(snapshots)
    snapshot(folder, "A", "fu1", b"")
    update(snapshots, folder)
    assert read(snapshots) == [b"good"]
    assert [reason for _, reason in snapshots.left_out] == ["it is empty"]


def test_a_process_that_is_started_again_has_the_same_inputs_in_the_same_order(folder: Path) -> None:
    before = Snapshots(folder, RUN)
    for tag, content in (("B", b"B"), ("A", b"A"), ("C", b"C")):
        snapshot(folder, tag, "fu1", content)
    update(before, folder)
    accept_all(before)
    snapshot(folder, "B", "fu1", b"cut")
    snapshot(folder, "C", "fu1", b"new C")
    update(before, folder)
    before.reject(next(one.path for one in before.inputs if one.path.read_bytes() == b"cut"), "it is cut")
    after = Snapshots(folder, RUN)
    update(after, folder)
    assert read(after) == [b"A", b"cut", b"new C"]  # whether it is damaged is found out again
    after.reject(after.inputs[1].path, "it is cut")
    assert read(after) == read(before) == [b"B", b"A", b"new C"]
    assert after.digest == before.digest


def test_the_digest_differs_when_a_snapshot_is_replaced_or_left_out(folder: Path) -> None:
    snapshots = Snapshots(folder, RUN)
    digests = {snapshots.digest}
    for content in (b"1", b"2", b"2"):
        snapshot(folder, "A", "fu1", content)
        update(snapshots, folder)
        accept_all(snapshots)
        digests.add(snapshots.digest)
        assert snapshots.digest in digests
    snapshot(folder, "A", "fu1", b"3")
    update(snapshots, folder)
    snapshots.reject(snapshots.inputs[0].path, "it is cut")
    digests.add(snapshots.digest)
    assert len(digests) == 5
    assert all(len(digest) == 32 for digest in digests)


def test_of_the_snapshots_of_an_older_client_that_of_the_highest_lumisection_counts(folder: Path) -> None:
    snapshots = Snapshots(folder, RUN)
    for lumi in (9, 11, 10):
        arrive(folder, f"Ecal/run367094_ls{lumi:04}_DQMLive__fu1.pb", b"%d" % lumi)
        update(snapshots, folder)
        accept_all(snapshots)
    assert read(snapshots) == [b"11"]
    arrive(folder, "Ecal/run367094_ls10000_DQMLive__fu1.pb", b"10000")
    update(snapshots, folder)
    assert read(snapshots) == [b"10000"]


def test_without_links_the_newest_snapshots_count(folder: Path) -> None:
    (folder / WORK_FOLDER).touch()  # in place of a folder
    snapshots = Snapshots(folder, RUN)
    snapshot(folder, "A", "fu1", b"good")
    update(snapshots, folder)
    accept_all(snapshots)
    assert read(snapshots) == [b"good"]
    snapshot(folder, "A", "fu1", b"next")
    update(snapshots, folder)
    assert not snapshots.reject(snapshots.inputs[0].path, "it is cut")
    assert read(snapshots) == []
    snapshot(folder, "A", "fu1", b"last")
    update(snapshots, folder)
    assert read(snapshots) == [b"last"]


def test_a_folder_that_cannot_be_read_holds_up_no_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Ecal", "lost+found"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "Ecal" / f"run{RUN}_ls0001_DQMLive__fu1.pb").touch()
    snapshot(tmp_path, "SiStrip", "fu1").rename(tmp_path / f"run{RUN}_SiStrip_DQMLive__fu1.pb")
    for readable in (tmp_path, tmp_path / "Ecal"):
        readable.chmod(0o755)
    (tmp_path / "lost+found").chmod(0)
    monkeypatch.chdir(tmp_path)
    unreadable: dict[str, str] = {}
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # the rights of a folder do not hold for root
    try:
        found = list_files(Path(), RUN, unreadable)
    finally:
        os.seteuid(user)
    assert {file.client for file in found} == {"Ecal", "SiStrip"}
    assert unreadable == {"lost+found": "Permission denied"}
