"""One of the two systems at P5, production or playback: its machines, runs and jobs."""

from __future__ import annotations

import uuid
from functools import partial
from itertools import count
from random import Random
from typing import Any

from . import host_documents, logs
from .clock import EventQueue
from .jobs import NO_FAULT, REPORT_S, Job
from .machines import CLIENTS, RELEASES, Client
from .runs import LUMI_S, Run, RunPlan
from .store import Document, DocumentStore

MAX_ATTEMPTS = 3
"""Processes that hltd starts for one client in a run."""

MAX_RUNS = 25
"""Older runs are removed. P5 keeps all of them, but a simulator that runs for weeks cannot."""

FILES_S = 105.0
FILES_RUNS = 5

KILLED = -9

PLAYER_CONFIG: dict[str, Any] = {
    "lumi_timeout": 23.4,
    "lumi_to_skip": [3, 4],
    "number_of_ls": 40,
    "number_of_ls_to_keep": 45,
    "number_of_runs_to_keep": 115,
    "ramdisk": "/fff/ramdisk/",
    "run": 0,
    "run_key": "pp_run",
    "run_unique_key": "4e94e771-add6-41be-8683-c5f6a7a9ed1X",
    "run_write_file": "/var/lib/fff_dqmtools/fff_simulator_run",
    "source": "/fff/playback_files/run349963/",
    "stream_remap": {"LookArea": "DQM"},
    "xrun_write_file": None,
}


