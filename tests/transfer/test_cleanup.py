"""Clean-up on a GUI machine: its rules on real folders and disks."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from services.transfer.cleanup.mode import clean_up
from services.transfer.cleanup.rules import Rule
from services.transfer.disks import DiskUsage
from tests.support.processes import until
from tests.support.small_disk import small_disk
from tests.transfer.pb_files import HOUR, MINUTE, NOW, by_rule, concatenation, options, plan, write


def test_the_pb_files_of_all_runs_but_the_newest_are_removed(tmp_path: Path) -> None:
    for run in (367094, 367095, 99, 1_000_000):
        write(tmp_path, run, {1: 0, 2: 600})
    for name in ("run000099_DQMLive_concat.pb", "run367094_SiStrip_DQMLive.pb"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (NOW,) * 2)
    clean_up(options(tmp_path))
    assert sorted(os.listdir(tmp_path)) == [concatenation(1_000_000, 1), concatenation(1_000_000, 2)]


def test_of_the_newest_run_the_ten_newest_and_those_younger_than_ten_minutes_stay_on_the_fullest_disk(tmp_path: Path) -> None:
    write(tmp_path, 367094, {number: number * 2 / 3 for number in range(30)})  # 16 are younger than 10 minutes
    full = DiskUsage(10**9, 0)
    rules = by_rule(plan(tmp_path, full))
    assert rules == {
        Rule.NEWEST: [concatenation(367094, number) for number in range(9, -1, -1)],
        Rule.YOUNG: [concatenation(367094, number) for number in range(14, 9, -1)],
        Rule.DISK: [concatenation(367094, number) for number in range(29, 14, -1)],
    }
    old = plan(tmp_path, full, life_time_min=0)
    assert len(by_rule(old)[Rule.NEWEST]) == 10
    assert Rule.YOUNG not in by_rule(old)


def test_below_the_mark_all_files_of_the_newest_run_stay(tmp_path: Path) -> None:
    write(tmp_path, 367094, {number: 60 * number for number in range(30)})
    assert Rule.DISK not in by_rule(plan(tmp_path, DiskUsage(90, 10)))
    assert Rule.DISK in by_rule(plan(tmp_path, DiskUsage(91, 9)))


def test_above_the_mark_the_oldest_go_first_until_the_lower_mark(tmp_path: Path) -> None:
    write(tmp_path, 367094, {number: 60 * number for number in range(30)}, nbytes=4096)
    size = 4096 * 100
    found = plan(tmp_path, DiskUsage(size * 95 // 100, size * 5 // 100), disk_low=0.85)
    # A twentieth of the disk is five files: 95 % to 85 % are ten.
    assert by_rule(found)[Rule.DISK] == [concatenation(367094, number) for number in range(29, 19, -1)]
    assert found.mark_reachable


def test_files_of_older_runs_count_before_those_of_the_newest_are_removed(tmp_path: Path) -> None:
    write(tmp_path, 367094, dict.fromkeys(range(20), 0), nbytes=4096)
    write(tmp_path, 367095, {number: 60 * number for number in range(30)}, nbytes=4096)
    size = 4096 * 100
    found = plan(tmp_path, DiskUsage(size * 95 // 100, size * 5 // 100))
    assert Rule.DISK not in by_rule(found)
    assert found.usage == DiskUsage(size * 75 // 100, size * 25 // 100)


def test_a_mark_that_cannot_be_reached_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, 367094, {1: 0})
    assert not plan(tmp_path, DiskUsage(95, 5)).mark_reachable
    assert plan(tmp_path, DiskUsage(89, 11), disk_low=0.1).mark_reachable


def test_a_file_with_a_high_number_of_no_run_does_not_end_the_ongoing_run(tmp_path: Path) -> None:
    """Here it comes between two files of the ongoing run, 23 s apart, and stays; older runs go as before."""
    write(tmp_path, 367094, {1: 60})
    write(tmp_path, 367095, {number: number * 23 / 60 for number in range(30)})
    bogus = concatenation(999_999, 1)
    (tmp_path / bogus).touch()
    for age_s in (-5, 5, 3600):
        os.utime(tmp_path / bogus, (NOW + HOUR * 367095 - age_s,) * 2)
        clean_up(options(tmp_path, newest=1, life_time_min=0, disk_mark=1, disk_low=1))
        assert len(os.listdir(tmp_path)) == 31
        assert not (tmp_path / concatenation(367094, 1)).exists()


def test_an_older_run_goes_a_minute_after_its_last_file(tmp_path: Path) -> None:
    """Its last files can come when the next run has begun, and then the next run goes on."""
    write(tmp_path, 1, {1: 0, 2: 1})
    for seconds, left in ((-30, 3), (59, 3), (60, 2)):
        write(tmp_path, 2, {1: 60 - seconds / 60})
        clean_up(options(tmp_path))
        assert len(os.listdir(tmp_path)) == left


def test_the_last_file_of_a_run_stays_while_it_may_be_merged(tmp_path: Path) -> None:
    """By the time of its last file, as that of other files that a page may still ask for."""
    write(tmp_path, 1, {1: 0, 2: 1})
    write(tmp_path, 2, {1: 1 + 60 - 10, 2: 60 - 10 + 1 / 60})
    assert by_rule(plan(tmp_path, DiskUsage(99, 1))) == {
        Rule.OLDER_RUN: [concatenation(1, 2)],
        Rule.LAST: [concatenation(1, 1)],
        Rule.NEWEST: [concatenation(2, 1), concatenation(2, 2)],
    }
    write(tmp_path, 2, {2: 60 - 10})
    assert sorted(by_rule(plan(tmp_path, DiskUsage(99, 1)))[Rule.OLDER_RUN]) == [concatenation(1, 1), concatenation(1, 2)]


def test_a_disk_that_got_below_the_mark_is_no_reason_for_a_mail(tmp_path: Path) -> None:
    write(tmp_path, 1, {number: 60 * number for number in range(12)}, nbytes=4096)
    size = 4096 * 100
    found = plan(tmp_path, DiskUsage(size * 91 // 100, size * 9 // 100))
    assert found.usage == DiskUsage(size * 89 // 100, size * 11 // 100)  # only two files of twelve may go, of 6 % that should
    assert found.mark_reachable


def part_by_rsync(folder: Path, name: str) -> str:
    """Let a copy by the real rsync break off; returns the name of what it leaves behind."""
    before = set(os.listdir(folder))
    source = folder.parent / "source"
    source.write_bytes(b"\x0a" * 5_000_000)
    command = ["rsync", "--whole-file", "--bwlimit=100", str(source), str(folder / name)]
    with subprocess.Popen(command, start_new_session=True) as rsync:
        until(lambda: set(os.listdir(folder)) - before, "the begin of the copy")
        os.killpg(rsync.pid, signal.SIGKILL)
    (left,) = set(os.listdir(folder)) - before
    return left


@pytest.mark.skipif(not shutil.which("rsync"), reason="rsync is not on this machine")
def test_parts_of_pb_files_whose_copy_broke_off_are_removed_and_those_that_may_go_on_stay(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    folder.mkdir()
    write(folder, 367095, {1: 0})
    root_file = "DQM_V0001_R000367094__Global__Online__ALL.root.tmp"
    names = [f"{concatenation(367094, number)}.tmp" for number in (1, 2)] + [root_file]
    parts = [*names, *(part_by_rsync(folder, name) for name in names)]
    for name in parts:
        (folder / name).touch()
        os.utime(folder / name, (NOW + HOUR * 367095 - MINUTE * (11 if concatenation(367094, 1) in name else 9),) * 2)
    os.utime(folder / root_file, (NOW,) * 2)
    clean_up(options(folder))
    gone = [name for name in parts if concatenation(367094, 1) in name]
    assert len(gone) == 2
    assert sorted(os.listdir(folder)) == sorted([concatenation(367095, 1), *set(parts).difference(gone)])


WORDS = [
    "run",
    "367094",
    "000001",
    "DQMLive",
    "_",
    "__",
    "concat",
    f"{7:032x}",
    ".pb",
    ".root",
    ".tmp",
    "DQM_V0001",
    "_R000367094",
    "ls0001",
]
ROOT_CONTENT = b"root\x00\x00\xf7\x32"


def random_name(chance: random.Random) -> str:
    name = chance.choice(
        [
            lambda: "".join(chance.choices(WORDS, k=chance.randint(1, 8))),
            lambda: concatenation(chance.randint(1, 400_000), chance.getrandbits(128)),
            lambda: f"DQM_V{chance.randint(1, 9):04}_{chance.choice('ABC')}_R{chance.randint(1, 400_000):09}.root",
            lambda: f"DQM_V0001_R{chance.randint(1, 400_000):09}__Global__Online__ALL.root",
            lambda: "".join(map(chr, chance.choices(range(32, 0x300), k=chance.randint(1, 30)))),
        ]
    )()
    if chance.random() < 0.3:
        at = chance.randrange(len(name) + 1)
        name = name[:at] + chance.choice([".root", ".pb", "\n", "ROOT", " "]) + name[at:]
    return name.replace("/", "_").strip(".") or "empty"


def test_of_ten_thousand_random_names_no_root_file_is_ever_removed(tmp_path: Path) -> None:
    chance = random.Random(1)
    names: dict[str, bool] = {}
    while len(names) < 10_000:
        names.setdefault(random_name(chance), chance.random() < 0.2)
    folder = tmp_path / "pb"
    folder.mkdir()
    for number, (name, is_root) in enumerate(names.items()):
        with open(folder / name, "wb", buffering=0) as file:
            file.write(ROOT_CONTENT if is_root else b"")
        os.utime(folder / name, (NOW + MINUTE * number,) * 2)
    clean_up(options(folder, newest=1, life_time_min=0, disk_mark=0, disk_low=0))
    removed = names.keys() - set(os.listdir(folder))
    assert len(removed) > 1000
    assert not [name for name in removed if names[name] or ".root" in name]
    allowed = re.compile(r"run[0-9]{6,10}_(DQMLive_concat(_[0-9a-f]{32})?|[A-Za-z0-9_-]+_DQMLive(__[A-Za-z0-9.-]+)?)\.pb(\.tmp)?")
    assert [name for name in removed if not allowed.fullmatch(name)] == []


def test_links_folders_and_pipes_with_names_of_pb_files_stay(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "pb", tmp_path / "elsewhere"
    folder.mkdir()
    write(folder, 367095, {1: 0})
    elsewhere.touch()
    (folder / concatenation(1, 1)).symlink_to(elsewhere)
    (folder / concatenation(1, 2)).mkdir()
    os.mkfifo(folder / concatenation(1, 3))
    clean_up(options(folder))
    assert len(os.listdir(folder)) == 4
    assert elsewhere.exists()


@pytest.mark.slow
def test_a_real_disk_above_the_mark_gets_to_the_lower_mark_as_df_counts(tmp_path: Path) -> None:
    folder = tmp_path / "pb"
    with small_disk(folder):
        write(folder, 367094, {number: 60 * number for number in range(31)}, nbytes=256 << 10)  # 97 % of the disk
        clean_up(options(folder, newest=10, disk_mark=0.9, disk_low=0.6))
        used = subprocess.run(["df", "--output=pcent", folder], capture_output=True, text=True, check=True).stdout.split()[-1]
        assert int(used.rstrip("%")) <= 60
        left = sorted(os.listdir(folder))
        assert left == [concatenation(367094, number) for number in range(len(left))]
        assert len(left) == 19  # of 32 that fill it, 59.4 %
