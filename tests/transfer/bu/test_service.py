"""The mode `bu` as a real process, with a GUI machine that is a folder and a hub."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import TREE
from app.transfers.reports.checks import read_report
from services.transfer.journal import Journal
from tests.formats.snapshots import read
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.small_disk import fill_disk, small_disk
from tests.transfer.bu.arrivals import mes, snapshot
from tests.transfer.hub_server import HubServer, hub_server

pytestmark = pytest.mark.slow

RUN = 367094
OPTIONS = """
host = "bu1"
state = "{folder}/state"
[[hubs]]
url = "{hub}"
[bu]
folder = "{folder}/output"
heartbeats = "{folder}/boxes"
period_s = 1
quiet_s = 0.05
hadd = "{python}"
root = "{python}"
[[bu.gui_machines]]
name = "gui1"
pb_folder = "{folder}/gui1"
root_folder = "{folder}/gui1"
hub = "{hub}"
[[bu.gui_machines]]
name = "gui2"
pb_folder = "{folder}/away"
root_folder = "{folder}/away"
"""


class Bu:
    """A BU: its folders, its options and its process.

    Attributes:
        folder: For everything.
        run: The folder of the run.
    """

    def __init__(self, folder: Path, hub: HubServer) -> None:
        self.folder, self.hub = folder, hub
        self.run = folder / "output" / f"run{RUN}"
        for made in (self.run, folder / "boxes", folder / "gui1"):
            made.mkdir(parents=True)
        (folder / "boxes" / "fu1").write_text(f'{{"activeRuns": [{RUN}]}}')
        self.options = folder / "transfer.toml"
        self.options.write_text(OPTIONS.format(folder=folder, hub=hub.url, python=sys.executable))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start the process."""
        with (self.folder / "log").open("ab") as log:
            words = [sys.executable, "-m", "services.transfer", "bu", "--config", str(self.options), *arguments]
            return subprocess.Popen(words, cwd=TREE, stderr=log)

    def registered(self) -> dict[int, dict[str, bytes]]:
        """The MEs of the file that was registered last for each run."""
        with self.hub.lock:
            entries = [entry for path, _, document in self.hub.requests if path.endswith("/register") for entry in document]
        files = {entry["run"]: Path(entry["file"]) for entry in entries}
        return {run: {name: one.content for name, one in read(file.read_bytes()).items()} for run, file in files.items()}

    def reports(self) -> list[Any]:
        """The reports, in the order in which they came."""
        with self.hub.lock:
            return [document for path, _, document in self.hub.requests if path.endswith("/reports")]

    def wait_for(self, expected: dict[str, bytes]) -> None:
        """Wait until run and run 0 have these MEs."""
        until(lambda: self.registered() == {RUN: expected, 0: expected}, f"{expected} at the hub")


@pytest.fixture
def bu(tmp_path: Path) -> Iterator[Bu]:
    with hub_server() as hub:
        yield Bu(tmp_path, hub)


