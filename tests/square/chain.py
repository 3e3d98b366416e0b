"""The whole chain as real processes: the simulated P5, the poller, the web server; with checks that the hub has the data of P5.

`python -m tests.square.chain --kills 60` kills processes of it at random instants, and P5 loses its documents now and
then; at the end the hub must have every document of P5's own record, once, at its newest state. Exit code 1 when not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import zstandard

from app.core.database import end_thread
from app.core.settings import TREE, Settings
from app.square.models import DeadLetter, Document, Graph, GraphPart, Job, Log, Run
from app.square.settings import SquareSettings
from tests.support.p5 import P5, settings_of
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.processes import environment, of_session, until
from tests.support.servers import migrate
from tests.support.site import address, bound
from tests.support.storms import note_kills

SERVICES = ("web", "live", "worker", "p5")


class Chain:
    """Services by name, each in a session of its own; p5_options: of the simulator's command line when it starts next."""

    def __init__(self, settings: Settings, *p5_options: str) -> None:
        port = free_port()
        self.settings = settings.replace(web_port=free_port(), web_workers=1, **settings_of(port))
        self.p5_options = [*p5_options]
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self._p5_port = port

    @property
    def p5(self) -> P5:
        return P5(self.settings.of(SquareSettings).square_url)

    def start(self, name: str) -> None:
        command = ["-c", f"from app.cli import main; main([{name!r}])"]
        if name == "p5":
            command = ["-m", "services.simulator", "--port", str(self._p5_port), *self.p5_options]
        ours = {"DQMHUB_SUPERVISOR_PID": str(os.getpid()), "DQMHUB_LOG_LEVEL": "error"}
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=TREE,
            env=environment(self.settings) | ours,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.processes[name] = process

    def wait_for(self, name: str) -> None:
        """Until a service answers; those without a port need no wait."""
        urls = {"web": f"{address(self.settings)}/healthz/live", "p5": f"{self.settings.of(SquareSettings).square_url}/_simulator/status"}
        if name in urls:
            until(lambda: answers(urls[name]), f"{name} to answer")

    def kill(self, name: str, pid: int = 0) -> None:
        """End one process of a service by SIGKILL: its leader, or the one that is named."""
        os.kill(pid or self.processes[name].pid, signal.SIGKILL)

    def revive(self, name: str) -> bool:
        """Start a service whose leader is dead, when all its processes have ended; whether it was."""
        process = self.processes[name]
        if process.poll() is None:
            return False
        until(lambda: not of_session(process.pid), f"what is left of {name} to end")
        self.start(name)
        return True

    def get(self, path: str) -> str:
        with urllib.request.urlopen(address(self.settings) + path, timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
            return text

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def end(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(PATIENCE_S)
        until(lambda: not any(of_session(process.pid) for process in self.processes.values()), "every process to end")


@contextmanager
def chain(settings: Settings, *p5_options: str, services: tuple[str, ...] = SERVICES) -> Iterator[Chain]:
    """A chain that runs; the database of the settings is there already."""
    started = Chain(settings, *p5_options)
    try:
        if "p5" in services:  # first: a poller that fails at its start on a busy machine pauses for up to a minute
            started.start("p5")
            started.wait_for("p5")
        others = [name for name in services if name != "p5"]
        for name in others:
            started.start(name)
        for name in others:
            started.wait_for(name)
        yield started
    finally:
        started.end()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def differences(running: Chain) -> list[str]:
    """Differences between the hub and the polled machines, which must not change meanwhile."""
    polled = {machine for machines in running.settings.of(SquareSettings).square_machines.values() for machine in machines}
    record = [entry for entry in running.p5.record(bodies=True)["documents"] if entry["there"] and entry["host"] in polled]
    stored_documents = {row.key: row for row in Document.select()}
    logs = {row.key: json.loads(zstandard.decompress(bytes(row.body))) for row in Log.select()}
    jobs = {row.key: row for row in Job.select()}
    found = []
    for entry in record:
        document, row = entry["document"], stored_documents.get(entry["id"])
        if row is None:
            found.append(f"{entry['id']} is missing")
            continue
        whole = json.loads(zstandard.decompress(bytes(row.body)))
        if entry["id"] in logs:
            whole["extra"] |= logs[entry["id"]]
        if whole != document or row.rev != entry["rev"]:
            found.append(f"{entry['id']} is at revision {row.rev}, not {entry['rev']}")
        elif document["type"] == "dqm-source-state":
            found += [f"{entry['id']}: {what}" for what in wrong_columns(document, jobs.get(entry["id"]))]
        elif document["type"] == "dqm-files":
            found += [f"{entry['id']}: {what}" for what in wrong_files(document)]
    there = {entry["id"] for entry in record}
    found += [f"{letter.key} is put aside, but there: {letter.why}" for letter in DeadLetter.select() if letter.key in there]
    found += [] if record else ["P5 has nothing"]
    end_thread()
    return found + contradictions(stored_documents, set(jobs))


def wrong_columns(document: dict[str, Any], job: Job | None) -> list[str]:
    """Columns of a job that differ from its document."""
    if job is None:
        return ["it has no job"]
    options = [item for item in document.get("cmdline", []) if item.startswith("runkey=")]
    expected: dict[str, Any] = {
        "run": document["run"],
        "tag": document["tag"],
        "host": document["hostname"],
        "pid": document["pid"],
        "exit_code": document.get("exit_code"),
        "reported": document["report_timestamp"],
        "rss_kb": int(document["extra"]["ps_info"]["VmRSS"].split()[0]),
        "runkey": options[-1].removeprefix("runkey=") if options else "",
    }
    numbers = {"fi_state": "fi_state", "lumi": "cmssw_lumi", "events": "events_total", "data_run": "cmssw_run"}
    expected |= {column: int(document[key]) if key in document else None for column, key in numbers.items()}
    expected["rate"] = float(document["events_rate"]) if "events_rate" in document else None
    return [f"{name} is {getattr(job, name)!r}, not {value!r}" for name, value in expected.items() if getattr(job, name) != value]


def wrong_files(document: dict[str, Any]) -> list[str]:
    """Streams whose stored points are not those of the document."""
    stored: dict[str, set[tuple[Any, ...]]] = {}
    query = GraphPart.select().join(Graph).where(Graph.key == document["_id"])
    names = ("lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize")
    files = 0
    for part in query:
        points = json.loads(zstandard.decompress(bytes(part.points)))
        files += len(points["lumis"])
        stored.setdefault(part.stream, set()).update(zip(*(points[name] for name in names), strict=True))
    streams = {name: points for name, points in document["extra"]["streams"].items() if points["lumis"]}
    expected = {name: set(zip(*(points[column] for column in names), strict=True)) for name, points in streams.items()}
    wrong = [] if stored == expected else ["its files are others"]
    return wrong + ([] if files == sum(map(len, expected.values())) else ["it has files twice"])


def contradictions(stored_documents: dict[str, Any], jobs: set[str]) -> list[str]:
    """Where tables of the hub do not agree with each other."""
    found = []
    if jobs != {key for key, row in stored_documents.items() if row.type == "dqm-source-state"}:
        found.append("the jobs are not those of the documents")
    if {row.key for row in Graph.select(Graph.key)} != {key for key, row in stored_documents.items() if row.type == "dqm-files"}:
        found.append("the files are not those of the documents")
    counted: dict[tuple[str, int], Counter[str]] = {}
    found_jobs = list(Job.select().order_by(Job.started, Job.id))
    newest = {(job.system, job.run, job.tag, job.host): job.id for job in found_jobs}
    for job in found_jobs:
        is_newest = newest[job.system, job.run, job.tag, job.host] == job.id
        state = "running" if job.exit_code is None else "finished" if job.exit_code == 0 else "stopped" if job.stopped_by else "crashed"
        counted.setdefault((job.system, job.run), Counter()).update([state, "jobs"] if is_newest else ["jobs"])
    for row in Run.select():
        sums = {name: getattr(row, name) for name in ("jobs", "running", "finished", "crashed")}
        if sums != {name: counted.get((row.system, row.run), Counter())[name] for name in sums}:
            found.append(f"run {row.run} of {row.system} has {sums}, not {dict(counted.get((row.system, row.run), {}))}")
    return found


def storm(running: Chain, kills: int, seed: int, lost: float) -> Counter[str]:
    """Kill a process of each service so many times, then stop the clock of P5; how often each was hit. All of them run at the end.

    lost: how often P5 has lost its documents when it was killed.
    """
    chance, hits = random.Random(seed), Counter[str]()
    victims = chance.sample(SERVICES * kills, len(SERVICES) * kills)
    forgetful = iter(chance.sample(range(kills), kills))
    state = next(Path(value) for option, value in zip(running.p5_options, running.p5_options[1:], strict=False) if option == "--state")
    for name in victims:
        time.sleep(chance.uniform(0.05, 1.5))
        running.kill(name, chance.choice(of_session(running.processes[name].pid)))
        hits[name] += 1
        time.sleep(chance.uniform(0, 0.5))
        if name == "p5" and next(forgetful) < lost * kills:
            running.processes["p5"].wait(PATIENCE_S)
            forget(state)
            hits["p5 lost all"] += 1
        for each in SERVICES:
            running.revive(each)
    running.kill("p5")
    running.processes["p5"].wait(PATIENCE_S)
    running.p5_options += ["--speed", "0"]
    for each in SERVICES:
        running.revive(each)
        running.wait_for(each)
    return hits


def forget(state: Path) -> None:
    """Delete the documents of P5."""
    for file in state.parent.glob(f"{state.name}*"):
        file.unlink()


def settled(running: Chain) -> list[str]:
    """Differences that remain after the hub had enough time."""
    found, end = ["nothing was looked at"], time.monotonic() + PATIENCE_S
    while found and time.monotonic() < end:
        time.sleep(0.5)
        found = differences(running)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.square.chain", description="Processes from P5 to the page, killed at random.")
    parser.add_argument("--kills", type=int, default=60, help="of each service (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", default="60", help="of the clock at P5 (%(default)s)")
    parser.add_argument("--lost", type=float, default=0.5, help="how often P5 has lost its documents when it was killed (%(default)s)")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="dqmhub-chain-") as folder:
        settings = Settings(data_dir=f"{folder}/var", square_poll_s=0.5)
        migrate(settings)
        options = ("--speed", arguments.speed, "--history", "600", "--state", f"{folder}/p5.db")
        with bound(settings), chain(settings, *options) as running:
            hits = storm(running, arguments.kills, arguments.seed, arguments.lost)
            found = settled(running)
            note_kills("chain from P5", {name: hits[name] for name in SERVICES})
            print(
                f"P5 lost its documents {hits['p5 lost all']} times; {Document.select().count()} documents, {Run.select().count()} runs in the hub"
            )
    print("\n".join(f"WRONG: {what}" for what in found[:50]) or "nothing lost, nothing doubled")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
