"""The end of a run on a filter unit, by real processes of clients and of the service."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import TREE
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.small_disk import fill_disk, small_disk
from tests.transfer.fu.filter_unit import HOST, FilterUnit
from tests.transfer.test_processes import process

RUN = 1_800_000_000 + os.getpid()
"""A run that no other test on this machine has."""
pytestmark = pytest.mark.slow


@pytest.fixture
def unit(tmp_path: Path) -> FilterUnit:
    return FilterUnit(tmp_path, end_s=0.5, begin_s=2)


@pytest.fixture
def client(tmp_path: Path) -> str:
    file = tmp_path / "sistrip_dqm_sourceclient-live_cfg.py"
    file.write_text("import sys; sys.stdin.read()")
    return str(file)


def clients_of(state: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """State and clients of the run in the state of the service."""
    (run,) = [one for one in state["runs"] if one["run"] == RUN] or [{"state": "", "clients": []}]
    return run["state"], run["clients"]


def test_the_state_names_each_client_process_with_its_tag_and_its_last_snapshot(unit: FilterUnit, client: str) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(process("cmsRun", client, f"runNumber={RUN}"))
        second = stack.enter_context(process("cmsRun", client, f"runNumber={RUN}", "skipFirstLumis=True"))
        stack.enter_context(process("cmsRun", client, "runNumber=9999999999"))  # no run: a hub would refuse the whole state
        serving = stack.enter_context(unit.serving())
        until(lambda: len(clients_of(serving.service.state())[1]) == 2, "both clients")
        path = unit.write_snapshot(b"1", "SiStrip", RUN, pid=first.pid)
        serving.wait_for(RUN, SiStrip=b"1")
        serving.wait_until_idle()
        state, clients = clients_of(serving.service.state())
        shared = {"client": os.path.basename(client)}
        written = pytest.approx(path.stat().st_ctime, abs=1e-6)
        assert state == "ongoing"
        assert max(one["run"] for one in serving.service.state()["runs"]) < 2**31
        assert sorted(clients, key=lambda one: one["restarted"]) == [
            {**shared, "pid": first.pid, "tag": "SiStrip", "restarted": False, "snapshot": written},
            {**shared, "pid": second.pid, "tag": "", "restarted": True, "snapshot": 0},
        ]
        serving.__exit__()
        serving = stack.enter_context(unit.serving())
        until(lambda: {one["tag"] for one in clients_of(serving.service.state())[1]} == {"SiStrip", ""}, "the tag after a new start")
        for one in (first, second):
            one.send_signal(signal.SIGSEGV)
        until(lambda: clients_of(serving.service.state()) == ("over", []), "the end of the run")


@contextmanager
def command(unit: FilterUnit, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command of the mode `fu`, with its output in the file `log`."""
    config = unit.folder / "transfer.toml"
    lines = [f'{name} = "{getattr(unit.options.fu, name)}"' for name in ("folder", "target")]
    lines += [f"{name} = {getattr(unit.options.fu, name)}" for name in ("scan_s", "retry_s", "retry_most_s", "end_s", "begin_s")]
    config.write_text("\n".join([f'host = "{HOST}"', f'state = "{unit.folder}/state"', "[fu]", *lines]))
    whole = [sys.executable, "-S", "-E", "-m", "services.transfer", "fu", "--config", str(config), *arguments]
    with (unit.folder / "log").open("ab") as log:
        started = subprocess.Popen(whole, cwd=TREE, stderr=log)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def test_a_process_for_one_run_ends_when_all_clients_have_crashed_and_everything_is_sent(unit: FilterUnit, client: str) -> None:
    with process("cmsRun", client, f"runNumber={RUN}") as started, command(unit, "--run", str(RUN)) as service:
        unit.write_snapshot(b"1", "SiStrip", RUN)
        unit.write_snapshot(b"other run", "SiStrip", RUN + 1)
        until(lambda: len(unit.sent(RUN)) == 1, "the snapshot")
        assert service.poll() is None
        unit.write_origin(unit.write_root_file(b"root", "SiStrip", RUN))
        started.send_signal(signal.SIGSEGV)
        assert service.wait(PATIENCE_S) == 0
    assert len(unit.sent(RUN)) == 2
    assert unit.sent(RUN + 1) == {}


