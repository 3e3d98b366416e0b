"""The live demo: snapshots with growing histograms, registered at a hub by a separate process."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.cli.run import SERVICES, prepare_transfer
from app.core.settings import TREE, Settings
from app.formats import Kind, MEListing, payload, scan
from app.formats.listing import LUMI
from app.formats.statistics import statistics
from app.gui.demo.make import BY_LUMISECTION, FILES, make_demo
from render.build import build
from tests.support.p5 import CROWDED, P5, run_simulator
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import LOOPBACK_RIGHTS, environment, until
from tests.support.site import address, site

pytestmark = pytest.mark.slow

DQMHUB = Path(sys.executable).with_name("dqmhub")
LUMIS = 10


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The snapshots of a run of ten lumisections, in order."""
    folder = tmp_path_factory.mktemp("live")
    return [snapshot(folder / f"{lumi}.pb", lumi) for lumi in range(1, LUMIS + 1)]


def snapshot(path: Path, lumi: int, lumis: int = LUMIS, **others: float) -> Path:
    maker = build(TREE, sys.executable).with_name("dqmhub-demo")
    options = {"format": "pb", "out": path, "run": 367201, "lumi": lumi, "lumis": lumis, **others}
    command = [str(text) for option, value in options.items() for text in (f"--{option}", value)]
    subprocess.run([maker, *command], check=True, timeout=PATIENCE_S, capture_output=True)
    return path


def listing(path: Path) -> MEListing:
    result = scan(path, "protobuf")
    assert result.unreadable == 0
    return result.samples[0, 0]


def entries(path: Path) -> dict[bytes, float]:
    """The number of entries of each histogram of the whole run."""
    found = listing(path)
    rows = {found.names[index]: found.columns.row(index) for index in range(len(found.names))}
    return {
        me: statistics(payload(path, "protobuf", row))["Entries"]
        for me, row in rows.items()
        if not Kind(row.kind).scalar and not row.flags & LUMI
    }


def test_histograms_grow_from_snapshot_to_snapshot_and_none_loses_entries(snapshots: list[Path]) -> None:
    counts = [entries(path) for path in snapshots]
    assert len(counts[0]) > 200
    for earlier, later in pairwise(counts):
        assert earlier.keys() == later.keys()
        assert all(later[me] >= earlier[me] for me in earlier)
        assert sum(later[me] > earlier[me] for me in earlier) > 100


def test_one_subsystem_updates_more_slowly(snapshots: list[Path]) -> None:
    counts = [sum(count for me, count in entries(path).items() if me.startswith(b"Hcal/RecHitTask/")) for path in snapshots]
    assert counts[3] == counts[4] == counts[6] > counts[2]
    assert counts[7] == counts[9] > counts[6]


def test_one_subsystem_stops_and_its_process_has_the_time_of_its_last_event(snapshots: list[Path]) -> None:
    counts = [sum(count for me, count in entries(path).items() if me.startswith(b"RPC/AllHits/")) for path in snapshots]
    assert 0 < counts[0] < counts[2] == counts[3] == counts[9]
    for lumi, path in enumerate(snapshots, start=1):
        found = listing(path)
        values = {found.names[index].decode(): text for index, text in found.facts.scalars.items()}
        assert values["RPC/EventInfo/iLumiSection"] == str(min(lumi, 3))
        late_s = float(values["CSC/EventInfo/processTimeStamp"]) - float(values["RPC/EventInfo/processTimeStamp"])
        assert late_s == pytest.approx(23.31 * max(lumi - 3, 0), abs=0.001)


def test_a_snapshot_has_the_time_at_which_it_was_written(tmp_path: Path) -> None:
    found = listing(snapshot(tmp_path / "now.pb", 5, start=1_700_000_000, written=1_700_000_040))
    values = {found.names[index].decode(): text for index, text in found.facts.scalars.items()}
    assert float(values["CSC/EventInfo/processTimeStamp"]) == 1_700_000_040
    assert float(values["RPC/EventInfo/processTimeStamp"]) == 1_700_000_040 - 2 * 40 / 5, "two lumisections of 8 s earlier"