class System:
    """Production or playback: starts the runs of a scenario one after another, and uploads the reports of its machines.

    Attributes:
        disabled_clients: host and tag of clients that do not start.
        copied_runs: production runs that the playback player has.
        config: configuration of the playback player, with the run that it plays.
        configured_run: the run in the file of its configuration; the first run that it played is the next one.
        socket: name of the player's socket.
        releases: folders of CMSSW releases; the plans of runs have their indices.
    """

    def __init__(
        self,
        name: str,
        machines: list[str],
        script: tuple[RunPlan, ...],
        first_run: int,
        event_queue: EventQueue,
        stores: dict[str, DocumentStore],
        seed: int,
        releases: tuple[str, ...] = RELEASES,
    ):
        self.name = name
        self.bu, *self.fus = machines
        self.runs: list[Run] = []
        self.jobs: dict[str, Job] = {}
        self.disabled_clients: set[tuple[str, str]] = set()
        self.copied_runs: list[str] = []
        self.config = PLAYER_CONFIG | {"run": first_run}
        self.configured_run = first_run - 1
        self.socket = "bd68c7bb.fff_simulator"
        self.releases = releases
        self._script = script
        self._next_number = first_run
        self._plans_used = 0
        self._known_runs: list[int] = []
        self._queue = event_queue
        self._stores = stores
        self._seed = seed
        self._random = Random(f"{seed} {name}")
        self._pids = count(20000)

    @property
    def playback(self) -> bool:
        """Whether this is playback, not production."""
        return self.name == "playback"

    @property
    def run(self) -> Run | None:
        """The ongoing run."""
        return self.runs[-1] if self.runs and self.runs[-1].ended is None else None

    def progress(self) -> dict[str, Any]:
        """Data that a later process needs to continue."""
        return {
            "next": self._next_number,
            "taken": self._plans_used,
            "known": self._known_runs,
            "off": sorted(self.disabled_clients),
            "copied": self.copied_runs,
            "config": self.config,
        }

    def resume(self, progress: dict[str, Any]) -> None:
        """Continue after the saved runs. As after a loss of power, every job that was running has been killed."""
        self._next_number, self._plans_used, self._known_runs, self.config = (
            progress["next"],
            progress["taken"],
            progress["known"],
            progress["config"],
        )
        self.disabled_clients = {(host, tag) for host, tag in progress["off"]}
        self.copied_runs = progress.get("copied", [])
        self._random = Random(f"{self._seed} {self.name} {self._next_number}")
        for host in self.fus:
            killed = [stored.document for stored in self._stores[host].stored.values() if _is_alive(stored.document)]
            self._upload(host, [_killed_document(document, self._queue.now) for document in killed])

    def start(self, script: bool) -> None:
        """Start the file reports of the BU and, with `script`, the runs of the scenario."""
        self._queue.every(FILES_S, self._report_files, first=20)
        if script:
            self._queue.after(5, self._start_next_run)

    def start_run(self, plan: RunPlan | None = None) -> Run:
        """Start a run, by default the next one of the scenario; an ongoing run ends first."""
        self.end_run(follow=False)
        run = self._new_run(plan or self._next_plan())
        self.runs.append(run)
        self._known_runs.append(run.number)
        self._forget()
        self._report_playback(run)
        for client in CLIENTS if run.plan.clients else ():
            host = self.fus[client.fu_index % len(self.fus)]
            if (host, client.tag) not in self.disabled_clients:
                self._queue.after(self._random.uniform(3, 12), partial(self._start_job, client, run, 1))
        self._queue.at(run.started + LUMI_S, partial(self._next_lumi, run))
        return run

    def start_configured_run(self) -> Run:
        """Start a run with the configuration of the player."""
        lumis = self.config["number_of_ls"]
        return self.start_run(RunPlan(self.config["run_key"], lumis + len(self.config["lumi_to_skip"])))

    def _next_plan(self) -> RunPlan:
        plan = self._script[self._plans_used % len(self._script)]
        self._plans_used += 1
        return plan

    def _new_run(self, plan: RunPlan) -> Run:
        number = self._next_number
        self._next_number += 1 if self.playback else plan.step or self._random.choice((1, 1, 2, 3))
        unique = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        random = Random(f"{self._random.random()} {number}")
        source = int(self.config["source"].rstrip("/").rpartition("/run")[2]) if self.playback else number
        holes = tuple(self.config["lumi_to_skip"]) if self.playback else ()
        merger = "mrg-c2f13-37-01" if self.playback else "sm-c2a11-43-01"
        return Run(number, source, plan, self.releases[plan.release % len(self.releases)], unique, self._queue.now, random, merger, holes)

    def _next_lumi(self, run: Run) -> None:
        if run.ended is not None:
            return
        run.deliver()
        if self.playback:
            self._report_playback(run)
        if run.last_lumi == run.plan.hltd_restart:
            self.restart_hltd(self.fus[0])
        if run.last_lumi >= run.plan.lumis:
            self.end_run()
        else:
            self._queue.at(run.started + (run.last_lumi + 1) * LUMI_S, partial(self._next_lumi, run))

    def end_run(self, follow: bool = True) -> None:
        """End the ongoing run, if any; its jobs see the end a little later. With `follow` the next run starts after a pause."""
        run = self.run
        if run:
            run.ended = self._queue.now
            self._report_playback(run)
            for job in self.jobs_of(run):
                seen = self._random.uniform(25, 60)
                self._queue.after(seen, partial(self._see_end_of_run, job, 1))
                self._queue.after(seen + self._random.uniform(5, 25), partial(self._see_end_of_run, job, 2))
        if follow:
            pause = self._random.uniform(8, 15) if self.playback else self._random.uniform(20, 60)
            self._queue.after(pause, self._start_next_run)

    def _start_next_run(self) -> None:
        if not self.run:
            self.start_run()

    def jobs_of(self, run: Run | None = None, host: str | None = None) -> list[Job]:
        """Running jobs, optionally of one run or host."""
        return [job for job in self.jobs.values() if job.alive and (run is None or job.run is run) and (host is None or job.host == host)]

    def _start_job(self, client: Client, run: Run, attempt: int) -> None:
        if run.ended is not None:
            return
        host = self.fus[client.fu_index % len(self.fus)]
        fault = run.plan.faults.get(client.tag, NO_FAULT)
        now = self._queue.now
        random = Random(f"{run.unique_key} {client.tag} {attempt}")
        job = Job(host, client, run, next(self._pids), now, attempt, random, fault if attempt == 1 or fault.always else NO_FAULT)
        if client.tag.startswith("info"):
            job.lines += logs.UNUSUAL_LINES
        self.jobs[job.id] = job
        self._report(job)

    def _report(self, job: Job) -> None:
        """Upload the document of a job regularly while it is running, and apply its fault."""
        if not job.alive:
            return
        job.read(self._queue.now)
        if job.fault.kind == "crash" and job.lumi >= job.fault.lumi:
            self.end_job(job, job.fault.code)
            return
        if job.fault.kind == "stuck" and job.lumi >= job.fault.lumi:
            job.silent = True
        self.upload_report(job)
        self._queue.after(REPORT_S, partial(self._report, job))

    def upload_report(self, job: Job) -> None:
        """Upload the current document, unless the job is stuck."""
        if not job.silent:
            self._upload(job.host, [job.report(self._queue.now)])

    def end_job(self, job: Job, code: int, restart: bool = True) -> None:
        """End a job with an exit code; hltd restarts its client a limited number of times."""
        if not job.alive:
            return
        job.read(self._queue.now)
        job.silent = False
        job.end(self._queue.now, code)
        self.upload_report(job)
        if code and restart and job.attempt < MAX_ATTEMPTS and job.run.ended is None:
            self._queue.after(self._random.uniform(10, 20), partial(self._start_job, job.client, job.run, job.attempt + 1))

    def _see_end_of_run(self, job: Job, state: int) -> None:
        if job.silent or not job.alive:
            return
        job.state = state
        if state == 2:
            self.end_job(job, 0)
        else:
            job.read(self._queue.now)
            self.upload_report(job)

    def restart_hltd(self, host: str) -> None:
        """End the jobs of a host by a signal; they restart with new process numbers."""
        for job in self.jobs_of(host=host):
            restart = partial(self._start_job, job.client, job.run, job.attempt + 1)
            self.end_job(job, -15, restart=False)
            self._queue.after(self._random.uniform(5, 10), restart)

    def _report_files(self) -> None:
        now = self._queue.now
        self._upload(self.bu, [host_documents.files(self.bu, 8066, run, now) for run in self.runs[-FILES_RUNS:]])

    def _upload(self, host: str, documents: list[Document]) -> None:
        self._stores[host].upload(documents, self._queue.now)

    def _report_playback(self, run: Run) -> None:
        if self.playback:
            self.config["run"] = run.number
            self._upload(self.bu, [host_documents.playback(self.bu, 8067, run, self.config, self.socket)])

    def _forget(self) -> None:
        for number in self._known_runs[:-MAX_RUNS]:
            for store in self._stores.values():
                store.forget(number)
            self.jobs = {id: job for id, job in self.jobs.items() if job.run.number != number}
        del self._known_runs[:-MAX_RUNS]
        del self.runs[:-MAX_RUNS]


def _is_alive(document: Document) -> bool:
    return document.get("type") == "dqm-source-state" and "exit_code" not in document


def _killed_document(document: Document, now: float) -> Document:
    """The last document of a job that was killed by a loss of power."""
    ended = {key: value for key, value in document.items() if key not in ("_rev", "timestamp")}
    extra = document.get("extra", {})
    lines = [*extra.get("stdlog_end", []), logs.exit_line(KILLED)]
    return ended | {"extra": {**extra, "stdlog_end": logs.log_end(lines)}, "report_timestamp": now, "exit_code": KILLED}