def test_a_process_for_a_run_without_clients_sends_what_is_there_and_ends(unit: FilterUnit) -> None:
    unit.write_snapshot(b"1", "SiStrip", RUN)
    with command(unit, "--run", str(RUN)) as service:
        assert service.wait(PATIENCE_S) == 0
    assert len(unit.sent(RUN)) == 1


def test_a_run_with_a_damaged_file_ends_with_1_and_the_name_of_the_file(unit: FilterUnit) -> None:
    path = unit.write_root_file(b"damaged", "SiStrip", RUN)
    unit.write_origin(path, b"1234567")
    with command(unit, "--run", str(RUN)) as service:
        assert service.wait(PATIENCE_S) == 1
    assert f"were not sent: DQM_V0001_SiStrip_R{RUN:010}__{HOST}.root" in (unit.folder / "log").read_text()


def test_a_killed_process_goes_on_where_it_stopped(unit: FilterUnit) -> None:
    unit.write_snapshot(b"1", "SiStrip", RUN)
    with command(unit) as service:
        until(lambda: len(unit.sent(RUN)) == 1, "the snapshot")
        service.kill()
    unit.write_snapshot(b"22", "SiStrip", RUN)
    unit.write_snapshot(b"333", "Ecal", RUN)
    with command(unit) as service:
        until(lambda: sorted(map(len, unit.sent(RUN).values())) == [2, 3], "both new ones")
        service.terminate()
        assert service.wait(PATIENCE_S) == 0


def test_a_process_that_starts_before_the_folder_of_the_bu_is_mounted_names_it_and_sends_when_it_is(unit: FilterUnit) -> None:
    unit.target.rmdir()
    unit.write_snapshot(b"1", "SiStrip", RUN)
    with command(unit) as service:
        until(lambda: "there is no such folder" in (unit.folder / "log").read_text(), "the problem")
        unit.target.mkdir()
        until(lambda: len(unit.sent(RUN)) == 1, "the snapshot")
        service.terminate()
        assert service.wait(PATIENCE_S) == 0
    log = (unit.folder / "log").read_text()
    assert f" WARNING fu.target = {str(unit.target)!r}: there is no such folder\n" in log


def test_a_process_whose_journal_cannot_be_opened_says_so_and_sends(unit: FilterUnit) -> None:
    (unit.folder / "state" / "fu.sqlite").mkdir(parents=True)
    unit.write_snapshot(b"1", "SiStrip", RUN)
    with command(unit) as service:
        until(lambda: len(unit.sent(RUN)) == 1, "the snapshot")
        service.terminate()
        assert service.wait(PATIENCE_S) == 0
    assert "new entries are kept in memory until it can be used" in (unit.folder / "log").read_text()


def test_a_full_disk_of_its_state_neither_stops_a_filter_unit_nor_makes_it_send_anything_twice(unit: FilterUnit) -> None:
    state = unit.folder / "state"
    log = unit.folder / "log"
    with small_disk(state):
        unit.write_snapshot(b"1", "Ecal", RUN)
        with command(unit) as service:
            until(lambda: log.exists() and f"_Ecal_DQMLive__{HOST}.pb, " in log.read_text(), "the first snapshot in the log")
            service.kill()
        filling = fill_disk(state)
        unit.write_snapshot(b"22", "SiStrip", RUN)
        with command(unit) as service:
            until(lambda: len(unit.sent(RUN)) == 2, "the snapshot while the disk is full")
            filling.unlink()
            service.terminate()
            assert service.wait(PATIENCE_S) == 0
        unit.write_snapshot(b"333", "Pixel", RUN)
        with command(unit) as service:
            until(lambda: len(unit.sent(RUN)) == 3, "the snapshot after it")
            service.terminate()
            assert service.wait(PATIENCE_S) == 0
    assert [log.read_text().count(f"_{tag}_DQMLive__{HOST}.pb, ") for tag in ("Ecal", "SiStrip", "Pixel")] == [1, 1, 1]