def test_a_quality_test_fails_from_half_of_the_run_on(snapshots: list[Path]) -> None:
    def status(path: Path) -> int:
        found = listing(path)
        return found.columns.status[found.names.find(b"PixelPhase1/Tracks/PXBarrel/charge_PXLayer_3") or 0]

    assert [status(path) for path in snapshots] == [100] * 5 + [300] * 5


def test_the_snapshot_has_its_lumisection_and_an_me_of_that_lumisection_only(snapshots: list[Path]) -> None:
    for lumi, path in enumerate(snapshots, start=1):
        found = listing(path)
        scalars = {found.names[index]: text for index, text in found.facts.scalars.items()}
        assert scalars[b"Info/EventInfo/iLumiSection"] == str(lumi)
        assert scalars[b"Info/ProvInfo/runIsComplete"] == str(int(lumi == LUMIS))
        marked = [index for index in range(len(found.names)) if found.columns.flags[index] & LUMI]
        assert [found.names[index] for index in marked] == [b"Info/EventInfo/EventsInLumisection"]


def test_the_live_run_has_the_run_information_that_shifters_read_in_hlt_eventinfo(snapshots: list[Path]) -> None:
    for lumi, path in enumerate(snapshots, start=1):
        found = listing(path)
        values = {found.names[index].decode(): text for index, text in found.facts.scalars.items()}
        folder = "HLT/EventInfo"
        assert values[f"{folder}/iRun"] == "367201"
        assert values[f"{folder}/iLumiSection"] == str(lumi)
        for name in ("iEvent", "runStartTimeStamp", "eventTimeStamp"):
            assert values[f"{folder}/{name}"] == values[f"Info/EventInfo/{name}"]
        assert values[f"{folder}/CMSSW_Version"] == values["Info/ProvInfo/CMSSW"]


def test_the_same_lumisection_of_the_same_run_gives_the_same_snapshot(snapshots: list[Path], tmp_path: Path) -> None:
    assert snapshot(tmp_path / "again.pb", 4).read_bytes() == snapshots[3].read_bytes()


def test_a_plot_of_a_snapshot_is_drawn_from_the_command_line(settings: Settings, snapshots: list[Path], tmp_path: Path) -> None:
    plot = tmp_path / "plot.png"
    command = [DQMHUB, "render", snapshots[-1], "PixelPhase1/Tracks/PXBarrel/charge_PXLayer_3", "-o", plot]
    subprocess.run(command, env=environment(settings), check=True, timeout=PATIENCE_S)
    assert plot.read_bytes().startswith(b"\x89PNG")


class Service:
    """A running command of the product, and its log."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log
        self.position = 0

    def wait_for(self, what: str) -> str:
        """Wait for the next line with this text, and return the rest of it."""
        until(lambda: self._found(what) >= 0 or self.process.poll() is not None, f"{what!r} in {self.log.read_text()!r}")
        begin, text = self._found(what), self.log.read_text()
        assert begin >= 0, f"it ended without {what!r}: {text!r}"
        self.position = text.find("\n", begin) + 1
        return text[begin : self.position]

    def _found(self, what: str) -> int:
        text = self.log.read_text()
        return text.find(what, self.position) if text.endswith("\n") else -1

    def ends(self, number: int) -> None:
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE_S) == 0


@contextmanager
def started(settings: Settings, *command: str) -> Iterator[Service]:
    settings.data.mkdir(exist_ok=True)
    log = settings.data / f"{command[0]}.log"
    with log.open("wb") as file, subprocess.Popen([DQMHUB, *command], env=environment(settings), stderr=file) as process:
        try:
            yield Service(process, log)
        finally:
            process.kill()


@contextmanager
def live_demo(settings: Settings, *options: str) -> Iterator[Service]:
    build(TREE, sys.executable)
    with started(settings, "demo", "live", "--lumis", "3", "--period", "1", "--run", "367300", *options) as service:
        yield service


def is_shown(settings: Settings, run: int) -> bool:
    """Whether the hub shows this run."""
    try:
        with urllib.request.urlopen(
            f"{address(settings)}/api/v1/archive/{run}/Global/Online/ALL/Info/EventInfo", timeout=PATIENCE_S
        ) as answer:
            return b"iLumiSection" in answer.read()
    except OSError:
        return False


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A running hub without files."""
    settings = Settings(data_dir=str(tmp_path_factory.mktemp("hub") / "var"), instance_name="Test", **LOOPBACK_RIGHTS)
    with site(settings, sqlite_template, []) as found:
        yield found


