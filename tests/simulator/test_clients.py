"""The simulated clients of online runs: their processes, and the files that they and their hosts write."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.core.settings import TREE
from render.build import build
from services.simulator.clients.at_p5 import RunsAtP5
from services.simulator.clients.content import Content
from services.simulator.clients.demo_clients import BY_TAG, CLIENTS
from services.simulator.clients.places import Places
from services.simulator.clients.planned import Fault, PlannedRuns, parse_fault
from services.simulator.clients.player import MAX_KILLS, Player
from services.simulator.clients.processes import Beginning, ClientProcess, close_all
from services.simulator.clients.transfer_options import write_options
from services.simulator.clients.wanted import WantedClient, WantedRun
from services.transfer.options import read_options
from tests.support.p5 import Simulators
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

FU, OTHER_FU, BU = "fu-1", "fu-2", "bu-1"
RUN = 367201
START = 1_700_000_000.0


def run(lumi: int, clients: Mapping[str, WantedClient], is_over: bool = False, number: int = RUN, **others: frozenset[str]) -> WantedRun:
    return WantedRun(number, "pp_run", START, "CMSSW_13_0_7", 20, lumi, is_over, clients, **others)


class Play:
    """A player with two FUs, and its files."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder)
        self.places.make([FU, OTHER_FU])
        self.lines: list[str] = []
        program = build(TREE, sys.executable).with_name("dqmhub-demo")
        self.content = Content(program, self.places.work)
        self.player = Player(self.places, [FU, OTHER_FU], BU, self.content, {OTHER_FU: -3600.0}, self.lines.append, kept_runs=2)

    def snapshot(self, tag: str, host: str = FU, number: int = RUN) -> Path:
        return self.places.upload(host) / "pb" / f"run{number}" / f"run{number}_{tag}_DQMLive.pb"

    def report(self, tag: str, host: str = FU) -> tuple[str, str]:
        """Size and source in the report of a snapshot; empty without one."""
        try:
            found = json.loads(self.snapshot(tag, host).with_suffix(".jsn").read_text())
        except FileNotFoundError:
            return "", ""
        return found["data"][5], found["source"]

    def root_files(self, host: str = FU) -> set[str]:
        return {path.name for path in self.places.upload(host).iterdir() if path.is_file()}

    def active(self, host: str) -> list[int]:
        found: list[int] = json.loads((self.places.heartbeats / host).read_text())["activeRuns"]
        return found

    def end(self) -> None:
        """Step until no run is played."""

        def is_idle() -> bool:
            self.player.step([])
            return self.player.is_idle

        until(is_idle, "the end of all clients")


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    found = Play(tmp_path)
    yield found
    found.player.close()


