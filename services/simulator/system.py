"""One of the two systems at P5: the machines of production or playback, and the runs and jobs on them."""

from __future__ import annotations

import uuid
from functools import partial
from itertools import count
from random import Random
from typing import Any

from . import logs, noise
from .clock import Timeline
from .jobs import FATELESS, REPORT_S, Job
from .machines import CLIENTS, RELEASES, Client
from .runs import LUMI, Plan, Run
from .store import Document, Store

ATTEMPTS = 3
"""So often hltd starts a job again in one run."""

KEEP_RUNS = 25
"""Runs that are remembered; P5 forgets nothing, but a stand-in that runs for weeks has to."""

FILES_S = 105.0
FILES_RUNS = 5

KILLED = -9


class System:
    """Production or playback: takes the runs of a script, one after the other, and uploads what its machines report."""

    def __init__(
        self,
        name: str,
        machines: list[str],
        script: tuple[Plan, ...],
        first_run: int,
        timeline: Timeline,
        stores: dict[str, Store],
        seed: int,
    ):
        self.name = name
        self.bu, *self.fus = machines
        self.runs: list[Run] = []
        self.jobs: dict[str, Job] = {}
        self.off: set[tuple[str, str]] = set()
        self.copied: list[str] = []
        self.config: dict[str, Any] = {
            "lumi_timeout": 23.4, "lumi_to_skip": [3, 4], "number_of_ls": 40, "number_of_ls_to_keep": 45, "number_of_runs_to_keep": 115,
            "ramdisk": "/fff/ramdisk/", "run": first_run, "run_key": "pp_run", "run_unique_key": "4e94e771-add6-41be-8683-c5f6a7a9ed1X",
            "run_write_file": "/var/lib/fff_dqmtools/fff_simulator_run", "source": "/fff/playback_files/run349963/",
            "stream_remap": {"LookArea": "DQM"}, "xrun_write_file": None,
        }  # fmt: skip
        self.socket = "bd68c7bb.fff_simulator"
        self._script = script
        self._next_number = first_run
        self._taken = 0
        self._known: list[int] = []
        self._timeline = timeline
        self._stores = stores
        self._seed = seed
        self._random = Random(f"{seed} {name}")
        self._pids = count(20000)

    @property
    def playback(self) -> bool:
        return self.name == "playback"

    @property
    def run(self) -> Run | None:
        """The run that is going on."""
        return self.runs[-1] if self.runs and self.runs[-1].ended is None else None

    def notes(self) -> dict[str, Any]:
        """What a stand-in that was ended has to know to go on."""
        return {
            "next": self._next_number,
            "taken": self._taken,
            "known": self._known,
            "off": sorted(self.off),
            "copied": self.copied,
            "config": self.config,
        }

    def resume(self, notes: dict[str, Any]) -> None:
        """Go on after the runs that were; the machines had no power, so each job that was alive has been killed."""
        self._next_number, self._taken, self._known, self.config = notes["next"], notes["taken"], notes["known"], notes["config"]
        self.off = {(host, tag) for host, tag in notes["off"]}
        self.copied = notes.get("copied", [])
        self._random = Random(f"{self._seed} {self.name} {self._next_number}")
        for host in self.fus:
            killed = [stored.document for stored in self._stores[host].stored.values() if _was_alive(stored.document)]
            self._upload(host, [_killed(document, self._timeline.now) for document in killed])

    def start(self, script: bool) -> None:
        """Begin with the reports of the BU about its files, and with the script if it is to be played."""
        self._timeline.every(FILES_S, self._report_files, first=20)
        if script:
            self._timeline.after(5, self._follow)

    def start_run(self, plan: Plan | None = None) -> Run:
        """Begin a run: the next one of the script, or one of a plan given; a run that goes on ends first."""
        self.end_run(follow=False)
        run = self._new_run(plan or self._next_plan())
        self.runs.append(run)
        self._known.append(run.number)
        self._forget()
        self._report_playback(run)
        for client in CLIENTS if run.plan.clients else ():
            host = self.fus[client.place % len(self.fus)]
            if (host, client.tag) not in self.off:
                self._timeline.after(self._random.uniform(3, 12), partial(self._start_job, client, run, 1))
        self._timeline.at(run.started + LUMI, partial(self._next_lumi, run))
        return run

    def start_configured_run(self) -> Run:
        """Begin a run as the configuration of the player says."""
        lumis = self.config["number_of_ls"]
        return self.start_run(Plan(self.config["run_key"], lumis + len(self.config["lumi_to_skip"])))

    def _next_plan(self) -> Plan:
        plan = self._script[self._taken % len(self._script)]
        self._taken += 1
        return plan

    def _new_run(self, plan: Plan) -> Run:
        number = self._next_number
        self._next_number += 1 if self.playback else self._random.choice((1, 1, 2, 3))
        unique = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        random = Random(f"{self._random.random()} {number}")
        source = int(self.config["source"].rstrip("/").rpartition("/run")[2]) if self.playback else number
        holes = tuple(self.config["lumi_to_skip"]) if self.playback else ()
        merger = "mrg-c2f13-37-01" if self.playback else "sm-c2a11-43-01"
        return Run(number, source, plan, RELEASES[plan.release], unique, self._timeline.now, random, merger, holes)

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
            self._timeline.at(run.started + (run.last_lumi + 1) * LUMI, partial(self._next_lumi, run))

    def end_run(self, follow: bool = True) -> None:
        """End the run that goes on, if any; its jobs see the end a little later. `follow` has the next one begin after a pause."""
        run = self.run
        if run:
            run.ended = self._timeline.now
            self._report_playback(run)
            for job in self.jobs_of(run):
                seen = self._random.uniform(25, 60)
                self._timeline.after(seen, partial(self._see_end, job, 1))
                self._timeline.after(seen + self._random.uniform(5, 25), partial(self._see_end, job, 2))
        if follow:
            pause = self._random.uniform(8, 15) if self.playback else self._random.uniform(20, 60)
            self._timeline.after(pause, self._follow)

    def _follow(self) -> None:
        if not self.run:
            self.start_run()

    def jobs_of(self, run: Run | None = None, host: str | None = None) -> list[Job]:
        """Jobs that are alive, of one run or host."""
        return [job for job in self.jobs.values() if job.alive and (run is None or job.run is run) and (host is None or job.host == host)]

    def _start_job(self, client: Client, run: Run, attempt: int) -> None:
        if run.ended is not None:
            return
        host = self.fus[client.place % len(self.fus)]
        fate = run.plan.fates.get(client.tag, FATELESS)
        now = self._timeline.now
        random = Random(f"{run.unique_key} {client.tag} {attempt}")
        job = Job(host, client, run, next(self._pids), now, attempt, random, fate if attempt == 1 or fate.always else FATELESS)
        if client.tag.startswith("info"):
            job.lines += logs.ODD_LINES
        self.jobs[job.id] = job
        self._report(job)

    def _report(self, job: Job) -> None:
        """Upload a job's document and come again, as long as it lives; what its fate is happens here."""
        if not job.alive:
            return
        job.read(self._timeline.now)
        if job.fate.kind == "crash" and job.lumi >= job.fate.lumi:
            self.end_job(job, job.fate.code)
            return
        if job.fate.kind == "stuck" and job.lumi >= job.fate.lumi:
            job.silent = True
        self.send(job)
        self._timeline.after(REPORT_S, partial(self._report, job))

    def send(self, job: Job) -> None:
        """Upload the document of this moment, unless the job is stuck."""
        if not job.silent:
            self._upload(job.host, [job.report(self._timeline.now)])

    def end_job(self, job: Job, code: int, restart: bool = True) -> None:
        """Let a job end with an exit code; hltd starts its client again, but not for ever."""
        if not job.alive:
            return
        job.read(self._timeline.now)
        job.silent = False
        job.end(self._timeline.now, code)
        self.send(job)
        if code and restart and job.attempt < ATTEMPTS and job.run.ended is None:
            self._timeline.after(self._random.uniform(10, 20), partial(self._start_job, job.client, job.run, job.attempt + 1))

    def _see_end(self, job: Job, state: int) -> None:
        if job.silent or not job.alive:
            return
        job.state = state
        if state == 2:
            self.end_job(job, 0)
        else:
            job.read(self._timeline.now)
            self.send(job)

    def restart_hltd(self, host: str) -> None:
        """End the jobs of a host by a signal; they come again with new process numbers."""
        for job in self.jobs_of(host=host):
            again = partial(self._start_job, job.client, job.run, job.attempt + 1)
            self.end_job(job, -15, restart=False)
            self._timeline.after(self._random.uniform(5, 10), again)

    def _report_files(self) -> None:
        now = self._timeline.now
        self._upload(self.bu, [noise.files(self.bu, 8066, run, now) for run in self.runs[-FILES_RUNS:]])

    def _upload(self, host: str, documents: list[Document]) -> None:
        self._stores[host].upload(documents, self._timeline.now)

    def _report_playback(self, run: Run) -> None:
        if self.playback:
            self.config["run"] = run.number
            self._upload(self.bu, [noise.playback(self.bu, 8067, run, self.config, self.socket)])

    def _forget(self) -> None:
        for number in self._known[:-KEEP_RUNS]:
            for store in self._stores.values():
                store.forget(number)
            self.jobs = {id: job for id, job in self.jobs.items() if job.run.number != number}
        del self._known[:-KEEP_RUNS]
        del self.runs[:-KEEP_RUNS]


def _was_alive(document: Document) -> bool:
    return document.get("type") == "dqm-source-state" and "exit_code" not in document


def _killed(document: Document, now: float) -> Document:
    """The last document of a job that was killed with the machine it ran on."""
    ended = {key: value for key, value in document.items() if key not in ("_rev", "timestamp")}
    extra = document.get("extra", {})
    lines = [*extra.get("stdlog_end", []), logs.exit_line(KILLED)]
    return ended | {"extra": {**extra, "stdlog_end": logs.end_of(lines)}, "report_timestamp": now, "exit_code": KILLED}