def test_runs_are_registered_one_after_the_other_until_a_signal(running: Settings) -> None:
    with started(running, "live"), live_demo(running) as demo:
        until(lambda: is_shown(running, 0), "the first snapshot as the ongoing run")
        until(lambda: is_shown(running, 367300), "the same snapshot under its own run")
        demo.wait_for("run 367300 has ended")
        demo.wait_for("run 367301 begins")
        until(lambda: is_shown(running, 367301), "the next run")
        demo.ends(signal.SIGINT)
        assert sorted(path.name for path in (running.data / "demo" / "live").iterdir()) == ["run367300_DQMLive.pb", "run367301_DQMLive.pb"]


def test_the_demo_files_are_of_runs_of_the_simulated_p5() -> None:
    with run_simulator() as p5:
        assert {run for run in FILES.values() if run != 1} <= set(p5.status()["systems"]["production"]["runs"])  # 1: simulated collisions


@contextmanager
def transfer(settings: Settings, role: str, mode: str) -> Iterator[subprocess.Popen[bytes]]:
    """A mode of the transfer with the options of a host of the demo."""
    command = [sys.executable, "-m", "services.transfer", mode, "--config", settings.data / "demo" / "online" / f"{role}.toml"]
    with subprocess.Popen(command, cwd=TREE, env=environment(settings) | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())}) as process:
        try:
            yield process
        finally:
            process.kill()


def is_reported(settings: Settings, run: int) -> bool:
    """Whether the hub knows of clients of a run on both FUs, and of the delivery of its concatenation."""
    with urllib.request.urlopen(f"{address(settings)}/api/v1/transfers/{run}", timeout=PATIENCE_S) as answer:
        found = json.load(answer)
    return len({client["host"] for client in found["clients"]}) == 2 and any(row["registered"] for row in found["deliveries"])