def test_a_snapshot_gets_to_the_gui_machine_while_another_is_away_and_both_are_reported(bu: Bu) -> None:
    process = bu.start()
    try:
        snapshot(bu.run, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
        bu.wait_for({"SiStrip/a": b"1 SiStrip/a"})
        snapshot(bu.run, "SiStrip", "fu1", mes(b"2", "SiStrip/a"))
        bu.wait_for({"SiStrip/a": b"2 SiStrip/a"})
        until(lambda: {record["kind"] for record in bu.hub.records} >= {"concatenation", "delivery"}, "the records")
        until(lambda: bu.reports()[-1]["state"]["gui_machines"][0]["waiting"] == 0, "a report after the deliveries")
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    reports = bu.reports()
    assert all(read_report(report).refused == () for report in reports)
    assert (reports[-1]["host"], reports[-1]["mode"]) == ("bu1", "bu")
    state = reports[-1]["state"]
    assert [(run["run"], run["state"]) for run in state["runs"]] == [(RUN, "ongoing")]
    assert [(one["name"], one["reachable"], one["waiting"]) for one in state["gui_machines"]] == [("gui1", True, 0), ("gui2", False, 1)]
    assert {place: 0 < used <= 1 for place, used in state["disks"].items()} == {f"{bu.folder}/{name}": True for name in ("output", "state")}


def test_a_second_process_is_refused_by_name(bu: Bu) -> None:
    first = bu.start()
    try:
        until((bu.folder / "state" / "bu.lock").exists, "the lock")
        until(lambda: "Serving" in (bu.folder / "log").read_text(), "the first process")
        assert bu.start().wait(PATIENCE_S) == 1
        assert f"served by process {first.pid}" in (bu.folder / "log").read_text()
    finally:
        first.terminate()
        assert first.wait(PATIENCE_S) == 0


def test_after_any_kill_the_newest_snapshots_get_to_the_gui_machine(bu: Bu) -> None:
    """A process is killed while it works: at each start there is a snapshot more, and at the end everything is right."""
    chance = random.Random(16)
    expected: dict[str, bytes] = {}
    for number in range(8):
        tag = chance.choice(("SiStrip", "Ecal", "CSC"))
        snapshot(bu.run, tag, "fu1", mes(b"%d" % number, f"{tag}/a"))
        expected[f"{tag}/a"] = f"{number} {tag}/a".encode()
        with ExitStack() as stack:
            process = bu.start()
            stack.callback(process.wait, PATIENCE_S)
            stack.callback(process.send_signal, signal.SIGKILL)
            with bu.hub.lock:
                before = len(bu.hub.requests)
            wanted = before + chance.randrange(3)
            until(lambda wanted=wanted: len(bu.hub.requests) >= wanted, "some requests")
    process = bu.start()
    try:
        bu.wait_for(expected)
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert all(read((bu.folder / "gui1" / name).read_bytes()) for name in os.listdir(bu.folder / "gui1") if name.endswith(".pb"))


def test_what_heartbeats_root_a_hub_and_a_gui_machine_lack_is_named_and_does_not_keep_the_other_machine_waiting(bu: Bu) -> None:
    token = f"{bu.folder}/token"
    text = bu.options.read_text().replace(f"{bu.folder}/boxes", f"{bu.folder}/none").replace('root = "', 'root = "/no')
    text += f'hub = "{bu.hub.url}"\ntoken_file = "{token}"\n[[hubs]]\nurl = "http://127.0.0.1:9"\ntoken_file = "{token}"\n'
    bu.options.write_text(text)
    problems = [
        f"hubs 2.token_file = '{token}': No such file or directory",
        f"bu.heartbeats = '{bu.folder}/none': there is no such folder",
        f"bu.root = '/no{sys.executable}': there is no such program",
        f"bu.gui_machines 2.token_file = '{token}': No such file or directory",
    ]
    assert bu.start("--check").wait(PATIENCE_S) == 1
    assert (bu.folder / "log").read_text().splitlines() == [f"dqmhub-transfer: {problem}" for problem in problems]
    process = bu.start()
    try:
        snapshot(bu.run, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
        bu.wait_for({"SiStrip/a": b"1 SiStrip/a"})
        until(lambda: all(f" WARNING {problem}\n" in (bu.folder / "log").read_text() for problem in problems), "the problems")
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


def test_a_full_disk_of_its_state_keeps_it_neither_from_starting_nor_from_delivering(bu: Bu) -> None:
    state = bu.folder / "state"
    log = bu.folder / "log"
    with small_disk(state):
        filling = fill_disk(state)
        process = bu.start()
        try:
            snapshot(bu.run, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
            bu.wait_for({"SiStrip/a": b"1 SiStrip/a"})
            snapshot(bu.run, "SiStrip", "fu1", mes(b"2", "SiStrip/a"))
            bu.wait_for({"SiStrip/a": b"2 SiStrip/a"})
            until(lambda: len({record["name"] for record in bu.hub.records if record.get("registered")}) == 2, "the records")
            filling.unlink()
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
        with closing(Journal(state / "bu.sqlite")) as journal:
            assert (journal.runs("concatenation"), journal.runs("delivery")) == ([RUN], [RUN])
    assert "Cannot use the journal" in log.read_text()


def test_without_its_own_folder_it_does_not_start(bu: Bu) -> None:
    bu.options.write_text(bu.options.read_text().replace(f"{bu.folder}/output", f"{bu.folder}/none"))
    assert bu.start().wait(PATIENCE_S) == 1
    assert (bu.folder / "log").read_text() == f"dqmhub-transfer: bu.folder = '{bu.folder}/none': there is no such folder\n"


def test_files_are_delivered_again_only_while_the_service_does_not_run_and_to_a_machine_of_its_options(bu: Bu) -> None:
    process = bu.start()
    try:
        snapshot(bu.run, "SiStrip", "fu1", mes(b"1", "SiStrip/a"))
        bu.wait_for({"SiStrip/a": b"1 SiStrip/a"})
        assert bu.start("--again", "gui1").wait(PATIENCE_S) == 1
        assert f"served by process {process.pid}" in (bu.folder / "log").read_text()
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert bu.start("--again", "gui3").wait(PATIENCE_S) == 1
    assert "there is no GUI machine 'gui3'; the options have gui1, gui2\n" in (bu.folder / "log").read_text()
    assert bu.start("--run", str(RUN)).wait(PATIENCE_S) == 2
    for file in (bu.folder / "gui1").iterdir():
        file.unlink()
    with bu.hub.lock:
        bu.hub.requests.clear()
    assert bu.start("--again", "gui1", "--run", str(RUN)).wait(PATIENCE_S) == 0
    process = bu.start()
    try:
        bu.wait_for({"SiStrip/a": b"1 SiStrip/a"})
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