def client_processes(folder: Path) -> dict[int, list[str]]:
    """The arguments of all processes with the name cmsRun, as `ps` shows it, that read from below a folder, by pid."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text() == "cmsRun\n":
                found[int(entry.name)] = (entry / "cmdline").read_text().rstrip("\0").split("\0")
        except OSError:
            continue
    return {pid: line for pid, line in found.items() if any(text.startswith(f"runInputDir={folder}/") for text in line)}


@pytest.mark.slow
def test_a_client_is_a_process_with_the_name_and_arguments_of_a_real_one(play: Play) -> None:
    play.player.step([run(0, {"Pixel": WantedClient(FU, 1, 0), "DT": WantedClient(OTHER_FU, 2, 0)})])

    def found() -> list[list[str]]:
        return sorted(client_processes(play.places.root).values())

    until(lambda: len(found()) == 2, "both processes")
    for arguments, host, name, restarted in zip(found(), (OTHER_FU, FU), ("dt", "pixel"), ([*["skipFirstLumis=True"]], []), strict=True):
        assert arguments[0] == "cmsRun"
        assert next(Path(text).name for text in arguments if text.endswith(".py")) == f"{name}_dqm_sourceclient-live_cfg.py"
        after = arguments[arguments.index(f"runInputDir={play.places.input(host)}") + 1 :]
        assert after == [f"runNumber={RUN}", *restarted, "runkey=pp_run"]
    play.player.close()
    until(lambda: not found(), "their end together with the simulator")


@pytest.mark.slow
def test_a_client_writes_a_snapshot_with_its_report_each_lumisection(play: Play) -> None:
    clients = {"Pixel": WantedClient(FU, 1, 1), "Info": WantedClient(OTHER_FU, 1, 1)}
    contents = set()
    for lumi in (1, 2):
        newer = {tag: WantedClient(client.host, 1, lumi) for tag, client in clients.items()}
        for _ in range(2):  # clients begin in the first step, and read in the next one
            play.player.step([run(lumi, newer)])
        before = len(contents)
        until(lambda: play.snapshot("Pixel").exists() and play.snapshot("Pixel").read_bytes() not in contents, "a snapshot")
        until(lambda: play.report("Pixel")[0] == str(play.snapshot("Pixel").stat().st_size), "its report")
        contents.add(play.snapshot("Pixel").read_bytes())
        assert len(contents) == before + 1
    assert re.fullmatch(rf"{FU}_\d+", play.report("Pixel")[1])
    until(lambda: play.report("Info", OTHER_FU)[0], "the other client")
    behind = os.stat(play.places.root).st_mtime - play.snapshot("Info", OTHER_FU).stat().st_mtime
    assert 1800 < behind < 5400, "its clock is an hour behind"
    assert (play.places.ramdisk / f".run{RUN}.global").read_text() == "run_key = pp_run\n"
    play.player.beat()
    assert play.active(FU) == play.active(OTHER_FU) == play.active(BU) == [RUN]


@pytest.mark.slow
def test_at_the_end_of_a_run_clients_write_root_files_with_their_origin(play: Play) -> None:
    clients = {
        "Pixel": WantedClient(FU, 1, 16),
        "DT": WantedClient(FU, 1, 3),
        "RPC": WantedClient(FU, 1, 16),
        "GEM": WantedClient(FU, 1, 0),
    }
    play.player.step([run(14, {tag: WantedClient(FU, 1, min(client.lumi, 14)) for tag, client in clients.items()})])
    for lumi in (14, 16):
        play.player.step([run(lumi, {tag: WantedClient(FU, 1, min(client.lumi, lumi)) for tag, client in clients.items()})])
    until(lambda: play.report("DT")[0], "the snapshot of a client that stopped in an older lumisection")
    until(lambda: any(".root.origin.ls00000016_host" in name for name in play.root_files()), "a backup after lumisection 15")
    play.player.step([run(20, {}, is_over=True, crash_at_end=frozenset({"RPC", "GEM", "DT"}))])
    play.end()
    root, origin = f"DQM_V0001_Pixel_R{RUN:09}.root", f"DQM_V0001_Pixel_R{RUN:09}.root.origin"
    backups = {name for name in play.root_files() if ".ls" in name}
    assert play.root_files() - backups == {root, origin, *(f"DQM_V0001_{tag}_R{RUN:09}.root.tmp" for tag in ("RPC", "DT"))}
    assert all("_RPC_" in name for name in backups), "those of a client that has ended well are removed"
    content = (play.places.upload(FU) / root).read_bytes()
    written = (play.places.upload(FU) / origin).read_text()
    assert written == f"md5:{hashlib.md5(content).hexdigest()} {len(content)} {play.places.upload(FU) / root}\n"
    assert not play.snapshot("GEM").exists(), "it never read anything"
    play.player.beat()
    assert play.active(FU) == play.active(BU) == []


@pytest.mark.slow
def test_a_client_that_crashes_leaves_a_report_and_is_started_again_with_the_same_tag(play: Play) -> None:
    for _ in range(2):
        play.player.step([run(3, {"CSC": WantedClient(FU, 1, 3)})])
    until(lambda: play.report("CSC")[1], "the first snapshot")
    first = play.report("CSC")[1]

    def next_process_writes() -> bool:
        play.player.step([run(4, {"CSC": WantedClient(FU, 2, 4)})])
        return play.report("CSC")[1] != first

    until(next_process_writes, "a snapshot of the next process")
    crashed = first.rpartition("_")[2]
    report = play.snapshot("CSC").with_name(f"run{RUN}_ls0000_crash_pid{int(crashed):05}.jsn")
    assert json.loads(report.read_text()) == {"errorCode": 134}
    assert play.lines[-1] == f"CSC crashes in lumisection 4 of run {RUN}"


@pytest.mark.slow
def test_a_client_that_somebody_kills_is_started_again_five_times(play: Play) -> None:
    def step() -> dict[int, list[str]]:
        play.player.step([run(0, {"DT": WantedClient(FU, 1, 0)})])
        return client_processes(play.places.root)

    killed: set[int] = set()
    for number in range(MAX_KILLS + 1):
        until(lambda: step().keys() - killed, "the next process")
        ((pid, arguments),) = ((pid, arguments) for pid, arguments in step().items() if pid not in killed)
        assert ("skipFirstLumis=True" in arguments) == (number > 0)
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
        until(lambda: not client_processes(play.places.root).keys() & killed, "its end")
    assert len(killed) == MAX_KILLS + 1
    for _ in range(3):
        assert step() == {}


@pytest.mark.slow
def test_a_problem_that_lasts_is_reported_once_and_goes_away(play: Play) -> None:
    made = play.places.work / f"run{RUN}"
    made.touch()  # where the folder of this run is to be
    for _ in range(4):
        play.player.step([run(1, {"DT": WantedClient(FU, 1, 1)})])
    assert [line.partition(":")[0] for line in play.lines[1:]] == [f"lumisection 1 of run {RUN} was not written"]
    made.unlink()
    play.player.step([run(1, {"DT": WantedClient(FU, 1, 1)})])
    until(lambda: play.report("DT")[0], "the snapshot")


@pytest.mark.slow
def test_the_files_of_old_runs_are_removed(play: Play) -> None:
    for number in range(RUN, RUN + 3):
        for _ in range(2):
            play.player.step([run(1, {"DT": WantedClient(FU, 1, 1)}, number=number)])
        play.end()
    left = {path.name for path in (play.places.upload(FU) / "pb").iterdir()}
    assert left == {f"run{number}" for number in (RUN + 1, RUN + 2)}
    assert f"DQM_V0001_DT_R{RUN:09}.root" not in play.root_files()
    assert f"DQM_V0001_DT_R{RUN + 1:09}.root" in play.root_files()
    assert not (play.places.ramdisk / f".run{RUN}.global").exists()
    assert [path.name for path in play.places.work.glob("run*")] == []


@pytest.mark.slow
def test_the_files_of_runs_before_the_start_are_removed_too(play: Play) -> None:
    places = play.places
    for number in (RUN - 3, RUN - 2, RUN - 1):
        for folder in (places.output, places.ramdisk, places.upload(FU) / "pb", places.work):
            (folder / f"run{number:06}").mkdir()
        (places.ramdisk / f".run{number:06}.global").touch()
        for name in (f"DQM_V0001_DT_R{number:09}.root", f"DQM_V0001_DT_R{number:09}.root.origin"):
            (places.upload(OTHER_FU) / name).touch()
    others = {places.upload(FU) / "pb" / "notes", places.gui / "root" / f"DQM_V0001_R{RUN - 3:09}.root"}
    for path in others:
        path.touch()
    before = {path for path in places.root.rglob("*") if str(RUN - 1) in path.name}
    Player(places, [FU, OTHER_FU], BU, play.content, {}, play.lines.append, kept_runs=2).step([run(0, {})])
    left = {path for path in places.root.rglob("*") if re.search(rf"{RUN - 3}|{RUN - 2}|{RUN - 1}|notes", path.name)}
    assert left == before | others, "those of one run before the newest stay, and what is none of a run on FUs or the BU"


@pytest.mark.slow
def test_a_client_that_somebody_stops_holds_up_nothing(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.make([FU])
    stopped, other = (ClientProcess(places, BY_TAG[tag], Beginning(RUN, "pp_run", FU, 1, 0, 0.0)) for tag in ("DT", "RPC"))
    until(lambda: len(client_processes(tmp_path)) == 2, "both clients")
    (pid,) = (pid for pid, line in client_processes(tmp_path).items() if any("/dt_dqm" in text for text in line))
    os.kill(pid, signal.SIGSTOP)
    for lumi in range(1000):  # more than a pipe holds
        stopped.write_snapshot(tmp_path / ("absent" * 20), lumi, cut=False)
    close_all([stopped, other])
    assert client_processes(tmp_path) == {}


def test_the_options_of_the_transfer_are_accepted_on_every_host(tmp_path: Path) -> None:
    places = Places(tmp_path / "a folder")
    places.make([FU, OTHER_FU])
    paths = write_options(places, [FU, OTHER_FU], BU, "http://127.0.0.1:8080/dqm", tmp_path, "warning", "/run/local_key")
    fu, other, bu, gui = map(read_options, paths)
    assert [path.name for path in paths] == ["fu1.toml", "fu2.toml", "bu.toml", "gui.toml"]
    assert (fu.host_name, fu.fu.folder, fu.fu.input_folder) == (FU, str(places.upload(FU)), str(places.input(FU)))
    assert fu.fu.target == other.fu.target == bu.bu.folder
    assert bu.bu.gui_machines[0].pb_folder == gui.cleanup.folder
    assert {one.hubs[0].url for one in (fu, other, bu, gui)} == {"http://127.0.0.1:8080/dqm"}
    tokens = {one.hubs[0].token_file for one in (fu, other, bu, gui)} | {bu.bu.gui_machines[0].token_file}
    assert tokens == {"/run/local_key"}
    assert len({one.state for one in (fu, other, bu, gui)}) == 4


class Clock:
    now = START

    def __call__(self) -> float:
        return self.now


FAULTS = {"Pixel": Fault("crash", 2), "DT": Fault("dies", 3), "GEM": Fault("stuck", 4), "RPC": Fault("blind", 1), "CSC": Fault("cut", 2)}


def test_planned_runs_follow_each_other_with_the_faults_of_their_clients() -> None:
    clock = Clock()
    runs = PlannedRuns(RUN, 5, 10.0, [FU, OTHER_FU], [client.tag for client in CLIENTS], FAULTS, clock, runs=2)

    def at(lumi: float) -> list[WantedRun]:
        clock.now = START + 10 * lumi
        return runs.wanted()

    (first,) = at(0)
    assert (first.run, first.lumi, first.is_over, len(first.clients)) == (RUN, 0, False, len(CLIENTS))
    assert first.clients["HcalGPU"].host == FU
    assert first.clients["Pixel"].host == OTHER_FU
    assert "Pixel" not in at(2.1)[0].clients
    assert at(2.3)[0].clients["Pixel"].attempt == 2
    (late,) = at(4.5)
    assert (late.clients["GEM"].lumi, late.clients["RPC"].lumi, late.clients["CSC"].is_cut) == (3, 0, True)
    assert "DT" not in late.clients
    assert (at(5.5)[0].is_over, at(5.5)[0].lumi) == (True, 5)
    assert at(6) == [], "its clients end"
    assert at(9)[0].run == RUN + 1
    assert not runs.is_over
    assert at(18) == []
    assert runs.is_over


@pytest.mark.parametrize("text", ["Pixel", "Pixel=explodes", "Nobody=crash@2", "Pixel=crash@x", "Pixel=crash@2:1000"])
def test_a_fault_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected CLIENT=KIND@LUMI:CODE with a client of EcalGPU, "):
        parse_fault(text)


def test_a_fault_has_a_lumisection_and_an_exit_code() -> None:
    assert parse_fault("Pixel=crash@3:65") == ("Pixel", Fault("crash", 3, 65))
    assert parse_fault("DT=no-root") == ("DT", Fault("no-root", 1, 134))


@pytest.mark.slow
def test_clients_follow_the_jobs_of_the_simulated_p5(simulators: Simulators) -> None:
    with simulators.run("--quiet-start", "--speed", "0") as p5:
        runs = RunsAtP5(int(p5.address.rpartition(":")[2]))
        assert runs.wanted() == []
        stuck = {"kind": "stuck", "lumi": 2}
        crash = {"kind": "crash", "lumi": 3, "code": 134}
        faults = {"gem_dqm_sourceclient-live": stuck, "pixel_dqm_sourceclient-live": crash}
        p5.incident("start_run", lumis=20, faults=faults)
        p5.advance(15)
        (found,) = runs.wanted()
        hosts = {job["tag"]: job["id"].partition("-host")[2].rpartition("-pid")[0] for job in p5.status()["systems"]["production"]["jobs"]}
        assert {tag: client.host for tag, client in found.clients.items()} == {client.tag: hosts[client.name] for client in CLIENTS}
        assert {client.lumi for client in found.clients.values()} == {0}, "none has read anything"
        p5.advance(200)
        (found,) = runs.wanted()
        assert found.lumi == p5.status()["systems"]["production"]["lumi"] > 5
        assert found.clients["Pixel"].attempt == 2
        gem = next(job for job in p5.status()["systems"]["production"]["jobs"] if job["tag"].startswith("gem_"))
        assert (found.clients["GEM"].lumi, found.crash_at_end) == (gem["lumi"], {"GEM"})
        assert 2 <= gem["lumi"] < found.lumi
        assert found.clients["DT"] == WantedClient(hosts["dt_dqm_sourceclient-live"], 1, found.lumi)
        (faulty,) = RunsAtP5(int(p5.address.rpartition(":")[2]), {"DT": Fault("cut", 3), "RPC": Fault("no-root")}).wanted()
        assert {tag for tag, client in faulty.clients.items() if client.is_cut} == {"DT"}
        assert faulty.crash_at_end == {"GEM", "RPC"}
        p5.incident("end_run")
        p5.advance(1)
        ended = next(one for one in runs.wanted() if one.run == found.run)
        assert (ended.is_over, ended.lumi) == (True, found.lumi)
        p5.advance(120)
        assert all(one.run != found.run for one in runs.wanted()), "stuck clients do not keep the run"
    assert runs.wanted() == runs.wanted(), "it stays as it was while the simulator does not respond"


@pytest.mark.slow
def test_the_command_ends_after_the_last_run_of_a_plan(tmp_path: Path) -> None:
    program = build(TREE, sys.executable).with_name("dqmhub-demo")
    command = [sys.executable, "-m", "services.simulator.clients", "--folder", tmp_path, "--program", program, "--run", str(RUN)]
    options = ["--runs", "1", "--lumis", "2", "--lumi-s", "0.3", "--clients", "Info,HcalGPU", "--clock", "dqmfu-c2b03-45-01=60"]
    subprocess.run([*command, *options], cwd=TREE, check=True, timeout=PATIENCE_S, capture_output=True)
    assert {path.name for path in tmp_path.glob("fu/*/upload/*.root")} == {f"DQM_V0001_{tag}_R{RUN:09}.root" for tag in ("Info", "HcalGPU")}
    refused = subprocess.run(
        [*command, "--fault", "Info=explodes"], cwd=TREE, check=False, timeout=PATIENCE_S, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "expected CLIENT=KIND@LUMI:CODE" in refused.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--lumis", "2"], "--lumis cannot be used together with --p5 or --follow"),
        (["--lumi-s", "1"], "--lumi-s cannot be used together with --p5 or --follow"),
        (["--clients", "Info"], "--clients cannot be used together with --p5 or --follow"),
        (["--fault", "Info=cut", "--fault", "DT=dies"], "--fault dies cannot be used together with --p5 or --follow"),
    ],
)
def test_what_cannot_be_while_p5_is_followed_is_refused(options: list[str], reason: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "services.simulator.clients", "--folder", tmp_path, "--program", tmp_path, "--p5", "1", *options]
    done = subprocess.run(command, cwd=TREE, check=False, timeout=PATIENCE_S, capture_output=True, text=True)
    assert done.returncode == 2
    assert reason in done.stderr
    assert not list(tmp_path.iterdir())