def test_a_run_of_the_simulated_p5_gets_from_its_clients_by_fus_and_bu_into_the_gui(
    settings: Settings, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(TREE, sys.executable)
    with run_simulator() as p5, site(settings, sqlite_template, []) as running, started(running, "live"), ExitStack() as stack:
        production = p5.status()["systems"]["production"]
        following = running.replace(simulator_port=urlsplit(p5.address).port)
        monkeypatch.setenv("DQMHUB_DEMO_ONLINE", "")  # restored afterwards
        prepare_transfer(following)
        for role, mode in (("fu1", "fu"), ("fu2", "fu"), ("bu", "bu")):
            stack.enter_context(transfer(following, role, mode))
        clients = stack.enter_context(started(following, "simulate-clients", "--follow"))
        clients.wait_for(f"run {production['run']} begins: {production['lumis']} lumisections")
        until(lambda: is_shown(running, 0), "the ongoing run")
        until(lambda: is_shown(running, production["run"]), "the run of the simulated P5")
        until(lambda: is_reported(running, production["run"]), "its transfers")
        clients.ends(signal.SIGTERM)


def test_a_hub_that_is_not_there_yet_is_waited_for(settings: Settings, sqlite_template: Path) -> None:
    shutil.copytree(sqlite_template, settings.data)
    early = settings.replace(web_port=free_port())
    with live_demo(early, "--lumis", "2") as demo:
        assert f"waiting for the hub at 127.0.0.1:{early.web_port}" in demo.wait_for("waiting")
        with started(early, "web"):
            demo.wait_for("the hub responds")
            demo.wait_for("run 367300 has ended")
        assert "waiting" in demo.wait_for("waiting")
        demo.ends(signal.SIGTERM)


def test_refusals_of_the_hub_are_printed(running: Settings, tmp_path: Path) -> None:
    with live_demo(running, "--folder", str(tmp_path / "forbidden")) as demo:
        assert "is in none of the folders that may be read" in demo.wait_for("the hub did not register")
        demo.ends(signal.SIGTERM)


def test_the_procfile_has_demo_services_beside_the_others() -> None:
    names = [line.partition(":")[0] for line in (TREE / "Procfile").read_text().splitlines()]
    assert names == [*SERVICES, "p5", "oms", "mirror", "clients", "fu1", "fu2", "bu", "cleanup"]


RELEASES = ("production_0405_CMSSW_13_0_5_41467_41487", "production_1605_CMSSW_13_0_5_patch2_41604", "production_2605_CMSSW_13_0_7_41766")


def conditions_at_p5(p5: P5) -> dict[int, tuple[str, float]]:
    """Release and start of each run in the documents of the hosts: in the paths of the jobs, and in what the BU says of its files."""
    documents = [row["document"] for row in p5.record(bodies=True)["documents"]]
    starts = {each["run"]: each["extra"]["global_start"] for each in documents if each["type"] == "dqm-files"}
    paths = {each["run"]: each["cmdline"][1] for each in documents if each["type"] == "dqm-source-state"}
    releases = {
        run: found[1] for run, path in paths.items() if (found := re.search(r"/production_\d+_(CMSSW(?:_\d+){3}(?:_patch\d+)?)", path))
    }
    return {run: (release, starts[run]) for run, release in releases.items() if run in starts}


def conditions_of(file: Path, format: str) -> tuple[str, float]:
    """Release and start of the run in a file of the demo."""
    (found,) = scan(file, format).samples.values()
    values = {found.names[index].decode(): text for index, text in found.facts.scalars.items()}
    return values["Info/ProvInfo/CMSSW"], float(values["Info/EventInfo/runStartTimeStamp"])


def test_the_pages_of_dqm2_and_of_the_dqm_gui_tell_the_same_of_the_runs_of_a_demo(settings: Settings, demo_files: list[Path]) -> None:
    maker = build(TREE, sys.executable).with_name("dqmhub-demo")
    shutil.copytree(demo_files[0].parent, settings.data / "demo")  # with the times of the files
    files = {run: settings.data / "demo" / name for name, run in FILES.items() if run != 1 and BY_LUMISECTION not in name}
    assert {conditions_of(file, "tdirectory")[0] for file in files.values()} == {"CMSSW_13_0_10"}
    with run_simulator("--releases", *RELEASES) as p5:
        until(lambda: p5.status()["systems"]["production"]["lumi"], "a lumisection of the ongoing run")
        ongoing, expected = p5.status()["systems"]["production"]["run"], conditions_at_p5(p5)
        assert {release for release, _ in expected.values()} == {"CMSSW_13_0_5", "CMSSW_13_0_5_patch2", "CMSSW_13_0_7"}
        snapshots = settings.data / "demo" / "online" / "fu" / CROWDED / "upload" / "pb" / f"run{ongoing}"
        snapshot = snapshots / f"run{ongoing}_Info_DQMLive.pb"
        with started(settings.replace(web_port=free_port(), simulator_port=urlsplit(p5.address).port), "simulate-clients", "--follow"):
            until(snapshot.exists, "the first snapshot")
            found = {run: conditions_of(file, "tdirectory") for run, file in files.items()} | {ongoing: conditions_of(snapshot, "protobuf")}
        assert found == {run: (release, pytest.approx(start, abs=0.01)) for run, (release, start) in expected.items() if run in found}
    made = {file: file.stat().st_mtime_ns for file in files.values()}
    make_demo(settings.data / "demo", maker, None, lambda _: None)
    assert {file: file.stat().st_mtime_ns for file in files.values()} == made, "the next start of the demo leaves them as they are"
